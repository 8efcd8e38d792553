"""What is news to a channel, and what is not: the planner alone, on incidents and records made by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from builders import incident

from detector.case_record import CaseRecord, Contradiction, JournalEntry, Pattern, Verdict
from detector.incidents import Feed
from detector.notice_record import FEED, Notice, Told
from detector.notices import Memory, Standing, plan, saying

ENDED = datetime(2026, 10, 27, 20, 2, tzinfo=UTC)
TONIGHT = datetime(2026, 10, 28, 2, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ID = "INC-7F3K"


def feed(as_of: datetime = TONIGHT, behind: timedelta = timedelta(minutes=5)) -> Feed:
    return Feed(as_of - behind, as_of, timedelta(hours=26))


def standing(record: CaseRecord | None = None, **changes: Any) -> Standing:
    changed = incident(ended_at=ENDED, **{"state": "active", "ongoing": True, **changes})
    return Standing(changed, record or CaseRecord(changed.incident_id))


def told(what: Standing, channel: str = "smtp", at: datetime = TONIGHT - DAY, **changes: Any) -> dict[str, Told]:
    """What a channel was told when things stood like this."""
    said = saying(what, channel, {"opened"}, feed(at))
    known = Told(**{**said, "clients": tuple(said["clients"]), "at": at, **changes})
    return {what.incident.incident_id: known}


def keys(
    *standings: Standing,
    knows: dict[str, Told] | None = None,
    channel: str = "smtp",
    at: Feed | None = None,
    **rest: Any,
) -> list[str]:
    memory = Memory(lambda name, subject: (knows or {}).get(subject) if name == channel else None, **rest)
    return [notice.notice_key for notice in plan(standings, (channel,), memory, at or feed())]


def back(why: str = "more", *, was_over: bool = False, times: int = 1) -> CaseRecord:
    entry = JournalEntry("reopened", TONIGHT, "detector", {"why": why, "was_over": was_over})
    return CaseRecord(ID, entries=(entry,) * times)


def test_each_channel_is_told_of_each_incident_the_gravest_first_once():
    small = standing(incident_id="INC-AAAA", severity="minor", excess=8)
    grave = standing(incident_id="INC-ZZZZ", severity="grave", excess=9_000)
    memory = Memory(lambda channel, subject: None)
    found = plan((small, grave), ("folder", "smtp"), memory, feed())
    assert found == [
        Notice("INC-ZZZZ.opened.1", "INC-ZZZZ", "opened", "folder"),
        Notice("INC-AAAA.opened.1", "INC-AAAA", "opened", "folder"),
        Notice("INC-ZZZZ.opened.1", "INC-ZZZZ", "opened", "smtp"),
        Notice("INC-AAAA.opened.1", "INC-AAAA", "opened", "smtp"),
    ]
    assert keys(small, grave, knows=told(small) | told(grave, at=TONIGHT)) == ["INC-AAAA.ongoing.2026-10-28"]


def test_what_is_muted_withdrawn_merged_dismissed_or_closed_is_not_opened():
    verdict = Verdict(ID, TONIGHT, "ann", "habit", Pattern((), (), 51, 69.0, 71, 104.0))
    records = (CaseRecord(ID, merged_into="INC-9"), CaseRecord(ID, verdict=verdict), CaseRecord(ID, closed_at=TONIGHT))
    assert [keys(standing(record)) for record in records] == [[], [], []]
    assert keys(standing(severity="info")) == keys(standing(state="withdrawn")) == []


def test_that_it_goes_on_is_said_once_a_day_in_a_log_that_goes_on_until_somebody_has_it():
    known = told(standing())
    assert keys(standing(), knows=known) == [f"{ID}.ongoing.2026-10-28"]
    assert keys(standing(), knows=told(standing(), at=TONIGHT - 19 * HOUR)) == []
    assert keys(standing(), knows=known, at=Feed(TONIGHT - DAY - HOUR, TONIGHT, 26 * HOUR)) == []
    assert keys(standing(CaseRecord(ID, acknowledged_at=TONIGHT)), knows=known) == []
    assert keys(standing(state="quiet"), knows=known) == []


def test_growth_is_told_when_a_level_a_doubling_or_a_client_is_new_even_to_who_has_it():
    """51 people, 3,519 copies were told: 102 people or 7,038 copies are twice that, one less is not."""
    known, taken = told(standing(), at=TONIGHT - HOUR), CaseRecord(ID, acknowledged_at=TONIGHT)
    assert keys(standing(taken, excess=7_038), knows=known) == [f"{ID}.escalated.7038"]
    assert keys(standing(taken, excess=7_037, recipients=101), knows=known) == []
    assert keys(standing(taken, recipients=102), knows=known) == [f"{ID}.escalated.3519"]
    both = ("Harbor Freightways", "Birchwood Clinics")
    assert keys(standing(taken, organizations=both), knows=known) == [f"{ID}.escalated.3519"]
    lower = {ID: replace(known[ID], severity="serious")}
    assert keys(standing(taken), knows=lower) == [f"{ID}.escalated.3519"]


def test_every_end_is_told_once_silence_or_not_and_only_to_who_was_told_of_the_beginning():
    silenced = CaseRecord(ID, silenced_until=TONIGHT + DAY)
    ended = standing(silenced, state="stopped", ongoing=False)
    assert keys(ended, knows=told(standing())) == [f"{ID}.stopped.1"]
    assert keys(ended, knows=told(ended)) == []
    assert keys(ended) == [], "it began and ended in silence"
    gone = standing(state="withdrawn", ongoing=False)
    assert keys(gone, knows=told(standing())) == [f"{ID}.withdrawn.1"]
    assert keys(standing(CaseRecord(ID, merged_into="INC-9")), knows=told(standing())) == [f"{ID}.merged.1"]


def test_silence_holds_back_all_but_endings_and_contradictions():
    silenced = CaseRecord(ID, silenced_until=TONIGHT + DAY)
    assert keys(standing(silenced)) == []
    assert keys(standing(silenced, excess=99_999), knows=told(standing())) == []
    over = CaseRecord(ID, silenced_until=TONIGHT)
    assert keys(standing(over, excess=99_999), knows=told(standing())) == [f"{ID}.escalated.99999"]


def test_a_contradiction_is_told_once_for_each_containment():
    def contained(times: int) -> Standing:
        entries = (JournalEntry("contained", ENDED, "ann", {"how": "x"}),) * times
        since = Contradiction(ENDED, 212, 8)
        return standing(
            CaseRecord(ID, contained_at=ENDED, contradicted_by=since, entries=entries, silenced_until=TONIGHT + DAY)
        )

    assert keys(contained(1), knows=told(standing())) == [f"{ID}.contradiction.1"]
    assert keys(contained(1), knows=told(contained(1))) == []
    assert keys(contained(2), knows=told(contained(1))) == [f"{ID}.contradiction.2"]


def test_a_return_is_told_once_and_a_few_late_rows_of_what_is_over_are_none():
    over = told(standing(state="stopped", ongoing=False))
    assert keys(standing(back()), knows=over) == [f"{ID}.reopened.1"]
    assert keys(standing(back(), state="stopped", ongoing=False), knows=over) == [], "late rows, 3,519 as before"
    assert keys(standing(back(was_over=True), state="stopped", ongoing=False), knows=over) == [f"{ID}.reopened.1"]
    again = told(standing(back(), state="stopped", ongoing=False))
    assert keys(standing(back()), knows=again) == []
    assert keys(standing(back(times=2)), knows=again) == [f"{ID}.reopened.2"]
    assert keys(standing(back(), state="stopped", ongoing=False), knows=told(standing(back()))) == [f"{ID}.stopped.2"]


def test_old_logs_give_one_summary_and_only_what_is_fresh_alerts():
    """49 hours are the past, 47 are not; one old affair alone is told as such."""
    old = [standing(incident_id=f"INC-{n}", state="stopped", ongoing=False) for n in (1, 2)]
    fresh = standing(incident_id="INC-3")
    late = feed(ENDED + 49 * HOUR)
    assert keys(*old, fresh, at=late) == ["INC-1.summary.1", "INC-2.summary.1", "INC-3.opened.1"]
    assert keys(*old, at=feed(ENDED + 47 * HOUR)) == ["INC-1.opened.1", "INC-2.opened.1"]
    assert keys(old[0], fresh, at=late) == ["INC-1.opened.1", "INC-3.opened.1"]
    assert keys(*old, fresh, at=late, channel="pagerduty") == ["INC-3.opened.1"], "nobody is woken for the past"


def test_a_channel_that_came_later_hears_of_what_is_open_in_one_summary():
    planned = {("INC-1", "folder"), ("INC-2", "folder"), ("INC-3", "folder")}
    live = [standing(incident_id="INC-1"), standing(incident_id="INC-2", state="stopped", ongoing=False)]
    done = standing(CaseRecord("INC-3", closed_at=TONIGHT), incident_id="INC-3")
    assert keys(*live, done, planned=planned) == ["INC-1.summary.1", "INC-2.summary.1"]
    assert keys(*live, done, planned=planned, channel="pagerduty") == ["INC-1.opened.1"]
    was_down = planned | {("INC-1", "smtp"), ("INC-2", "smtp")}
    assert keys(*live, done, planned=was_down) == ["INC-1.opened.1", "INC-2.opened.1"]


def test_a_gap_in_the_logs_is_told_once_and_its_end_once():
    stale, blind = feed(behind=27 * HOUR), {FEED: Told("blind", TONIGHT, through="2026-10-26T23:00:00+00:00")}
    assert keys(at=stale, had_sight=True) == ["feed.blind.20261026-2300"]
    assert keys(at=stale) == [], "the first log ever read may be old"
    assert keys(at=stale, had_sight=True, knows=blind) == []
    assert keys(had_sight=True, knows=blind) == ["feed.sight.20261026-2300"]
    assert keys(had_sight=True, knows={FEED: Told("sight", TONIGHT)}) == []
    lost = standing(state="blind", ongoing=None)
    assert keys(lost, at=stale, knows=told(standing()) | blind) == [], "nothing is called stopped in the dark"


def test_a_pager_hears_that_somebody_has_it_and_is_silenced_by_the_next_run():
    taken = standing(CaseRecord(ID, acknowledged_at=TONIGHT))
    assert keys(taken, knows=told(standing(), "pagerduty"), channel="pagerduty") == [f"{ID}.acknowledged.1"]
    ended = standing(state="stopped", ongoing=False)
    rung = told(ended, "pagerduty")
    assert rung[ID].state == "active", "what rings for something over must still be silenced"
    assert keys(ended, knows=rung, channel="pagerduty") == [f"{ID}.stopped.1"]
