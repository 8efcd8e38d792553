"""`detector incidents`, as a support lead uses it: nights in sequence, commands between them, through `main`.

Now is the later of the clock and the newest night. The logs are of October and November 2030, so it is the night's.
"""

import atexit
import csv
import email
import email.policy
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import office
import pytest
from conftest import Run, on_a_terminal

from detector import open_snapshot
from detector.store import locked

BEGINS = datetime(2030, 10, 27, 18, 0, tzinfo=UTC)
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
COLUMNS = ("timestamp", "message_id", "sender", "recipient", "subject", "template", "organization")


@dataclass
class Desk:
    """A state directory, and somebody who runs nights and commands on it."""

    folder: Path
    run: Callable[..., Run]
    nights: list[Path] = field(default_factory=list)
    ordinary_from: datetime = BEGINS - 3 * WEEK - 9 * HOUR
    options: tuple[object, ...] = ()
    """Further ones for each night, such as a config."""

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def night(self, as_of: datetime, *bursts: list[tuple[Any, ...]], watched: bool = True) -> Run:
        """One night with the log of these bursts, whose newest line is of a minute before as-of if `watched`."""
        path = self.folder / f"log-{len(self.nights)}.csv"
        rows = [row for burst in bursts for row in burst]
        if watched:
            rows += self._ordinary(as_of)
            rows.append(sent(as_of - MINUTE, "watch@other.example", f"still here {as_of:%d %H:%M}", "news", "Other"))
        with path.open("w", newline="", errors="surrogateescape") as file:
            csv.writer(file).writerows([COLUMNS, *sorted(rows)])
        self.nights.append(path)
        return self.run("nightly", path, "--state", self.state, "--as-of", as_of.isoformat(), *self.options)

    def _ordinary(self, as_of: datetime) -> list[tuple[str, ...]]:
        """Twenty welcomes a day to people who get one each, from three weeks before the first burst on."""
        rows: list[tuple[str, ...]] = []
        while self.ordinary_from < as_of - HOUR:
            day = f"{self.ordinary_from:%m%d}"
            rows += [
                sent(self.ordinary_from + n * MINUTE, f"o{day}.{n}@other.example", day, "welcome", "Other")
                for n in range(20)
            ]
            self.ordinary_from += DAY
        return rows

    def say(self, *words: object) -> Run:
        return self.run("incidents", *words, "--state", self.state)

    def listed(self, *options: str) -> list[dict[str, Any]]:
        found = self.say("list", "--json", *options)
        assert found.code == 0, found.err
        return json.loads(found.out)

    def shown(self, incident_id: str) -> dict[str, Any]:
        return json.loads(self.say("show", incident_id, "--json").out)

    def alerts(self) -> list[str]:
        return sorted(path.name.removesuffix(".eml").upper() for path in (self.state / "alerts").glob("*"))

    def journal(self, incident_id: str) -> list[str]:
        return [entry["kind"] for entry in self.shown(incident_id)["journal"]]

    def report(self, as_of: datetime) -> str:
        return (self.state / "reports" / f"{as_of:%Y-%m-%d}" / "report.md").read_text(encoding="utf-8")


@pytest.fixture
def desk(tmp_path, monkeypatch, detector) -> Desk:
    monkeypatch.setenv("LOGNAME", "ann")
    return Desk(tmp_path, detector)


def sent(at: datetime, to: str, number: object, template: str, organization: str) -> tuple[str, ...]:
    row = (f"<{number}.{to}@academy.example>", "noreply@academy.example", to, template.title(), template, organization)
    return (at.isoformat(), *row)


def burst(
    begins: datetime = BEGINS, people: int = 12, copies: int = 10, who: str = "p", what: str = "welcome at Harbor"
) -> list[tuple[str, ...]]:
    """A round every three minutes to each of the people, a second after one another: `copies - 1` extra each."""
    template, organization = what.split(" at ")
    return [
        sent(
            begins + copy * 3 * MINUTE + timedelta(seconds=n),
            f"{who}{n}@{organization.lower()}.example",
            f"{template}.{begins:%d%H%M}.{copy}",
            template,
            organization,
        )
        for copy in range(copies)
        for n in range(people)
    ]


MORNING = BEGINS + 8 * HOUR
FILLED = office.FILLED | {"letter.date": "2030-10-28", "next_update.on": "2030-11-12"}
TOLD = {".html", ".md", ".csv", ".txt", ".toml", ".json", ".jsonl", ".sql", ".eml", ".log"}
"""All kinds of text that a night leaves for people and their programs."""


@cache
def kept(name: str) -> Path:
    """Where a first night that many tests begin with is kept, once one of them has played it."""
    folder = Path(mkdtemp(prefix="kept-night-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder / name


def copied(desk: Desk, played: Path, as_of: datetime) -> None:
    """Bring the desk to where another one was after its first night."""
    shutil.copytree(played, desk.folder, symlinks=True, dirs_exist_ok=True)
    desk.nights.append(desk.folder / "log-0.csv")
    desk._ordinary(as_of)


def first_night(desk: Desk, name: str, *bursts: list[tuple[Any, ...]]) -> str:
    """The id of the newest incident of the night at `MORNING`; a night of this name is played once, then copied."""
    if kept(name).exists():
        copied(desk, kept(name), MORNING)
    else:
        assert desk.night(MORNING, *bursts).code == 0
        shutil.copytree(desk.folder, kept(name), symlinks=True)
    return str(desk.listed()[0]["incident_id"])


def opened(desk: Desk) -> str:
    """The id of the incident of a first night: 12 people, 10 copies each, 108 of them extra."""
    name = first_night(desk, "opened", burst())
    assert [row["incident_id"] for row in desk.listed()] == [name]
    return name


# --- looking ---------------------------------------------------------------------------------------------------------


def test_the_list_shows_what_the_log_says_beside_what_people_say(desk):
    name = opened(desk)
    (row,) = desk.say("list").out.splitlines()[1:]
    assert row.split() == [name, "minor", "new", "stopped", "Harbor", "12", "108", "2030-10-27", "18:03:00", "welcome"]


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_the_list_fits_the_terminal_and_breaks_no_id(desk, columns):
    """A broad one shows when it began and which mail it was; 60 columns are few for two states and a client, which go
    on below, and 40 for the severity, too."""
    name = opened(desk)
    lines = on_a_terminal("incidents", "list", "--state", desk.state, columns=columns)
    (titles,), (row,) = ([line for line in lines if line.startswith(start)] for start in ("incident", "INC-"))
    assert re.match(rf"{name}  (minor  +)?new", row)
    assert max(map(len, lines)) <= columns
    assert ("severity" in titles) is (columns >= 60)
    assert ("first extra copy" in titles) is row.endswith("  welcome") is (columns == 120)


def test_show_tells_the_figures_and_the_story(desk):
    name = opened(desk)
    desk.say("ack", name.lower())
    shown = desk.say("show", name).out
    assert "12 people, 108 extra copies, 10 copies each" in shown
    told = dict(re.split(r" {2,}", line, maxsplit=1) for line in shown.split("\n\n")[1].splitlines())
    assert told["cause"] == (
        "consistent with: a queue that hands out the same job again and again on a timer (redelivery-timer)"
    )  # every third minute to the second
    assert name in Path(told["brief"]).read_text(encoding="utf-8")
    assert (Path(told["folder"]) / "call.md").is_file()
    assert told["what"] == "Welcome (template welcome)"
    assert told["next"] == "before it can be closed: no letter was sent to Harbor, and nobody told them"
    story = [line.strip() for line in shown.partition("Timeline, by three clocks")[2].splitlines()[1:]]
    night = "28 Oct 2030, 02:00:00 UTC"
    assert story == [
        "27 Oct 2030, 18:03:00 UTC  log     first extra copy",
        "27 Oct 2030, 18:27:11 UTC  log     last extra copy seen",
        f"{night}  night   opened: 12 people, 108 extra copies, the last at 27 Oct 2030, 18:27:11 UTC",
        f"{night}  night   stopped",
        f"{night}  people  ann: acknowledged",
    ]


def test_an_unknown_id_and_a_folder_that_is_no_state_are_told_apart_and_both_are_usage(desk, tmp_path):
    name = opened(desk)
    unknown = desk.say("show", f"{name[:-1]}1")  # no id of ours has a 1
    assert unknown.code == 2
    assert f"is no incident known here. Did you mean {name}? `incidents list --all` shows them." in unknown.err
    nowhere = desk.run("incidents", "list", "--state", tmp_path / "nowhere")
    assert nowhere.code == 2
    assert nowhere.err.startswith(f"detector: {tmp_path}/nowhere: is no state directory. Run `detector nightly` first")
    assert not (tmp_path / "nowhere").exists()


def test_a_state_whose_database_was_deleted_still_lists_its_incidents_and_a_night_builds_it_anew(desk):
    name = opened(desk)
    desk.say("contain", name, "--how", "took it out of cron")
    shutil.rmtree(desk.state / "snapshots")
    (desk.state / "current.duckdb").unlink()
    (desk.state / "work" / "detector.duckdb").unlink()
    assert [row["incident_id"] for row in desk.listed()] == [name]
    again = desk.say("contain", name, "--how", "and again")
    assert (again.code, "the next night will tell" in again.err) == (0, True)
    rebuilt = desk.run("nightly", *desk.nights, "--state", desk.state, "--as-of", MORNING.isoformat())
    assert rebuilt.code == 0, rebuilt.err
    assert desk.journal(name) == ["opened", "stopped", "contained", "contained"]
    assert desk.alerts() == [f"{name}.OPENED.1"]


def test_an_incident_that_somebody_dealt_with_is_not_lost_with_the_database_and_the_log(desk):
    name = opened(desk)
    desk.say("ack", name)
    (desk.state / "work" / "detector.duckdb").unlink()
    other = desk.night(MORNING + HOUR)
    assert (
        f"{name}: is withdrawn (the database was made anew, without its log), although it is acknowledged" in other.err
    )
    assert [row["incident_id"] for row in desk.listed()] == [name]


def test_a_damaged_journal_is_named_and_the_night_goes_on(desk):
    name = opened(desk)
    (journal,) = (desk.state / "incidents").glob("*/journal.log")
    journal.write_bytes(b"{}\n" + journal.read_bytes())
    told = desk.say("ack", name)
    assert (told.code, "line 1 is damaged" in told.err) == (3, True)
    done = desk.night(MORNING + 2 * DAY, burst(BEGINS + 2 * DAY, who="q"))
    assert (done.code, "journal.log: line 1 is damaged" in done.err) == (3, True)
    assert len(desk.alerts()) == 2


# --- what people say -------------------------------------------------------------------------------------------------


def test_a_containment_that_the_log_contradicts_is_said_at_once_and_every_night_and_in_the_list(desk):
    """Said at 18:20, which covers that minute. The rounds of 18:21, 18:24 and 18:27 brought 36 copies to 12 people, the
    first of them at 18:21:00 sharp, which nobody can tell from 18:20."""
    name = opened(desk)
    at = (BEGINS + 20 * MINUTE).isoformat()
    loud = (
        f"{name}: ann said that it was contained at 2030-10-27 18:20:00 UTC, but the log has 35 extra copies to 12 "
        "people after that, the first at 2030-10-27 18:21:01 UTC. It is not contained.\n"
    )
    claimed = desk.say("contain", name, "--at", at, "--how", "restarted it")
    assert (claimed.code, f"detector: {loud}" in claimed.err) == (1, True)
    assert f"! {loud}" in desk.say("list").out
    assert f"! {loud}" in desk.say("show", name).out
    assert desk.night(MORNING + HOUR).err == f"detector: {loud}"
    assert "**To see to:**" in desk.report(MORNING)
    (row,) = desk.listed()
    assert (row["work"], row["copies_after_containment"]) == ("contained", 35)
    later = (BEGINS + 28 * MINUTE).isoformat()
    agreed = desk.say("contain", name, "--at", later, "--how", "took it out of cron")
    assert (agreed.code, "not contained" in agreed.err) == (0, False)
    assert desk.night(MORNING + 2 * HOUR).err == ""


def test_copies_that_come_after_it_was_contained_are_said_by_the_night_that_sees_them(desk):
    """An hour later the same twelve get another five rounds: 60 copies, all of them extra."""
    assert desk.night(BEGINS + 30 * MINUTE, burst()).code == 0
    (row,) = desk.listed()
    name = row["incident_id"]
    assert row["signal"] == "active"
    desk.say("contain", name, "--how", "restarted it")
    loud = desk.night(MORNING, burst(BEGINS + HOUR, copies=5)).err
    assert f"{name}: ann said that it was contained at 2030-10-27 18:30:00 UTC, but the log has 60 extra copies" in loud
    assert desk.journal(name) == ["opened", "contained", "extended", "stopped", "contradicted"]
    assert desk.night(MORNING + HOUR).err == loud
    assert desk.journal(name).count("contradicted") == 1


def test_times_out_of_order_are_refused_and_nothing_is_noted(desk):
    name = opened(desk)
    before = desk.journal(name)
    early = desk.say("contain", name, "--at", "2030-10-27T17:00Z", "--how", "x")
    assert early.code == 2
    assert (
        "'contained' at 2030-10-27 17:00:00 UTC lies before the first extra copy, 2030-10-27 18:03:00 UTC" in early.err
    )
    future = desk.say("ack", name, "--at", "2031-01-01")
    assert (future.code, "lies in the future: it is 2030-10-28 02:00:00 UTC" in future.err) == (2, True)
    letter = desk.say("sent", name)
    assert (letter.code, "before anybody approved the letter to Harbor" in letter.err) == (2, True)
    stranger = desk.say("told", name, "--organization", "Acme", "--channel", "phone")
    assert (stranger.code, "'Acme', who was not hit" in stranger.err) == (2, True)
    assert desk.journal(name) == before


def test_a_promise_is_listed_goes_into_the_calendar_runs_late_and_is_kept(desk):
    name = opened(desk)
    text = "Send the cause; in writing, with \\ figures"
    assert desk.say("promise", name, text, "--owner", "Sam", "--due", "2030-10-30").code == 0
    assert desk.say("promises").out == f"2030-10-30 {name} promise 1: {text} (Sam)\n"
    ics = desk.say("promises", "--ics").out
    assert f"UID:{name}-promise-1@detector\r\n" in ics
    assert "DTSTART;VALUE=DATE:20301030\r\nDTEND;VALUE=DATE:20301031\r\n" in ics
    assert f"SUMMARY:Sam: Send the cause\\; in writing\\, with \\\\ figures ({name})\r\n" in ics
    assert desk.listed("--overdue") == []
    late = f"{name}: promise 1 was due on 2030-10-30 and is not kept.\n"
    assert desk.night(MORNING + 3 * DAY).err == f"detector: {late}"  # the 31st
    assert f"! {late}" in desk.say("list", "--overdue").out
    assert "OVERDUE" in desk.say("promises").out
    assert "**To see to:**" in desk.report(MORNING + 3 * DAY).partition("\n## ")[0]
    assert desk.say("promise", "kept", name).code == 0
    assert desk.night(MORNING + 4 * DAY).err == ""
    assert desk.say("promises").out == ""


def test_closing_is_refused_until_all_is_done_and_then_drafts_the_note(desk):
    """First extra copy 18:03:00, the night at 2:00 is 7 h 57 min later; the last copy 24 min 11 s after the first."""
    name = opened(desk)
    desk.say("contain", name, "--at", (BEGINS + 28 * MINUTE).isoformat(), "--how", "took it out of cron")
    desk.say("promise", name, "Send the cause", "--owner", "Sam", "--due", "2030-10-30")
    early = desk.say("close", name)
    assert early.code == 2
    assert "no letter was sent to Harbor, and nobody told them; promise 1 (Sam, 2030-10-30) is not kept" in early.err
    assert desk.say("close", name, "--anyway").code == 2
    desk.say("promise", "kept", name, "1")
    closed = desk.say("close", name, "--anyway", "--reason", "they wanted no letter")
    assert closed.code == 0
    assert "12 people got 108 extra copies of one mail (welcome)" in closed.out
    assert "| Time to notice | 7 h 57 min (" in closed.out
    assert (
        "| Time to stop | 24 min 11 s until the last extra copy; 25 min until it was said to be contained |"
        in closed.out
    )
    assert (
        "**After.** No extra copy since; the log of 28 Oct 2030, 02:00 UTC showed that it had stopped.\n" in closed.out
    )
    assert desk.listed() == []
    assert [row["work"] for row in desk.listed("--all")] == ["closed"]
    desk.night(MORNING + HOUR)
    (folder,) = (desk.state / "incidents").iterdir()
    assert (folder / "closing-note.md").read_text(encoding="utf-8") == closed.out


def test_a_closed_incident_that_goes_on_is_loud_and_alerted_once_more(desk):
    name = opened(desk)
    desk.say("close", name, "--anyway", "--reason", "they wanted no letter")
    again = desk.night(MORNING + DAY, burst(BEGINS + DAY, copies=5))
    assert again.err == (
        f"detector: {name}: is open again: 60 more extra copies after it had stopped, although ann closed it on "
        "2030-10-28.\n"
    )
    assert desk.journal(name)[-3:] == ["extended", "reopened", "stopped"]
    assert desk.alerts() == [f"{name}.OPENED.1", f"{name}.REOPENED.1"]
    desk.night(MORNING + DAY + HOUR)
    assert len(desk.alerts()) == 2


def test_what_people_type_does_not_act_on_a_terminal_or_a_calendar(desk):
    name = opened(desk)
    nasty = "\x1b[2J<b>\r\nEND:VEVENT\u202e=1+1|x" + "ü" * 60
    desk.say("contain", name, "--how", nasty, "--by", "e\x07ve")
    desk.say("promise", name, nasty, "--owner", nasty, "--due", "2030-10-30")
    desk.night(MORNING + 3 * DAY)
    for printed in (desk.say("show", name).out, desk.say("list").out, desk.say("promises").out):
        assert all(line.isprintable() for line in printed.splitlines())
    ics = desk.say("promises", "--ics").out
    assert ics.count("END:VEVENT\r\n") == 1
    assert all(len(line.encode()) <= 75 for line in ics.split("\r\n"))
    unfolded = ics.replace("\r\n ", "")
    assert all(line.isprintable() for line in unfolded.split("\r\n"))
    assert "‹U+000D›‹U+000A›END:VEVENT‹U+202E›=1+1|x" + "ü" * 60 in unfolded


EVIL = (
    '=HYPERLINK("https://evil.example") <script>alert(1)</script>\r\nBcc: victim@evil.example\x1b[2J\u202e '
    + "x" * 20_000
)
"""A formula, markup, a header, a terminal code, a reading direction turned round, and far too much of it."""


def figures_of(desk: Desk) -> dict[str, list[tuple[Any, ...]]]:
    """Whatever can be counted, of the night and of each incident and person."""
    asked = {
        "sends": "select count(*), count(distinct recipient) from sends",
        "incidents": "select * exclude (incident_id, template, organizations, cause_candidates) from incidents",
        "affected": "select * exclude (incident_id, organization) from affected order by all",
    }
    with open_snapshot(desk.state) as db:
        return {name: db.execute(sql).fetchall() for name, sql in asked.items()}


def test_a_log_of_evil_names_acts_nowhere_and_changes_no_figure(desk):
    """Subject and template of the welcomes are `EVIL`, the client has the beginning of it; 12 people, 10 copies each.
    Six of them also get an invoice over and over, four times, whose subject has 2 MB. The same in tame words gives
    the same figures: 12 * 9 and 6 * 3 extra copies."""
    client, huge = EVIL[:110], EVIL + "\udcff\u202e" + "x" * 2_000_000

    def rows(welcome: str, invoice: str, client: str) -> list[tuple[str, ...]]:
        invoices = burst(people=6, copies=4, what="invoice at Harbor")
        return [
            *((*row[:4], welcome, welcome, client) for row in burst()),
            *((*row[:4], invoice, "invoice", client) for row in invoices),
        ]

    tame = Desk(desk.folder / "tame", desk.run)
    tame.folder.mkdir()
    assert tame.night(MORNING, rows("Welcome", "Invoice", "Harbor")).code == 0
    night = desk.night(MORNING, rows(EVIL, huge, client))
    assert (night.code, night.err) == (0, "")
    assert figures_of(desk) == figures_of(tame)
    (row,) = desk.listed()
    name = row["incident_id"]
    assert (row["recipients"], row["excess"], len(row["organizations"])) == (12, 12 * 9 + 6 * 3, 1)
    stranger = desk.say("told", name, "--organization", "Acme", "--channel", "phone")
    assert stranger.code == 2
    assert "victim@evil.example‹U+001B›[2J‹U+202E›" in stranger.err
    for said in (stranger.err, desk.say("list").out, desk.say("show", name).out):
        assert all(line.isprintable() for line in said.splitlines())
    assert desk.run("letter", "check", name, "--state", desk.state).code == 1
    texts = {p: p.read_bytes().decode() for p in desk.state.rglob("*.*") if p.suffix in TOLD}
    assert {path.suffix for path in texts} == TOLD
    for path, text in texts.items():
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", text), path
        if path.suffix == ".html":
            assert "<script" not in text, path
        if path.suffix == ".eml":
            mail = email.message_from_string(text, policy=email.policy.default)
            assert not {"Bcc", "Cc"} & set(mail.keys())
        if path.suffix == ".csv":
            cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
            assert [cell[:20] for cell in cells if re.match(r"\s*[=+@-]", cell)] == []


# --- nights in sequence ----------------------------------------------------------------------------------------------


def test_an_incident_is_extended_stops_and_is_reopened_under_one_id(desk):
    assert desk.night(BEGINS + 30 * MINUTE, burst()).code == 0
    (first,) = desk.listed()
    desk.night(BEGINS + 2 * HOUR, burst(BEGINS + 35 * MINUTE, copies=5))
    desk.night(BEGINS + 6 * HOUR)
    desk.night(BEGINS + 20 * HOUR, burst(BEGINS + 19 * HOUR + 30 * MINUTE, copies=5))
    desk.night(BEGINS + 30 * HOUR)
    (row,) = desk.listed("--all")
    assert (row["incident_id"], row["excess"]) == (first["incident_id"], 9 * 12 + 5 * 12 + 5 * 12)
    assert desk.journal(row["incident_id"]) == [
        "opened", "extended", "quiet", "stopped", "extended", "reopened", "stopped",
    ]  # fmt: skip
    turns = [alert.partition(".")[2] for alert in desk.alerts()]
    assert turns == ["OPENED.1", "REOPENED.1", "STOPPED.1", "STOPPED.2"], "each once, and growth by half not at all"


def test_what_a_night_that_died_did_not_note_the_next_one_notes(desk):
    """As if the machine had stopped between the database and the second line of the journal."""
    name = opened(desk)
    (journal,) = (desk.state / "incidents").glob("*/journal.log")
    whole = journal.read_bytes()
    journal.write_bytes(whole[: whole.index(b"\n") + 7])
    again = desk.night(MORNING)
    assert again.err == f"detector: {journal}: the last line was cut off and counts as not written.\n"
    assert journal.read_bytes() == whole
    assert desk.journal(name) == ["opened", "stopped"]


def test_a_feed_that_goes_stale_is_blind_and_never_stopped(desk):
    assert desk.night(BEGINS + 30 * MINUTE, burst()).code == 0
    blind = desk.night(BEGINS + 3 * DAY, watched=False)
    assert blind.code == 3
    (row,) = desk.listed()
    assert row["signal"] == "blind"
    shown = json.loads((desk.state / "reports/2030-10-30/incidents.json").read_text(encoding="utf-8"))["incidents"]
    assert [(found["state"], found["ongoing"]) for found in shown] == [("blind", None)]
    meaning = "blind: the log ended too long before that night to tell whether it still went on"
    assert meaning in desk.say("list").out
    assert f"the log says  {meaning}" in desk.say("show", row["incident_id"]).out
    index = (desk.state / "reports/index.html").read_text(encoding="utf-8")
    assert f"<strong>Blind</strong>{meaning.removeprefix('blind')}" in index
    assert "<strong>Stale</strong>: the log ended too long before that night (stale_after_hours in the config)" in index
    assert "the log does not say that it stopped but that it is blind" in desk.say("close", row["incident_id"]).err
    desk.night(BEGINS + 4 * DAY)
    assert desk.journal(row["incident_id"]) == ["opened", "blind", "stopped"]


def test_rows_that_come_late_after_a_blind_night_extend_the_same_incident(desk):
    """Ten rounds until 18:27 to 12 people; the feed is cut at 18:30 and comes back days later with four more rounds."""
    assert desk.night(BEGINS + 30 * MINUTE, burst()).code == 0
    assert desk.night(BEGINS + 3 * DAY, watched=False).code == 3
    assert desk.night(BEGINS + 4 * DAY, burst(BEGINS + 30 * MINUTE, copies=4)).code == 0
    (row,) = desk.listed()
    assert (row["signal"], row["recipients"], row["excess"]) == ("stopped", 12, 12 * 13)  # 14 copies, one of them due
    assert desk.journal(row["incident_id"]) == ["opened", "blind", "extended", "stopped"]


def test_what_was_seen_to_stop_is_over_in_every_document_when_the_feed_goes_stale_later(desk):
    """Stopped on the 27th, the letter approved; on the 30th the logs still end where they ended."""
    name = opened(desk)
    (folder,) = (desk.state / "incidents").iterdir()
    noted_and_filled(desk, name, folder, "Harbor")
    assert desk.run("letter", "approve", name, "--state", desk.state).code == 0
    late = desk.night(BEGINS + 3 * DAY, watched=False)
    assert late.code == 3, "that the logs are stale is said"
    assert "no longer approved" not in late.err
    assert [row["signal"] for row in desk.listed()] == ["stopped"]
    assert not (folder / "holding-note.md").exists()
    brief = (folder / "brief.md").read_text(encoding="utf-8")
    assert "State: no sign since 27 Oct, 18:27." in brief
    assert "finish and send the letter (`letter.md`, approved)" in brief
    assert "It has stopped; our log has shown no further copy since." in (folder / "note.md").read_text("utf-8")
    assert "It has stopped. You need do nothing." in (folder / "call.md").read_text("utf-8")
    assert desk.say("sent", name).code == 0
    for number in "12":
        assert desk.say("promise", "kept", name, number).code == 0
    assert desk.say("close", name).code == 0


def test_two_incidents_that_late_rows_join_are_one_with_the_older_id_and_the_younger_one_finds_it(desk):
    """Welcomes from 18:00 to 18:27 and invoices from 22:00 to 22:27; then a late file has welcomes from 18:30 to 21:57,
    a round every three minutes, so that one affair repeated both."""
    desk.night(MORNING, burst(), burst(BEGINS + 4 * HOUR, what="invoice at Harbor"))
    young, old = (row["incident_id"] for row in desk.listed())
    desk.say("contain", young, "--at", "2030-10-27T22:30Z", "--how", "restarted it")
    joined = desk.night(MORNING + HOUR, burst(BEGINS + 30 * MINUTE, copies=70))
    assert joined.err == f"detector: {young}: is a part of {old}, whose journal now holds what people noted of it.\n"
    (row,) = desk.listed()
    assert (row["incident_id"], row["aliases"], row["work"]) == (old, [young], "contained")
    assert row["copies_after_containment"] == 0  # contained at 22:30, the last copy was of 22:27:11
    assert row["excess"] == 12 * (79 + 9)  # 80 rounds of welcomes and 10 of invoices, the first of each rightly sent
    assert desk.shown(young)["incident_id"] == old
    assert f"{young} is a part of {old}." in desk.say("show", young).err
    desk.say("promise", young, "the cause", "--owner", "Sam", "--due", "2030-11-01")
    assert desk.shown(old)["promises"][0]["owner"] == "Sam"
    assert {row["incident_id"]: row["merged_into"] for row in desk.listed("--all")} == {old: "", young: old}
    assert desk.night(MORNING + 2 * HOUR).err == ""
    with open_snapshot(desk.state) as db:
        assert db.execute("select * from aliases").fetchall() == [(young, old)]
    assert len(desk.alerts()) == 2


def test_a_recurrence_says_of_what_it_has_the_shape(desk):
    name = opened(desk)
    desk.night(MORNING + WEEK, burst(BEGINS + WEEK))
    second, first = desk.listed()
    assert (first["incident_id"], second["recurs_from"], second["recurs_after_days"]) == (name, name, 7)
    assert f"same shape as {name}, seven days earlier" in desk.say("show", second["incident_id"]).out
    assert f"{second['incident_id']}: same shape as {name}, seven days earlier" in desk.say("list").out
    (folder,) = (desk.state / "incidents").glob(f"{second['incident_id']}-*")
    letter, brief = ((folder / file).read_text(encoding="utf-8") for file in ("letter.md", "brief.md"))
    assert "{F7: 120} copies too many. Each of them was sent {F8: 10}, where none was due." in letter  # 12 * 10
    assert "It is the second time. On {F18a: 27 October 2030} we sent {F18b: 108} copies too many" in letter
    assert f"108 extra copies to 12 people ({name}). The letter says so. It has the same shape as {name}" in brief
    assert "after 3 to 8 days" in brief, "its own evidence, seven days after 27 October, not that of the first one"
    assert "after 1 to 10 minutes" not in brief
    assert "rightly sent" not in brief


# --- verdicts --------------------------------------------------------------------------------------------------------


def dismissed(desk: Desk) -> str:
    """An incident of 12 people and 4 copies each, dismissed because the client asked for it."""
    name = first_night(desk, "four-each", burst(copies=4))
    assert desk.say("dismiss", name, "--reason", "they asked for four").code == 0
    return name


def test_the_same_again_is_muted_and_says_whose_verdict_it_was(desk):
    """A week later other twelve people of the client get four each."""
    name = dismissed(desk)
    quiet = desk.night(MORNING + WEEK, burst(BEGINS + WEEK, copies=4, who="q"))
    assert (quiet.code, quiet.err, desk.alerts()) == (0, "", [f"{name}.OPENED.1"])
    assert desk.listed() == []
    second, first = desk.listed("--all")
    assert (first["work"], second["muted_by"], second["severity"]) == ("dismissed", name, "info")
    why = f"ann dismissed {name} of the same pattern on 2030-10-28: they asked for four"
    assert second["muted_because"] == why
    with open_snapshot(desk.state) as db:
        muted = db.execute("select muted_because from case_records where muted_by <> ''").fetchall()
        assert muted == [(why,)]
        assert db.execute("select reason, recipients, extra_median from verdicts").fetchall() == [
            ("they asked for four", 12, 3.0)
        ]
    report = desk.report(MORNING + WEEK)
    assert report.startswith("# Nothing was sent again and again in the last seven days but what people dismissed: ")
    assert f"{second['incident_id']}: Muted: ann dismissed {name}" in report


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"copies": 10}, "9 extra copies for a typical person instead of 3"),
        ({"people": 36}, "36 people instead of 12"),
        ({"what": "welcome at Larkspur"}, "it hits Larkspur as well"),
    ],
)
def test_far_beyond_a_verdict_it_alarms_and_says_what_is_beyond(desk, changes, why):
    name = dismissed(desk)
    desk.night(MORNING + WEEK, burst(BEGINS + WEEK, who="q", **{"copies": 4, **changes}))
    (row,) = desk.listed()
    assert row["severity"] != "info"
    assert row["alarms_because"].startswith(f"far beyond {name}, which was dismissed: {why}")
    assert desk.alerts() == sorted([f"{name}.OPENED.1", f"{row['incident_id']}.OPENED.1"])


def test_a_muted_incident_that_still_goes_on_is_no_exit_code_ten(desk):
    dismissed(desk)
    desk.night(BEGINS + WEEK + 20 * MINUTE, burst(BEGINS + WEEK, copies=4, who="q"))
    again = [desk.nights[-1], "--state", desk.state, "--as-of", (BEGINS + WEEK + 20 * MINUTE).isoformat()]
    assert desk.listed("--all")[0]["signal"] == "active"
    assert desk.run("nightly", *again, "--exit-code").code == 0


def test_a_dismissed_incident_that_goes_far_beyond_its_own_pattern_is_alerted_again(desk):
    """Dismissed at 3 extra copies each; then the same twelve get 16 more rounds, 19 extra copies each."""
    name = dismissed(desk)
    more = desk.night(MORNING + DAY, burst(MORNING + HOUR, copies=16))
    assert f"{name}: is open again: it went far beyond what ann dismissed: 19 extra copies for a typical" in more.err
    (row,) = desk.listed()
    assert (row["incident_id"], row["work"], row["excess"]) == (name, "acknowledged", 12 * 19)
    assert desk.alerts() == [f"{name}.OPENED.1", f"{name}.REOPENED.1"]


def test_a_verdict_survives_a_rebuild_of_the_database(desk):
    name = dismissed(desk)
    (desk.state / "work" / "detector.duckdb").unlink()
    desk.run("nightly", *desk.nights, "--state", desk.state, "--as-of", MORNING.isoformat())
    desk.night(MORNING + WEEK, burst(BEGINS + WEEK, copies=4, who="q"))
    assert [row["muted_by"] for row in desk.listed("--all")] == [name, ""]
    assert desk.alerts() == [f"{name}.OPENED.1"]


def test_a_verdict_that_is_taken_back_mutes_nothing(desk):
    name = dismissed(desk)
    desk.night(MORNING + WEEK, burst(BEGINS + WEEK, copies=4, who="q"))
    assert desk.say("reopen", name, "--reason", "they did not ask").code == 0
    desk.night(MORNING + WEEK + HOUR)
    second, first = desk.listed()
    assert (first["work"], second["alarms_because"]) == ("acknowledged", "the verdict was taken back")
    assert f"{second['incident_id']}.OPENED.1" in desk.alerts()


# --- what people say is written up at once ---------------------------------------------------------------------------


def test_what_people_say_stands_in_the_brief_at_once(desk):
    """Nobody waits for the next night, or reads in the meantime that the letter is still to be sent."""
    name = opened(desk)
    (folder,) = (desk.state / "incidents").iterdir()
    for words, says in (
        (("ack", name), "Acknowledged by ann"),
        (("contain", name, "--at", (BEGINS + 28 * MINUTE).isoformat(), "--how", "the job"), "Stopped: the job (27 Oct"),
        (("told", name, "--channel", "phone"), "**Harbor** was told"),
        (("promise", name, "We check every run", "--owner", "Sam", "--due", "2030-11-10"), "Sam, by 10 November 2030"),
        (("promise", "kept", name), "Sam, by 10 November 2030 (kept)"),
    ):
        brief = folder / "brief.md"
        assert says not in brief.read_text(encoding="utf-8")
        assert desk.say(*words).code == 0
        assert says in brief.read_text(encoding="utf-8")
    office.fill(folder / "human.toml", FILLED)
    office.fill(folder / "human.toml", office.CLIENT, 'clients."Harbor"')
    assert desk.run("letter", "approve", name, "--state", desk.state).code == 0
    assert "(`letter.md`, approved)" in (folder / "brief.md").read_text(encoding="utf-8")
    assert desk.say("sent", name).code == 0
    assert "the letter is sent. Keep what was promised." in (folder / "brief.md").read_text(encoding="utf-8")
    assert desk.say("promise", "kept", name, "2").code == 0, "that they hear from us again"
    closed = desk.say("close", name)
    assert (folder / "closing-note.md").read_text(encoding="utf-8") == closed.out


def test_a_later_stop_than_the_approved_letter_says_takes_the_approval_away_at_once(desk):
    name = opened(desk)
    (folder,) = (desk.state / "incidents").iterdir()
    noted_and_filled(desk, name, folder, "Harbor")
    assert desk.run("letter", "approve", name, "--state", desk.state).code == 0
    again = desk.say("contain", name, "--at", (BEGINS + 40 * MINUTE).isoformat(), "--how", "emptied the queue too")
    assert "the letter to Harbor is no longer approved: stop was 18:28 UTC on 27 October 2030 and is 18:40" in again.err


def test_a_word_is_noted_even_if_a_night_is_at_work_and_the_brief_is_left_to_it(desk):
    name = opened(desk)
    (brief,) = (desk.state / "incidents").glob("*/brief.md")
    before = brief.read_bytes()
    with locked(desk.state):
        said = desk.say("ack", name)
    assert (said.code, said.err.count("\n")) == (0, 1)
    assert (desk.journal(name)[-1], brief.read_bytes()) == ("acknowledged", before)


def test_an_empty_list_says_of_what_there_is_none(desk):
    name = opened(desk)
    assert desk.say("list", "--overdue").err == "No promise is late; 1 incident with --all.\n"
    desk.say("dismiss", name, "--reason", "they asked for it")
    assert desk.say("list").err == "No incident is open; 1 incident with --all.\n"


# --- the holding note, and then the letter ----------------------------------------------------------------------------


def holding_note_sent(desk: Desk) -> tuple[str, Path, bytes]:
    """The log ends at 18:30 while it goes on; the holding note is edited, approved, exported and sent."""
    assert desk.night(BEGINS + 30 * MINUTE, burst()).code == 0
    (row,) = desk.listed()
    name, here = row["incident_id"], ("--state", desk.state)
    (folder,) = (desk.state / "incidents").iterdir()
    assert not (folder / "letter.md").exists()
    texts = "".join((folder / file).read_text(encoding="utf-8") for file in ("brief.md", "call.md", "holding-note.md"))
    assert "what stopped it" not in texts.casefold(), "nothing has"
    assert texts.count("FILL H3: who is stopping it, and by when") == 3
    office.fill(folder / "human.toml", FILLED)
    office.fill(folder / "human.toml", office.CLIENT, 'clients."Harbor"')
    assert "Harbor, holding note: ready to be approved" in desk.run("letter", "check", name, *here).out
    mine = (folder / "holding-note.md").read_bytes() + b"P.S. In my own words.\r\n"
    (folder / "holding-note.md").write_bytes(mine)
    early = desk.say("sent", name)
    assert early.code == 2
    assert "comes before anybody approved the letter to Harbor" in early.err
    assert "The holding note to Harbor is approved" in desk.run("letter", "approve", name, *here).out
    assert desk.run("letter", "export", name, *here).code == 0
    mail = email.message_from_bytes((folder / "holding-note.eml").read_bytes(), policy=email.policy.default)
    assert mail["Subject"] == "One email, sent to your colleagues again and again: what we know"
    assert "Our system has been sending your colleagues" in mail.get_body(("plain",)).get_content(), (
        "it was switched off"
    )
    said = desk.say("sent", name, "--channel", "mail").err
    assert f"{name}: noted: holding note sent. Furthest so far: client told. The log says: active.\n" in said
    assert f"{name}: they hear from us again by 2030-11-12: that is promise 1." in said
    return name, folder, mine


def test_a_holding_note_is_no_letter_however_it_was_approved_and_sent(desk):
    """The next night it is over: the note lies there as it went out, the letter beside it, and nothing counts the one
    for the other."""
    name, folder, mine = holding_note_sent(desk)
    here = ("--state", desk.state)
    over = desk.night(MORNING)
    assert "no longer approved" not in over.err
    assert (folder / "holding-note.md").read_bytes() == mine
    assert (folder / "letter.md").read_text(encoding="utf-8").startswith("> Draft for Harbor.")
    assert sorted(folder.glob("*.new.*")) == []
    assert "**Harbor** has the holding note, and no call is noted: " in (folder / "brief.md").read_text(
        encoding="utf-8"
    )
    shown = desk.shown(name)
    assert (shown["holding_notes_sent"], shown["letters_approved"], shown["letters_sent"]) == (["Harbor"], [], [])
    assert "Harbor, letter: " in desk.run("letter", "check", name, *here).out
    assert desk.say("sent", name).code == 2
    closed = desk.say("close", name)
    assert closed.code == 2
    assert "no letter was sent to Harbor, only a holding note" in closed.err
    desk.say("contain", name, "--at", (BEGINS + 28 * MINUTE).isoformat(), "--how", "stopped the job")
    desk.say("promise", name, "We check every run", "--owner", "Sam", "--due", "2030-11-10")
    as_before = "advice  What stopped it is told in the words of the holding note, written while it went on."
    assert as_before in desk.run("letter", "check", name, *here).out
    office.fill(folder / "human.toml", {"stopped.what": '"We emptied the queue for good"'})
    assert as_before not in desk.run("letter", "check", name, *here).out
    assert "The letter to Harbor is approved" in desk.run("letter", "approve", name, *here).out
    assert "noted: letter sent" in desk.say("sent", name).err
    assert desk.say("promises").out == (
        f"2030-11-10 {name} promise 2: We check every run (Sam)\n"
        f"2030-11-12 {name} promise 1: Call Harbor (Sam Example)\n"
        f"2030-11-12 {name} promise 3: Write to Harbor how it went (Sam Example)\n"
    ), "what the holding note and the letter say of our next word is promised, too"
    for number in "123":
        assert desk.say("close", name).code == 2
        assert desk.say("promise", "kept", name, number).code == 0
    assert desk.say("close", name).code == 0
    assert (folder / "holding-note.md").read_bytes() == mine


# --- one cause, two clients ------------------------------------------------------------------------------------------


def form_filled_for_birch(desk: Desk, name: str, folder: Path) -> None:
    """The second client: contained again, and promised what Harbor alone was promised."""
    assert desk.say("contain", name, "--at", (BEGINS + HOUR).isoformat(), "--how", "emptied the queue").code == 0
    assert "We check every run" not in (folder / "clients" / "birch" / "letter.md").read_text(encoding="utf-8")
    due = ("--owner", "Sam", "--due", "2030-11-10", "--organization", "Birch")
    assert desk.say("promise", name, "We check every run", *due).code == 0
    office.fill(folder / "human.new.toml", office.CLIENT, 'clients."Birch"')
    (folder / "human.toml").write_bytes((folder / "human.new.toml").read_bytes())
    office.fill(folder / "human.toml", FILLED)


def exported(desk: Desk, name: str, organization: str) -> dict[str, bytes]:
    """The letter to one client, approved: its page, its mail, and each part of the document."""
    whose = ("--organization", organization, "--state", desk.state)
    assert desk.run("letter", "approve", name, *whose).code == 0
    assert desk.run("letter", "export", name, "--out", desk.folder / "out", *whose).code == 0
    out = desk.folder / "out" / "clients" / organization.lower()
    with zipfile.ZipFile(out / "letter.docx") as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    return parts | {path.name: path.read_bytes() for path in out.glob("letter.[eh]*")}


def noted_and_filled(desk: Desk, name: str, folder: Path, client: str) -> None:
    """Contained, something promised, the form filled in for one client."""
    assert desk.say("contain", name, "--at", (BEGINS + 28 * MINUTE).isoformat(), "--how", "stopped the job").code == 0
    assert desk.say("promise", name, "We check every run", "--owner", "Sam", "--due", "2030-11-10").code == 0
    office.fill(folder / "human.toml", FILLED)
    office.fill(folder / "human.toml", office.CLIENT, f'clients."{client}"')


def test_said_to_be_contained_and_then_more_copies_and_a_second_client(desk):
    """Ten rounds to 12 people of Harbor until 18:27; contained 18:28, the letter approved. The next night's log has
    four more rounds from 18:40 on: 48 copies to Harbor, all extra, and 8 people of Birch who get their first four."""
    name = opened(desk)
    (folder,) = (desk.state / "incidents").iterdir()
    noted_and_filled(desk, name, folder, "Harbor")
    assert desk.run("letter", "approve", name, "--state", desk.state).code == 0

    more = BEGINS + 40 * MINUTE
    again = desk.night(MORNING + HOUR, burst(more, copies=4), burst(more, people=8, copies=4, what="welcome at Birch"))
    assert (
        f"{name}: ann said that it was contained at 2030-10-27 18:28:00 UTC, but the log has 72 extra copies to 20 "
        "people after that, the first at 2030-10-27 18:40:00 UTC. It is not contained." in again.err
    )  # 48 to Harbor, 8 * 3 = 24 to Birch
    assert f"{name}: the letter to Harbor is no longer approved: " in again.err
    assert "F7 was 108 and is 156" in again.err  # 12 * 9 + 48
    (row,) = desk.listed()
    assert (row["incident_id"], row["organizations"], row["excess"]) == (name, ["Harbor", "Birch"], 180)
    assert desk.alerts() == [f"{name}.CONTRADICTION.1", f"{name}.OPENED.1"], "a client more is no new incident"

    theirs = {who: folder / "clients" / who for who in ("harbor", "birch")}
    for who, figure in (("birch", "{F4: 8}"), ("birch", "{F7: 24}"), ("harbor", "{F7: 156}")):
        assert figure in (theirs[who] / "letter.md").read_text(encoding="utf-8")
    for who, other in (("harbor", "birch"), ("birch", "harbor")):
        files = {path.name: path.read_text(encoding="utf-8").casefold() for path in theirs[who].iterdir()}
        assert {"letter.md", "call.md", "note.md"} <= files.keys()
        assert [file for file, text in files.items() if other in text] == []
    assert folder.name == f"{name}-harbor", "people and alerts know the path; the brief says who was hit"
    assert "# 20 people at Harbor and Birch got 180 extra copies" in (folder / "brief.md").read_text(encoding="utf-8")
    pack = "".join(path.read_text(encoding="utf-8") for path in (folder / "vendor-pack").iterdir()).casefold()
    assert not re.search("harbor|birch", pack)

    form_filled_for_birch(desk, name, folder)
    texts = exported(desk, name, "Birch")
    assert [part for part, text in texts.items() if b"harbor" in text.lower()] == []
    assert b"8 of your colleagues" in texts["letter.html"]
    assert b"24 copies too many" in texts["letter.html"]


def test_letters_to_two_clients_exported_into_one_folder_lie_beside_each_other(desk):
    """12 people of Harbor and 8 of Birch, one form, one `--out`."""
    assert desk.night(MORNING, burst(), burst(people=8, what="welcome at Birch")).code == 0
    name = desk.listed()[0]["incident_id"]
    (folder,) = (desk.state / "incidents").iterdir()
    noted_and_filled(desk, name, folder, "Harbor")
    office.fill(folder / "human.toml", office.CLIENT, 'clients."Birch"')
    for organization in ("Harbor", "Birch"):
        exported(desk, name, organization)
    out = desk.folder / "out"
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == [
        f"clients/{who}/letter.{suffix}" for who in ("birch", "harbor") for suffix in ("docx", "eml", "html")
    ]
    for who, people in (("harbor", b"12 of your colleagues"), ("birch", b"8 of your colleagues")):
        assert people in (out / "clients" / who / "letter.html").read_bytes()


def test_the_person_at_one_client_is_named_in_no_letter_to_another(desk):
    assert desk.night(MORNING, burst(), burst(people=8, what="welcome at Birch")).code == 0
    name = desk.listed()[0]["incident_id"]
    (folder,) = (desk.state / "incidents").iterdir()
    noted_and_filled(desk, name, folder, "Harbor")
    office.fill(folder / "human.toml", {"contact": '"Dana Cole, Training Manager"'}, 'clients."Harbor"')
    told = {"contact": '"Lee Fern"', "salutation": '"Dear Mr Fern"', "meaning": '"Dana Cole had it worse."'}
    office.fill(folder / "human.toml", office.CLIENT | told, 'clients."Birch"')
    checked = desk.run("letter", "check", name, "--organization", "Birch", "--state", desk.state)
    assert "Another client or one of its people is named, Dana Cole." in checked.out + checked.err
    assert checked.code == 1


def test_what_one_client_was_promised_is_in_no_letter_to_another(desk):
    both = (burst(), burst(people=8, what="welcome at Birch"))
    assert desk.night(MORNING, *both).code == 0
    (row,) = desk.listed()
    name, due = row["incident_id"], ("--owner", "Sam", "--due", "2030-11-10")
    all_of_them = desk.say("promise", name, "We check every run", *due)
    assert "It is promised to all that were hit: " in all_of_them.err
    assert "promised to all" not in desk.say("promise", name, "We visit you", *due, "--organization", "Birch").err
    refused = desk.say("promise", name, "We visit you", *due, "--organization", "Brich")
    assert (refused.code, "names 'Brich', who was not hit" in refused.err) == (2, True)
    (folder,) = (desk.state / "incidents").iterdir()
    birch, harbor = ((folder / "clients" / who / "letter.md").read_text("utf-8") for who in ("birch", "harbor"))
    assert ("We visit you" in birch, "We check every run" in birch) == (True, True)
    assert ("We visit you" in harbor, "We check every run" in harbor) == (False, True)
    assert "promise 2 to Birch: We visit you" in desk.say("show", name).out
    assert "Birch: We visit you" in (folder / "brief.md").read_text(encoding="utf-8")


# --- none since -------------------------------------------------------------------------------------------------------


def test_nobody_is_told_none_since_while_another_incident_of_the_client_has_later_copies(desk):
    """Twelve people of Harbor until 18:27; the letter is approved. A week later eight others get the same mail."""
    name = opened(desk)
    (folder,) = (desk.state / "incidents").iterdir()
    noted_and_filled(desk, name, folder, "Harbor")
    here = ("--state", desk.state)
    assert desk.run("letter", "approve", name, *here).code == 0
    texts = {file: (folder / file).read_text(encoding="utf-8") for file in ("letter.md", "call.md", "note.md")}
    assert ", and none since." in texts["letter.md"]
    assert "; none since, in a log" in texts["call.md"]
    assert "our log has shown no further copy since" in texts["note.md"]

    again = desk.night(MORNING + WEEK, burst(BEGINS + WEEK, people=8, who="q"))
    (other,) = {row["incident_id"] for row in desk.listed("--all")} - {name}
    assert f"{name}: the letter to Harbor is no longer approved: copies since was not there and is {other}" in again.err
    texts = {file: (folder / file).read_text(encoding="utf-8") for file in texts}
    assert [file for file, text in texts.items() if "since" in text.replace("“none since”", "")] == []
    assert "Our log shows the last copy of this email to these people at" in texts["letter.md"]
    assert f"{other} has 72 extra copies to 8 people of theirs after this" in texts["letter.md"]  # 8 * 9
    assert f"after that, which we follow as {other}" in texts["call.md"]
    assert "Those copies have stopped." in texts["note.md"]

    mine = texts["letter.md"].replace("Our log shows the last copy of", "There were none since. Our log shows")
    (folder / "letter.md").write_text(mine, encoding="utf-8")
    told = desk.run("letter", "check", name, *here)
    assert told.code == 1
    assert f"“none since”: {other} has copies to this client after that. Write of this mail to these people" in told.out


# --- whole stories ----------------------------------------------------------------------------------------------------


def test_the_same_mail_again_in_any_file_changes_no_figure_and_no_word_of_a_person(desk):
    """The night three times more, with the same file, a renamed copy, and an export that repeats its last two hours."""
    name = opened(desk)
    (folder,) = (desk.state / "incidents").iterdir()
    mine = {
        "letter.md": (folder / "letter.md").read_bytes().replace(b"again and again", b"again, and again") + b"P.S.\r\n",
        "human.toml": (folder / "human.toml").read_bytes().replace(b'ticket = ""', b'ticket = "4711"  # mine'),
    }
    for file, content in mine.items():
        (folder / file).write_bytes(content)
    before = desk.listed()
    (log,) = desk.nights
    renamed, overlapping = desk.folder / "renamed.csv", desk.folder / "overlapping.csv"
    shutil.copy(log, renamed)
    head, *rows = log.read_text().splitlines(keepends=True)
    repeated = [row for row in rows if row >= (MORNING - 2 * HOUR).isoformat() or "@harbor." in row]
    assert sum("@harbor." in row for row in repeated) == 120  # 12 people, 10 copies each
    overlapping.write_text(head + "".join(repeated))
    for _ in range(3):
        again = desk.run(
            "nightly", log, renamed, overlapping, "--state", desk.state, "--as-of", MORNING.isoformat(), *desk.options
        )
        assert again.code == 0, again.err
    assert desk.listed() == before
    assert {file: (folder / file).read_bytes() for file in mine} == mine
    assert desk.alerts() == [f"{name}.OPENED.1"]


def test_what_came_on_two_sundays_is_told_as_one_shape_when_both_are_read_at_once(desk):
    """Eight copies to each of twelve people, and a week later to twelve others, in one night's log."""
    weeks = [burst(BEGINS + week * WEEK, copies=8, who=f"w{week}.") for week in range(2)]
    assert desk.night(BEGINS + WEEK + 8 * HOUR, *weeks).code == 0
    second, first = desk.listed("--all")
    assert [(row["recipients"], row["excess"]) for row in (first, second)] == [(12, 12 * 7)] * 2
    assert (first["recurs_from"], second["recurs_from"]) == ("", first["incident_id"])
    (folder,) = (desk.state / "incidents").glob(f"{second['incident_id']}-*")
    said = f"same shape as {first['incident_id']}, seven days earlier"
    assert said in (folder / "brief.md").read_text(encoding="utf-8")
    assert said in desk.say("show", second["incident_id"]).out


def faults_are_refused(desk: Desk, name: str, letter: Path) -> None:
    """Whatever is wrong is named, nothing is approved; the letter is as it was after that."""
    here = ("--state", desk.state)
    assert desk.run("letter", "check", name, *here).code == 0
    clean = letter.read_text(encoding="utf-8")
    for fault, reason in (
        ("[[FILL H6: what it meant]]", "Still open: H6: what it meant."),
        ("13 people lost an evening.", "“13 people” is no figure of today. Nearest: F4, 12."),
        ("Sorry for any inconvenience.", "“any inconvenience”: say what it meant for them"),
        ("We will check everything.", "A promise without owner and date: “We will check everything.”"),
    ):
        letter.write_text(clean.replace("Your team spent", f"{fault} Your team spent"), encoding="utf-8")
        refused = desk.run("letter", "approve", name, *here)
        assert (refused.code, reason in refused.err, "Nothing was approved." in refused.err) == (2, True, True), fault
    letter.write_text(clean, encoding="utf-8")


def the_vendor_can_use(pack: Path) -> None:
    """The question and the side stand in the first lines, each copy with its id, and a change of a byte is found."""
    verify = ["sha256sum", "-c", "--quiet", "MANIFEST.sha256"]
    first = (pack / "00-read-me-first.txt").read_text(encoding="utf-8").splitlines()[:5]
    assert (
        first[0] == "12 people were sent 108 extra copies of one mail, between 18:03 and 18:27 UTC on 27 October 2030."
    )
    assert "points to the side that makes the mail" in first[2]
    copies = list(csv.DictReader(io.StringIO((pack / "02-copies.csv").read_text(encoding="utf-8"))))
    assert len(copies) == len({copy["message_id"] for copy in copies}) == 120  # 12 people, 10 copies each
    assert subprocess.run(verify, cwd=pack, check=False).returncode == 0
    with (pack / "02-copies.csv").open("a") as file:
        file.write("x")
    assert subprocess.run(verify, cwd=pack, check=False, capture_output=True).returncode == 1


def test_from_the_letter_to_the_last_promise(desk):
    """Each fault is refused with its reason; what goes out is unsent and has no recipient; the vendor finds a copy by
    its id; a promise runs late; closing waits for it."""
    name, here = opened(desk), ("--state", desk.state)
    (folder,) = (desk.state / "incidents").iterdir()
    noted_and_filled(desk, name, folder, "Harbor")
    faults_are_refused(desk, name, folder / "letter.md")
    assert desk.say("told", name, "--channel", "voicemail").code == 0
    assert desk.run("letter", "approve", name, *here).code == 0
    assert desk.run("letter", "export", name, "--out", desk.folder / "out", *here).code == 0
    mail = email.message_from_bytes((desk.folder / "out" / "letter.eml").read_bytes(), policy=email.policy.default)
    assert (mail["X-Unsent"], mail["To"], mail["Message-ID"], mail["Date"]) == ("1", None, None, None)
    assert desk.say("sent", name, "--channel", "mail").code == 0

    the_vendor_can_use(folder / "vendor-pack")
    late = desk.night(datetime(2030, 11, 11, 8, tzinfo=UTC))  # due on the 10th
    assert late.err == f"detector: {name}: promise 1 was due on 2030-11-10 and is not kept.\n"
    assert [row["incident_id"] for row in desk.listed("--overdue")] == [name]
    refused = desk.say("close", name)
    assert "promise 1 (Sam, 2030-11-10) is not kept" in refused.err
    assert desk.say("promise", "kept", name, "1").code == 0
    next_word = desk.say("close", name)
    assert "promise 2 (Sam Example, 2030-11-12) is not kept" in next_word.err, "the letter says when they hear from us"
    assert desk.say("promise", "kept", name, "2").code == 0
    closed = desk.say("close", name)
    assert "**Before.** 12 people got 108 extra copies of one mail" in closed.out
    assert "| Time to stop | 24 min 11 s until the last extra copy; 25 min until" in closed.out  # 18:03 to 18:27, 18:28
    assert desk.listed() == []
