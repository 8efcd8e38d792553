"""Small things every Postfix line needs: time stamps, process ids, queue ids, delays in Postfix's way of rounding."""

from datetime import UTC, datetime
from functools import cache, lru_cache
from random import Random

LOG_HOST = "mx1"
_BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
"""Postfix's alphabet for long queue ids: no vowels, so that no id is a word; the last letter separates the inode."""


@lru_cache(maxsize=65_536)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def iso_stamp(at_us: int) -> str:
    """`2026-10-27T18:04:11.123000+00:00`, as rsyslog writes it on current Debian."""
    second, rest = divmod(at_us, 1_000_000)
    return f"{_second(second)}.{rest:06d}+00:00"


@lru_cache(maxsize=65_536)
def _traditional_second(second: int) -> str:
    moment = datetime.fromtimestamp(second, UTC)
    # Not %b: the month's name must not follow the machine's locale.
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * moment.month - 3 : 3 * moment.month]
    return f"{month} {moment.day:2d} {moment:%H:%M:%S}"


def traditional_stamp(at_us: int) -> str:
    """`Oct 27 18:04:11`: no year, no zone."""
    return _traditional_second(at_us // 1_000_000)


@lru_cache(maxsize=4_096)
def _base52(number: int, base: int = 52) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, base)
        digits = _BASE52[digit] + digits
    return digits


@cache
def _base52_pair(number: int) -> str:
    return _BASE52[number // 52] + _BASE52[number % 52]


def queue_id(at_us: int, slot: int, *, is_long: bool) -> str:
    """The queue id of a file created at that moment; `slot` stands for its inode."""
    second, microsecond = divmod(at_us, 1_000_000)
    if not is_long:
        return f"{microsecond:05X}{0x1C0 + slot % 16:03X}"
    high, low = divmod(microsecond, 2_704)
    return f"{_base52(second)}{_base52_pair(high)}{_base52_pair(low)}z{_base52(130_411 + slot, 51)}"


@lru_cache(maxsize=8_192)
def seconds(milliseconds: int) -> str:
    """A delay as Postfix prints it: two digits that count, no trailing zeros."""
    if milliseconds >= 10_000:
        return str(milliseconds // 1_000)
    tenths = milliseconds >= 1_000
    text = f"{milliseconds // 100 / 10:.1f}" if tenths else f"{max(milliseconds, 0) // 10 / 100:.2f}"
    return text.rstrip("0").rstrip(".") or "0"


class Programs:
    """Process ids of Postfix's services on one day: few, shared by many messages."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._next = rng.randrange(2_000, 20_000)
        self._pids = {service: [self.new_pid() for _ in range(4)] for service in ("cleanup", "smtp", "lmtp", "bounce")}
        self._pids["qmgr"] = [1187]

    def new_pid(self) -> int:
        """A process that has just been started."""
        self._next += self._rng.randrange(1, 4)
        return self._next % 4_190_000

    def pid(self, service: str) -> int:
        """One of the running processes of a service."""
        pids = self._pids[service]
        return pids[self._rng.getrandbits(2) % len(pids)]
