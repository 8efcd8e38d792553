"""Mailboxes: a record is a message, in the spool one JSON object made of its headers (see `mail_headers`).

A mailbox (mbox) begins with a line `From address date`, and so does each of its messages: after a blank line, or after
any other line if a header follows, so that a torn message does not take the next one along. Any other mail file (.eml,
one file of a maildir) is one message. The body is counted and not kept: memory stays flat whatever is attached.

A message file has no end mark. A message is therefore a record as soon as its headers have ended, and a body that
grows later still belongs to it; a file that ends within headers holds them.
"""

import re

from detector.framings.mail_headers import ENVELOPE, message_record
from detector.framings.spooling import LONGEST_LINE, Spool, clean

_CONTEXT = 3
_LONGEST_ENVELOPE = 1000
_BLANKS = re.compile(rb"[\s\0]*+")
_HEADERS_END = re.compile(rb"\n\r?\n")
_NEXT = re.compile(
    rb"^\0*+(?:(?:(?<=\n\n)|(?<=\n\r\n))"
    + ENVELOPE.pattern
    + rb"|"
    + ENVELOPE.pattern
    + rb"(?=\r?\n[!-9;-~]{1,200}+:))",
    re.MULTILINE,
)
_MAYBE_NEXT = re.compile(rb"\0*+" + ENVELOPE.pattern + rb"\r?\n[!-9;-~]{0,200}\Z")
_HEADER = re.compile(rb"([!-9;-~]{1,100}):")
_MAIL_HEADERS = {
    b"received", b"from", b"to", b"date", b"subject", b"message-id", b"return-path", b"delivered-to",
}  # fmt: skip


def is_mail(text: bytes, judged: int = 64 * 1024) -> bool:
    """Whether text begins like a mailbox, or like one message: headers, two of which every mail has."""
    lines = clean(text[_blanks_end(text, 0) :][:judged]).split(b"\n")
    is_mailbox = lines[0].startswith(b"From ")
    names = set[bytes]()
    for line in lines[is_mailbox:]:
        header = _HEADER.match(line)
        if header:
            names.add(header[1].lower())
        elif not line.strip() or not line.startswith((b" ", b"\t", b">From ")):
            break
    if is_mailbox:
        return bool(names) or ENVELOPE.match(lines[0] + b"\n") is not None
    return len(names & _MAIL_HEADERS) >= 2


def may_be_mail(text: bytes) -> bool:
    """Whether text begins with a header of mails: it may be a long one, and the next one far."""
    header = _HEADER.match(text, _blanks_end(text, 0))
    return header is not None and header[1].lower() in _MAIL_HEADERS


class Messages:
    """The framer of mailboxes and mail files."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._text = b""
        self._at = 0
        """What stands before is decided; a few bytes of it are kept to see whether a line is blank."""
        self._looked_at = 0
        """No end of headers and no envelope begins before, in the headers that are open."""
        self._blanks = 0
        """Bytes of the line before the first message, on which there is nothing to see."""
        self._is_mailbox: bool | None = None
        self._is_in_headers = False
        self._headers: bytes | None = None
        """Of the message whose body is being read; None if it has been written."""
        self._size = 0

    def feed(self, text: bytes) -> None:
        """Write the messages behind which another one begins in this text."""
        drop = max(0, self._at - _CONTEXT)
        self._text, self._at, self._looked_at = self._text[drop:] + text, self._at - drop, self._looked_at - drop
        self._advance()

    def end(self, finished: bool) -> int:
        """The last message is a record too; only headers, or a line that may be the next envelope, wait for more."""
        self._advance()
        if self._is_mailbox is None and finished and self._at < len(self._text):
            self._begin()
        if self._is_mailbox is None or (self._is_in_headers and not finished):
            return 0 if finished else self._blanks + len(self._text) - self._at
        if self._is_in_headers:
            self._end_headers(len(self._text), len(self._text), is_torn=not self._text.endswith(b"\n"))
        if finished:
            self._pass(len(self._text))
        self._write()
        return len(self._text) - self._at

    def _advance(self) -> None:
        if self._is_mailbox is None:
            self._skip_blanks()
            if len(self._text) - self._at < len(b"From "):
                return
            self._begin()
        while self._leave_headers() if self._is_in_headers else self._leave_body():
            pass

    def _skip_blanks(self) -> None:
        end = _blanks_end(self._text, self._at)
        line = self._text.rfind(b"\n", self._at, end) + 1
        self._blanks = end - line if line else self._blanks + end - self._at
        self._at = end

    def _begin(self) -> None:
        self._is_mailbox = self._text.startswith(b"From ", self._at)
        self._is_in_headers = True

    def _leave_headers(self) -> bool:
        """Find where the headers end; False if more text must tell."""
        begin = max(self._at, self._looked_at)
        end = _HEADERS_END.search(self._text, begin)
        upto = end.end() if end else len(self._text)
        if another := self._next_envelope(max(self._at + 1, begin), upto):
            self._reject("the headers do not end before the next message begins", another.start())
            self._is_in_headers = True
        elif upto - self._at > LONGEST_LINE:
            self._reject(f"headers longer than {LONGEST_LINE:,} bytes", upto)
        elif end:
            self._end_headers(end.start() + 1, end.end(), is_torn=False)
        else:
            self._looked_at = self._text.rfind(b"\n", 0, max(0, upto - 2 * _LONGEST_ENVELOPE)) + 1
            return False
        return True

    def _end_headers(self, end: int, body: int, *, is_torn: bool) -> None:
        if is_torn:
            self._reject("the headers do not end", body)
            return
        self._headers, self._size, self._is_in_headers, self._blanks = self._text[self._at : end], 0, False, 0
        self._pass(body)

    def _leave_body(self) -> bool:
        """Find where the next message begins; False if it does not in this text."""
        another = self._next_envelope(self._at, len(self._text))
        self._pass(another.start() if another else self._undecided())
        if another:
            self._write()
            self._is_in_headers = True
        return another is not None

    def _next_envelope(self, at: int, end: int) -> re.Match[bytes] | None:
        """The first envelope of a message in this part of the text; nearly all text has none and is passed quickly."""
        if not self._is_mailbox or self._text.find(b"From ", at, end) < 0:
            return None
        return _NEXT.search(self._text, at, end)

    def _undecided(self) -> int:
        """Where a line begins at the end of the text that may prove to be the envelope of the next message."""
        text = self._text
        if not self._is_mailbox:
            return len(text)
        last = max(self._at, text.rfind(b"\n") + 1)
        before = max(self._at, text.rfind(b"\n", 0, max(0, last - 1)) + 1)
        if len(text) - before <= _LONGEST_ENVELOPE and _is_line(text, before) and _MAYBE_NEXT.match(text, before):
            return before
        tail = text[last : last + _LONGEST_ENVELOPE + 1].lstrip(b"\0")
        may_be = len(tail) <= _LONGEST_ENVELOPE and tail[:5] == b"From "[: len(tail)]
        return last if may_be and _is_line(text, last) else len(text)

    def _pass(self, end: int) -> None:
        self._size += end - self._at
        self._at = end

    def _reject(self, reason: str, end: int) -> None:
        self._spool.reject(reason, self._text[self._at : end])
        self._at, self._headers, self._is_in_headers, self._blanks = end, None, False, 0

    def _write(self) -> None:
        if self._headers is not None:
            envelope = self._headers.find(b"\n") + 1 if self._is_mailbox else 0
            self._spool.write_json(message_record(clean(self._headers), self._size - envelope))
            self._headers = None


def _blanks_end(text: bytes, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def _is_line(text: bytes, at: int) -> bool:
    return not at or text[at - 1] == ord("\n")
