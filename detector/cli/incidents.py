"""`detector incidents`: what people look up, and what they have done about it. Each command adds to a journal."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector.cli.noting import (
    cases_of,
    id_argument,
    json_option,
    note,
    noting,
    organization_option,
    subject_of,
)
from detector.cli.options import Commands, Moment, complain, console, fitting_table, state_option
from detector.cli.promises import promise, promises
from detector.cli.summary import BROAD, WHAT_WIDTH

if TYPE_CHECKING:
    from detector.case_record import CaseRecord


@click.group(cls=Commands)
def incidents() -> None:
    """Follow an incident from the alarm to the last promise kept. Every word goes into its journal and stays there.

    ID is the one that the list, the report and the alert show; capitals do not matter.

    \b
      detector incidents list
      detector incidents show INC-7F3K
      detector incidents contain INC-7F3K --how "took the import job out of cron"
      detector incidents close INC-7F3K
    """


@incidents.command("list")
@state_option
@click.option("--open", "which", flag_value="open", default=True, help="What somebody still has to see to. [default]")
@click.option("--overdue", "which", flag_value="overdue", help="Only incidents with a promise that is late.")
@click.option("--all", "which", flag_value="all", help="Closed, dismissed, muted, merged and withdrawn ones as well.")
@json_option
def list_(state: Path, which: str, *, as_json: bool) -> None:
    """List the incidents, newest first, with what the log says and what people say.

    \b
      detector incidents list --overdue
    """
    from detector.documents import case_in_words
    from detector.observations import standing_problems

    cases, now = cases_of(state)
    records = sorted(cases.records.values(), key=lambda r: (r.figures["started_at"], r.incident_id), reverse=True)
    chosen = [r for r in records if which == "all" or (r.is_open if which == "open" else r.overdue(now))]
    if as_json:
        told = [case_in_words.as_json(record, standing_problems(record, now), now) for record in chosen]
        click.echo(json.dumps(told, indent=2))
        return
    if chosen:
        _print_table(chosen, now)
    left_out = len(records) - len(chosen)
    if not chosen:
        click.echo(_none(which, left_out), err=True)
    elif left_out:
        click.echo(f"{left_out} more with --all.", err=True)


@incidents.command()
@id_argument
@state_option
@json_option
def show(incident_id: str, state: Path, *, as_json: bool) -> None:
    """Show all that is known of one incident, and its timeline. The id of one that was merged finds the kept one.

    \b
      detector incidents show INC-7F3K
    """
    from detector.documents import case_in_words
    from detector.observations import standing_problems

    cases, now = cases_of(state)
    record = cases.find(incident_id)
    problems = standing_problems(record, now)
    if as_json:
        click.echo(json.dumps(case_in_words.as_json(record, problems, now), indent=2))
        return
    if record.incident_id != incident_id.strip().upper():
        click.echo(f"{incident_id.strip().upper()} is a part of {record.incident_id}.", err=True)
    folder = cases.folders.get(record.incident_id)
    click.echo(case_in_words.in_words(record, problems, now, folder, subject_of(state, record.incident_id)))


@incidents.command()
@noting
def ack(incident_id: str, state: Path, at: datetime | None, by: str) -> None:
    """Say that somebody has seen it and sees to it.

    \b
      detector incidents ack INC-7F3K --by "Sam Example"
    """
    note(state, incident_id, "acknowledged", at, by, {})


@incidents.command()
@noting
@click.option("--how", required=True, help="What stopped it, such as 'took the import job out of cron'.")
def contain(incident_id: str, state: Path, at: datetime | None, by: str, how: str) -> None:
    """Say that it was stopped. If the log has extra copies after that, this and every later night say so.

    Leaves with 1 if the log contradicts it: it is noted all the same, and stands until somebody contains it again.

    \b
      detector incidents contain INC-7F3K --at 2026-10-27T20:12Z --how "took the import job out of cron"
    """
    from detector import case_journal, chronicle
    from detector.errors import DetectorError
    from detector.observations import contradicted, standing_problems
    from detector.store import open_snapshot

    record, now = note(state, incident_id, "contained", at, by, {"how": how})
    try:
        with open_snapshot(state) as db:
            found = chronicle.contradiction(db, record.incident_id, record.contained_at or now)
    except DetectorError as error:
        complain(f"whether the log agrees the next night will tell ({error})")
        return
    if found:
        cases, _ = cases_of(state)
        folder = cases.folders[record.incident_id]
        case_journal.append(folder, [contradicted(found, now)])
        for problem in standing_problems(cases_of(state)[0].find(incident_id), now):
            complain(problem)
        raise SystemExit(1)


@incidents.command()
@noting
@organization_option
@click.option("--channel", required=True, help="How: phone, voicemail, in person, ...")
def told(incident_id: str, state: Path, at: datetime | None, by: str, organization: str, channel: str) -> None:
    """Say that the client was told.

    \b
      detector incidents told INC-7F3K --organization "Harbor Freightways" --channel phone
    """
    note(state, incident_id, "client told", at, by, {"organization": organization, "channel": channel})


@incidents.command()
@noting
@organization_option
@click.option("--channel", default="", help="How it was sent.")
def sent(incident_id: str, state: Path, at: datetime | None, by: str, organization: str, channel: str) -> None:
    """Say that you have sent the approved letter, or the holding note while only that is approved.

    The detector itself sends no client anything. The day on which it says that they hear from us again is a promise
    from now on.

    \b
      detector incidents sent INC-7F3K --channel mail
    """
    from detector.cli.case_folder import take_back
    from detector.lifecycle_rules import next_word, what_was_sent

    take_back(incident_id, state)
    record = cases_of(state)[0].find(incident_id)
    hit = record.organizations
    whose = organization or (hit[0] if len(hit) == 1 else "")
    kind = what_was_sent(record, whose)
    fields = {"organization": organization} | ({"channel": channel} if channel else {})
    promised = next_word(record, kind, whose)
    record, _ = note(state, incident_id, f"{kind} sent", at, by, fields | promised)
    if promised:
        made = record.promises[-1]
        complain(f"{record.incident_id}: they hear from us again by {made.due}: that is promise {made.number}.")


@incidents.command()
@noting
@click.option("--anyway", is_flag=True, help="Although something is open; needs --reason.")
@click.option("--reason", default="", help="Why anyway.")
def close(incident_id: str, state: Path, at: datetime | None, by: str, *, anyway: bool, reason: str) -> None:
    """Close an incident that stopped, whose letters went out and whose promises are kept; prints the closing note.

    \b
      detector incidents close INC-7F3K
    """
    from detector.documents.closing_note import render_closing_note

    if anyway != bool(reason.strip()):
        raise click.UsageError("Give --anyway and --reason together, or neither.")
    record, _ = note(state, incident_id, "closed", at, by, {"reason": reason} if anyway else {})
    click.echo(render_closing_note(record).content, nl=False)


@incidents.command()
@noting
@click.option("--reason", required=True, help="Why it is none; shown whenever the pattern comes again.")
def dismiss(incident_id: str, state: Path, at: datetime | None, by: str, reason: str) -> None:
    """Say that it is no incident. The same pattern of the same template does not alarm again; far beyond it does.

    \b
      detector incidents dismiss INC-7F3K --reason "they asked for a second reminder"
    """
    note(state, incident_id, "dismissed", at, by, {"reason": reason})


@incidents.command()
@noting
@click.option("--reason", required=True, help="Why.")
def reopen(incident_id: str, state: Path, at: datetime | None, by: str, reason: str) -> None:
    """Take up again what was closed, or take a dismissal back.

    \b
      detector incidents reopen INC-7F3K --reason "the client calls again"
    """
    note(state, incident_id, "taken up again", at, by, {"reason": reason})


@incidents.command()
@noting
@click.option("--until", required=True, type=Moment(), help="When it is over, such as 2026-11-04; now ends a silence.")
@click.option("--reason", required=True, help="Why.")
def silence(incident_id: str, state: Path, at: datetime | None, by: str, until: datetime, reason: str) -> None:
    """Hold back alerts about it for a while. That it stopped, or that copies go out after it was contained, is told.

    \b
      detector incidents silence INC-7F3K --until 2026-11-04 --reason "the vendor is at it"
    """
    from detector.case_record import stamp

    note(state, incident_id, "silenced", at, by, {"until": stamp(until), "reason": reason})


def _none(which: str, left_out: int) -> str:
    """Why the list is empty."""
    from detector.documents.phrases import counted

    told = {"open": "No incident is open", "overdue": "No promise is late"}.get(which, "No incident is known")
    return f"{told}; {counted(left_out, 'incident')} with --all." if left_out else f"{told}."


def _print_table(records: "list[CaseRecord]", now: datetime) -> None:
    """A row each, and under it what must not be overlooked."""
    from rich.text import Text

    from detector.documents import case_in_words
    from detector.documents.escaping import visible
    from detector.documents.still_going import BLIND
    from detector.observations import standing_problems

    screen = console()
    rows = [_cells(record, is_broad=screen.width >= BROAD) for record in records]
    screen.print(fitting_table(rows, screen.width, _FOLDED, _GIVING_WAY))
    if any(record.signal == "blind" for record in records):
        screen.print(Text(f"blind: {BLIND}"), soft_wrap=True)
    for problem in (line for record in records for line in standing_problems(record, now)):
        screen.print(Text(f"! {visible(problem)}"), soft_wrap=True)
    for record in records:
        if record.recurs_from:
            screen.print(Text(f"{record.incident_id}: {case_in_words.recurrence(record)}"), soft_wrap=True)


_FOLDED = {"people say": 8, "the log says": 8, "organization": 12}
"""Columns that a narrow terminal may break into lines, of at least so many letters."""
_GIVING_WAY = ("what", "first extra copy", "extra", "severity", "people", "the log says")
"""What it goes without, rather than cut an id."""


def _cells(record: "CaseRecord", *, is_broad: bool) -> dict[str, str]:
    """Title -> cell, from left to right; what only a broad terminal has room for stands last."""
    from detector.documents import case_in_words
    from detector.documents.escaping import in_brief

    figures = record.figures
    what = in_brief(figures["template"], WHAT_WIDTH)
    cells = {
        "incident": record.incident_id,
        "severity": figures["severity"],
        "people say": record.work,
        "the log says": case_in_words.state(record),
        "organization": ", ".join(record.organizations) or "(private addresses)",
        "people": f"{figures['recipients']:,}",
        "extra": f"{figures['excess']:,}",
    }
    began = f"{figures['started_at']:%Y-%m-%d %H:%M:%S}"
    return cells | ({"first extra copy": began, "what": what} if is_broad else {})


incidents.add_command(promise)
incidents.add_command(promises)
