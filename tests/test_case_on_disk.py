"""An incident's folder in people's hands: what they pass on, edit, delete and read, through the command line."""

import csv
import email
import email.policy
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from office import fill
from test_incidents_cli import BEGINS, COLUMNS, DAY, HOUR, MORNING, TOLD, WEEK, Desk, burst, desk, first_night, opened

__all__ = ["desk"]


def folder_of(desk: Desk) -> Path:
    (folder,) = (desk.state / "incidents").iterdir()
    return folder


def write_log(path: Path, rows: list[tuple[str, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *sorted(rows)])


# --- what the vendor gets ---------------------------------------------------------------------------------------------


def test_the_vendor_pack_tells_no_client_by_the_path_of_a_log_or_the_spelling_of_a_template(desk):
    """Acme Corp's mail lies in two logs of one name, in folders called after it; so is the template."""
    logs = desk.folder / "acme-corp"
    rows = [
        (*row[:2], "acme_corp@academy.example", row[3], "Welcome", "acme-corp-welcome", "Acme Corp") for row in burst()
    ]
    for name, part in (("old/AcmeCorp_2030.csv", rows[:60]), ("new/AcmeCorp_2030.csv", rows[60:])):
        write_log(logs / name, part)
    assert desk.run("nightly", logs, "--state", desk.state, "--as-of", MORNING.isoformat()).code == 0
    pack = folder_of(desk) / "vendor-pack"
    everything = "".join(path.read_text(encoding="utf-8") for path in pack.iterdir()).casefold()
    assert [secret for secret in ("acme", str(desk.folder).casefold()) if secret in everything] == []
    copies = [json.loads(line) for line in (pack / "02-copies.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {copy["template"] for copy in copies} == {"client-1-welcome"}
    of_file = [sum(copy["log_file"] == name for copy in copies) for name in ("file-1", "file-2")]
    assert of_file == [60, 60], "the two are told apart"
    home = dict(csv.reader((folder_of(desk) / "vendor-key.csv").read_text(encoding="utf-8").splitlines()))
    paths = [str(logs / name / "AcmeCorp_2030.csv") for name in ("old", "new")]
    assert [home["file-1"], home["file-2"]] == paths, "whoever is asked back finds the line"


def test_a_mail_to_two_people_is_no_message_id_of_its_own_for_each_and_points_to_the_side_that_makes_mail(desk):
    """Ten rounds to twelve people, six mails of two each: 108 extra copies are 54 mails."""
    rows = [(*row[:1], f"pair{n % 12 // 2}.{n // 12}", *row[2:]) for n, row in enumerate(burst())]
    write_log(desk.folder / "logs" / "pairs.csv", rows)
    assert desk.run("nightly", desk.folder / "logs", "--state", desk.state, "--as-of", MORNING.isoformat()).code == 0
    pack = folder_of(desk) / "vendor-pack"
    told = "".join(
        " ".join((pack / name).read_text("utf-8").split()) for name in ("00-read-me-first.txt", "01-pattern.txt")
    )
    assert "The 108 extra copies are 54 mails to several people at once; nobody got one Message-ID twice." in told
    assert "have a Message-ID of their own" not in told
    assert "points to the side that makes the mail" in told


def test_the_manifest_is_of_the_pack_as_it_lies_and_names_what_people_edited(desk):
    """The question is put in other words, the list of copies is deleted: the night after, and each command, makes the
    manifest agree with that, and no byte of a person is touched. Once the edit is taken back it is named no more."""
    name = opened(desk)
    pack = folder_of(desk) / "vendor-pack"
    verify = ["sha256sum", "-c", "--quiet", "--strict", "MANIFEST.sha256"]
    ours = (pack / "01-pattern.txt").read_bytes()
    mine = ours + b"P.S. Ours is node 7.\r\n"
    (pack / "01-pattern.txt").write_bytes(mine)
    (pack / "02-copies.csv").unlink()
    assert subprocess.run(verify, cwd=pack, check=False, capture_output=True).returncode == 1
    assert desk.say("ack", name).code == 0
    for _ in range(2):
        assert subprocess.run(verify, cwd=pack, check=False, capture_output=True).returncode == 0
        told = (pack / "MANIFEST.sha256").read_text(encoding="utf-8").splitlines()
        assert told[-1] == "# edited by hand since the detector wrote it: 01-pattern.txt"
        assert [line[66:] for line in told if "02-copies" in line] == ["02-copies.jsonl"]
        assert (pack / "01-pattern.txt").read_bytes() == mine
        desk.night(MORNING + DAY)
    (pack / "01-pattern.txt").write_bytes(ours)
    desk.run("letter", "draft", name, "--state", desk.state)
    assert subprocess.run(verify, cwd=pack, check=False).returncode == 0
    assert "edited" not in (pack / "MANIFEST.sha256").read_text(encoding="utf-8")


def test_whom_to_ask_stands_in_the_pack_at_once_and_no_other_word_makes_its_list_of_copies_again(desk, monkeypatch):
    name = opened(desk)
    folder, pack = folder_of(desk), folder_of(desk) / "vendor-pack"
    fill(folder / "human.toml", {"vendor.ticket": '"4711"'})
    assert desk.say("ack", name).code == 0
    assert f"Our reference: {name}. Your ticket: 4711.\n" in (pack / "00-read-me-first.txt").read_text(encoding="utf-8")
    assert subprocess.run(["sha256sum", "-c", "--quiet", "MANIFEST.sha256"], cwd=pack, check=False).returncode == 0
    before = {path: path.read_bytes() for path in pack.iterdir()}
    monkeypatch.setattr("detector.casework.read_copies", None)
    assert desk.say("contain", name, "--how", "took it out of cron").code == 0
    assert {path: path.read_bytes() for path in pack.iterdir()} == before
    assert "took it out of cron" in (folder / "brief.md").read_text(encoding="utf-8")


# --- a subject as long as a book --------------------------------------------------------------------------------------


def test_a_subject_of_two_megabytes_is_told_with_its_true_length_and_to_a_client_in_a_few_words(desk):
    """15 characters and 200,000 times "once more ": 2,000,015. A client is told its first words, and no figure."""
    subject = "Welcome aboard " + "once more " * 200_000
    assert desk.night(MORNING, [(*row[:4], subject, *row[5:]) for row in burst(people=6, copies=4)]).code == 0
    folder = folder_of(desk)
    (name,) = [row["incident_id"] for row in desk.listed()]
    brief = (folder / "brief.md").read_text(encoding="utf-8")
    assert "… (2,000,014 characters)" in brief.splitlines()[0], "the blank at its end is none of it"
    spoken = f"“Welcome aboard{' once more' * 6} once…”"  # 14 + 6 * 10 + 5 = 79 characters; one word more is too many
    texts = {page: (folder / page).read_text(encoding="utf-8") for page in ("letter.md", "call.md", "note.md")}
    assert spoken in re.sub(r"\{F3: (.*?)\}", r"\1", texts["letter.md"])
    assert spoken in texts["note.md"]
    assert [page for page, text in texts.items() if "characters" in text or "md5" in text] == []
    assert "563" not in desk.say("show", name).out + brief


# --- what somebody deleted --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["the folder", "the journal"])
def test_an_incident_whose_folder_was_deleted_is_missed_and_begun_anew_with_a_loud_remark(desk, what):
    """Acknowledged, then told, of which a night knows; the list says at once that it is gone, and nothing can be noted;
    the next night begins it anew, alerts nobody again, and says everywhere that the client may know already."""
    name = opened(desk)
    assert desk.say("told", name, "--channel", "phone").code == 0
    assert desk.night(MORNING + HOUR).err == ""
    folder, alerts = folder_of(desk), desk.alerts()
    if what == "the folder":
        shutil.rmtree(folder)
    else:
        (folder / "journal.log").unlink()
    missing = f"{name}: its folder in incidents/, or the journal in it, is missing."
    lost = "its journal was lost, and with it what people had noted. On the last night that had it they said 'client"
    for said in (desk.say("list"), desk.say("show", name)):
        assert (said.code, missing in said.err, f"! {name}: {lost}" in said.out) == (0, True, True)
    assert [row["lost_work"] for row in json.loads(desk.say("list", "--json").out)] == ["client told"]
    for words in (("ack", name), ("close", name)):
        refused = desk.say(*words)
        assert (refused.code, f"{missing} Nothing was noted or written." in refused.err) == (2, True)
    assert desk.run("letter", "check", name, "--state", desk.state).code == 2
    assert folder.exists() == (what == "the journal")

    again = desk.night(MORNING + 2 * HOUR)
    assert again.err.startswith(f"detector: {name}: {lost}")
    assert desk.journal(name) == ["opened", "journal lost", "stopped"]
    assert desk.alerts() == alerts, "people were told of it"
    brief = (folder / "brief.md").read_text(encoding="utf-8")
    for page in (brief, (folder / "brief.html").read_text(encoding="utf-8"), desk.report(MORNING)):
        assert "journal was lost, and with it what people had noted" in page
    if what == "the folder":
        return  # from here on there is no difference
    assert lost in desk.night(MORNING + 3 * HOUR).err, "until somebody has a say"
    assert desk.say("ack", name).code == 0
    assert desk.night(MORNING + 4 * HOUR).err == ""
    assert lost in desk.say("show", name).out
    assert "journal was lost" in (folder / "brief.md").read_text(encoding="utf-8").partition("## What we know")[0]


# --- what was done with -----------------------------------------------------------------------------------------------


def test_the_brief_of_a_closed_incident_begins_with_that_and_calls_for_nothing(desk):
    name = opened(desk)
    pages = [folder_of(desk) / "brief.md", folder_of(desk) / "brief.html"]
    calls = ("Call", "Then finish and send", "hold this mail back", "Next update:", "To decide")

    def told() -> list[tuple[bool, list[str]]]:
        texts = [page.read_text(encoding="utf-8") for page in pages]
        is_said = ["reason: they" in text.partition("What we know")[0] for text in texts]
        return list(zip(is_said, [[call for call in calls if call in text] for text in texts], strict=True))

    assert told() == [(False, list(calls))] * 2
    assert desk.say("close", name, "--anyway", "--reason", "reason: they <b>moved</b>").code == 0
    assert told() == [(True, [])] * 2
    assert "<b>moved" not in pages[1].read_text(encoding="utf-8")
    assert desk.say("reopen", name, "--reason", "they call again").code == 0
    assert told() == [(False, list(calls))] * 2
    assert desk.say("dismiss", name, "--reason", "reason: they asked for it").code == 0
    assert told() == [(True, [])] * 2


@pytest.mark.parametrize(
    "words",
    [("ack",), ("contain", "--how", "cron"), ("told", "--channel", "phone"), ("dismiss", "--reason", "asked for"),
     ("close", "--anyway", "--reason", "moved"), ("promise", "We check", "--owner", "Sam", "--due", "2030-11-10")],
)  # fmt: skip
def test_the_index_says_at_once_what_people_say_and_what_the_same_night_again_would_make_of_it(desk, words):
    """Also of an incident of the week before, of which nobody says anything."""
    name = first_night(desk, "two", burst(BEGINS - WEEK, what="reminder at Birch", who="r"), burst())
    index = desk.state / "reports" / "index.html"
    before = index.read_bytes()
    kind, *others = words
    assert desk.say(kind, name, *others).code == 0
    said = index.read_bytes()
    assert said != before
    row = re.search(rf"{name}</span>.*?People say\">(.*?)<", said.decode(), re.DOTALL)
    assert row[1] == {"told": "client told", "promise": "acknowledged"}.get(kind, desk.shown(name)["work"])
    desk.run("nightly", *desk.nights, "--state", desk.state, "--as-of", MORNING.isoformat())
    assert index.read_bytes() == said or kind == "dismiss", "what a dismissal mutes is for a night to say"


# --- people with hostile addresses ------------------------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script>p{}@harbor.example", "=cmd|'/C calc'!A{}@harbor.example", "\u202ep{}@harbor.example",
    "\"a\r\nBcc: x@evil.example\"p{}@harbor.example", "[[FILL H1: {}]]@harbor.example", "\x1b[2Jp{}@harbor.example",
    "<img src=x onerror=alert({})>@harbor.example", "+1{}|`id`@harbor.example",
)  # fmt: skip


def test_people_with_hostile_addresses_count_and_act_nowhere(desk):
    """Eight of the twelve: 12 people, 108 extra copies as with tame addresses, in every file and on the terminal."""
    spelt = {f"p{n}@harbor.example": text.format(n) for n, text in enumerate(HOSTILE)}
    assert desk.night(MORNING, [(*row[:3], spelt.get(row[3], row[3]), *row[4:]) for row in burst()]).err == ""
    (row,) = desk.listed()
    assert (row["recipients"], row["excess"], row["copies_min"], row["copies_max"]) == (12, 108, 10, 10)
    name, folder = row["incident_id"], folder_of(desk)
    assert desk.say("promise", name, HOSTILE[3], "--owner", HOSTILE[1], "--due", "2030-11-10").code == 0
    said = [desk.say("list").out, desk.say("show", name).out, desk.say("promises").out]
    assert all(line.isprintable() for text in said for line in text.splitlines())
    ics = desk.say("promises", "--ics").out
    assert [line for line in ics.split("\r\n") if line.startswith("Bcc") or not line.isprintable()] == []
    texts = {path: path.read_bytes().decode() for path in desk.state.rglob("*.*") if path.suffix in TOLD}
    assert {"hold.csv", "affected.csv", "note.md", "call.md", "brief.html", "02-copies.csv"} <= {p.name for p in texts}
    for path, text in texts.items():
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", text), path
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text) if path.suffix == ".md" else text
        if path.suffix in {".html", ".md"}:
            assert not re.search("<script|<img", outside), path
            assert not re.search(r"\[\[FILL H1: \d", text), path
        if path.suffix == ".eml":
            mail = email.message_from_string(text, policy=email.policy.default)
            assert not {"Bcc", "Cc"} & set(mail.keys())
        if path.suffix == ".csv":
            cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
            assert [cell[:20] for cell in cells if re.match(r"\s*[=+@-]", cell)] == [], path
    for table in (folder / "hold.csv", desk.state / "reports" / f"{MORNING:%Y-%m-%d}" / "affected.csv"):
        assert len(list(csv.reader(io.StringIO(texts[table])))) == 1 + 12, table
    assert [p for p, text in texts.items() if p.parent.name == "vendor-pack" and "script" in text] == []
