"""A Postfix log: the whole life of each message, from the application's connection to "removed".

Neither template nor subject is in it: only sender, size, message id and recipient, as in life. The `client=` line bears
the message's own time, to the millisecond.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from detector.simulate.bystanders import bystanders
from detector.simulate.files import Line
from detector.simulate.invented import ACADEMY_DOMAIN
from detector.simulate.messages import Message
from detector.simulate.relays import relay_of
from detector.simulate.stamps import LOG_HOST, Programs, iso_stamp, queue_id, seconds, traditional_stamp
from detector.simulate.traffic import DayOfMail

ADDRESSES = {"app1": "10.20.0.11", "jobs1": "10.20.0.21", "jobs2": "10.20.0.22", "jobs3": "10.20.0.23"}
LINGER_US = 5_000_000
"""An application keeps its connection open that long after a mail."""
MAILS_PER_CONNECTION = 100


@dataclass(frozen=True, slots=True)
class PostfixStyle:
    """How the log looks: `stamps` is "iso" or "traditional", `queue_ids` "long" or "short" (reused after a while)."""

    stamps: str = "iso"
    queue_ids: str = "long"


@dataclass(slots=True)
class _Connection:
    """An open connection of one application machine."""

    client: str
    pid: int
    last_us: int
    mails: int = 0
    recipients: int = 0


class PostfixLog:
    """Renders days of mail; holds the open connections and the queue ids in use."""

    def __init__(self, seed: int, style: PostfixStyle) -> None:
        self._seed, self._style = seed, style
        self._stamp: Callable[[int], str] = iso_stamp if style.stamps == "iso" else traditional_stamp
        self._connections: dict[str, _Connection] = {}
        self._freed_at_us: dict[str, int] = {}
        self._lines: list[Line] = []
        self._rng = Random()
        self._programs = Programs(self._rng)

    def render(self, day: DayOfMail) -> list[Line]:
        """All lines of the day's messages and of the machine's other programs."""
        self._lines, self._rng = [], Random(f"{self._seed}/postfix/{day.number}")
        self._programs = Programs(self._rng)
        for message in day.messages:
            self._life(message)
        for host in list(self._connections):
            self._disconnect(self._connections.pop(host))
        for at_us, program, text in bystanders(day, self._rng):
            self._lines.append((at_us, f"{self._stamp(at_us)} {LOG_HOST} {program}: {text}"))
        return self._lines

    def _say(self, at_us: int, service: str, text: str) -> None:
        self._lines.append(
            (at_us, f"{self._stamp(at_us)} {LOG_HOST} postfix/{service}[{self._programs.pid(service)}]: {text}")
        )

    def _life(self, message: Message) -> None:
        sent_us = message.sent_at_ms * 1_000
        settled_us = sent_us + message.settled_after_ms * 1_000 + self._rng.randrange(1_000)
        removed_us = settled_us + self._rng.randrange(120, 900)
        queue = self._queue_id(sent_us, removed_us)
        self._submission(message, sent_us, queue)
        cleaned_us = sent_us + self._rng.randrange(1_500, 9_000)
        self._say(cleaned_us, "cleanup", f"{queue}: message-id=<{message.message_id}>")
        envelope = f"from=<{message.sender}>, size={message.size}, nrcpt={len(message.recipients)}"
        active = f"{queue}: {envelope} (queue active)"
        self._say(cleaned_us + self._rng.randrange(1_000, 22_000), "qmgr", active)
        for number, after_ms in enumerate(message.deferred_after_ms):
            self._deferral(message, queue, after_ms)
            again_ms = (*message.deferred_after_ms, message.settled_after_ms)[number + 1]
            self._say(sent_us + again_ms * 1_000 - self._rng.randrange(90_000, 200_000), "qmgr", active)
        self._delivery(message, queue, settled_us)
        if message.outcome == "bounced":
            self._notice_to_sender(message, queue, settled_us)
            removed_us += 4_000
        self._say(removed_us, "qmgr", f"{queue}: removed")

    def _submission(self, message: Message, sent_us: int, queue: str) -> None:
        connection = self._connections.get(message.host)
        if connection and (sent_us - connection.last_us > LINGER_US or connection.mails == MAILS_PER_CONNECTION):
            self._disconnect(connection)
            connection = None
        if connection is None:
            client = f"{message.host}.{ACADEMY_DOMAIN}[{ADDRESSES[message.host]}]"
            connection = _Connection(client, self._programs.new_pid(), sent_us)
            self._connections[message.host] = connection
            self._tell(connection, sent_us - self._rng.randrange(1_500, 9_000), f"connect from {client}")
        connection.last_us = sent_us
        connection.mails += 1
        connection.recipients += len(message.recipients)
        self._tell(connection, sent_us, f"{queue}: client={connection.client}")

    def _disconnect(self, connection: _Connection) -> None:
        mails, recipients = connection.mails, connection.recipients
        counts = f"ehlo=1 mail={mails} rcpt={recipients} data={mails} quit=1 commands={2 + 2 * mails + recipients}"
        closed_us = connection.last_us + LINGER_US + self._rng.randrange(30_000)
        if connection.mails == MAILS_PER_CONNECTION:
            closed_us = connection.last_us + self._rng.randrange(25_000, 40_000)
        self._tell(connection, closed_us, f"disconnect from {connection.client} {counts}")

    def _tell(self, connection: _Connection, at_us: int, text: str) -> None:
        self._lines.append((at_us, f"{self._stamp(at_us)} {LOG_HOST} postfix/smtpd[{connection.pid}]: {text}"))

    def _deferral(self, message: Message, queue: str, after_ms: int) -> None:
        at_us = message.sent_at_ms * 1_000 + after_ms * 1_000 + self._rng.randrange(1_000)
        for recipient in message.recipients:
            relay = relay_of(recipient)
            dsn, where, why = relay.put_off(recipient, patience=after_ms)
            delays = f"delay={seconds(after_ms)}, delays={seconds(after_ms - 220)}/0.01/0.12/0.09"
            fate = f"dsn={dsn}, status=deferred ({why})"
            self._say(at_us, relay.service, f"{queue}: to=<{recipient}>, relay={where}, {delays}, {fate}")

    def _delivery(self, message: Message, queue: str, settled_us: int) -> None:
        delay, setup = message.settled_after_ms, self._rng.randrange(20, 150)
        queued = message.deferred_after_ms[-1] if message.deferred_after_ms else 20
        rest = max(0, delay - queued - setup) if not message.deferred_after_ms else 90 + setup
        delays = f"delay={seconds(delay)}, delays={seconds(delay - setup - rest)}/0.01/{seconds(setup)}/{seconds(rest)}"
        relay = relay_of(message.recipients[0])
        fate = f"dsn=2.0.0, status=sent ({relay.acceptance(message, self._rng)})"
        for recipient in message.recipients:
            if message.outcome == "bounced":
                fate = f"dsn=5.1.1, status=bounced ({relay.refusal(recipient)})"
            self._say(settled_us, relay.service, f"{queue}: to=<{recipient}>, relay={relay.name}, {delays}, {fate}")

    def _notice_to_sender(self, message: Message, queue: str, bounced_us: int) -> None:
        """The bounce that Postfix itself sends: a new message, from nobody, to the academy's own mailbox."""
        removed_us = bounced_us + 61_000
        notice = self._queue_id(bounced_us + 700, removed_us)
        local = relay_of(message.sender)
        stamp = iso_stamp(bounced_us)[:19].translate(str.maketrans("", "", "-:T"))
        self._say(bounced_us + 900, "cleanup", f"{notice}: message-id=<{stamp}.{notice}@{LOG_HOST}.{ACADEMY_DOMAIN}>")
        self._say(bounced_us + 1_800, "bounce", f"{queue}: sender non-delivery notification: {notice}")
        size = message.size // 3 + 2_440
        self._say(bounced_us + 2_600, "qmgr", f"{notice}: from=<>, size={size}, nrcpt=1 (queue active)")
        reply = f"250 2.0.0 <{message.sender}> {self._rng.getrandbits(60):015x} Saved"
        fate = f"delay=0.06, delays=0/0/0.02/0.04, dsn=2.0.0, status=sent ({reply})"
        self._say(removed_us - 400, local.service, f"{notice}: to=<{message.sender}>, relay={local.name}, {fate}")
        self._say(removed_us, "qmgr", f"{notice}: removed")

    def _queue_id(self, at_us: int, removed_us: int) -> str:
        """A queue id that no other message holds; a short one may have belonged to a message already removed."""
        while True:
            queue = queue_id(at_us, self._rng.getrandbits(9), is_long=self._style.queue_ids == "long")
            if self._style.queue_ids == "long":
                return queue
            if self._freed_at_us.get(queue, 0) < at_us:
                self._freed_at_us[queue] = removed_us
                return queue
