"""JSON logs: a record is an object, however the objects are laid out.

One object a line, arrays (of a webhook's batch, over many lines or on one), objects written one after the other with
nothing between (Firehose), and pretty-printed ones give the same records. An object is found by its brackets alone,
without recursion; whether it is valid JSON inside is the database's question. Space, commas and the brackets of
arrays between objects are no records; anything else between them is rejected, line by line.
"""

import re

from detector.framings.spooling import LONGEST_RECORD, TOO_LONG, Spool, clean

_SEPARATORS = re.compile(rb"(?:[\s,\[\]\0\x1e]|\xef\xbb\xbf)*+")
_STRING = rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+'
_TO_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:' + _STRING + rb'"[^"{}\[\]]*+)*+')
_OPEN_STRING = re.compile(_STRING + rb"\\?+")
_OPENERS = {ord("}"): ord("{"), ord("]"): ord("[")}
LISTED_OBJECT = r"[\[,][ \t\r\n]*\{"
"""Where an object in a list begins, as the facts do that one page holds."""
_LISTED = re.compile(LISTED_OBJECT.encode())
_DEEPEST = 200
_DEEPEST_AT_ONCE = 16
_LONGEST_AT_ONCE = 64 * 1024
_LOOK_BACK = 256

_OPEN = "the object does not end"


def _nested(scalar: bytes) -> bytes:
    """A pattern for what two brackets enclose, a few levels deep; linear, as nothing in it can be read in two ways."""
    scalars = scalar + rb"*+(?:" + _STRING + rb'"' + scalar + rb"*+)*+"
    pattern = rb"[{\[]" + scalars + rb"[}\]]"
    for _ in range(_DEEPEST_AT_ONCE):
        pattern = rb"[{\[]" + scalars + rb"(?:" + pattern + scalars + rb")*+[}\]]"
    return pattern


_OBJECT = re.compile(_nested(rb'[^"{}\[\]]'))
_LINES_OF_OBJECTS = re.compile(rb"(?:(?=\{)" + _nested(rb'[^"{}\[\]\n]') + rb"\r?+\n)*+")


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
        self._is_inside_rejected = False
        self._rescans_left = _LONGEST_AT_ONCE

    def feed(self, text: bytes) -> None:
        """Write the objects that end in this text. An open one is looked at again only when the text has doubled."""
        self._arrived.append(text)
        self._arrived_size += len(text)
        self._rescans_left += len(text) // 4
        if self._arrived_size >= len(self._text):
            self._frame(finished=False)

    def end(self, finished: bool) -> int:
        """A last object that does not end may still be growing: it is a reject only if the file is finished."""
        self._is_ending = True
        self._frame(finished)
        unfinished = len(self._text) - _skip(self._text, 0)
        self._text, self._is_ending = b"", False
        return unfinished

    def _frame(self, finished: bool) -> None:
        self._text = text = b"".join((self._text, *self._arrived))
        self._arrived, self._arrived_size = [], 0
        self._line_end = text.find(b"\n")
        at = self._end_of_rejected() if self._is_inside_rejected else 0
        start = _skip(text, at)
        while start < len(text):
            is_object = text.startswith(b"{", start)
            end = self._object(start, finished) if is_object else self._garbage(at, start, finished)
            if not end:
                break
            at, start = end, _skip(text, end)
        self._flush()
        self._text = text[self._start_of_line(at, start) :]

    def _object(self, start: int, finished: bool) -> int:
        """The end of the object, or of the lines of one object each, that start here; 0 if more text must decide."""
        text = self._text
        is_line_start = not start or text[start - 1] == ord("\n")
        if is_line_start and (lines := _LINES_OF_OBJECTS.match(text, start)) and lines.end() > start:
            self._records.append(text[start : lines.end() - 1])
            return lines.end()
        whole = _OBJECT.match(text, start, start + _LONGEST_AT_ONCE)
        if whole and text.find(b"\n{", start, whole.end()) < 0:
            return self._take(start, whole.end())
        if len(text) - start < _LONGEST_AT_ONCE and not self._is_ending:
            return 0
        stop, problem = _closing(text, start)
        if not problem:
            return self._take(start, stop)
        if problem == _OPEN and not finished:
            return 0
        return self._damaged(start, stop, problem, finished)

    def _take(self, start: int, end: int) -> int:
        record = self._text[start:end]
        if b"\n" in record:
            record = record.replace(b"\r\n", b" ").replace(b"\n", b" ")
        self._records.append(record)
        return end

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
            self._reject("not a JSON object", self._text[self._start_of_line(at, start) : end])
        return end

    def _resume(self, start: int, stop: int, finished: bool) -> int:
        """Behind damage at `stop`: after its line, or between two objects that touch; 0 if more text must decide."""
        if end := self._next_start(stop):
            return end
        self._is_inside_rejected = not finished and len(self._text) - start > LONGEST_RECORD
        return len(self._text) if finished or self._is_inside_rejected else 0

    def _end_of_rejected(self) -> int:
        """What was rejected for its length goes on until something new can begin."""
        end = self._next_start(0)
        self._is_inside_rejected = not end
        return end or len(self._text)

    def _next_start(self, at: int) -> int:
        line = self._next_line_end(at)
        touch = self._text.find(b"}{", at, line if line >= 0 else len(self._text))
        return 1 + (touch if touch >= 0 else line)

    def _start_of_line(self, at: int, start: int) -> int:
        """Where the text before a piece of garbage begins that is shown with it: brackets and the like, on its line."""
        return max(at, self._text.rfind(b"\n", at, start) + 1, start - _LOOK_BACK)

    def _next_line_end(self, at: int) -> int:
        """The first newline from here on, or -1; remembered, because text without any is as long as it likes."""
        if 0 <= self._line_end < at:
            self._line_end = self._text.find(b"\n", at)
        return self._line_end

    def _reject(self, reason: str, text: bytes) -> None:
        self._flush()
        self._spool.reject(reason + lost_with_it(len(_LISTED.findall(text))), text)

    def _flush(self) -> None:
        if self._records:
            self._spool.write_json(clean(b"\n".join(self._records) + b"\n"))
            self._records = []


def lost_with_it(listed: int) -> str:
    """What a reject says of the objects in its lists, for with a page all of its facts are lost."""
    return f"; up to {listed:,} records in its lists are lost with it" if listed > 1 else ""


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
            if problem := _opening_problem(text, start, at, stack):
                return at, problem
            stack.append(char)
        elif stack.pop() != _OPENERS[char]:
            return at, "the brackets of the object do not match"
        at += 1
        if not stack:
            return at, ""
    return limit, TOO_LONG if limit - start >= LONGEST_RECORD else _OPEN


def _opening_problem(text: bytes, start: int, at: int, stack: bytearray) -> str:
    """A brace may follow a colon in an object, and a comma or the opening bracket in an array."""
    if len(stack) == _DEEPEST:
        return f"nested deeper than {_DEEPEST:,} levels"
    if not stack or text[at] == ord("["):
        return ""
    before = text[max(start, at - _LOOK_BACK) : at].rstrip()[-1:]
    may_follow = b":" if stack[-1] == ord("{") else b"[,"
    return "" if not before or before in may_follow else "an object starts where none can"
