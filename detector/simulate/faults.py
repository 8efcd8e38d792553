"""A fault for every cause that the detector knows, with everything about it drawn at random: one function each.

As in `bursts`, a function yields every copy, the rightful first ones included. `FAULTS` names the cause of each; the
fingerprints are those of the causes' own files. Faults that run again by a clock are in `clockwork`.
"""

from collections.abc import Iterator
from dataclasses import replace

from detector.simulate.bursts import Stage
from detector.simulate.crowds import HOSTS, draw_kind, draw_people, draw_person, earlier, pass_over
from detector.simulate.messages import DAY, HOUR, MINUTE, SECOND, Mail, Message, mail_to


def smtp_ambiguity(stage: Stage) -> Iterator[Message]:
    """One server takes the mail and answers too late; the application hands over the same message id once more."""
    rng, kind = stage.rng, draw_kind(stage)
    moment = stage.starts_at_ms
    for person in draw_people(stage, 5, 45, one_client=True):
        message = stage.send(kind.mail(person), moment)
        yield message
        again = moment
        for attempt in range(rng.choice((1, 1, 2, 3, 4))):
            again += 5 * MINUTE * 2**attempt + rng.randrange(40 * SECOND)
            yield replace(stage.send(kind.mail(person), again), message_id=message.message_id)
        moment += rng.randrange(500, rng.choice((5, 60, 600)) * SECOND)


def replicated_scheduler(stage: Stage) -> Iterator[Message]:
    """Every replica runs the timetable: a copy per host, all within two seconds, at each tick."""
    rng, kind = stage.rng, draw_kind(stage)
    hosts, every, people = (
        HOSTS[: rng.choice((2, 3, 3, 4))],
        rng.choice((HOUR, 3 * HOUR, DAY)),
        draw_people(stage, 12, 90),
    )
    ticks = rng.randrange(1, 4)
    for number, person in enumerate(people):
        tick, place = divmod(number, -(-len(people) // ticks))
        moment = stage.starts_at_ms + tick * every + place * rng.randrange(100, 300)
        for host in hosts:
            yield stage.send(kind.mail(person), moment + rng.randrange(1_400), host=host)


def double_registration(stage: Stage) -> Iterator[Message]:
    """The handler is registered two or three times: from a deploy on, every enrollment mails so often, at once."""
    rng, kind = stage.rng, draw_kind(stage)
    copies, lasts = rng.choice((2, 2, 3)), rng.choice((3, 8, 26, 60)) * HOUR
    for person in draw_people(stage, 10, 70):
        moment = stage.starts_at_ms + rng.randrange(lasts)
        for _ in range(copies):
            yield stage.send(kind.mail(person), moment)
            moment += rng.randrange(15, 1_600)


def per_subscription_loop(stage: Stage) -> Iterator[Message]:
    """A join without DISTINCT: a copy per role that a person has, all in one second, the same people each time."""
    rng, people = stage.rng, draw_people(stage, 12, 80)
    roles = [rng.choice((1, 1, 2, 2, 3, 4)) for _ in people]
    for batch in range(rng.randrange(1, 4)):
        kind = draw_kind(stage)
        moment = stage.starts_at_ms + batch * rng.randrange(HOUR, 26 * HOUR)
        for person, copies in zip(people, roles, strict=True):
            for _ in range(copies):
                yield stage.send(kind.mail(person), moment + rng.randrange(700))
            moment += rng.randrange(300, 1_500)


def accumulating_list(stage: Stage) -> Iterator[Message]:
    """The list of recipients is never cleared: the first of them gets every mail that was meant for the others."""
    rng, kind, people = stage.rng, draw_kind(stage), draw_people(stage, 8, 32)
    moment, is_one_message = stage.starts_at_ms, rng.random() < 0.5
    for number in range(1, len(people) + 1):
        if is_one_message:
            yield stage.send(kind.mail(*people[:number]), moment)
        else:
            yield from pass_over(stage, [kind.mail(person) for person in people[:number]], moment, step=(15, 60))
        moment += rng.randrange(2 * SECOND, 5 * SECOND)


def whole_group_loop(stage: Stage) -> Iterator[Message]:
    """Each member added makes the code mail the whole group, at irregular times, until somebody stops it."""
    rng, kind = stage.rng, draw_kind(stage)
    mails = [kind.mail(person) for person in draw_people(stage, 8, 75)]
    rounds, minutes = rng.choice((4, 8, 16, 30, 70)), rng.choice((12, 30, 60, 130))
    yield from pass_over(stage, mails, stage.starts_at_ms, step=(300, 1_100))
    first = stage.starts_at_ms + len(mails) * SECOND + rng.choice((5, 90, 900)) * SECOND
    step = minutes * MINUTE // (rounds + 1)
    for number in range(rounds + 1):
        moment = first + number * step + rng.randrange(-step * 4 // 10, step * 4 // 10) * (number > 0)
        last = rng.randrange(1, len(mails)) if number == rounds else len(mails)
        yield from pass_over(stage, mails[:last], moment)


def restart_from_top(stage: Stage) -> Iterator[Message]:
    """A mailing that breaks off and begins again at the first name: the top of the list gets most copies."""
    rng, kind = stage.rng, draw_kind(stage)
    mails = [kind.mail(person) for person in draw_people(stage, 25, 160)]
    stops = [rng.randrange(len(mails) // 5, len(mails)) for _ in range(rng.randrange(1, 6))]
    moment, pause = stage.starts_at_ms, rng.choice((2, 6, 20)) * MINUTE
    for stop in (*stops, len(mails)):
        yield from pass_over(stage, mails[:stop], moment, step=(300, 900))
        moment += 600 * stop + rng.randrange(pause // 2, 2 * pause)


def retry_backoff(stage: Stage) -> Iterator[Message]:
    """The job fails after the mail is out and is tried again, each time after a longer wait."""
    rng, kind = stage.rng, draw_kind(stage)
    mails = [kind.mail(person) for person in draw_people(stage, 3, 60)]
    wait, times, moment = rng.randrange(10, 60) * SECOND, rng.choice((2, 2, 3, 4)), stage.starts_at_ms
    for _ in range(rng.randrange(4, 10)):
        yield from pass_over(stage, mails, moment, step=(60, 200))
        moment += wait + rng.randrange(1 + wait // 8)
        wait = min(wait * times, 12 * HOUR)


def overlapping_runs(stage: Stage) -> Iterator[Message]:
    """Two runs of one job at the same time: a part of the batch is in both."""
    rng, kind = stage.rng, draw_kind(stage)
    mails = [kind.mail(person) for person in draw_people(stage, 25, 140)]
    later = rng.choice((1, 3, 12, 45)) * SECOND
    part = len(mails) * rng.randrange(30, 75) // 100
    first = rng.randrange(len(mails) - part)
    step = rng.randrange(150, 900)
    for number, mail in enumerate(mails):
        moment = stage.starts_at_ms + number * step
        yield stage.send(mail, moment + rng.randrange(step))
        if first <= number < first + part:
            yield stage.send(mail, moment + later + rng.randrange(2 * SECOND))


def backfill_replay(stage: Stage) -> Iterator[Message]:
    """After a migration, all that was ever sent counts as unsent: mail of past weeks goes out again, at a flat rate."""
    rng, kinds = stage.rng, [draw_kind(stage) for _ in range(3)]
    mails = [rng.choice(kinds).mail(person) for person in draw_people(stage, 40, 200)]
    for mail in mails:
        yield stage.send(mail, earlier(stage, rng, most_days=26))
    yield from pass_over(
        stage, mails, stage.starts_at_ms, step=rng.choice(((500, 700), (2_900, 3_100), (9_000, 11_000)))
    )


def mail_loop(stage: Stage) -> Iterator[Message]:
    """Two machines answer each other: one address, at the pace of the polling, numbers in the subject or not."""
    rng, person = stage.rng, draw_person(stage)
    moment, polling, is_numbered = stage.starts_at_ms, rng.choice((60, 120, 300, 600)) * SECOND, rng.random() < 0.5
    ticket = rng.randrange(10_000, 60_000)
    for number in range(rng.randrange(20, 200)):
        subject = f"Re: Your enquiry [#{ticket + number}]" if is_numbered else "Re: Your enquiry"
        mail = mail_to(person, "enquiry-notice", subject, more_bytes=rng.randrange(60))
        yield replace(stage.send(mail, moment), same_as="Re: Your enquiry")
        moment += polling + rng.randrange(polling // 3)


def double_submit(stage: Stage) -> Iterator[Message]:
    """Somebody clicks twice, or three times: the whole audience gets the mail as often."""
    rng, kind = stage.rng, draw_kind(stage)
    mails = [kind.mail(person) for person in draw_people(stage, 15, 120)]
    moment, step = stage.starts_at_ms, rng.choice(((15, 60), (60, 250)))
    for _ in range(rng.choice((2, 2, 2, 3))):
        yield from pass_over(stage, mails, moment, step=step)
        moment += rng.randrange(SECOND, 11 * SECOND)


def single_recipient_flood(stage: Stage) -> Iterator[Message]:
    """Somebody leans on a form: one address, very many copies, at uneven intervals."""
    rng, person = stage.rng, draw_person(stage)
    template, subject = rng.choice((("password-reset", "Reset your password"), ("sign-in-code", "Your sign-in code")))
    moment, mail = stage.starts_at_ms, mail_to(person, template, subject)
    for _ in range(rng.randrange(40, 400)):
        yield stage.send(mail, moment)
        moment += rng.randrange(2 * SECOND, rng.choice((12, 25, 60, 240)) * SECOND)


def deliberate_resend(stage: Stage) -> Iterator[Message]:
    """The link was broken, so the whole batch goes out again hours later, on purpose."""
    rng = stage.rng
    people, more_bytes = draw_people(stage, 60, 240), rng.randrange(9_000)
    mail = [mail_to(person, "announcement", "Correction of our dates", more_bytes=more_bytes) for person in people]
    later = rng.choice((rng.randrange(40 * MINUTE, 6 * HOUR), rng.randrange(20 * HOUR, 27 * HOUR)))
    for moment in (stage.starts_at_ms, stage.starts_at_ms + later):
        yield from pass_over(stage, mail, moment, step=(50, 280))


def clock_change(stage: Stage) -> Iterator[Message]:
    """The night has two hours of the same name: what the timetable has for half past two is sent in both."""
    rng = stage.rng
    midnight = stage.starts_at_ms - stage.starts_at_ms % DAY
    for _ in range(rng.randrange(1, 4)):
        kind, minute = draw_kind(stage), rng.choice((0, 5, 15, 30, 45))
        mails: list[Mail] = [kind.mail(person) for person in draw_people(stage, 12, 80)]
        for hour in (0, 1):  # in UTC: two o'clock in Central Europe, before and after the clock goes back
            moment = midnight + hour * HOUR + minute * MINUTE + rng.randrange(3 * SECOND)
            yield from pass_over(stage, mails, moment, step=(90, 200))
