"""A support team at work, as tests need it: a night, the form filled in, commands as a person types them."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from unittest.mock import patch

from click.testing import CliRunner

from detector import case_journal
from detector.case_record import JournalEntry
from detector.cli import cli
from detector.errors import DetectorError

FOUNDING = (Path(__file__).parent.parent / "sample_logs" / "plain").as_posix()
AS_OF = "2026-11-01T02:00:00Z"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
"""The morning on which the team is at work."""

FILLED = {
    "cause.status": '"confirmed"',
    "cause.statement": '"A loop in our enrolment code ran once for each member, and each turn mailed everybody."',
    "cause.confirmed_by": '"Kim Lee"',
    "cause.confirmed_on": "2026-10-28",
    "responsibility.whose": '"ours"',
    "stopped.what": '"We switched the enrolment job off"',
    "stopped.checked": '"Kim Lee watched the log until midnight."',
    "repair.offer": '"If you wish, we remove the copies from your mailboxes together with your IT team."',
    "repair.approved_by": '"Ada Chief"',
    "next_update.on": "2026-11-12",
    "learners.keep": '"The newest copy can be kept; its link works."',
    "letter.date": "2026-11-02",
    "letter.sender": '"Example Academy"',
    "letter.signatory": '"Sam Example"',
    "letter.role": '"Head of Support"',
    "letter.phone": '"+1 555 0199"',
}
CLIENT = {
    "contact": '"Robin Reed, Head of Training"',
    "salutation": '"Dear Robin"',
    "phone": '"+1 555 0100"',
    "call": '"voicemail; they want to know who saw it"',
    "meaning": '"Your team spent an evening deleting mail and wondering whether they had been hacked. '
    'You told me that, and you were right to be angry."',
}
GERMAN = {
    "cause": '"Eine Schleife in unserem Code lief einmal je Mitglied der Gruppe und schrieb jedes Mal allen."',
    "stopped": '"Wir haben den Einschreibelauf abgeschaltet"',
    "checked": '"Kim Lee hat das Protokoll bis Mitternacht beobachtet."',
    "offer": '"Auf Wunsch entfernen wir die Kopien zusammen mit Ihrer IT."',
    "keep": '"Die neueste E-Mail kann bleiben; ihr Link gilt."',
    "translated_by": '"Eva Klein"',
    "promises": '{ 1 = "Ab jetzt gibt ein Mensch jeden Einschreibelauf frei." }',
}


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    text: str


def detector(*words: object) -> Said:
    """A command as a person types it, with the exit code and everything it printed."""
    with patch("detector.cli.noting.clock", lambda: NOW):
        result = CliRunner().invoke(cli, [str(word) for word in words])
    if isinstance(result.exception, DetectorError):
        return Said(result.exception.exit_code, f"{result.output}detector: {result.exception}\n")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.output)


def fill(path: Path, values: dict[str, str], table: str = "") -> None:
    """Type into human.toml: `values` are TOML by "table.key", or by key of one `table`."""
    lines, here = path.read_text(encoding="utf-8").split("\n"), ""
    wanted = {f"{table}.{key}" if table else key: value for key, value in values.items()}
    for number, line in enumerate(lines):
        if header := re.match(r"\[(.*?)\]", line):
            here = header[1]
        key, is_field, _ = line.partition(" = ")
        if is_field and f"{here}.{key}" in wanted:
            lines[number] = f"{key} = {wanted.pop(f'{here}.{key}')}"
    assert wanted == {}, "no such field"
    path.write_text("\n".join(lines), encoding="utf-8")


def promise(
    folder: Path,
    text: str = "A person releases every enrolment run before it starts",
    due: date = date(2026, 11, 10),
    number: int = 1,
) -> None:
    """What somebody promised, in the incident's journal."""
    fields = {"number": number, "text": text, "owner": "Kim Lee", "due": due.isoformat()}
    case_journal.append(
        folder, [JournalEntry("promised", datetime(2026, 10, 28, 9, tzinfo=UTC), "Sam Example", fields)]
    )


def contained(folder: Path, at: datetime = datetime(2026, 10, 27, 20, 12, tzinfo=UTC)) -> None:
    """When somebody stopped it, in the incident's journal."""
    case_journal.append(folder, [JournalEntry("contained", at, "Kim Lee", {"how": "took the job out of cron"})])


def fill_all(folder: Path, *clients: str) -> None:
    """Everything a letter asks for, typed in, with the stop and one promise noted."""
    fill(folder / "human.toml", FILLED)
    for client in clients:
        fill(folder / "human.toml", CLIENT, f'clients."{client}"')
    contained(folder)
    promise(folder)
