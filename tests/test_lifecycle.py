"""The life of an incident as pure functions: what may be noted, what the record then says, what a night adds to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import incident
from hypothesis import given
from hypothesis import strategies as st

from detector.case_record import MACHINE, CaseRecord, Contradiction, JournalEntry, Pattern, Verdict
from detector.errors import RefusedError
from detector.lifecycle import BY_PEOPLE, absorbing, replay
from detector.lifecycle_rules import check, obstacles
from detector.observations import Sighting, figures_of, observe, standing_problems
from detector.records import Incident
from detector.verdicts import covering, why_muted, why_not_muted

NIGHT = datetime(2026, 10, 28, 2, 0, tzinfo=UTC)
FIRST = incident().started_at  # 18:04:14 on 27 October
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HARBOR = "Harbor Freightways"
PATTERN = Pattern(("t:welcome",), (HARBOR,), 51, 69.0, 71, 104.0, 1.0)


def seen(
    state: str = "stopped", as_of: datetime = NIGHT, pattern: Pattern | None = PATTERN, **changes: Any
) -> Sighting:
    sighting = {n: changes.pop(n) for n in tuple(changes) if n in Sighting.__dataclass_fields__}
    ongoing = {"active": True, "blind": None}.get(state, False)
    found = incident(state=state, ongoing=ongoing, organizations=(HARBOR,), **changes)
    return Sighting(found, as_of, pattern, **sighting)


def after(record: CaseRecord, *sightings: Sighting) -> CaseRecord:
    for sighting in sightings:
        record = replay(record.incident_id, (*record.entries, *observe(record, sighting)))
    return record


def opened(state: str = "stopped", **changes: Any) -> CaseRecord:
    return after(CaseRecord("INC-7F3K"), seen(state, **changes))


def noted(record: CaseRecord, kind: str, at: datetime = NIGHT + HOUR, by: str = "ann", **fields: Any) -> CaseRecord:
    """What a person says, checked at the door."""
    entry = JournalEntry(kind, at, by, fields, at)
    check(record, entry, NIGHT + 30 * DAY)
    return replay(record.incident_id, (*record.entries, entry))


def kinds(record: CaseRecord) -> list[str]:
    return [entry.kind for entry in record.entries]


def dismissed(record: CaseRecord, **changes: Any) -> CaseRecord:
    values = figures_of(seen().incident, record.pattern)["pattern"]
    return noted(record, "dismissed", reason="they asked for it", pattern=values, **changes)


# --- what the machine notes --------------------------------------------------------------------------------------


def test_a_first_night_opens_the_incident_and_says_what_became_of_it():
    assert kinds(opened("active")) == ["opened"]
    assert kinds(opened("stopped")) == ["opened", "stopped"]
    assert kinds(opened("blind")) == ["opened", "blind"]
    record = opened("stopped")
    assert (record.work, record.signal, record.organizations) == ("new", "stopped", (HARBOR,))
    assert (record.figures["recipients"], record.figures["excess"], record.figures["started_at"]) == (51, 3_519, FIRST)
    assert record.pattern == PATTERN


@pytest.mark.parametrize("state", ["active", "quiet", "stopped", "withdrawn", "blind"])
def test_the_same_night_again_notes_nothing(state):
    record = opened(state)
    assert observe(record, seen(state)) == []
    assert observe(record, seen(state, as_of=NIGHT + DAY)) == []


def test_growth_is_noted_as_extended_and_less_as_revised():
    record = opened("active")
    more = after(record, seen("active", excess=4_000, ended_at=NIGHT))
    assert kinds(more) == ["opened", "extended"]
    assert more.figures["excess"] == 4_000
    assert kinds(after(more, seen("active", excess=3_000, ended_at=NIGHT))) == ["opened", "extended", "revised"]


def test_each_change_of_the_signal_is_noted_once():
    record = after(opened("active"), seen("quiet"), seen("quiet"), seen("stopped"), seen("stopped"))
    assert kinds(record) == ["opened", "quiet", "stopped"]


def test_more_copies_after_it_stopped_reopen_it_even_if_they_stopped_again_before_the_night():
    record = after(opened("stopped"), seen("stopped", excess=3_731, ended_at=NIGHT - HOUR))
    assert kinds(record) == ["opened", "stopped", "extended", "reopened", "stopped"]
    assert record.reopened_because == "212 more extra copies after it had stopped"  # 3,731 - 3,519


def test_a_stale_feed_is_noted_as_blind_while_nobody_has_seen_it_stop():
    for before in ("active", "quiet"):
        record = after(opened("active"), seen(before), seen("blind"))
        assert (record.signal, kinds(record)[-1]) == ("blind", "blind")
        assert kinds(after(record, seen("stopped")))[-2:] == ["blind", "stopped"]


def test_what_had_stopped_stays_so_when_the_feed_goes_stale_until_the_log_shows_otherwise():
    record = opened("stopped")
    assert observe(record, seen("blind")) == []
    assert observe(noted(record, "closed", reason="nobody to write to"), seen("blind")) == []
    late = after(record, seen("blind", excess=3_731, ended_at=NIGHT - HOUR))
    assert kinds(late) == ["opened", "stopped", "extended", "reopened", "blind"]


def test_what_lost_its_evidence_is_withdrawn_with_the_reason_and_its_figures():
    record = after(opened(), seen("withdrawn", pattern=None, withdrawn_because="it was meant"))
    assert (record.signal, record.withdrawn_because, record.figures["excess"]) == ("withdrawn", "it was meant", 3_519)
    assert not record.is_open
    assert kinds(after(record, seen("stopped")))[-2:] == ["reopened", "stopped"]


def test_a_withdrawn_incident_that_a_person_has_dealt_with_stays_open_and_is_said_every_night():
    record = after(noted(opened(), "acknowledged"), seen("withdrawn", pattern=None))
    assert record.is_open
    (line,) = standing_problems(record, NIGHT)
    assert "is withdrawn (the log no longer shows it), although it is acknowledged" in line
    assert standing_problems(noted(record, "closed", NIGHT + 2 * HOUR), NIGHT) == ()


# --- people --------------------------------------------------------------------------------------------------------


def test_the_whole_way_from_new_to_closed():
    record = opened()
    steps = [record.work]
    for kind, fields in (
        ("acknowledged", {}),
        ("contained", {"how": "took the job out of cron"}),
        ("client told", {"organization": HARBOR, "channel": "phone"}),
        ("letter approved", {"organization": HARBOR, "text_sha256": "a", "facts_sha256": "b"}),
        ("letter sent", {"organization": HARBOR}),
        ("promised", {"number": 1, "text": "the cause in writing", "owner": "Sam", "due": "2026-11-15"}),
        ("kept", {"number": 1}),
        ("closed", {}),
    ):
        record = noted(record, kind, **fields)
        steps.append(record.work)
    assert steps == [
        "new", "acknowledged", "contained", "client told", "letter approved", "letter sent", "following up",
        "following up", "closed",
    ]  # fmt: skip
    assert not record.is_open


def test_a_step_counts_when_it_is_done_for_every_client_that_was_hit():
    two = replace(seen().incident, organizations=(HARBOR, "Larkspur School"))
    record = after(CaseRecord("INC-7F3K"), replace(seen(), incident=two))
    record = noted(record, "client told", organization=HARBOR, channel="phone")
    assert record.work == "acknowledged"
    record = noted(record, "client told", organization="Larkspur School", channel="phone")
    assert record.work == "client told"


def test_a_client_that_is_hit_later_has_not_been_told():
    record = noted(opened(), "client told", organization=HARBOR, channel="phone")
    wider = replace(seen().incident, organizations=(HARBOR, "Larkspur School"))
    assert after(record, replace(seen(), incident=wider)).work == "acknowledged"


def test_a_revoked_approval_is_none():
    record = noted(opened(), "letter approved", organization=HARBOR)
    revoked = JournalEntry(
        "letter revoked", NIGHT + 2 * HOUR, MACHINE, {"organization": HARBOR, "because": "F7 was 3,519"}
    )
    record = replay(record.incident_id, (*record.entries, revoked))
    assert (record.work, record.approved) == ("acknowledged", ())
    with pytest.raises(
        RefusedError, match=r"too late: the approval was taken back at .* UTC, for F7 was 3,519\. Have it"
    ):
        noted(record, "letter sent", NIGHT + 3 * HOUR, organization=HARBOR)


@pytest.mark.parametrize(
    ("kind", "at", "fields", "why"),
    [
        ("acknowledged", NIGHT + 31 * DAY, {}, "in the future: it is 2026-11-27 02:00:00 UTC"),
        ("contained", FIRST - MINUTE, {"how": "x"}, "before the first extra copy, 2026-10-27 18:04:14 UTC"),
        ("contained", NIGHT, {"how": " "}, "does not say what stopped it. Say it with --how"),
        (
            "client told",
            NIGHT,
            {"organization": "Acme", "channel": "phone"},
            "'Acme', who was not hit. Hit were: Harbor",
        ),
        ("client told", NIGHT, {"organization": "", "channel": "phone"}, "names no client"),
        ("client told", NIGHT, {"organization": HARBOR, "channel": ""}, "does not say how. Say it with --channel"),
        ("letter sent", NIGHT, {"organization": HARBOR}, "before anybody approved the letter to Harbor"),
        ("promised", NIGHT, {"number": 1, "text": "x", "owner": "", "due": "2026-11-01"}, "who sees to it"),
        (
            "promised",
            NIGHT,
            {"number": 1, "text": "x", "owner": "Sam", "due": "2026-10-27"},
            "due on 2026-10-27, before",
        ),
        ("kept", NIGHT, {"number": 1}, "promise 1, which nobody made. There is none yet"),
        ("closed", NIGHT, {}, "too early: no letter was sent to Harbor Freightways"),
        ("dismissed", NIGHT, {"reason": ""}, "gives no reason"),
        ("taken up again", NIGHT, {"reason": "x"}, "is needless: the incident is new"),
    ],
)
def test_what_cannot_be_so_is_refused_with_what_when_and_what_to_do(kind, at, fields, why):
    with pytest.raises(RefusedError) as refusal:
        noted(opened(), kind, at, **fields)
    assert why in str(refusal.value)
    assert str(refusal.value).startswith(f"INC-7F3K: {kind!r} at {at:%Y-%m-%d %H:%M:%S} UTC ")
    assert str(refusal.value).endswith("Nothing was noted.")


def test_a_time_without_seconds_means_that_minute():
    """The first extra copy was at 18:04:14; who says 18:04 is not wrong."""
    assert noted(opened(), "contained", FIRST.replace(second=0, microsecond=0), how="x").work == "contained"


@pytest.mark.parametrize("by", ["", "  ", MACHINE])
def test_somebody_must_say_it_and_it_is_not_the_machine(by):
    with pytest.raises(RefusedError, match="--by"):
        noted(opened(), "acknowledged", by=by)


def test_a_letter_cannot_be_sent_before_it_was_approved():
    record = noted(opened(), "letter approved", NIGHT + 2 * HOUR, organization=HARBOR)
    with pytest.raises(RefusedError, match="lies before 2026-10-28 04:00:00 UTC, when ann approved the letter"):
        noted(record, "letter sent", NIGHT + HOUR, organization=HARBOR)


def test_a_second_containment_does_not_lie_before_the_first():
    record = noted(opened(), "contained", how="x")
    with pytest.raises(RefusedError, match="when ann contained it"):
        noted(record, "contained", NIGHT, how="y")
    assert noted(record, "contained", NIGHT + 2 * HOUR, how="y").contained_how == "y"


def test_what_is_closed_takes_nothing_more_until_it_is_taken_up_again():
    record = noted(opened(), "closed", reason="client left")
    with pytest.raises(RefusedError, match="comes too late: the incident is closed"):
        noted(record, "contained", NIGHT + 2 * HOUR, how="x")
    record = noted(record, "taken up again", NIGHT + 2 * HOUR, reason="they called")
    assert record.work == "acknowledged"
    assert noted(record, "contained", NIGHT + 3 * HOUR, how="x").work == "contained"


def test_closing_names_everything_that_is_open():
    record = noted(opened("active"), "promised", number=1, text="the cause", owner="Sam", due="2026-11-15")
    assert obstacles(record) == (
        "the log does not say that it stopped but that it is active",
        "no letter was sent to Harbor Freightways, and nobody told them",
        "promise 1 (Sam, 2026-11-15) is not kept",
    )
    assert noted(record, "closed", reason="handed over").closed_reason == "handed over"


def test_a_promise_is_overdue_on_the_day_after_it_was_due():
    record = noted(opened(), "promised", number=1, text="the cause", owner="Sam", due="2026-11-15")
    assert record.overdue(datetime(2026, 11, 15, 23, 59, tzinfo=UTC)) == ()
    late = datetime(2026, 11, 16, 0, 0, tzinfo=UTC)
    assert [promise.number for promise in record.overdue(late)] == [1]
    assert standing_problems(record, late) == ("INC-7F3K: promise 1 was due on 2026-11-15 and is not kept.",)
    assert standing_problems(noted(record, "kept", number=1), late) == ()


# --- claims that the log contradicts -------------------------------------------------------------------------------


def test_a_containment_that_the_log_contradicts_is_said_until_somebody_contains_it_again():
    """Said to be contained at 14:10; the log has 212 more, the first at 14:11:30."""
    at = datetime(2026, 10, 28, 14, 10, tzinfo=UTC)
    record = noted(opened("active"), "contained", at, how="restarted it")
    more = Contradiction(at + timedelta(seconds=90), 212, 48)
    record = after(record, seen("active", contradiction=more))
    assert record.contradicted_by == more
    assert standing_problems(record, NIGHT) == (
        "INC-7F3K: ann said that it was contained at 2026-10-28 14:10:00 UTC, but the log has 212 extra copies to 48 "
        "people after that, the first at 2026-10-28 14:11:30 UTC. It is not contained.",
    )
    assert observe(record, seen("active", contradiction=more)) == []
    again = noted(record, "contained", at + HOUR, how="took it out of cron")
    assert standing_problems(again, NIGHT) == ()


def test_a_contradiction_that_later_figures_take_back_is_taken_back():
    record = noted(opened("active"), "contained", how="x")
    record = after(record, seen("active", contradiction=Contradiction(NIGHT + DAY, 1, 1)), seen("active"))
    assert record.contradicted_by is None
    assert kinds(record)[-2:] == ["contradicted", "contradicted"]


# --- merges --------------------------------------------------------------------------------------------------------


def test_what_people_noted_of_an_absorbed_incident_goes_on_with_the_one_that_is_kept():
    young = replay("INC-33BB", opened().entries)
    young = noted(young, "contained", how="x")
    young = noted(young, "promised", number=1, text="the cause", owner="Sam", due="2026-11-15")
    young = noted(young, "promised", number=2, text="a call", owner="Kim", due="2026-11-16")
    young = noted(young, "kept", number=2)
    old = noted(opened(), "promised", number=1, text="a list", owner="Ann", due="2026-11-10")
    kept = after(old, seen(absorbed=(young,)))
    assert kept.aliases == ("INC-33BB",)
    assert (kept.work, kept.contained_by) == ("contained", "ann")
    assert [(p.number, p.text, p.kept_at is not None) for p in kept.promises] == [
        (1, "a list", False), (2, "the cause", False), (3, "a call", True),
    ]  # fmt: skip
    assert observe(kept, seen(absorbed=(young,))) == []


def test_what_the_letter_of_an_absorbed_incident_promised_keeps_its_place_behind_the_promises_of_the_older():
    """One promise of the older; of the younger one the cause, in its letter, and the next word that it names."""
    young = noted(opened(), "promised", number=1, text="the cause", owner="Sam", due="2026-11-15")
    words = {"H1": "a loop", "promise 1": "the cause (Sam, 15 November 2026)"}
    young = noted(young, "letter approved", organization=HARBOR, words=words)
    young = noted(young, "letter sent", organization=HARBOR, next_on="2026-11-20", next_by="Kim")
    old = noted(opened(), "promised", number=1, text="a list", owner="Ann", due="2026-11-10")
    kept = after(old, seen(absorbed=(replace(young, incident_id="INC-33BB"),)))
    assert [(p.number, p.text, p.owner, p.due.day) for p in kept.promises] == [
        (1, "a list", "Ann", 10), (2, "the cause", "Sam", 15), (3, f"Write to {HARBOR} how it went", "Kim", 20),
    ]  # fmt: skip
    assert kept.sent[0].fields["words"] == {"H1": "a loop", "promise 2": "the cause (Sam, 15 November 2026)"}


def test_an_absorbed_incident_says_of_which_it_is_a_part_and_is_no_longer_open():
    record = after(noted(opened(), "acknowledged"), seen("withdrawn", merged_into="INC-22AA"))
    assert (record.merged_into, record.is_open, record.signal) == ("INC-22AA", False, "withdrawn")
    assert observe(record, seen("withdrawn", merged_into="INC-22AA")) == []
    assert observe(record, seen("withdrawn")) == []
    assert standing_problems(record, NIGHT) == ()


def test_aliases_are_handed_on_when_the_kept_one_is_absorbed_itself():
    middle = after(opened(), seen(absorbed=(CaseRecord("INC-33BB"),)))
    oldest = after(CaseRecord("INC-22AA"), replace(seen(), incident=replace(seen().incident, incident_id="INC-22AA")))
    entry = absorbing(middle, NIGHT, MACHINE)
    assert replay("INC-22AA", (*oldest.entries, entry)).aliases == ("INC-7F3K", "INC-33BB")


# --- verdicts --------------------------------------------------------------------------------------------------------

VERDICT = Verdict("INC-2222", NIGHT, "ann", "they asked for it", PATTERN)


@pytest.mark.parametrize(
    ("changes", "beyond"),
    [
        ({}, ""),
        ({"recipients": 152}, ""),  # three times 51 are 153
        ({"recipients": 153}, "153 people instead of 51"),
        ({"extra_median": 206.0}, ""),  # three times 69 are 207
        ({"extra_median": 207.0}, "207 extra copies for a typical person instead of 69"),
        ({"extra_max": 213}, "213 extra copies for one person instead of 71"),
        ({"recipients": 3, "extra_median": 1.0}, ""),
        ({"gap_seconds": 300.0}, ""),  # (300 + 60) / (104 + 60) are 2.2
        ({"gap_seconds": 500.0}, "copies every 500 s instead of every 104 s"),  # 560 / 164 are 3.4
        ({"organizations": ("Acme",)}, "it hits Acme as well"),
        ({"organizations": ()}, ""),
        ({"template_keys": ("t:welcome", "t:invoice")}, "another template is part of it"),
    ],
)
def test_a_verdict_mutes_its_pattern_and_not_what_is_far_beyond(changes, beyond):
    pattern = replace(PATTERN, **changes)
    assert (covering(pattern, [VERDICT]) is None) == bool(beyond)
    expected = f"far beyond INC-2222, which was dismissed: {beyond}" if beyond else ""
    assert why_not_muted(pattern, [VERDICT]) == expected


def test_another_template_has_nothing_to_do_with_a_verdict():
    other = replace(PATTERN, template_keys=("t:invoice",))
    assert covering(other, [VERDICT]) is None
    assert why_not_muted(other, [VERDICT]) == ""


def test_what_was_dismissed_at_three_clients_is_a_habit_of_the_template_and_not_of_a_client():
    three = replace(PATTERN, organizations=("A", "B", "C"))
    assert covering(replace(PATTERN, organizations=("D",)), [replace(VERDICT, pattern=three)])
    two = replace(PATTERN, organizations=("A", "B"))
    assert not covering(replace(PATTERN, organizations=("D",)), [replace(VERDICT, pattern=two)])


def test_a_share_of_the_people_three_times_as_large_is_another_thing():
    few = replace(VERDICT, pattern=replace(PATTERN, share=0.1))
    assert covering(replace(PATTERN, share=0.29), [few])
    assert not covering(replace(PATTERN, share=0.31), [few])


def test_a_muted_incident_says_whose_verdict_it_was_and_is_not_open():
    record = opened(verdicts=(VERDICT,), severity="info")
    assert record.muted_by == "INC-2222"
    assert record.muted_because == why_muted(VERDICT)
    assert why_muted(VERDICT) == "ann dismissed INC-2222 of the same pattern on 2026-10-28: they asked for it"
    assert not record.is_open
    assert observe(record, seen(verdicts=(VERDICT,), severity="info")) == []


def test_a_muted_incident_that_grows_far_beyond_the_verdict_is_open_and_says_why():
    record = after(opened(verdicts=(VERDICT,)), seen(verdicts=(VERDICT,), pattern=replace(PATTERN, recipients=153)))
    assert (record.muted_by, record.is_open) == ("", True)
    assert record.alarms_because == "far beyond INC-2222, which was dismissed: 153 people instead of 51"


def test_a_muted_incident_is_open_again_if_the_verdict_is_taken_back():
    record = after(opened(verdicts=(VERDICT,)), seen())
    assert (record.muted_by, record.alarms_because) == ("", "the verdict was taken back")
    assert observe(record, seen()) == []


def test_a_habit_cannot_creep_past_three_times_by_growing_each_week():
    """Each week 1.5 times the last one: 51, 76, 114, 171; the fourth is beyond what a person looked at."""
    muted = [covering(replace(PATTERN, recipients=n), [VERDICT]) is not None for n in (51, 76, 114, 171)]
    assert muted == [True, True, True, False]


def test_a_dismissed_incident_that_goes_on_within_its_pattern_stays_dismissed():
    record = dismissed(opened("active"))
    more = seen("active", excess=3_600, ended_at=NIGHT, pattern=replace(PATTERN, recipients=60))
    assert after(record, more, seen("stopped", excess=3_600, ended_at=NIGHT)).work == "dismissed"


def test_a_dismissed_incident_that_goes_far_beyond_its_pattern_is_new_business_and_announced_again():
    record = dismissed(opened("active"))
    more = seen("active", excess=11_000, recipients=153, ended_at=NIGHT, pattern=replace(PATTERN, recipients=153))
    again = after(record, more)
    assert (again.work, again.verdict) == ("acknowledged", None)
    assert again.reopened_because == "it went far beyond what ann dismissed: 153 people instead of 51"


def test_a_closed_incident_that_goes_on_is_open_again_and_announced_again():
    record = noted(opened(), "closed", reason="client left")
    more = seen("active", excess=3_731, ended_at=NIGHT + 5 * HOUR)
    again = after(record, more)
    assert again.is_open
    (line,) = standing_problems(again, NIGHT)
    assert line == (
        "INC-7F3K: is open again: 212 more extra copies after it had stopped, although ann closed it on 2026-10-28."
    )
    assert standing_problems(noted(again, "acknowledged", NIGHT + 6 * HOUR), NIGHT) == ()


# --- recurrences -----------------------------------------------------------------------------------------------------


def later(name: str, days: int, **changes: Any) -> tuple[Incident, Pattern]:
    moved = {
        n: getattr(seen().incident, n) + days * DAY for n in ("started_at", "ended_at", "detected_at", "first_sent_at")
    }
    return replace(seen().incident, incident_id=name, **moved), replace(PATTERN, **changes)


def test_a_recurrence_is_linked_to_the_last_one_of_its_shape():
    first = opened()
    week, pattern = later("INC-33BB", 7, recipients=30)
    second = after(CaseRecord("INC-33BB"), replace(seen(), incident=week, pattern=pattern, others=(first,)))
    assert (second.recurs_from, second.recurs_after_days) == ("INC-7F3K", 7)
    fortnight, _ = later("INC-44CC", 14)
    third = after(CaseRecord("INC-44CC"), replace(seen(), incident=fortnight, others=(first, second)))
    assert (third.recurs_from, third.recurs_after_days) == ("INC-33BB", 7)


@pytest.mark.parametrize(
    "changes", [{"extra_median": 8.0}, {"template_keys": ("t:invoice",)}, {"gap_seconds": 86_400.0}]
)
def test_another_shape_is_no_recurrence(changes):
    week, pattern = later("INC-33BB", 7, **changes)
    record = after(CaseRecord("INC-33BB"), replace(seen(), incident=week, pattern=pattern, others=(opened(),)))
    assert record.recurs_from == ""


def test_what_is_still_going_has_no_shape_yet():
    week, _ = later("INC-33BB", 7)
    sighting = replace(seen(), incident=replace(week, state="active"), others=(opened(),))
    assert after(CaseRecord("INC-33BB"), sighting).recurs_from == ""


# --- any sequence ----------------------------------------------------------------------------------------------------

a_word = st.builds(
    lambda kind, minutes, number, days: JournalEntry(
        kind,
        FIRST - 10 * MINUTE + minutes * MINUTE,
        "ann",
        {
            "how": "x", "organization": HARBOR, "channel": "phone", "text": "x", "owner": "Sam", "number": number,
            "due": (FIRST + days * DAY).date().isoformat(), "until": FIRST.isoformat(),
            "reason": "x" if number % 2 else "", "pattern": figures_of(seen().incident, PATTERN)["pattern"],
        },
    ),
    st.sampled_from(sorted(BY_PEOPLE)),
    st.integers(0, 600),
    st.integers(1, 4),
    st.integers(-1, 5),
)  # fmt: skip
a_night = st.builds(
    lambda state, hours, excess: seen(state, FIRST + hours * HOUR, excess=excess, ended_at=FIRST + hours * HOUR),
    st.sampled_from(["active", "quiet", "stopped", "withdrawn", "blind"]),
    st.integers(1, 100),
    st.integers(3_519, 3_525),
)


@given(st.lists(st.one_of(a_word, a_word, a_night), max_size=25))
def test_whatever_was_accepted_is_in_order(words):
    """No step before what it rests on, none in the future or before the first extra copy, no promise kept twice."""
    now, record = FIRST + 9 * HOUR, opened("active")
    for word in words:
        if isinstance(word, Sighting):
            record = after(record, word)
            assert observe(record, word) == []
            continue
        entry = (
            replace(word, fields={**word.fields, "number": len(record.promises) + 1})
            if word.kind == "promised"
            else word
        )
        try:
            check(record, entry, now)
        except RefusedError:
            continue
        was = record
        record = replay(record.incident_id, (*record.entries, entry))
        assert FIRST - MINUTE <= entry.at <= now
        assert entry.kind == "taken up again" or was.work not in {"closed", "dismissed"}
        if entry.kind == "letter sent":
            assert [step for step in was.approved if step.at < entry.at + MINUTE]
        if entry.kind == "closed" and not entry.fields["reason"]:
            assert not any(promise.is_open for promise in record.promises)
            assert (record.sent and record.signal in {"stopped", "withdrawn"}) or record.signal == "withdrawn"
    for promise in record.promises:
        assert promise.kept_at is None or promise.kept_at > promise.made_at - MINUTE
    assert [promise.number for promise in record.promises] == list(range(1, len(record.promises) + 1))
    assert record == replay(record.incident_id, record.entries)
    if record.work in {"contained", "client told", "letter approved", "letter sent"}:
        assert record.acknowledged_at is not None
