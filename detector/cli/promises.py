"""`detector incidents promise` and `promises`: what clients were promised, by when, and whether it was kept."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from detector.cli.case_folder import refresh
from detector.cli.noting import at_option, by_option, cases_of, note
from detector.cli.options import Moment, state_option


@click.command()
@click.argument("words", nargs=-1, required=True, metavar='ID "TEXT" | kept ID [NUMBER]')
@state_option
@at_option
@by_option
@click.option("--owner", default="", help="Who sees to it.")
@click.option("--organization", default="", help="To which client. [default: all that were hit]")
@click.option("--due", type=Moment(), help="The day by which, such as 2026-11-15.")
def promise(
    words: tuple[str, ...], state: Path, at: datetime | None, by: str, **said: Any
) -> None:  # fmt: skip
    """Write down what was promised to whom by when, and later that it was kept.

    \b
      detector incidents promise INC-7F3K "Send the report of the cause" --owner Sam --due 2026-11-15
      detector incidents promise kept INC-7F3K 1
    """
    if words[0] == "kept":
        _promise_kept(state, words[1:], at, by)
        refresh(words[1], None, state)
        return
    owner, due, organization = said["owner"], said["due"], said["organization"]
    if len(words) != 2 or due is None:
        raise click.UsageError(
            'Give the incident, the promise in quotes, --owner and --due: ID "TEXT" --owner O --due D.'
        )
    from detector.documents.escaping import visible

    cases, _ = cases_of(state)
    number = len(cases.find(words[0]).promises) + 1
    fields = {"number": number, "text": words[1], "owner": owner, "due": due.date().isoformat()}
    record, _ = note(state, words[0], "promised", at, by, fields | {"organization": organization})
    if not organization and len(record.organizations) > 1:
        names = ", ".join(map(visible, record.organizations))
        click.echo(f"It is promised to all that were hit: {names}. For one of them there is --organization.", err=True)
    refresh(words[0], None, state)


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


def _promise_kept(state: Path, words: tuple[str, ...], at: datetime | None, by: str) -> None:
    """The number may be left out if only one promise is open."""
    if len(words) not in {1, 2} or (not "".join(words[1:]).isdecimal() and len(words) == 2):
        raise click.UsageError("Give the incident and the number of the promise: kept ID NUMBER.")
    cases, _ = cases_of(state)
    due = [one.number for one in cases.find(words[0]).open_promises]
    if len(words) == 1 and len(due) != 1:
        raise click.UsageError(f"Which promise? Not kept are: {', '.join(map(str, due)) or 'none'}.")
    note(state, words[0], "kept", at, by, {"number": int(words[1]) if len(words) == 2 else due[0]})
