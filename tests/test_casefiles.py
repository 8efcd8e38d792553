"""Folders that people work in: what they wrote stays, what they deleted stays away, and a crash changes neither."""

import json
import os
import stat
from pathlib import Path

import builders
import pytest

from detector.casefiles import find_case, folder_name, write_case, write_report
from detector.documents import Desk, case_documents, night_documents
from detector.errors import StoreError
from detector.records import Document
from detector.written_list import LIST_NAME

ORGANIZATION = "Harbor Freightways"


def write(root: Path, **documents: str) -> Path:
    """Write documents given as name=content; `letter` stands for letter.md."""
    return write_case(root, "INC-7F3K", (ORGANIZATION,), [Document(f"{n}.md", c) for n, c in documents.items()])


def contents(folder: Path) -> dict[str, str]:
    """What a person sees in the folder."""
    return {path.name: path.read_bytes().decode() for path in sorted(folder.iterdir()) if path.name != LIST_NAME}


def test_an_untouched_document_is_refreshed(tmp_path: Path) -> None:
    folder = write(tmp_path, letter="first", brief="b")
    assert folder == tmp_path / "INC-7F3K-harbor-freightways"
    write(tmp_path, letter="second", brief="b")
    assert contents(folder) == {"brief.md": "b", "letter.md": "second"}


def test_an_edited_document_is_kept_and_newer_facts_lie_beside_it(tmp_path: Path) -> None:
    folder = write(tmp_path, letter="51 people")
    (folder / "letter.md").write_bytes(b"51 people, dear Amara\r\n")
    write(tmp_path, letter="51 people")
    assert contents(folder) == {"letter.md": "51 people, dear Amara\r\n"}, "nothing is new, so nothing is offered"
    for people in ("52 people", "53 people"):
        write(tmp_path, letter=people)
        assert (folder / "letter.md").read_bytes() == b"51 people, dear Amara\r\n"
        assert (folder / "letter.new.md").read_text() == people
    assert sorted(contents(folder)) == ["letter.md", "letter.new.md"]


def test_the_version_beside_goes_when_the_person_has_taken_it_over(tmp_path: Path) -> None:
    folder = write(tmp_path, letter="51 people")
    (folder / "letter.md").write_text("mine")
    write(tmp_path, letter="52 people")
    (folder / "letter.md").write_text("52 people")
    write(tmp_path, letter="52 people")
    assert contents(folder) == {"letter.md": "52 people"}
    write(tmp_path, letter="53 people")
    assert contents(folder) == {"letter.md": "53 people"}


def test_an_edited_version_beside_is_kept_too(tmp_path: Path) -> None:
    folder = write(tmp_path, letter="51")
    (folder / "letter.md").write_text("mine")
    write(tmp_path, letter="52")
    (folder / "letter.new.md").write_text("mine too")
    write(tmp_path, letter="52")
    assert contents(folder) == {"letter.md": "mine", "letter.new.md": "mine too"}
    write(tmp_path, letter="53")
    assert contents(folder) == {"letter.md": "mine", "letter.new.md": "mine too", "letter.new2.md": "53"}


def test_a_deleted_document_stays_deleted(tmp_path: Path) -> None:
    folder = write(tmp_path, letter="first", brief="b")
    (folder / "letter.md").unlink()
    for text in ("first", "second", "third"):
        write(tmp_path, letter=text, brief="b")
        assert contents(folder) == {"brief.md": "b"}


def test_a_deleted_version_beside_comes_back_only_with_newer_facts(tmp_path: Path) -> None:
    folder = write(tmp_path, letter="51")
    (folder / "letter.md").write_text("mine")
    write(tmp_path, letter="52")
    (folder / "letter.new.md").unlink()
    write(tmp_path, letter="52")
    assert contents(folder) == {"letter.md": "mine"}
    write(tmp_path, letter="53")
    assert contents(folder) == {"letter.md": "mine", "letter.new.md": "53"}


def test_a_draft_no_longer_called_for_goes_unless_somebody_worked_on_it(tmp_path: Path) -> None:
    folder = write(tmp_path, letter="for one client", brief="b")
    (folder / "brief.md").write_text("mine")
    write_case(
        tmp_path, "INC-7F3K", (ORGANIZATION,), [Document("letter-acme.md", "a"), Document("letter-beta.md", "b")]
    )
    assert contents(folder) == {"brief.md": "mine", "letter-acme.md": "a", "letter-beta.md": "b"}


def test_files_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, letter="first")
    (folder / "call.txt").write_text("my notes")
    (folder / "brief.md").write_text("a person was here first")
    write(tmp_path, letter="first", brief="b")
    assert contents(folder) == {
        "brief.md": "a person was here first",
        "brief.new.md": "b",
        "call.txt": "my notes",
        "letter.md": "first",
    }


@pytest.mark.parametrize("damage", ["", '{"files": [', '{"files": {"letter.md": 1}}', "[]"])
def test_without_the_list_nothing_is_overwritten(tmp_path: Path, damage: str) -> None:
    folder = write(tmp_path, letter="first", brief="b")
    (folder / "letter.md").write_text("mine")
    (folder / LIST_NAME).write_text(damage)
    write(tmp_path, letter="second", brief="b")
    assert contents(folder) == {"brief.md": "b", "letter.md": "mine", "letter.new.md": "second"}


def test_the_folder_is_found_again_whatever_the_client_is_called_by_now(tmp_path: Path) -> None:
    first = write(tmp_path, letter="first")
    again = write_case(tmp_path, "INC-7F3K", ("Harbor Logistics",), [Document("letter.md", "second")])
    assert again == first
    assert write_case(tmp_path, "INC-7F3", ("Other",), [Document("letter.md", "x")]) != first
    assert find_case(tmp_path, "INC-0000") is None
    assert find_case(tmp_path / "missing", "INC-7F3K") is None


def test_names_come_from_an_allow_list(tmp_path: Path) -> None:
    assert folder_name("INC-7F3K", ["../../Étude & Co\n/x"]) == "INC-7F3K-etude-co-x"
    assert folder_name("INC-7F3K", ["株式会社"]) == "INC-7F3K-organization"
    assert folder_name("INC-7F3K", ()) == "INC-7F3K-no-organization"
    assert folder_name("INC-7F3K", ["Harbor", "Birchwood"]) == "INC-7F3K-several-organizations"
    assert len(folder_name("INC-7F3K", ["a" * 65_536])) < 60
    for incident_id in ("../INC-7F3K", "INC-7F3K/..", "", "INC-", "inc-7f3k", "INC-7F3K\n"):
        with pytest.raises(ValueError, match="no incident id"):
            write_case(tmp_path, incident_id, (ORGANIZATION,), [])
    for name in (
        "../x.md",
        "/etc/x.md",
        ".x.md",
        "a/b/c/d.md",
        "a//b.md",
        "a/../b.md",
        "x",
        "letter.new.md",
        "X.md",
        "x.md\n",
        "",
    ):
        with pytest.raises(ValueError, match="no name for a document"):
            write_case(tmp_path, "INC-7F3K", (ORGANIZATION,), [Document(name, "x")])
        with pytest.raises(ValueError, match="no name for a document"):
            write_report(tmp_path / "report", [Document(name, "x")])


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    root = tmp_path / "incidents"
    root.mkdir()
    (root / "INC-7F3K-trap").symlink_to(outside)
    folder = write(root, letter="first")
    assert folder.name == "INC-7F3K-harbor-freightways"
    (folder / "letter.md").unlink()
    (folder / "letter.md").symlink_to(outside / "precious")
    write(root, letter="second")
    report = write_report(tmp_path / "report", [Document("report.md", "one")])
    (report / "report.md").unlink()
    (report / "report.md").symlink_to(outside / "precious")
    write_report(report, [Document("report.md", "two")])
    assert (report / "report.md").read_text() == "two"
    assert contents(outside) == {"precious": "precious"}


def test_only_the_owner_can_read_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        folder = write(tmp_path / "state" / "incidents", letter="first")
        report = write_report(tmp_path / "state" / "reports" / "2026-10-28", [Document("report.md", "one")])
    finally:
        os.umask(before)
    paths = [tmp_path / "state", *(tmp_path / "state").rglob("*")]
    assert len(paths) == 8
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert {folder.parent.name, report.parent.name} == {"incidents", "reports"}


def test_identical_content_is_not_rewritten(tmp_path: Path) -> None:
    folder = write(tmp_path, letter="first", brief="b")
    report = write_report(tmp_path / "report", [Document("report.md", "one")])
    paths = [folder / LIST_NAME, folder / "letter.md", folder / "brief.md", report / "report.md"]
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in paths]
    write(tmp_path, letter="first", brief="b")
    write_report(tmp_path / "report", [Document("report.md", "one")])
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in paths] == before


def life(root: Path) -> None:
    """Some nights of an incident, with the work of a person in between; may be cut short anywhere and begun again."""
    folder = write(root, letter="51", brief="a", note="n")
    note, letter = folder / "note.md", folder / "letter.md"
    if note.exists() and "deleted" not in marks(root):
        note.unlink()
        mark(root, "deleted")
    if "edited" not in marks(root):
        letter.write_text("mine")
        mark(root, "edited")
    write(root, letter="52", brief="b", note="m")
    write(root, letter="53", brief="c")


def marks(root: Path) -> str:
    return (root / "marks").read_text() if (root / "marks").exists() else ""


def mark(root: Path, what: str) -> None:
    (root / "marks").write_text(marks(root) + what)


def test_a_crash_at_any_write_is_made_good_by_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {"brief.md": "c", "letter.md": "mine", "letter.new.md": "53"}
    real, left = os.fsync, [10**6]

    def failing(descriptor: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    life(tmp_path / "whole")
    assert contents(tmp_path / "whole" / "INC-7F3K-harbor-freightways") == expected
    syncs = 10**6 - left[0]
    assert syncs > 20
    for number in range(1, syncs + 1):
        root, left[0] = tmp_path / str(number), number
        with pytest.raises(StoreError, match="No space left on device"):
            life(root)
        left[0] = 10**6
        life(root)
        assert contents(root / "INC-7F3K-harbor-freightways") == expected, number
        known = json.loads((root / "INC-7F3K-harbor-freightways" / LIST_NAME).read_text())["files"]
        assert all(set(entry) == {"written"} for entry in known.values())


def test_the_real_documents_go_to_disk_and_stay_as_they_are(tmp_path: Path) -> None:
    case = builders.two_clients()
    documents = case_documents(case, Desk(), builders.copies(case))
    folder = write_case(tmp_path / "incidents", case.incident.incident_id, (ORGANIZATION,), documents)
    names = ["brief.html", "brief.md", "facts.json", "hold.csv", "human.toml", "vendor-key.csv"]
    assert sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != LIST_NAME) == names
    drafts = ["call.md", "letter.md", "note.md"]
    for client in ("birchwood-clinics", "harbor-freightways"):
        assert sorted(path.name for path in (folder / "clients" / client).iterdir()) == drafts
    assert len(list((folder / "vendor-pack").iterdir())) == 8
    report = write_report(tmp_path / "reports" / "2026-10-28", night_documents(builders.night()))
    assert sorted(contents(report)) == ["affected.csv", "incidents.json", "night.json", "report.html", "report.md"]
