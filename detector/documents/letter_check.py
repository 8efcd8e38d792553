"""What must be put right before a letter may go: each fault with its line, the reason, and what to write instead.

A fault is refused; advice is only said. What the text claims is compared with the figures of today, with what people
filled in, and with who else was hit.
"""

import difflib
import re
from collections.abc import Iterator
from datetime import datetime

from detector.case_record import HOLDING_NOTE, LETTER
from detector.documents.apology_letter import due, letter_facts, stopped_at
from detector.documents.desk import Desk, shared_words
from detector.documents.escaping import visible
from detector.documents.human import fields_for
from detector.documents.human_form import gaps
from detector.documents.letter_checking import RESPONSIBLE_WITHIN, Checking, Finding
from detector.documents.letter_dates import days
from detector.documents.letter_numbers import typed_by_hand, wrong_figures
from detector.documents.letter_phrases import PHRASES
from detector.documents.letter_strangers import strangers
from detector.documents.letter_text import FILL, TOKEN, moved, numbered_lines, read_letter
from detector.documents.letter_words import MEANINGS, bound_words, said, stands_in
from detector.documents.still_going import came_again, is_over
from detector.records import CaseFacts

_STRAY = re.compile(r"\{\s*F\s*\d[^{}\n]*\}?")
"""Braces that were meant to be a figure."""
MOST_WORDS = 330
MOST_WORDS_OF_A_SENTENCE = 28


def check_letter(
    text: str, case: CaseFacts, organization: str, desk: Desk, now: datetime | None = None
) -> tuple[Finding, ...]:
    """Everything there is to say about the draft to one client, faults first, each by its line; without `now` nothing
    of days that are over by then."""
    language = desk.language(organization)
    facts = letter_facts(case, organization, language)
    plain = read_letter(text, facts).text
    lines = tuple(numbered_lines(text))
    phrases, today = PHRASES[language.code], now.date() if now else None
    checking = Checking(case, organization, desk, text, lines, plain, phrases, language, facts, today)
    found = [finding for check in _CHECKS for finding in check(checking)]
    found += [
        Finding(0, f"{code} stands as {shown} and is {now} today; the letter goes out with {now}.", is_refused=False)
        for code, shown, now in moved(text, facts)
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: (not finding.is_refused, finding.line)))


def _state(c: Checking) -> Iterator[Finding]:
    if c.case.incident.state == "withdrawn":
        yield Finding(0, "The incident is withdrawn: the log no longer supports it. There is nothing to apologise for.")
    if c.is_letter and not is_over(c.case):
        yield Finding(0, "It may still go on: send the holding note now, and the letter when it is over.")
    if c.case.record is not None and c.case.record.contradicted_by is not None:
        said = "It was said to be contained, and the log has extra copies after that. Settle that first."
        yield Finding(0, said, is_refused=c.is_letter)


def _open_parts(c: Checking) -> Iterator[Finding]:
    for number, line in c.lines:
        for prompt in FILL.findall(line):
            yield Finding(number, f"Still open: {prompt}. Fill it in human.toml, or here.")
    if c.desk.human.clients and c.organization not in c.desk.human.clients:
        text = "human.toml has no table for this client yet; copy it from human.new.toml."
        yield Finding(0, text, is_refused=False)
    if c.language.code == "de" and not c.desk.human.german.translated_by:
        yield Finding(0, "A person must vouch for the German words: translated_by in [german] of human.toml is empty.")


def _tokens(c: Checking) -> Iterator[Finding]:
    for number, line in c.lines:
        for code, shown in TOKEN.findall(line):
            if code not in c.facts:
                near = difflib.get_close_matches(code, c.facts, n=1, cutoff=0.3)
                yield Finding(
                    number, f"{{{code}: {shown}}} is no fact of this letter. Nearest: {(near or ['none'])[0]}."
                )
        for stray in _STRAY.findall(TOKEN.sub(" ", line)):
            yield Finding(number, f"“{stray}” would go out as it stands. A figure is written like {{F4: 51}}.")


def _gaps(c: Checking) -> Iterator[Finding]:
    """An example of the form, copied and not made one's own, can never go out; it is named where it was typed."""
    fields = fields_for(c.desk.human, c.organization).items()
    found = [(0, f"human.toml, {place}: ", gap) for place, text in fields for gap in gaps(text)]
    named = {gap for _, _, gap in found}
    for number, line in c.lines:
        line = TOKEN.sub(" ", line).replace(visible(c.organization), " ")
        found += [(number, "", gap) for gap in gaps(line) if gap not in named]
    for number, place, gap in found:
        yield Finding(number, f"{place}“{gap}” is a gap, as in an example. Say what it is.")


def _stop(c: Checking) -> Iterator[Finding]:
    """The time comes from the journal, which the log has been compared with."""
    if c.is_letter and not stopped_at(c.case, c.language):
        command = f"`detector incidents contain {c.case.incident.incident_id} --at`"
        yield Finding(
            0, f"Nobody noted when it was stopped, so the letter does not say it: {command}.", is_refused=False
        )


def _still_so_then(c: Checking) -> Iterator[Finding]:
    """What was being done about it when the holding note went out is not yet what stopped it."""
    now = bound_words(c.case, c.organization, c.desk, LETTER).get("H3")
    notes = c.case.record.approvals(HOLDING_NOTE) if c.case.record and c.is_letter else ()
    if now and any((n.organization, n.fields.get("words", {}).get("H3")) == (c.organization, now) for n in notes):
        text = "What stopped it is told in the words of the holding note, written while it went on. Is it still so?"
        yield Finding(0, text, is_refused=False)


def _responsibility(c: Checking) -> Iterator[Finding]:
    if not re.search(c.phrases.responsibility, c.opening, re.IGNORECASE):
        yield Finding(0, f"Nobody takes responsibility in the first {RESPONSIBLE_WITHIN} words. {c.phrases.take_it}")


def _stock_phrases(c: Checking) -> Iterator[Finding]:
    for number, line in c.lines:
        for pattern, instead in c.phrases.empty:
            if found := re.search(pattern, line, re.IGNORECASE):
                yield Finding(number, f"“{found[0]}”: {instead}")


def _blame(c: Checking) -> Iterator[Finding]:
    vendor, whose = c.desk.human.vendor.name.strip(), c.desk.human.responsibility.whose
    if whose in ("vendor", "shared"):
        return
    if vendor and vendor.casefold() in c.plain.casefold():
        yield Finding(0, f"{vendor} is named, but human.toml does not say that the responsibility is theirs.")
    for number, line in c.lines:
        if found := re.search(c.phrases.blame, line, re.IGNORECASE):
            text = f"“{_short(found[0])}” blames somebody else, but human.toml does not say that it is theirs."
            yield Finding(number, text)


def _addressee(c: Checking) -> Iterator[Finding]:
    """A name out of a log with something hidden in it stands in the letter with marks for that."""
    shown = visible(c.organization)
    if shown != c.organization and shown in c.plain:
        text = f"“{_short(shown)}” is no name to write to anybody. Say what the client is called: name in [clients]."
        yield Finding(0, text, is_refused=False)


def _promises(c: Checking) -> Iterator[Finding]:
    """What is promised in the letter is noted with owner and date, and what is noted stands in the letter."""
    noted = shared_words(c.desk, c.case, c.language.code, c.organization).promises
    bound = [c.language.day(promise.due) for promise, _ in noted]
    bound += [c.language.day(c.desk.human.next_update.on)] if c.desk.human.next_update.on else []
    open_parts = any(FILL.search(line) for _, line in c.lines)
    for number, line in c.lines:
        for sentence in re.split(r"(?<=[.!?;])\s+", line):
            is_bound = any(day in sentence for day in bound) or FILL.search(sentence)
            if re.search(c.phrases.promise, sentence, re.IGNORECASE) and not is_bound and not _is_noted(sentence, c):
                yield Finding(number, f"A promise without owner and date: “{_short(sentence)}” {c.phrases.note_it}")
    if due(c.case, c.organization) == LETTER:
        yield from _noted_promises(c, has_open_parts=open_parts)


def _noted_promises(c: Checking, *, has_open_parts: bool) -> Iterator[Finding]:
    """What is promised stands in the letter with its day, and nothing that was withdrawn."""
    for promise, words in shared_words(c.desk, c.case, c.language.code, c.organization).promises:
        name, day = f"Promise {promise.number}", c.language.day(promise.due)
        if not (words and stands_in(words, c.plain)):
            if not has_open_parts:
                yield Finding(0, f"{name} is missing in the letter: {promise.text} ({promise.owner}).")
        elif not stands_in(day, c.plain):
            yield Finding(0, f"{name} stands in the letter without its day, {day}.")
    for promise in c.case.record.promises if c.case.record else ():
        words = promise.text if c.language.code == "en" else c.desk.human.german.promises.get(str(promise.number), "")
        if promise.withdrawn_at and promise.is_to(c.organization) and words and stands_in(words, c.plain):
            why = f"Promise {promise.number} was withdrawn ({promise.withdrawn_because}), and the letter still has it."
            yield Finding(0, why)


def _own_words(c: Checking) -> Iterator[Finding]:
    """What people filled in stands in the letter; if not, somebody put it otherwise, or corrected it since."""
    if due(c.case, c.organization) != LETTER:
        return
    shared = shared_words(c.desk, c.case, c.language.code, c.organization)
    told = said(Desk(human=c.desk.human), c.organization, shared, c.language)
    for code, meaning in MEANINGS.items():
        for words in told.get(code, ()):
            if not stands_in(words, c.plain):
                text = f"{code} ({meaning}): human.toml has “{_short(words)}”, and the letter does not."
                yield Finding(0, text, is_refused=False)


def _is_noted(sentence: str, c: Checking) -> bool:
    """The offer (H7) and the ready sentences of the template are no promises to note."""
    words = c.desk.words(c.organization)
    shared = shared_words(c.desk, c.case, c.language.code, c.organization)
    ready = (words.offer, shared.offer, shared.keep, shared.stopped, shared.checked, *c.phrases.ready, *c.was_told)
    return any((text and sentence.strip(" .;") in text) or (text and text.strip(" .") in sentence) for text in ready)


def _received(c: Checking) -> Iterator[Finding]:
    is_delivered = all(outcome == "delivered" for outcome, _ in c.case.outcomes)
    for number, line in c.lines:
        if not is_delivered and (found := re.search(c.phrases.received, line, re.IGNORECASE)):
            yield Finding(number, f"“{found[0]}”: the log knows what was sent, not all that arrived.", is_refused=False)


def _length(c: Checking) -> Iterator[Finding]:
    words = len(c.plain.split())
    if words > MOST_WORDS:
        yield Finding(0, f"{words} words; more than {MOST_WORDS} rarely fit a page.", is_refused=False)
    for sentence in re.split(r"(?<=[.!?:])\s+|\n\s*\n", c.plain):
        count = len(sentence.split())
        if count > MOST_WORDS_OF_A_SENTENCE + 10:  # a list of figures is longer than speech, and still read
            yield Finding(0, f"A sentence of {count} words: “{_short(sentence)}”", is_refused=False)
    if len(re.findall(c.phrases.sorry, c.plain, re.IGNORECASE)) > 2:
        yield Finding(0, "It says sorry more than twice. Once, meant and early, weighs more.", is_refused=False)


def _again(c: Checking) -> Iterator[Finding]:
    before = [known for known in c.case.earlier if known.organization == c.organization]
    if before and not c.is_correction and not re.search(c.phrases.again, c.plain, re.IGNORECASE):
        yield Finding(
            0, f"It is not the first time ({before[0].incident_id}); the letter does not say so.", is_refused=False
        )


def _correction(c: Checking) -> Iterator[Finding]:
    """Whoever corrects says what."""
    if c.corrects and c.corrects not in c.plain:
        yield Finding(0, f"They hold our letter of {c.corrects}, which is wrong. Name it: this one sets it right.")


def _cause(c: Checking) -> Iterator[Finding]:
    """A cause is confirmed by somebody."""
    cause = c.desk.human.cause
    if cause.status == "confirmed" and not cause.confirmed_by.strip():
        yield Finding(0, "The cause is called confirmed, and nobody is named who did: confirmed_by in [cause].")


def _none_since(c: Checking) -> Iterator[Finding]:
    """What went to others of the same client later is no part of the incident, and still mail of ours to them."""
    ids = ", ".join(other.incident_id for other in came_again(c.case, c.organization))
    for number, line in c.lines if ids else ():
        if found := re.search(c.phrases.none_since, line, re.IGNORECASE):
            text = (
                f"“{_short(found[0])}”: {ids} has copies to this client after that. "
                "Write of this mail to these people only, and see to that incident's letter the same day."
            )
            yield Finding(number, text)


def _short(sentence: str) -> str:
    sentence = " ".join(sentence.split())
    return sentence if len(sentence) <= 80 else f"{sentence[:79]}…"


_CHECKS = (
    *(_state, _open_parts, _gaps, _tokens, wrong_figures, typed_by_hand, _stop, _responsibility, _stock_phrases),
    *(_blame, _addressee, _promises, strangers, _received, _length, _again, _none_since, _correction, _cause, days),
    *(_own_words, _still_so_then),
)
