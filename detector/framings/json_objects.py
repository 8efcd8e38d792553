"""JSON logs: a record is an object, however the objects are laid out.

One object a line, arrays (of a webhook's batch, over many lines or on one), objects written one after the other with
nothing between (Firehose), and pretty-printed ones give the same records. An object is found by its brackets alone,
without recursion; whether it is valid JSON inside is the database's question. Space, commas and the brackets of
arrays between objects are no records; anything else between them is rejected, line by line.
"""

import re

from detector.framings.spooling import LONGEST_RECORD, Spool, clean

_SEPARATORS = re.compile(rb"(?:[\s,\[\]\0\x1e]|\xef\xbb\xbf)*+")
_STRING = rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+'
_TO_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:' + _STRING + rb'"[^"{}\[\]]*+)*+')
_OPEN_STRING = re.compile(_STRING + rb"\\?+")
_MORE_THAN_ONE = re.compile(rb"\}[ \t]*+(?:,[ \t]*+\{|[^\s,}\]])")
_OPENERS = {ord("}"): ord("{"), ord("]"): ord("[")}
_LOOK_BACK = 256

_OPEN = "the object does not end"
_TOO_LONG = f"object longer than {LONGEST_RECORD:,} bytes"


class JsonObjects:
    """The framer of JSON logs."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._text = b""
        self._arrived: list[bytes] = []
        self._arrived_size = 0
        self._records: list[bytes] = []
        self._line_end = -1
        self._is_ending = False
        self._rescans_left = 8 * LONGEST_RECORD

    def feed(self, text: bytes) -> None:
        """Write the objects that end in this text. An open one is looked at again only when the text has doubled."""
        self._arrived.append(text)
        self._arrived_size += len(text)
        self._rescans_left += len(text)
        if self._arrived_size >= len(self._text):
            self._frame(finished=False)

    def end(self, finished: bool) -> int:
        """A last object that does not end may still be growing: it is a reject only if the file is finished."""
        self._is_ending = True
        self._frame(finished)
        unfinished = len(self._text)
        self._text, self._is_ending = b"", False
        return unfinished

    def _frame(self, finished: bool) -> None:
        self._text = text = b"".join((self._text, *self._arrived))
        self._arrived, self._arrived_size = [], 0
        self._line_end = text.find(b"\n")
        at, start = 0, _skip(text, 0)
        while start < len(text):
            is_object = text.startswith(b"{", start)
            end = self._object(start, finished) if is_object else self._garbage(at, start, finished)
            if not end:
                break
            at, start = end, _skip(text, end)
        self._flush()
        self._text = text[start:]

    def _object(self, start: int, finished: bool) -> int:
        """The end of the object, or of the whole lines of objects, that start here; 0 if more text must decide."""
        end = self._whole_lines(start)
        if end > start:
            self._records.append(self._text[start : end - 1])
            return end
        if self._next_line_end(start) < 0 and not self._is_ending and len(self._text) - start <= LONGEST_RECORD:
            return 0
        stop, problem = _closing(self._text, start)
        if problem == _OPEN and not finished:
            return 0
        if problem:
            return self._damaged(start, stop, problem, finished)
        self._records.append(self._text[start:stop].replace(b"\r\n", b" ").replace(b"\n", b" "))
        return stop

    def _whole_lines(self, start: int) -> int:
        """The end of the lines from here on that hold one object each, told without looking inside: the fast way."""
        text = self._text
        while text.startswith(b"{", start) and (end := self._next_line_end(start)) >= 0:
            last = end - 2 if text[end - 1] == ord("\r") else end - 1
            is_closed = text[last] == ord("}") and text.count(b"{", start, end) == text.count(b"}", start, end)
            if not is_closed or _MORE_THAN_ONE.search(text, start, end):
                break
            start = end + 1
        return start

    def _damaged(self, start: int, stop: int, problem: str, finished: bool) -> int:
        """Reject what starts here and is damaged at `stop`. The next line that starts with a brace is the next object,
        so that a torn line costs no other; going back is rationed, or a hostile file would be read over and over."""
        line = self._text.find(b"\n{", start, stop + 1)
        if line >= 0 and self._rescans_left >= stop - line:
            self._rescans_left -= stop - line
            end = line + 1
            self._line_end = line
        else:
            end = self._resume(start, stop, finished)
        if end:
            self._reject(problem, self._text[start:end])
        return end

    def _garbage(self, at: int, start: int, finished: bool) -> int:
        end = self._resume(start, start, finished)
        if end:
            line_start = max(at, self._text.rfind(b"\n", at, start) + 1)
            self._reject("not a JSON object", self._text[line_start:end])
        return end

    def _resume(self, start: int, stop: int, finished: bool) -> int:
        """Behind damage at `stop`: after its line, or between two objects that touch; 0 if more text must decide."""
        text, line = self._text, self._next_line_end(stop)
        touch = text.find(b"}{", stop, line if line >= 0 else len(text))
        if touch >= 0 or line >= 0:
            return 1 + (touch if touch >= 0 else line)
        return len(text) if finished or len(text) - start > LONGEST_RECORD else 0

    def _next_line_end(self, at: int) -> int:
        """The first newline from here on, or -1; remembered, because text without any is as long as it likes."""
        if 0 <= self._line_end < at:
            self._line_end = self._text.find(b"\n", at)
        return self._line_end

    def _reject(self, reason: str, text: bytes) -> None:
        self._flush()
        self._spool.reject(reason, text)

    def _flush(self) -> None:
        if self._records:
            self._spool.write_json(clean(b"\n".join(self._records) + b"\n"))
            self._records = []


def _skip(text: bytes, at: int) -> int:
    """Behind the separators."""
    match = _SEPARATORS.match(text, at)
    return match.end() if match else at


def _closing(text: bytes, start: int) -> tuple[int, str]:
    """Where the object that starts here ends, and ""; or where it is damaged, and how.

    Damage shows early: a string ends on its line, and inside an object a brace can stand only behind a colon.
    """
    limit, at, stack = min(len(text), start + LONGEST_RECORD), start, bytearray()
    while (match := _TO_BRACKET.match(text, at, limit)) and (at := match.end()) < limit:
        char = text[at]
        if char == ord('"'):
            string = _OPEN_STRING.match(text, at, limit)
            if string and string.end() == limit:
                break
            return at, "a text in the object is not closed on its line"
        if char in b"{[":
            if char == ord("{") and stack and not _may_open(text, start, at, stack[-1]):
                return at, "an object starts where none can"
            stack.append(char)
        elif stack.pop() != _OPENERS[char]:
            return at, "the brackets of the object do not match"
        at += 1
        if not stack:
            return at, ""
    return limit, _TOO_LONG if limit - start >= LONGEST_RECORD else _OPEN


def _may_open(text: bytes, start: int, at: int, inside: int) -> bool:
    """Whether a brace may follow what stands before it: a colon in an object, a comma or the bracket in an array."""
    before = text[max(start, at - _LOOK_BACK) : at].rstrip()[-1:]
    return not before or before in (b":" if inside == ord("{") else b"[,")
