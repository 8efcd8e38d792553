"""The stories that can be simulated, each with its bursts and their times, in one visible table."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from detector.simulate.bursts import (
    CAUSES,
    Rounds,
    daily_drip,
    deliberate_resend,
    join_fan_out,
    redelivery_timer,
    replicated_scheduler,
    restart_from_top,
    single_recipient_flood,
    whole_group_loop,
)
from detector.simulate.bursts import Burst as BurstFunction
from detector.simulate.habits import HABITS, Cohort, Habit, Volume

MONTH_STARTS_AT = "2026-10-01T00:00:00Z"
MONTH_ENDS_AT = "2026-11-01T00:00:00Z"
WEEKLY = ("2026-10-04T00:00:00Z", "2026-10-11T00:00:00Z", "2026-10-18T00:00:00Z", "2026-10-25T00:00:00Z")


@dataclass(frozen=True, slots=True)
class Planned:
    """One burst of a scenario; its name is what the truth calls it."""

    name: str
    starts_at: str
    burst: BurstFunction

    @property
    def cause(self) -> str:
        """Cause slug, as in the detector's own words."""
        name = self.burst.func.__name__ if isinstance(self.burst, partial) else self.burst.__name__
        return CAUSES.get(name, name.replace("_", "-"))

    @property
    def is_fault(self) -> bool:
        """False for what somebody did on purpose."""
        return self.cause != "deliberate-resend"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A month of mail, or the part of it before `ends_at`; `rotated_at` is when new log files begin."""

    summary: str
    volume: Volume
    bursts: tuple[Planned, ...]
    ends_at: str = MONTH_ENDS_AT
    rotated_at: tuple[str, ...] = WEEKLY
    starts_at: str = MONTH_STARTS_AT
    draw: str = ""
    """Goes into the random numbers of bursts and look-alikes, so that two suites do not draw the same ones."""
    habits: tuple[Habit, ...] = HABITS
    look_alikes: tuple[tuple[str, BurstFunction], ...] = ()
    """(name, what is sent from the log's first day on) that nobody should be alarmed by; not labelled."""


COHORTS = (
    Cohort(day=6, client="Harbor Freightways", people=34, course=2),
    Cohort(day=8, client="Midland Municipal Services", people=500, course=0),
    Cohort(day=13, client="Pinecrest School District", people=60, course=17),
    Cohort(day=20, client="Elmgate Hotels", people=40, course=4),
    Cohort(day=22, client="Ostervale Rail Works", people=45, course=13),
    Cohort(day=27, client="Harbor Freightways", people=11, course=5, first=53),
)
"""The last is the day of the founding night: colleagues of its victims, who get what they should."""

SMALL = Volume(
    clients=16,
    private_people=220,
    cohorts=COHORTS,
    enrollments_per_day=9,
    many_courses_per_day=1,
    sign_ins_per_day=24,
    resets_per_day=4,
    receipts_per_day=8,
    certificates_per_day=6,
    starters_per_day=8,
    enquiries_per_day=5,
    digest_readers=26,
    reminded_people=90,
    news_readers=90,
    forum_groups=3,
    posts_per_day=2,
)
"""A small academy: about 6,000 sends a month, so that a month of samples stays small."""

BIG = Volume(
    clients=276,
    private_people=6_000,
    cohorts=COHORTS,
    enrollments_per_day=900,
    many_courses_per_day=24,
    sign_ins_per_day=3_100,
    resets_per_day=420,
    receipts_per_day=800,
    certificates_per_day=700,
    starters_per_day=800,
    enquiries_per_day=60,
    digest_readers=4_900,
    reminded_people=9_000,
    news_readers=4_000,
    forum_groups=160,
    posts_per_day=86,
)
"""A big academy: about 550,000 sends a month."""

RESEND = Planned(
    "news-sent-again",
    "2026-10-15T09:10:31.207Z",
    partial(deliberate_resend, subject="Register now for the winter term"),
)
FOUNDING_NIGHT = Planned(
    "founding-night",
    "2026-10-27T18:04:11.123Z",
    partial(whole_group_loop, groups={"Harbor Freightways": 51}, rounds=Rounds(full=69, last_people=20, minutes=127)),
)
TWO_CLIENTS = Planned(
    "two-clients",
    "2026-10-21T13:31:40.518Z",
    partial(
        whole_group_loop,
        groups={"Harbor Freightways": 51, "Larkspur Dental Group": 8},
        rounds=Rounds(full=24, last_people=55, minutes=47),
    ),
)
ONE_OF_EACH = (
    Planned("certificates-running-out", "2026-10-09T04:00:00.350Z", daily_drip),
    Planned("three-schedulers", "2026-10-12T08:00:00.010Z", replicated_scheduler),
    Planned("hourly-certificates", "2026-10-14T10:12:05.700Z", redelivery_timer),
    Planned("mailing-begun-again", "2026-10-16T11:20:44.090Z", restart_from_top),
    Planned("one-copy-per-role", "2026-10-19T09:45:12.333Z", join_fan_out),
    Planned("somebody-leans-on-reset", "2026-10-23T20:02:17.604Z", single_recipient_flood),
)

SCENARIOS: Mapping[str, Scenario] = {
    "ordinary-month": Scenario("a month without a fault; one announcement is sent again on purpose", SMALL, (RESEND,)),
    "founding-night": Scenario(
        "an ordinary month, and one night in which 51 people of one client get about 70 welcomes each",
        SMALL,
        (RESEND, FOUNDING_NIGHT),
        # By size, checked every hour: in the middle of the night, and again when it was over.
        rotated_at=("2026-10-27T19:00:00Z", "2026-10-27T21:00:00Z"),
    ),
    "founding-night-ongoing": Scenario(
        "the same, with the log ending in the middle of the night",
        SMALL,
        (RESEND, FOUNDING_NIGHT),
        ends_at="2026-10-27T19:05:00Z",
    ),
    "two-clients": Scenario("one fault that hits 51 people of a client and 8 of another", SMALL, (RESEND, TWO_CLIENTS)),
    "many-faults": Scenario("one fault of each kind", SMALL, (RESEND, *ONE_OF_EACH, FOUNDING_NIGHT)),
    "big-month": Scenario("the founding night in a month of about 550,000 sends", BIG, (RESEND, FOUNDING_NIGHT)),
}
