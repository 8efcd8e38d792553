"""Documents are read by people in a hurry and written from hostile logs: what they say, and what cannot happen."""

import csv
import dataclasses
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import builders
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from detector.causes._signs import duration as in_words
from detector.cli.summary import _table as summary_table
from detector.config import Client, Us
from detector.documents import (
    Desk,
    case_documents,
    night_documents,
    render_alert,
    render_brief,
    render_incidents_json,
    render_letter,
    render_report,
)
from detector.documents.desk import client_folders
from detector.documents.escaping import csv_cell, mail_text, markdown, markdown_sentence, slug, visible
from detector.documents.nightly_report import headline
from detector.documents.phrases import duration, iso, listing, number, span
from detector.documents.plots import timeline_png
from detector.notice_record import Alert, Message, Notice
from detector.records import CaseFacts, Document, Timeline

CLIENT = Client(contact="Amara Okafor, Head of Training", salutation="Dear Ms. Okafor", phone="+1 555 0100")
US = Us(name="Lighthouse Academy", signatory="Jo Lindqvist", role="Head of Client Care", phone="+1 555 0199")
DESK = Desk({"Harbor Freightways": CLIENT, "Birchwood Clinics": CLIENT}, US)
FOLDERS = {"INC-7F3K": "INC-7F3K-harbor-freightways"}
NO_TIMELINE = Timeline(60, (), (), ())
PLAIN = "ordinary words"

HOSTILE = [
    "<script>alert(1)</script>",
    "</title></style><svg onload=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus='alert(1)",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "--><!--",
    "]]><![CDATA[",
    "&lt;b&gt; &#60;i&#62; &copy;",
    "{{ 7*7 }} {% include 'page.css' %} {# x #}",
    "%s {0} ${x} %(a)s",
    "[click](https://evil.example) ![x](https://evil.example/p.png)",
    "<https://evil.example> https://evil.example www.evil.example ana@evil.example",
    "**bold** _it_ ~~no~~ `code` ``two`` ``` three",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "| a | b |",
    "---",
    "[ref]: https://evil.example",
    "[[FILL H3: forged]]",
    "a\nb\r\nBcc: victim@evil.example\r\n\r\n.\r\n",
    "=?utf-8?q?Bcc=3A_x?=",
    '=HYPERLINK("https://evil.example")',
    "+1+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\u00a0=1+1",
    "  =1+1",
    '"=1+1',
    "a;=1+1",
    "\uff1d1+1",
    "\x00\x07\x1b[31mred\x1b]8;;https://evil.example\x07",
    "\u202egnp.exe\u2066\u200b\u200d\ufeff\u00ad",
    "\ud800 lone surrogate",
    "a" + "\u0301" * 60,
    "../../etc/passwd",
    "'; DROP TABLE sends; --",
    "Ü" * 65_536,
    "",
]


class Skeleton(HTMLParser):
    """Tags and attributes in order, without the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[object] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(tag)

    def handle_comment(self, data: str) -> None:
        self.parts.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.parts.append(("decl", decl))

    def handle_pi(self, data: str) -> None:
        self.parts.append(("pi", data))

    def unknown_decl(self, data: str) -> None:
        self.parts.append(("unknown", data))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def tags(self, name: str) -> list[dict[str, str | None]]:
        return [dict(part[1]) for part in self.parts if isinstance(part, tuple) and part[0] == name]


def tokens(text: str) -> list[str]:
    """What Markdown makes of a text: all its constructs, but not whether words stand there plain or as code."""
    found: list[str] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        found.append(token.type)
        for child in token.children or []:
            assert child.type not in ("link_open", "image", "html_inline"), child
            if child.type == "text":
                assert not re.search(r"://|www\.|\w@\w|&#|[^\W\d]\.[^\W\d]", child.content), child.content
            if child.type not in ("text", "code_inline"):
                found.append(child.type)
    assert "html_block" not in found
    return found


def without_looks(html: str) -> str:
    """Charts and style have tests of their own; a golden page shows what is said, and where the charts stand."""
    html = re.sub(r"<svg.*?</svg>", "<svg></svg>", html, flags=re.DOTALL)
    return re.sub(r"<style>.*?</style>", "<style></style>", html, flags=re.DOTALL)


def hostile_case(text: str) -> CaseFacts:
    quiet = dataclasses.replace(builders.two_clients(), timeline=NO_TIMELINE)
    case: CaseFacts = builders.with_text(quiet, text, frozenset({"incident_id"}))
    one = dataclasses.replace(case.incident, organizations=(text,))
    return dataclasses.replace(case, incident=one)


def message(*kinds: str) -> Message:
    notices = tuple(Notice(f"INC-7F3K.{kind}.1", "INC-7F3K", kind, "smtp") for kind in kinds)
    return Message(notices[0].notice_key, kinds[0], "smtp", notices)


def alert(case: CaseFacts) -> Alert:
    return render_alert(case, message("opened"), brief_path="/srv/state/brief.html")


def letter(case: CaseFacts | None = None, organization: str = "Harbor Freightways", desk: Desk = DESK) -> str:
    return render_letter(case or builders.case(), organization, desk).content


# --- what they say ------------------------------------------------------------------------------------------------


def test_a_table_that_only_says_sent_tells_nothing_of_outcomes():
    told = builders.case(sources=("plain",), outcomes=(("accepted", 24),))
    assert "accepted" not in render_brief(told, DESK)[1].content
    said = builders.case(sources=("ses",), outcomes=(("accepted", 24),))
    assert "24 accepted" in render_brief(said, DESK)[1].content


def test_the_graver_incident_comes_first_in_summary_and_report_and_a_withdrawn_one_last():
    found = [
        builders.case(incident=builders.incident(incident_id=name, severity=severity, state=state))
        for name, severity, state in [
            ("INC-AAAA", "minor", "active"), ("INC-BBBB", "grave", "withdrawn"), ("INC-CCCC", "grave", "stopped"),
            ("INC-DDDD", "grave", "active"), ("INC-EEEE", "serious", "quiet"),
        ]
    ]  # fmt: skip
    ids = ["INC-DDDD", "INC-CCCC", "INC-EEEE", "INC-AAAA", "INC-BBBB"]
    table = summary_table(tuple(found), width=150)
    assert [str(cell) for cell in table.columns[0].cells] == ids
    report = render_report(builders.night(cases=tuple(found)))[1].content
    assert sorted(ids, key=report.index) == ids


NIGHTS = {
    "founding": builders.night(),
    "quiet": builders.night(cases=(), files=builders.files()[:2]),
    "stale": builders.night(cases=(builders.case(incident=builders.incident(ongoing=None)),), is_stale=True),
    "several": builders.night(
        cases=(
            builders.going(builders.two_clients(incident_id="INC-2Q9C")),
            builders.case(
                incident=builders.incident(
                    incident_id="INC-K2M4",
                    template="Your certificate of completion",
                    organizations=(),
                    severity="minor",
                    cause="unknown",
                    cause_candidates=(),
                ),
                subjects=("Your certificate of completion",),
                timeline=NO_TIMELINE,
            ),
            builders.case(
                incident=builders.incident(
                    incident_id="INC-90AB",
                    state="stopped",
                    started_at=builders.FIRST_COPY.replace(day=2),
                    ended_at=builders.FIRST_COPY.replace(day=3),
                )
            ),
        )
    ),
    "no_log": builders.night(
        cases=(),
        files=(builders.files()[2],),
        log_complete_from=None,
        log_complete_through=None,
        daily_sends=(),
    ),
}


@pytest.mark.parametrize("name", NIGHTS)
def test_report_is_as_accepted(name: str) -> None:
    page, text = render_report(NIGHTS[name], FOLDERS)
    builders.assert_golden(without_looks(page.content), f"nightly_report/{name}.html")
    builders.assert_golden(text.content, f"nightly_report/{name}.md")


@pytest.mark.parametrize(
    ("name", "case"),
    [("founding", builders.case()), ("two_clients_still_going", builders.going(builders.two_clients()))],
)
def test_brief_is_as_accepted(name: str, case: CaseFacts) -> None:
    page, text = render_brief(case, Desk({"Harbor Freightways": CLIENT}))
    builders.assert_golden(without_looks(page.content), f"incident_brief/{name}.html")
    builders.assert_golden(text.content, f"incident_brief/{name}.md")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("founding", letter()),
        ("nothing_configured", letter(desk=Desk())),
        ("one_of_two_clients", letter(builders.two_clients(), "Birchwood Clinics")),
        ("holding_note", letter(builders.going(builders.case()))),
        ("holding_note_when_too_early", letter(builders.case(incident=builders.incident(ongoing=True)))),
        ("holding_note_when_stale", letter(builders.case(incident=builders.incident(ongoing=None)))),
        ("withdrawn", letter(builders.case(incident=builders.incident(state="withdrawn")))),
    ],
)
def test_letter_is_as_accepted(name: str, text: str) -> None:
    builders.assert_golden(text, f"apology_letter/{name}.md")


def test_alert_is_as_accepted() -> None:
    mail = alert(builders.going(builders.two_clients()))
    builders.assert_golden(f"Subject: {mail.subject}\n\n{mail.text}", "alert_mail/still_going.txt")
    builders.assert_golden(mail.html, "alert_mail/still_going.html")


def test_machine_files_are_as_accepted() -> None:
    *_, incidents, affected = night_documents(builders.night(cases=(builders.two_clients(),)))
    builders.assert_golden(incidents.content, "incidents_json/two_clients.json")
    builders.assert_golden(affected.content, "affected_csv/two_clients.csv")


def test_the_first_sentence_of_the_founding_night() -> None:
    page = Skeleton(render_report(builders.night())[0].content)
    said = "51 people at Harbor Freightways got 3,519 extra copies of “Welcome to Safety Basics”."
    assert said in page.text


def test_a_quiet_night_says_so() -> None:
    assert render_report(NIGHTS["quiet"])[1].content.startswith("# Nothing was sent again and again.\n")


def test_json_has_exactly_the_public_keys() -> None:
    content = json.loads(render_incidents_json(builders.night()).content)
    assert list(content) == ["schema_version", "as_of", "incidents"]
    assert content["schema_version"] == 1
    assert content["as_of"] == "2026-10-28T06:15:00.000000Z"
    [incident] = content["incidents"]
    assert list(incident) == [
        *("incident_id", "state", "severity", "template", "organizations", "cause", "cause_candidates"),
        *("started_at", "ended_at", "detected_at", "ongoing", "recipients", "sends", "excess"),
        *("copies_min", "copies_median", "copies_max"),
        *("work", "muted_because", "aliases", "merged_into", "recurs_from", "withdrawn_because"),
    ]
    assert list(incident["cause_candidates"][0]) == ["cause", "for", "against"]
    assert (incident["recipients"], incident["sends"], incident["excess"]) == (51, 3_570, 3_519)


REPEATS = {
    "3,519 extra copies of 1 incident, and 29 ordinary ones": builders.night(),
    "7,038 extra copies of 2 incidents, and 1 ordinary one": builders.night(
        cases=(builders.case(), builders.case(incident=builders.incident(incident_id="INC-2Q9C"))),
        repeats=7_039,
        incident_repeats=7_038,
    ),
    "3,519 extra copies of 1 incident, and 30 ordinary ones": builders.night(
        cases=(builders.case(), builders.case(incident=builders.incident(state="withdrawn"))), repeats=3_549
    ),
}


@pytest.mark.parametrize("told", REPEATS)
def test_the_report_splits_the_repeats_into_those_of_incidents_and_ordinary_ones(told: str) -> None:
    """51 people with 69 extra copies each are 3,519; what was withdrawn counts for nothing."""
    page, text = render_report(REPEATS[told], FOLDERS)
    assert f"of them are repeats: {told}." in page.content
    assert f"of them are repeats: {told}." in text.content


@pytest.mark.parametrize("counted", [3_518, 3_520])
def test_repeats_that_do_not_add_up_with_the_incidents_are_not_split(counted: int) -> None:
    page, _ = render_report(builders.night(incident_repeats=counted), FOLDERS)
    assert "3,548 of them are repeats, ordinary ones included." in page.content


def test_whether_it_goes_on_is_null_in_json_while_the_feed_is_stale() -> None:
    content = json.loads(render_incidents_json(NIGHTS["stale"]).content)
    assert content["incidents"][0]["ongoing"] is None


def in_seconds(told: str) -> tuple[float, float]:
    """What a duration in words says, and the length of the smallest unit in it: "1 min 35 s" -> (95, 1)."""
    units = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
    parts = [(float(count), units[unit[0]]) for count, unit in re.findall(r"([\d.]+) (\w+)", told)]
    tenth = 0.1 if "." in told.split(" ")[-2] else 1
    return sum(count * length for count, length in parts), parts[-1][1] * tenth


@pytest.mark.parametrize(
    "seconds", [0.3, 0.96, 2.5, 3.5, 3.54, 9.94, 9.96, 12.5, 59.6, 89.5, 103.6, 119.7, 150, 90_061]
)
def test_documents_and_causes_round_a_duration_alike(seconds: float) -> None:
    """Each is true to within half of the smallest unit that it names, and below a minute they say the same."""
    shown, spoken = duration(seconds), in_words(seconds)
    for told in (shown, spoken):
        value, unit = in_seconds(told)
        assert abs(value - seconds) <= unit, told
    if seconds < 59:
        assert in_seconds(shown)[0] == in_seconds(spoken)[0]


def test_numbers_times_and_durations_read_well() -> None:
    at = builders.FIRST_COPY
    assert [number(3_519), number(70.0), number(70.5), number(0.04)] == ["3,519", "70", "70.5", "0.04"]
    assert [duration(s) for s in (0, 45, 95, 3_600, 7_800, 90_061)] == [
        *("less than a second", "45 s", "1 min 35 s", "1 h", "2 h 10 min", "1 d 1 h")
    ]
    assert iso(at) == "2026-10-27T18:02:30.000000Z"
    assert span(at, at.replace(hour=20)) == "between 18:02 and 20:02 UTC on 27 October 2026"
    assert span(at, at.replace(day=28)) == "between 27 Oct 2026, 18:02 and 28 Oct 2026, 18:02 UTC"
    assert [listing(names) for names in ((), ("A",), ("A", "B"), "ABC", "ABCDE")] == [
        *("", "A", "A and B", "A, B and C", "A, B, C and 2 more")
    ]
    with pytest.raises(ValueError, match="time zone"):
        iso(at.replace(tzinfo=None))


# --- the letter ---------------------------------------------------------------------------------------------------


LETTERS = {
    "alone": letter(),
    "empty": letter(desk=Desk()),
    "second": letter(builders.two_clients(), "Birchwood Clinics", Desk()),
}


@pytest.mark.parametrize("text", LETTERS.values(), ids=LETTERS)
def test_a_letter_fits_a_page_and_takes_responsibility_at_once(text: str) -> None:
    assert len(text.split()) <= 330
    body = text[text.index(",\n\n", text.index("again and again**")) :].split()
    assert "our system" in " ".join(body[:60])
    assert "That was our mistake, and I am sorry." in " ".join(body[:60])


@pytest.mark.parametrize("text", LETTERS.values(), ids=LETTERS)
def test_a_letter_has_no_empty_phrase(text: str) -> None:
    stock = "any inconvenience|may have|glitch|technical issue|unfortunately|mistakes were made|if you were|human error"
    assert not re.search(
        rf"{stock}|\bbut\b|rest assured|never again|do better|valued|forgive|received", text, re.IGNORECASE
    )


@pytest.mark.parametrize("text", LETTERS.values(), ids=LETTERS)
def test_the_six_parts_stand_in_their_order(text: str) -> None:
    parts = ["our mistake, and I am sorry", "H6", "How it happened", "H3", "To put this right", "H8", "I will write"]
    positions = [text.index(part) for part in parts]
    assert positions == sorted(positions)


def test_a_letter_names_no_other_client_and_none_of_its_figures() -> None:
    text = LETTERS["second"]
    assert "{F4: 8} of your colleagues" in text
    assert "{F7: 88} copies too many" in text  # 8 people, 12 copies each, 1 due: 8 * 11
    assert "{F9: Between 18:04 and 18:21 UTC on 27 October 2026}" in text  # their own: 18:02:30 + 104 s, + 11 * 104 s
    for foreign in ("Harbor", "harbor-freightways", "51", "61", "3,519", "3,615", "70", "mail.example", "@"):
        assert foreign not in text


def test_a_mail_name_that_gives_another_client_away_is_left_out() -> None:
    telling = dataclasses.replace(
        builders.two_clients(), subjects=("Welcome, Harbor Freightways and Birchwood Clinics",)
    )
    assert "Welcome" not in letter(telling, "Birchwood Clinics")
    telling = dataclasses.replace(builders.two_clients(), subjects=("Your login at harbor-freightways.example",))
    assert "login" not in letter(telling, "Birchwood Clinics")


@pytest.mark.parametrize("ongoing", [True, None])
def test_while_it_may_go_on_there_is_only_a_holding_note(ongoing: bool | None) -> None:
    text = letter(builders.case(incident=builders.incident(ongoing=ongoing)))
    assert text.startswith("> **This is a holding note, not the letter.**")
    assert "H7" not in text


def test_each_client_has_a_folder_of_its_own() -> None:
    assert client_folders(("Acme",)) == {"Acme": ""}
    names = client_folders(("Acme", "ACME!", "株式会社", "../x"))
    assert list(names.values()) == ["clients/acme/", "clients/acme-2/", "clients/client/", "clients/x/"]


# --- hostile text -------------------------------------------------------------------------------------------------


def test_the_corpus_is_there() -> None:
    assert len(HOSTILE) > 40


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_no_text_acts_in_any_document(text: str) -> None:
    case, plain = hostile_case(text), hostile_case(PLAIN if text else "")
    nights = [
        builders.night(cases=(c,), files=f, daily_sends=(), version="1")
        for c, f in (
            (case, builders.with_text(builders.files(), text)),
            (plain, builders.with_text(builders.files(), PLAIN if text else "")),
        )
    ]
    for bad, good in zip(*(night_documents(night, FOLDERS) for night in nights), strict=True):
        assert_same_skeleton(bad, good)
    folders = []
    for facts, words in ((case, text), (plain, PLAIN if text else "")):
        copies = builders.with_text(builders.copies(builders.two_clients())[:200], words)
        folders.append(case_documents(facts, Desk(), copies))
    for bad, good in zip(*folders, strict=True):
        assert_same_skeleton(bad, good)


def assert_same_skeleton(bad: Document, good: Document) -> None:
    assert len(bad.content) < 400_000 or bad.name.endswith((".json", ".jsonl")) or "copies" in bad.name
    assert re.fullmatch(r"(vendor-pack/)?([a-z0-9-]+|MANIFEST)\.[a-z0-9]+", bad.name)
    if bad.name.endswith(".html"):
        assert Skeleton(bad.content).parts == Skeleton(good.content).parts
    elif bad.name.endswith(".md"):
        assert tokens(bad.content) == tokens(good.content)
        assert bad.content.count("[[") == good.content.count("[[")
    elif bad.name.endswith((".txt", ".sql")):
        assert bad.content.count("\n") == good.content.count("\n")
    if not bad.name.endswith((".json", ".jsonl")):
        assert visible(bad.content.replace("\n", ""), 10**7) == bad.content.replace("\n", "")


def test_a_bar_in_a_name_does_not_end_a_cell_of_a_table() -> None:
    for name in ("a|b", "a | b", "`|`", "\\|"):
        text = render_brief(hostile_case(name))[1].content
        cells = [t.content for t in MarkdownIt("commonmark").enable("table").parse(text) if t.type == "inline"]
        times = [cell for cell in cells if re.fullmatch(r"27 Oct 2026, \d\d:\d\d:\d\d UTC", cell)]
        assert len(times) == 3 + 2 * 61, "first and last copy of each person, beside the three of the incident"


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_no_cell_of_the_csv_is_a_formula_whatever_separator_a_program_prefers(text: str) -> None:
    night = builders.night(cases=(hostile_case(text),))
    content = night_documents(night)[-1].content
    rows = list(csv.reader(io.StringIO(content)))
    assert {len(row) for row in rows} == {8}
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(content), delimiter=separator):
            for cell in row:
                assert not re.match(r"[\s\"]*[=+\-@\uff0b\uff0d\uff1d\uff20\t\r\n\0]", cell), cell[:40]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_json_gives_every_text_back_exactly(text: str) -> None:
    document = render_incidents_json(builders.night(cases=(hostile_case(text),)))
    assert document.content.isascii()
    assert json.loads(document.content)["incidents"][0]["template"] == text


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_an_alert_carries_nothing_of_it_in_its_headers_and_no_link_in_its_body(text: str) -> None:
    bad, good = alert(hostile_case(text)), alert(hostile_case(PLAIN if text else ""))
    assert bad.subject == good.subject == "[detector INC-7F3K] Duplicate mail: the same message sent again and again"
    assert bad.notice_key == good.notice_key
    assert bad.chart_alt == good.chart_alt
    assert Skeleton(bad.html).parts == Skeleton(good.html).parts
    assert bad.text.count("\n\n") == good.text.count("\n\n"), "long names take more lines, but no paragraph"
    assert not re.search(r"://|www\.|\w@\w", bad.text)


def test_an_incident_id_that_is_not_ours_enters_no_header() -> None:
    with pytest.raises(ValueError, match="no incident id"):
        alert(builders.case(incident=builders.incident(incident_id="INC-1\r\nBcc: x@evil.example")))


def test_an_alert_has_no_learner_in_it() -> None:
    subject = "Welcome ana.a@harbor-freightways.example"
    mail = alert(builders.case(incident=builders.incident(template=subject), subjects=(subject,)))
    for row in builders.affected():
        assert row.recipient not in mail.text + mail.html
    assert "Welcome ‹address›" in " ".join(mail.text.split())


def test_hostile_text_never_reaches_a_picture() -> None:
    bad = builders.with_text(builders.case(), "$\\frac{1}{0}$ <script>", frozenset({"incident_id"}))
    svgs = [re.findall(r"<svg.*?</svg>", render_brief(case)[0].content, re.DOTALL) for case in (bad, builders.case())]
    assert len(svgs[0]) == 8
    assert svgs[0] == svgs[1]


@given(st.text())
def test_visible_text_hides_nothing_and_is_short(text: str) -> None:
    shown = visible(text, 50)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert len(shown) <= 50 + len("… (1,000,000 characters)")
    assert visible(shown, 100) == shown
    shown.encode()


@given(st.text(st.one_of(st.sampled_from("`*_[](){}<>#+-.!|&:;/\\ @=~$1aé\n\u202e"), st.characters()), min_size=1))
def test_markdown_shows_exactly_the_visible_text(text: str) -> None:
    assume(visible(text).strip(" "))
    for source in (markdown(text), markdown_sentence(text)):
        [opening, inline, closing] = MarkdownIt("commonmark").enable("strikethrough").parse(f"Name: {source}.")
        assert (opening.type, closing.type) == ("paragraph_open", "paragraph_close")
        assert {child.type for child in inline.children or []} <= {"text", "code_inline"}
        said = "".join(child.content for child in inline.children or [])
        expected = f"Name: {visible(text).replace('[[', '[‹U+005B›')}."
        assert re.sub(r"\s", "", said) == re.sub(r"\s", "", expected)


@given(st.text(st.one_of(st.sampled_from("=+-@;,|\t\r\n \u00a0\"'a1"), st.characters())))
def test_a_csv_cell_is_never_a_formula(text: str) -> None:
    cell = csv_cell(text)
    for part in re.split("[;,|]", cell):
        assert not re.match(r"[\s\"]*[=+\-@\uff0b\uff0d\uff1d\uff20]", part)
    assert "\n" not in cell


def test_plain_words_stay_plain() -> None:
    words = "R&D: Welcome (part 2), “Überblick” – 100 % of it!"
    assert [visible(words), markdown(words), csv_cell(words), mail_text(words)] == [words] * 4
    assert markdown("harbor.example") == "`harbor.example`"
    assert markdown_sentence("51 people at harbor.example repeated.") == "51 people at `harbor.example` repeated."
    assert markdown("") == "`(empty)`"
    assert csv_cell("ana@x.example") == "ana@x.example"


def test_a_slug_leads_nowhere_else() -> None:
    assert slug("Harbor Freightways Ltd.") == "harbor-freightways-ltd"
    assert slug("../../Étude/..\\con\x00") == "etude-con"
    assert slug("株式会社") == ""
    assert len(slug("a" * 100 + "/" + "b")) <= 40


# --- pages --------------------------------------------------------------------------------------------------------


PAGES = {name: render_report(night, FOLDERS)[0].content for name, night in NIGHTS.items()} | {
    "brief": render_brief(builders.case())[0].content
}


@pytest.mark.parametrize("html", PAGES.values(), ids=PAGES)
def test_a_page_stands_alone_and_can_be_read_by_everybody(html: str) -> None:
    page = Skeleton(html)
    assert html.startswith("<!doctype html>\n")
    assert page.tags("html") == [{"lang": "en"}]
    assert len(page.tags("h1")) == 1
    [policy] = [tag["content"] for tag in page.tags("meta") if tag.get("http-equiv") == "Content-Security-Policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert not page.tags("script") + page.tags("link") + page.tags("img") + page.tags("iframe")
    assert not re.search(r"https?:|url\(|@import", html)
    for link in page.tags("a"):
        assert re.fullmatch(
            r"#\w+|\.\./index\.html|\.\./\.\./(incidents/[A-Za-z0-9-]+/brief|reports/index)\.html", link["href"] or ""
        )
    assert all(tag.get("scope") for tag in page.tags("th"))
    assert len(page.tags("table")) == len(page.tags("caption"))
    assert all(tag.get("role") == "img" and tag.get("aria-label") for tag in page.tags("svg"))
    ids = re.findall(r'\bid="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    assert {name for value in re.findall(r'(?:aria-labelledby|href)="#?(\w+)"', html) for name in [value]} <= set(ids)
    levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_folder_name_that_is_not_ours_becomes_no_link() -> None:
    for name in ("../x", "javascript:alert(1)", 'x"y', ""):
        assert "brief.html" not in render_report(builders.night(), {"INC-7F3K": name})[0].content


def test_every_colour_can_be_read_on_its_ground() -> None:
    css = (Path(sys.modules["detector.documents"].__file__ or "").parent / "page.css").read_text()
    themes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block)) for block in re.findall(r":root \{(.*?)\}", css, re.S)
    ]
    assert len(themes) == 3  # light, dark, print
    for theme in themes:
        for ink, ground, least in (
            *((ink, "paper", 4.5) for ink in ("ink", "muted", "extra", "first", "good", "link", "unknown")),
            *(
                (ink, f"{wash}-wash", 4.5)
                for ink, wash in (("extra", "alarm"), ("good", "good"), ("unknown", "unknown"))
            ),
            *(("ink", f"{wash}-wash", 4.5) for wash in ("alarm", "good", "unknown")),
            ("calm", "paper", 3.0),
        ):
            assert contrast(theme[ink], theme[ground]) >= least, (ink, ground, theme["paper"])


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio of two colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    shares = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# --- pictures -----------------------------------------------------------------------------------------------------


def test_a_chart_has_two_sizes_words_and_a_table() -> None:
    html = render_brief(builders.case())[0].content
    wide, narrow, *others = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(others) == 3 * 2, "copies per person, who was hit when, after how long"
    for picture in others:
        assert len(picture) < 10_000
        assert not re.search(r"#[0-9a-f]{6}|\bid=|<style|<metadata|xlink|font-family|https?:", picture)
    for picture in (wide, narrow):
        assert len(picture) < 20_000
        assert "3,519 extra copies to 51 people, between 18:04 and 20:02 UTC on 27 October 2026" in picture
        for word in ("Extra copies per 2 min", "First copies per 2 min", "alarm 18:04", "27 Oct", "UTC"):
            assert f">{word}<" in picture or f"{word}</text>" in picture
        assert "var(--extra)" in picture
        assert not re.search(r"#[0-9a-f]{6}|\bid=|<style|<metadata|xlink|font-family", picture)
    assert '<td class="n">67</td>' in html


def test_pictures_of_odd_data_can_be_drawn() -> None:
    at = builders.FIRST_COPY
    for timeline in (
        Timeline(60, (at,), (0,), (1,)),
        Timeline(1, (at,), (0,), (0,)),
        Timeline(86_400, tuple(at.replace(day=n) for n in (1, 2, 3)), (1, 1, 1), (10**7, 0, 1)),
        Timeline(3_600, tuple(at.replace(hour=h) for h in range(24)), (0,) * 24, tuple(range(24))),
    ):
        assert timeline_png(timeline, alarm_at=at, log_end=at).startswith(b"\x89PNG\r\n")
    assert timeline_png(NO_TIMELINE, alarm_at=at, log_end=at) == b""


# --- the same facts, the same bytes -------------------------------------------------------------------------------


def everything() -> list[bytes]:
    """Each document of the founding night as bytes, the alert's picture among them."""
    mail = alert(builders.case())
    documents = (
        *night_documents(builders.night(), FOLDERS),
        *case_documents(builders.two_clients(), Desk({}, US), builders.copies(builders.two_clients())),
    )
    return [
        *(document.content.encode() for document in documents),
        mail.text.encode(),
        mail.html.encode(),
        mail.chart_png,
    ]


def test_the_same_facts_give_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nsvg.fonttype: path\n")
    code = "import sys, test_documents; sys.stdout.buffer.write(b'|'.join(test_documents.everything()))"
    strange = {
        "PYTHONHASHSEED": "7",
        "TZ": "Pacific/Chatham",
        "LC_ALL": "C",
        "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"),
    }
    here = Path(__file__).parent
    strange["PYTHONPATH"] = os.pathsep.join([str(here), str(here.parent)])
    other = subprocess.run([sys.executable, "-c", code], env=os.environ | strange, capture_output=True, check=True)
    assert other.stdout == b"|".join(everything())


def test_importing_the_documents_loads_neither_jinja_nor_matplotlib() -> None:
    code = "import sys, detector.documents; print({'jinja2', 'matplotlib', 'duckdb', 'pandas'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=builders.GOLDEN.parent.parent
    )
    assert result.stdout == "set()\n"


def test_what_was_meant_it_seems_is_a_note_in_the_headline_and_what_is_withdrawn_is_not():
    """An incident of severity info that goes best with a mailing on purpose; one that the log no longer supports."""
    meant = builders.incident(severity="info", cause="deliberate-resend")
    said = headline(builders.night(cases=(builders.case(incident=meant),)), [], True)
    assert "in the last seven days but what was meant, it seems: 1 incident is no more than a note" in said
    gone = dataclasses.replace(meant, state="withdrawn")
    assert "meant" not in headline(builders.night(cases=(builders.case(incident=gone),)), [], True)
    unknown = dataclasses.replace(meant, cause="unknown")
    assert "meant" not in headline(builders.night(cases=(builders.case(incident=unknown),)), [], True)
