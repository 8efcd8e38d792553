"""Framings: the bytes of a log file become numbered records, one line of a spool each, and none is lost or doubled.

    sniff(path) -> Head                     which framing the file needs, by content; what formats look at
    frame(path, framing, spool) -> Framed   writes the records, counts and hashes everything

A framing knows where a record ends and nothing about mail; what a record says is for `formats/`. The laws, each tested
in tests/test_framings.py: every record is one line of the spool, every byte is in a record or in the held tail, a
damaged record costs only itself, and a file read in two halves, packed or plain, gives what it gives in one piece.
Lines that a journal or a log collector has wrapped are `lines` too, taken out on the way (`wrapped_lines`).

To add a framing: a module with a class that has the two methods of `spooling.Framer`, its line in
`sniffing.framer_for`, and its test of content in `sniffing.choose`.

Read a spool with: read_csv(spool, columns={'text': 'VARCHAR'}, auto_detect=false, header=false, delim=chr(1),
quote='', escape='', max_line_size=LONGEST_RECORD + 1024, buffer_size=2 * max_line_size). An empty line arrives as NULL.
"""

from detector.framings.json_objects import LISTED_OBJECT, lost_with_it
from detector.framings.opening import shown
from detector.framings.reading import Framed, Head, begins_with, frame, sha256_of, sniff
from detector.framings.spooling import FIELD, LONGEST_RECORD, NEWLINE_IN_FIELD, REJECT_MARK

__all__ = [
    "FIELD",
    "LISTED_OBJECT",
    "LONGEST_RECORD",
    "NEWLINE_IN_FIELD",
    "REJECT_MARK",
    "Framed",
    "Head",
    "begins_with",
    "frame",
    "lost_with_it",
    "sha256_of",
    "shown",
    "sniff",
]
