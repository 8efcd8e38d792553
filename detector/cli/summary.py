"""The short table that a night prints for whoever sits at the terminal, with the path of the report."""

from typing import TYPE_CHECKING

from detector.cli.options import console, fitting_table

if TYPE_CHECKING:
    from rich.table import Table

    from detector.nightly import Night
    from detector.records import CaseFacts, NightFacts

BROAD = 110
"""Columns of a terminal that hold the whole table; a narrower one gets it without seconds and what the report adds."""
WHAT_WIDTH = 40
"""Letters by which a mail is known again."""
_GIVING_WAY = ("what", "last extra copy", "sends", "first extra copy", "still going", "extra", "severity")
"""What a terminal goes without, rather than cut an id."""


def print_summary(night: "Night") -> None:
    """A line on the mail, the incidents as a table, the path of the report."""
    from rich.text import Text

    screen = console()
    facts = night.facts
    if facts.log_complete_through is not None:
        screen.print(_coverage(facts))
    if facts.cases:
        screen.print(_table(facts.cases, screen.width))
    else:
        screen.print(_nothing(facts))
    screen.print(Text(f"report: {night.report.resolve()}", no_wrap=True), soft_wrap=True)


def _coverage(facts: "NightFacts") -> str:
    from detector.documents.phrases import counted, share

    people = counted(facts.recipients, "person", "people")
    which = f"{facts.nameless:,} of them ({share(facts.nameless, facts.sends)})"
    nameless = f"; {which} cannot be compared" if facts.nameless else ""
    dropped = f"; {facts.dropped:,} more dropped before they left" if facts.dropped else ""
    return f"{counted(facts.sends, 'send')} to {people}{nameless}{dropped}; times in UTC"


def _nothing(facts: "NightFacts") -> str:
    """That no mail was read is another thing than that none was repeated."""
    if facts.log_complete_through is None:
        return "No mail was read, so nothing is known of it."
    from detector.documents.feed import among_the_comparable

    return f"{among_the_comparable(facts, 'nothing was sent again and again')}."


def _table(cases: "tuple[CaseFacts, ...]", width: int) -> "Table":
    """The gravest first."""
    from detector.documents.nightly_report import urgency

    rows = [_cells(case, is_broad=width >= BROAD) for case in sorted(cases, key=urgency)]
    return fitting_table(rows, width, {"organization": 12}, _GIVING_WAY)


def _cells(case: "CaseFacts", *, is_broad: bool) -> dict[str, str]:
    """Title -> cell, from left to right."""
    from detector.documents.escaping import in_brief

    incident = case.incident
    muted = " (muted)" if case.record and (case.record.muted_by or case.record.verdict) else ""
    first, *others = incident.organizations or ("(private addresses)",)
    stamp = "%Y-%m-%d %H:%M:%S" if is_broad else "%Y-%m-%d %H:%M"
    cells = {
        "incident": incident.incident_id,
        "severity": incident.severity + muted,
        "organization": ", ".join((first, *others)) if len(others) < 3 else f"{first} and {len(others)} more",
        "people": f"{incident.recipients:,}",
        "sends": f"{incident.sends:,}",
        "extra": f"{incident.excess:,}",
        "first extra copy": f"{incident.started_at:{stamp}}",
        "last extra copy": f"{incident.ended_at:{stamp}}",
        "still going": {True: "yes", False: "no", None: "unknown"}[incident.ongoing],
        "what": in_brief(incident.template, WHAT_WIDTH),
    }
    return cells if is_broad else {k: v for k, v in cells.items() if k not in {"sends", "last extra copy", "what"}}
