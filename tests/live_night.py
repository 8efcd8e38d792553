"""The founding night as it happens: a mail system that writes its log while the clock runs, into a file that is rotated
in the middle of the burst and ends in half a line whenever somebody looks; and a watch that looks at it, with a brake
that stops the loop. Time is accelerated; files, pipeline and brake are the real ones.
"""

import gzip
import json
import re
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isnan, nan
from pathlib import Path
from statistics import median
from time import perf_counter

from detector.case_record import CaseRecord
from detector.chronicle import read_cases
from detector.config import load_config
from detector.simulate import simulate
from detector.watch import Shell, begin, look

MONTH = timedelta(days=31)
TAKES = timedelta(seconds=10)
"""So long the loop is given to go on after a look has begun that ends in the brake."""
BRAKE = "import json, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(json.load(sys.stdin)['incident']['template'])"
"""A brake as a team might write it: it leaves word for the queue."""
_QUEUE_ID = re.compile(r"postfix/\w+\[\d+\]: (\w+): ")
_TO = re.compile(r"to=<([^>]*)>, relay=")


@dataclass(frozen=True)
class Line:
    """A line of the log: when it is written, and which mail it is about ("" if none)."""

    at: datetime
    text: str
    mail: str


@dataclass
class MailSystem:
    """Writes its log as far as the clock has come, and sends nothing of the loop once its queue is paused."""

    log: Path
    header: str
    lines: list[Line]
    burst: dict[str, str]
    """Mail of the loop -> recipient, the first copies included."""
    rotate_at: datetime
    paused: Path
    """Is there when the queue is to pause."""
    written: int = 0
    begun: set[str] = field(default_factory=set)
    """Mails of the loop that went out."""
    half: str = ""

    def go_on(self, until: datetime, *, is_paused: bool) -> None:
        """Write what happens until then; of the last line only half."""
        text = self.half
        while self.written < len(self.lines) and self.lines[self.written].at <= until:
            line = self.lines[self.written]
            if line.at >= self.rotate_at and not self.rotated.exists():
                self._append(text)
                text = ""
                self.log.rename(self.rotated)
                self._append(self.header)
            if line.mail in self.burst and not is_paused:
                self.begun.add(line.mail)
            text += line.text if line.mail in self.begun or line.mail not in self.burst else ""
            self.written += 1
        cut = len(text) - len(text[text[:-1].rfind("\n") + 1 :]) // 2
        self._append(text[:cut])
        self.half = text[cut:]

    @property
    def rotated(self) -> Path:
        return self.log.with_name(f"{self.log.name}.1")

    @property
    def extra_so_far(self) -> float:
        """Extra copies that the median person of the loop has got."""
        copies = Counter(self.burst[mail] for mail in self.begun)
        return median(copies[person] - 1 for person in set(self.burst.values()))

    def _append(self, text: str) -> None:
        with self.log.open("ab") as file:
            file.write(text.encode())


@dataclass(frozen=True)
class Outcome:
    """What came of a night under watch."""

    looks: int
    seconds: float
    """What all the looks took."""
    extra_at_stop: float
    """Extra copies that the median person of the loop had when the queue was paused."""
    would_be: int
    """Mails of the loop, had nobody stopped it."""
    stopped: int
    """Of these, mails that never went out."""
    said: tuple[str, ...]
    complaints: tuple[str, ...]
    record: CaseRecord

    @property
    def share_stopped(self) -> float:
        return self.stopped / self.would_be


def mail_system(folder: Path, kind: str, seed: int, history: timedelta) -> MailSystem:
    """The founding night and so much of the month before it as one stream of lines; the log is rotated when two rounds
    are out."""
    simulated = folder / "simulated"
    simulate("founding-night", format=kind, seed=seed, out=simulated)
    truth = json.loads((simulated / "truth.json").read_text(encoding="utf-8"))
    (fault,) = (burst for burst in truth["bursts"] if burst["is_fault"])
    header, lines = _stream(simulated, kind)
    people = {person["recipient"] for person in fault["affected"]}
    first, last = (datetime.fromisoformat(fault[name]) for name in ("first_sent_at", "ended_at"))
    begins: dict[str, datetime] = {}
    for line in lines:
        begins.setdefault(line.mail, line.at)
    to = {line.mail: _recipient(line, kind) for line in lines if _recipient(line, kind) in people}
    burst = {mail: person for mail, person in to.items() if first <= begins[mail] <= last}
    live = folder / "live"
    live.mkdir()
    log = live / ("outbox.csv" if kind == "plain" else "mail.log")
    log.write_text(header, encoding="utf-8")
    rotate_at = datetime.fromisoformat(fault["started_at"]) + timedelta(seconds=20)
    lines = [line for line in lines if line.at >= rotate_at - history]
    return MailSystem(log, header, lines, burst, rotate_at, folder / "paused")


def _stream(simulated: Path, kind: str) -> tuple[str, list[Line]]:
    header, lines = "", []
    for path in simulated.iterdir():
        if path.name == "truth.json":
            continue
        with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
            if kind == "plain":
                header = next(file)
            lines += [_line(text, kind) for text in file]
    shutil.rmtree(simulated)
    return header, sorted(lines, key=lambda line: line.at)


def _line(text: str, kind: str) -> Line:
    if kind == "plain":
        stamp, _, mail, _ = text.split(",", 3)
    else:
        stamp, mail = text.split(" ", 1)[0], next(iter(_QUEUE_ID.findall(text)), "")
    return Line(datetime.fromisoformat(stamp), text, mail)


def _recipient(line: Line, kind: str) -> str:
    return line.text.split(",", 5)[4] if kind == "plain" else next(iter(_TO.findall(line.text)), "")


def play(folder: Path, kind: str, every: timedelta, seed: int = 7, history: timedelta = MONTH) -> Outcome:
    """Watch the founding night from two minutes before its first mail until it is seen to be over."""
    system = mail_system(folder, kind, seed, history)
    config = _config(folder, system)
    now = system.rotate_at - timedelta(minutes=4)
    ends, extra = now + timedelta(hours=3), nan
    said: list[str] = []
    complaints: list[str] = []
    shell = Shell(
        lambda: load_config(config), config, folder / "state", lambda: now, is_stopping=lambda: False,
        say=said.append, complain=complaints.append,
    )  # fmt: skip
    memory, looks, seconds = begin(shell), 0, 0.0
    while now < ends:
        system.go_on(now, is_paused=system.paused.exists())
        started = perf_counter()
        memory = look(memory, shell)
        looks, seconds = looks + 1, seconds + perf_counter() - started
        if isnan(extra) and system.paused.exists():
            system.go_on(now + TAKES, is_paused=False)
            extra = system.extra_so_far
        now += every if isnan(extra) else timedelta(minutes=30)
    (record,) = read_cases(folder / "state" / "incidents").records.values()
    stopped = len(system.burst) - len(system.begun)
    return Outcome(looks, seconds, extra, len(system.burst), stopped, tuple(said), tuple(complaints), record)


def _config(folder: Path, system: MailSystem) -> Path:
    """A pattern that the rotation moves through, alerts to the folder only, and the brake."""
    path = folder / "detector.toml"
    command = json.dumps([sys.executable, "-c", BRAKE, str(system.paused)])
    path.write_text(f"[logs]\npaths = ['{system.log}*']\n[brake]\ncommand = {command}\n", encoding="utf-8")
    return path
