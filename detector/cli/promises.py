"""`detector incidents promise` and `promises`: what clients were promised, by when, and whether it was kept."""

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detector.cli.case_folder import refresh
from detector.cli.noting import at_option, by_option, cases_of, note
from detector.cli.options import Moment, state_option

if TYPE_CHECKING:
    from detector.case_record import CaseRecord


@click.command()
@click.argument(
    "words", nargs=-1, required=True, metavar='ID "TEXT" | kept ID [N] | changed ID N ["TEXT"] | withdrawn ID N'
)
@state_option
@at_option
@by_option
@click.option("--owner", default="", help="Who sees to it.")
@click.option("--organization", default="", help="To which client. [default: all that were hit]")
@click.option("--due", type=Moment(), help="The day by which, such as 2026-11-15.")
@click.option("--why", default="", help="Why it is changed or withdrawn.")
def promise(
    words: tuple[str, ...], state: Path, at: datetime | None, by: str, **said: Any
) -> None:  # fmt: skip
    """Write down what was promised to whom by when, and later that it was kept, changed or withdrawn.

    A client that was promised it in a letter holds a wrong one after a change, until a correction is sent.

    \b
      detector incidents promise INC-7F3K "Send the report of the cause" --owner Sam --due 2026-11-15
      detector incidents promise kept INC-7F3K 1
      detector incidents promise changed INC-7F3K 1 --due 2026-11-22 --why "the vendor needs a week more"
      detector incidents promise withdrawn INC-7F3K 1 --why "they asked for a call instead"
    """
    if words[0] in _LATER:
        incident_id = _LATER[words[0]](words[1:], said, state, (at, by))
    else:
        incident_id = _promised(words, said, state, (at, by))
    refresh(incident_id, None, state)


_Who = tuple[datetime | None, str]
"""When, and who says so."""


def _promised(words: tuple[str, ...], said: Mapping[str, Any], state: Path, who: _Who) -> str:
    owner, due, organization = said["owner"], said["due"], said["organization"]
    if len(words) != 2 or due is None:
        raise click.UsageError(
            'Give the incident, the promise in quotes, --owner and --due: ID "TEXT" --owner O --due D.'
        )
    from detector.documents.escaping import visible

    number = len(_record(state, words[0]).promises) + 1
    fields = {"number": number, "text": words[1], "owner": owner, "due": due.date().isoformat()}
    record, _ = note(state, words[0], "promised", *who, fields | {"organization": organization})
    if not organization and len(record.organizations) > 1:
        names = ", ".join(map(visible, record.organizations))
        click.echo(f"It is promised to all that were hit: {names}. For one of them there is --organization.", err=True)
    return words[0]


@click.command()
@state_option
@click.option("--ics", is_flag=True, help="As iCalendar, to read into any calendar.")
def promises(state: Path, *, ics: bool) -> None:
    """List the promises that are not kept, the next one first.

    \b
      detector incidents promises --ics > promises.ics
    """
    from detector.documents.escaping import visible
    from detector.documents.promises_ics import in_ics

    cases, now = cases_of(state)
    records = [cases.records[name] for name in sorted(cases.records) if not cases.records[name].merged_into]
    if ics:
        sys.stdout.buffer.write(in_ics(records).encode())
        return
    due = [(promise, record) for record in records for promise in record.open_promises]
    for one, record in sorted(due, key=lambda pair: (pair[0].due, pair[1].incident_id, pair[0].number)):
        late = "OVERDUE " if one.is_overdue(now) else ""
        click.echo(visible(f"{one.due} {late}{record.incident_id} promise {one.number}: {one.text} ({one.owner})"))


def _kept(words: tuple[str, ...], said: Mapping[str, Any], state: Path, who: _Who) -> str:
    """The number may be left out if only one promise is open."""
    if len(words) not in {1, 2} or (len(words) == 2 and not words[1].isdecimal()):
        raise click.UsageError("Give the incident and the number of the promise: kept ID NUMBER.")
    due = [one.number for one in _record(state, words[0]).open_promises]
    if len(words) == 1 and len(due) != 1:
        raise click.UsageError(f"Which promise? Not kept are: {', '.join(map(str, due)) or 'none'}.")
    note(state, words[0], "kept", *who, {"number": int(words[1]) if len(words) == 2 else due[0]})
    return words[0]


def _changed(words: tuple[str, ...], said: Mapping[str, Any], state: Path, who: _Who) -> str:
    """What is not named stays as it is."""
    if len(words) not in {2, 3} or not words[1].isdecimal():
        raise click.UsageError('Give the incident, the number, and what changes: changed ID NUMBER ["TEXT"] --why W.')
    fields = {"text": "".join(words[2:]), "owner": said["owner"], "due": said["due"] and said["due"].date().isoformat()}
    changes = {name: value for name, value in fields.items() if value}
    note(state, words[0], "promise changed", *who, changes | {"number": int(words[1]), "reason": said["why"]})
    return words[0]


def _withdrawn(words: tuple[str, ...], said: Mapping[str, Any], state: Path, who: _Who) -> str:
    if len(words) != 2 or not words[1].isdecimal():
        raise click.UsageError("Give the incident and the number of the promise: withdrawn ID NUMBER --why W.")
    note(state, words[0], "promise withdrawn", *who, {"number": int(words[1]), "reason": said["why"]})
    return words[0]


def _record(state: Path, incident_id: str) -> "CaseRecord":
    return cases_of(state)[0].find(incident_id)


_LATER = {"kept": _kept, "changed": _changed, "withdrawn": _withdrawn}
"""What may be said of a promise that was made."""
