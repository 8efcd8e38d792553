"""Settings from one TOML file, typed; an unknown key is refused and the nearest known key is named.

Everything has a default: `detector nightly LOGS...` works with no config at all.
"""

import difflib
import re
import tomllib
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from detector.channel_settings import Channels, Heartbeat, Section
from detector.errors import ConfigError

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])([0-9]{1,2})(?::?00)?")


def zone_name(value: str) -> str:
    """The name of the time zone that is meant, also by an offset in whole hours; raises ValueError if none is."""
    offset = _OFFSET.fullmatch(value)
    # a name says how far UTC is from there, so its sign is the other one: "+11:00" is Etc/GMT-11
    name = f"Etc/GMT{'-' if offset[1] == '+' else '+'}{int(offset[2])}" if offset else value
    try:
        zone: tzinfo = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(
            f"{value!r} is not a time zone; use a name such as 'Europe/Berlin', 'Asia/Kolkata' or 'UTC', or an offset "
            "in whole hours such as '+11:00'"
        ) from error
    return str(zone)


Zone = Annotated[str, AfterValidator(zone_name)]


class Organizations(Section):
    """`[organizations]`: which recipient domains belong to which client."""

    domains: dict[str, str] = Field(default_factory=dict)
    """domain -> client name; wins over the domain itself, loses to an explicit column in the log."""
    free_mail: tuple[str, ...] = ()
    """Further domains that never form an organization (the well-known ones are built in)."""


class Source(Section):
    """`[sources.NAME]`: a mapping for a table (CSV, JSONL, Parquet) whose columns have other names."""

    files: str = "*"
    """Glob on the file's name; the mapping is tried on files that match."""
    columns: dict[str, str] = Field(default_factory=dict)
    """our name (timestamp, recipient, event, ...) -> column name in the file."""
    zone: Zone = "UTC"
    """Time zone of stamps that carry none, such as "Europe/Berlin"."""
    time_format: str | None = None
    """strptime format of the timestamp column if it is not ISO 8601 or an epoch."""
    sent_words: tuple[str, ...] = ()
    """Further values of the event column that mean "sent"."""
    words: dict[str, Literal["sent", "queued", "delivered", "deferred", "bounced", "dropped", "ignored"]] = Field(
        default_factory=dict
    )
    """value of the event column -> what it means, such as `{ "0" = "sent", "1" = "dropped", "2" = "queued" }`; `"*"` is
    every value that nobody knows."""
    identity: Literal["stream", "event_id", "export"] | None = None
    """What makes two records the same one, if the format is wrong about it; see `detector.formats`."""


class Logs(Section):
    """`[logs]`: what to read, and how to read stamps that do not tell everything."""

    paths: tuple[Path, ...] = ()
    """Files, folders and patterns such as `mail.log*`, read when none are given on the command line; relative to the
    config file."""
    zone: Zone = "UTC"
    """Time zone of syslog stamps that carry none."""
    year: int | None = None
    """Year of the last line of syslog files without a year; default: the latest year that is not in the future."""
    archives: tuple[str, ...] | None = None
    """Addresses to which a copy of other people's mail goes (`always_bcc`, journals), whose mail is not counted.
    Default: those that ride along in nearly everything a sender writes, which is said; an empty list: there are none.
    """


class Roster(Section):
    """`[roster]`: who enrolled in what, so that it is known how many copies of a mail were due."""

    files: tuple[Path, ...] = ()
    """Tables with a row per enrolment; relative to the config file."""
    mails: tuple[str, ...] = ("*welcome*",)
    """Which mails are due once for each enrolment: globs on template, subject or sender."""
    columns: dict[Literal["enrolled_at", "recipient", "course", "organization"], str] = Field(default_factory=dict)
    """our name -> column name in the files, where the names do not tell."""
    zone: Zone = "UTC"
    """Time zone of stamps that carry none."""
    time_format: str | None = None
    """strptime format of enrolled_at if it is not ISO 8601 or an epoch."""


class Detection(Section):
    """`[detection]`: how sure to be, and when silence means stopped."""

    alarm_log10: float = Field(default=6.0, gt=0, allow_inf_nan=False)
    """Alarm line: log10 of how much better "a fault" must explain the repeats than "the usual"."""
    single_recipient_copies: int = Field(default=10, ge=3)
    """This many copies of one mail to one person in a day is an incident whatever the statistics say, unless
    somebody got a fifth as many of the template on another day or at another address."""
    stale_after_hours: float = Field(default=26.0, gt=0, allow_inf_nan=False)
    """A log whose newest mail is older than this at as-of cannot tell whether a burst is still going on."""

    @property
    def stale_after(self) -> timedelta:
        """The same as a span of time."""
        return timedelta(hours=self.stale_after_hours)


class Client(Section):
    """`[clients.NAME]`: how to address the person at the client; every field may stay empty."""

    contact: str = ""
    salutation: str = ""
    phone: str = ""
    email: str = ""
    language: Literal["en", "de"] = "en"
    """Of the letter, the note and the words for the telephone."""
    zone: Zone = "UTC"
    """Time zone of the times in the letter, such as "Europe/Berlin"."""
    teams: dict[str, str] = Field(default_factory=dict)
    """domain of the addresses -> the team's name, for a client whose teams have domains of their own."""


class Us(Section):
    """`[us]`: who writes the letter."""

    name: str = ""
    signatory: str = ""
    role: str = ""
    phone: str = ""


class Brake(Section):
    """`[brake]`: a command of yours that pauses what sends the mail. Without this section nothing is ever run."""

    command: tuple[str, ...] = Field(min_length=1)
    """Program (an absolute path: a timer's PATH is short) and arguments, started without a shell; it reads the
    incident as JSON on its standard input."""
    severity: Literal["minor", "serious", "grave"] = "serious"
    """How grave an incident must be."""
    timeout_seconds: float = Field(default=30.0, gt=0, le=600, allow_inf_nan=False)
    """Then it is killed, with everything that it has started."""
    release: str = ""
    """How people let go of it again, in words; alert and brief repeat them."""


class Config(Section):
    """The whole of detector.toml."""

    logs: Logs = Logs()
    sources: dict[str, Source] = Field(default_factory=dict)
    organizations: Organizations = Organizations()
    roster: Roster = Roster()
    detection: Detection = Detection()
    clients: dict[str, Client] = Field(default_factory=dict)
    us: Us = Us()
    channels: Channels = Channels()
    heartbeat: Heartbeat | None = None
    brake: Brake | None = None

    def reading(self, *paths: Path) -> Self:
        """The same with these logs instead of its own."""
        return self.model_copy(update={"logs": self.logs.model_copy(update={"paths": paths})})


def mappings_in(path: Path) -> dict[str, str]:
    """Name -> `files` of each `[sources.NAME]` in a TOML file, whatever else it says; none if it cannot be read."""
    try:
        sources = tomllib.loads(path.read_text(encoding="utf-8")).get("sources")
    except (OSError, ValueError):
        return {}
    tables = sources.items() if isinstance(sources, dict) else ()
    return {name: str(table.get("files", "*")) for name, table in tables if isinstance(table, dict)}


def load_config(path: Path | None) -> Config:
    """Read and check a TOML file; None gives the defaults. Raises ConfigError naming file, key and remedy."""
    if path is None:
        return Config()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}). Give an existing file with --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML ({error}).") from error
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(path, raw, problem) for problem in error.errors())) from error
    here = path.resolve().parent
    logs = config.logs.model_copy(update={"paths": tuple(here / p for p in config.logs.paths)})
    alerts = config.channels.folder.path
    folder = config.channels.folder.model_copy(update={"path": alerts and here / alerts})
    secrets = config.channels.secrets
    channels = config.channels.model_copy(update={"folder": folder, "secrets": secrets and here / secrets})
    roster = config.roster.model_copy(update={"files": tuple(here / p for p in config.roster.files)})
    return config.model_copy(update={"logs": logs, "channels": channels, "roster": roster})


def _explain(path: Path, raw: dict[str, Any], problem: Any) -> str:
    """One line for one pydantic error: file, section, key, and the nearest key if it is unknown."""
    *section, key = (str(part) for part in problem["loc"]) if problem["loc"] else ("",)
    where = f"{path}: [{'.'.join(section)}] {key}" if section else f"{path}: {key}"
    if problem["type"] != "extra_forbidden":
        return f"{where}: {problem['msg']}."
    known = _known_keys(section)
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"Nearest: {near[0]}." if near else f"Known here: {', '.join(known)}."
    return f"{where} is not a setting. {hint}"


def _known_keys(section: list[str]) -> list[str]:
    """The keys of the section a dotted path leads to."""
    model: type[BaseModel] = Config
    names: dict[str, type[Section]] = {"sources": Source, "clients": Client}
    for depth, part in enumerate(section):
        if depth == 0 and part in names and len(section) > 1:
            return sorted(f.alias or n for n, f in names[part].model_fields.items())
        annotation = model.model_fields[part].annotation
        options = [annotation, *getattr(annotation, "__args__", ())]
        model = next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), model)
    return sorted(f.alias or n for n, f in model.model_fields.items())
