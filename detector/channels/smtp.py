"""Alert mails through a relay, one command at a time, because the one moment that matters is the final dot.

Before the dot nothing can have been accepted: whatever goes wrong, "not_sent" is certain and trying again is safe.
After the dot only a reply tells: 2xx is sent, 4xx and 5xx are refusals, and anything else - silence, a lost line, a
reply that is none - is "unknown", because the relay may well have the mail (RFC 1047). `smtplib.sendmail` raises the
same exception for both sides of the dot, and retrying on it puts two copies into the world.

A refusal of this mail (5xx to MAIL, RCPT, DATA or the dot) is permanent. Trouble with the relay as such - greeting,
TLS, login - is not: the operator repairs it, and the alert still goes out.
"""

import re
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from typing import Any, NoReturn

from detector.channel_settings import Smtp
from detector.errors import ChannelError

CREDENTIAL = "DETECTOR_SMTP_PASSWORD"
"""The name of the secret."""

_FAULTS = (OSError, smtplib.SMTPException, ValueError)
"""Whatever a network, `ssl` and `smtplib` raise; ValueError is text that cannot be put on the wire."""

_BLOCK_BYTES = 16_384
_MOST_REPLY_BYTES = 65_536
_GOODBYE_SECONDS = 2.0


def deliver(content: bytes, settings: Smtp, password: str = "") -> tuple[str, ...]:
    """Deliver one finished mail to all recipients in one transaction; a remark for each one the relay refused.

    1. Look whether there is a password, so that a missing one is known before anybody is bothered.
    2. Hand over everything but the final dot. Any failure: not sent.
    3. The dot, with the full waiting time once more: a slow filter must not become an unknown because the greeting
       was slow. From here on, silence is unknown.
    4. Say goodbye; the verdict stands, so nothing that happens now matters.
    """
    relay = _Relay(settings, _credential(settings, password))
    try:
        refused = _hand_over(relay, content)
        _finish(relay)
        _say_goodbye(relay)
        return refused
    finally:
        relay.close()


def log_in(settings: Smtp, password: str = "") -> None:
    """Go as far as one can without sending anything: connect, encrypt, log in, leave. Raises ChannelError."""
    relay = _Relay(settings, _credential(settings, password))
    try:
        _open(relay)
        _say_goodbye(relay)
    except _FAULTS as error:
        relay.fail(_described(error))
    finally:
        relay.close()


class _Clock:
    """Time left for one dialogue as a whole: a relay that sends a byte a second is as dead as a silent one."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def remaining_seconds(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("no time left")
        return left


class _Replies:
    """The file-like thing smtplib reads replies from, on the dialogue's clock and with an end to its patience."""

    def __init__(self, sock: socket.socket, clock: _Clock) -> None:
        self._sock, self._clock, self._buffer, self._bytes = sock, clock, b"", 0

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._buffer and len(self._buffer) < limit:
            self._sock.settimeout(self._clock.remaining_seconds())
            block = self._sock.recv(4096)
            self._buffer, self._bytes = self._buffer + block, self._bytes + len(block)
            if self._bytes > _MOST_REPLY_BYTES:
                raise OSError("endless reply")
            if not block:
                break
        end = min(self._buffer.find(b"\n") + 1 or len(self._buffer), limit)
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        return line

    def close(self) -> None:
        """Nothing to close: the socket belongs to smtplib."""


class _Relay(smtplib.SMTP):
    """smtplib's vocabulary, but never beyond the clock, and aware of the step it is at."""

    def __init__(self, settings: Smtp, credential: str) -> None:
        self.settings, self.credential, self.step = settings, credential, "connecting"
        self.clock = _Clock(settings.timeout_seconds)
        greeting_name = settings.from_address.rpartition("@")[2].rstrip(">") or "localhost"
        super().__init__(local_hostname=greeting_name)  # without it smtplib asks the DNS, with no time limit
        self._host = settings.host  # what the certificate must name

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        """Each address of the host gets its share of the time left; `timeout` would be granted to each anew."""
        failure = OSError("no address")
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for tried, place in enumerate(places):
            share_seconds = self.clock.remaining_seconds() / (len(places) - tried)
            try:
                sock = socket.create_connection((str(place[4][0]), port), share_seconds)
            except OSError as error:
                failure = error
                continue
            return self._encrypted(sock) if self.settings.tls == "implicit" else sock
        raise failure

    def _encrypted(self, sock: socket.socket) -> socket.socket:
        self.step = "TLS"
        sock.settimeout(self.clock.remaining_seconds())
        return ssl.create_default_context().wrap_socket(sock, server_hostname=self.settings.host)

    def send(self, s: Any) -> None:
        """Block by block, each with what is left of the time."""
        content = s.encode("ascii") if isinstance(s, str) else s
        for start in range(0, len(content), _BLOCK_BYTES):
            if self.sock:
                self.sock.settimeout(self.clock.remaining_seconds())
            super().send(content[start : start + _BLOCK_BYTES])

    def getreply(self) -> tuple[int, bytes]:
        """A fresh reader per connection; smtplib drops it at STARTTLS, and with it whatever was slipped in before."""
        if self.file is None and self.sock:
            self.file = _Replies(self.sock, self.clock)
        return super().getreply()

    def restart_clock(self, seconds: float) -> None:
        """Grant time anew, to the reader too."""
        self.clock = _Clock(seconds)
        self.file = None

    def fail(self, what: str, *, outcome: str = "not_sent", permanent: bool = False) -> NoReturn:
        """Raise the error, saying where it happened and what follows from it."""
        follows = "It may have arrived, so it is not sent again." if outcome == "unknown" else "Nothing was sent."
        where = f"smtp {self.settings.host}:{self.settings.port}, {self.step}"
        raise ChannelError(f"{where}: {what}. {follows}", outcome=outcome, permanent=permanent)

    def require(self, reply: tuple[int, bytes], wanted: int) -> None:
        """Fail unless the reply is of the wanted class (2 or 3); 5xx will be said again, so it is permanent."""
        code, text = reply
        if code // 100 != wanted:
            self.fail(_quoted(code, text), permanent=500 <= code < 600)


def _hand_over(relay: _Relay, content: bytes) -> tuple[str, ...]:
    """Everything up to the last byte before the dot. Any failure here means that nobody got anything."""
    try:
        _open(relay)
        relay.step = "MAIL"
        relay.require(relay.mail(_mailbox(relay.settings.from_address)), 2)
        refused = _name_recipients(relay)
        relay.step = "DATA"
        relay.require(relay.docmd("DATA"), 3)
        relay.step = "sending the mail"
        relay.send(re.sub(rb"(?m)^\.", b"..", content))  # a line that begins with a dot must not end the mail
        if not content.endswith(b"\r\n"):
            relay.send(b"\r\n")
    except _FAULTS as error:
        relay.fail(_described(error))
    return refused


def _open(relay: _Relay) -> None:
    """Connect, greet, encrypt, log in: in this order, so that a password never crosses a line that should be safe."""
    settings = relay.settings
    code, text = relay.connect(settings.host, settings.port)
    relay.step = "greeting"
    if code != 220:
        relay.fail(_quoted(code, text))
    relay.step = "EHLO"
    relay.ehlo_or_helo_if_needed()
    if settings.tls == "starttls":
        relay.step = "STARTTLS"
        relay.starttls(context=ssl.create_default_context())
        relay.ehlo_or_helo_if_needed()
    if settings.username:
        relay.step = "AUTH"
        relay.login(settings.username, relay.credential)


def _name_recipients(relay: _Relay) -> tuple[str, ...]:
    """RCPT for each person. One who is refused must not cost the others their alert; if all are, it has failed."""
    relay.step = "RCPT"
    refusals = []
    for address in relay.settings.to:
        code, text = relay.rcpt(_mailbox(address))
        if code // 100 != 2:
            refusals.append((code, f"{address} was refused ({_quoted(code, text)})"))
    remarks = tuple(remark for _, remark in refusals)
    if len(refusals) == len(relay.settings.to):
        relay.fail("; ".join(remarks), permanent=all(500 <= code < 600 for code, _ in refusals))
    return remarks


def _finish(relay: _Relay) -> None:
    """The dot, and the only reply that counts."""
    relay.step = "after the final dot"
    relay.restart_clock(relay.settings.timeout_seconds)
    try:
        relay.send(b".\r\n")
        code, text = relay.getreply()
    except _FAULTS as error:
        relay.fail(_described(error), outcome="unknown")
    if not 200 <= code < 600 or code // 100 == 3:
        relay.fail(_quoted(code, text), outcome="unknown")
    relay.require((code, text), 2)


def _say_goodbye(relay: _Relay) -> None:
    """Politeness with a short time limit; the mail has been accepted, so no fault counts any more."""
    with suppress(*_FAULTS):
        relay.restart_clock(min(_GOODBYE_SECONDS, relay.settings.timeout_seconds))
        relay.docmd("QUIT")


def _credential(settings: Smtp, password: str) -> str:
    if settings.username and not password:
        raise ChannelError(
            f"smtp {settings.host}:{settings.port}: username is set, but {CREDENTIAL} is neither in the environment nor"
            " in the file of secrets. Nothing was sent."
        )
    return password


def _mailbox(address: str) -> str:
    """`support@example.org` of `Support <support@example.org>`."""
    return address.rpartition("<")[2].removesuffix(">")


def _described(error: Exception) -> str:
    """The fault in words. A login gets none of them: the relay's answer or the text itself may hold the password."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the relay answered {error.smtp_code}: user name or password is wrong"
    if isinstance(error, smtplib.SMTPResponseException):
        return _quoted(error.smtp_code, error.smtp_error)
    if isinstance(error, UnicodeError):
        return "host, user name, password and addresses must be plain ASCII"
    return f"{type(error).__name__}: {error}"


def _quoted(code: int, text: bytes | str) -> str:
    """A relay's reply as one short line of plain characters: it is shown on terminals."""
    words = text.decode("ascii", "backslashreplace") if isinstance(text, bytes) else text
    plain = "".join(character if character.isprintable() else " " for character in words)
    return f"the relay answered {code} {plain[:200]}".rstrip()
