"""An Exim main log with `log_selector = +subject +received_recipients +millisec`: arrival, attempts, delivery, end."""

from collections.abc import Iterator
from random import Random

from detector.simulate.files import Line
from detector.simulate.invented import ACADEMY_DOMAIN
from detector.simulate.messages import Message, iso
from detector.simulate.relays import relay_of
from detector.simulate.traffic import DayOfMail

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class EximLog:
    """Renders days of mail as Exim does."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def render(self, day: DayOfMail) -> Iterator[Line]:
        """All lines of the day's messages."""
        rng = Random(f"{self._seed}/exim/{day.number}")
        for message in day.messages:
            exim_id = _exim_id(message, rng)
            for number, (after_ms, text) in enumerate(_life(message, rng)):
                at_us = (message.sent_at_ms + after_ms) * 1_000 + number
                yield at_us, f"{iso(at_us // 1_000)[:-1].replace('T', ' ')} {exim_id} {text}"


def _life(message: Message, rng: Random) -> Iterator[tuple[int, str]]:
    """(milliseconds after the submission, what Exim says)."""
    host = f"H={message.host}.{ACADEMY_DOMAIN} [10.20.0.11] P=esmtps A=plain:portal"
    content = f'S={message.size} id={message.message_id} T="{_escaped(message.subject)}"'
    yield 0, f"<= {message.sender} {host} {content} for {' '.join(message.recipients)}"
    for after_ms in message.deferred_after_ms:
        for recipient in message.recipients:
            relay = relay_of(recipient)
            _, _, reason = relay.put_off(recipient, patience=after_ms)
            where = f"H={relay.host} [{relay.address}]"
            yield after_ms, f"== {recipient} R=dnslookup T=remote_smtp defer (-44) {where}: {reason}"
    for number, recipient in enumerate(message.recipients):
        relay = relay_of(recipient)
        via = f"{recipient} R=dnslookup T=remote_smtp H={relay.host} [{relay.address}]"
        if message.outcome == "bounced":
            yield message.settled_after_ms, f"** {via}: {relay.refusal(recipient)}"
        else:
            reply = relay.acceptance(message, rng)
            yield message.settled_after_ms, f'{"->" if number else "=>"} {via} C="{reply}"'
    yield message.settled_after_ms, "Completed"


def _exim_id(message: Message, rng: Random) -> str:
    """`1vDH2t-00000000Ad1-1bQz`: the second, the process, a part of the second."""
    second = _base62(message.sent_at_ms // 1_000, 6)
    return f"{second}-{_base62(rng.getrandbits(40), 11)}-{_base62(rng.getrandbits(23), 4)}"


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits


def _escaped(subject: str) -> str:
    """As Exim prints it: bytes beyond ASCII in octal, quotes and backslashes with one more."""
    plain = subject.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(chr(byte) if byte < 128 else f"\\{byte:03o}" for byte in plain.encode())
