"""All mail of a scenario in the order it was sent, one day at a time, so that a big month needs little memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from random import Random

from detector.simulate.academy import Academy, build_academy
from detector.simulate.bursts import Stage
from detector.simulate.habits import Today
from detector.simulate.messages import DAY, SECOND, Message, at_ms, weekday_of
from detector.simulate.scenarios import Scenario

QUIET_END_MS = 15 * SECOND
"""The log's last seconds bring no new mail, so that every send left its first attempt in it: a Postfix log does not
name the recipient before that."""


@dataclass(frozen=True, slots=True)
class DayOfMail:
    """The messages sent on one day, in order."""

    number: int
    starts_at_ms: int
    ends_at_ms: int
    messages: list[Message]


def mail_of(scenario: Scenario, seed: int) -> Iterator[DayOfMail]:
    """The scenario's days. The same messages for the same seed, whatever format they are written in."""
    volume = scenario.volume
    academy = build_academy(seed, clients=volume.clients, private_people=volume.private_people)
    pending = list(_bursts(scenario, academy, seed))
    starts_at_ms, ends_at_ms = at_ms(scenario.starts_at), at_ms(scenario.ends_at)
    for number in range(1, (ends_at_ms - 1 - starts_at_ms) // DAY + 2):
        day_starts_at_ms = starts_at_ms + (number - 1) * DAY
        day_ends_at_ms = day_starts_at_ms + DAY
        today = Today(academy, volume, number, day_starts_at_ms, weekday_of(day_starts_at_ms))
        for habit in scenario.habits:
            pending.extend(habit(today, Random(f"{seed}/{habit.__name__}/{number}")))
        pending.sort(key=attrgetter("sent_at_ms", "message_id"))
        limit = min(day_ends_at_ms, ends_at_ms - QUIET_END_MS)
        messages = [message for message in pending if message.sent_at_ms < limit]
        pending = pending[len(messages) :]
        yield DayOfMail(number, day_starts_at_ms, day_ends_at_ms, messages)


def _bursts(scenario: Scenario, academy: Academy, seed: int) -> Iterator[Message]:
    begins, ends = at_ms(scenario.starts_at), at_ms(scenario.ends_at)
    for place, planned in enumerate(scenario.bursts):
        rng, at = Random(f"{seed}/{scenario.draw}burst/{planned.name}"), at_ms(planned.starts_at)
        yield from planned.burst(Stage(planned.name, academy, scenario.volume, at, rng, place, begins, ends))
    for place, (name, look_alike) in enumerate(scenario.look_alikes):
        rng = Random(f"{seed}/{scenario.draw}look-alike/{name}")
        yield from look_alike(Stage("", academy, scenario.volume, begins, rng, place, begins, ends))
