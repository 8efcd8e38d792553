"""Clients among themselves: who reads what, with one client, two, forty, a second time, in teams; and hostile words."""

import csv
import dataclasses
import email
import email.policy
import io
import json
import re
import tomllib
import zipfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import builders
import pytest
from click.testing import CliRunner
from office import detector
from test_documents import CLIENT, DESK, HOSTILE, PLAIN, US, Skeleton, contrast, hostile_case

from detector.approvals import approval, what_moved
from detector.case_record import LETTER, CaseRecord, Contradiction, Promise, Step
from detector.casefiles import Handling, write_case
from detector.cli import cli
from detector.config import Client, Us
from detector.documents import Desk, case_documents, client_documents, render_brief, render_letter
from detector.documents.apology_letter import letter_facts
from detector.documents.client_words import render_call_sheet, voicemail
from detector.documents.desk import Neighbours, client_folders
from detector.documents.hold_csv import render_hold_csv
from detector.documents.human import Cause, ClientWords, German, Human, Learners, Repair, Stopped, read_human
from detector.documents.human_form import render_human_form
from detector.documents.languages import Language
from detector.documents.letter_check import check_letter
from detector.documents.letter_export import letter_docx, letter_mail, letter_page
from detector.documents.letter_text import read_letter
from detector.documents.subject_names import subject_masks
from detector.errors import ConfigError
from detector.records import CaseFacts, EarlierIncident

HARBOR, BIRCHWOOD = "Harbor Freightways", "Birchwood Clinics"
LANGUAGES = ("en", "de")


def desk(code: str = "en", human: Human | None = None) -> Desk:
    """Both clients in one language."""
    client = CLIENT.model_copy(update={"language": code})
    return Desk({HARBOR: client, BIRCHWOOD: client}, US, human or Human())


def forty_clients() -> CaseFacts:
    """One cause, forty clients of 3 people with 5 copies each."""
    rows = tuple(
        row for n in range(40) for row in builders.affected(3, 5, f"Client {n:02} Ltd.", f"client{n:02}.example")
    )
    names = tuple(f"Client {n:02} Ltd." for n in range(40))
    incident = builders.incident(organizations=names, recipients=120, sends=600, excess=480)
    return builders.case(incident=incident, affected=rows)


# --- nothing of one client reaches another ----------------------------------------------------------------------------


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(
    ("mine", "foreign"),
    [
        (HARBOR, ("Birchwood", "birchwood.example", "clients/birch", "mail.example")),
        (BIRCHWOOD, ("Harbor", "harbor-freightways.example", "clients/harbor", "mail.example", "3,519", "3.519")),
    ],
)
def test_nothing_of_one_client_is_in_the_files_of_another(code: str, mine: str, foreign: tuple[str, ...]) -> None:
    case = builders.two_clients()
    documents = client_documents(case, mine, desk(code))
    assert [document.name.rpartition("/")[2] for document in documents] == ["letter.md", "call.md", "note.md"]
    facts = letter_facts(case, mine, Language(code))
    letter = read_letter(documents[0].content, facts)
    texts = [document.content for document in documents]
    texts += [letter_page(letter, code), letter_mail(letter, code, "", "f").decode()]
    with zipfile.ZipFile(io.BytesIO(letter_docx(letter, code, US.name))) as archive:
        texts += [archive.read(name).decode() for name in archive.namelist()]
    for text in texts:
        for word in foreign:
            assert word.casefold() not in text.casefold()


def test_each_letter_counts_its_own_people_and_its_own_first_extra_copy() -> None:
    case = builders.two_clients()
    late = timedelta(minutes=30)
    rows = tuple(
        dataclasses.replace(row, first_extra_at=row.first_extra_at + late, last_sent_at=row.last_sent_at + late)
        if row.organization == BIRCHWOOD and row.first_extra_at
        else row
        for row in case.affected
    )
    case = dataclasses.replace(case, affected=rows)
    harbor, birchwood = (letter_facts(case, name, Language()) for name in (HARBOR, BIRCHWOOD))
    assert harbor["F9"] == "Between 18:04 and 20:02 UTC on 27 October 2026"  # 18:02:30 + 104 s; + 69 * 104 s + 50 s
    assert birchwood["F9"] == "Between 18:34 and 18:51 UTC on 27 October 2026"  # the same + 30 min; + 11 * 104 s + 7 s
    assert (harbor["F4"], harbor["F7"], harbor["F8"]) == ("51", "3,519", "70")  # 51 * 69
    assert (birchwood["F4"], birchwood["F7"], birchwood["F8"]) == ("8", "88", "12")  # 8 * 11


def test_the_vendor_pack_tells_no_client_and_no_person() -> None:
    case = dataclasses.replace(
        builders.two_clients(), subjects=("Welcome, ana.a@birchwood.example of Birchwood Clinics",)
    )
    documents = case_documents(case, desk(), builders.copies(case))
    pack = [document for document in documents if document.name.startswith("vendor-pack/")]
    assert len(pack) == 8
    secrets = {row.recipient for row in case.affected} | {HARBOR, BIRCHWOOD, "birchwood.example"}
    for document in pack:
        assert [secret for secret in secrets if secret.casefold() in document.content.casefold()] == [], document.name
    subjects = {row["subject"] for row in csv.DictReader(io.StringIO(pack[2].content))}
    assert len(subjects) == 1
    assert re.fullmatch(r"Welcome, person-\d+ of client-2", subjects.pop())


def test_the_vendor_pack_has_no_names_of_people_in_its_subjects() -> None:
    """51 people are greeted by first and last name, the manager of one reads of "Anna Weber", who is among them; the
    number of the course, which a vendor searches for, stays."""
    case = builders.case()
    greeted = {row.recipient: f"Name{chr(97 + n // 26)}{chr(97 + n % 26)}" for n, row in enumerate(case.affected)}
    anna, manager = (case.affected[n].recipient for n in (0, 1))
    copies = tuple(
        dataclasses.replace(
            copy,
            recipient="anna.weber@harbor-freightways.example" if copy.recipient == anna else copy.recipient,
            subject="Anna Weber has joined course 17"
            if copy.recipient == manager
            else f"Welcome, {'Anna Weber' if copy.recipient == anna else greeted[copy.recipient] + ' Ix'}: course 17",
        )
        for copy in builders.copies(case)
    )
    documents = [d for d in case_documents(case, desk(), copies) if d.name.startswith("vendor-pack/")]
    subjects = Counter(row["subject"] for row in csv.DictReader(io.StringIO(documents[2].content)))
    assert set(subjects) == {"Welcome, [name] [name]: course 17", "[name] has joined course 17"}
    everything = "".join(document.content for document in documents)
    assert [name for name in ("Anna", "Weber", *list(greeted.values())[2:]) if name in everything] == []
    assert "In subjects, [name] stands for words of the person's address" in documents[0].content


def test_the_name_of_the_only_person_is_known_from_the_address_and_a_plain_subject_stays() -> None:
    case = builders.case(affected=builders.affected(1, 3))
    one = dataclasses.replace(builders.copies(case)[0], recipient="w.ostrom-lind@harbor-freightways.example")
    for subject, shown in (
        ("Hello Wilma Ostrom, your seat is 12", "Hello Wilma [name], your seat is 12"),
        ("Welcome to Safety Basics", "Welcome to Safety Basics"),
    ):
        mask = subject_masks([one], [one.recipient])
        assert mask(subject, one.template, one.recipient) == shown


def test_forty_clients_keep_the_brief_and_the_folder_usable(tmp_path: Path) -> None:
    case = forty_clients()
    page, text = render_brief(case)
    assert len(page.content) < 250_000
    head = text.content.partition("## For the developer")[0]
    assert len(head.splitlines()) < 120
    assert "Call 40 clients before they call us" in head
    assert head.count("| Client ") == 41, "one line for each, and the head of the table"
    documents = case_documents(case, Desk(), builders.copies(case))
    names = case.incident.organizations
    folder = write_case(tmp_path, "INC-7F3K", names, documents, Handling(clients=client_folders(names)))
    assert len([path for path in folder.iterdir() if not path.name.startswith(".")]) == 8
    assert len(list((folder / "clients").iterdir())) == 40
    for path in (folder / "clients").rglob("*.md"):
        others = {f"Client {n:02}" for n in range(40)} - {
            path.parent.name.replace("-ltd", "").replace("client-", "Client ")
        }
        assert [other for other in others if other in path.read_text(encoding="utf-8")] == []


def test_what_a_person_wrote_to_the_first_client_moves_along_when_a_second_one_appears(tmp_path: Path) -> None:
    one, two = builders.case(), builders.two_clients()
    for case in (one, two, two):
        names = case.incident.organizations
        folder = write_case(
            tmp_path, "INC-7F3K", names, case_documents(case, desk()), Handling(clients=client_folders(names))
        )
        if case is one:
            (folder / "letter.md").write_text("my own words\n", encoding="utf-8")
    assert folder.name == "INC-7F3K-harbor-freightways", "a folder that is there keeps its name"
    assert not (folder / "letter.md").exists()
    harbor = folder / "clients" / "harbor-freightways"
    assert (harbor / "letter.md").read_text(encoding="utf-8") == "my own words\n"
    assert (
        (folder / "clients" / "birchwood-clinics" / "letter.md").read_text().startswith("> Draft for Birchwood Clinics")
    )
    assert sorted(path.name for path in harbor.iterdir())[:2] == ["call.md", "letter.md"]


# --- variants of the letter -------------------------------------------------------------------------------------------


def test_two_copies_are_twice_and_not_again_and_again() -> None:
    case = builders.case(affected=builders.affected(5, 2))
    text = render_letter(case, HARBOR, DESK).content
    assert "“{F3: Welcome to Safety Basics}”, twice: {F7: 5} copies too many. That was our mistake" in text
    assert not re.search("again and again|over and over", text)
    alone = render_letter(builders.case(affected=builders.affected(1, 2)), HARBOR, DESK).content
    assert (
        "sent one of your colleagues the same email, “{F3: Welcome to Safety Basics}”, twice: {F7: 1} copy too many."
        in alone
    )
    assert "**Our mistake: one email, sent to your colleague twice**" in alone
    assert "Beyond that, your colleague needs to do nothing." in alone
    assert "several times" in render_letter(builders.case(affected=builders.affected(5, 4)), HARBOR, DESK).content


@pytest.mark.parametrize(
    ("cause", "words", "said"),
    [
        ("whole-group-loop", Cause(), "Most likely cause: a loop that mails the same people again and again; nobody"),
        ("unknown", Cause(), "Cause: not known: the pattern fits none of the causes the detector knows."),
        ("whole-group-loop", Cause(status="suspected", statement="A cron job, twice"),
         "Cause, as people know it: A cron job, twice (suspected, not confirmed)"),
        ("unknown", Cause(status="confirmed", statement="A cron job, twice"),
         "Confirmed cause: A cron job, twice (confirmed)"),
    ],
)  # fmt: skip
def test_a_brief_begins_with_the_cause_as_far_as_anybody_knows_it(cause: str, words: Cause, said: str) -> None:
    """People's word goes before the log's."""
    case = builders.case(incident=builders.incident(cause=cause))
    page, text = (brief.content for brief in render_brief(case, Desk({HARBOR: CLIENT}, US, Human(cause=words))))
    heads = page.partition("<main>")[0], text.partition("## What we know")[0].replace("**", "")
    for head in heads:
        assert said in re.sub("<[^>]*>", "", head)


@pytest.mark.parametrize(
    ("code", "again", "unknown", "by_team"),
    [
        ("en", "It is the second time. On {F18a: 3 May 2026} we sent {F18b: 40} copies too many",
         "The cause lies on our side. We are still finding out exactly where",
         "many: Dispatch {F4-1: 31} and {F7-1: 2,139};"),
        ("de", "Es ist das zweite Mal. Am {F18a: 3. Mai 2026} haben wir schon einmal {F18b: 40} E-Mails zu viel",
         "Die Ursache liegt bei uns. Wo genau, klären wir noch", "viel: Dispatch {F4-1: 31} und {F7-1: 2.139};"),
    ],
)  # fmt: skip
def test_the_letter_has_a_variant_for_each_situation(code: str, again: str, unknown: str, by_team: str) -> None:
    earlier = EarlierIncident("INC-2222", HARBOR, datetime(2026, 5, 3, 9, tzinfo=UTC), 4, 40)
    other = dataclasses.replace(earlier, organization=BIRCHWOOD, excess=77)
    teams = (*builders.affected(31), *builders.affected(20, domain="harbor-logistics.example"))
    case = builders.case(earlier=(other, earlier), affected=teams)
    client = CLIENT.model_copy(update={"language": code, "teams": {"harbor-freightways.example": "Dispatch"}})
    human = Human(cause=Cause(status="unknown"))
    text = render_letter(case, HARBOR, Desk({HARBOR: client}, US, human)).content
    for words in (again, unknown, by_team):
        assert words in text
    assert "77" not in text
    plain = render_letter(builders.case(), HARBOR, desk(code)).content
    assert not re.search(r"F18|F4-1", plain)
    assert "[[FILL H1" in plain


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", "By team, people and copies too many, as it is now: Dispatch {F4-1: 31} and {F7-1: 2,139};"),
        ("de", "Nach Teams, Personen und E-Mails zu viel, wie es richtig ist: Dispatch {F4-1: 31} und {F7-1: 2.139};"),
    ],
)
def test_a_correction_tells_several_teams_apart_as_the_letter_does(code: str, said: str) -> None:
    """31 people with 70 copies each, 31 * 69 too many, and 20 in another domain; the letter said 3,500 in all."""
    wrong = Step(HARBOR, datetime(2026, 11, 1, tzinfo=UTC), "machine", {"held": {"F7": "3,500"}})
    teams = (*builders.affected(31), *builders.affected(20, domain="harbor-logistics.example"))
    case = builders.case(affected=teams, record=CaseRecord("INC-7F3K", outdated=(wrong,)))
    client = CLIENT.model_copy(update={"language": code, "teams": {"harbor-freightways.example": "Dispatch"}})
    text = render_letter(case, HARBOR, Desk({HARBOR: client}, US)).content
    assert "{F107: 3,500}" in text
    assert said in text
    alone = dataclasses.replace(case, affected=builders.affected(51))
    assert "F4-1" not in render_letter(alone, HARBOR, Desk({HARBOR: client}, US)).content


def spoken_parts(sheet: str) -> str:
    """What is said on the call: the six steps without their names, our hints, what is open, and the voicemail."""
    steps = sheet[sheet.index("1. **Open.**") : sheet.index("6. **Close.**")]
    labels = r"Their words:|What stopped it:|To stop it:|The note for them:.*"
    hints = rf"\d\. \*\*\w+\.\*\*|\[\[.*?\]\]|Your name.*?once:|{labels}"
    return re.sub(hints, "", steps) + sheet.partition("digit by digit.")[2]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (builders.case(),
         "Die letzte dieser E-Mails an Ihr Haus haben wir um 20:02 Uhr (UTC) am 27. Oktober 2026 verschickt, seither "
         "keine mehr; unser Protokoll reicht bis 06:00 Uhr (UTC) am 28. Oktober 2026."),
        (builders.going(builders.case()), "wo unser Protokoll endet, haben wir noch immer solche E-Mails verschickt."),
        (builders.case(incident=builders.incident(ongoing=None, state="blind")), "klären wir gerade."),
        (builders.case(affected=builders.affected(1, 2)),
         "Wir haben einer Person in Ihrem Haus 1 E-Mail zu viel geschickt, "),
    ],
    ids=["over", "going", "blind", "one"],
)  # fmt: skip
def test_what_is_said_to_a_german_client_is_german(case: CaseFacts, said: str) -> None:
    german = Human(stopped=Stopped(what="We switched it off"), german=German(stopped="Wir haben ihn abgeschaltet"))
    client = CLIENT.model_copy(update={"language": "de", "salutation": "Sehr geehrte Frau Okafor"})
    sheet = render_call_sheet(case, HARBOR, Desk({HARBOR: client}, US, german)).content
    spoken = spoken_parts(sheet)
    assert said in spoken
    assert "Das ist unser Fehler, und es tut mir leid.“" in spoken
    assert "Wir haben ihn abgeschaltet." in spoken
    assert "\n\nGuten Tag Frau Okafor, hier ist" in spoken
    assert not re.search(r"\b(?:the|your|our|we|you|copies|and|is|between|October)\b", spoken, re.IGNORECASE), spoken
    assert not re.search(r"\b[dD](?:u|ich|ein\w*)\b", spoken), "strangers say Sie"


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_in_a_letter_of_plain_names_is_code(code: str) -> None:
    """A code span in a draft is a text from a log that had to be held; the words of a template never are one."""
    alone = builders.case(affected=builders.affected(1, 2), incident=builders.incident(recipients=1))
    for case in (builders.case(), builders.going(builders.case()), alone, builders.going(alone)):
        for document in client_documents(case, HARBOR, desk(code)):
            told = "".join(line for line in document.content.splitlines() if not line.startswith(">"))
            assert re.findall("`[^`]*`", told.replace("`note.md`", "").replace("`human.toml`", "")) in (
                [],
                ["`detector incidents told INC-7F3K`"],
            )


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("ongoing", [True, None])
def test_while_it_may_go_on_there_is_a_holding_note_and_no_letter(code: str, ongoing: bool | None) -> None:
    case = builders.case(incident=builders.incident(ongoing=ongoing))
    text = render_letter(case, HARBOR, desk(code)).content
    assert text.startswith("> **This is a holding note")
    assert {"en": "To put this right", "de": "Was wir Ihnen anbieten"}[code] not in text
    letter = render_letter(builders.case(), HARBOR, desk(code)).content
    said = [finding.text for finding in check_letter(letter, case, HARBOR, desk(code))]
    assert any(text.startswith("It may still go on") for text in said)


@pytest.mark.parametrize(
    ("code", "ending", "words"),
    [
        (
            "en",
            "We are making sure that it has stopped",
            ("has sent your", "that it is over", "Our sending log ends at {F11"),
        ),
        (
            "de",
            "Wir stellen gerade sicher, dass es aufgehört hat",
            ("dass es vorbei ist", "Unser Sendeprotokoll endet um {F11"),
        ),
    ],
)
def test_when_the_log_is_stale_nobody_says_that_it_goes_on_or_that_it_is_over(
    code: str, ending: str, words: tuple[str, ...]
) -> None:
    case = builders.case(incident=builders.incident(ongoing=None, state="blind"))
    said = desk(code, Human(stopped=Stopped(what="We switched the job off"), german=German(stopped="Er ist aus")))
    _, sheet, note = client_documents(case, HARBOR, said)
    letter = render_letter(case, HARBOR, said).content
    assert ending in note.content
    assert {
        "en": "whether more went out after that, we are finding out.",
        "de": "ob wir danach noch weitere verschickt haben, klären wir gerade.",
    }[code] in sheet.content
    for text in (*words, {"en": "We switched the job off. Your", "de": "Er ist aus. In"}[code]):
        assert text in letter
    everything = "".join((letter, sheet.content, note.content))
    assert not re.search(
        "is sending|We are stopping it now|Wir stoppen es gerade|können weitere folgen|more can", everything
    )


@pytest.mark.parametrize(
    ("ongoing", "why"), [(None, "the log is too old to tell that it is over"), (True, "it is not over"), (False, "")]
)
def test_of_an_approval_that_is_taken_back_the_figures_are_told_before_that_it_is_not_over(
    ongoing: bool | None, why: str
) -> None:
    step = Step(HARBOR, builders.LOG_END, "Sam", approval(builders.case(), HARBOR, DESK, b"text"))
    later = builders.case(incident=builders.incident(ongoing=ongoing), affected=builders.affected(52))
    found = what_moved(step, LETTER, later, DESK, b"text")
    assert found[0] == "F4 was 51 and is 52"
    assert found[-1].startswith(why or "F7 was 3,519 and is 3,588")  # 52 * 69


@pytest.mark.parametrize(
    ("code", "phone", "words"),
    [
        ("en", "+1 555 0199", "call Example Academy: +1 555 0199."),
        ("en", "help@academy.example", "write to Example Academy: help@academy.example."),
        ("de", "+1 555 0199", "rufen Sie an: Example Academy, +1 555 0199."),
        ("de", "help@academy.example", "schreiben Sie an Example Academy: help@academy.example."),
    ],
)
def test_the_note_says_call_before_a_number_and_write_before_an_address(code: str, phone: str, words: str) -> None:
    us = US.model_copy(update={"name": "Example Academy", "phone": phone})
    note = client_documents(builders.case(), HARBOR, dataclasses.replace(desk(code), us=us))[2].content
    assert words in note


@pytest.mark.parametrize(
    ("code", "keep", "then"),
    [
        ("en", "Use the newest link.", "Beyond that, your colleagues need to do nothing."),
        ("de", "Der neueste Link gilt.", "Darüber hinaus muss in Ihrem Haus niemand etwas tun."),
    ],
)
def test_what_is_to_be_done_comes_before_there_is_nothing_else_to_do(code: str, keep: str, then: str) -> None:
    human = Human(learners=Learners(keep=keep), german=German(keep=keep))
    assert f"{keep} {then}" in render_letter(builders.case(), HARBOR, desk(code, human)).content


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(
    "case",
    [builders.case(), builders.going(builders.case()), builders.case(incident=builders.incident(ongoing=None))],
    ids=["over", "going", "blind"],
)
def test_a_voicemail_has_at_most_75_words_as_they_are_spoken(code: str, case: CaseFacts) -> None:
    """Digit by digit: "+1 555 0199" is nine words, "+49 30 5550 1234567" sixteen, which is too long to say twice."""
    said = voicemail(case, HARBOR, desk(code))
    assert 60 < len(re.sub(r"(\d)", r" \1 ", said).replace("+", "+ ").split()) <= 75
    assert said.count("+1 555 0199") == 2
    far = dataclasses.replace(desk(code), us=US.model_copy(update={"phone": "+49 30 5550 1234567"}))
    once = voicemail(case, HARBOR, far)
    assert once.count("+49 30 5550 1234567") == 1
    assert len(re.sub(r"(\d)", r" \1 ", once).replace("+", "+ ").split()) <= 75


def test_a_contradicted_containment_is_said_loudly_and_stops_the_letter() -> None:
    at = datetime(2026, 10, 27, 19, 10, tzinfo=UTC)
    record = CaseRecord(
        "INC-7F3K",
        contained_at=at,
        contained_by="A. B.",
        contradicted_by=Contradiction(at + timedelta(minutes=2), 212, 40),
    )
    case = builders.case(record=record)
    said = "Noted as contained at 27 Oct 2026, 19:10 UTC by A. B., and yet 212 extra copies to 40 people since"
    page, text = render_brief(case)
    assert said in page.content
    assert said in text.content.replace("`", "")
    call = render_call_sheet(case, HARBOR, DESK).content
    assert "Do not say that it has stopped: the log contradicts it." in call
    assert said in call.replace("`", "")
    letter = render_letter(case, HARBOR, DESK).content
    assert any("said to be contained" in finding.text for finding in check_letter(letter, case, HARBOR, DESK))


def test_promises_stand_in_letter_and_brief_with_owner_and_date() -> None:
    made = Promise(1, "A person releases every run", "Kim Lee", date(2026, 10, 20), builders.FIRST_COPY, "Jo")
    case = builders.case(record=CaseRecord("INC-7F3K", promises=(made,)))
    letter = render_letter(case, HARBOR, DESK).content
    assert "A person releases every run (Kim Lee, by 20 October 2026)." in letter
    page, text = render_brief(case)
    assert "A person releases every run: Kim Lee, by 20 October 2026 (overdue)" in text.content
    assert "overdue</strong>" in page.content


def test_earlier_incidents_stand_on_the_first_screen() -> None:
    earlier = EarlierIncident("INC-2222", HARBOR, datetime(2026, 5, 3, 9, tzinfo=UTC), 4, 40)
    for document in render_brief(builders.case(earlier=(earlier,))):
        head = document.content.partition("What we know")[0]
        assert "Not the first time." in head
        assert "3 May 2026: 40 extra copies to 4 people" in head
    assert "none in the log" in render_brief(builders.case())[1].content.partition("What we know")[0]


def test_another_client_in_a_letter_is_refused() -> None:
    case = builders.two_clients()
    letter = render_letter(case, BIRCHWOOD, desk()).content
    for name in (HARBOR, "harbor-freightways.example", "ana.a@harbor-freightways.example"):
        found = check_letter(
            letter.replace("Dear Ms. Okafor", f"Dear Ms. Okafor, like {name}"), case, BIRCHWOOD, desk()
        )
        assert any("Another client" in finding.text for finding in found)
    assert not any("Another client" in finding.text for finding in check_letter(letter, case, BIRCHWOOD, desk()))


@pytest.mark.parametrize(
    ("name", "words", "is_refused"),
    [
        ("Summit", "as at Summit last week", True),
        ("Summit", "a summit of annoyance", False),
        ("Summit", "They wrote. Summit after summit", False),
        ("IT", "with your IT team", False),
        ("Ada", "the Canada desk", None),
        ("Harbor", f"your {HARBOR} colleagues", None),
        ("Harbor", "as at Harbor last week", True),
        ("A+", "as at A+ last week", True),
    ],
)
def test_a_name_that_is_an_everyday_word_cries_no_wolf(name: str, words: str, is_refused: bool | None) -> None:
    letter = render_letter(builders.case(), HARBOR, desk()).content
    told = dataclasses.replace(desk(), neighbours=Neighbours({name: frozenset(), HARBOR: frozenset()}))
    found = check_letter(letter.replace("That was our mistake", f"{words}. That was our mistake"),
                         builders.case(), HARBOR, told)  # fmt: skip
    said = {finding.is_refused for finding in found if "nother client" in finding.text}
    assert said == (set() if is_refused is None else {is_refused})


@pytest.mark.parametrize(
    ("name", "words", "is_refused"),
    [
        ("Pinecrest School District", "as at Pinecrest last week", True),
        ("Pinecrest School District", "They wrote. Pinecrest wrote as well", False),
        ("Pinecrest School District", "a pinecrest on the wall", False),
        ("Pinecrest School District", "as the pinecrest schools know", True),
        ("Larkspur Dental Group", "as larkspur dental knows", True),
        ("Larkspur Dental Group", "as the Larkspurs know", True),
        ("Larkspur Dental Group", "as Larkspur's Dental group knows", True),
        ("Larkspur Dental Group", "as Lark\u00adspur and Den\u200btal know", True),
        ("Larkspur Dental Group", "as larkspur knows", False),
        ("Larkspur Dental Group", "as larkspur's know", False),
        ("Larkspur Dental", "as larkspurdental knows", True),
        ("Larkspur", "as the Larkspurs know", True),
        ("Larkspur", "as Lark\u00adspur knows", True),
        ("Pinecrest School District", "the Pinecrest School", True),
        ("Verity Mutual, Inc.", "as at Verity Mutual", True),
        ("Tallow & Finch GmbH", "as at Tallow and Finch", True),
        ("Bjørnvik Shipping", "as at Bjornvik", True),
        ("May Foods", "on Monday 3 May", None),
        ("Our Colleagues Ltd", "with Our own hands", None),
        ("Harbor Lights", "at Harbor again", None),
        ("Reed Hotels", "as Robin Reed, Head of Training, said", None),
    ],
)
def test_a_name_as_people_write_it_points_to_another_client(name: str, words: str, is_refused: bool | None) -> None:
    """Short, without accents or "Ltd"; one word alone surely only with a capital, and no word that our drafts have."""
    letter = render_letter(builders.case(), HARBOR, desk()).content
    told = dataclasses.replace(desk(), neighbours=Neighbours({name: frozenset(), HARBOR: frozenset()}))
    client = CLIENT.model_copy(update={"contact": "Robin Reed, Head of Training"})
    told = dataclasses.replace(told, clients={HARBOR: client})
    found = check_letter(letter.replace("That was our mistake", f"{words}. That was our mistake"),
                         builders.case(), HARBOR, told)  # fmt: skip
    said = {finding.is_refused for finding in found if "nother client" in finding.text}
    assert said == (set() if is_refused is None else {is_refused})


@pytest.mark.parametrize(
    ("words", "is_refused"),
    [
        ("as larkspur-dental knows", True),
        ("as Larkspur-Dental's people know", True),
        ("as lark\u00adspur-dental knows", True),
        ("as quillwork knows", True),
        ("as verity knows", False),  # a word of the client's name, and of the language
        ("as everybody knows", None),
    ],
)
def test_what_the_mail_domain_of_another_client_is_called_is_its_name_too(words: str, is_refused: bool | None) -> None:
    domains = {"larkspur-dental.example", "mail.quillwork.example", "verity.example"}
    known = Neighbours({"Verity Mutual": frozenset(domains), HARBOR: frozenset()})
    letter = render_letter(builders.case(), HARBOR, desk()).content
    found = check_letter(letter.replace("That was our mistake", f"{words}. That was our mistake"),
                         builders.case(), HARBOR, dataclasses.replace(desk(), neighbours=known))  # fmt: skip
    said = {finding.is_refused for finding in found if "nother client" in finding.text}
    assert said == (set() if is_refused is None else {is_refused})


def test_in_german_where_every_noun_has_a_capital_one_word_of_a_name_is_only_pointed_out() -> None:
    letter = render_letter(builders.case(), HARBOR, desk("de")).content
    for words, is_refused in (("wie bei der Quelle", False), ("wie bei Quelle Energie", True)):
        told = dataclasses.replace(desk("de"), neighbours=Neighbours({"Quelle Energie AG": frozenset()}))
        found = check_letter(letter.replace("Das war unser Fehler", f"So war es, {words}. Das war unser Fehler"),
                             builders.case(), HARBOR, told)  # fmt: skip
        assert [finding.is_refused for finding in found if "another client" in finding.text] == [is_refused]


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", ["harbor-freightways.example", "Harbor \u202eFreightways"])
def test_a_client_that_the_log_has_no_plain_name_for_is_given_one(name: str, code: str) -> None:
    case = builders.case()
    incident = dataclasses.replace(case.incident, organizations=(name,))
    case = dataclasses.replace(case, incident=incident, affected=builders.affected(organization=name))
    nameless = Desk({name: CLIENT.model_copy(update={"language": code})}, US)
    letter = render_letter(case, name, nameless).content
    found = [finding.text for finding in check_letter(letter, case, name, nameless)]
    said = (
        "H4: what the client is called; the log knows it only by its mail domain",
        "name to write to anybody. Say what",
    )
    assert sum(any(words in text for words in said) for text in found) == 1
    named = dataclasses.replace(nameless, human=Human(clients={name: ClientWords(name="Harbor Freightways Ltd.")}))
    letter = render_letter(case, name, named).content
    text = read_letter(letter, {}).text
    assert "\nHarbor Freightways Ltd.\n" in text
    assert not any(words in finding.text for words in said for finding in check_letter(letter, case, name, named))


def test_what_was_decided_stands_in_the_brief_with_who_decided_it() -> None:
    human = Human(repair=Repair(offer="We clean up.", approved_by="Kim"), learners=Learners(contacted="no"))
    for document in render_brief(builders.case(), Desk(human=human)):
        assert "unless somebody decides otherwise. Decided: no" in document.content
        assert "What do we offer? We clean up. Approved by Kim." in document.content
    nobody = render_brief(builders.case(), Desk(human=Human(repair=Repair(offer="We clean up."))))[1].content
    assert "We clean up. Approved by [[FILL H7: who approved it]]." in nobody


def test_what_a_person_wrote_can_pass_for_no_figure() -> None:
    human = Human(clients={HARBOR: ClientWords(meaning="They lost {F7: 1} hour [[FILL H1: x]]")})
    text = render_letter(builders.case(), HARBOR, desk(human=human)).content
    assert "They lost (F7: 1) hour [FILL H1: x]]" in text


# --- a log that names neither subject nor template --------------------------------------------------------------------


def test_of_a_mail_without_a_name_the_brief_says_so_and_nothing_pretends_to_name_it() -> None:
    known = builders.case()
    incident = dataclasses.replace(
        known.incident, rung="sender+size", template="mail from a@b.example of about 7.6 kB", sender="a@b.example"
    )
    case = builders.case(incident=incident, subjects=(), grade="A")
    text = render_brief(case)[1].content
    assert "Which mail it was. The log has neither its subject nor its template, only" in text
    assert "Find out which mail it was" in text
    assert "all that can be held back is everything from `a@b.example`" in text
    rows = list(csv.DictReader(io.StringIO(render_hold_csv(case).content)))
    assert {(row["template"], row["sender"]) for row in rows} == {("", "a@b.example")}
    assert {row["template"] for row in csv.DictReader(io.StringIO(render_hold_csv(known).content))} != {""}
    documents = {document.name: document.content for document in case_documents(case, DESK, builders.copies(case))}
    assert "got one mail of this sender and size in those days. Whether it was this mail, the log cannot tell." in text
    graded = {f["code"]: f["grade"] for f in json.loads(documents["facts.json"])["figures"]}
    assert (graded["F5"], graded["F4"]) == ("B", case.grade)
    assert "sender a@b.example; template not in the log" in documents["vendor-pack/01-pattern.txt"]
    assert "sent 51 of your colleagues the same email again and again" in documents["letter.md"].replace(
        "{F4: 51}", "51"
    )


# --- what people type -------------------------------------------------------------------------------------------------


def said_of(meaning: str, code: str = "en") -> list[tuple[bool, str]]:
    """What the check says of the numbers in somebody's words: 51 people, 3,519 extra copies, 70 each."""
    human = Human(clients={HARBOR: ClientWords(meaning=meaning)})
    case, with_words = builders.case(), desk(code, human)
    letter = render_letter(case, HARBOR, with_words).content
    found = check_letter(letter, case, HARBOR, with_words)
    return [(f.is_refused, f.text) for f in found if re.search("figure of", f.text)]


@pytest.mark.parametrize(
    ("code", "words", "nearest"),
    [
        ("en", "53 of your colleagues", "F4, 51"),
        ("en", "70 people", "F4, 51"),  # 70 is a number of copies, and no number of people
        ("en", "3,600 extra copies", "F6, 3,570"),  # 51 + 3,519
        ("en", "27 emails", "F8, 70"),  # a day in the letter is no number of mails
        ("de", "53 Ihrer Mitarbeiter", "F4, 51"),
        ("de", "3.600 E-Mails", "F6, 3.570"),
        ("en", "fifty-three people", "F4, 51"),
        ("en", "three thousand six hundred and ten extra copies", "F6, 3,570"),
        ("en", "Fifty-three of you", "F4, 51"),
        ("en", "52 of your drivers", "F4, 51"),  # whoever they are, they are people
        ("en", "fifty-two of your drivers", "F4, 51"),
        ("de", "52 Ihrer Fahrer", "F4, 51"),
        ("de", "zweiundfünfzig von Ihren Fahrern", "F4, 51"),
        ("de", "dreiundfünfzig Personen", "F4, 51"),
        ("de", "dreitausendsechshundertzehn E-Mails", "F6, 3.570"),
        ("de", "Sechzigmal", "F8, 70"),
    ],
)
def test_a_figure_that_people_type_must_be_one_of_today(code: str, words: str, nearest: str) -> None:
    ((is_refused, text),) = said_of(f"You told me about {words}, on a Friday.", code)
    assert is_refused
    assert f"meaning in [clients]: “{words}” is no figure of today. Nearest: {nearest}." in text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("en", "on 27 October 2026, from 20:15 to 9 pm, and for 3 hours of October 28 as well"),
        ("en", "a credit of $1,500, or EUR 90, or 15 % off for 2 weeks in 2027; call +1 (555) 010-0123"),
        ("en", "51 of your drivers were sent 3,519 of them"),
        ("en", "51 people had 3,519 extra copies, 3,570 mails in all, 70 messages each"),
        ("de", "am 27. Oktober 2026, von 20.15 Uhr bis 21 Uhr, also 3 Stunden; 27.10.2026"),
        ("de", "1.500 Euro, 15 Prozent oder 2 Wochen; Telefon 030 555 0123"),
        ("de", "51 Personen bekamen 3.519 E-Mails zu viel"),
        (
            "en",
            "one person, at first, for two hours; two of our teams; fifty minutes, thirty percent, twenty October",
        ),
        ("en", "fifty-one people had three thousand five hundred and nineteen extra copies, seventy messages each"),
        ("de", "eine Person, zwei Teams, elf Stunden; ein Dreizehntel, fünfzig Prozent; mit Acht und Bedacht"),
        ("de", "einundfünfzig Personen bekamen dreitausendfünfhundertneunzehn E-Mails zu viel, je siebzig Kopien"),
    ],
)
def test_days_times_telephones_money_and_true_figures_are_no_false_alarm(code: str, words: str) -> None:
    assert said_of(words, code) == []


def test_any_other_number_that_people_type_is_only_pointed_out() -> None:
    assert said_of("Ticket 4711 stays open.") == [
        (False, "human.toml, meaning in [clients]: “4711” is bound to no figure of the log. See that it is right.")
    ]
    assert [is_refused for is_refused, _ in said_of("It hit 4 of your teams, fifty of your offices.")] == [False, False]


def test_a_small_number_in_words_or_one_that_counts_nothing_known_is_only_pointed_out() -> None:
    for words in ("three emails", "zwei Personen", "fifty"):
        ((is_refused, text),) = said_of(f"You told me about {words}.")
        assert not is_refused
        assert f"“{words}” is no figure of today." in text


def test_no_example_of_the_form_can_end_in_a_letter() -> None:
    """Each example, typed into its own field as it stands; German has no examples but of the promises."""
    form = render_human_form(builders.case(), desk("de")).content
    lines = re.findall(r'^(\w+) = .*?# .*?("[^"]*<.*|\{ 1 = .*)', form, re.MULTILINE)
    examples = {name: re.findall(r'"([^"]*<[^"]*)"', rest) for name, rest in lines}
    assert list(examples) == ["statement", "what", "checked", "offer", "keep", "promises", "salutation"]
    case = builders.case()
    for name, texts in examples.items():
        for text in texts:
            letter = render_letter(case, HARBOR, DESK).content + f"\n{text}\n"
            found = check_letter(letter, case, HARBOR, DESK)
            assert any(f.is_refused and "is a gap, as in an example" in f.text for f in found), (name, text)


def test_the_time_of_the_stop_is_the_journals_and_its_words_are_no_letter() -> None:
    at = datetime(2026, 10, 27, 20, 16, tzinfo=UTC)
    noted = CaseRecord("INC-7F3K", contained_at=at, contained_by="Kim", contained_how="kill -9 [worker]")
    case = builders.case(record=noted)
    words = Human(stopped=Stopped(what="We switched the job off"))
    letter = render_letter(case, HARBOR, desk(human=words)).content
    assert "We switched the job off at 20:16 UTC on 27 October 2026." in letter
    assert (
        "Stopped: We switched the job off (27 Oct 2026, 20:16 UTC, Kim)."
        in render_brief(case, desk(human=words))[1].content
    )
    assert (
        "[[FILL H3: what stopped it; the journal says: kill -9 (worker)]]" in render_letter(case, HARBOR, DESK).content
    )
    assert "kill -9" in render_call_sheet(case, HARBOR, DESK).content
    told = [f.text for f in check_letter(letter, builders.case(), HARBOR, DESK) if not f.is_refused]
    assert any(text.startswith("Nobody noted when it was stopped") for text in told)


# --- hostile words, through every way out -----------------------------------------------------------------------------


def is_seen_through(text: str) -> bool:
    """Nothing hidden, nothing that turns the reading direction."""
    return not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ue000\ue001]", text)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_no_text_acts_in_any_letter_that_goes_out(text: str) -> None:
    pages, bodies = [], []
    for words in (text, PLAIN if text else ""):
        case = hostile_case(words)
        facts = letter_facts(case, words, Language())
        letter = read_letter(render_letter(case, words, Desk({}, US)).content, facts)
        mail = email.message_from_bytes(letter_mail(letter, "en", "", "f"), policy=email.policy.default)
        assert mail.keys() == ["X-Unsent", "Subject", "X-Detector-Facts", "MIME-Version", "Content-Type"]
        assert mail["Subject"] == "Our mistake: one email, sent to your colleagues again and again"
        said = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
        assert is_seen_through(said)
        assert "our system sent 59 of your colleagues the same email" in said, "the figures are unchanged"
        assert "3,607 copies too many" in said  # 51 * 69 + 8 * 11; the two private addresses belong to nobody
        page = letter_page(letter, "en")
        assert is_seen_through(page)
        pages.append(Skeleton(page).parts)
        with zipfile.ZipFile(io.BytesIO(letter_docx(letter, "en", US.name))) as archive:
            trees = [ElementTree.fromstring(archive.read(name)) for name in sorted(archive.namelist())]
            bodies.append([[element.tag for element in tree.iter()] for tree in trees])
    assert pages[0] == pages[1]
    assert bodies[0] == bodies[1], "no field, no link, no paragraph more than with plain words"


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_the_form_reads_back_whatever_a_client_is_called(text: str) -> None:
    form = render_human_form(hostile_case(text), Desk()).content
    assert is_seen_through(form)
    name = text.replace("\ud800", "\ufffd")
    assert list(tomllib.loads(form)["clients"]) == [name]
    assert read_human(form, "human.toml", [name]).client(name) == ClientWords()


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_tables_of_the_folder_are_inert_and_its_json_lines_whole(text: str) -> None:
    case = builders.two_clients()
    copies = tuple(
        dataclasses.replace(copy, subject=text, template=text, message_id=text) for copy in builders.copies(case)[:50]
    )
    bad = dataclasses.replace(case, incident=dataclasses.replace(case.incident, template=text, sender=text))
    documents = {document.name: document.content for document in case_documents(bad, Desk(), copies)}
    for name in ("hold.csv", "vendor-key.csv", "vendor-pack/02-copies.csv"):
        rows = list(csv.reader(io.StringIO(documents[name])))
        assert len({len(row) for row in rows}) == 1
        for cell in (cell for row in rows for cell in row):
            assert not re.match(r"[\s\"]*[=+\-@\uff0b\uff0d\uff1d\uff20\t\r\n\0]", cell), cell[:40]
    lines = [json.loads(line) for line in documents["vendor-pack/02-copies.jsonl"].splitlines()]
    assert len(lines) == 50
    assert documents["vendor-pack/02-copies.jsonl"].isascii()
    figures = {f["code"]: f["value"] for f in json.loads(documents["facts.json"])["figures"] if not f["organization"]}
    assert (figures["F3"], figures["F4"], figures["F7"]) == (text, 61, 3_615)


def test_two_megabytes_of_subject_make_no_document_long() -> None:
    long = "a@b " * 500_000
    case = hostile_case(long)
    copies = tuple(dataclasses.replace(copy, subject=long) for copy in builders.copies(builders.two_clients())[:20])
    for document in case_documents(case, Desk(), copies):
        if document.name not in ("facts.json", "human.toml"):  # there the value is exact
            assert len(document.content) < 600_000, document.name


def test_a_letter_as_a_page_can_be_read_by_everybody() -> None:
    case = builders.case()
    letter = read_letter(render_letter(case, HARBOR, DESK).content, letter_facts(case, HARBOR, Language()))
    html = letter_page(letter, "en")
    page = Skeleton(html)
    assert page.tags("html") == [{"lang": "en"}]
    assert len(page.tags("h1")) == 1
    assert not page.tags("script") + page.tags("img") + page.tags("link") + page.tags("a")
    themes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", block)) for block in re.findall(r":root \{(.*?)\}", html)]
    assert len(themes) == 3  # light, dark, print
    for theme in themes:
        for ink in ("ink", "muted"):
            assert contrast(theme[ink], theme["paper"]) >= 4.5


# --- the drill --------------------------------------------------------------------------------------------------------


def test_a_drill_says_what_to_do_and_sees_what_was_done(tmp_path: Path) -> None:
    scratch = tmp_path / "drill"
    state = scratch / "state"
    first = detector("drill", "--scratch", scratch, "--no-ask")
    assert first.code == 0
    assert "act 1 of 2" in first.text
    (folder,) = (state / "incidents").iterdir()
    assert "This is a holding note" in (folder / "holding-note.md").read_text(encoding="utf-8")
    number = folder.name[:8]
    assert re.findall(r"to do (.*?):", first.text) == ["acknowledge", "stop it", "call the client"]
    stop = re.findall(rf"incidents contain {number} (--at \S+ )?--how", first.text)[0].split()
    for words in (("ack",), ("contain", *stop, "--how", "took the job out of cron"), ("told", "--channel", "phone")):
        name, *options = words
        assert detector("incidents", name, number, "--by", "Sam", "--state", state, *options).code == 0
    second = detector("drill", "--scratch", scratch, "--no-ask")
    assert "act 2 of 2" in second.text
    assert re.findall(r"done  (.*?) \(", second.text) == ["acknowledge", "stop it", "call the client"]
    letter = (folder / "letter.md").read_text(encoding="utf-8")
    assert "> Draft for" in letter
    assert not stop or "at 20:12 UTC on 27 October 2026. [[FILL H3: how that was checked]]" in letter
    assert "Nothing was missed" not in second.text
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious").touch()
    assert detector("drill", "--scratch", other, "--no-ask").code == 2


def test_a_drill_times_what_was_done_by_when_it_was_done_and_not_by_when_the_drill_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed at 8:57, alarm at 9:00; acknowledged after 5 minutes, contained after 12, told after 30; looked at after an
    hour. That the story's sender was off at 20:12 of the day before is another clock."""
    scratch = tmp_path / "drill"
    begun = datetime(2026, 11, 30, 9, tzinfo=UTC)
    clock = [begun - timedelta(minutes=3)]
    night = import_module("detector.drill").nightly

    def slow_night(*args: object, **settings: object) -> object:
        told = night(*args, **settings)
        clock[0] = max(clock[0], begun)
        return told

    monkeypatch.setattr("detector.drill.nightly", slow_night)
    for where in ("drill", "noting"):
        monkeypatch.setattr(import_module(f"detector.cli.{where}"), "clock", lambda: clock[0])

    def play(*words: object) -> str:
        said = CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)
        assert said.exit_code == 0, said.output
        return said.output

    number = re.findall(r"^(INC-\w+), act 1", play("drill", "--scratch", scratch, "--no-ask"), re.MULTILINE)[0]
    for minutes, words in (
        (5, ("ack", number)),
        (12, ("contain", number, "--how", "cron", "--at", "2026-10-27T20:12Z")),
        (30, ("told", number, "--channel", "phone")),
    ):
        clock[0] = begun + timedelta(minutes=minutes)
        play("incidents", *words, "--by", "Sam", "--state", scratch / "state")
    clock[0] = begun + timedelta(hours=1)
    for _ in range(2):
        said = play("drill", "--scratch", scratch, "--no-ask")
        assert re.findall(r"done  (.*?) \((.*?)\)", said) == [
            ("acknowledge", "after 5 min"),
            ("stop it", "after 12 min"),
            ("call the client", "after 30 min"),
        ]
        assert "the alarm was at 30 Nov 2026, 09:00:00 UTC" in said
        clock[0] += timedelta(hours=1)
    shown = play("incidents", "show", number, "--state", scratch / "state")
    told = [line.strip() for line in shown.splitlines() if "  people  " in line]
    assert told == [  # the journal's times are those from which the drill counts
        "27 Oct 2026, 20:12:00 UTC  people  Sam: contained: cron (noted 30 Nov 2026, 09:12:00 UTC)",
        "30 Nov 2026, 09:05:00 UTC  people  Sam: acknowledged",
        "30 Nov 2026, 09:30:00 UTC  people  Sam: client told: Harbor Freightways, phone",
    ]


def test_an_address_that_is_none_makes_no_draft() -> None:
    letter = read_letter(
        render_letter(builders.case(), HARBOR, DESK).content, letter_facts(builders.case(), HARBOR, Language())
    )
    for bad in ("a@x, b@y", "a@x\r\nBcc: b@y", "@", "a b@x", "a@x>"):
        with pytest.raises(ConfigError, match="is no mail address"):
            letter_mail(letter, "en", bad, "f")
    assert Client(email="robin@x.example").email == "robin@x.example"
    assert Us().name == ""
