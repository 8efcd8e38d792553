"""What the header block of one mail says, as one JSON object on one line: what a format needs and nothing of the body.

    {"headers": {"subject": ["Welcome"], "received": [top, ..., oldest]},   names in lower case, decoded, unfolded
     "addresses": {"to": ["ann@harbor.example"]},                          bare addresses of the headers that hold any
     "times": {"received": ["2026-10-27T18:04:11Z"], "date": [...], "envelope": [...]},       in UTC
     "envelope": "ann@harbor.example",                                     who stands in the line `From `; else null
     "is_report": false, "size": 5210}

The email package finds the headers, in its lenient policy (compat32), for the strict one raises on hostile mail. Its
readers of dates and encoded words are called with the few errors caught that they are known to raise. Addresses are
read here: before the encoded words, so that none can hide in a name, and alike under every version of Python.
"""

import codecs
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from email.errors import HeaderParseError
from email.header import decode_header
from email.parser import HeaderParser
from email.utils import parsedate_tz
from itertools import chain

_LONGEST_VALUE, _SHOWN_OF_LONG = 2000, 500
_LONGEST_DATE = 200
_ADDRESS_HEADERS = {
    "delivered-to", "x-original-to", "envelope-to", "to", "cc", "bcc", "from", "sender", "return-path",
}  # fmt: skip
_DATED_HEADERS = {"received", "date"}
_NO_TEXT_CODECS = {"unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "utf-7"}

ENVELOPE = re.compile(
    rb'From +("[^"\n]{0,200}+"\S{0,200}|\S{1,500}(?: at \S{1,300})?) +'
    rb"((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} +[A-Z][a-z]{2}) +[^\n]{0,40}?"
    rb"\d{1,2}:\d\d[^\n]{0,60})(?=\r?\n)"
)
"""The line before a message in a mailbox: `From `, an address, a date. `From here on ...` has none."""

_OLD_ENVELOPE = re.compile(rb"^>From [^\n]*\n", re.MULTILINE)
_ENCODED = re.compile(r"=\?[^?\s]{1,60}\?[qb]\?[^?]*\?=(?:\s*=\?[^?\s]{1,60}\?[qb]\?[^?]*\?=)*", re.IGNORECASE)
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f]+")
_QUOTED = r'"(?:[^"\\]|\\.){0,500}+"'  # bounded, as all here, or a header of quotes alone would take hours
_ADDRESS = re.compile(
    rf'(?P<quoted>{_QUOTED}(?:@[^\s,;:<>()"]++)?)|\((?:[^()\\]|\\.){{0,500}}+\)'
    rf'|<(?P<angle>(?:{_QUOTED}|[^<>"]){{0,500}}+)>|(?P<bare>[^\s,;:<>()"\\]++)|(?P<end>[,;])|\\.|.'
)
_BETWEEN_ZONE_AND_YEAR = re.compile(r"(\d\d:\d\d(?::\d\d)?)((?: +[A-Z]{1,5}| +[+-]\d{4})+) +(\d{4})$")


def message_record(block: bytes, size: int) -> bytes:
    """The line of the spool for one header block, which may begin with the line of the envelope. `block` is clean."""
    envelope, _, rest = block.partition(b"\n") if block.startswith(b"From ") else (b"", b"", block)
    said = ENVELOPE.match(envelope + b"\n")
    headers: dict[str, list[str]] = {}
    addresses: dict[str, list[str]] = {}
    times: dict[str, list[str | None]] = {}
    for name, value in _items(rest):
        headers.setdefault(name, []).append(_decoded(value))
        if name in _ADDRESS_HEADERS:
            addresses.setdefault(name, []).extend(addresses_in(value))
        if name in _DATED_HEADERS:
            times.setdefault(name, []).append(time_in(value.rpartition(";")[2] if name == "received" else value))
    if said:
        times["envelope"] = [time_in(_with_zone_last(_shown(said[2])))]
    content_type = headers.get("content-type", [""])[0].lower()
    record = {
        "headers": headers,
        "addresses": addresses,
        "times": times,
        "envelope": _shown(said[1]).replace(" at ", "@").lower() if said else None,
        "is_report": content_type.startswith("multipart/report"),
        "size": size,
    }
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def addresses_in(value: str) -> list[str]:
    """The addresses of a header, without names and comments; what is quoted is never taken apart."""
    found, bare, angle = list[str](), "", ""
    for token in chain(_ADDRESS.finditer(value), [None]):
        if token is None or token["end"]:
            found.append(angle or bare)
            bare = angle = ""
        elif token["angle"] is not None:
            angle = angle or token["angle"].strip()
        elif word := token["bare"] or token["quoted"]:
            bare = bare if _is_address(bare) else word
    return [address.removeprefix("mailto:").lower() for address in found if _is_address(address)]


def time_in(text: str) -> str | None:
    """The time of an RFC 5322 date or of an envelope line, in UTC; without a zone it is in UTC already (RFC 4155)."""
    try:
        parsed = parsedate_tz(text[:_LONGEST_DATE])
        if parsed is None:
            return None
        year, month, day, hour, minute, second = parsed[:6]
        zone = timezone(timedelta(seconds=parsed[9] or 0))
        at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).astimezone(UTC)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _items(block: bytes) -> list[tuple[str, str]]:
    """Names and raw values, unfolded: bytes that are no UTF-8 are shown."""
    text = _OLD_ENVELOPE.sub(b"", block).decode("ascii", "surrogateescape")
    parsed = HeaderParser().parsestr(text)
    return [
        (name.lower(), _shown(" ".join(value.split()).encode("ascii", "surrogateescape")))
        for name, value in parsed.raw_items()
    ]


def _shown(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _decoded(value: str) -> str:
    """The value with its encoded words (RFC 2047) as text; one that cannot be decoded stays as it is. Of what no mail
    needs the start is kept, and a hash that tells it from another that starts alike."""
    shown = value if len(value) <= _LONGEST_VALUE else value[:_SHOWN_OF_LONG]
    text = _UNSEEN.sub(" ", _ENCODED.sub(lambda run: _decoded_run(run[0]), shown)).strip()
    if shown == value:
        return text
    whole = hashlib.md5(value.encode("utf-8", "backslashreplace"), usedforsecurity=False)
    return f"{text} ... [{len(value)} characters, md5 {whole.hexdigest()}]"


def _decoded_run(run: str) -> str:
    """Encoded words that follow each other: a character may begin in one and end in the next."""
    try:
        parts = [
            part.decode(_codec(charset), "replace") if isinstance(part, bytes) else part
            for part, charset in decode_header(run)
        ]
    except (HeaderParseError, LookupError, ValueError):
        return run
    return "".join(parts)


def _codec(charset: str | None) -> str:
    """The name of the codec; LookupError for those that run a language of their own instead of naming characters."""
    name = codecs.lookup((charset or "ascii").partition("*")[0]).name
    if name.replace("_", "-") in _NO_TEXT_CODECS:
        raise LookupError(name)
    return name


def _is_address(text: str) -> bool:
    return 0 < text.rfind("@") < len(text) - 1


def _with_zone_last(date: str) -> str:
    """`18:04:11 +0000 2026` and `18:04:11 CET 2026` with the zone where the email package looks for it."""
    return _BETWEEN_ZONE_AND_YEAR.sub(r"\1 \3\2", date.strip())
