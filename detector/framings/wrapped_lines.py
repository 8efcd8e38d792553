"""Syslog lines that a journal or a log collector has wrapped: each line is taken out, so that formats see plain lines.

The journal (`journalctl -o json`) and collectors write an object a line; containers and relays put a prefix before the
line. Both stay files of lines, one record a line, with the laws of `lines`; only a file whose first lines agree on one
shape comes here. A line that has its own stamp keeps it; one that has none gets the wrapper's, host, program and pid:

    2026-10-27T18:04:11.123456Z mx1 postfix/smtp[212]: 4XyZ...: to=<ann@harbor.example>, ...

What does not have the shape, such as a torn line, stays as it is. Shapes: systemd.journal-fields(7), the documents of
Filebeat, Fluent Bit, Logstash, Vector, rsyslog, syslog-ng, Docker's json-file and Loki's logcli; RFC 5424; CRI.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from detector.framings.lines import Lines, Overlong
from detector.framings.spooling import Spool, clean, visible

Unwrap = Callable[[bytes], bytes]
"""Takes whole clean lines out of their wrappers: as many lines as before."""

_LINES_JUDGED = 40
_BYTES_JUDGED = 64 * 1024
_MOST_DIGITS = 20

_ISO = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"
_SYSLOG = rb"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|" + _ISO + rb") \S+ [^\s:\[]+(?:\[\d+\])?:"
_EXIM = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})?(?: \[\d+\])? \w{6}-\w{6,11}-\w{2,4} "
_ENTRY = rb"(?:" + _SYSLOG + rb"|" + _EXIM + rb"|@4[0-9a-f]{23} )"
"""How a line of a mailer begins: with stamp, host and program; with Exim's stamp and id; with TAI64N (qmail)."""

_RFC_5424 = re.compile(
    rb"^<\d{1,3}>1 (" + _ISO + rb") (\S+) (\S+) (?:(\d+)|\S+) \S+ "
    rb'(?:-|(?:\[(?:[^\]"\\\n]|"(?:[^"\\\n]|\\.)*+")*+\])++)(?: (?:\xef\xbb\xbf)?|$)',
    re.MULTILINE,
)
_PREFIXES = tuple(
    re.compile(rb"^" + prefix + rb"(?=" + entry + rb")", re.MULTILINE)
    for prefix, entry in (
        (rb"<\d{1,3}>", _ENTRY),  # the priority, as a relay passes it on
        (_ISO + rb" std(?:out|err) [FP] ", _ENTRY),  # CRI: containerd and CRI-O under Kubernetes
        (rb"[\w.-]{1,100} *\| +(?:" + _ISO + rb" )?", _ENTRY),  # docker compose logs
        (rb"\[\S{1,200}\] (?:" + _ISO + rb" )?", _ENTRY),  # kubectl logs --prefix
        (_ISO + rb" ", _ENTRY),  # kubectl logs --timestamps, docker logs --timestamps, CloudWatch
        (rb"[^\s:]{1,300}:", _ENTRY),  # grep over several files
        (_SYSLOG + rb" ", _SYSLOG),  # syslog of a host around the syslog of its container
    )
)

_TEXTS = ("MESSAGE", "message", "log", "line", "msg")
_STAMPS = ("__REALTIME_TIMESTAMP", "@timestamp", "timestamp", "time", "ISODATE", "date")
_HOSTS = (
    "_HOSTNAME", "host.hostname", "host.name", "hostname", "logsource", "HOST", "host", "HOSTNAME", "labels.host",
    "labels.hostname",
)  # fmt: skip
_PROGRAMS = (
    "SYSLOG_IDENTIFIER", "log.syslog.appname", "syslog.identifier", "appname", "app-name", "program", "PROGRAM",
    "ident", "programname", "labels.syslog_identifier", "labels.syslog_app_name", "_COMM",
)  # fmt: skip
_PIDS = ("SYSLOG_PID", "_PID", "log.syslog.procid", "process.pid", "procid", "pid", "PID", "labels.syslog_proc_id")
_SYSLOG_TAG = re.compile(r"([^\s:\[\]]+)(?:\[(\d+)\])?:?$")
_OWN_HEADER = re.compile(rb"(?:<\d{1,3}>)?(?=" + _ENTRY + rb")")
_OWN_PROGRAM = re.compile(r"[^\s:\[\]]{1,100}\[\d+\]: ")
_ADDRESS = re.compile(r"[^\s@<>]@[\w-]+\.\w")
_PARTS_OF_A_LINE = re.compile(r"[\s:\[\]\x00-\x1f]+")
_BREAKS = re.compile(r"[\r\n\x00-\x02]+")


def find_wrapper(text: bytes) -> Unwrap | None:
    """What takes the lines of a file out, if most of its first lines are wrapped in one shape; else None."""
    start = clean(text[:_BYTES_JUDGED])
    start = start[: start.rfind(b"\n") + 1] or start  # the last line may be cut
    lines = [line for line in start.split(b"\n")[:_LINES_JUDGED] if line.strip()]
    if not lines:
        return None
    if lines[0].startswith((b"{", b"\x1e{")):
        return _taken_out if 2 * sum(_is_wrapper(line) for line in lines) > len(lines) else None
    if 2 * sum(_RFC_5424.match(line) is not None for line in lines) > len(lines):
        return _plain_from_rfc_5424
    for prefix in _PREFIXES:
        if 2 * sum(prefix.match(line) is not None for line in lines) > len(lines):
            return partial(prefix.sub, b"")
    return None


class WrappedLines(Lines):
    """The framer of text logs whose lines are wrapped."""

    def __init__(self, spool: Spool, unwrap: Unwrap) -> None:
        super().__init__(spool)
        self._unwrap = unwrap

    def _write(self, lines: bytes | Overlong) -> None:
        super()._write(lines if isinstance(lines, Overlong) else self._unwrap(clean(lines)))


def _plain_from_rfc_5424(lines: bytes) -> bytes:
    def plain(header: re.Match[bytes]) -> bytes:
        pid = b"[" + header[4] + b"]" if header[4] else b""
        return header[1] + b" " + header[2] + b" " + header[3] + pid + b": "

    return _RFC_5424.sub(plain, lines)


def _taken_out(lines: bytes) -> bytes:
    return b"\n".join(_line_of_object(line) for line in lines.split(b"\n"))


def _line_of_object(line: bytes) -> bytes:
    entry = _object(line)
    text = _text(entry) if entry is not None else None
    if entry is None or text is None:
        return line
    raw = _BREAKS.sub(" ", text.rstrip()).encode("utf-8", "backslashreplace")
    if own := _OWN_HEADER.match(raw):
        return raw[own.end() :]
    stamp = _stamp(_first(entry, _STAMPS))
    if not stamp:
        return line
    header = [stamp, _word(_first(entry, _HOSTS))]
    if not _OWN_PROGRAM.match(text):
        header.append(_tag(entry) + ":")
    return " ".join(header).encode("utf-8", "backslashreplace") + b" " + raw


def _is_wrapper(line: bytes) -> bool:
    """Whether an object is a line of a log, and no event of a provider: those name an address in a field of its own."""
    entry = _object(line)
    if entry is None:
        return False
    if "__REALTIME_TIMESTAMP" in entry:
        return _text(entry) is not None
    fields = [value for name, value in entry.items() if name not in _TEXTS and not name.startswith("_")]
    if any(isinstance(value, str) and _ADDRESS.search(value) for value in fields):
        return False
    text = _text(entry)
    if not text:
        return False
    is_whole = _OWN_HEADER.match(text.encode("utf-8", "replace")) is not None
    is_named = _tag(entry) != "-" or _OWN_PROGRAM.match(text) is not None
    return is_whole or (is_named and _stamp(_first(entry, _STAMPS)) != "")


def _object(line: bytes) -> dict[str, Any] | None:
    """The object on the line; what Elasticsearch exports has it under `_source`."""
    try:
        entry = json.loads(visible(line.lstrip(b"\x1e"), "replace"))
    except (ValueError, RecursionError):
        return None
    if isinstance(entry, dict) and isinstance(entry.get("_source"), dict):
        entry = entry["_source"]
    return entry if isinstance(entry, dict) else None


def _text(entry: dict[str, Any]) -> str | None:
    """The message; the journal writes one that is no UTF-8 as an array of bytes, and one that is too long as null."""
    value = next((entry[name] for name in _TEXTS if name in entry), None)
    if isinstance(value, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in value):
        return bytes(value).decode("utf-8", "backslashreplace")
    if value is None and "MESSAGE" in entry:
        return ""
    return value if isinstance(value, str) else None


def _first(entry: dict[str, Any], paths: tuple[str, ...]) -> str | int | float:
    """The first of these that the object has, as text or number; of a field that stands several times the first."""
    for path in paths:
        value: Any = entry.get(path)
        if value is None and "." in path:
            value = entry
            for key in path.split("."):
                value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            return value
    return ""


def _tag(entry: dict[str, Any]) -> str:
    """Program and pid as syslog writes them; "-" if no program is named."""
    whole = _SYSLOG_TAG.match(str(_first(entry, ("syslogtag",))))
    program = whole[1] if whole else _word(_first(entry, _PROGRAMS))
    pid = whole[2] if whole and whole[2] else str(_first(entry, _PIDS))
    return f"{program}[{pid}]" if program != "-" and pid.isdecimal() and len(pid) <= _MOST_DIGITS else program


def _word(value: str | float) -> str:
    """One word without what parts a syslog line; "-" if there is none. A name with more in it is no mailer's."""
    said = str(value).strip()
    word = _PARTS_OF_A_LINE.sub("_", said)
    return (word if word == said else word.replace("/", "_"))[:200] or "-"


def _stamp(value: str | float) -> str:
    """A time as ISO 8601 in UTC, to the microsecond; numbers are epochs in s, ms, us or ns, told by their size."""
    try:
        if isinstance(value, str) and not re.fullmatch(r"\d{9,20}(\.\d+)?", value):
            at = datetime.fromisoformat(value)
            at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        else:
            at = datetime.fromtimestamp(0, UTC) + _since_epoch(str(value))
        return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"
    except (ValueError, OverflowError):
        return ""


def _since_epoch(number: str) -> timedelta:
    whole, _, fraction = number.partition(".")
    scale = max(0, (len(whole) - 9) // 3)  # 9 to 11 digits are seconds, 12 to 14 milliseconds, and so on
    nanoseconds = int(f"{whole}{fraction[:9]:0<9}") // 1000 ** min(scale, 3)
    return timedelta(microseconds=nanoseconds // 1000)
