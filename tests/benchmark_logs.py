"""Writes the logs that `benchmark_formats` reads: one seeded month of the simulator, as each mailer would log it.

    python tests/benchmark_logs.py FORMAT FILE MEGABYTES

Postfix, SES, CSV and JSON lines are written by the simulator itself; Exim, Sendmail, SendGrid, Mailgun and the message
trace of Microsoft 365 by the renderers here, which tell the same messages: submission, deferrals, delivery or bounce,
an open now and then. Parquet holds the rows of the CSV file, so it is smaller on the disk.
"""

import csv
import io
import json
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import duckdb

from detector.simulate.files import Line, Render
from detector.simulate.invented import ACADEMY_DOMAIN
from detector.simulate.messages import Message, iso
from detector.simulate.postfix import ADDRESSES, PostfixLog, PostfixStyle
from detector.simulate.relays import relay_of
from detector.simulate.scenarios import SCENARIOS
from detector.simulate.ses import SesEvents
from detector.simulate.stamps import traditional_stamp
from detector.simulate.table import csv_header, csv_lines, json_lines
from detector.simulate.traffic import DayOfMail, mail_of

SEED = 1
OPEN_SHARE = 0.1
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TRACE_COLUMNS = "Organization MessageId Received SenderAddress RecipientAddress Subject Status ToIP FromIP Size "
_TRACE_COLUMNS += "MessageTraceId StartDate EndDate Index"

Tell = Callable[[Message, Random], Iterator[Line]]


def write(name: str, path: Path, megabytes: float) -> None:
    """Write the first so many megabytes of the big month in a format."""
    if name == "parquet":
        table = path.with_suffix(".csv")
        write("csv", table, megabytes)
        with duckdb.connect() as db:
            db.execute(f"copy (from read_csv('{table}', all_varchar = true)) to '{path}' (format parquet)")
        table.unlink()
        return
    header, render = RENDERS[name]()
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(f"{header}\n" if header else "")
        for text in _lines(render):
            out.write(f"{text}\n")
            if out.tell() > megabytes * 1e6:
                return
    raise SystemExit(f"the big month has less than {megabytes:g} MB of {name}")


def _lines(render: Render) -> Iterator[str]:
    """All lines of the month in order, a day at a time."""
    pending: list[Line] = []
    for day in mail_of(SCENARIOS["big-month"], SEED):
        pending = sorted([*pending, *render(day)])
        ready = bisect_left(pending, (day.ends_at_ms * 1_000,))
        yield from (text for _, text in pending[:ready])
        pending = pending[ready:]


def _told(tell: Tell) -> Render:
    """Days of mail, message by message."""

    def render(day: DayOfMail) -> Iterator[Line]:
        rng = Random(f"{SEED}/{day.number}")
        for message in day.messages:
            yield from tell(message, rng)

    return render


def _attempts(message: Message) -> Iterator[tuple[int, str]]:
    """(milliseconds since 1970, what became of it)."""
    for after_ms in message.deferred_after_ms:
        yield message.sent_at_ms + after_ms, "deferred"
    yield message.sent_at_ms + message.settled_after_ms, message.outcome


def _fates(message: Message, rng: Random) -> Iterator[tuple[int, str, str]]:
    """(milliseconds since 1970, "processed", "deferred", "delivered", "bounced" or "open", recipient)."""
    for recipient in message.recipients:
        yield message.sent_at_ms, "processed", recipient
        for at_ms, fate in _attempts(message):
            yield at_ms, fate, recipient
        if message.outcome == "delivered" and rng.random() < OPEN_SHARE:
            yield message.sent_at_ms + message.settled_after_ms + rng.randrange(60_000, 9_000_000), "open", recipient


def _exim(message: Message, rng: Random) -> Iterator[Line]:
    inode, fraction = _base62(rng.getrandbits(40), 11), _base62(rng.getrandbits(20), 4)
    exim_id = f"1{_base62(message.sent_at_ms // 1_000, 5)}-{inode}-{fraction}"
    subject = "".join(c if c < "\x7f" else "".join(f"\\{byte:03o}" for byte in c.encode()) for c in message.subject)
    client = f"H={message.host}.{ACADEMY_DOMAIN} [{ADDRESSES[message.host]}]"
    tls = "X=TLS1.3:TLS_AES_256_GCM_SHA384:256"

    def line(at_ms: int, text: str) -> Line:
        return at_ms * 1_000, f"{iso(at_ms)[:-1].replace('T', ' ')} {exim_id} {text}"

    envelope = f"{client} P=esmtps {tls} CV=no A=plain:portal S={message.size} id={message.message_id}"
    named = " ".join(message.recipients)
    yield line(message.sent_at_ms, f'<= {message.sender} {envelope} T="{subject}" for {named}')
    for at_ms, fate in _attempts(message):
        for recipient in message.recipients:
            relay = relay_of(recipient)
            router = f"{recipient} R=dnslookup T=remote_smtp"
            server = f"H={relay.host} [{relay.address}]"
            if fate == "deferred":
                said = relay.put_off(recipient, patience=at_ms - message.sent_at_ms)[2]
                yield line(at_ms, f"== {router} defer (-44) {server}: SMTP error from remote mail server: {said}")
            elif fate == "bounced":
                said = relay.refusal(recipient)
                yield line(at_ms, f"** {router} {server}: SMTP error from remote mail server after RCPT TO: {said}")
            else:
                yield line(at_ms, f'=> {router} {server} {tls} CV=yes C="{relay.acceptance(message, rng)}"')
    yield line(message.sent_at_ms + message.settled_after_ms + 2, "Completed")


def _sendmail(message: Message, rng: Random) -> Iterator[Line]:
    queue_id = f"69R{_base62(message.sent_at_ms, 7)}{rng.randrange(10**6):06d}"
    pid = rng.randrange(2_000, 30_000)

    def line(at_ms: int, text: str) -> Line:
        return at_ms * 1_000, f"{traditional_stamp(at_ms * 1_000)} mx1 sm-mta[{pid}]: {queue_id}: {text}"

    client = f"relay={message.host}.{ACADEMY_DOMAIN} [{ADDRESSES[message.host]}]"
    envelope = f"size={message.size}, class=0, nrcpts={len(message.recipients)}, msgid=<{message.message_id}>"
    yield line(message.sent_at_ms, f"from=<{message.sender}>, {envelope}, proto=ESMTPS, daemon=MTA-v4, {client}")
    to = ",".join(f"<{recipient}>" for recipient in message.recipients)
    relay = relay_of(message.recipients[0])
    for at_ms, fate in _attempts(message):
        waited = (at_ms - message.sent_at_ms) // 1_000
        delay = f"delay={waited // 3600:02d}:{waited // 60 % 60:02d}:{waited % 60:02d}, xdelay=00:00:01"
        dsn, stat = {
            "delivered": ("2.0.0", f"Sent ({relay.acceptance(message, rng)[4:]})"),
            "deferred": ("4.0.0", f"Deferred: Connection refused by {relay.host}."),
            "bounced": ("5.1.1", "User unknown"),
        }[fate]
        server = f"mailer=esmtp, pri={message.size + 30_000}, relay={relay.host}. [{relay.address}]"
        yield line(at_ms, f"to={to}, {delay}, {server}, dsn={dsn}, stat={stat}")


def _sendgrid(message: Message, rng: Random) -> Iterator[Line]:
    token = f"{rng.getrandbits(88):022x}"
    sg_id = f"{token}.recvd-7d4-qxk2p-1-{message.sent_at_ms // 1_000:X}-1.0"
    words = {"processed": "processed", "delivered": "delivered", "deferred": "deferred", "bounced": "bounce"}
    for at_ms, fate, recipient in _fates(message, rng):
        relay, rest = relay_of(recipient), dict[str, Any]()
        if fate == "delivered":
            rest = {"response": relay.acceptance(message, rng), "ip": "192.0.2.44", "tls": 1}
        elif fate == "deferred":
            rest = {"response": relay.put_off(recipient, patience=0)[2], "attempt": "1"}
        elif fate == "bounced":
            rest = {"reason": relay.refusal(recipient), "status": "5.1.1", "type": "bounce"}
        elif fate == "open":
            rest = {
                "useragent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
                "ip": "203.0.113.7",
                "sg_machine_open": False,
            }
        ids = {
            "sg_event_id": f"{rng.getrandbits(128):032x}",
            "sg_message_id": sg_id,
            "smtp-id": f"<{token}@geopod-ismtpd-3>",
        }
        tags = {"category": [message.template], "template_id": f"d-{message.template}", "client": message.organization}
        event = {"email": recipient, "timestamp": at_ms // 1_000, "event": words.get(fate, fate)}
        yield at_ms * 1_000, json.dumps(event | ids | tags | rest)


def _mailgun(message: Message, rng: Random) -> Iterator[Line]:
    headers = {"message-id": message.message_id, "from": f"Academy <{message.sender}>", "subject": message.subject}
    words = {
        "processed": {"event": "accepted"},
        "delivered": {"event": "delivered", "delivery-status": {"code": 250, "message": "OK", "attempt-no": 1}},
        "deferred": {"event": "failed", "severity": "temporary", "reason": "generic"},
        "bounced": {"event": "failed", "severity": "permanent", "reason": "bounce"},
        "open": {"event": "opened", "client-info": {"client-type": "browser", "device-type": "desktop"}},
    }
    for at_ms, fate, recipient in _fates(message, rng):
        signature = {"timestamp": str(at_ms // 1_000), "token": f"{rng.getrandbits(200):050x}"}
        signature["signature"] = f"{rng.getrandbits(256):064x}"
        event = {
            "id": f"{rng.getrandbits(96):024x}",
            "timestamp": at_ms / 1_000,
            "log-level": "info",
            **words[fate],
            "recipient": recipient,
            "recipient-domain": recipient.rpartition("@")[2],
            "tags": [message.template],
            "campaigns": [],
            "user-variables": {"client": message.organization},
            "flags": {"is-routed": False, "is-authenticated": True, "is-system-test": False, "is-test-mode": False},
            "envelope": {
                "sender": message.sender,
                "targets": recipient,
                "transport": "smtp",
                "sending-ip": "192.0.2.9",
            },
            "message": {"headers": headers | {"to": recipient}, "size": message.size, "attachments": []},
        }
        yield at_ms * 1_000, json.dumps({"signature": signature, "event-data": event}, ensure_ascii=False)


def _trace(message: Message, rng: Random) -> Iterator[Line]:
    trace_id, cell = str(UUID(int=rng.getrandbits(128))), io.StringIO()
    status = "Delivered" if message.outcome == "delivered" else "Failed"
    look_back = ("2026-10-01T00:00:00.0000000Z", "2026-11-01T00:00:00.0000000Z")
    for number, recipient in enumerate(message.recipients):
        addresses = (f"{iso(message.sent_at_ms)[:-1]}0000", message.sender, recipient)
        row = (ACADEMY_DOMAIN, f"<{message.message_id}>", *addresses, message.subject, status)
        csv.writer(cell).writerow((*row, "", "192.0.2.44", message.size, trace_id, *look_back, number))
    yield message.sent_at_ms * 1_000, cell.getvalue().replace("\r\n", "\n").rstrip("\n")


def _base62(number: int, digits: int) -> str:
    return "".join(_BASE62[number // 62**place % 62] for place in reversed(range(digits)))


RENDERS: dict[str, Callable[[], tuple[str, Render]]] = {
    "postfix": lambda: ("", PostfixLog(SEED, PostfixStyle(stamps="traditional")).render),
    "exim": lambda: ("", _told(_exim)),
    "sendmail": lambda: ("", _told(_sendmail)),
    "ses": lambda: ("", SesEvents(SEED).render),
    "sendgrid": lambda: ("", _told(_sendgrid)),
    "mailgun": lambda: ("", _told(_mailgun)),
    "csv": lambda: (csv_header(), csv_lines),
    "jsonl": lambda: ("", json_lines),
    "m365": lambda: (",".join(_TRACE_COLUMNS.split()), _told(_trace)),
}
"""Format -> its header, and what renders a day."""


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
