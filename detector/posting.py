"""One request over HTTP, once, and what is known of it afterwards.

Until the last byte of the request has left, nothing can have been accepted: "not_sent" is certain. After it only a
reply tells: 2xx is accepted, 4xx and 503 are refusals, and anything else is "unknown". Redirects are not followed,
because a request carries secrets; nothing is tried twice, because that is for the outbox to decide. Addresses are never
quoted: those of chats are secrets themselves.
"""

import http.client
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from detector.channel_settings import address_problem
from detector.errors import ChannelError

_BUSY = frozenset({408, 425, 429, 503})
_FAULTS = (OSError, http.client.HTTPException, ValueError)
_LONGEST_REPLY = 2_000


def post(url: str, body: bytes, headers: Mapping[str, str], *, name: str, timeout_seconds: float) -> str:
    """Send it; the reply's first words. Raises ChannelError, see above."""
    problem = address_problem(url)
    if problem:
        raise ChannelError(f"{name}: its address {problem}. Nothing was sent.")
    parts = urlsplit(url)
    where = f"{name} {parts.hostname}"
    link = _link(url, timeout_seconds)
    watchdog = threading.Timer(timeout_seconds, _cut, (link,))  # a server that drips is as dead as a silent one
    watchdog.daemon = True
    watchdog.start()
    try:
        _hand_over(link, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", body, headers, where)
        status, reply = _answer(link, where)
    finally:
        watchdog.cancel()
        link.close()
    _require_accepted(status, reply, where)
    return reply


def _link(url: str, timeout_seconds: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=timeout_seconds)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(host, parts.port, timeout=timeout_seconds, context=context)


def _cut(link: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        link.sock.shutdown(2)


def _hand_over(
    link: http.client.HTTPConnection, target: str, body: bytes, headers: Mapping[str, str], where: str
) -> None:
    """Everything up to the last byte. Any failure here means that nothing was accepted."""
    try:
        link.connect()
        link.putrequest("POST", target, skip_accept_encoding=True)
        for header, value in {"User-Agent": "detector", **headers, "Content-Length": str(len(body))}.items():
            link.putheader(header, value)
        link.endheaders(body)
    except _FAULTS as error:
        raise ChannelError(f"{where}: {_described(error)}. Nothing was sent.") from error


def _answer(link: http.client.HTTPConnection, where: str) -> tuple[int, str]:
    """Status and first words of the reply. A status without its words is an answer."""
    try:
        response = link.getresponse()
    except _FAULTS as error:
        raise ChannelError(
            f"{where}: no answer ({_described(error)}). It may have arrived.", outcome="unknown"
        ) from error
    reply = b""
    with suppress(*_FAULTS):
        reply = response.read(_LONGEST_REPLY)
    words = reply.decode("utf-8", "replace")
    return response.status, "".join(c if c.isprintable() else " " for c in words)[:200].strip()


def _require_accepted(status: int, reply: str, where: str) -> None:
    if 200 <= status < 300:
        return
    said = f"{where}: answered {status} {reply}".rstrip()
    if 300 <= status < 400:
        raise ChannelError(
            f"{said}: redirects are not followed. Give the address it leads to. Nothing was sent.", permanent=True
        )
    if status in _BUSY or 400 <= status < 500:
        raise ChannelError(f"{said}. Nothing was sent.", permanent=status not in _BUSY)
    raise ChannelError(f"{said}. It may have arrived.", outcome="unknown")


def _described(error: Exception) -> str:
    """The fault in words, without what was being sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, OSError):
        return f"{type(error).__name__}: {error.strerror or error}"
    return type(error).__name__
