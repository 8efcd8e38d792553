"""Faults that send the same mail again by a clock: every few minutes, every hour, every day. See `faults`."""

from collections.abc import Iterator
from dataclasses import replace

from detector.simulate.bursts import Stage
from detector.simulate.crowds import draw_kind, draw_people, pass_over
from detector.simulate.messages import DAY, HOUR, SECOND, Message, weekday_of


def redelivery_timer(stage: Stage) -> Iterator[Message]:
    """The queue hands out a job again that is still at work, whenever its patience is over, to the second."""
    rng, kind = stage.rng, draw_kind(stage)
    mails = [kind.mail(person) for person in draw_people(stage, 3, 60)]
    patience = rng.choice((60, 300, 600, 1_800, 3_600, 3_600, 43_200)) * SECOND
    runs = rng.randrange(3, 6 if patience > HOUR else 13)
    for run in range(runs + 1):
        yield from pass_over(stage, mails, stage.starts_at_ms + run * patience + rng.randrange(250), step=(150, 350))


def status_not_saved(stage: Stage) -> Iterator[Message]:
    """That the mail is out is never written down, so each run of the job picks up the same people, without an end."""
    rng, kind = stage.rng, draw_kind(stage)
    people = draw_people(stage, 2, 45)
    if rng.random() < 0.5:  # often it is the one whose mailbox is gone who breaks the job
        people[-1] = replace(people[-1], is_gone=True)
    mails, tick = [kind.mail(person) for person in people], rng.choice((60, 120, 300, 600, 900)) * SECOND
    first = stage.starts_at_ms - stage.starts_at_ms % tick
    for run in range(rng.randrange(8, 70)):
        yield from pass_over(stage, mails, first + run * tick + rng.randrange(900), step=(80, 250))


def scheduled_repeat(stage: Stage) -> Iterator[Message]:
    """A flag that is not kept: what should come once comes with every run of the timetable, for days or weeks."""
    rng, kind = stage.rng, draw_kind(stage)
    mails = [kind.mail(person) for person in draw_people(stage, 3, 40)]
    every, runs = rng.choice(((DAY, 6), (DAY, 12), (DAY, 19), (12 * HOUR, 14))), 0
    moment = stage.starts_at_ms
    skips_weekends = rng.random() < 0.3
    while runs < every[1]:
        if not (skips_weekends and weekday_of(moment) > 4):
            yield from pass_over(stage, mails, moment + rng.randrange(2 * SECOND), step=(200, 500))
            runs += 1
        moment += every[0]
