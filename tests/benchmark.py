"""How long a whole cold night takes on a big month of Postfix log, and what for: `python3 dev.py bench`.

The same month, some 550,000 sends in one plain file, goes in turn through
  1. a bare DuckDB script: scans, regex-parses and joins the lines into sends; keeps, detects and writes nothing;
  2. `pflogsumm`, the log summariser that Debian ships;
  3. `detector nightly` with a fresh state: ledger, store, detection, snapshot, report, incident folders.
Each runs in a process of its own on the same two cores, its file in the page cache. Seconds swing on a shared machine,
so rounds are interleaved and ratios of medians count. Exit code 1 if a result is wrong; a missed goal is only said.
"""

import argparse
import gzip
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

CORES = 2
SEED = 1
AS_OF = "2026-11-01T02:00:00Z"
MOST_TIMES_BARE = 2.0
LEAST_TIMES_FASTER_THAN_PFLOGSUMM = 3.0
MOST_MIB = 2048
BARE, PFLOGSUMM, NIGHTLY = "bare DuckDB script", "pflogsumm", "detector nightly"
STEPS_WORTH_A_LINE = 0.10

SIMULATE = """
import sys
from pathlib import Path
from detector.simulate import PostfixStyle, simulate
out, stamps, seed = sys.argv[1:]
simulate("big-month", format="postfix", seed=int(seed), out=Path(out), style=PostfixStyle(stamps=stamps))
"""

BARE_SCRIPT = r"""
import sys
import duckdb

header = (
    r"^([A-Z][a-z]{2} [ \d]\d [\d:]{8}|\d{4}-\d\d-\d\dT\S+) (\S+) postfix/(\w+)\[\d+\]: ([0-9A-Za-z]{6,20}): (.*)$"
)
queued = r"^from=<([^>]*)>, size=(\d+)"
delivery = r"^to=<([^>]*)>, (?:orig_to=<[^>]*>, )?relay=([^,]+), .*dsn=([\d.]+), status=(\w+)"

db = duckdb.connect()
db.execute("set timezone = 'UTC'; set threads = 2; set enable_progress_bar = false")
db.execute(
    '''
    create temp table entries as
    select h.host || ' ' || h.queue_id as message, h.rest as rest,
      coalesce(try_strptime('2026 ' || h.stamp, '%Y %b %d %H:%M:%S'), try_cast(h.stamp as timestamp)) as logged_at
    from (
      select regexp_extract(line, $header, ['stamp', 'host', 'service', 'queue_id', 'rest']) as h
      from read_csv($log, header = false, columns = {'line': 'VARCHAR'}, delim = chr(1), quote = '', escape = '',
        auto_detect = false)
    )
    where h.queue_id <> ''
    ''',
    {"header": header, "log": sys.argv[1]},
)
db.execute(
    '''
    create temp table sends as
    with arrivals as (
      select message, min(logged_at) as sent_at from entries where starts_with(rest, 'client=') group by message
    ), envelopes as (
      select message, any_value(regexp_extract(rest, $queued, ['sender', 'size'])) as envelope
      from entries where starts_with(rest, 'from=<') group by message
    ), attempts as (
      select message, logged_at, regexp_extract(rest, $delivery, ['recipient', 'relay', 'dsn', 'status']) as attempt
      from entries where starts_with(rest, 'to=<')
    ), deliveries as (
      select message, attempt.recipient as recipient, count(*) as attempts, arg_max(attempt.status, logged_at) as status
      from attempts group by message, attempt.recipient
    )
    select a.sent_at, d.recipient, e.envelope.sender as sender, cast(e.envelope.size as bigint) as size, d.status,
      d.attempts
    from deliveries as d
    join envelopes as e on e.message = d.message
    join arrivals as a on a.message = d.message
    ''',
    {"queued": queued, "delivery": delivery},
)
per_recipient = db.execute("select recipient, count(*) from sends group by recipient order by 2 desc, 1").fetchall()
print(sum(sends for _, sends in per_recipient), len(per_recipient))
"""

FRAME = """
import sys
from pathlib import Path
from time import perf_counter
from detector.framings import frame, sniff
log, spool = Path(sys.argv[1]), Path(sys.argv[2])
started = perf_counter()
frame(log, sniff(log).framing, spool)
print(perf_counter() - started)
"""


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    wall: float
    cpu: float
    mib: float
    output: str = ""
    steps: tuple[tuple[str, float], ...] = ()
    """For each line on stderr: its first words, and the seconds since the line before."""


@dataclass
class Bench:
    """The month at hand, where results go, and what was measured."""

    log: Path
    work: Path
    truth: dict[str, Any] | None
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Make the month, run the rounds, say what came out."""
    options = _options()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent)
    work = Path(tempfile.mkdtemp(prefix="detector-bench-"))
    try:
        log = options.log.resolve() if options.log else make_month(work / "month", options.stamps)
        truth_path = log.with_name("truth.json")
        truth = json.loads(truth_path.read_text(encoding="utf-8")) if truth_path.exists() else None
        bench = Bench(log, work, truth)
        describe(bench)
        run_rounds(bench, options.rounds)
        report(bench)
        break_down(bench)
        check(bench)
    finally:
        if options.keep:
            print(f"\nkept: {work}   (the same month again: --log {log})")
        else:
            shutil.rmtree(work, ignore_errors=True)
    return 1 if bench.wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run (default 3)")
    parser.add_argument("--stamps", choices=("traditional", "iso"), default="traditional", help="how lines begin")
    parser.add_argument("--log", type=Path, help="a log made earlier (--keep); truth.json lies beside it")
    parser.add_argument("--keep", action="store_true", help="leave the month and the last state where they are")
    return parser.parse_args()


def make_month(folder: Path, stamps: str) -> Path:
    """The big month as one plain file, made in a child: a child's peak memory is never less than its parent's was."""
    print(f"writing the big month (seed {SEED}, {stamps} stamps) ...", flush=True)
    subprocess.run([sys.executable, "-c", SIMULATE, folder, stamps, str(SEED)], check=True)
    log = folder / "whole-month"
    ages = sorted(folder.glob("mail.log.*"), key=lambda path: -int(path.name.split(".")[2]))
    with log.open("wb") as out:
        for part in (*ages, folder / "mail.log"):
            with gzip.open(part) if part.suffix == ".gz" else part.open("rb") as lines:
                shutil.copyfileobj(lines, out, 1 << 20)
            part.unlink()
    return log.rename(folder / "mail.log")


def describe(bench: Bench) -> None:
    """Machine and month; reading the file here also brings it into the page cache."""
    with bench.log.open("rb") as log:
        blocks = iter(lambda: log.read(1 << 20), b"")
        lines = sum(block.count(b"\n") for block in blocks)
    sends = f"{bench.truth['totals']['sends']:,} sends" if bench.truth else "no truth.json beside it"
    print(f"month: {bench.log.stat().st_size / 1e6:.0f} MB, {lines:,} lines, {sends}")
    python, load = platform.python_version(), os.getloadavg()[0]
    print(f"machine: {CORES} of {os.cpu_count()} cores, load {load:.1f}, Python {python}", flush=True)


def run_rounds(bench: Bench, rounds: int) -> None:
    """A B C, A B C, ...: whatever else the machine does hits all alike."""
    runs: dict[str, Callable[[], Cost]] = {
        BARE: lambda: run([sys.executable, "-c", BARE_SCRIPT, bench.log]),
        PFLOGSUMM: lambda: run(["pflogsumm", bench.log]),
        NIGHTLY: lambda: run_nightly(bench),
    }
    if not shutil.which("pflogsumm"):
        print("pflogsumm is not installed, so its row is missing. On Debian or Ubuntu: apt-get install pflogsumm")
        del runs[PFLOGSUMM]
    for number in range(1, rounds + 1):
        for name, once in runs.items():
            cost = once()
            bench.costs.setdefault(name, []).append(cost)
            figures = f"{cost.wall:6.2f} s wall {cost.cpu:6.2f} s CPU {cost.mib:6.0f} MiB"
            print(f"round {number}: {name:18} {figures}", flush=True)


def run_nightly(bench: Bench) -> Cost:
    """The whole night from nothing."""
    state = bench.work / "state"
    shutil.rmtree(state, ignore_errors=True)
    command = [sys.executable, "-m", "detector", "nightly", "-v", bench.log, "--state", state, "--as-of", AS_OF]
    return run(command)


def run(command: Sequence[str | Path]) -> Cost:
    """Run a process to its end; its own and its children's user and system time, and its peak of resident memory."""
    steps, talk = [], []
    with tempfile.TemporaryFile("w+") as out:
        started = last = perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True)
        for line in process.stderr or ():
            now = perf_counter()
            steps.append((line.strip(), now - last))
            talk.append(line)
            last = now
        _, status, used = os.wait4(process.pid, 0)
        ended = perf_counter()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command[0]} {command[1]} left with {process.returncode}:\n{''.join(talk[-20:])}")
        steps.append(("until the process ends", ended - last))
        out.seek(0)
        return Cost(ended - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.read(), tuple(steps))


def report(bench: Bench) -> None:
    """Every figure, then the ratios and the goals."""
    print(f"\n{'min / median / max':20} {'wall s':>22} {'CPU s (user + system)':>24} {'peak MiB':>22}")
    for name, costs in bench.costs.items():
        cells = [_spread([getattr(cost, what) for cost in costs], digits) for what, digits in _MEASURES]
        print(f"{name:20} {cells[0]:>22} {cells[1]:>24} {cells[2]:>22}")
    print("\nratios of medians")
    wall, cpu = _ratios(bench, NIGHTLY, BARE)
    print(f"  nightly / bare script   wall {wall:5.2f}   CPU {cpu:5.2f}")
    _verdict(f"at most {MOST_TIMES_BARE:g} x the bare script's wall time: {wall:.2f}", wall <= MOST_TIMES_BARE)
    if PFLOGSUMM in bench.costs:
        wall, cpu = _ratios(bench, PFLOGSUMM, NIGHTLY)
        least = LEAST_TIMES_FASTER_THAN_PFLOGSUMM
        print(f"  pflogsumm / nightly     wall {wall:5.2f}   CPU {cpu:5.2f}")
        _verdict(f"at least {least:g} x faster than pflogsumm (wall): {wall:.2f}", wall >= least)
    peak = max(cost.mib for cost in bench.costs[NIGHTLY])
    _verdict(f"peak memory under {MOST_MIB} MiB: {peak:.0f}", peak < MOST_MIB)


_MEASURES = (("wall", 2), ("cpu", 2), ("mib", 0))


def _spread(values: Sequence[float], digits: int) -> str:
    return " / ".join(f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))


def _ratios(bench: Bench, over: str, under: str) -> tuple[float, float]:
    """Ratio of the medians, of wall time and of CPU time."""
    slow, fast = bench.costs[over], bench.costs[under]
    wall = median(cost.wall for cost in slow) / median(cost.wall for cost in fast)
    return wall, median(cost.cpu for cost in slow) / median(cost.cpu for cost in fast)


def _verdict(goal: str, is_met: bool) -> None:
    print(f"  {'GOAL MET' if is_met else 'GOAL MISSED':12} {goal}")


def break_down(bench: Bench) -> None:
    """Where the time of the fastest night went: between the lines of `nightly -v`, and two parts measured alone."""
    night = min(bench.costs[NIGHTLY], key=lambda cost: cost.wall)
    print(f"\nwhere the fastest night's {night.wall:.2f} s went (until each line of `nightly -v` came)")
    small = 0.0
    for text, seconds in night.steps:
        if seconds < STEPS_WORTH_A_LINE:
            small += seconds
        else:
            print(f"  {seconds:6.2f} s  {text[:110]}")
    print(f"  {small:6.2f} s  all steps under {STEPS_WORTH_A_LINE:g} s together")
    imports = min(run([sys.executable, "-c", "import detector.nightly"]).wall for _ in range(3))
    framing = float(run([sys.executable, "-c", FRAME, bench.log, bench.work / "spool"]).output)
    (bench.work / "spool").unlink()
    print(f"alone: Python's start and the night's imports {imports:.2f} s; framing the file {framing:.2f} s")
    timed = run([sys.executable, "-X", "importtime", "-c", "import detector.nightly"]).steps
    rows = [text.removeprefix("import time:").split("|") for text, _ in timed if text.count("|") == 2]
    slowest = sorted(((int(own), name.strip()) for own, _, name in rows if own.strip().isdigit()), reverse=True)[:6]
    print("slowest imports by themselves: " + ", ".join(f"{name} {us / 1000:.0f} ms" for us, name in slowest))


def check(bench: Bench) -> None:
    """Fast and wrong would be worth nothing: every count against the simulator's truth."""
    if not bench.truth:
        print("\nno truth.json beside the log, so the results were not checked")
        return
    print("\nresults")
    totals = bench.truth["totals"]
    expected = f"{totals['sends']} {totals['recipients']}"
    for cost in bench.costs[BARE][:1]:
        _must(bench, f"the bare script counts sends and recipients: {expected}", cost.output.strip(), expected)
    _must(bench, f"nightly's snapshot counts sends and recipients: {expected}", _snapshot_counts(bench), expected)
    faults = [_figures(burst) for burst in bench.truth["bursts"] if burst["is_fault"]]
    found = json.loads(next((bench.work / "state" / "reports").glob("*/incidents.json")).read_text(encoding="utf-8"))
    incidents = [_figures(incident) for incident in found["incidents"]]
    for fault in faults:
        _must(bench, f"nightly finds the {fault['cause']}, figure by figure", fault in incidents, True)
    others = [i["cause"] + f" ({i['sends']} sends to {i['recipients']})" for i in incidents if i not in faults]
    _must(bench, "nightly finds nothing else", ", ".join(others), "")


def _snapshot_counts(bench: Bench) -> str:
    count = (
        "import sys, pathlib, detector.store as s; db = s.open_snapshot(pathlib.Path(sys.argv[1])); "
        "print(*db.execute('select count(*), count(distinct recipient) from sends').fetchone())"
    )
    return run([sys.executable, "-c", count, bench.work / "state"]).output.strip()


def _figures(burst: dict[str, Any]) -> dict[str, Any]:
    """What an incident and a burst of the truth have in common; to the second, as traditional stamps are."""
    names = ("cause", "recipients", "sends", "excess", "copies_min", "copies_median", "copies_max")
    return {name: burst[name] for name in names} | {name: burst[name][:19] for name in ("started_at", "ended_at")}


def _must(bench: Bench, what: str, found: object, expected: object) -> None:
    if found == expected:
        print(f"  RIGHT  {what}")
    else:
        print(f"  WRONG  {what}; found: {found}")
        bench.wrong.append(what)


if __name__ == "__main__":
    raise SystemExit(main())
