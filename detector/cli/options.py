"""What several commands take: moments, seeds, the config, the state directory; the clock, the tables that people see,
and how all of them complain.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console
    from rich.table import Table

    from detector.config import Config


class Moment(click.ParamType[datetime]):
    """An ISO 8601 time; without a zone it is UTC."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The aware moment a text means, in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not an ISO 8601 time such as 2026-10-28T02:00:00Z", param, ctx)


class Seeds(click.ParamType[tuple[int, ...]]):
    """Seeds such as `1-10` or `3,5,8`."""

    name = "seeds"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """All seeds that a text means."""
        try:
            ends = [[int(end) for end in part.split("-")] for part in value.split(",")]
            return tuple(seed for first, *last in ends for seed in range(first, (last[0] if last else first) + 1))
        except ValueError:
            self.fail(f"{value!r} is no list of seeds such as 1-10 or 3,5,8", param, ctx)


class Span(click.ParamType[timedelta]):
    """A length of time such as 26h, 90m, 60s or 3d."""

    name = "span"

    def convert(self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The length that a text means."""
        if isinstance(value, timedelta):
            return value
        units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
        number, unit = value[:-1], value[-1:]
        if not number.isdecimal() or unit not in units or len(number) > 6:
            self.fail(f"{value!r} is not a length of time such as 26h, 90m, 60s or 3d", param, ctx)
        return timedelta(**{units[unit]: int(number)})


class Commands(click.Group):
    """A group whose list of commands has the whole first sentence of each; click cuts it to one line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Name and sentence, by name."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(limit=1_000)) for name, one in found if one])


config_option = click.option("--config", "config_path", type=click.Path(path_type=Path), help="Settings (TOML).")
verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help="Say what became of every file and how long each step took."
)
state_option = click.option(
    "--state", default="detector-state", show_default=True, type=click.Path(path_type=Path),
    envvar="DETECTOR_STATE", show_envvar=True, help="Directory for everything the detector keeps.",
)  # fmt: skip


def clock() -> datetime:
    """The time on the wall, in whole seconds. No other line of the program asks for it."""
    return datetime.now(UTC).replace(microsecond=0)


def console() -> "Console":
    """Where tables are printed: as wide as the terminal, and broad enough for any into a pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 150, highlight=False)


def fitting_table(
    rows: "Sequence[Mapping[str, str]]", width: int, folded: "Mapping[str, int]", giving_way: "Sequence[str]"
) -> "Table":
    """Rows of title -> cell on a screen this broad. Ids, the first column, are copied from here: rather than cut one,
    `folded` columns go on below (each has a least width), and those `giving_way` leave, the first one first, until the
    rest fits."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    from detector.documents.escaping import visible

    widths = {title: max(cell_len(visible(row[title])) for row in ({title: title}, *rows)) for title in rows[0]}
    needed = {title: min(each, folded.get(title, each)) for title, each in widths.items()}
    for title in giving_way:
        if sum(needed.values()) + 2 * len(needed) - 2 > width:
            needed.pop(title, None)
    spare = max(width - sum(needed.values()) - 2 * len(needed) + 2, 0)
    for title in needed:
        more = min(spare, widths[title] - needed[title])
        needed[title], spare = needed[title] + more, spare - more
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, (title, each) in enumerate(needed.items()):
        justify: Literal["left", "right"] = "right" if title in {"people", "sends", "extra"} else "left"
        table.add_column(
            title,
            width=each if place else None,  # of the ids not even a screen that is too small for them takes any
            min_width=each,
            justify=justify,
            no_wrap=title not in folded,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(visible(row[title])) for title in needed))
    return table


def require_state(state: Path) -> None:
    """A mistyped path is no state that has lost something. Raises ConfigError."""
    from detector.disk import no_state
    from detector.errors import ConfigError

    if not (state / "work").is_dir():
        raise ConfigError(no_state(state))


def config_with(path: Path | None, logs: tuple[Path, ...]) -> "Config":
    """The config, with the logs named on the command line instead of its own."""
    from detector.config import load_config
    from detector.errors import ConfigError

    config = load_config(path)
    if logs:
        config = config.reading(*logs)
    if not config.logs.paths:
        raise ConfigError(_nothing_to_read(path, config))
    return config


def _nothing_to_read(path: Path | None, config: "Config") -> str:
    """What to add; a mapping says how a table is read, not where it lies."""
    if path is None:
        return "Give log files or folders, or name them in the config under [logs] paths."
    named = [source.files for source in config.sources.values()]
    add = json.dumps(named or ["/var/log/mail.log"], ensure_ascii=False)
    why = "[sources] says how tables are read, not where they lie. " if named else ""
    return (
        f"{path} names no logs. {why}Give log files or folders on the command line, or add to it, with paths relative "
        f"to it:\n[logs]\npaths = {add}"
    )


def complain(what: str) -> None:
    """Say on stderr what a person must read; names out of a log may be in it, so nothing in it acts on a terminal."""
    from detector.documents.escaping import visible

    first, *others = (visible(line, 4000) for line in what.split("\n"))
    click.echo("\n".join([f"detector: {first}", *others]), err=True)
