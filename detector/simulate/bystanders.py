"""Everything else that ends up in the same log: cron, logins, scanners, statistics. None of it is a mail sent."""

from collections.abc import Iterator
from random import Random

from detector.simulate.messages import DAY, MINUTE, SECOND
from detector.simulate.stamps import traditional_stamp
from detector.simulate.traffic import DayOfMail

Remark = tuple[int, str, str]
"""(microseconds, program with pid, text)."""


def bystanders(day: DayOfMail, rng: Random) -> Iterator[Remark]:
    """More of it when there is more mail."""
    for hour in range(24):
        at_us = (day.starts_at_ms + hour * 60 * MINUTE + 17 * MINUTE + 1_000) * 1_000 + rng.randrange(900_000)
        yield at_us, f"CRON[{rng.randrange(3_000, 30_000)}]", "(root) CMD (cd / && run-parts --report /etc/cron.hourly)"
    for _ in range(12 + len(day.messages) // 60):
        at_us = day.starts_at_ms * 1_000 + int(rng.random() * (DAY - 5 * MINUTE)) * 1_000 + rng.randrange(1_000)
        yield from rng.choice((_mailbox_login, _mailbox_login, _ssh_scan, _smtp_scan, _relay_attempt))(at_us, rng)


def _mailbox_login(at_us: int, rng: Random) -> Iterator[Remark]:
    user, session = rng.choice(("office", "billing", "info", "forum")), f"{rng.getrandbits(44):011x}"
    login = f"imap-login: Login: user=<{user}@academy.example>, method=PLAIN, rip=10.20.1.{rng.randrange(2, 40)}"
    yield at_us, "dovecot", f"{login}, lip=10.20.0.5, mpid={rng.randrange(3_000, 30_000)}, TLS, session=<{session}>"


def _ssh_scan(at_us: int, rng: Random) -> Iterator[Remark]:
    user, port = rng.choice(("admin", "test", "oracle", "postgres")), rng.randrange(30_000, 60_000)
    text = f"Invalid user {user} from 203.0.113.{rng.randrange(1, 254)} port {port}"
    yield at_us, f"sshd[{rng.randrange(3_000, 30_000)}]", text


def _smtp_scan(at_us: int, rng: Random) -> Iterator[Remark]:
    """A stranger who connects and goes away, and what anvil has to say about it three minutes later."""
    stranger, smtpd = f"unknown[203.0.113.{rng.randrange(1, 254)}]", f"postfix/smtpd[{rng.randrange(3_000, 30_000)}]"
    yield at_us, smtpd, f"connect from {stranger}"
    yield at_us + 212_000, smtpd, f"lost connection after AUTH from {stranger}"
    yield at_us + 212_300, smtpd, f"disconnect from {stranger} ehlo=1 auth=0/1 commands=1/2"
    anvil, later_us = f"postfix/anvil[{rng.randrange(3_000, 30_000)}]", at_us + 200 * SECOND * 1_000
    client = stranger.replace("unknown[", "smtp:").rstrip("]")
    when = traditional_stamp(at_us)
    yield later_us, anvil, f"statistics: max connection rate 1/60s for ({client}) at {when}"
    yield later_us + 40, anvil, f"statistics: max connection count 1 for ({client}) at {when}"
    yield later_us + 70, anvil, f"statistics: max cache size 2 at {when}"


def _relay_attempt(at_us: int, rng: Random) -> Iterator[Remark]:
    stranger, smtpd = f"unknown[203.0.113.{rng.randrange(1, 254)}]", f"postfix/smtpd[{rng.randrange(3_000, 30_000)}]"
    reason = "554 5.7.1 <someone@elsewhere.example>: Relay access denied"
    envelope = "from=<offer@spam.example> to=<someone@elsewhere.example> proto=ESMTP helo=<pc.example>"
    yield at_us, smtpd, f"connect from {stranger}"
    yield at_us + 96_000, smtpd, f"NOQUEUE: reject: RCPT from {stranger}: {reason}; {envelope}"
    yield at_us + 131_000, smtpd, f"disconnect from {stranger} ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"
