"""What is found, exactly, and what is left alone: in simulated months, in the samples, and in a log of another hand.

A month is read once; the mornings of its past are then looked at with --as-of, as any analyst may.
"""

import csv
import gzip
import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import build, fresh_store, ingest
from outboxes import FIRST_DAY, Mail, found_incidents, written

from detector import affairs, tables
from detector.affairs import Burst
from detector.config import Config, Logs
from detector.detection import find_bursts
from detector.nightly import nightly
from detector.records import AffectedRecipient, Incident
from detector.simulate import simulate
from detector.store import Connection

SAMPLES = Path(__file__).resolve().parent.parent / "sample_logs"
NEW_YEAR = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
"""The morning after the month."""
ORDER = ("info", "minor", "serious", "grave")
TO_THE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Month:
    """A log in the store and what is true about it."""

    db: Connection
    truth: dict[str, Any]
    known: dict[datetime, list[tuple[Incident, tuple[AffectedRecipient, ...]]]] = field(default_factory=dict)

    def burst(self, name: str) -> dict[str, Any]:
        """What really happened in one named burst."""
        (burst,) = (burst for burst in self.truth["bursts"] if burst["name"] == name)
        return burst

    def bursts(self, as_of: datetime = NEW_YEAR) -> list[Burst]:
        """What is found in the log as it stood."""
        build(self.db, tables.SENDS + tables.REPEATS, as_of=as_of)
        return find_bursts(self.db, Config().detection)

    def ids(self, as_of: datetime = NEW_YEAR) -> dict[str, Incident]:
        """What is an alarm, by the ids that a first night gives."""
        return {incident.incident_id: incident for incident, _ in self.alarms(as_of)}

    def alarms(self, as_of: datetime = NEW_YEAR) -> list[tuple[Incident, tuple[AffectedRecipient, ...]]]:
        """The incidents that are more than a note."""
        return [(incident, people) for incident, people in self.found(as_of) if incident.severity != "info"]

    def found(self, as_of: datetime = NEW_YEAR) -> list[tuple[Incident, tuple[AffectedRecipient, ...]]]:
        """The incidents with their people, oldest first, as a first night at this moment writes them."""
        if as_of not in self.known:
            self.known[as_of] = found_incidents(self.db, as_of)
        return self.known[as_of]


def at(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> Iterator[Callable[[str, str, int], Month]]:
    """month(scenario, format, seed): simulated and read once."""
    known: dict[tuple[str, str, int], Month] = {}
    with ExitStack() as closing:

        def read(scenario: str, log_format: str, seed: int) -> Month:
            key = (scenario, log_format, seed)
            if key not in known:
                folder = tmp_path_factory.mktemp(f"{scenario}-{log_format}-{seed}")
                truth = simulate(scenario, format=log_format, seed=seed, out=folder / "logs")
                db = closing.enter_context(fresh_store(folder / "state"))
                ingest(db, *(path for path in sorted((folder / "logs").iterdir()) if path != truth), as_of=NEW_YEAR)
                known[key] = Month(db, json.loads(truth.read_text(encoding="utf-8")))
            return known[key]

        yield read


# --- what is left alone ----------------------------------------------------------------------------------------------

DRIP = pytest.mark.xfail(reason="without a size or a second of its own, a daily copy of new mail may be a digest")
ORDINARY = [("plain", 1), ("plain", 4), ("postfix", 1), ("ses", 1)]


@pytest.mark.parametrize(("log_format", "seed"), ORDINARY)
def test_an_ordinary_month_has_no_incident(month, log_format, seed):
    """Its cohort of 500, six courses at once, codes, forum, digest, reminders, shared inbox, news sent again."""
    assert month("ordinary-month", log_format, seed).alarms() == []


@pytest.mark.parametrize(("log_format", "seed", "first"), [("plain", 1, 11), ("plain", 4, 14), ("postfix", 1, 17)])
def test_no_morning_of_it_gives_a_false_alarm_once_there_are_ten_days_of_history(month, log_format, seed, first):
    """What a night announces cannot be taken back: that the whole month knows better is too late. Each month has other
    mornings, every third from the 11th to the 29th among them."""
    mornings = (datetime(2026, 10, day, 2, 0, tzinfo=UTC) for day in range(first, 32, 9))
    ordinary = month("ordinary-month", log_format, seed)
    assert [incident for morning in mornings for incident, _ in ordinary.alarms(morning)] == []


# --- what is found ---------------------------------------------------------------------------------------------------


def matching(found: list[tuple[Incident, tuple[AffectedRecipient, ...]]], truth: dict[str, Any]) -> list[Any]:
    """The incidents that share people (half of the fewer) and time with a true burst."""
    hit = {person["recipient"] for person in truth["affected"]}
    return [
        (incident, people)
        for incident, people in found
        if 2 * len(hit & {person.recipient for person in people}) >= min(len(hit), len(people))
        and incident.started_at < at(truth["ended_at"]) + TO_THE_SECOND
        and incident.ended_at > at(truth["started_at"]) - TO_THE_SECOND
    ]


def assert_exact(incident: Incident, people: tuple[AffectedRecipient, ...], truth: dict[str, Any]) -> None:
    """Every figure is the true one; times to the second, because not every log has more."""
    told = {person.recipient: (person.sends, person.excess) for person in people}
    assert told == {person["recipient"]: (person["sends"], person["excess"]) for person in truth["affected"]}
    for name in ("recipients", "sends", "excess", "copies_min", "copies_median", "copies_max"):
        assert getattr(incident, name) == truth[name], name
    assert abs(incident.started_at - at(truth["started_at"])) < TO_THE_SECOND
    assert abs(incident.ended_at - at(truth["ended_at"])) < TO_THE_SECOND
    assert incident.started_at <= incident.detected_at <= incident.ended_at


FAULTS = (
    "certificates-running-out",
    "three-schedulers",
    "hourly-certificates",
    "mailing-begun-again",
    "one-copy-per-role",
    "somebody-leans-on-reset",
    "founding-night",
)


@pytest.mark.parametrize(
    ("name", "log_format"),
    [(name, log_format) for name in FAULTS for log_format in ("plain", "postfix")],
)
def test_each_kind_of_fault_is_one_incident_with_its_true_figures(month, log_format, name):
    many = month("many-faults", log_format, 5)
    found = matching(many.found(), many.burst(name))
    assert len(found) == 1
    assert_exact(*found[0], many.burst(name))


@pytest.mark.parametrize("log_format", ["plain", "postfix"])
def test_among_many_faults_nothing_else_is_an_incident_and_no_resend_on_purpose_is_graver_than_info(month, log_format):
    many = month("many-faults", log_format, 5)
    found = many.found()
    true = {incident.incident_id for burst in many.truth["bursts"] for incident, _ in matching(found, burst)}
    assert {incident.incident_id for incident, _ in found} == true
    assert [incident.severity for incident, _ in matching(found, many.burst("news-sent-again"))] in ([], ["info"])


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("three-schedulers", "replicated-scheduler"),
        ("hourly-certificates", "redelivery-timer"),
        ("somebody-leans-on-reset", "single-recipient-flood"),
        ("founding-night", "whole-group-loop"),
        ("mailing-begun-again", "restart-from-top"),
    ],
)
def test_the_cause_of_each_fault_is_named(month, name, cause):
    many = month("many-faults", "plain", 5)
    ((incident, _),) = matching(many.found(), many.burst(name))
    assert incident.cause == cause


@pytest.mark.parametrize("log_format", ["plain", "postfix"])
def test_one_fault_that_hits_two_clients_is_one_incident_with_two_organizations(month, log_format):
    both = month("two-clients", log_format, 27)
    ((incident, people),) = both.alarms()
    assert_exact(incident, people, both.burst("two-clients"))
    assert len(incident.organizations) == 2
    assert [name.lower().split()[0].split("-")[0] for name in incident.organizations] == ["harbor", "larkspur"]
    assert incident.severity == "grave"


@pytest.mark.parametrize("log_format", ["plain", "postfix", "ses"])
def test_a_night_that_is_still_going_on_is_active_with_the_figures_so_far(month, log_format):
    """The log ends at 19:05; a mail that was submitted in its last second may have no line yet in some formats."""
    now = datetime(2026, 10, 27, 19, 5, tzinfo=UTC)
    ongoing = month("founding-night-ongoing", log_format, 5)
    ((incident, people),) = ongoing.alarms(now)
    assert (incident.state, incident.ongoing, incident.severity) == ("active", True, "grave")
    assert_exact(incident, people, ongoing.burst("founding-night"))


# --- only what the log held up to then -------------------------------------------------------------------------------


@pytest.mark.parametrize(("log_format", "first"), [("plain", 0), ("postfix", 1)])
def test_at_the_moment_of_detection_the_log_was_enough_and_the_incident_had_its_id(month, log_format, first):
    """To the second: the replay knows the other templates of the sender as they were at the end of that day.

    Every other incident of the one log, and those between of the other.
    """
    many = month("many-faults", log_format, 5)
    whole = many.ids()
    assert len(whole) >= 5
    for incident_id, incident in list(whole.items())[first::2]:
        assert incident_id in many.ids(incident.detected_at + TO_THE_SECOND), incident.template


def test_a_second_before_the_log_was_not_enough(month):
    """One fault in an ordinary month, so that nothing but time differs."""
    two = month("two-clients", "plain", 27)
    ((incident_id, incident),) = two.ids().items()
    assert incident_id in two.ids(incident.detected_at)
    assert two.ids(incident.detected_at - TO_THE_SECOND) == {}


def test_the_figures_grow_and_the_id_stays_as_the_night_goes_on(month):
    two = month("two-clients", "plain", 27)
    (incident_id,) = two.ids()
    moments = [datetime(2026, 10, 21, 13, minute, tzinfo=UTC) for minute in (36, 45, 59)] + [NEW_YEAR]
    seen = [two.alarms(moment) for moment in moments]
    assert [[incident.incident_id for incident, _ in found] for found in seen] == [[incident_id]] * 4
    excesses = [found[0][0].excess for found in seen]
    assert all(earlier < later for earlier, later in pairwise(excesses))
    assert len({found[0][0].detected_at for found in seen}) == 1


@pytest.mark.parametrize("moment", ["2026-10-27T18:31:00+00:00", "2026-10-15T12:35:40+00:00"])
def test_as_of_in_the_past_is_the_same_as_a_log_that_was_cut_there(month, tmp_path, moment):
    logs, as_of = tmp_path / "cut", at(moment)
    simulate("founding-night", format="plain", seed=5, out=tmp_path / "logs")
    logs.mkdir()
    for path in sorted((tmp_path / "logs").glob("*.csv*")):
        text = month_text(path)
        rows = [row for row in text[1:] if at(row.split(",", 1)[0]) <= as_of]
        (logs / path.name.removesuffix(".gz")).write_text("\n".join([text[0], *rows]) + "\n", encoding="utf-8")
    with fresh_store(tmp_path / "a") as db:
        ingest(db, logs, as_of=NEW_YEAR)
        cut = Month(db, {}).found(as_of)
    looked_back = month("founding-night", "plain", 5).found(as_of)
    assert [incident for incident, _ in looked_back] == [incident for incident, _ in cut]
    assert [set(people) for _, people in looked_back] == [set(people) for _, people in cut]


def month_text(path: Path) -> list[str]:
    """The lines of a log, packed or not."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return content.decode().splitlines()


# --- a log of another hand -------------------------------------------------------------------------------------------

SCHOOL_ENDS = FIRST_DAY + timedelta(days=30)


def ordinary_outbox(rng: random.Random) -> Iterator[Mail]:  # noqa: C901 - one loop per kind of mail
    """Thirty days of a language school: enrolments in groups, codes, a digest to fifteen, receipts, certificates."""
    pupils = [f"pupil{n}@{rng.choice(['north', 'south', 'east'])}.example" for n in range(400)]
    for day in range(30):
        today = FIRST_DAY + timedelta(days=day)
        for reader in pupils[:15]:
            yield today + timedelta(hours=6, seconds=rng.randrange(40)), reader, "digest", "Your day in short"
        for _ in range(rng.randrange(1, 4)):
            course, begins = rng.choice(["A1", "A2", "B1", "B2"]), today + timedelta(minutes=rng.randrange(540, 1020))
            for number, pupil in enumerate(rng.sample(pupils, rng.randrange(4, 30))):
                yield begins + timedelta(seconds=2 * number), pupil, "welcome", f"Welcome to {course} of {today:%d %B}"
        for pupil in rng.sample(pupils, 12):
            moment = today + timedelta(minutes=rng.randrange(480, 1320))
            for _ in range(rng.choice([1, 1, 1, 2, 3, 5])):
                yield moment, pupil, "code", "Your code"
                moment += timedelta(seconds=rng.randrange(15, 90))
        for pupil in rng.sample(pupils, 10):
            yield today + timedelta(minutes=rng.randrange(1440)), pupil, "receipt", f"Receipt {rng.randrange(10**6)}"
        for pupil in rng.sample(pupils, 9):
            yield today + timedelta(hours=17, seconds=rng.randrange(600)), pupil, "certificate", "Your certificate"


def loop(rng: random.Random) -> Iterator[Mail]:
    """Eight people of one firm, 25 copies each, every four minutes or so."""
    moment = FIRST_DAY + timedelta(days=19, hours=14)
    for _ in range(25):
        for person in range(8):
            yield moment + timedelta(seconds=person), f"clerk{person}@firm.example", "welcome", "Welcome to A1 for Firm"
        moment += timedelta(seconds=rng.randrange(150, 330))


def run_again(rng: random.Random) -> Iterator[Mail]:
    """A group of forty is welcomed, and twenty minutes later the same job runs again."""
    for minutes in (0, 20):
        moment = FIRST_DAY + timedelta(days=23, hours=10, minutes=minutes)
        for person in range(40):
            moment += timedelta(milliseconds=rng.randrange(200, 900))
            yield moment, f"clerk{person}@firm.example", "welcome", "Welcome to B2 for Firm"


def five_people(rng: random.Random) -> Iterator[Mail]:
    """Two welcomes to each of five people within a minute."""
    for seconds in (0, 30):
        for person in range(5):
            moment = FIRST_DAY + timedelta(days=21, hours=11, seconds=seconds + person, milliseconds=rng.randrange(900))
            yield moment, f"clerk{person}@firm.example", "welcome", "Welcome to A2 for Firm"


def flood(rng: random.Random) -> Iterator[Mail]:
    """One person, 200 receipts of one purchase through a night, around midnight."""
    moment = FIRST_DAY + timedelta(days=17, hours=22)
    for _ in range(200):
        yield moment, "clerk1@firm.example", "receipt", "Receipt 271828"
        moment += timedelta(seconds=rng.randrange(20, 120))


def drip(rng: random.Random) -> Iterator[Mail]:
    """Twenty people get the same certificate every evening for ten days; before that, nobody got one twice."""
    for day in range(10):
        for person in range(20):
            moment = FIRST_DAY + timedelta(days=18 + day, hours=21, seconds=person, milliseconds=rng.randrange(900))
            yield moment, f"clerk{person}@firm.example", "certificate", "Your certificate for Firm"


def read_outbox(
    folder: Path, mails: list[Mail], ends: datetime = SCHOOL_ENDS
) -> list[tuple[Incident, tuple[AffectedRecipient, ...]]]:
    with fresh_store(folder / "state") as db:
        ingest(db, written(folder, mails), as_of=ends)
        return Month(db, {}).found(ends)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_ordinary_outbox_of_a_school_has_no_incident(tmp_path, seed):
    assert read_outbox(tmp_path, list(ordinary_outbox(random.Random(seed)))) == []


@pytest.mark.parametrize("fault", [loop, run_again, five_people, flood, pytest.param(drip, marks=DRIP)])
def test_a_fault_in_the_outbox_of_a_school_is_found_with_its_figures(tmp_path, fault):
    rng = random.Random(11)
    ordinary, faulty = list(ordinary_outbox(rng)), list(fault(rng))
    ((incident, people),) = read_outbox(tmp_path, ordinary + faulty)
    hit = {to for _, to, _, _ in faulty}
    assert {person.recipient for person in people} == hit
    assert incident.sends == len(faulty)
    assert incident.excess == len(faulty) - len(hit)
    first, last = sorted(faulty)[len(hit)][0], max(faulty)[0]
    assert abs(incident.started_at - first) < timedelta(seconds=2)
    assert abs(incident.ended_at - last) < timedelta(seconds=2)


def mailing(hours: list[float]) -> list[Mail]:
    """An assignment to forty people at these hours from the 20th day on, to each at the same moment of its round."""
    begins = FIRST_DAY + timedelta(days=19)
    return [
        (
            begins + timedelta(hours=hour, milliseconds=300 * n),
            f"clerk{n}@firm.example",
            "assignment",
            "Assignment due: B2",
        )
        for hour in hours
        for n in range(40)
    ]


def alarms(found: list[tuple[Incident, tuple[AffectedRecipient, ...]]]) -> list[set[str]]:
    """Who was hit, of all that is more than a note."""
    return [{person.recipient for person in people} for incident, people in found if incident.severity != "info"]


def test_reminders_of_a_deadline_at_ever_shorter_notice_are_no_incident(tmp_path):
    """Three days before, a day, six hours: 48 and 18 hours apart. The same thrice at six hours each is one."""
    ordinary = list(ordinary_outbox(random.Random(11)))
    assert alarms(read_outbox(tmp_path, ordinary + mailing([18, 66, 84]))) == []
    (hit,) = alarms(read_outbox(tmp_path / "even", ordinary + mailing([6, 12, 18])))
    assert len(hit) == 40


def test_reminders_of_a_session_a_day_an_hour_and_ten_minutes_before_it_are_no_incident(tmp_path):
    """23 hours and 50 minutes apart; 53 minutes are no round time, and an incident."""
    ordinary = list(ordinary_outbox(random.Random(11)))
    assert alarms(read_outbox(tmp_path, ordinary + mailing([13, 36, 36 + 50 / 60]))) == []
    (hit,) = alarms(read_outbox(tmp_path / "odd", ordinary + mailing([13, 36, 36 + 53 / 60])))
    assert len(hit) == 40


def test_a_mailing_again_after_an_hour_to_the_second_is_an_incident_and_after_fifty_minutes_may_be_meant(tmp_path):
    ordinary = list(ordinary_outbox(random.Random(11)))
    (hit,) = alarms(read_outbox(tmp_path, ordinary + mailing([1.5, 2.5])))
    assert len(hit) == 40
    assert alarms(read_outbox(tmp_path / "fifty", ordinary + mailing([1.5, 1.5 + 50 / 60]))) == []


def test_a_mailing_that_runs_again_as_clocks_go_back_is_an_incident_though_its_second_run_began_late(tmp_path):
    """An hour and half a minute apart: on 3 April 2027 from 15:20 UTC on, when Australia's clocks go back, or two weeks
    before, when none does."""
    ordinary = list(ordinary_outbox(random.Random(11)))

    def twice(begins: datetime) -> list[Mail]:
        return [
            (begins + timedelta(seconds=3630 * run + n), f"clerk{n}@firm.example", "news", "News of B2")
            for run in range(2)
            for n in range(40)
        ]

    clocks = datetime(2027, 4, 3, 15, 20, tzinfo=UTC)
    (hit,) = alarms(read_outbox(tmp_path, ordinary + twice(clocks), ends=clocks + timedelta(days=1)))
    assert len(hit) == 40
    assert alarms(read_outbox(tmp_path / "meant", ordinary + twice(clocks - timedelta(days=14)))) == []


def test_a_mailing_that_breaks_off_and_begins_again_from_the_top_is_no_resend_on_purpose(tmp_path):
    """Of forty, eighteen get it, and half an hour later all forty do; or eighteen of eighteen, and one newcomer."""
    ordinary, first = list(ordinary_outbox(random.Random(11))), [mail for mail in mailing([1.0]) if is_among(mail, 18)]
    (hit,) = alarms(read_outbox(tmp_path, ordinary + first + mailing([1.55])))
    assert len(hit) == 18
    again = [mail for mail in mailing([1.55]) if is_among(mail, 19)]
    assert alarms(read_outbox(tmp_path / "meant", ordinary + first + again)) == []


def is_among(mail: Mail, first: int) -> bool:
    """True if the mail is to one of the first so many clerks."""
    return int(mail[1].removeprefix("clerk").partition("@")[0]) < first


def test_a_mailing_sent_again_on_purpose_on_the_next_day_is_no_part_of_a_fault_in_the_same_template(tmp_path):
    """Eight people get B2 on three days more, at the same time; B1 goes to thirty others, and 21 hours later again."""
    begins = FIRST_DAY + timedelta(days=19, hours=9)
    fault = [
        (begins + timedelta(days=day, milliseconds=300 * n), f"guest{n}@inn.example", "course", "Course B2 begins")
        for day in range(4)
        for n in range(8)
    ]
    meant = [
        (
            begins + timedelta(hours=52 + hours, milliseconds=300 * n),
            f"clerk{n}@firm.example",
            "course",
            "Course B1 begins",
        )
        for hours in (0, 42)
        for n in range(30)
    ]
    ((incident, people),) = read_outbox(tmp_path, [*ordinary_outbox(random.Random(29)), *courses(), *fault, *meant])
    assert {person.recipient for person in people} == {f"guest{n}@inn.example" for n in range(8)}
    assert incident.excess == 24


def courses() -> list[Mail]:
    """On each of the first 19 days another course begins, for ten people, who are told once."""
    return [
        (
            FIRST_DAY + timedelta(days=day, hours=11, seconds=n),
            f"pupil{n}@south.example",
            "course",
            f"Course {day} begins",
        )
        for day in range(19)
        for n in range(10)
    ]


def test_a_mail_loop_that_counts_its_tickets_is_found_though_each_number_comes_three_times(tmp_path):
    """Sixty people get a ticket's receipt each; one autoresponder gets 90 in an hour, of thirty tickets: 89 extra."""
    tickets = [
        (
            FIRST_DAY + timedelta(hours=11 * n),
            f"p{n}@x{n}.example",
            "receipt-of-mail",
            f"[#{4000 + n}] We have your mail",
        )
        for n in range(60)
    ]
    loop = [
        (
            FIRST_DAY + timedelta(days=20, seconds=40 * n),
            "desk@firm.example",
            "receipt-of-mail",
            f"[#{5000 + n // 3}] We have your mail",
        )
        for n in range(90)
    ]
    ((incident, _),) = read_outbox(tmp_path, [*ordinary_outbox(random.Random(32)), *tickets, *loop])
    assert (incident.recipients, incident.sends, incident.excess) == (1, 90, 89)


def test_a_flood_of_codes_to_one_person_names_nobody_who_asked_for_a_code_meanwhile(tmp_path):
    """A hundred codes, one a minute; ten others ask twice in the same hour."""
    begins = FIRST_DAY + timedelta(days=20, hours=9)
    flooded = [(begins + timedelta(minutes=n), "clerk1@firm.example", "code", "Your code") for n in range(100)]
    others = [
        (begins + timedelta(minutes=6 * n, seconds=40 * again), f"pupil{n}@north.example", "code", "Your code")
        for n in range(10)
        for again in (0, 1)
    ]
    assert alarms(read_outbox(tmp_path, [*ordinary_outbox(random.Random(11)), *flooded, *others])) == [
        {"clerk1@firm.example"}
    ]


def test_old_receipts_sent_again_amid_the_days_new_ones_are_one_incident_with_all_its_people(tmp_path):
    """The thirty of the 20th to 22nd day go out again on the 26th, in ten minutes; none ever did before."""
    ordinary = list(ordinary_outbox(random.Random(11)))
    old = [mail for mail in ordinary if mail[2] == "receipt" and 19 <= (mail[0] - FIRST_DAY).days < 22]
    begins = FIRST_DAY + timedelta(days=25, hours=15)
    again = [(begins + timedelta(seconds=20 * n), *mail[1:]) for n, mail in enumerate(old)]
    ((incident, people),) = read_outbox(tmp_path, ordinary + again)
    assert {person.recipient for person in people} == {to for _, to, _, _ in old}
    assert incident.excess == len(old) == 30


def test_old_mail_of_several_templates_sent_again_in_one_quarter_of_an_hour_is_one_incident(tmp_path):
    """Seven receipts, six certificates and five invitations, each too few by themselves, to 18 different people."""
    ordinary = [mail for mail in ordinary_outbox(random.Random(11)) if mail[2] not in ("receipt", "certificate")]
    sent = {"receipt": "Receipt", "certificate": "Your certificate", "invitation": "You are invited"}
    for day in range(30):
        for place, (template, subject) in enumerate(sent.items()):
            begins = FIRST_DAY + timedelta(days=day, hours=9 + place)
            people = [f"{template}{day}-{n}@far.example" for n in range(9)]
            ordinary += [(begins + timedelta(minutes=3 * n), to, template, subject) for n, to in enumerate(people)]
    again = [
        (f"{template}{5 + n}-{n}@far.example", template)
        for template, many in (("receipt", 7), ("certificate", 6), ("invitation", 5))
        for n in range(many)
    ]
    begins = FIRST_DAY + timedelta(days=26, hours=15, minutes=2)
    replay = [(begins + timedelta(seconds=20 * n), to, kind, sent[kind]) for n, (to, kind) in enumerate(again)]
    ((incident, people),) = read_outbox(tmp_path / "replay", ordinary + replay)
    assert {person.recipient for person in people} == {to for to, _ in again}
    assert incident.excess == 18
    assert begins <= incident.detected_at <= begins + timedelta(minutes=6)
    for kind in sent:
        alone = [mail for mail in replay if mail[2] == kind]
        assert read_outbox(tmp_path / kind, ordinary + alone[:3]) == []


DAILY = [FIRST_DAY + timedelta(days=16 + day, hours=8) for day in range(6)]


def test_a_certificate_that_comes_to_two_people_on_six_mornings_is_an_incident_and_a_nudge_to_many_is_none(tmp_path):
    """270 certificates are known, none of which came three times; of the nudge, everybody gets six in a row."""
    ordinary = list(ordinary_outbox(random.Random(12)))
    drip = [
        (at, f"clerk{n}@firm.example", "certificate", "Your certificate for Firm") for at in DAILY for n in range(2)
    ]
    ((incident, people),) = read_outbox(tmp_path / "drip", ordinary + drip)
    assert {person.recipient: person.sends for person in people} == {f"clerk{n}@firm.example": 6 for n in range(2)}
    assert incident.detected_at == DAILY[4]
    nudges = [
        (FIRST_DAY + timedelta(days=begins + day, hours=8), f"{begins}-{n}@firm.example", "nudge", "Go on")
        for begins in range(24)
        for n in range(6)
        for day in range(6)
    ]
    assert read_outbox(tmp_path / "nudge", ordinary + nudges) == []


def by_timer(second: int, days: Sequence[float]) -> list[Mail]:
    """A mail that is new to the log, to twelve people on these days, each round from the same second on."""
    begins = FIRST_DAY + timedelta(days=11, hours=15, minutes=23, seconds=second)
    return [
        (begins + timedelta(days=day, milliseconds=300 * n + 7 * day), f"clerk{n}@firm.example", "trainer", "Meet her")
        for day in days
        for n in range(12)
    ]


WORKING_DAYS = [0, 1, 2, 3, 6, 7]
"""The third gap that matters is a weekend: 72 hours and a few milliseconds."""


def test_a_new_mail_that_comes_on_every_working_day_from_second_27_is_a_timer_and_from_second_0_a_timetable(tmp_path):
    """Twelve people, six rounds: 72 sends, 60 of them extra; three rounds may be chance, the fourth is the alarm."""
    ordinary = list(ordinary_outbox(random.Random(14)))
    ((incident, people),) = read_outbox(tmp_path / "timer", ordinary + by_timer(27, WORKING_DAYS))
    assert (incident.recipients, incident.sends, incident.excess) == (12, 72, 60)
    assert {person.sends for person in people} == {6}
    assert incident.detected_at == by_timer(27, WORKING_DAYS)[3 * 12][0]
    half_days = [0.5 * n for n in range(7)]
    ((halves, _),) = read_outbox(tmp_path / "half days", ordinary + by_timer(27, half_days))
    assert (halves.recipients, halves.excess) == (12, 72)
    assert read_outbox(tmp_path / "thrice", ordinary + by_timer(27, WORKING_DAYS[:3])) == []
    assert read_outbox(tmp_path / "timetable", ordinary + by_timer(0, WORKING_DAYS)) == []


def test_a_timer_is_known_by_its_own_rounds_though_the_right_mail_came_at_another_hour(tmp_path):
    """Twelve people at 06:43, and from then on each day from 15:23:27 on; one of them not in the third round, but two
    hours after it by another way. Seven rounds: 72 extra copies, told with the fourth of them."""
    ordinary, rounds = list(ordinary_outbox(random.Random(14))), by_timer(27, range(1, 7))
    right = [(at - timedelta(hours=8, minutes=40, seconds=26), *mail) for at, *mail in by_timer(27, [0])]
    (missed,) = (mail for mail in rounds if mail[0].day == rounds[24][0].day and mail[1] == "clerk4@firm.example")
    late = (missed[0] + timedelta(hours=2), *missed[1:])
    ((incident, people),) = read_outbox(tmp_path, [*ordinary, *right, *(m for m in rounds if m != missed), late])
    assert (incident.recipients, incident.sends, incident.excess) == (12, 84, 72)
    assert {person.sends for person in people} == {7}
    assert incident.detected_at == rounds[3 * 12][0]
    stays = [mail for mail in rounds if mail[0] < rounds[3 * 12][0] or mail[1] != "clerk5@firm.example"]
    ((fewer, _),) = read_outbox(tmp_path / "one drops out", [*ordinary, *right, *stays])
    assert (fewer.recipients, fewer.excess) == (12, 72 - 3)


def test_all_mail_to_one_firm_again_after_one_pause_is_one_incident_of_a_server_that_gave_no_answer(tmp_path):
    """Three kinds of mail, two hours apart, to fifteen people of Firm and of Other each; at Firm, two of three people
    get each mail again ten minutes and some seconds later: 3 * 10 extra copies to ten people."""
    begins, rng = FIRST_DAY + timedelta(days=20, hours=9), random.Random(31)
    mails = [
        (begins + timedelta(hours=2 * kind, seconds=2 * n), f"clerk{n}@{firm}.example", name, f"{name} of C4")
        for kind, name in enumerate(("course", "session", "notice"))
        for firm in ("firm", "other")
        for n in range(15)
    ]
    hit = [mail for mail in mails if mail[1].endswith("@firm.example") and int(mail[1][5:].split("@")[0]) % 3 < 2]
    again = [(at + timedelta(seconds=rng.uniform(620, 660)), *mail) for at, *mail in hit]
    ((incident, people),) = read_outbox(tmp_path, [*ordinary_outbox(random.Random(14)), *mails, *again])
    assert (incident.recipients, incident.sends, incident.excess) == (10, 60, 30)
    assert {person.recipient for person in people} == {to for _, to, _, _ in hit}
    assert incident.cause == "smtp-ambiguity"


def test_an_archive_that_gets_a_copy_of_everybodys_welcome_is_no_flood_and_a_person_who_gets_as_many_is(tmp_path):
    """Forty are welcomed in three minutes, and each time a copy goes elsewhere, half a second later."""
    begins = FIRST_DAY + timedelta(days=6, hours=14)
    ordinary = list(ordinary_outbox(random.Random(13)))
    subject = "Welcome to A1 for Firm"
    group = [(begins + timedelta(seconds=4 * n), f"clerk{n}@firm.example", "welcome", subject) for n in range(40)]
    copies = [(at + timedelta(seconds=0.5), "keep@school.example", "welcome", subject) for at, _, _, _ in group]
    assert read_outbox(tmp_path / "archive", ordinary + group + copies) == []
    ((_, people),) = read_outbox(tmp_path / "flood", ordinary + group[:1] + copies)
    assert [(person.recipient, person.sends) for person in people] == [("keep@school.example", 40)]


def test_sixty_copies_in_ten_hours_are_a_loop_to_one_person_however_many_shared_inboxes_get_in_a_month(tmp_path):
    """Forty enquiries a day come to each of five offices, on 30 days. Sixty to one person on the 20th day, 59 extra,
    are more than four times the four that forty to an office count as. They are not if the forty come to persons, too,
    nor if the sixty come to another office."""
    ordinary = list(ordinary_outbox(random.Random(11)))

    def enquiries(inbox: str, other: str) -> list[Mail]:
        rng = random.Random(13)
        days = [FIRST_DAY + timedelta(days=day, hours=8) for day in range(30) for _ in range(40)]
        moments = [
            (day + timedelta(minutes=rng.randrange(600)), f"{inbox}{n}.example") for day in days for n in range(5)
        ]
        begins = FIRST_DAY + timedelta(days=19, hours=9)
        moments += [(begins + timedelta(minutes=10 * n + rng.uniform(-3, 3)), other) for n in range(60)]
        return [(moment, person, "enquiry", "Enquiry") for moment, person in moments]

    ((incident, _),) = read_outbox(tmp_path, ordinary + enquiries("office@hotel", "rosa@inn.example"))
    assert (incident.recipients, incident.excess) == (1, 59)
    assert alarms(read_outbox(tmp_path / "persons", ordinary + enquiries("sam@hotel", "rosa@inn.example"))) == []
    assert alarms(read_outbox(tmp_path / "offices", ordinary + enquiries("office@hotel", "info@inn.example"))) == []


def test_a_mail_every_hour_for_five_days_is_told_however_often_its_template_comes_to_the_same_person(tmp_path):
    """Rosa gets a reminder of another session on every third day, ten in all, and one of them 120 times in five days. A
    manager who gets each of ten reminders twelve times is used to it."""
    ordinary = list(ordinary_outbox(random.Random(11)))

    def reminders(person: str, copies: int) -> list[Mail]:
        days = [FIRST_DAY + timedelta(days=3 * n, hours=7) for n in range(10)]
        moments = [(day + timedelta(minutes=5 * n), f"Session of {day:%d %B}") for day in days for n in range(copies)]
        return [(moment, person, "reminder", subject) for moment, subject in moments]

    rng, begins = random.Random(13), FIRST_DAY + timedelta(days=18, hours=8)
    hourly = [(begins + timedelta(minutes=60 * n + rng.uniform(-9, 9)), "rosa@inn.example") for n in range(119)]
    loop = [(moment, person, "reminder", f"Session of {begins:%d %B}") for moment, person in hourly]
    ((incident, _),) = read_outbox(tmp_path, ordinary + reminders("rosa@inn.example", 1) + loop)
    assert (incident.recipients, incident.excess) == (1, 119)
    assert alarms(read_outbox(tmp_path / "used", ordinary + reminders("sam@inn.example", 12))) == []


def test_a_new_mail_by_the_clock_each_hour_to_five_people_is_a_loop_however_often_others_got_it_before(tmp_path):
    """Two weeks after thirty others got four copies each within the hour, five people get 26 each in 25 hours."""
    ordinary = list(ordinary_outbox(random.Random(11)))
    begins = FIRST_DAY + timedelta(days=9, hours=14)
    earlier = [
        (begins + timedelta(minutes=minute, seconds=n), f"guest{n}@inn.example", "survey", "How was C3?")
        for minute in (0, 11, 29, 52)
        for n in range(30)
    ]
    hourly = [
        (begins + timedelta(days=14, hours=hour, seconds=47 + n), f"clerk{n}@firm.example", "survey", "How was C4?")
        for hour in range(26)
        for n in range(5)
    ]
    found = read_outbox(tmp_path, [*ordinary, *earlier, *hourly])
    assert [(incident.recipients, incident.excess) for incident, _ in found] == [(30, 90), (5, 125)]


def test_reminders_that_come_to_one_person_from_the_run_that_reminds_others_are_a_timetables(tmp_path):
    """Each day at seven, ten others are reminded once. Rosa is on every second day, seven times in all: six extra
    if hers come at 04:31, when nobody else gets any, and none if they come from that run."""
    ordinary = list(ordinary_outbox(random.Random(11)))
    run = [
        (FIRST_DAY + timedelta(days=day, hours=7, seconds=n), f"p{day}-{n}@inn.example", "due", "Finish your course")
        for day in range(30)
        for n in range(10)
    ]

    def to_rosa(at: timedelta) -> list[Mail]:
        days = (FIRST_DAY + timedelta(days=12 + 2 * n) for n in range(7))
        return [(day + at, "rosa@hotel.example", "due", "Finish your course") for day in days]

    ((incident, _),) = read_outbox(tmp_path, ordinary + run + to_rosa(timedelta(hours=4, minutes=31)))
    assert (incident.recipients, incident.excess) == (1, 6)
    assert alarms(read_outbox(tmp_path / "run", ordinary + run + to_rosa(timedelta(hours=7, seconds=20)))) == []


def test_a_replay_of_old_mail_while_a_timer_repeats_other_mail_of_the_template_is_an_incident_of_its_own(tmp_path):
    """Sixty get their certificates one by one in nine days. From the 14th day on a timer sends forty others theirs at
    23:18:53 each night, twelve times beyond the first; on the 18th those sixty are replayed in two minutes."""
    ordinary = list(ordinary_outbox(random.Random(11)))
    earned = [
        (FIRST_DAY + timedelta(hours=7 + 3.5 * n), f"p{n}@inn.example", "diploma", f"Your diploma: C{n % 5}")
        for n in range(60)
    ]
    again = FIRST_DAY + timedelta(days=17, hours=3, minutes=53)
    replay = [(again + timedelta(seconds=2 * n), *mail) for n, (_, *mail) in enumerate(earned)]
    nights = (FIRST_DAY + timedelta(days=13 + day, hours=23, minutes=18, seconds=53) for day in range(13))
    timer = [
        (night + timedelta(milliseconds=300 * n), f"clerk{n}@firm.example", "diploma", "Your diploma: C9")
        for night in nights
        for n in range(40)
    ]
    found = read_outbox(tmp_path, [*ordinary, *earned, *replay, *timer])
    assert [(incident.recipients, incident.excess) for incident, _ in found] == [(40, 480), (60, 60)]
    assert {person.recipient for person in found[1][1]} == {to for _, to, *_ in earned}


def test_a_drip_whose_first_copy_came_within_seconds_is_told_with_its_fifth_copy_nine_days_later(tmp_path):
    """Rosa gets a certificate twice within nineteen seconds, and then thrice more, two days and 21 hours apart to the
    minute: what the first two copies look like is a matter of seconds, what all are of days. Two hours sooner or later
    are no clock."""
    ordinary, begins = list(ordinary_outbox(random.Random(11))), FIRST_DAY + timedelta(days=14, hours=12)
    known = [
        (FIRST_DAY + timedelta(hours=5 * n), f"p{n}@inn.example", "certificate", "Your certificate") for n in range(120)
    ]

    def to_rosa(off: float) -> list[Mail]:
        hours = (0, 19 / 3600, 69, 138 + off, 207 - off)
        return [(begins + timedelta(hours=h), "rosa@hotel.example", "certificate", "Your certificate") for h in hours]

    found = read_outbox(tmp_path / "clock", ordinary + known + to_rosa(0))
    assert alarms(found) == [{"rosa@hotel.example"}]
    assert {incident.detected_at for incident, _ in found} == {to_rosa(0)[-1][0]}
    assert read_outbox(tmp_path / "chance", ordinary + known + to_rosa(2)) == []


def test_an_address_that_is_probed_every_hour_is_no_part_of_a_loop_of_the_same_mail(tmp_path):
    """The probe has had the welcome 471 times when 25 copies of it go to each of eight people within two hours."""
    ordinary = list(ordinary_outbox(random.Random(14)))
    hours = (FIRST_DAY + timedelta(hours=n, seconds=7) for n in range(30 * 24))
    probes = [(at, "probe@school.example", "welcome", "Welcome to A1 for Firm") for at in hours]
    ((incident, people),) = read_outbox(tmp_path, ordinary + probes + list(loop(random.Random(14))))
    assert {person.recipient for person in people} == {f"clerk{n}@firm.example" for n in range(8)}
    assert incident.excess == 8 * 24


def rounds(people: list[str], seconds: list[int], subject: str = "Welcome to A1 for Firm") -> list[Mail]:
    """The same welcome to all of them, again and again, at these seconds after ten o'clock of the 15th day."""
    begins = FIRST_DAY + timedelta(days=14, hours=10)
    return [
        (begins + timedelta(seconds=second, milliseconds=300 * place), person, "welcome", subject)
        for second in seconds
        for place, person in enumerate(people)
    ]


def at_firms(sizes: dict[str, int]) -> list[str]:
    return [f"clerk{n}@{firm}.example" for firm, size in sizes.items() for n in range(size)]


ROUNDS = {
    "three, two hours apart": [0, 7200, 14400],
    "eight, an hour and more apart": [3700 * n for n in range(8)],
    "one early, then a loop": [0, 5400, 5460, 5520, 5580],
    "one on the day before, then a loop": [0, 86400, 86520, 86640],
    "a loop with a pause of ninety minutes": [0, 120, 240, 5640, 5760],
    "a loop with a pause of nine hours": [0, 120, 240, 32640],
}


@pytest.mark.parametrize("seconds", ROUNDS.values(), ids=ROUNDS)
def test_no_copy_is_left_out_between_the_first_and_the_last_that_anybody_got(tmp_path, seconds):
    """Also those of a round that would be no alarm by itself; all 51 people got each of them."""
    faulty = rounds(at_firms({"firm": 51}), seconds)
    ((incident, people),) = read_outbox(tmp_path, [*ordinary_outbox(random.Random(11)), *faulty])
    assert (incident.recipients, incident.sends, incident.excess) == (51, 51 * len(seconds), 51 * (len(seconds) - 1))
    assert all(person.sends == len(seconds) for person in people)
    assert incident.started_at == min(faulty)[0] + timedelta(seconds=seconds[1])


@pytest.mark.parametrize(
    ("firms", "copies"),
    [({"zeta": 48, "mid": 8, "alpha": 2}, 9), ({"big": 30, "solo": 1}, 2), ({f"solo{n}": 1 for n in range(40)}, 6)],
    ids=["48, 8 and 2 people", "30 people and one", "40 firms of one"],
)
def test_people_hit_by_the_same_mail_in_the_same_minutes_are_named_however_small_their_firm(tmp_path, firms, copies):
    faulty = rounds(at_firms(firms), [50 * n for n in range(copies)])
    ((incident, people),) = read_outbox(tmp_path, [*ordinary_outbox(random.Random(11)), *faulty])
    assert {person.recipient for person in people} == {to for _, to, _, _ in faulty}
    assert incident.excess == sum(firms.values()) * (copies - 1)


def test_the_code_that_somebody_asked_for_again_is_no_extra_copy_of_a_fault_that_sends_codes_thrice(tmp_path):
    """Ten people ask for a code twice, a minute apart; each time three come at once: two are extra, not five of six."""
    begins = FIRST_DAY + timedelta(days=20, hours=10)
    faulty = [
        (
            begins + timedelta(minutes=3 * n, seconds=60 * ask, milliseconds=400 * copy),
            f"p{n}@x.example",
            "code",
            "Your code",
        )
        for n in range(10)
        for ask in range(2)
        for copy in range(3)
    ]
    ((incident, people),) = read_outbox(tmp_path, [*ordinary_outbox(random.Random(11)), *faulty])
    assert {(person.sends, person.expected, person.excess) for person in people} == {(6, 2, 4)}
    assert incident.excess == 40


def test_a_whole_night_on_it_ends_with_the_same_figures(tmp_path):
    rng = random.Random(11)
    path = written(tmp_path, [*ordinary_outbox(rng), *loop(rng)])
    done = nightly(Config(logs=Logs(paths=(path,))), state=tmp_path / "state", as_of=SCHOOL_ENDS, talk=lambda _: None)
    (case,) = done.facts.cases
    assert (case.incident.recipients, case.incident.sends, case.incident.excess) == (8, 200, 192)
    assert case.incident.organizations == ("firm.example",)
    assert done.facts.repeats > 192  # codes and digests are repeats as well, and none of them is an incident


@pytest.mark.parametrize("alarm_log10", [4.0, 9.0])
def test_the_founding_night_does_not_hang_on_the_alarm_line(tmp_path, alarm_log10):
    """At 10^4 as at 10^9 the sample has this one incident."""
    detection = Config().detection.model_copy(update={"alarm_log10": alarm_log10})
    with fresh_store(tmp_path / "state") as db:
        ingest(db, SAMPLES / "plain", as_of=NEW_YEAR)
        build(db, tables.SENDS + tables.REPEATS, as_of=NEW_YEAR)
        groups = affairs.group(find_bursts(db, detection))
        (night,) = (g for g in groups if g[0].template_key == "t:welcome")
        assert len(frozenset().union(*(burst.recipients for burst in night))) == 51
        assert {g[0].template_key for g in groups} <= {"t:welcome", "t:announcement"}  # which was sent again on purpose


Sized = tuple[datetime, str, str, str, int]


def read_sized(
    folder: Path, mails: list[Sized], *, has_templates: bool = False
) -> list[tuple[Incident, tuple[AffectedRecipient, ...]]]:
    """Like `read_outbox`, for a log that knows sizes and no templates, as a mail server with a header check writes."""
    rows = [
        (moment, f"<{number}@school.example>", to, template if has_templates else "", subject, size)
        for number, (moment, to, template, subject, size) in enumerate(sorted(mails))
    ]
    return read_rows(folder, rows)


def read_rows(
    folder: Path, mails: list[tuple[datetime, str, str, str, str, int]]
) -> list[tuple[Incident, tuple[AffectedRecipient, ...]]]:
    """The same with ids of one's own."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sized.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["timestamp", "message_id", "recipient", "template", "subject", "size", "sender", "event"])
        for moment, *mail in mails:
            rows.writerow([moment.isoformat(timespec="milliseconds"), *mail, "office@school.example", "sent"])
    with fresh_store(folder / "state") as db:
        ingest(db, folder / "sized.csv", as_of=SCHOOL_ENDS)
        return Month(db, {}).found(SCHOOL_ENDS)


def with_sizes(mails: list[Mail]) -> list[Sized]:
    """Each subject has a size of its own; the school's digest another one each day."""
    return [
        (*mail, 4_000 + sum(map(ord, mail[3])) + (97 * mail[0].day if mail[2] == "digest" else 0)) for mail in mails
    ]


NOON = timedelta(hours=12, seconds=3)


def daily(
    subject: str, grows: int, stays: float = 1.0, at: timedelta = NOON, days: int = 10, people: int = 20
) -> list[Sized]:
    """A new mail on each day from the 12th on, each day bigger by `grows` bytes, and to this share of those of the day
    before."""
    first = FIRST_DAY + timedelta(days=11) + at
    return [
        (
            first + timedelta(days=day, milliseconds=200 * n),
            f"clerk{n}@firm.example",
            "new",
            subject,
            5_000 + grows * day,
        )
        for day in range(days)
        for n in range(round(people * stays**day))
    ]


def test_a_new_daily_mail_is_a_fault_if_it_never_changes_by_a_byte_and_nobody_drops_out(tmp_path):
    """200 mails to twenty people, 180 of them extra; told with the ninth day's first: by then 160 were the same. News
    grows by 60 bytes a day, and a reminder goes to nine of ten of those of the day before."""
    ordinary = with_sizes(list(ordinary_outbox(random.Random(21))))
    ((incident, people),) = read_sized(tmp_path / "same", ordinary + daily("Your access to B2", 0))
    assert (incident.recipients, incident.excess) == (20, 180)
    assert {person.sends for person in people} == {10}
    assert incident.detected_at == FIRST_DAY + timedelta(days=11 + 8, hours=12, seconds=3)
    assert alarms(read_sized(tmp_path / "news", ordinary + daily("News of B2", 60))) == []
    assert alarms(read_sized(tmp_path / "reminder", ordinary + daily("Finish B2", 0, stays=0.9))) == []


def test_a_new_daily_mail_that_never_changes_is_told_sooner_if_no_timetable_begins_then(tmp_path):
    """Sixteen people on six days, at nine past four: 80 extra copies, told on the sixth day; at ten past, not yet."""
    ordinary = with_sizes(list(ordinary_outbox(random.Random(21))))
    nine, ten = timedelta(hours=4, minutes=9, seconds=7), timedelta(hours=4, minutes=10, seconds=7)
    ((incident, _),) = read_sized(
        tmp_path / "nine", ordinary + daily("Your access to B2", 0, at=nine, days=6, people=16)
    )
    assert (incident.recipients, incident.excess) == (16, 80)
    assert incident.detected_at == FIRST_DAY + timedelta(days=11 + 5) + nine
    assert read_sized(tmp_path / "ten", ordinary + daily("Your access to B2", 0, at=ten, days=6, people=16)) == []


def test_a_new_mail_of_one_size_that_comes_twice_a_day_is_a_fault_once_150_of_it_have_come(tmp_path):
    """At eight and at twenty, as timetables begin: thirty people on four days and a half, nine mails each, 240 of 270
    extra. Once a day to as many is news for so few days."""
    ordinary = with_sizes(list(ordinary_outbox(random.Random(21))))
    morning, evening = (daily("You are in B2", 0, at=timedelta(hours=hour), days=5, people=30) for hour in (8, 20))
    until = FIRST_DAY + timedelta(days=11 + 4, hours=12)
    both = [mail for mail in morning + evening if mail[0] < until]
    ((incident, people),) = read_sized(tmp_path / "both", ordinary + both)
    assert (incident.recipients, incident.excess) == (30, 240)
    assert {person.sends for person in people} == {9}
    assert alarms(read_sized(tmp_path / "mornings", ordinary + morning)) == []


def test_old_mail_that_comes_again_is_a_replay_even_where_only_its_size_is_known_and_a_mailing_sent_again_may_be_meant(
    tmp_path,
):
    """Forty are told of their groups one by one, in two weeks, and on the 24th day all in a minute: 40 extra copies.
    What all forty were sent within a minute, too, on the day before, somebody may have sent again."""
    ordinary = [(*mail[:3], "", mail[4]) for mail in with_sizes(list(ordinary_outbox(random.Random(21))))]
    again = FIRST_DAY + timedelta(days=23, hours=15, minutes=4)

    def twice(first: list[datetime]) -> list[Sized]:
        moments = [(n, moment) for n, at in enumerate(first) for moment in (at, again + timedelta(seconds=1.3 * n))]
        return [(moment, f"clerk{n}@firm.example", "", "", 9_000 + 7 * (n % 5)) for n, moment in moments]

    one_by_one = [FIRST_DAY + timedelta(days=2 + n % 14, hours=9 + n // 14, minutes=3 * n) for n in range(40)]
    ((incident, _),) = read_sized(tmp_path / "replay", ordinary + twice(one_by_one))
    assert (incident.recipients, incident.excess, incident.severity) == (40, 40, "serious")
    at_once = [again - timedelta(days=1) + timedelta(seconds=1.3 * n) for n in range(40)]
    assert alarms(read_sized(tmp_path / "mailing", ordinary + twice(at_once))) == []


@pytest.mark.parametrize("subject", ["B8 is open", ""])
def test_a_slow_run_that_begins_again_and_then_goes_on_is_no_resend_on_purpose(tmp_path, subject):
    """A mail each ten seconds. Thirty of fifty get it, and 25 minutes later all fifty do: the twenty who had none
    come after those thirty. To the same thirty again it may be meant."""
    ordinary = with_sizes(list(ordinary_outbox(random.Random(21))))
    begins = FIRST_DAY + timedelta(days=19, hours=9)

    def run(minute: float, people: int) -> list[Sized]:
        moments = (begins + timedelta(minutes=minute, seconds=10 * n) for n in range(people))
        return [(at, f"clerk{n}@firm.example", "launch", subject, 33_500 + n) for n, at in enumerate(moments)]

    mails = [*ordinary, *run(0, 30), *run(25, 50)]
    if not subject:
        mails = [(*mail[:3], "", mail[4]) for mail in mails]
    ((incident, _),) = read_sized(tmp_path, mails)
    assert (incident.recipients, incident.excess, incident.severity) == (30, 30, "serious")
    meant = [mail for mail in mails if mail[1] not in {f"clerk{n}@firm.example" for n in range(30, 50)}]
    assert alarms(read_sized(tmp_path / "meant", meant)) == []


def test_one_welcome_that_comes_daily_since_the_log_began_is_a_fault_where_all_others_come_once(tmp_path):
    """Twenty are welcomed on the second day, and again each night at four or some minutes past: 200 mails, 180 of them
    extra, told on the seventh night, amid which the 150th is the same. Not if each is 40 bytes longer."""
    ordinary, rng = with_sizes(list(ordinary_outbox(random.Random(23)))), random.Random(23)
    minutes = [0.0] + [16.5 * 60 + 1440 * night + rng.uniform(0, 4) for night in range(9)]

    def welcomes(grows: int) -> list[Sized]:
        begins = FIRST_DAY + timedelta(days=1, hours=11, minutes=32)
        return [
            (
                begins + timedelta(minutes=minute, milliseconds=200 * n),
                f"clerk{n}@firm.example",
                "welcome",
                "Welcome to B2 for Firm",
                5_000 + grows * place,
            )
            for place, minute in enumerate(minutes)
            for n in range(20)
        ]

    ((incident, people),) = read_sized(tmp_path / "same", ordinary + welcomes(0), has_templates=True)
    assert (incident.recipients, incident.excess) == (20, 180)
    assert {person.sends for person in people} == {10}
    assert incident.detected_at.date() == (FIRST_DAY + timedelta(days=1 + 7)).date()
    assert alarms(read_sized(tmp_path / "news", ordinary + welcomes(40), has_templates=True)) == []


def test_five_messages_that_come_again_under_their_own_ids_to_one_firm_are_an_incident_of_its_server(tmp_path):
    """Five kinds of mail, six hours apart, to three people each; three of Firm get theirs twice more, six and eleven
    minutes later, each under its own Message-ID: 5 * 3 * 2 extra copies."""
    begins, ordinary = FIRST_DAY + timedelta(days=20, hours=3), with_sizes(list(ordinary_outbox(random.Random(14))))
    first = [(at, f"<{n}@school.example>", *mail) for n, (at, *mail) in enumerate(sorted(ordinary))]

    def letters(firm: str, copies: int) -> list[tuple[datetime, str, str, str, str, int]]:
        return [
            (
                begins + timedelta(hours=6 * kind, minutes=(0, 6, 11)[copy], seconds=40 * n),
                f"<{firm}{kind}{n}@school.example>",
                f"clerk{n}@{firm}.example",
                "",
                f"Letter {kind}",
                5_000 + 300 * kind,
            )
            for kind in range(5)
            for n in range(3)
            for copy in range(copies)
        ]

    ((incident, people),) = read_rows(tmp_path, first + letters("firm", 3) + letters("other", 1))
    assert (incident.recipients, incident.sends, incident.excess) == (3, 45, 30)
    assert {person.recipient for person in people} == {f"clerk{n}@firm.example" for n in range(3)}
    assert incident.cause == "smtp-ambiguity"


def moved(subject: str, people: int, sizes: Sequence[int], firm: str = "firm") -> list[Sized]:
    """An invitation that a few people get at odd times of one day, so big each time."""
    begins = FIRST_DAY + timedelta(days=20, hours=6, minutes=31)
    return [
        (
            begins + timedelta(minutes=minutes, milliseconds=700 * n),
            f"clerk{n}@{firm}.example",
            "",
            subject,
            size + n % 3,
        )
        for minutes, size in zip((0, 514, 662, 731, 749), sizes, strict=True)
        for n in range(people)
    ]


def test_an_invitation_that_is_edited_in_between_is_no_copy_of_itself(tmp_path):
    """Five times in a day to eight people: the same bytes are a fault. If a session was moved the mail is some bytes
    longer or shorter, the same for everybody; twice it is as long as before."""
    ordinary = with_sizes(list(ordinary_outbox(random.Random(21))))
    (hit,) = alarms(read_sized(tmp_path / "same", ordinary + moved("Invitation to B2", 8, [8_000] * 5)))
    assert len(hit) == 8
    sizes = [8_000, 8_000, 8_009, 7_998, 7_998]
    assert alarms(read_sized(tmp_path / "moved", ordinary + moved("Invitation to B2", 8, sizes))) == []
    first = moved("Invitation to B2", 8, [8_000] * 5)[:8]
    at_once = [(at + timedelta(seconds=9), *mail, size + 7) for at, *mail, size in first]  # by a server of longer name
    assert len(alarms(read_sized(tmp_path / "at once", ordinary + first + at_once))) == 1


def test_the_smaller_part_of_an_ordinary_mailing_is_ordinary(tmp_path):
    """Eight people read the invitation in German, where it is of one size by chance, and forty in English."""
    ordinary = with_sizes(list(ordinary_outbox(random.Random(21))))
    german = moved("Einladung zu B2", 8, [8_000] * 5)
    english = moved("Invitation to B2", 40, [8_100, 8_107, 8_100, 8_089, 8_096], firm="other")
    assert alarms(read_sized(tmp_path / "whole", ordinary + german + english)) == []
    few = [mail for mail in english if int(mail[1].removeprefix("clerk").partition("@")[0]) < 31]
    (hit,) = alarms(read_sized(tmp_path / "part", ordinary + german + few))
    assert hit == {f"clerk{n}@firm.example" for n in range(8)}


def test_a_fault_within_seconds_is_found_amid_a_mailing_of_its_template_that_is_sent_again_on_purpose(tmp_path):
    """Sixty get course B7 twice, 41 minutes apart, and meanwhile a list grows that nobody clears: person n of twelve is
    sent course B8 12 - n times within a quarter of a minute, 66 extra copies to eleven of them."""
    begins, ordinary = FIRST_DAY + timedelta(days=20, hours=9), list(ordinary_outbox(random.Random(34)))
    meant = [
        (begins + timedelta(minutes=41 * again, seconds=2 * n), f"clerk{n}@firm.example", "launch", "B7 is open")
        for again in range(2)
        for n in range(60)
    ]
    grown = [
        (begins + timedelta(seconds=1200 + 1.2 * k + 0.004 * n), f"guest{n}@inn.example", "launch", "B8 is open")
        for k in range(12)
        for n in range(k + 1)
    ]
    ((incident, people),) = read_outbox(tmp_path, [*ordinary, *courses(), *meant, *grown])
    assert {person.recipient for person in people} == {f"guest{n}@inn.example" for n in range(11)}
    assert incident.excess == 66


def test_who_is_in_several_courses_gets_several_at_once_and_three_times_as_many_is_a_fault(tmp_path):
    """On each day six people get one, one, two, two, three or four at once under one subject. On two late days each of
    twelve gets three times as many; the last of a day gets the usual four."""
    rng, ordinary = random.Random(35), list(ordinary_outbox(random.Random(36)))

    def confirmed(day: int, person: int, copies: int) -> list[Mail]:
        begins = FIRST_DAY + timedelta(days=day, hours=7 + 1.7 * person, seconds=rng.uniform(0, 600))
        return [
            (begins + timedelta(seconds=0.4 * k), f"new{day}.{person}@inn.example", "enrolled", "You are enrolled")
            for k in range(copies)
        ]

    usual = (1, 1, 2, 2, 3, 4)
    quiet = [mail for day in range(29) for n in range(6) for mail in confirmed(day, n, usual[n])]
    assert alarms(read_outbox(tmp_path / "usual", [*ordinary, *quiet])) == []
    hit = [mail for day in (26, 27) for n in range(6) for mail in confirmed(day, n, usual[n] * (3 if n < 5 else 1))]
    others = [mail for mail in quiet if not mail[1].startswith(("new26.", "new27."))]
    (people,) = alarms(read_outbox(tmp_path / "thrice", [*ordinary, *others, *hit]))
    assert {f"new{day}.{n}@inn.example" for day in (26, 27) for n in range(5)} <= people <= {to for _, to, *_ in hit}


def test_a_list_that_grows_is_a_fault_also_where_several_come_at_once_by_nature(tmp_path):
    """On each day of four weeks six people get one, one, two, two, three or four under one subject. Then twenty are
    enrolled one after the other, and each time all before are told again: twenty copies to the first, two to the last
    but one, 19 + 18 + ... + 1 = 190 extra; told when five have got eight, twice the most that anybody got at once. The
    last two with 2 + 1 are not named: theirs go out beside the first of others. Eight may be in eight courses."""
    rng, ordinary = random.Random(35), list(ordinary_outbox(random.Random(36)))
    quiet = [
        (at + timedelta(seconds=0.4 * k), f"new{at:%d}.{n}@inn{n}.example", "enrolled", "You are enrolled")
        for day in range(29)
        for n, copies in enumerate((1, 1, 2, 2, 3, 4))
        for at in [FIRST_DAY + timedelta(days=day, hours=7 + 1.7 * n, seconds=rng.uniform(0, 600))]
        for k in range(copies)
    ]

    def grown(people: int) -> list[Mail]:
        begins = FIRST_DAY + timedelta(days=24, hours=20)
        return [
            (begins + timedelta(seconds=4 * k + 0.1 * n), f"clerk{n}@firm.example", "enrolled", "You are enrolled")
            for k in range(people)
            for n in range(k + 1)
        ]

    ((incident, people),) = read_outbox(tmp_path / "twenty", [*ordinary, *quiet, *grown(20)])
    assert {person.recipient for person in people} == {f"clerk{n}@firm.example" for n in range(17)}
    assert (incident.excess, incident.cause) == (187, "accumulating-list")
    assert incident.detected_at == FIRST_DAY + timedelta(
        days=24, hours=20, seconds=4 * 11 + 0.4
    )  # the fifth one's eighth
    assert alarms(read_outbox(tmp_path / "eight", [*ordinary, *quiet, *grown(8)])) == []


def test_a_client_whose_people_are_enrolled_in_three_courses_at_once_is_one_witness_and_no_fault(tmp_path):
    """On each day of four weeks six people of many clients get one copy, and one in eight gets two; then forty of one
    client get three each within the hour. Forty of forty clients are beyond the usual."""
    rng, ordinary = random.Random(37), list(ordinary_outbox(random.Random(36)))
    singles = [
        (
            FIRST_DAY + timedelta(days=day, hours=7 + 1.5 * n, seconds=rng.uniform(0, 600)),
            f"new{day}.{n}@firm{n}.example",
        )
        for day in range(29)
        for n in range(6)
    ]
    quiet = [
        (at + timedelta(seconds=0.4 * k), to, "enrolled", "You are enrolled")
        for at, to in singles
        for k in range(1 + (rng.random() < 0.125))
    ]

    def cohort(clients: int) -> list[Mail]:
        begins = FIRST_DAY + timedelta(days=24, hours=9)
        return [
            (
                begins + timedelta(minutes=n, seconds=0.4 * k),
                f"p{n}@c{n % clients}.example",
                "enrolled",
                "You are enrolled",
            )
            for n in range(40)
            for k in range(3)
        ]

    assert alarms(read_outbox(tmp_path / "one", [*ordinary, *quiet, *cohort(1)])) == []
    (people,) = alarms(read_outbox(tmp_path / "many", [*ordinary, *quiet, *cohort(40)]))
    assert len(people & {f"p{n}@c{n}.example" for n in range(40)}) == 40


def test_who_stands_in_several_groups_gets_each_mail_of_a_new_template_so_often_and_that_is_a_fault(tmp_path):
    """Three mailings of a new template to 37 people in five days; the same twenty get each of them two to four times
    within the second: 17 copies of every mailing beyond one for each of the twenty, and 40 beyond that."""
    begins, ordinary = FIRST_DAY + timedelta(days=20, hours=9), list(ordinary_outbox(random.Random(33)))
    mailings = [
        (
            begins + timedelta(days=2.2 * part, seconds=0.6 * n + 0.1 * k),
            f"clerk{n}@firm.example",
            "terms",
            f"Terms {part}",
        )
        for part in range(3)
        for n in range(37)
        for k in range(2 + n % 3 if n < 20 else 1)
    ]
    ((incident, people),) = read_outbox(tmp_path, [*ordinary, *mailings])
    assert {person.recipient for person in people} == {f"clerk{n}@firm.example" for n in range(20)}
    assert incident.excess == 3 * (7 * 1 + 7 * 2 + 6 * 3)


def test_a_second_run_that_follows_the_first_for_a_while_is_found_in_a_great_mailing(tmp_path):
    """Of seven hundred, thirty who stand one after the other get it again two seconds later: told with the twelfth.
    Thirty who stand anywhere are in the list twice."""
    begins, ordinary = FIRST_DAY + timedelta(days=20, hours=9), list(ordinary_outbox(random.Random(33)))
    mails = [
        (begins + timedelta(seconds=0.5 * n), f"clerk{n}@firm{n % 40}.example", "launch", "B2 is open")
        for n in range(700)
    ]

    def again(places: Sequence[int]) -> list[Mail]:
        return [(mails[n][0] + timedelta(seconds=2.2), *mails[n][1:]) for n in places]

    ((incident, people),) = read_outbox(tmp_path / "stretch", [*ordinary, *mails, *again(range(300, 330))])
    assert {person.recipient for person in people} == {to for _, to, _, _ in mails[300:330]}
    assert (incident.sends, incident.excess) == (60, 30)
    assert incident.detected_at == again([311])[0][0]
    scattered = random.Random(4).sample(range(700), 30)
    assert read_outbox(tmp_path / "anywhere", [*ordinary, *mails, *again(scattered)]) == []


def test_forty_posts_of_any_length_are_no_copies_where_a_group_gets_them_and_to_one_person_they_are_a_loop(tmp_path):
    """Each is some twenty bytes longer than another, in no order; to others they are longer by names of their own."""
    begins, ordinary = FIRST_DAY + timedelta(days=20, hours=9), with_sizes(list(ordinary_outbox(random.Random(21))))
    lengths = random.Random(3).sample([9_000 + 21 * n for n in range(40)], 40)

    def posts(people: int) -> list[Sized]:
        return [
            (
                begins + timedelta(minutes=7.3 * n),
                f"clerk{p}@firm.example",
                "",
                "Answer in group 3",
                length + 40 * p * n,
            )
            for p in range(people)
            for n, length in enumerate(lengths)
        ]

    assert alarms(read_sized(tmp_path / "group", ordinary + posts(3))) == []
    assert alarms(read_sized(tmp_path / "loop", ordinary + posts(1))) == [{"clerk0@firm.example"}]


def test_three_people_who_get_the_same_mail_each_night_at_the_same_second_are_an_incident(tmp_path):
    """On seven nights from second 49 on: 18 extra copies, told on the sixth; if no size is known, too. Not from
    second 5 on, and not news."""
    ordinary = with_sizes(list(ordinary_outbox(random.Random(21))))
    odd, even = timedelta(minutes=57, seconds=49), timedelta(minutes=57, seconds=5)
    unsized = [mail[:4] for mail in ordinary + daily("Your access to B2", 0, at=odd, days=7, people=3)]
    ((incident, _),) = read_outbox(tmp_path / "unsized", unsized)
    assert (incident.recipients, incident.excess) == (3, 18)
    ((incident, _),) = read_sized(tmp_path / "odd", ordinary + daily("Your access to B2", 0, at=odd, days=7, people=3))
    assert (incident.recipients, incident.excess) == (3, 18)
    assert incident.detected_at == FIRST_DAY + timedelta(days=11 + 5) + odd
    assert read_sized(tmp_path / "even", ordinary + daily("Your access to B2", 0, at=even, days=7, people=3)) == []
    assert read_sized(tmp_path / "news", ordinary + daily("News of B2", 60, at=odd, days=7, people=3)) == []


def test_posts_of_a_forum_are_no_incident_however_near_each_other_they_come(tmp_path):
    """Eighteen people, a post on every other day at any hour, and one day with four within two hours."""
    rng = random.Random(22)
    hours = [48 * n + rng.uniform(0, 20) for n in range(1, 14)]
    lively = [24 * 25 + 9 + gap for gap in (0, 0.4, 0.9, 1.8)]
    posts = [
        (
            FIRST_DAY + timedelta(hours=hour, milliseconds=100 * n),
            f"clerk{n}@firm.example",
            "post",
            "New post in group 3",
        )
        for hour in sorted(hours + lively)
        for n in range(18)
    ]
    assert alarms(read_outbox(tmp_path, [*ordinary_outbox(rng), *posts])) == []


def test_a_handler_registered_twice_is_one_incident_for_all_its_days(tmp_path):
    """Of a receipt that nobody got twice in sixteen days, each comes twice within a second for five days."""
    ordinary = list(ordinary_outbox(random.Random(26)))
    hit = [mail for mail in ordinary if mail[2] == "receipt" and 16 <= (mail[0] - FIRST_DAY).days < 21]
    twice = [(mail[0] + timedelta(milliseconds=400), *mail[1:]) for mail in hit]
    ((incident, people),) = read_outbox(tmp_path, ordinary + twice)
    assert {person.recipient for person in people} == {to for _, to, _, _ in hit}
    assert incident.excess == len(hit)


def test_notices_about_colleagues_to_an_office_are_no_flood(tmp_path):
    """Sixty of a firm are enrolled in three minutes, and its office gets a notice of each, two seconds later."""
    begins = FIRST_DAY + timedelta(days=18, hours=14)
    group = [
        (begins + timedelta(seconds=3 * n), f"clerk{n}@firm.example", "welcome", "Welcome to C1") for n in range(60)
    ]
    notices = [(at + timedelta(seconds=2), "j.head@firm.example", "notice", "New enrolment") for at, *_ in group]
    ordinary = list(ordinary_outbox(random.Random(24)))
    assert alarms(read_outbox(tmp_path / "notices", ordinary + group + notices)) == []
    queued = [
        (at + timedelta(seconds=60 - at.second), *mail) for at, *mail in group
    ]  # by the minute, after the notices
    assert alarms(read_outbox(tmp_path / "queued", ordinary + queued + notices)) == []
    assert alarms(read_outbox(tmp_path / "flood", ordinary + notices)) == [{"j.head@firm.example"}]


def test_six_courses_whose_subject_does_not_name_them_are_told_apart_by_their_size(tmp_path):
    """Thirty people are enrolled in three courses each, within seconds, under one subject: 40 bytes tell them apart."""
    begins = FIRST_DAY + timedelta(days=20, hours=10)
    ordinary = with_sizes(list(ordinary_outbox(random.Random(25))))

    def enrolments(step: int) -> list[Sized]:
        return [
            (
                begins + timedelta(seconds=4 * n + c),
                f"clerk{n}@firm.example",
                "new",
                "You are enrolled",
                7_000 + step * c,
            )
            for n in range(30)
            for c in range(3)
        ]

    assert alarms(read_sized(tmp_path / "courses", ordinary + enrolments(40))) == []
    (hit,) = alarms(read_sized(tmp_path / "copies", ordinary + enrolments(2)))
    assert len(hit) == 30


EVEN, UNEVEN = range(0, 720, 90), (0, 40, 130, 170, 300, 350, 470, 560)


@pytest.mark.parametrize(("weeks", "seconds"), [(1, EVEN), (4, EVEN), (4, UNEVEN)])
def test_what_breaks_anew_each_week_is_found_each_week_though_the_mail_is_never_sent_right(tmp_path, weeks, seconds):
    """Twelve people get the plan eight times within minutes, on one Monday or four: 84 extra copies on the first;
    on the others 96, for they have it already."""
    begins = FIRST_DAY + timedelta(hours=8)
    plans = [
        (begins + timedelta(days=7 * week, seconds=second + 2 * k), f"clerk{k}@firm.example", "plan", "Your plan")
        for week in range(weeks)
        for second in seconds
        for k in range(12)
    ]
    found = read_outbox(tmp_path, [*ordinary_outbox(random.Random(27)), *plans])
    assert [(incident.recipients, incident.excess) for incident, _ in found] == [(12, 84), *[(12, 96)] * (weeks - 1)]


def test_a_newsletters_issue_that_is_as_big_as_an_earlier_one_is_no_extra_copy_of_a_fault_that_doubles_it(tmp_path):
    """Thirty get an issue each fifth day, told apart by size alone; the sixth is as big as the fourth. The fifth and
    sixth come twice within a second: 30 extra copies each time, and the sixth's first copies are right."""
    sizes = [18_000, 18_300, 18_600, 18_900, 19_200, 18_900]
    issues = [
        (
            FIRST_DAY + timedelta(days=5 * issue, hours=8, milliseconds=200 * n + 900 * copy),
            f"clerk{n}@firm.example",
            "",
            "Your week",
            size,
        )
        for issue, size in enumerate(sizes)
        for n in range(30)
        for copy in range(2 if issue >= 4 else 1)
    ]
    found = read_sized(tmp_path, with_sizes(list(ordinary_outbox(random.Random(21)))) + issues)
    assert [(incident.recipients, incident.excess) for incident, _ in found] == [(30, 30), (30, 30)]
    assert {person.sends for _, people in found for person in people} == {2}


def test_five_people_with_twenty_copies_each_are_found_in_a_log_of_one_day(tmp_path):
    """Thirty are welcomed, and five of them 19 times more, two minutes apart; nothing is known of any other day."""
    begins = FIRST_DAY + timedelta(hours=10)
    welcome = [
        (begins + timedelta(seconds=2 * n), f"clerk{n}@firm.example", "welcome", "Welcome to A1") for n in range(30)
    ]
    again = [
        (begins + timedelta(minutes=2 * n, seconds=2 * k), f"clerk{k}@firm.example", "welcome", "Welcome to A1")
        for n in range(1, 20)
        for k in range(5)
    ]
    ((incident, people),) = read_outbox(tmp_path, welcome + again)
    assert {person.recipient: person.sends for person in people} == {f"clerk{k}@firm.example": 20 for k in range(5)}
    assert incident.detected_at <= begins + timedelta(minutes=20)


def test_an_empty_log_and_a_log_without_repeats_have_no_bursts(tmp_path):
    with fresh_store(tmp_path / "state") as db:
        build(db, tables.SENDS + tables.REPEATS, as_of=NEW_YEAR)
        assert find_bursts(db, Config().detection) == []
        once = [(FIRST_DAY + timedelta(minutes=n), f"p{n}@x.example", "welcome", "Welcome") for n in range(20)]
        ingest(db, written(tmp_path, once), as_of=SCHOOL_ENDS)
        build(db, tables.SENDS + tables.REPEATS, as_of=SCHOOL_ENDS)
        assert find_bursts(db, Config().detection) == []
        assert db.execute("select count(*) from sends").fetchall() == [(20,)]


def test_subjects_are_of_a_kin_if_they_begin_alike_and_where_few_do_if_they_end_alike(tmp_path):
    """Of six lessons each is announced and has a certificate; two of them have a forum."""
    titles = ("First Aid", "Fire Safety", "Data Protection", "Forklift Licence", "Tax Update", "Statistics I")
    subjects = [f"{title} starts in one hour" for title in titles] + [f"Certificate for {title}" for title in titles]
    subjects += [f"{title}: new post" for title in titles[:2]]
    mails = [(FIRST_DAY + timedelta(hours=n), "ann@firm.example", "", subject) for n, subject in enumerate(subjects)]
    with fresh_store(tmp_path / "state") as db:
        ingest(db, written(tmp_path, mails), as_of=SCHOOL_ENDS)
        build(db, tables.SENDS + tables.REPEATS, as_of=SCHOOL_ENDS)
        found = db.execute("select template_key, kin_key from kins order by all").fetchall()
    kins = {key.rpartition("|")[2]: kin.rpartition("|")[2] for key, kin in found}
    assert kins == {subject.lower(): " one hour" for subject in subjects[:6]} | {
        subject.lower(): "certificate for" for subject in subjects[6:12]
    }


def posts_of_a_forum(extra: Sequence[tuple[float, Sequence[int]]] = (), subject: str = "Post in group 3") -> list[Mail]:
    """Sixty people get a post on every other day at any hour, and four within two hours on four days; and what there is
    more, at an hour and to some of them."""
    rng = random.Random(22)
    hours = [48 * n + rng.uniform(0, 20) for n in range(1, 14)]
    hours += [24 * day + 9 + gap for day in (6, 11, 16, 25) for gap in (0, 0.05, 0.3, 1.8)]
    ordinary = [(hour, range(60), "Post in group 3") for hour in hours]
    return [
        (FIRST_DAY + timedelta(hours=hour, milliseconds=100 * n), f"clerk{n}@firm.example", "post", what)
        for hour, people, what in [*ordinary, *((hour, people, subject) for hour, people in extra)]
        for n in people
    ]


def test_two_posts_of_a_forum_that_go_out_together_are_none_and_a_second_run_through_half_of_one_is(tmp_path):
    """Two come forty seconds apart to all sixty. Or thirty who stand one after the other get one twice."""
    ordinary, hour = list(ordinary_outbox(random.Random(22))), 24 * 20 + 10.0
    both = posts_of_a_forum([(hour, range(60)), (hour + 40 / 3600, range(60))])
    assert alarms(read_outbox(tmp_path / "both", [*ordinary, *both])) == []
    again = posts_of_a_forum([(hour, range(60)), (hour + 3 / 3600, range(20, 50))])
    (hit,) = alarms(read_outbox(tmp_path / "again", [*ordinary, *again]))
    assert hit == {f"clerk{n}@firm.example" for n in range(20, 50)}
    joined = [mail for mail in again if (mail[0] - FIRST_DAY).days >= int(mail[1][5:].partition("@")[0]) / 3]
    (hit,) = alarms(
        read_outbox(tmp_path / "joined", [*ordinary, *joined])
    )  # three a day, so that each knows other posts
    assert hit == {f"clerk{n}@firm.example" for n in range(20, 50)}


def test_what_comes_to_a_group_every_five_minutes_by_the_clock_is_a_loop_even_in_a_forum(tmp_path):
    """Fourteen of sixty get a post twenty times, each after five minutes: 19 extra copies each. At no even pace, twenty
    posts are a lively afternoon."""
    ordinary, hour, rng = list(ordinary_outbox(random.Random(22))), 24 * 20 + 10.0, random.Random(4)
    even = posts_of_a_forum([(hour + n / 12, range(14)) for n in range(20)], "Post in group 8")
    ((incident, people),) = read_outbox(tmp_path / "even", [*ordinary, *even])
    assert {person.recipient for person in people} == {f"clerk{n}@firm.example" for n in range(14)}
    assert incident.excess == 14 * 19
    lively = posts_of_a_forum(
        [(hour + n / 12 + rng.uniform(-0.03, 0.03), range(14)) for n in range(20)], "Post in group 8"
    )
    assert alarms(read_outbox(tmp_path / "lively", [*ordinary, *lively])) == []


def test_a_run_that_began_again_and_a_replay_of_old_mail_days_later_are_two_incidents(tmp_path):
    """Forty people get a grade on some day of three weeks each. Then a run through thirty of a class breaks off twice
    and begins again after five minutes; and three days later all forty get all that they had got, once more. Two of
    them had been sent a grade again on other days, which belongs to neither."""
    ordinary, rng = list(ordinary_outbox(random.Random(40))), random.Random(41)

    def grade(moment: datetime, n: int, what: str) -> Mail:
        return moment, f"pupil{n}@south.example", "grade", f"Your grade in {what}"

    single = [grade(FIRST_DAY + timedelta(days=rng.uniform(0, 19)), n, f"B{n % 4}") for n in range(40)]
    again = [grade(FIRST_DAY + timedelta(days=20 + k, hours=3), k, f"B{k % 4}") for k in (1, 2)]
    runs = FIRST_DAY + timedelta(days=21, hours=9)
    run = [grade(runs + timedelta(minutes=5 * k, seconds=2 * n), n, "B7") for k in range(3) for n in range(30)]
    replays, written_again = FIRST_DAY + timedelta(days=24, hours=14), [*single, *run[:30]]
    replay = [(replays + timedelta(seconds=2 * n), *mail[1:]) for n, mail in enumerate(written_again)]
    found = read_outbox(tmp_path, [*ordinary, *single, *again, *run, *replay])
    assert [(incident.started_at, incident.recipients, incident.excess) for incident, _ in found] == [
        (runs + timedelta(minutes=5), 30, 60),
        (replays, 40, 70),
    ]


def test_a_welcome_that_a_client_asked_for_once_more_is_a_note_and_no_alarm(tmp_path):
    """Each day forty of one client are welcomed. One such forty get it once more, seventy minutes later; and to another
    forty a broken timer sends it twice more, as late each time."""
    ordinary = list(ordinary_outbox(random.Random(42)))

    def welcomed(day: int, copies: int) -> list[Mail]:
        begins = FIRST_DAY + timedelta(days=day, hours=10)
        return [
            (
                begins + timedelta(minutes=70 * again, seconds=0.4 * n),
                f"new{day}.{n}@client.example",
                "start",
                "Welcome",
            )
            for again in range(copies)
            for n in range(40)
        ]

    others = [mail for day in range(19) for mail in welcomed(day, 1)]
    ((incident, people),) = read_outbox(tmp_path / "meant", [*ordinary, *others, *welcomed(20, 2)])
    assert (incident.cause, incident.severity, incident.excess, len(people)) == ("deliberate-resend", "info", 40, 40)
    ((incident, people),) = read_outbox(tmp_path / "timer", [*ordinary, *others, *welcomed(20, 3)])
    assert (incident.severity, incident.excess, len(people)) == ("serious", 80, 40)
    third_copies = FIRST_DAY + timedelta(days=20, hours=10 + 140 / 60)
    assert third_copies <= incident.detected_at <= third_copies + timedelta(seconds=2)  # told of the fourth of forty
    before = [mail for mail in welcomed(20, 3) if mail[0] < incident.detected_at]
    then = read_outbox(tmp_path / "then", [*ordinary, *others, *before], ends=incident.detected_at)
    assert [each.severity for each, _ in then] == ["info"]


def test_an_office_whose_machine_answers_each_answer_is_a_loop_and_one_that_is_told_of_sixty_people_is_none(tmp_path):
    """Sixty-one answers to `reception@` in a hundred minutes, each with a ticket of its own; or one for each of
    sixty-one people within ten minutes."""
    rng, ordinary = random.Random(50), list(ordinary_outbox(random.Random(51)))
    tickets = [
        (
            FIRST_DAY + timedelta(days=rng.uniform(0, 28)),
            f"guest{n}@inn.example",
            "ticket",
            f"[Ticket {7000 + n}] We have it",
        )
        for n in range(120)
    ]
    begins = FIRST_DAY + timedelta(days=22, hours=3)

    def answers(minutes: float) -> list[Mail]:
        moments = sorted(rng.uniform(0, minutes) for _ in range(61))
        return [
            (begins + timedelta(minutes=moment), "reception@inn.example", "ticket", f"[Ticket {9000 + n}] We have it")
            for n, moment in enumerate(moments)
        ]

    assert alarms(read_outbox(tmp_path / "loop", [*ordinary, *tickets, *answers(100)])) == [{"reception@inn.example"}]
    assert alarms(read_outbox(tmp_path / "told", [*ordinary, *tickets, *answers(10)])) == []


def test_two_people_to_whom_a_timer_sends_a_welcome_each_hour_are_an_incident_beside_a_machine_that_tests(tmp_path):
    """Of twelve hundred welcomes nobody gets two but a machine, forty on one day at any time; and two people seventeen
    each, hour by hour. Whoever asks for nine, at any time of an afternoon, is none."""
    rng, ordinary = random.Random(52), list(ordinary_outbox(random.Random(53)))

    def welcome(moment: timedelta, to: str) -> Mail:
        return FIRST_DAY + moment, to, "start", "Welcome"

    single = [welcome(timedelta(days=rng.uniform(0, 28)), f"new{n}@client{n % 90}.example") for n in range(1_200)]
    tests = [welcome(timedelta(days=12, hours=rng.uniform(8, 18)), "probe@robots.example") for _ in range(40)]
    asked = [welcome(timedelta(days=16, hours=rng.uniform(12, 17)), "new7@client7.example") for _ in range(9)]
    timer = [
        welcome(timedelta(days=20, hours=9 + hour, seconds=n), f"new{n}@client{n}.example")
        for hour in range(17)
        for n in (3, 4)
    ]
    usual = read_outbox(tmp_path / "usual", [*ordinary, *single, *tests, *asked])
    found = read_outbox(tmp_path / "timer", [*ordinary, *single, *tests, *asked, *timer])
    assert [hit for hit in alarms(found) if hit not in alarms(usual)] == [
        {"new3@client3.example", "new4@client4.example"}
    ]


def test_a_replay_of_all_that_a_template_ever_sent_is_an_incident_though_it_repeats_the_mail_of_every_day(tmp_path):
    """Three weeks of activations, thirty a day one by one and forty at once on six days, two of which got it twice,
    five minutes apart; then all 840 come again within twenty-eight minutes."""
    rng, ordinary = random.Random(54), list(ordinary_outbox(random.Random(55)))
    moments = sorted(timedelta(days=day, hours=rng.uniform(7, 19)) for day in range(20) for _ in range(30))
    moments += [timedelta(days=day, hours=9, seconds=n) for day in (2, 5, 8, 11, 14, 17) for n in range(40)]
    single = [
        (FIRST_DAY + moment, f"new{n}@client{n % 30}.example", "activate", "Activate your account")
        for n, moment in enumerate(sorted(moments))
    ]
    hours = [(day, FIRST_DAY + timedelta(days=day, hours=9)) for day in (5, 8)]
    cohorts = [mail for mail in single for _, hour in hours if timedelta(0) <= mail[0] - hour < timedelta(seconds=40)]
    twice = [(mail[0] + timedelta(minutes=5), *mail[1:]) for mail in cohorts]
    begins = FIRST_DAY + timedelta(days=21, hours=18, minutes=20)
    replay = [(begins + timedelta(seconds=2 * n), *mail[1:]) for n, mail in enumerate(single)]
    found = read_outbox(tmp_path, [*ordinary, *single, *twice, *replay])
    assert [(incident.recipients, incident.excess) for incident, _ in found if incident.started_at >= begins] == [
        (840, 840)
    ]


def test_a_loop_of_one_size_takes_no_reminders_of_the_next_size_class_with_it(tmp_path):
    """Forty of a firm get 5,000 bytes each night at one for twelve nights: 440 of 480 are extra. Reminders of 4,600
    bytes go to eight more people each morning, three each, two days apart."""
    ordinary = [(*mail[:3], "", mail[4]) for mail in with_sizes(list(ordinary_outbox(random.Random(21))))]
    reminders = [
        (
            FIRST_DAY + timedelta(days=day + 2 * n, hours=11, seconds=k),
            f"late{day}.{k}@inn{k}.example",
            "",
            "",
            4_600 + k,
        )
        for day in range(24)
        for k in range(8)
        for n in range(3)
    ]
    nights = [
        (FIRST_DAY + timedelta(days=12 + night, hours=1, seconds=k), f"clerk{k}@firm.example", "", "", 5_000 + k % 5)
        for night in range(12)
        for k in range(40)
    ]
    found = read_sized(tmp_path, ordinary + reminders + nights)
    assert [(incident.recipients, incident.excess) for incident, _ in found if incident.severity != "info"] == [
        (40, 440)
    ]


def test_a_tag_before_every_subject_makes_no_kin_of_all_mail(tmp_path):
    """ "[School]" stands before every subject; a forum posts to sixty whenever there is occasion. A welcome that comes
    twice to each of twelve people is no post: 12 of 24 are extra."""
    ordinary = list(ordinary_outbox(random.Random(21))) + posts_of_a_forum()
    begins = FIRST_DAY + timedelta(days=19, hours=11)
    welcomes = [
        (begins + timedelta(minutes=11 * again, seconds=n), f"new{n}@client.example", "", "Welcome to C1, Firm")
        for again in range(2)
        for n in range(12)
    ]
    tagged = [(at, to, "", f"School: {subject}") for at, to, _, subject in [*ordinary, *welcomes]]
    found = [(incident, people) for incident, people in read_outbox(tmp_path, tagged) if incident.severity != "info"]
    assert [(incident.recipients, incident.excess) for incident, _ in found] == [(12, 12)]


def known_then(folder: Path, mails: list[Mail], incident: Incident) -> bool:
    """Is it an alarm in the log as it stood when it was detected?"""
    before = [mail for mail in mails if mail[0] < incident.detected_at + timedelta(milliseconds=1)]
    found = read_outbox(folder, before, ends=incident.detected_at + TO_THE_SECOND)
    return [then.started_at for then, _ in found if then.severity != "info"] == [incident.started_at]


def welcomed_on(days: Sequence[int]) -> list[Mail]:
    """One on each of these days, at a time of its own."""
    rng = random.Random(61)
    return [
        (
            FIRST_DAY + timedelta(days=day, hours=rng.uniform(7, 20)),
            f"new{day}@client{day % 3}.example",
            "start",
            "Hello",
        )
        for day in days
    ]


def test_what_comes_daily_to_everybody_who_ever_got_it_since_is_a_fault_and_what_spares_who_has_done_it_is_none(
    tmp_path,
):
    """Ten are welcomed on ten days, and from the day after on again each morning at nine until the 25th: 14 + 13 + ...
    + 5 = 95 extra copies. Before, nobody got it twice. If every other person gets it four times only, it may be a
    reminder."""
    ordinary = list(ordinary_outbox(random.Random(62))) + welcomed_on(range(1, 10))
    late = welcomed_on(range(10, 20))

    def mornings(most: Callable[[int], int]) -> list[Mail]:
        return [
            (FIRST_DAY + timedelta(days=morning, hours=9, seconds=n), to, template, subject)
            for n, (at, to, template, subject) in enumerate(late)
            for morning in range(11 + n, min(25, 11 + n + most(n)))
        ]

    ((incident, people),) = read_outbox(tmp_path / "all", [*ordinary, *late, *mornings(lambda n: 99)])
    assert (incident.recipients, incident.excess) == (10, 95)
    assert sorted(person.excess for person in people) == list(range(5, 15))
    assert known_then(tmp_path / "then", [*ordinary, *late, *mornings(lambda n: 99)], incident)
    spared = [*ordinary, *late, *mornings(lambda n: 99 if n % 2 else 4)]
    assert alarms(read_outbox(tmp_path / "spared", spared)) == []


@pytest.mark.parametrize(("people", "copies"), [(3, 5), (1, 7)])
def test_copies_after_pauses_that_double_are_a_queue_that_tries_again_wherever_several_come_by_nature(
    tmp_path, people, copies
):
    """Pauses of 40, 80, 160 ... seconds, each up to a twentieth longer, amid people who get up to five welcomes at once
    in every week: five copies to each of three, or seven to one."""
    rng, ordinary = random.Random(63), list(ordinary_outbox(random.Random(64)))
    begins = [FIRST_DAY + timedelta(days=day, hours=rng.uniform(8, 18)) for day in range(28) for _ in range(4)]
    several = [
        (at + timedelta(seconds=n), f"new{k}@client{k % 9}.example", "start", "Hello")
        for k, at in enumerate(begins)
        for n in range(1 + k % 5)
    ]
    tried = []
    for k in range(people):
        at = FIRST_DAY + timedelta(days=21, hours=10 + k)
        for n in range(copies):
            tried.append((at, f"clerk{k}@firm.example", "start", "Hello"))
            at += timedelta(seconds=40 * 2**n * rng.uniform(1, 1.05))
    assert alarms(read_outbox(tmp_path / "usual", ordinary + several)) == []
    ((incident, _),) = read_outbox(tmp_path / "tried", [*ordinary, *several, *tried])
    assert (incident.recipients, incident.excess) == (people, people * (copies - 1))
    assert known_then(tmp_path / "then", [*ordinary, *several, *tried], incident)
    assert incident.cause == "retry-backoff" or people == 1


def test_a_mailing_that_comes_six_times_each_half_hour_is_a_loop_even_among_posts_of_a_forum(tmp_path):
    """Sixty people, six copies half an hour apart: 300 of 360 are extra."""
    ordinary = list(ordinary_outbox(random.Random(22)))
    rounds = [(24 * 20 + 10 + 0.5 * n, range(60)) for n in range(6)]
    found = read_outbox(tmp_path, [*ordinary, *posts_of_a_forum(rounds, "Room of group 9")])
    assert [(incident.recipients, incident.excess) for incident, _ in found if incident.severity != "info"] == [
        (60, 300)
    ]


def test_reminders_of_several_tasks_that_come_together_day_after_day_are_no_fault(tmp_path):
    """Each day at seven, thirty people are reminded of one to four tasks under one subject, four seconds apart; for who
    has four, they are all due on one day."""
    ordinary = list(ordinary_outbox(random.Random(65)))
    reminders = [
        (
            FIRST_DAY + timedelta(days=day, hours=7, seconds=n + 4 * task),
            f"pupil{n}@north.example",
            "due",
            "Work is due",
        )
        for day in range(28)
        for n in range(30)
        for task in range(4 if day == 22 else 1 + (n % 15 == day % 15))
    ]
    assert alarms(read_outbox(tmp_path, ordinary + reminders)) == []


def test_messages_of_many_clients_that_go_out_again_under_their_ids_are_one_affair_of_the_mail_server(tmp_path):
    """A server waits in vain for answers: seven mails to seven people of seven clients, of three templates, each once
    more under its own Message-ID after nine minutes and a half or a little more. No other mail has such."""
    rng = random.Random(66)
    ordinary = [
        (at, f"<{n}@school.example>", to, template, subject, 5_000 + n % 700)
        for n, (at, to, template, subject) in enumerate(ordinary_outbox(rng))
    ]
    begins = FIRST_DAY + timedelta(days=18, hours=19)
    first = [
        (
            begins + timedelta(minutes=7 * n), f"<x{n}@school.example>", f"reader@client{n}.example",
            ("receipt", "certificate", "welcome")[n % 3], f"Number {n}", 6_000 + n,
        )
        for n in range(7)
    ]  # fmt: skip
    again = [(at + timedelta(seconds=570 + rng.uniform(0, 9)), *rest) for at, *rest in first]
    ((incident, people),) = read_rows(tmp_path, sorted([*ordinary, *first, *again]))
    assert (incident.recipients, incident.excess, incident.cause) == (7, 7, "smtp-ambiguity")
    assert {person.recipient for person in people} == {f"reader@client{n}.example" for n in range(7)}


def test_thirty_people_whom_a_timer_mails_each_half_hour_from_their_own_mail_on_are_one_incident(tmp_path):
    """Each gets twelve, every thirty minutes and up to twenty seconds, from a moment of their own within eight hours:
    330 of 360 are extra, amid posts of a forum."""
    rng, ordinary = random.Random(67), list(ordinary_outbox(random.Random(68)))
    begins = FIRST_DAY + timedelta(days=21, hours=8)
    mails = [
        (
            begins + timedelta(minutes=16 * n + 30 * copy, seconds=rng.uniform(0, 20)),
            f"new{n}@inn{n}.example",
            "post",
            "Room of group 9",
        )
        for n in range(30)
        for copy in range(12)
    ]
    mails += [*ordinary, *posts_of_a_forum()]
    ((incident, _),) = read_outbox(tmp_path / "all", mails)
    assert (incident.recipients, incident.excess) == (30, 330)
    assert known_then(tmp_path / "then", mails, incident)
    assert "redelivery-timer" in {candidate.cause for candidate in incident.cause_candidates}
