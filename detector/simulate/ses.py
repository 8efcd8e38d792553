"""Amazon SES event publishing: one JSON object a line, as a delivery stream leaves them, weekly files.

Events arrive a little late and out of order; about one in a hundred arrives twice. The second week came through SNS, so
each of its events is wrapped in a notification. The `client` tag is the client's domain; private people have none.
"""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from detector.simulate.files import Line
from detector.simulate.invented import ACADEMY_DOMAIN, PRIVATE_DOMAINS
from detector.simulate.messages import DAY, MINUTE, Message, at_ms, iso, uuid_of
from detector.simulate.relays import relay_of
from detector.simulate.scenarios import MONTH_STARTS_AT
from detector.simulate.traffic import DayOfMail

ACCOUNT = "000000000000"
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:mail-events"
OPENED = ("welcome", "announcement", "certificate")
OPEN_SHARE = 0.12
REDELIVERED_SHARE = 0.01

Record = dict[str, Any]


class SesEvents:
    """Renders days of mail as SES events."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def render(self, day: DayOfMail) -> Iterator[Line]:
        """Every event at the time it arrived."""
        rng = Random(f"{self._seed}/ses/{day.number}")
        events = ((message, *event) for message in day.messages for event in _events(message, rng))
        for message, happened_at_ms, record in events:
            arrived_at_ms = happened_at_ms + rng.randrange(150, 9_000)
            is_wrapped = _is_wrapped(arrived_at_ms)
            line = _wrap(record, arrived_at_ms, rng) if is_wrapped else _compact(record)
            yield arrived_at_ms * 1_000, line
            if rng.random() < REDELIVERED_SHARE or message.logged_again_after_ms:
                again_at_ms = arrived_at_ms + rng.randrange(20, 12 * MINUTE)
                if _is_wrapped(again_at_ms) == is_wrapped:
                    yield again_at_ms * 1_000, line


def _compact(record: Record) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def _wrap(record: Record, arrived_at_ms: int, rng: Random) -> str:
    """The event as SNS delivers it: text within a notification."""
    return _compact(
        {
            "Type": "Notification",
            "MessageId": uuid_of(rng),
            "TopicArn": TOPIC,
            "Subject": "Amazon SES Email Event Notification",
            "Message": _compact(record),
            "Timestamp": iso(arrived_at_ms),
        }
    )


def _is_wrapped(moment_ms: int) -> bool:
    """Whether that moment lies in the second week."""
    return (moment_ms - at_ms(MONTH_STARTS_AT)) // (7 * DAY) == 1


def _events(message: Message, rng: Random) -> Iterator[tuple[int, Record]]:
    """(when it happened, event) for one message."""
    mail = _mail(message, rng)
    yield message.sent_at_ms, {"eventType": "Send", "mail": mail, "send": {}}
    for after_ms in message.deferred_after_ms:
        yield message.sent_at_ms + after_ms, {"eventType": "DeliveryDelay", "mail": mail} | _delay(message, after_ms)
    settled_at_ms = message.sent_at_ms + message.settled_after_ms
    if message.outcome == "bounced":
        yield settled_at_ms, {"eventType": "Bounce", "mail": mail} | _bounce(message, settled_at_ms, rng)
        return
    yield settled_at_ms, {"eventType": "Delivery", "mail": mail} | _delivery(message, settled_at_ms, rng)
    if message.template in OPENED and not message.burst and rng.random() < OPEN_SHARE:
        opened_at_ms = settled_at_ms + rng.randrange(MINUTE, 40 * 60 * MINUTE)
        reader = {"ipAddress": f"203.0.113.{rng.randrange(1, 254)}", "userAgent": "Mozilla/5.0"}
        yield opened_at_ms, {"eventType": "Open", "mail": mail, "open": {"timestamp": iso(opened_at_ms)} | reader}


def _mail(message: Message, rng: Random) -> Record:
    """The part that all events of a message share."""
    domain = message.recipients[0].rpartition("@")[2]
    own_tags = {"template": [message.template]} | ({} if domain in PRIVATE_DOMAINS else {"client": [domain]})
    ses_id = f"0107{message.sent_at_ms:012x}-{uuid_of(rng)}-000000"
    return {
        "timestamp": iso(message.sent_at_ms),
        "source": message.sender,
        "sendingAccountId": ACCOUNT,
        "messageId": ses_id,
        "destination": list(message.recipients),
        "headersTruncated": False,
        "commonHeaders": {
            "from": [message.sender],
            "to": list(message.recipients),
            "messageId": ses_id,
            "subject": message.subject,
        },
        "tags": {
            "ses:configuration-set": ["academy"],
            "ses:from-domain": [ACADEMY_DOMAIN],
            "ses:caller-identity": [message.host],
            **own_tags,
        },
    }


def _delivery(message: Message, settled_at_ms: int, rng: Random) -> Record:
    return {
        "delivery": {
            "timestamp": iso(settled_at_ms),
            "processingTimeMillis": message.settled_after_ms,
            "recipients": list(message.recipients),
            "smtpResponse": relay_of(message.recipients[0]).acceptance(message, rng),
            "reportingMTA": f"a{rng.randrange(1, 40)}.outbound.example",
        }
    }


def _delay(message: Message, after_ms: int) -> Record:
    delayed = []
    for recipient in message.recipients:
        dsn, _, reason = relay_of(recipient).put_off(recipient, patience=after_ms)
        delayed.append({"emailAddress": recipient, "status": dsn, "diagnosticCode": f"smtp; {reason}"})
    return {
        "deliveryDelay": {
            "timestamp": iso(message.sent_at_ms + after_ms),
            "delayType": "TransientCommunicationFailure",
            "expirationTime": iso(message.sent_at_ms + DAY),
            "delayedRecipients": delayed,
        }
    }


def _bounce(message: Message, settled_at_ms: int, rng: Random) -> Record:
    bounced = [
        {
            "emailAddress": recipient,
            "action": "failed",
            "status": "5.1.1",
            "diagnosticCode": f"smtp; {relay_of(recipient).refusal(recipient)}",
        }
        for recipient in message.recipients
    ]
    return {
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": bounced,
            "timestamp": iso(settled_at_ms),
            "feedbackId": f"0107{settled_at_ms:012x}-{uuid_of(rng)}-000000",
        }
    }
