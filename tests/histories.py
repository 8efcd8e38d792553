"""True streams of mail, written down as a mailer, a provider or an application logs them, and delivered as logs are:
in any order, split, rotated, packed, renamed, grown, overlapping, repeated. Every choice is asked of `rng`, which is a
`random.Random`: a seeded one, or one behind which Hypothesis stands.
"""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

START = datetime(2026, 10, 27, 18, 0, tzinfo=UTC)
PEOPLE = ("ann@harbor.example", "ben@harbor.example", "cleo@meadow.example")
SUBJECTS = ("Welcome", "Your week, in short", 'The "safe" way; part 2', "Über 90 %")
SENDER = "noreply@academy.example"
MOST_MAILS = 12
RETRY_SECONDS = 60


@dataclass(frozen=True)
class Mail:
    """One submission: what really happened, whatever logs say of it."""

    number: int
    second: int
    """After START."""
    recipients: tuple[str, ...]
    subject: str
    deferrals: int
    fate: str
    """What became of it in the end: delivered, bounced, or "" if nothing more is told."""
    id_of: int
    """Its own number; or that of an earlier mail, which was over, if the same id was given again."""
    is_filtered: bool
    """It took a second queue id on its way."""

    @property
    def last_second(self) -> int:
        """Of what is told about it."""
        return self.second + self.deferrals * RETRY_SECONDS + 2

    @property
    def tries(self) -> list[tuple[int, str]]:
        """(second, what was said) of each attempt."""
        put_off = [(self.second + 1 + n * RETRY_SECONDS, "deferred") for n in range(self.deferrals)]
        return put_off + ([(self.last_second - 1, self.fate)] if self.fate else [])


def true_stream(rng: Random) -> list[Mail]:
    """A few mails in order of time, many of them the same content for the same people again, some in one second."""
    mails: list[Mail] = []
    second = 0
    for number in range(rng.randint(1, MOST_MAILS)):
        second += rng.choice((0, 0, 1, 7, 200))
        people = rng.sample(PEOPLE, rng.choice((1, 1, 2, 3)))
        mail = Mail(
            number, second, tuple(people), rng.choice(SUBJECTS), rng.choice((0, 0, 1, 3)),
            rng.choice(("delivered", "delivered", "bounced", "")), number, rng.random() < 0.2,
        )  # fmt: skip
        if mails and rng.random() < 0.5:
            before = rng.choice(mails)
            mail = replace(mail, recipients=before.recipients, subject=before.subject)
        over = [m.number for m in mails if m.last_second < second and m.id_of == m.number]
        taken = {m.id_of for m in mails if m.id_of != m.number}
        if (free := [n for n in over if n not in taken]) and rng.random() < 0.3:
            mail = replace(mail, id_of=rng.choice(free))
        mails.append(mail)
    return mails


def truth(mails: list[Mail]) -> Counter[tuple[datetime, str]]:
    """How often something was sent at a moment to an address."""
    return Counter((stamp(mail.second).replace(tzinfo=None), to) for mail in mails for to in mail.recipients)


def stamp(second: int) -> datetime:
    return START + timedelta(seconds=second)


def iso(second: int) -> str:
    return f"{stamp(second):%Y-%m-%dT%H:%M:%S}Z"


# --- how it is logged -----------------------------------------------------------------------------------------------

STATUS = {"delivered": "sent (250 2.0.0 Ok)", "deferred": "deferred (450 4.2.0 Busy)", "bounced": "bounced (550 No)"}
DSN = {"delivered": "2.0.0", "deferred": "4.2.0", "bounced": "5.1.1"}


def postfix(mail: Mail, host: str) -> Iterator[tuple[int, str]]:
    """(second, `program[pid]: text`); a filtered mail is given to a filter on this host, and comes back at once."""
    at, queue_id = mail.second, f"4hwK{host}{mail.id_of:03}zyB"
    yield from arrival(mail, queue_id)
    if mail.is_filtered:
        queue_id, first_id = f"4hxF{host}{mail.id_of:03}zyB", queue_id
        yield from arrival(mail, queue_id)
        for to in mail.recipients:
            yield at, delivery(first_id, to, f"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {queue_id})")
        yield at, f"postfix/qmgr[99]: {first_id}: removed"
    for second, said in mail.tries or [(mail.last_second, "deferred")]:  # without any line of it nobody knows a send
        for to in mail.recipients:
            yield second, delivery(queue_id, to, f"dsn={DSN[said]}, status={STATUS[said]}")
    if mail.fate:
        yield mail.last_second, f"postfix/qmgr[99]: {queue_id}: removed"


def arrival(mail: Mail, queue_id: str) -> Iterator[tuple[int, str]]:
    who = f"from app1.academy.example[10.20.0.11]; from=<{SENDER}> to=<{mail.recipients[0]}> proto=ESMTP helo=<app1>"
    for entry in (
        f"smtpd[311]: {queue_id}: client=app1.academy.example[10.20.0.11]",
        f"cleanup[312]: {queue_id}: info: header Subject: {mail.subject} {who}",
        f"cleanup[312]: {queue_id}: message-id=<{mail.number}@app1.academy.example>",
        f"qmgr[99]: {queue_id}: from=<{SENDER}>, size=5210, nrcpt={len(mail.recipients)} (queue active)",
    ):
        yield mail.second, f"postfix/{entry}"


def delivery(queue_id: str, to: str, fate: str) -> str:
    return f"postfix/smtp[313]: {queue_id}: to=<{to}>, relay=mx.example[192.0.2.5]:25, delay=1, {fate}"


def postfix_iso(mail: Mail) -> Iterator[tuple[int, str]]:
    yield from ((at, f"{iso(at)} mx1 {entry}") for at, entry in postfix(mail, "mx1"))


def postfix_without_year(mail: Mail) -> Iterator[tuple[int, str]]:
    yield from ((at, f"{stamp(at):%b %d %H:%M:%S} mx2 {entry}") for at, entry in postfix(mail, "mx2"))


def postfix_in_journal(mail: Mail) -> Iterator[tuple[int, str]]:
    for at, entry in postfix(mail, "mx3"):
        program, text = entry.split(": ", 1)
        fields = {
            "__REALTIME_TIMESTAMP": f"{int(stamp(at).timestamp())}000000",
            "_HOSTNAME": "mx3",
            "SYSLOG_IDENTIFIER": program.split("[")[0],
            "SYSLOG_PID": program.split("[")[1].rstrip("]"),
            "MESSAGE": text,
        }
        yield at, json.dumps(fields)


def exim(mail: Mail) -> Iterator[tuple[int, str]]:
    exim_id, subject = f"1vDH2t-00000000{mail.number:03}-1bQz", mail.subject.replace('"', '\\"')

    def line(second: int, text: str) -> tuple[int, str]:
        return second, f"{stamp(second):%Y-%m-%d %H:%M:%S} {exim_id} {text}"

    origin = f"{SENDER} H=app1 [10.20.0.11] P=esmtp S=5210 id={mail.number}@app1"
    yield line(mail.second, f'<= {origin} T="{subject}" for {" ".join(mail.recipients)}')
    for second, said in mail.tries:
        for to in mail.recipients:
            router = "R=dnslookup T=remote_smtp"
            yield line(second, {
                "delivered": f'=> {to} {router} H=mx.example [192.0.2.5] C="250 OK"',
                "deferred": f"== {to} {router} defer (-44): SMTP error: 450 busy",
                "bounced": f"** {to} {router}: SMTP error: 550 no such user",
            }[said])  # fmt: skip
    if mail.fate:
        yield line(mail.last_second, "Completed")


def ses(mail: Mail) -> Iterator[tuple[int, str]]:
    about = {
        "timestamp": iso(mail.second),
        "source": f"Academy <{SENDER}>",
        "messageId": f"0107-{mail.number:03}",
        "destination": list(mail.recipients),
        "commonHeaders": {"subject": mail.subject},
        "tags": {"template": ["welcome"]},
    }
    yield mail.second, json.dumps({"eventType": "Send", "mail": about, "send": {}})
    for second, said in mail.tries:
        for to in mail.recipients:
            address, at = [{"emailAddress": to}], iso(second)
            told = {
                "delivered": ("Delivery", {"delivery": {"timestamp": at, "recipients": [to]}}),
                "deferred": ("DeliveryDelay", {"deliveryDelay": {"timestamp": at, "delayedRecipients": address}}),
                "bounced": ("Bounce", {"bounce": {"timestamp": at, "bouncedRecipients": address}}),
            }
            kind, detail = told[said]
            yield second, json.dumps({"eventType": kind, "mail": about} | detail)


def sendgrid(mail: Mail) -> Iterator[tuple[int, str]]:
    words = {"accepted": "processed", "delivered": "delivered", "deferred": "deferred", "bounced": "bounce"}
    for second, said in [(mail.second, "accepted"), *mail.tries]:
        for to in mail.recipients:
            event = {
                "email": to,
                "event": words[said],
                "timestamp": int(stamp(second).timestamp()),
                "sg_event_id": f"{mail.number}-{said}-{second}",
                "sg_message_id": f"{mail.number:03}.recvd-1-1.0",
                "subject": mail.subject,
            }
            yield second, json.dumps(event)


def table_with_ids(mail: Mail) -> Iterator[tuple[int, str]]:
    for second, said in [(mail.second, "sent"), *mail.tries]:
        for to in mail.recipients:
            yield second, row(iso(second), said, f"w.{mail.id_of}@app1", to, mail.subject)


def table_without_ids(mail: Mail) -> Iterator[tuple[int, str]]:
    for to in mail.recipients:
        yield mail.second, row(iso(mail.second), to, mail.subject)


def row(*fields: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(fields)
    return out.getvalue()


def in_an_envelope(record: str, delivery: int) -> str:
    """As SNS brings it, under an id of its own each time."""
    return json.dumps({"Type": "Notification", "MessageId": f"sns-{delivery}", "Message": record})


def under_another_event_id(record: str, delivery: int) -> str:
    return json.dumps(json.loads(record) | {"sg_event_id": f"again-{delivery}"})


@dataclass(frozen=True)
class Way:
    """One way of logging."""

    lines: Callable[[Mail], Iterator[tuple[int, str]]]
    suffix: str
    header: str = ""
    redelivered: Callable[[str, int], str] | None = None
    """How a record looks when it is delivered again; None if records do not come again by themselves."""
    has_ids: bool = True


WAYS = {
    "postfix": Way(postfix_iso, ".log"),
    "postfix without year": Way(postfix_without_year, ".log"),
    "postfix in journald": Way(postfix_in_journal, ".json"),
    "exim": Way(exim, ".log"),
    "ses": Way(ses, ".ndjson", redelivered=in_an_envelope),
    "sendgrid": Way(sendgrid, ".ndjson", redelivered=under_another_event_id),
    "table with ids": Way(
        table_with_ids, ".csv", "timestamp,event,message_id,recipient,subject\n", redelivered=lambda record, _: record
    ),
    "table without ids": Way(table_without_ids, ".csv", "timestamp,recipient,subject\n", has_ids=False),
}


def records_of(way: Way, mails: list[Mail]) -> list[str]:
    """What is logged, in order of time; rows that are alike stand together."""
    told = [line for mail in mails for line in way.lines(mail)]
    return [text for _, text in sorted(told, key=(lambda line: line[0]) if way.has_ids else None)]


def file_of(way: Way, records: list[str]) -> bytes:
    return (way.header + "".join(f"{record}\n" for record in records)).encode()


# --- how it is delivered --------------------------------------------------------------------------------------------

Night = list[tuple[str, bytes]]
"""Names and contents of the files that lie there, in the order in which they are read."""

FORMS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda content: content,
    ".gz": lambda content: gzip.compress(content, mtime=0),
    ".best.gz": lambda content: gzip.compress(content[:90], 9, mtime=7) + gzip.compress(content[90:], 9, mtime=8),
    ".utf-16": lambda content: content.decode().encode("utf-16"),
    ".crlf": lambda content: content.replace(b"\n", b"\r\n"),
}


def history(rng: Random, logs: dict[str, tuple[Way, list[str]]]) -> list[Night]:
    """The nights in which the records of these logs arrive: every record in some file at last, many of them again."""
    threads = []
    for name, (way, records) in logs.items():
        told = shaken(rng, way, records)
        threads += [versions(rng, way, f"{name}-{n}", piece) for n, piece in enumerate(pieces(rng, way, told))]
    nights: list[Night] = [[]]
    while threads := [thread for thread in threads if thread]:
        name, content = rng.choice(threads).pop(0)
        if name in dict(nights[-1]) or (nights[-1] and rng.random() < 0.4):
            nights.append([])
        nights[-1].append((name, content))
    return nights


def shaken(rng: Random, way: Way, records: list[str]) -> list[str]:
    """Events that a provider delivers in any order, some of them again; other records as they are."""
    if not way.redelivered:
        return records
    again = [way.redelivered(rng.choice(records), n) for n in range(rng.choice((0, 1, 5)))]
    shuffled = records + again
    rng.shuffle(shuffled)
    return shuffled


def pieces(rng: Random, way: Way, records: list[str]) -> list[list[str]]:
    """Pieces that follow each other or overlap. Without ids, rows that are alike stay together: nobody could tell
    one row of an export from the same row of another."""
    places = [n for n in range(1, len(records)) if way.has_ids or records[n] != records[n - 1]]
    cuts = sorted(rng.sample(places, min(len(places), rng.choice((0, 0, 1, 2)))))
    starts = [0, *cuts]
    if cuts and rng.random() < 0.5:
        starts[1] = rng.choice([0, *(place for place in places if place <= cuts[0])])
    return [records[a:b] for a, b in zip(starts, [*cuts, len(records)], strict=True)]


def versions(rng: Random, way: Way, name: str, piece: list[str]) -> Night:
    """One piece as it grows, maybe cut in the middle of a record on the way, is packed or renamed, and comes again."""
    content, file = file_of(way, piece), f"{name}{way.suffix}"
    found: Night = []
    if rng.random() < 0.4:
        grown = file_of(way, piece[: rng.randint(1, len(piece))])
        found.append((file, grown[: rng.randint(len(way.header) + 1, len(grown))] if rng.random() < 0.5 else grown))
    form = rng.choice(("", "", ".gz"))
    found.append((file + form, FORMS[form](content)))
    for copy in range(rng.choice((0, 0, 1, 2))):
        form = rng.choice(tuple(FORMS))
        found.append((f"{name}-copy{copy}{form}", FORMS[form](content)))
    return found


def way_of(path: str) -> str:
    """Of which log a file of a history is."""
    return path.rpartition("/")[2].partition("-")[0]


def shown(nights: list[Night], name: str) -> str:
    """What arrived of one log, for whoever looks for a fault."""
    arrived = [(n, file, content) for n, night in enumerate(nights, 1) for file, content in night]
    return "\n".join(f"night {n}: {file}\n{content!r}" for n, file, content in arrived if way_of(file) == name)
