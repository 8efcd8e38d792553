"""The case file as a support lead works with it, on the founding night of the sample, command by command."""

import csv
import email
import email.policy
import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import tomllib
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import office
import pytest
from office import AS_OF, FOUNDING, detector, fill, fill_all

import detector as api
from detector import case_journal

ID, CLIENT = "INC-T76J", "Harbor Freightways"


@pytest.fixture
def state(sample_state: Path, tmp_path: Path) -> Path:
    """The state after the founding night, untouched by people; a copy to work on."""
    return Path(shutil.copytree(sample_state, tmp_path / "state", symlinks=True))


@pytest.fixture
def folder(state: Path) -> Path:
    """The one incident's folder."""
    (found,) = (state / "incidents").iterdir()
    return found


@pytest.fixture(scope="module")
def ready(sample_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state whose letter is ready to be approved; only the letter in it is changed, and brought back by `letter`."""
    state = Path(shutil.copytree(sample_state, tmp_path_factory.mktemp("ready") / "state", symlinks=True))
    (folder,) = (state / "incidents").iterdir()
    fill_all(folder, CLIENT)
    fill(folder / "human.toml", {"vendor.name": '"Kite Mail"'})
    assert check(state).code == 0
    return state


@pytest.fixture
def letter(ready: Path) -> Iterator[Path]:
    """The letter that is ready, as it was again after the test."""
    (path,) = (ready / "incidents").glob("*/letter.md")
    text = path.read_text(encoding="utf-8")
    yield path
    path.write_text(text, encoding="utf-8")


def check(state: Path, *more: object) -> office.Said:
    return detector("letter", "check", ID, "--state", state, *more)


def approve(state: Path, *more: object) -> office.Said:
    return detector("letter", "approve", ID, "--by", "Sam Example", "--state", state, *more)


def export(state: Path, *more: object) -> office.Said:
    return detector("letter", "export", ID, "--state", state, *more)


def replace(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def tree(state: Path) -> dict[Path, bytes]:
    """What people read, to the byte."""
    folders = ("incidents", "reports", "alerts")
    return {p: p.read_bytes() for name in folders for p in sorted((state / name).rglob("*")) if p.is_file()}


# --- the folder ---------------------------------------------------------------------------------------------------


def test_the_figures_of_the_folder_are_those_of_a_hand_count(folder: Path) -> None:
    truth = json.loads((Path(FOUNDING).parent / "truth.json").read_text(encoding="utf-8"))
    (burst,) = (burst for burst in truth["bursts"] if burst["is_fault"])
    excess = {person["recipient"]: person["excess"] for person in burst["affected"]}
    told = {f["code"]: f["value"] for f in json.loads((folder / "facts.json").read_text())["figures"]}
    assert (told["F4"], told["F7"]) == (len(excess), sum(excess.values())) == (51, 3_539)
    assert told["F6"] == 51 + 3_539
    assert (told["F8a"], told["F8c"]) == (1 + min(excess.values()), 1 + max(excess.values())) == (70, 71)
    assert Counter(excess.values()) == {69: 31, 70: 20}  # 31 * 69 + 20 * 70 = 3,539
    brief = (folder / "brief.md").read_text(encoding="utf-8")
    assert "51 people at Harbor Freightways got 3,539 extra copies" in brief
    letter = (folder / "letter.md").read_text(encoding="utf-8")
    for token in ("{F4: 51}", "{F7: 3,539}", "{F8: 70 or 71}"):
        assert token in letter
    held = list(csv.DictReader(io.StringIO((folder / "hold.csv").read_text())))
    assert {row["recipient"] for row in held} == excess.keys()
    assert {row["hold_until"] for row in held} == {"2026-11-10"}  # the last copy went out on 27 October; two weeks


def test_a_count_of_the_log_by_hand_gives_the_figures_of_the_folder(folder: Path) -> None:
    """The rows of the sample themselves, without a line of the detector: each Message-ID to each person is a send."""
    sends: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted(Path(FOUNDING).iterdir()):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for row in csv.DictReader(io.StringIO(text.decode())):
            here = row["recipient"].endswith("@harbor-freightways.example") and "Forklift" in row["subject"]
            if here and row["timestamp"].startswith("2026-10-27"):
                theirs = sends[row["recipient"]]
                theirs[row["message_id"]] = min(row["timestamp"], theirs.get(row["message_id"], "9"))
    hit = [sorted(theirs.values()) for theirs in sends.values() if len(theirs) > 1]
    told = {f["code"]: f["value"] for f in json.loads((folder / "facts.json").read_text())["figures"]}
    assert (told["F4"], told["F6"], told["F7"]) == (len(hit), sum(map(len, hit)), sum(len(one) - 1 for one in hit))
    assert told["F9b"].startswith(min(one[1] for one in hit)[:-1])
    assert told["F10"].startswith(max(one[-1] for one in hit)[:-1])


def test_the_time_to_notice_is_the_same_wherever_it_is_told(state: Path, folder: Path) -> None:
    """The log has the first extra copy at 18:05:41 and the alarm at 18:05:44, with fractions: 3 s."""
    fill_all(folder, CLIENT)
    assert incidents(state, "close", "--anyway", "--reason", "a test").code == 0
    files = (*folder.glob("*.md"), *folder.glob("*.html"), *(state / "reports").rglob("report.*"))
    found = {
        path.name: re.findall(
            r"18:05:44 UTC, (.+?) after the first extra|the log told of it after (.+?)\)", path.read_text()
        )
        for path in files
    }
    told = {name: {one or other for one, other in forms} for name, forms in found.items() if forms}
    assert told == {name: {"3 s"} for name in ("brief.md", "brief.html", "report.md", "report.html", "closing-note.md")}
    assert "first extra copy 27 Oct 2026, 18:05:41 UTC" in (folder / "vendor-pack/01-pattern.txt").read_text()
    (exact,) = (f["value"] for f in json.loads((folder / "facts.json").read_text())["figures"] if f["code"] == "F19")
    assert 2 < exact < 4, "exact to the microsecond, for programs"


def test_every_figure_comes_out_of_its_query_again(sample_state: Path) -> None:
    (facts,) = (sample_state / "incidents").glob("*/facts.json")
    content = json.loads(facts.read_text(encoding="utf-8"))
    assert len(content["figures"]) >= 19
    with api.open_snapshot(sample_state) as db:
        for figure in content["figures"]:
            ((value,),) = db.execute(content["queries"][figure["query"]], figure["parameters"]).fetchall()
            found = f"{value:%Y-%m-%dT%H:%M:%S.%fZ}" if figure["unit"] == "UTC" else value
            assert found == figure["value"], figure
            assert figure["grade"] == "A"
        queries = (facts.parent / "vendor-pack" / "05-queries.sql").read_text(encoding="utf-8")
        stated = re.findall(r"^-- F\d+\w? .*?: (.*) \(", queries, re.MULTILINE)
        answers = [db.execute(query).fetchall()[0][0] for query in queries.split(";\n")[:-1]]
        assert len(answers) == len(stated) >= 15
        assert [a for a, s in zip(answers, stated, strict=True) if isinstance(a, int) and json.loads(s) != a] == []


def test_the_vendor_pack_verifies_names_the_side_and_nobody(folder: Path) -> None:
    pack = folder / "vendor-pack"
    done = subprocess.run(["sha256sum", "-c", "MANIFEST.sha256"], cwd=pack, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = {line.split("  ")[1] for line in (pack / "MANIFEST.sha256").read_text().splitlines()}
    assert listed == {path.name for path in pack.iterdir()} - {"MANIFEST.sha256"}
    first = (pack / "00-read-me-first.txt").read_text(encoding="utf-8").splitlines()
    assert (
        first[0]
        == "51 people were sent 3,539 extra copies of one mail, between 18:05 and 20:11 UTC on 27 October 2026."
    )
    assert first[1].startswith("We ask you: Who is iterated inside the loop that sends")
    assert "points to the side that makes the mail" in first[2]
    assert first[3] == "Please look soon: many services keep their logs for 30 days, until 26 Nov 2026."  # 3 are over
    assert not re.search(r"null is null|= null|\$", (pack / "05-queries.sql").read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in (pack / "02-copies.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 51 + 3_539
    assert len({row["message_id"] for row in rows}) == 51 + 3_539, "the ids are exact: each copy has its own"
    assert Counter(row["kind"] for row in rows) == {"due": 51, "extra": 3_539}
    keys = dict(csv.reader((folder / "vendor-key.csv").read_text().splitlines()))
    people = {who for key, who in keys.items() if key.startswith("person-")}
    assert len(people) == 51
    everything = "".join(path.read_text(encoding="utf-8") for path in pack.iterdir()).casefold()
    for secret in (*people, "harbor-freightways.example", "harbor freightways"):
        assert secret.casefold() not in everything
    sequence = (pack / "03-three-people.txt").read_text(encoding="utf-8")
    assert re.findall(r"^(person-\d+): (7[01]) copies", sequence, re.MULTILINE) != []
    assert len(re.findall(r"^person-", sequence, re.MULTILINE)) == 3


def test_the_form_has_one_place_for_each_human_field(folder: Path) -> None:
    text = (folder / "human.toml").read_text(encoding="utf-8")
    assert set(re.findall(r"H\d+", text)) == {f"H{n}" for n in range(1, 17)}
    assert list(tomllib.loads(text)["clients"]) == [CLIENT]


def test_the_voicemail_is_short_and_says_no_figure_and_no_cause(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert check(state).code == 0
    sheet = (folder / "call.md").read_text(encoding="utf-8")
    text = " ".join(sheet.partition("digit by digit.")[2].split())
    assert "The mistake is ours, and I am sorry." in text
    assert text.count("+1 555 0199") == 2
    assert not re.search(r"51|3,539|loop|@", text)


def test_the_note_to_forward_has_four_lines_and_names_nobody(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert check(state).code == 0
    assert "call Example Academy: +1 555 0199." in (folder / "note.md").read_text(encoding="utf-8")
    lines = [line for line in (folder / "note.md").read_text(encoding="utf-8").splitlines() if line]
    assert len(lines) == 4
    assert "nothing is wrong with your account" in lines[0]
    assert "FILL" not in "".join(lines)


# --- from the alarm to the letter -----------------------------------------------------------------------------------


def test_filling_the_form_makes_a_letter_that_is_ready(state: Path, folder: Path, tmp_path: Path) -> None:
    assert check(state).text.startswith("Harbor Freightways, letter: 15 things to put right")
    fill_all(folder, CLIENT)
    assert "ready to be approved" in check(state).text
    assert approve(state).text.endswith("The letter to Harbor Freightways is approved by Sam Example.\n")
    out = tmp_path / "out"
    assert export(state, "--out", out).code == 0
    assert sorted(path.name for path in out.iterdir()) == ["letter.docx", "letter.eml", "letter.html"]
    draft = email.message_from_bytes((out / "letter.eml").read_bytes(), policy=email.policy.default)
    assert draft["X-Unsent"] == "1"
    assert (draft["Date"], draft["Message-ID"], draft["To"]) == (None, None, None)
    assert draft["Subject"] == "Our mistake: one email, sent to your colleagues again and again"
    said = draft.get_body(("plain",)).get_content()
    assert 200 < len(said.split()) <= 330
    assert "our system sent 51 of your colleagues the same email" in said
    assert "again and again: 3,539 copies too many. Each of them was sent 70 or 71, where one was due." in said
    assert not re.search(r"FILL|\{F|^>|`", said, re.MULTILINE)
    with zipfile.ZipFile(out / "letter.docx") as archive:
        body = archive.read("word/document.xml").decode()
        assert archive.testzip() is None
        assert "<dc:creator>Example Academy</dc:creator>" in archive.read("docProps/core.xml").decode()
    words = re.sub(r"<w:br/>|</w:p>", " ", body)
    assert " ".join(re.sub(r"<[^>]+>", "", words).split()) == " ".join(said.split())
    assert (out / "letter.html").read_text(encoding="utf-8").count("<h1>") == 1


def test_the_same_letter_gives_the_same_files(state: Path, folder: Path, tmp_path: Path) -> None:
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    hashes = []
    for name in ("one", "two"):
        assert export(state, "--out", tmp_path / name).code == 0
        hashes.append([hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted((tmp_path / name).iterdir())])
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("Dear Robin,", "Dear [[FILL H4: salutation]],", "Still open: H4: salutation"),
        ("{F4: 51} of your", "53 of your", "“53 of your colleagues” is no figure of today. Nearest: F4, 51."),
        (
            "{F4: 51} of your colleagues",
            "52 of your drivers",
            "“52 of your drivers” is no figure of today. Nearest: F4, 51",
        ),
        ("Your team spent", "Call <who, when>. Your team spent", "“<who, when>” is a gap, as in an example"),
        ("{F4: 51} of your", "{F44: 51} of your", r"{F44: 51} is no fact of this letter. Nearest: F4"),
        (
            "That was our mistake, and I am sorry.",
            "Sorry for any inconvenience.",
            "“any inconvenience”: say what it meant",
        ),
        (
            "That was our mistake, and I am sorry.",
            "Our mistake; sorry for the inconveniences.",
            "“the inconveniences”: say what it meant",
        ),
        (
            "That was our mistake, and I am sorry.",
            "It was a glitch, and our mistake.",
            "“glitch”: it was an error of ours",
        ),
        ("That was our mistake, and I am sorry.", "That was it.", "Nobody takes responsibility in the first 60 words"),
        ("Our mistake: one", "Our one", None),
        (
            "I will write to you on 12",
            "We will check everything. I will write to you on 12",
            "A promise without owner and date",
        ),
        (
            "A person releases every enrolment run before it starts",
            "We see to it",
            "Promise 1 is missing in the letter",
        ),
        ("Your team spent", "Our vendor Kite Mail failed. Your team spent", "Kite Mail is named"),
        ("Your team spent", "The provider caused it. Your team spent", "“provider caused” blames somebody else"),
        ("Your team spent", "It hit other clients too. Your team spent", "“other clients”: each client reads only of"),
        ("Your team spent", "You hear more next week. Your team spent", "A promise without owner and date"),
        ("{F4: 51} of your", "{F4} of your", "“{F4}” would go out as it stands. A figure is written like {F4: 51}."),
        ("Your team spent", "ada.graf@harbor-freightways.example spent", "The address of a learner is in it"),
    ],
)
def test_each_fault_of_a_letter_is_found_with_its_reason(
    ready: Path, letter: Path, before: str, after: str, reason: str | None
) -> None:
    replace(letter, before, after)
    said = check(ready)
    assert said.code == (1 if reason else 0), said.text
    assert (reason or "ready to be approved") in said.text


def test_a_letter_with_a_fault_is_neither_approved_nor_exported(ready: Path, letter: Path) -> None:
    replace(letter, "{F4: 51} of your", "53 of your")
    refused = approve(ready)
    assert refused.code == 2
    assert "Nothing was approved." in refused.text
    assert export(ready).code == 2


@pytest.mark.parametrize(
    ("values", "table", "where"),
    [
        ({"letter.phone": '"+1 555 0199, <extension>"'}, "", "phone in [letter]: “<extension>”"),
        ({"repair.approved_by": '"<who>, <when>"'}, "", "approved_by in [repair]: “<who>”"),
        ({"contact": '"Robin Reed, <role>"'}, f'clients."{CLIENT}"', "contact in [clients]: “<role>”"),
    ],
)
def test_a_gap_left_in_any_field_is_refused_once_with_the_field(
    state: Path, folder: Path, values: dict[str, str], table: str, where: str
) -> None:
    fill_all(folder, CLIENT)
    fill(folder / "human.toml", values, table)
    said = check(state)
    assert (said.code, said.text.count(f"human.toml, {where} is a gap")) == (1, 1)
    assert len(re.findall(r"is a gap", said.text)) == len(re.findall("<", str(values)))


def test_a_number_in_a_promise_is_held_to_todays_figures(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    office.promise(folder, "Kim Lee apologises to the 53 people")
    fault = "fault   promise 1: “53 people” is no figure of today. Nearest: F4, 51."
    assert fault in check(state).text
    assert approve(state).code == 2


def test_a_mark_for_what_is_hidden_in_a_name_is_no_number(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    fill(folder / "human.toml", {"contact": '"Robin \\u202eReed"'}, f'clients."{CLIENT}"')
    said = check(state)
    assert "Robin ‹U+202E›Reed" in (folder / "letter.md").read_text(encoding="utf-8")
    assert said.code == 0, said.text


def test_an_address_that_is_nobodys_of_the_incident_is_pointed_at(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert check(state).code == 0
    replace(folder / "letter.md", "Your team spent", "You and bo@other.example spent")
    said = check(state)
    assert said.code == 0
    assert "bo@other.example: only an address of yours or the reader's may stay." in said.text


def test_a_client_of_the_log_that_was_not_hit_is_a_stranger_in_a_letter(state: Path, folder: Path) -> None:
    """Everybody but Harbor Freightways is; freemail.example is nobody's, and the Academy is ourselves."""
    fill_all(folder, CLIENT)
    config = folder.parent / "detector.toml"
    config.write_text('[clients."Lakeside Clinic"]\nphone = "+1 555 0123"\n')
    assert check(state).code == 0
    clean = (folder / "letter.md").read_text(encoding="utf-8")
    with api.open_snapshot(state) as db:
        ((theirs,),) = db.execute("select min(recipient) from sends where organization = 'Elmgate Hotels'").fetchall()
        ((private,),) = db.execute("select min(recipient) from sends where organization is null").fetchall()
    domain = theirs.rpartition("@")[2]
    as_people_write = ("Elmgate", "Bjornvik Shipping", "BJØRNVIK", "Tallow and Finch", "Verity Mutual", "the Blue Mesa")
    pointing = ("elmgate  Hotels", "Elmgate\nHotels", "Lakeside Clinic", theirs, f"help.{domain}", f"x@{domain}")
    for words in (*pointing, *as_people_write):
        (folder / "letter.md").write_text(clean.replace("Your team spent", f"Like you, {words} spent"))
        said = check(state, "--config", config)
        assert said.code == 1, words
        assert re.search("Another client or one of its people is named|points to another client", said.text), words
    for words in (private, "the hotels", "the Academy", "on Monday", "Kim Lee", "a cobalt mug", "Ada Graf"):
        (folder / "letter.md").write_text(clean.replace("Your team spent", f"Like you, {words} spent"))
        assert check(state, "--config", config).code == 0, words


@pytest.mark.parametrize("name", ["{0}", "{1}", "{2}"])
def test_another_client_in_small_letters_is_refused(ready: Path, letter: Path, name: str) -> None:
    """The log's own neighbours, as the letter command knows them."""
    with api.open_snapshot(ready) as db:
        rows = db.execute("select organization, recipient from sends where organization <> ?", [CLIENT]).fetchall()
    other, address = next((o, a) for o, a in sorted(rows) if len(o.split()) > 1 and "-" in a.partition("@")[2])
    stem = address.partition("@")[2].split(".")[-2]
    words = name.format(other.lower(), stem, f"{other[:3]}\u00ad{other[3:]}".lower())
    replace(letter, "Dear Robin,", f"Dear Robin,\n\nIt was as at {words}.\n")
    said = check(ready)
    assert (said.code, "nother client" in said.text) == (1, True), said.text


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"letter.date": "2026-10-26"}, "fault   The letter is dated 26 October 2026, before the last copy to them"),
        ({"letter.date": "2026-11-20"}, "fault   The letter is dated 20 November 2026, and today is 2 November 2026"),
        ({"letter.date": "2026-10-29"}, "advice  The letter is dated 29 October 2026 and speaks of a log that is"),
        ({"next_update.on": "2026-11-01"}, "fault   [next_update] says 1 November 2026, which is over"),
        ({"next_update.on": "2026-10-28"}, "fault   [next_update] says 28 October 2026, which is over"),
        ({"cause.confirmed_by": '""'}, "fault   The cause is called confirmed, and nobody is named who did"),
    ],
)
def test_days_that_cannot_be_and_a_cause_that_nobody_confirmed(
    state: Path, folder: Path, values: dict[str, str], reason: str
) -> None:
    fill_all(folder, CLIENT)
    fill(folder / "human.toml", values)
    assert reason in check(state).text
    said = approve(state)
    assert reason in said.text
    assert ("Nothing was approved" in said.text) == reason.startswith("fault")


def test_a_promise_that_is_late_when_the_letter_is_approved_is_pointed_out(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    office.promise(folder, "We tell you who was told", date(2026, 10, 30))
    said = approve(state)
    assert "Promise 1 was due on 30 October 2026 and is not kept: say in the letter what became of it." in said.text


def test_no_letter_is_dismissed_with_an_open_promise_and_none_counts_as_a_call(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    assert incidents(state, "sent").code == 0
    early = incidents(state, "dismiss", "--reason", "they had asked for it")
    assert early.code == 2
    open_ones = "promise 1 (Kim Lee, 2026-11-10), promise 2 (Sam Example, 2026-11-12) is not kept"
    assert f"{CLIENT} has our letter, and {open_ones}. Keep it" in early.text
    assert f"**{CLIENT}** has the letter, and no call is noted." in (folder / "brief.md").read_text(encoding="utf-8")
    assert incidents(state, "told", "--channel", "phone").code == 0
    assert f"**{CLIENT}** was told, and the letter is sent." in (folder / "brief.md").read_text(encoding="utf-8")
    for number in "12":
        assert promise(state, "kept", number).code == 0
    assert incidents(state, "dismiss", "--reason", "they had asked for it").code == 0


def test_the_heading_and_the_salutation_are_no_part_of_the_first_sentence(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert "A sentence of" not in check(state).text
    replace(folder / "letter.md", "To put this right:", "One\n" + "and on " * 20 + "\nTo put this right:")
    told = re.search(r"A sentence of \d+ words: “(.*)”", check(state).text)
    assert told is not None
    assert "\\" not in told[1]


def test_what_is_no_fault_is_pointed_out_and_again_when_the_letter_is_approved(state: Path, folder: Path) -> None:
    """Days, times, sums and spans are people's own; a wrong one still looks like a figure of the log."""
    fill_all(folder, CLIENT)
    assert check(state).code == 0
    mine = "On 26 October you lost 3 hours and 400 dollars to hundreds of emails, Ada Graf said. Your team spent"
    replace(folder / "letter.md", "Your team spent", mine)
    for said in (check(state), approve(state)):
        assert said.code == 0
        for words in ("26 October", "3 hours", "400 dollars"):
            assert f"“{words}” is bound to no figure of the log. See that it is right." in said.text
        assert "“hundreds of emails”: the log knows how many." in said.text
        assert "“Ada Graf” is one of the people hit. A letter counts people and names none." in said.text


def test_received_is_advised_against_only_if_not_everything_arrived(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert check(state).code == 0
    replace(folder / "letter.md", "was sent {F8", "received {F8")
    assert "knows what was sent" not in check(state).text, "the log says that all 3,539 were delivered"


# --- what people wrote stays --------------------------------------------------------------------------------------


def test_an_edited_letter_survives_every_night_byte_for_byte(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert check(state).code == 0
    mine = (folder / "letter.md").read_bytes().replace(b"Dear Robin", b"Dear Robin and team") + b"\r\nP.S. \xc3\xa4\r\n"
    (folder / "letter.md").write_bytes(mine)
    form = (folder / "human.toml").read_bytes()
    for _ in range(2):
        assert detector("nightly", FOUNDING, "--state", state, "--as-of", AS_OF).code == 0
        assert (folder / "letter.md").read_bytes() == mine
        assert (folder / "human.toml").read_bytes() == form
    assert not (folder / "letter.new.md").exists(), "no figure has moved"
    assert not (folder / "human.new.toml").exists()


def test_beside_a_newer_version_lies_a_list_of_what_changed(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert check(state).code == 0
    replace(folder / "letter.md", "Dear Robin", "Dear Robin and team")
    fill(folder / "human.toml", {"next_update.on": "2026-11-19"})
    check(state)
    assert (folder / "letter.changes.txt").read_text(encoding="utf-8").splitlines()[2:] == [
        "H9: 12 November 2026 -> 19 November 2026"
    ]
    assert "19 November 2026" in (folder / "letter.new.md").read_text(encoding="utf-8")
    fill(folder / "human.toml", {"next_update.on": "2026-11-12"})
    check(state)
    assert not (folder / "letter.new.md").exists()
    assert not (folder / "letter.changes.txt").exists()


def test_a_deleted_draft_comes_back_when_asked_for_and_not_before(state: Path, folder: Path) -> None:
    (folder / "letter.md").unlink()
    shutil.rmtree(folder / "vendor-pack")
    assert detector("nightly", FOUNDING, "--state", state, "--as-of", AS_OF).code == 0
    assert "letter draft" in check(state).text
    assert detector("letter", "draft", ID, "--state", state).code == 0
    assert (folder / "letter.md").exists()
    assert list((folder / "vendor-pack").glob("*")) == [], "what was passed on stays away"


def test_the_truth_that_simulate_wrote_beside_its_logs_is_no_log(tmp_path: Path) -> None:
    """A truth.json of anybody else is a file like any other."""
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "outbox.csv").symlink_to(Path(FOUNDING) / "2026-10-29.csv")
    (mail / "truth.json").symlink_to(Path(FOUNDING).parent / "truth.json")
    night = detector("nightly", mail, "--state", tmp_path / "state", "--as-of", AS_OF)
    assert night.code == 0, night.text
    report = (tmp_path / "state" / "reports" / "2026-11-01" / "report.md").read_text(encoding="utf-8")
    assert "truth of a simulation" in report
    (mail / "truth.json").unlink()
    (mail / "truth.json").write_text('{"bursts": []}')
    assert detector("nightly", mail, "--state", tmp_path / "state", "--as-of", AS_OF).code == 3


# --- approval -----------------------------------------------------------------------------------------------------


def test_a_changed_text_takes_the_approval_away(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    replace(folder / "letter.md", "and I am sorry", "and I am very sorry")
    said = export(state)
    assert said.code == 2
    assert re.search(r"is not approved: the approval was taken back at .* UTC, for the text was changed\.", said.text)
    kinds = [entry.kind for entry in case_journal.read(folder).entries]
    assert kinds[-2:] == ["letter approved", "letter revoked"]
    assert approve(state).code == 0
    assert export(state).code == 0


def test_a_letter_that_went_out_stays_as_it_went(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    assert detector("incidents", "sent", ID, "--by", "Sam Example", "--state", state).code == 0
    before = (folder / "letter.md").read_bytes()
    fill(folder / "human.toml", {"cause.statement": '"Something else."'})
    check(state)
    assert (folder / "letter.md").read_bytes() == before
    assert "letter revoked" not in [entry.kind for entry in case_journal.read(folder).entries]


def test_a_moved_figure_takes_the_approval_away_and_is_named(state: Path, folder: Path, tmp_path: Path) -> None:
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    before = (folder / "letter.md").read_bytes()
    late = tmp_path / "late.csv"
    late.write_text(
        "timestamp,event,message_id,sender,recipient,subject,template\n"
        "2026-10-27T20:12:30Z,delivered,late.1@app1.academy.example,noreply@academy.example,"
        "ada.graf@harbor-freightways.example,Welcome to Forklift Safety Essentials,welcome\n"
    )
    night = detector("nightly", FOUNDING, late, "--state", state, "--as-of", AS_OF)
    assert night.code == 0, night.text
    moved = "F7 was 3,539 and is 3,540; F8 was 70 or 71 and is about 70 (70 to 72); F9 was "
    assert f"{ID}: the letter to {CLIENT} is no longer approved: " in night.text
    assert moved in night.text
    before_again, published = tree(state), sorted((state / "snapshots").iterdir())
    assert detector("nightly", FOUNDING, late, "--state", state, "--as-of", AS_OF).text == (
        f"detector: {ID}: is open again: 1 more extra copy after it had stopped.\n"
    )
    assert (tree(state), sorted((state / "snapshots").iterdir())) == (before_again, published), "nothing new, no news"
    too_late = detector("incidents", "sent", ID, "--by", "Sam Example", "--state", state)
    assert too_late.code == 2
    assert re.search(rf"comes too late: the approval was taken back at .* UTC, for .*{re.escape(moved)}", too_late.text)
    said = export(state)
    assert said.code == 2
    assert moved in said.text
    assert "F10 was 20:11 UTC on 27 October 2026 and is 20:12 UTC on 27 October 2026" in said.text
    assert (folder / "letter.md").read_bytes() != before, (
        "untouched by people, it is a draft again, with today's figures"
    )
    assert "{F7: 3,540}" in (folder / "letter.md").read_text(encoding="utf-8")


def late_copies(tmp_path: Path, *seconds: int) -> Path:
    """Rows of one person that the founding night's log did not have: at 20:12 and so many seconds."""
    late = tmp_path / f"late{len(seconds)}.csv"
    rows = (
        f"2026-10-27T20:12:{second:02}Z,delivered,late.{second}@app1.academy.example,noreply@academy.example,"
        "ada.graf@harbor-freightways.example,Welcome to Forklift Safety Essentials,welcome\n"
        for second in seconds
    )
    late.write_text("timestamp,event,message_id,sender,recipient,subject,template\n" + "".join(rows))
    return late


def letter_sent(state: Path, folder: Path) -> bytes:
    """The founding letter, approved and sent, its promise kept, and its next word; what went out."""
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    assert incidents(state, "sent").code == 0
    for number in "12":
        assert promise(state, "kept", number).code == 0
    return (folder / "letter.md").read_bytes()


def incidents(state: Path, command: str, *more: object) -> office.Said:
    return detector("incidents", command, ID, *more, "--by", "Sam Example", "--state", state)


def promise(state: Path, what: str, number: str, *more: object) -> office.Said:
    return detector("incidents", "promise", what, ID, number, *more, "--by", "Kim Lee", "--state", state)


WRONG = f"{CLIENT} holds a letter that is wrong: copies too many 3,539, now 3,542; "


def test_a_letter_that_late_rows_make_wrong_is_said_everywhere(state: Path, folder: Path, tmp_path: Path) -> None:
    """3,539 copies too many went into the letter; three rows come late."""
    letter_sent(state, folder)
    late = late_copies(tmp_path, 10, 20, 30)
    for _ in range(2):
        night = detector("nightly", FOUNDING, late, "--state", state, "--as-of", AS_OF)
        assert f"{ID}: {WRONG}" in night.text
        assert f"Send a correction: detector letter check {ID}." in night.text
    assert WRONG in (state / "reports" / "2026-11-01" / "report.md").read_text(encoding="utf-8")
    assert f"**{CLIENT} holds a letter that is wrong:**" in (folder / "brief.md").read_text(encoding="utf-8")
    assert "holds a letter that is wrong:" in (folder / "brief.html").read_text(encoding="utf-8")
    assert WRONG in detector("incidents", "list", "--state", state).text
    shown = detector("incidents", "show", ID, "--state", state).text
    assert WRONG in shown
    assert "HOLDS A WRONG LETTER: copies too many 3,539, now 3,542" in shown
    closed = incidents(state, "close")
    assert (closed.code, f"{CLIENT} holds a letter that is wrong (copies too many 3,539" in closed.text) == (2, True)
    assert incidents(state, "close", "--anyway", "--reason", "they said that three more are nothing").code == 0
    assert "wrong" not in detector("incidents", "list", "--all", "--state", state).text


@pytest.fixture(scope="module")
def wrong_once(sample_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the state after the letter was sent and three rows came late; to be copied."""
    place = tmp_path_factory.mktemp("wrong")
    state = Path(shutil.copytree(sample_state, place / "state", symlinks=True))
    (folder,) = (state / "incidents").iterdir()
    letter_sent(state, folder)
    late = late_copies(place, 10, 20, 30)
    assert detector("nightly", FOUNDING, late, "--state", state, "--as-of", AS_OF).code == 0
    return place


@pytest.fixture
def wrong(wrong_once: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    """The state whose letter is wrong, its incident's folder, and the late rows."""
    place = shutil.copytree(wrong_once, tmp_path / "wrong", symlinks=True)
    (folder,) = (place / "state" / "incidents").iterdir()
    return place / "state", folder, place / "late3.csv"


def test_a_correction_is_the_second_letter_and_names_the_first(wrong: tuple[Path, Path, Path]) -> None:
    state, folder, late = wrong
    went_out = (folder / "letter.md").read_bytes()
    draft = (folder / "letter-2.md").read_text(encoding="utf-8")
    assert "- Copies too many: I wrote {F107: 3,539}; it is {F7: 3,542}." in draft
    first_look = check(state)
    assert f"{CLIENT}, correction: 1 thing to put right" in first_look.text, first_look.text
    assert "H16: date of this correction" in first_look.text
    fill(folder / "human.toml", {"letter.date": "2026-11-04"})
    assert f"{CLIENT}, correction: ready to be approved" in check(state).text
    replace(folder / "letter-2.md", "In my letter of 2 November 2026", "In my letter")
    replace(folder / "letter-2.md", "A correction to our letter of 2 November 2026", "A correction")
    replace(folder / "letter-2.md", ", our letter of 2 November 2026", "")
    assert "They hold our letter of 2 November 2026, which is wrong. Name it" in check(state).text
    (folder / "letter-2.md").unlink()
    assert detector("letter", "draft", ID, "--state", state).code == 0
    assert "The correction to Harbor Freightways is approved" in approve(state).text
    assert export(state).code == 0
    mail = email.message_from_bytes((folder / "letter-2.eml").read_bytes(), policy=email.policy.default)
    assert mail["Subject"] == "A correction to our letter of 2 November 2026"
    assert "I wrote 3,539; it is 3,542." in mail.get_body(("plain",)).get_content()
    assert "noted: correction sent" in incidents(state, "sent", "--channel", "mail").text
    assert "wrong" not in detector("nightly", FOUNDING, late, "--state", state, "--as-of", AS_OF).text
    assert (folder / "letter.md").read_bytes() == went_out


def test_what_moves_after_a_correction_calls_for_a_third_letter(wrong: tuple[Path, Path, Path], tmp_path: Path) -> None:
    state, folder, late = wrong
    later = late_copies(tmp_path, 10, 20, 30, 40)
    fill(folder / "human.toml", {"letter.date": "2026-11-04"})
    assert approve(state).code == 0
    assert incidents(state, "sent").code == 0
    second = (folder / "letter-2.md").read_bytes()
    again = detector("nightly", FOUNDING, late, later, "--state", state, "--as-of", AS_OF)
    assert "copies too many 3,542, now 3,543" in again.text
    third = (folder / "letter-3.md").read_text(encoding="utf-8")
    assert "A correction to our letter of 4 November 2026" in third
    assert "I wrote {F107: 3,542}; it is {F7: 3,543}." in third
    assert (folder / "letter-2.md").read_bytes() == second


def test_a_stop_that_is_moved_after_the_letter_went_out_calls_for_a_correction(state: Path, folder: Path) -> None:
    letter_sent(state, folder)
    said = incidents(state, "contain", "--at", "2026-10-27T20:30Z", "--how", "emptied the queue, too")
    assert "holds a letter that is wrong: stopped 20:12 UTC on 27 October 2026, now 20:30 UTC" in said.text
    assert "I wrote 20:12 UTC on 27 October 2026; it is 20:30 UTC" in (folder / "letter-2.md").read_text("utf-8")


def test_a_cause_that_turns_out_to_be_another_after_the_letter_went_out_calls_for_a_correction(
    state: Path, folder: Path
) -> None:
    letter_sent(state, folder)
    fill(
        folder / "human.toml",
        {"cause.statement": '"the job was installed on two servers"', "letter.date": "2026-11-04"},
    )
    said = check(state)
    assert f"{CLIENT} holds a letter that is wrong: the cause “" in detector("incidents", "list", "--state", state).text
    assert incidents(state, "close").code == 2
    draft = (folder / "letter-2.md").read_text(encoding="utf-8")
    assert "I told you how it happened, as we understood it then. We were wrong." in draft
    assert "- How it happened: I wrote “" in draft
    assert "”; it is “the job was installed on two servers”." in draft
    assert f"{CLIENT}, correction: ready to be approved" in check(state).text, said.text
    assert approve(state).code == 0
    assert incidents(state, "sent").code == 0
    assert "wrong" not in detector("incidents", "list", "--state", state).text


@pytest.mark.parametrize(
    ("whose", "told"),
    [
        ("ours", "The cause lies on our side. We are"),
        ("vendor", "The cause lies with that service, which we chose and answer for. We are"),
        (
            "shared",
            "The cause lies both on our side and with the service that sends our mail, for which we answer. We are",
        ),
    ],
)
def test_a_cause_that_is_not_found_yet_lies_where_the_form_says(
    state: Path, folder: Path, whose: str, told: str
) -> None:
    fill_all(folder, CLIENT)
    fill(folder / "human.toml", {"cause.status": '"suspected"', "responsibility.whose": f'"{whose}"'})
    check(state)
    assert told in " ".join((folder / "letter.md").read_text(encoding="utf-8").split())


def test_a_correction_to_a_german_client_is_german(state: Path, folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "detector.toml"
    config.write_text(f'[clients."{CLIENT}"]\nlanguage = "de"\nzone = "Europe/Berlin"\n', encoding="utf-8")
    night = ("nightly", FOUNDING, "--state", state, "--as-of", AS_OF, "--config", config)
    assert detector(*night).code == 0
    fill_all(folder, CLIENT)
    fill(folder / "human.toml", office.GERMAN, "german")
    fill(folder / "human.toml", {"meaning": '"Ihre Leute haben einen Abend verloren."'}, f'clients."{CLIENT}"')
    assert approve(state).code == 0
    assert incidents(state, "sent").code == 0
    late = late_copies(tmp_path, 10, 20, 30)
    detector("nightly", FOUNDING, late, *night[2:])
    draft = (folder / "letter-2.md").read_text(encoding="utf-8")
    assert "**Berichtigung unseres Briefes vom 2. November 2026**" in draft
    assert "- E-Mails zu viel: Ich schrieb {F107: 3.539}; richtig ist {F7: 3.542}." in draft
    fill(folder / "human.toml", {"letter.date": "2026-11-04"})
    assert f"{CLIENT}, correction: ready to be approved" in check(state).text


def test_an_edited_letter_goes_out_with_todays_figures(state: Path, folder: Path, tmp_path: Path) -> None:
    fill_all(folder, CLIENT)
    assert check(state).code == 0
    replace(folder / "letter.md", "{F7: 3,539}", "{F7: 3,500}")
    said = check(state)
    assert said.code == 0
    assert "F7 stands as 3,500 and is 3,539 today; the letter goes out with 3,539." in said.text
    assert approve(state).code == 0
    assert export(state, "--out", tmp_path).code == 0
    assert "3,539 copies too many" in (tmp_path / "letter.html").read_text(encoding="utf-8")


CAUSE = "A loop in our enrolment code ran once for each member, and each turn mailed everybody."
MOVED = f"H1 (the cause) was “{CAUSE}” and is “A loop in our import ran twice.”"
"""What somebody corrects in human.toml after the approval, and how that is told."""


def cause_corrected(folder: Path) -> None:
    fill(folder / "human.toml", {"cause.statement": '"A loop in our import ran twice."'})


def test_an_approved_letter_is_called_so_until_a_word_of_the_form_is_corrected(state: Path, folder: Path) -> None:
    """Nobody edited the letter, so it has the new words as soon as the approval is taken back."""
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    assert check(state).text.startswith(f"{CLIENT}, letter: approved by Sam Example at 2026-11-02 09:00:00 UTC (")
    cause_corrected(folder)
    said = check(state)
    assert said.text.startswith(f"{CLIENT}, letter: ready to be approved (")
    assert f"  again   the approval was taken back at 2026-11-02 09:00:00 UTC, for {MOVED}. Have it" in said.text
    assert "A loop in our import ran twice." in (folder / "letter.md").read_text(encoding="utf-8")
    assert approve(state).code == 0
    assert "approved by Sam Example" in check(state).text
    assert export(state).code == 0


@pytest.mark.parametrize("command", ["export", "sent"])
def test_with_a_word_corrected_after_the_approval_nothing_is_exported_or_sent(
    state: Path, folder: Path, command: str
) -> None:
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    cause_corrected(folder)
    said = export(state) if command == "export" else incidents(state, "sent")
    assert (said.code, MOVED in said.text, "detector letter approve" in said.text) == (2, True, True)
    assert [entry.kind for entry in case_journal.read(folder).entries][-1] == "letter revoked"


def test_a_letter_that_somebody_edits_after_the_approval_is_not_sent(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    replace(folder / "letter.md", "and I am sorry", "and I am very sorry")
    said = incidents(state, "sent")
    assert (said.code, "for the text was changed. Have it approved again" in said.text) == (2, True)


def test_an_edited_letter_is_compared_with_the_words_that_were_corrected_since(state: Path, folder: Path) -> None:
    """It keeps its own words, approved or not; which of them are no longer those of the form is said."""
    fill_all(folder, CLIENT)
    assert check(state).code == 0
    replace(folder / "letter.md", "Dear Robin,", "Dear Robin and team,")
    assert approve(state).code == 0
    before = (folder / "letter.md").read_bytes()
    cause_corrected(folder)
    for said in (check(state), approve(state)):
        assert "advice  H1 (the cause): human.toml has “A loop in our import ran twice.”, and the letter" in said.text
    assert "  beside  letter.new.md has newer words or figures" in check(state).text
    assert (folder / "letter.md").read_bytes() == before
    assert export(state).code == 0, "somebody has seen it, and approved it all the same"


def test_what_is_filled_in_anew_after_a_letter_went_out_is_named_and_changes_nothing(state: Path, folder: Path) -> None:
    """What it meant for them is nothing that was right or wrong; the cause and promises take a correction."""
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    assert incidents(state, "sent").code == 0
    fill(folder / "human.toml", {"meaning": '"Your team lost a whole day."'}, f'clients."{CLIENT}"')
    said = check(state)
    assert said.text.startswith(f"{CLIENT}, letter: sent by Sam Example at 2026-11-02 09:00:00 UTC (")
    assert said.code == 0
    assert "  since   H6 (what it meant for them) was “Your team spent an evening deleting mail" in said.text
    assert "and is “Your team lost a whole day.”; they hold the former" in said.text


def test_a_form_that_cannot_be_read_takes_no_approval_away(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    replace(folder / "human.toml", "[stopped]", "[stoped]")
    night = detector("nightly", FOUNDING, "--state", state, "--as-of", AS_OF)
    assert "stoped is no field" in night.text
    assert "letter revoked" not in [entry.kind for entry in case_journal.read(folder).entries]


# --- read as the client would -----------------------------------------------------------------------------------------


def test_a_client_that_a_mail_server_knows_by_its_domain_only_is_called_by_its_name(tmp_path: Path) -> None:
    """Postfix logs no organizations: the client of the founding night is harbor-freightways.example there."""
    assert detector("simulate", "founding-night", "--format", "postfix", "--seed", 7, "--out", tmp_path).code == 0
    state, logs = tmp_path / "state", sorted(tmp_path.glob("mail.log*"))
    assert detector("nightly", *logs, "--state", state, "--as-of", AS_OF).code == 0
    (folder,) = (state / "incidents").iterdir()
    name, domain = folder.name[:8], "harbor-freightways.example"
    fill_all(folder, domain)
    said = detector("letter", "check", name, "--state", state)
    assert "Still open: H4: what the client is called; the log knows it only by its mail domain." in said.text
    fill(folder / "human.toml", {"name": '"Harbor Freightways"'}, f'clients."{domain}"')
    assert detector("letter", "check", name, "--state", state).code == 0
    assert detector("letter", "approve", name, "--by", "Sam Example", "--state", state).code == 0
    assert detector("letter", "export", name, "--out", tmp_path / "out", "--state", state).code == 0
    mail = email.message_from_bytes((tmp_path / "out" / "letter.eml").read_bytes(), policy=email.policy.default)
    letter = mail.get_body(("plain",)).get_content()
    assert "Robin Reed, Head of Training\nHarbor Freightways\n" in letter.replace("\r\n", "\n")
    assert domain not in letter
    fill(folder / "human.toml", {"name": '"Harbor & Sons"'}, f'clients."{domain}"')
    assert "H4 (the reader) was “Harbor Freightways Robin" in detector("letter", "check", name, "--state", state).text


def test_how_it_happened_is_a_sentence_of_its_own(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    fill(folder / "human.toml", {"cause.status": '"unknown"'})
    assert check(state).code == 0
    assert "How it happened: The cause lies on our side." in (folder / "letter.md").read_text(encoding="utf-8")


def test_nothing_is_said_twice_of_a_draft(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert check(state).code == 0
    replace(folder / "letter.md", "Your team spent", "Elmgate Hotels, Elmgate Hotels and <who>, <who> spent")
    lines = [line for line in check(state).text.splitlines() if line.startswith("  ")]
    assert [line for line in lines if "<who>" in line] == [
        "  fault   line 17: “<who>” is a gap, as in an example. Say what it is."
    ]
    assert len(lines) == len(set(lines))


def test_the_brief_says_acknowledged_only_of_what_somebody_acknowledged(state: Path, folder: Path) -> None:
    assert detector("incidents", "told", ID, "--channel", "phone", "--by", "Ann", "--state", state).code == 0
    for brief in (folder / "brief.md", folder / "brief.html"):
        assert "Taken in hand by Ann, 2 Nov 2026" in brief.read_text(encoding="utf-8")
        assert "Acknowledged by" not in brief.read_text(encoding="utf-8")


# --- promises --------------------------------------------------------------------------------------------------------

RELEASE = "A person releases every enrolment run before it starts"


def test_a_promise_with_marks_of_markdown_is_found_in_the_letter(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    fixed = "We *pin* `enrol.py` to **one** turn, as of 17 `commits`"
    assert promise(state, "changed", "1", fixed, "--why", "more exact").code == 0
    said = check(state)
    assert (said.code, "Promise 1" in said.text) == (0, False), said.text


def test_a_promise_that_is_changed_before_the_letter_goes_out_is_changed_everywhere(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    said = promise(state, "changed", "1", "--due", "2026-11-17", "--owner", "Ada", "--why", "Kim is away")
    was, now = f"“{RELEASE} (Kim Lee, by 10 November 2026)”", f"“{RELEASE} (Ada, by 17 November 2026)”"
    assert f"is no longer approved: promise 1 was {was} and is {now}." in said.text
    assert f"{RELEASE} (Ada, by 17 November 2026)." in (folder / "letter.md").read_text(encoding="utf-8")
    assert f"2026-11-17 {ID} promise 1: {RELEASE} (Ada)\n" in detector("incidents", "promises", "--state", state).text
    assert f"{RELEASE}: Ada, by 17 November 2026 (open)" in (folder / "brief.md").read_text(encoding="utf-8")
    ics = detector("incidents", "promises", "--ics", "--state", state).text
    assert f"UID:{ID}-promise-1@detector\nSEQUENCE:1\n" in ics, "the calendar moves the event that it has"
    assert "DTSTART;VALUE=DATE:20261117" in ics
    replace(folder / "letter.md", "by 17 November 2026", "by 10 November 2026")
    assert "fault   Promise 1 stands in the letter without its day, 17 November 2026." in check(state).text


def test_a_promise_that_is_withdrawn_before_the_letter_goes_out_stays_listed_with_the_reason(
    state: Path, folder: Path
) -> None:
    fill_all(folder, CLIENT)
    office.fill(folder / "human.toml", {"next_update.on": "2026-11-12"})
    assert check(state).code == 0
    replace(folder / "letter.md", "Dear Robin,", "Dear Robin and team,")
    assert promise(state, "withdrawn", "1", "--why", "they prefer a call").code == 0
    assert "fault   Promise 1 was withdrawn (they prefer a call), and the letter still has it." in check(state).text
    assert RELEASE not in (folder / "letter.new.md").read_text(encoding="utf-8")
    assert detector("incidents", "promises", "--state", state).text == ""
    assert f"UID:{ID}-promise-1@detector" in (ics := detector("incidents", "promises", "--ics", "--state", state).text)
    assert "STATUS:CANCELLED" in ics
    shown = detector("incidents", "show", ID, "--state", state).text
    assert re.search(rf"promise 1: {RELEASE} \(Kim Lee\), withdrawn 2 Nov 2026, .*: they prefer a call", shown)
    assert "(withdrawn: they prefer a call)" in (folder / "brief.md").read_text(encoding="utf-8")
    closed = incidents(state, "close", "--anyway", "--reason", "a test")
    assert "| withdrawn: they prefer a call |" in closed.text
    assert "promise 1" not in incidents(state, "reopen", "--reason", "a test").text


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (("changed", "1", "--due", "2026-11-17"), "gives no reason. Say why with --why"),
        (("changed", "1", "--why", "x"), "does not say what is to change"),
        (("changed", "1", "--due", "2026-10-20", "--why", "x"), "is due on 2026-10-20, before it is changed"),
        (("changed", "7", "--due", "2026-11-17", "--why", "x"), "names promise 7, which nobody made. There are: 1"),
        (("withdrawn", "1"), "gives no reason. Say why with --why"),
        (("withdrawn", "1", "--why", "x", "--at", "2026-10-28T08:00Z"), "lies before 2026-10-28 09:00:00 UTC, when it"),
    ],
)
def test_what_cannot_be_said_of_a_promise_is_refused(
    state: Path, folder: Path, said: tuple[str, ...], why: str
) -> None:
    fill_all(folder, CLIENT)
    refused = promise(state, *said)
    assert (refused.code, why in refused.text, "Nothing was noted." in refused.text) == (2, True, True), refused.text


def test_of_what_is_kept_or_withdrawn_nothing_more_is_said(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    assert promise(state, "withdrawn", "1", "--why", "x").code == 0
    assert "comes too late: Kim Lee withdrew it at 2026-11-02 09:00:00 UTC" in promise(state, "kept", "1").text
    office.promise(folder, number=2)
    assert promise(state, "kept", "2").code == 0
    assert "is known: Kim Lee kept promise 2" in promise(state, "withdrawn", "2", "--why", "x").text


def test_a_promise_in_a_letter_that_went_out_takes_a_correction_to_change(state: Path, folder: Path) -> None:
    """The client holds two promises: what we do by the 10th, and that we write on the 12th. Both are moved."""
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    assert "they hear from us again by 2026-11-12: that is promise 2." in incidents(state, "sent").text
    went_out = (folder / "letter.md").read_bytes()
    said = promise(state, "withdrawn", "1", "--why", "they [release] themselves")
    wrong = f"holds a letter that is wrong: promise 1 “{RELEASE} (Kim Lee, by 10 November 2026)”, now withdrawn"
    assert f"{ID}: {CLIENT} {wrong}. Send a correction: detector letter check {ID}." in said.text
    moved = promise(state, "changed", "2", "--due", "2026-11-19", "--why", "the vendor is late")
    assert f"{wrong}; our next word to them 12 November 2026, now 19 November 2026. Send" in moved.text
    assert promise(state, "kept", "2").code == 0
    assert f"{CLIENT} holds a letter that is wrong (promise 1" in incidents(state, "close").text

    fill(folder / "human.toml", {"letter.date": "2026-11-03"})
    why = "; the journal says: they (release) themselves"
    assert f"Still open: H8: why it no longer stands{why}." in check(state).text
    draft = (folder / "letter-2.md").read_text(encoding="utf-8")
    assert (
        f"- My promise: I wrote “{RELEASE} (Kim Lee, by 10 November 2026)”; I have to take that back: [[FILL" in draft
    )
    assert "I gave you my word. You could rely on it, and part of it I have to change." in draft
    assert "- When I write to you: I wrote 12 November 2026; it is 19 November 2026." in draft
    assert "What else I promised you in that letter stands." in draft
    replace(folder / "letter-2.md", f"[[FILL H8: why it no longer stands{why}]]", "you release the runs yourselves.")
    assert check(state).text.startswith(f"{CLIENT}, correction: ready to be approved (")
    assert approve(state).code == 0
    assert incidents(state, "sent").code == 0
    assert "wrong" not in detector("incidents", "list", "--state", state).text
    assert (folder / "letter.md").read_bytes() == went_out
    assert incidents(state, "close").code == 0


def test_the_day_on_which_a_client_hears_from_us_stands_in_the_letter_and_the_form_alike(
    state: Path, folder: Path
) -> None:
    fill_all(folder, CLIENT)
    assert check(state).code == 0
    replace(folder / "letter.md", "on 12 November 2026 to tell", "on 13 November 2026 to tell")
    assert "fault   [next_update] says 12 November 2026, which is not in the letter" in check(state).text
    fill(folder / "human.toml", {"next_update.on": '""'})
    assert "The reader hears from us again, it says: write the day into [next_update]" in check(state).text
    fill(folder / "human.toml", {"next_update.on": "2026-11-13"})
    assert check(state).code == 0


def test_a_next_word_before_any_promise_is_due_is_pointed_out(state: Path, folder: Path) -> None:
    fill_all(folder, CLIENT)
    fill(folder / "human.toml", {"next_update.on": "2026-11-09"})
    said = check(state)
    assert "advice  [next_update] says 9 November 2026, and no promise is due before 10 November 2026" in said.text
    assert said.code == 0


def test_a_next_word_runs_late_like_any_promise(state: Path, folder: Path) -> None:
    letter_went = detector("incidents", "promises", "--ics", "--state", state)
    assert "promise-2" not in letter_went.text
    fill_all(folder, CLIENT)
    assert approve(state).code == 0
    assert incidents(state, "sent").code == 0
    assert incidents(state, "sent", "--channel", "post").code == 0, "the same letter, once more"
    assert promise(state, "kept", "1").code == 0
    assert f"{ID}-promise-2@detector" in detector("incidents", "promises", "--ics", "--state", state).text
    night = detector("nightly", FOUNDING, "--state", state, "--as-of", "2026-11-13T02:00:00Z")
    assert f"{ID}: promise 2 was due on 2026-11-12 and is not kept." in night.text
    told = detector("incidents", "promises", "--state", state).text
    assert told == f"2026-11-12 OVERDUE {ID} promise 2: Write to {CLIENT} how it went (Sam Example)\n"


# --- reading the form strictly ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('statement = ""', 'statment = ""', "line 16: cause.statment is no field. Nearest: statement."),
        ('status = ""', 'status = "maybe"', "line 15: cause.status: Input should be '', 'confirmed'"),
        ('confirmed_on = ""', 'confirmed_on = "yesterday"', "cause.confirmed_on: write a date without quotation marks"),
        ("[stopped]", "[stoped]", "stoped is no field. Nearest: stopped."),
        ('[clients."Harbor Freightways"]', '[clients."Harbour Freightways"]', "Nearest: Harbor Freightways."),
        ('statement = ""', 'statement = "', "line 16: cause.statement: is not valid TOML"),
        (
            '\non = ""',
            "\non = 2026-13-01",
            "next_update.on: 2026-13-01 is no day. Write one such as 2026-10-28, without",
        ),
        ('date = ""', "date = 31.12.2026", "letter.date: 31.12.2026 is no day. Write one such as 2026-10-28, without"),
        (
            'phone = ""',
            "phone = +1 555",
            "letter.phone: is not valid TOML: Expected newline or end of document after a statement. Text stands",
        ),
    ],
)
def test_a_mistake_in_the_form_is_named_with_its_line(
    state: Path, folder: Path, before: str, after: str, reason: str
) -> None:
    replace(folder / "human.toml", before, after)
    said = check(state)
    assert said.code == 2
    assert reason in said.text
    assert re.search(r"human\.toml, line \d+:|at line \d+", said.text)


def test_a_mistake_in_the_form_does_not_stop_the_night(state: Path, folder: Path) -> None:
    replace(folder / "human.toml", 'statement = ""', 'statment = ""')
    night = detector("nightly", FOUNDING, "--state", state, "--as-of", AS_OF)
    assert night.code == 0
    assert "line 16: cause.statment is no field. Nearest: statement." in night.text


# --- languages ----------------------------------------------------------------------------------------------------


def test_a_german_letter_is_german_throughout(state: Path, folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "detector.toml"
    config.write_text(
        f'[clients."{CLIENT}"]\nlanguage = "de"\nzone = "Europe/Berlin"\nemail = "robin@harbor.example"\n'
    )
    assert detector("nightly", FOUNDING, "--state", state, "--as-of", AS_OF, "--config", config).code == 0
    fill_all(folder, CLIENT)
    said = check(state)
    assert "translated_by" in said.text, "nobody has vouched for the German words"
    fill(folder / "human.toml", office.GERMAN, "german")
    fill(folder / "human.toml", {"letter.role": '"Leiter der Betreuung"'})
    fill(
        folder / "human.toml",
        {
            "contact": '"Robin Reed, Leitung Schulung"',
            "salutation": '"Sehr geehrter Herr Reed"',
            "meaning": '"Ihre Leute haben einen Abend lang E-Mails gelöscht."',
        },
        f'clients."{CLIENT}"',
    )
    assert check(state).text.startswith(f"{CLIENT}, letter: ready to be approved")
    assert approve(state).code == 0
    assert export(state, "--out", tmp_path / "out").code == 0
    draft = email.message_from_bytes((tmp_path / "out" / "letter.eml").read_bytes(), policy=email.policy.default)
    assert draft["To"] == "robin@harbor.example"
    text = draft.get_body(("plain",)).get_content()
    assert "zwischen 19:05 und 21:11 Uhr (MEZ) am 27. Oktober 2026 hat unser System 51 Personen in Ihrem Haus" in text
    assert "Das waren 3.539 E-Mails zu viel. An jede Person gingen 70 oder 71 statt einer." in text
    assert "(Kim Lee, bis 10. November 2026)." in text
    assert "bis 10. November 2026" in (folder / "letter.md").read_text(encoding="utf-8"), "a day is no code"
    assert not re.search(r"\b(?:the|and|of|by|UTC|October)\b", text)
    assert 'lang="de"' in (tmp_path / "out" / "letter.html").read_text(encoding="utf-8")
    sheet, _, spoken = (folder / "call.md").read_text(encoding="utf-8").partition("digit by digit.")
    assert spoken.startswith("\n\nGuten Tag")
    assert "Before you dial" in sheet, "the sheet is for us, in English; what is said is German"
    assert "Ich melde mich wieder am 12. November 2026." in sheet
    assert "Guten Tag Herr Reed, hier ist Sam Example" in spoken


def test_a_draft_has_one_recipient_or_none(state: Path, folder: Path, tmp_path: Path) -> None:
    fill_all(folder, CLIENT)
    for bad in ("a@x.example, b@x.example", "a@x.example\\r\\nBcc: c@x.example", "Robin <a@x.example>", "nobody"):
        config = tmp_path / "detector.toml"
        config.write_text(f'[clients."{CLIENT}"]\nemail = "{bad}"\n')
        approve(state, "--config", config)
        said = export(state, "--config", config, "--out", tmp_path / "out")
        assert said.code == 2
        assert "is no mail address" in said.text
    assert not (tmp_path / "out" / "letter.eml").exists()


def test_the_day_of_a_promise_is_a_day_people_read() -> None:
    from detector.documents.languages import Language

    assert Language("en").day(date(2026, 11, 1)) == "1 November 2026"
    assert Language("de").day(date(2026, 3, 1)) == "1. März 2026"
    assert [Language("de").number(n) for n in (3_539, 70.5, 1_000_000)] == ["3.539", "70,5", "1.000.000"]
    assert [Language("en").times(n) for n in (2, 3, 5, 6)] == [
        "twice",
        "several times",
        "several times",
        "again and again",
    ]
