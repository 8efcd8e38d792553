"""`detector letter`: check, approve and export the letter to one client. Nothing here mails anybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detector.case_record import CORRECTION, spoken
from detector.cli.case_folder import opened, refresh
from detector.cli.noting import at_option, by_option, id_argument, note, organization_option
from detector.cli.options import Commands, state_option
from detector.errors import RefusedError

if TYPE_CHECKING:
    from detector.case_record import Step
    from detector.casework import WrittenUp
    from detector.documents.letter_checking import Finding

_CONFIG = click.option(
    "--config", "config_path", type=click.Path(path_type=Path),
    help="Settings (TOML). [default: [clients] and [us] of the last night]",
)  # fmt: skip


@click.group(cls=Commands)
def letter() -> None:
    """Check, approve and export the letter to a client. You send it; the program mails no client.

    \b
      detector letter check INC-7F3K
      detector letter approve INC-7F3K --by "Sam Example"
      detector letter export INC-7F3K --out outgoing
    """


@dataclass(frozen=True)
class Draft:
    """One client's draft, with all that it is judged by."""

    work: "WrittenUp"
    organization: str
    kind: str
    """A letter, or a holding note while it may go on."""
    path: Path

    def content(self) -> bytes:
        """The draft as it lies there."""
        try:
            return self.path.read_bytes()
        except OSError as error:
            message = f"{self.path}: is not there. `detector letter draft` writes a fresh one."
            raise RefusedError(message) from error

    def text(self) -> str:
        """The same as text; what is no UTF-8 is shown as such."""
        return self.content().decode("utf-8", errors="replace")


@letter.command()
@id_argument
@organization_option
@_CONFIG
@state_option
def check(incident_id: str, organization: str, config_path: Path | None, state: Path) -> None:
    """Bring the drafts up to date with human.toml, then say how far each letter is and what keeps it from going out.

    An approval that no longer holds is taken back, and what has changed since is named. Leaves with 1 if a letter may
    not go yet.

    \b
      detector letter check INC-7F3K
    """
    with _opened(incident_id, config_path, state) as work:
        faults = 0
        for draft in _drafts(work, organization):
            if (went := _went_out(draft)) is not None:
                click.echo(_sent(draft, went))
                continue
            found = _findings(draft)
            faults += sum(finding.is_refused for finding in found)
            click.echo(_judged(draft, found))
        raise SystemExit(1 if faults else 0)


@letter.command()
@id_argument
@by_option
@at_option
@organization_option
@_CONFIG
@state_option
def approve(
    incident_id: str, by: str, at: datetime | None, organization: str, config_path: Path | None, state: Path
) -> None:  # fmt: skip
    """Approve the letter to a client as it stands: its text and its figures. If either changes, it is a draft again.

    \b
      detector letter approve INC-7F3K --by "Sam Example"
    """
    from detector.approvals import approval

    with _opened(incident_id, config_path, state, only_drafts=True) as work:
        draft = _one(work, organization)
        found = _findings(draft, at)
        if any(finding.is_refused for finding in found):
            raise RefusedError(f"{_judged(draft, found)}\nNothing was approved.")
        fields: dict[str, Any] = approval(work.case, draft.organization, work.desk, draft.content())
        note(state, work.case.incident.incident_id, f"{draft.kind} approved", at, by, fields)
        click.echo(f"The {draft.kind} to {_shown(draft.organization)} is approved by {_shown(by)}.")
        for line in map(_line, found):
            click.echo(line)
    refresh(incident_id, config_path, state)


@letter.command()
@id_argument
@click.option(
    "--out", type=click.Path(path_type=Path),
    help="Folder for the files; each of several clients has its own in it. [default: the incident's folder]",
)  # fmt: skip
@organization_option
@_CONFIG
@state_option
def export(incident_id: str, out: Path | None, organization: str, config_path: Path | None, state: Path) -> None:
    """Write an approved letter as a mail draft that opens unsent (.eml), a document (.docx) and a page (.html).

    \b
      detector letter export INC-7F3K --out outgoing
    """
    from detector.approvals import what_moved
    from detector.case_record import CaseRecord
    from detector.lifecycle_rules import why_revoked

    with _opened(incident_id, config_path, state, only_drafts=True) as work:
        draft = _one(work, organization)
        record = work.case.record or CaseRecord(work.case.incident.incident_id)
        step = next((step for step in record.approvals(draft.kind) if step.organization == draft.organization), None)
        if step is None:
            because = why_revoked(record, draft.organization, draft.kind)
            why = f"the {draft.kind} to {draft.organization} is not approved{': ' if because else ''}{because}"
            raise RefusedError(f"{_shown(why)}. Have it approved: `detector letter approve`")
        if moved := what_moved(step, draft.kind, work.case, work.desk, draft.content()):
            raise RefusedError(f"What was approved is no longer so: {'; '.join(moved)}. Nothing was written.")
        for path in _write_files(draft, out or work.folder, str(step.fields["facts_sha256"])):
            click.echo(path)


@letter.command()
@id_argument
@_CONFIG
@state_option
def draft(incident_id: str, config_path: Path | None, state: Path) -> None:
    """Write the drafts of an incident again: refresh those untouched, and bring back those that were deleted.

    \b
      detector letter draft INC-7F3K
    """
    with _opened(incident_id, config_path, state, recreate=True) as work:
        for each in _drafts(work, ""):
            click.echo(each.path)


@contextmanager
def _opened(
    incident_id: str, config_path: Path | None, state: Path, *, recreate: bool = False, only_drafts: bool = False
) -> Iterator["WrittenUp"]:
    """The incident with its folder; without a form that can be read there is no letter."""
    with opened(incident_id, config_path, state, recreate=recreate, only_drafts=only_drafts) as work:
        if work.problem:
            raise RefusedError(work.problem)
        yield work


def _drafts(work: "WrittenUp", organization: str) -> list[Draft]:
    """The drafts to all clients hit, or to the one that is named. Raises RefusedError if that one was not hit."""
    from detector.documents.apology_letter import due, letter_name

    names = work.case.incident.organizations
    if not names:
        raise RefusedError("No client was hit: the addresses are private ones, so there is no letter.")
    wanted = [name for name in names if name.casefold() == (organization or name).casefold()]
    if not wanted:
        raise RefusedError(f"{_shown(organization)!r} was not hit. Hit were: {', '.join(map(_shown, names))}.")
    kinds = {name: due(work.case, name) for name in wanted}
    return [Draft(work, name, kind, work.folder / letter_name(work.case, name, kind)) for name, kind in kinds.items()]


def _one(work: "WrittenUp", organization: str) -> Draft:
    """The one draft that is meant."""
    drafts = _drafts(work, organization)
    if len(drafts) > 1:
        names = ", ".join(_shown(each.organization) for each in drafts)
        raise RefusedError(f"Several clients were hit; name one with --organization: {names}.")
    return drafts[0]


def _findings(draft: Draft, at: datetime | None = None) -> tuple["Finding", ...]:
    from detector.documents.letter_check import check_letter

    return check_letter(draft.text(), draft.work.case, draft.organization, draft.work.desk, at or draft.work.as_of)


def _went_out(draft: Draft) -> "Step | None":
    """When it was sent, if it was; a correction that is due was not, whatever was sent before."""
    record = draft.work.case.record
    steps = record.sendings(draft.kind) if record and draft.kind != CORRECTION else ()
    return next((step for step in steps if step.organization == draft.organization), None)


def _sent(draft: Draft, went: "Step") -> str:
    """What a person reads of a letter that went out: it stays as it is, whatever was filled in since."""
    from detector.documents.letter_words import bound_words, changed

    now = bound_words(draft.work.case, draft.organization, draft.work.desk, draft.kind)
    since = changed(went.fields.get("words", now), now)
    head = f"{_shown(draft.organization)}, {draft.kind}: sent by {_shown(went.by)} at {spoken(went.at)} ({draft.path})"
    return "\n".join([head, *(f"  since   {_shown(line)}; they hold the former" for line in since)])


def _judged(draft: Draft, found: "tuple[Finding, ...]") -> str:
    """What a person reads: the verdict, then one line for each finding."""
    from detector.case_record import CaseRecord
    from detector.documents.phrases import counted
    from detector.lifecycle_rules import why_revoked

    record = draft.work.case.record or CaseRecord(draft.work.case.incident.incident_id)
    approvals = (step for step in record.approvals(draft.kind) if step.organization == draft.organization)
    states = [f"approved by {_shown(step.by)} at {spoken(step.at)}" for step in approvals]
    if faults := sum(finding.is_refused for finding in found):
        states.append(f"{counted(faults, 'thing')} to put right")
    head = (
        f"{_shown(draft.organization)}, {draft.kind}: {', and '.join(states) or 'ready to be approved'} ({draft.path})"
    )
    lines = [head, *map(_line, found)]
    if because := why_revoked(record, draft.organization, draft.kind):
        lines.append(f"  again   {_shown(because)}. Have it approved again.")
    beside = sorted(draft.path.parent.glob(f"{draft.path.stem}.new*.md"))
    lines += [f"  beside  {path.name} has newer words or figures: take over what you want of it." for path in beside]
    return "\n".join(lines)


def _line(finding: "Finding") -> str:
    """One fault or piece of advice, with its line in the draft."""
    where = f"line {finding.line}: " if finding.line else ""
    return f"  {'fault ' if finding.is_refused else 'advice'}  {where}{_shown(finding.text)}"


def _write_files(draft: Draft, out: Path, facts_sha256: str) -> Iterator[Path]:
    """The three files, whole or not at all; where the draft lies in the incident's folder, so that no letter to one
    client can take the place of another's."""
    from detector.disk import write_whole
    from detector.documents.apology_letter import letter_facts
    from detector.documents.letter_export import letter_docx, letter_mail, letter_page
    from detector.documents.letter_text import read_letter

    desk, organization = draft.work.desk, draft.organization
    language = desk.language(organization)
    ready = read_letter(draft.text(), letter_facts(draft.work.case, organization, language))
    files = {
        ".eml": letter_mail(ready, language.code, desk.client(organization).email, facts_sha256),
        ".docx": letter_docx(ready, language.code, desk.sender.name),
        ".html": letter_page(ready, language.code).encode(),
    }
    place = out / draft.path.relative_to(draft.work.folder)
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for suffix, content in files.items():
        path = place.with_suffix(suffix)
        write_whole(path, content)
        yield path


def _shown(text: object) -> str:
    """A name as a terminal may show it."""
    from detector.documents.escaping import visible

    return visible(text, 1_000)
