"""What really happened, counted from the labelled messages: the same for every format, exact to the millisecond.

Of the copies of one mail to one person within a burst, the first was right and the others are excess. People who got
one copy only were not hit. `started_at` is the first extra copy, `ended_at` the last.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

from detector.simulate.messages import Message, iso
from detector.simulate.scenarios import Planned, Scenario
from detector.simulate.traffic import DayOfMail

Copies = dict[tuple[str, str], list[Message]]
"""(recipient, what it is a copy of) -> all copies in order."""


class Truth:
    """Counts the messages that pass on their way into a log."""

    def __init__(self) -> None:
        self._messages = self._sends = self._bounced = self._deferred = 0
        self._recipients: set[str] = set()
        self._bursts: dict[str, Copies] = defaultdict(lambda: defaultdict(list))

    def watching(self, days: Iterable[DayOfMail]) -> Iterator[DayOfMail]:
        """The same days, counted as they pass."""
        for day in days:
            for message in day.messages:
                self._count(message)
            yield day

    def report(self, name: str, scenario: Scenario, seed: int) -> dict[str, Any]:
        """The content of truth.json."""
        bursts = [_burst(planned, self._bursts[planned.name]) for planned in scenario.bursts]
        return {
            "scenario": name,
            "seed": seed,
            "period": {"from": scenario.starts_at, "until": scenario.ends_at},
            "totals": {
                "messages": self._messages,
                "sends": self._sends,
                "recipients": len(self._recipients),
                "bounced_sends": self._bounced,
                "deferred_sends": self._deferred,
            },
            "bursts": [burst for burst in bursts if burst["excess"]],
        }

    def _count(self, message: Message) -> None:
        sends = len(message.recipients)
        self._messages += 1
        self._sends += sends
        self._bounced += sends * (message.outcome == "bounced")
        self._deferred += sends * bool(message.deferred_after_ms)
        self._recipients.update(message.recipients)
        if message.burst:
            for recipient in message.recipients:
                self._bursts[message.burst][recipient, message.same_as or message.subject].append(message)


def _burst(planned: Planned, copies: Copies) -> dict[str, Any]:
    hit = {key: messages for key, messages in copies.items() if len(messages) > 1}
    by_recipient: dict[str, list[list[Message]]] = defaultdict(list)
    for (recipient, _), messages in hit.items():
        by_recipient[recipient].append(messages)
    affected = [_person(recipient, mails) for recipient, mails in by_recipient.items()]
    extra = sorted(message.sent_at_ms for messages in hit.values() for message in messages[1:])
    all_copies = [message for messages in hit.values() for message in messages]
    counts = [person["sends"] for person in affected]
    return {
        "name": planned.name,
        "cause": planned.cause,
        "is_fault": planned.is_fault,
        "template": next((message.template for message in all_copies), ""),
        "subjects": sorted({message.subject for message in all_copies}),
        "organizations": sorted({message.organization for message in all_copies} - {""}),
        "domains": sorted({recipient.rpartition("@")[2] for recipient in by_recipient}),
        "recipients": len(affected),
        "sends": len(all_copies),
        "excess": len(extra),
        "copies_min": min(counts, default=0),
        "copies_median": float(median(counts)) if counts else 0.0,
        "copies_max": max(counts, default=0),
        "first_sent_at": iso(min((message.sent_at_ms for message in all_copies), default=0)),
        "started_at": iso(extra[0]) if extra else None,
        "ended_at": iso(extra[-1]) if extra else None,
        "affected": affected,
    }


def _person(recipient: str, mails: list[list[Message]]) -> dict[str, Any]:
    """One person's part: a row as in affected.csv."""
    copies = [message.sent_at_ms for messages in mails for message in messages]
    return {
        "recipient": recipient,
        "organization": mails[0][0].organization or None,
        "sends": len(copies),
        "excess": len(copies) - len(mails),
        "first_sent_at": iso(min(copies)),
        "last_sent_at": iso(max(copies)),
    }
