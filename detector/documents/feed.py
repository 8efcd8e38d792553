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

SMALL_SHARE = 0.01
"""Of mails that cannot be compared. Many a log has a few, such as those under way when it began. Told in all
headlines, they would be read in none; so a share below this stands in the lines under it. From a hundredth on they may
well be a burst, and "nothing was sent again" is not said without them."""

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
    nameless: str
    """That mails cannot be compared, and what to do about it; "" if they are no more than a few."""
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
        nameless=_nameless(night),
        sums=_sums(totals, night),
        coverage=_coverage(night),
        assumptions=(
            *dict.fromkeys(sentence for file in night.files for sentence in file.assumptions),
            *map(phrases.archived, night.archives),
        ),
        unknowns=tuple(_unknowns(night, totals)),
    )


def is_blinkered(night: NightFacts) -> bool:
    """More than a few of the mails cannot be compared with any other."""
    return night.nameless > 0 and night.nameless >= SMALL_SHARE * night.sends


def among_the_comparable(night: NightFacts, finding: str) -> str:
    """A finding such as "nothing was sent again" as far as the log supports it, as a sentence that lacks its end:
    what is not known comes first, because whoever reads "nothing" reads no further."""
    if not is_blinkered(night):
        return finding[0].upper() + finding[1:]
    if night.nameless == night.sends:
        mails = phrases.counted(night.sends, "mail")
        return f"None of the {mails} can be compared: whether anything was sent again and again cannot be told"
    of = f"{phrases.number(night.nameless)} of {phrases.number(night.sends)}"
    share = phrases.share(night.nameless, night.sends)
    return f"{share} of the mails ({of}) cannot be compared; among the others, {finding}"


def _nameless(night: NightFacts) -> str:
    if not is_blinkered(night):
        return ""
    told = phrases.nameless(night.nameless, night.sends)
    return f"{told[0].upper()}{told[1:]}. Log or export one of them."


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
    start, end = phrases.minute(night.log_complete_from), phrases.minute(night.log_complete_through)
    return (
        f"The log reaches from {start} to {end}. "
        f"It holds {phrases.counted(night.sends, 'mail')} of {phrases.counted(night.templates, 'kind')} "
        f"to {phrases.counted(night.recipients, 'person', 'people')}; "
        f"{_repeats(night)}.{_dropped(night)}"
    )


def _repeats(night: NightFacts) -> str:
    """How many came again, and of how many that could be told, however few these are."""
    repeats, verdict = phrases.number(night.repeats), _verdict(night)
    if night.nameless == 0:
        return f"{repeats} of them are repeats{verdict}"
    if night.nameless == night.sends:
        return "none of them can be compared with another"
    share = phrases.share(night.nameless, night.sends)
    return (
        f"{phrases.number(night.nameless)} of them ({share}) cannot be compared, and of the others {repeats} are "
        f"repeats{verdict}"
    )


def _verdict(night: NightFacts) -> str:
    """How many of the repeats are extra copies of incidents, if these count as many."""
    known = [case.incident for case in night.cases if case.incident.state != "withdrawn"]
    excess = sum(incident.excess for incident in known)
    if not known or excess != night.incident_repeats:
        return ", ordinary ones included" if night.cases else ", none out of the ordinary"
    extra = phrases.counted(excess, "extra copy", "extra copies")
    ordinary = phrases.counted(night.repeats - excess, "ordinary one")
    return f": {extra} of {phrases.counted(len(known), 'incident')}, and {ordinary}"


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
