"""Scenarios drawn from the seed: one fault or one look-alike by itself, and whole months with many of them.

    <cause>        a month of the small academy with one fault of that cause, such as `accumulating-list`
    <look-alike>   a month of plain mail with one look-alike, such as `one-time-codes`
    small          a month of the small academy, 5 faults of different causes, one re-sent announcement
    standard       60 days of an academy of 4,500 people, 12 faults of different causes amid every look-alike
    clean-5000     a month of 5,000 people with every look-alike and no fault
    clean-50000    the same of 50,000 people

A suite is a set of them for each seed; see `SUITES`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from random import Random

from detector.simulate import clockwork, faults
from detector.simulate.bursts import Burst
from detector.simulate.habits import Cohort, Volume, certificates, course_starts, enrollments, receipts
from detector.simulate.lookalikes import LOOK_ALIKES
from detector.simulate.messages import DAY, HOUR, at_ms, iso
from detector.simulate.scenarios import BIG, MONTH_ENDS_AT, MONTH_STARTS_AT, SMALL, Planned, Scenario

FAULTS: Mapping[str, Burst] = {
    "smtp-ambiguity": faults.smtp_ambiguity,
    "clock-change": faults.clock_change,
    "replicated-scheduler": faults.replicated_scheduler,
    "double-registration": faults.double_registration,
    "per-subscription-loop": faults.per_subscription_loop,
    "accumulating-list": faults.accumulating_list,
    "whole-group-loop": faults.whole_group_loop,
    "restart-from-top": faults.restart_from_top,
    "redelivery-timer": clockwork.redelivery_timer,
    "status-not-saved": clockwork.status_not_saved,
    "retry-backoff": faults.retry_backoff,
    "overlapping-runs": faults.overlapping_runs,
    "scheduled-repeat": clockwork.scheduled_repeat,
    "backfill-replay": faults.backfill_replay,
    "mail-loop": faults.mail_loop,
    "double-submit": faults.double_submit,
    "single-recipient-flood": faults.single_recipient_flood,
}
"""Cause slug -> the fault; `unknown` has none."""
RESEND = "deliberate-resend"
CLOCK_CHANGE_AT = "2026-10-25T00:00:00Z"
"""When the clock goes back in Europe."""
STANDARD_STARTS_AT, STANDARD_ENDS_AT = "2026-09-02T00:00:00Z", "2026-11-01T00:00:00Z"

PLAIN_HABITS = (enrollments, receipts, certificates, course_starts)
MIDDLE = replace(
    SMALL, clients=42, private_people=500, enrollments_per_day=50, many_courses_per_day=4, sign_ins_per_day=130,
    resets_per_day=22, receipts_per_day=40, certificates_per_day=35, starters_per_day=45, enquiries_per_day=15,
    digest_readers=130, reminded_people=280, news_readers=260, forum_groups=9, posts_per_day=5,
)  # fmt: skip
OF_5000 = replace(MIDDLE, clients=45, private_people=700)
OF_50000 = replace(BIG, clients=300, private_people=19_000)


def one_fault(cause: str, seed: int) -> Scenario:
    """A month of the small academy with one fault of this cause, at any time but the first days."""
    rng = Random(f"{seed}/{cause}/when")
    return Scenario(f"a month with one fault: {cause}", _drawn(SMALL, rng), (_planned(cause, rng, _month(), 9),))


def one_look_alike(name: str, seed: int) -> Scenario:
    """A month of mail that looks like nothing, with one look-alike."""
    plain = Scenario(f"a month of plain mail with one look-alike: {name}", _drawn(SMALL, Random(seed)), ())
    if name == RESEND:
        return replace(plain, habits=PLAIN_HABITS, bursts=(_planned(name, Random(f"{seed}/{name}/when"), _month(), 9),))
    return replace(plain, habits=PLAIN_HABITS, look_alikes=((name, LOOK_ALIKES[name]),))


def small(seed: int) -> Scenario:
    """Five faults in a month."""
    rng = Random(f"{seed}/small/when")
    bursts = _many(rng, 5, _month())
    return Scenario("a month of a small academy with 5 faults", _drawn(SMALL, rng), bursts, draw="small/")


def standard(seed: int) -> Scenario:
    """Twelve faults in sixty days."""
    rng, span = Random(f"{seed}/standard/when"), (at_ms(STANDARD_STARTS_AT), at_ms(STANDARD_ENDS_AT))
    return Scenario(
        "60 days with 12 faults of different causes amid every look-alike",
        _drawn(MIDDLE, rng),
        _many(rng, 12, span),
        starts_at=STANDARD_STARTS_AT,
        ends_at=STANDARD_ENDS_AT,
        rotated_at=tuple(iso(at) for at in range(span[0] + 7 * DAY, span[1], 7 * DAY)),
        look_alikes=tuple(LOOK_ALIKES.items()),
        draw="standard/",
    )


def clean(volume: Volume, seed: int) -> Scenario:
    """A month without a fault."""
    rng = Random(f"{seed}/clean/when")
    resend = _planned(RESEND, rng, _month(), 9)
    month = Scenario("a month without a fault", _drawn(volume, rng), (resend,), draw="clean/")
    return replace(month, look_alikes=tuple(LOOK_ALIKES.items()))


def _month() -> tuple[int, int]:
    return at_ms(MONTH_STARTS_AT), at_ms(MONTH_ENDS_AT)


def _drawn(volume: Volume, rng: Random) -> Volume:
    """The same academy on another scale and with other cohorts."""
    counts = {name: max(1, int(getattr(volume, name) * rng.choice((0.7, 1.0, 1.0, 1.3)))) for name in _COUNTS}
    courses = rng.sample(range(1, 20), rng.randrange(3, 8))  # one each: nobody is welcomed twice to the same
    groups = [_cohort(rng, course) for course in courses]
    return replace(volume, **counts, cohorts=(Cohort(8, "Midland Municipal Services", 500, 0), *groups))


_COUNTS = (
    *("enrollments_per_day", "sign_ins_per_day", "resets_per_day", "receipts_per_day", "certificates_per_day"),
    *("starters_per_day", "enquiries_per_day", "digest_readers", "reminded_people", "posts_per_day"),
)


def _cohort(rng: Random, course: int) -> Cohort:
    client = rng.choice(("Harbor Freightways", "Pinecrest School District", "Elmgate Hotels", "Quillon Energy"))
    return Cohort(rng.randrange(2, 30), client, rng.randrange(8, 57), course)


def _many(rng: Random, number: int, span: tuple[int, int]) -> tuple[Planned, ...]:
    """So many faults of different causes; one of them in the log's first days. And one re-send on purpose."""
    causes = rng.sample(list(FAULTS), number)
    early = rng.choice([cause for cause in causes if cause not in ("backfill-replay", "clock-change")])
    planned = [_planned(cause, rng, span, 0 if cause == early else 9) for cause in causes]
    return (*sorted(planned, key=lambda burst: burst.starts_at), _planned(RESEND, rng, span, 9))


def _planned(cause: str, rng: Random, span: tuple[int, int], first_day: int) -> Planned:
    """A burst of this cause at a time that suits it, some days before the log's end."""
    days = (span[1] - span[0]) // DAY
    last_day = 3 if first_day == 0 else days - (8 if cause == "scheduled-repeat" else 3)
    day = rng.randrange(days // 2 if cause == "backfill-replay" else first_day, last_day)
    hours = (8, 9, 10, 11, 13, 14, 15, 16) if cause in ("double-submit", RESEND) else tuple(range(24))
    moment = span[0] + day * DAY + rng.choice(hours) * HOUR + rng.randrange(HOUR)
    burst = faults.deliberate_resend if cause == RESEND else FAULTS[cause]
    return Planned(cause, CLOCK_CHANGE_AT if cause == "clock-change" else iso(moment), burst)


DRAWN: Mapping[str, Callable[[int], Scenario]] = {
    **{cause: partial(one_fault, cause) for cause in FAULTS},
    **{name: partial(one_look_alike, name) for name in (*LOOK_ALIKES, RESEND)},
    "small": small,
    "standard": standard,
    "clean-5000": partial(clean, OF_5000),
    "clean-50000": partial(clean, OF_50000),
}
"""Name -> the scenario of a seed."""
SUITES: Mapping[str, tuple[str, ...]] = {
    "small": ("small",),
    "standard": ("standard",),
    "causes": tuple(FAULTS),
    "look-alikes": (*LOOK_ALIKES, RESEND),
    "clean": ("clean-5000", "clean-50000"),
}
"""Name -> the scenarios that are made for each seed."""
