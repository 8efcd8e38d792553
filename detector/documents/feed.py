"""The health of the feed: which files were read, whether every record is accounted for, and what nobody can know."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from detector.documents import phrases
from detector.documents.escaping import visible
from detector.records import FileTally, NightFacts

SHOWN_FILES = 60
"""Files listed one by one; those that need a look always come first."""

ALIKE = 3
"""Files with the same trouble are told one by one up to this many."""

COUNTS = ("records", "events", "ignored", "rejected", "blank", "held", "known_records")


@dataclass(frozen=True)
class Feed:
    """The files of one night, ready to be told."""

    troubles: tuple[str, ...]
    """A sentence for each file that needs a look, its name included; one for many of which there is the same to say."""
    troubled: int
    """Files that need a look."""
    files: tuple[FileTally, ...]
    """Those to list, troubled ones first."""
    unlisted: int
    totals: Mapping[str, int]
    sums: str
    coverage: str
    assumptions: tuple[str, ...]
    unknowns: tuple[str, ...]


def describe(night: NightFacts) -> Feed:
    """Everything the report says about its own input."""
    troubled = sorted(night.files, key=lambda file: (file.problem is None, file.is_balanced, not file.rejected))
    problems = tuple(file for file in troubled if file.problem is not None or not file.is_balanced)
    shown = troubled[: max(SHOWN_FILES, len(problems))]
    totals = {name: sum(getattr(file, name) for file in night.files) for name in COUNTS}
    return Feed(
        troubles=gathered(problems),
        troubled=len(problems),
        files=tuple(shown),
        unlisted=len(night.files) - len(shown),
        totals=totals,
        sums=_sums(totals, night),
        coverage=_coverage(night),
        assumptions=(
            *dict.fromkeys(sentence for file in night.files for sentence in file.assumptions),
            *map(phrases.archived, night.archives),
        ),
        unknowns=tuple(_unknowns(night, totals)),
    )


def gathered(files: Sequence[FileTally]) -> tuple[str, ...]:
    """What is wrong with these files, a line each; one line where there is the same to say of more than a few."""
    alike: dict[str, list[FileTally]] = {}
    for file in files:
        trouble = _trouble(file)
        is_passing = file.held and not file.rejected
        alike.setdefault(trouble if is_passing else trouble.removeprefix(f"{file.name}: "), []).append(file)
    return tuple(line for what, those in alike.items() for line in _lines(what, those))


def _lines(what: str, files: Sequence[FileTally]) -> tuple[str, ...]:
    if len(files) <= ALIKE:
        return tuple(map(_trouble, files))
    return (f"{phrases.number(len(files))} files, the first of them {files[0].name}: {what}",)


def _trouble(file: FileTally) -> str:
    """What is wrong with a file, in one sentence that names it."""
    problem = file.problem or "the sums do not agree; some record of this file is not accounted for."
    return problem if file.name in problem else f"{file.name}: {problem}"


def _coverage(night: NightFacts) -> str:
    """How far the log reaches, and how much it holds."""
    if night.log_complete_from is None or night.log_complete_through is None:
        return "No mail could be read from the log."
    verdict = "ordinary ones included" if night.cases else "none out of the ordinary"
    start, end = phrases.minute(night.log_complete_from), phrases.minute(night.log_complete_through)
    return (
        f"The log reaches from {start} to {end}. "
        f"It holds {phrases.counted(night.sends, 'mail')} of {phrases.counted(night.templates, 'kind')} "
        f"to {phrases.counted(night.recipients, 'person', 'people')}; "
        f"{phrases.number(night.repeats)} of them are repeats, {verdict}.{_dropped(night)}"
    )


def _dropped(night: NightFacts) -> str:
    """How much was called for and never left."""
    verb = "was" if night.dropped == 1 else "were"
    return f" {phrases.counted(night.dropped, 'more mail')} {verb} dropped before leaving." if night.dropped else ""


def _most_dropped(night: NightFacts) -> str:
    """For whom something called again and again, and nothing left."""
    if night.dropped_most is None:
        return ""
    recipient, mails, day = night.dropped_most
    return (
        f" {phrases.counted(mails, 'mail')} to {visible(recipient)} of {phrases.day(day)} were dropped before leaving: "
        "nobody got them, but something called for them again and again."
    )


def _sums(totals: Mapping[str, int], night: NightFacts) -> str:
    """The law of conservation, written out."""
    if not night.files:
        return f"No file was given.{_most_dropped(night)}"
    bad = sum(not file.is_balanced for file in night.files)
    verdict = f"The sums do not agree in {phrases.counted(bad, 'file')}." if bad else "The sums agree in every file."
    return (
        f"{phrases.counted(totals['records'], 'record')} = {phrases.counted(totals['events'], 'mail event')} "
        f"+ {phrases.number(totals['ignored'])} not about mail + {phrases.number(totals['rejected'])} unreadable "
        f"+ {phrases.number(totals['blank'])} blank + {phrases.number(totals['held'])} held back. {verdict}"
        f"{_most_dropped(night)}"
    )


def _unknowns(night: NightFacts, totals: Mapping[str, int]) -> list[str]:
    """What this report cannot say, most important first."""
    start, end = night.log_complete_from, night.log_complete_through
    checks: tuple[tuple[bool, Callable[[], str]], ...] = (
        (end is not None, lambda: f"Anything after {phrases.minute(end or night.as_of)}, where the log ends."),
        (
            start is not None,
            lambda: (
                f"Anything before {phrases.minute(start or night.as_of)}: if a first copy went out earlier, "
                "the first one in the log passes for it."
            ),
        ),
        (
            bool(totals["rejected"]),
            lambda: (
                f"What stood in {phrases.counted(totals['rejected'], 'unreadable record')}; "
                "mail among them is not counted."
            ),
        ),
        (
            bool(night.nameless),
            lambda: phrases.nameless(night.nameless, night.sends).capitalize() + ".",
        ),
        (
            bool(totals["held"]),
            lambda: (
                f"The end of {phrases.counted(totals['held'], 'file')} cut off in the middle of a record; "
                "it is read when the rest arrives."
            ),
        ),
        (True, lambda: "Whether anybody read a copy. The log counts messages handed over, not messages opened."),
        (
            bool(night.cases),
            lambda: "Causes. What is named here is what a pattern is consistent with, until a person confirms it.",
        ),
    )
    return [sentence() for is_so, sentence in checks if is_so]
