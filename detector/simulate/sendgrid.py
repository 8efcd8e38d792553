"""SendGrid's Event Webhook: one request a line, events one to three times, with neither subject nor sender."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from detector.simulate.files import Line
from detector.simulate.messages import MINUTE, Message
from detector.simulate.relays import relay_of
from detector.simulate.traffic import DayOfMail


class SendgridEvents:
    """Renders days of mail as webhook requests, each event at the time it arrived."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def render(self, day: DayOfMail) -> Iterator[Line]:
        """Every event, some of them more than once under another event id."""
        rng = Random(f"{self._seed}/sendgrid/{day.number}")
        for message in day.messages:
            for happened_ms, event in _events(message, rng):
                arrived_ms = happened_ms + rng.randrange(200, 9_000)
                for copy in range(1 + (rng.random() < 0.02 or bool(message.logged_again_after_ms))):
                    told = event | {"sg_event_id": f"{rng.getrandbits(96):024x}"}
                    later_ms = copy * (message.logged_again_after_ms or rng.randrange(MINUTE))
                    yield (arrived_ms + later_ms) * 1_000, json.dumps([told], ensure_ascii=False)


def _events(message: Message, rng: Random) -> Iterator[tuple[int, dict[str, Any]]]:
    """(when it happened, event)."""
    request = f"{rng.getrandbits(128):032x}"[:22]
    for number, recipient in enumerate(message.recipients):
        same = {
            "email": recipient,
            "smtp-id": f"<{message.message_id}>",
            "sg_message_id": f"{request}.recvd-7d4-qxk2p-1-{message.sent_at_ms // 1_000:X}-{number}.0",
            "category": [message.template],
            "template_id": f"d-{message.template}",
        }
        if message.organization:
            same["organization"] = message.organization
        for after_ms, event in _life(message, recipient):
            at_ms = message.sent_at_ms + after_ms
            yield at_ms, {**same, "timestamp": at_ms // 1_000, **event}


def _life(message: Message, recipient: str) -> Iterator[tuple[int, dict[str, str]]]:
    yield 0, {"event": "processed"}
    for after_ms in message.deferred_after_ms:
        _, _, reason = relay_of(recipient).put_off(recipient, patience=after_ms)
        yield after_ms, {"event": "deferred", "response": reason}
    if message.outcome == "bounced":
        yield (
            message.settled_after_ms,
            {"event": "bounce", "type": "bounce", "reason": relay_of(recipient).refusal(recipient)},
        )
    else:
        yield message.settled_after_ms, {"event": "delivered", "response": "250 OK"}
