"""How fast each bulk format is read, as a multiple of a bare DuckDB scan: `python3 dev.py bench formats`.

For each format, 60 MB of one month as that mailer logs it (`benchmark_logs`) go in turn through
  1. a bare scan: DuckDB reads the file into the columns that the format needs, as text, and takes count(*) and the
     greatest length of each, so that every byte is looked at. `read_json`, `read_csv` and `read_parquet` parse in doing
     so; a syslog line is just one column of text, which is why there is a second, fairer scan of it: one regular
     expression that cuts stamp, host, program, queue id and the rest. No scan types, judges, numbers or writes.
  2. ingest: `read_new_logs` into a fresh store: framing, parsing, one row per event on the disk, the ledger.
Each runs in a process of its own on the same two cores, its file in the page cache; the start of Python and imports are
not counted. Seconds swing on a shared machine, so rounds are interleaved and ratios of medians count.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmark import CORES, run

MOST_TIMES_SCAN = 3.0
LOGS = Path(__file__).with_name("benchmark_logs.py")

MEASURE = """
import json, resource, sys, time

def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime

def say(work):
    cpu, wall = used(), time.perf_counter()
    result = work()
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": used() - cpu, **result}))
"""

SCAN = (
    MEASURE
    + """
import duckdb
db = duckdb.connect(config={"threads": 2})
say(lambda: {"rows": db.execute(sys.argv[2], {"path": sys.argv[1]}).fetchone()[0]})
"""
)

INGEST = (
    MEASURE
    + """
from datetime import UTC, datetime
from pathlib import Path
from detector import ingest, store
from detector.config import Config, Logs

log, state = Path(sys.argv[1]), Path(sys.argv[2])
parts = {}

def timed(part, function):
    def call(*args, **kwargs):
        before = used()
        try:
            return function(*args, **kwargs)
        finally:
            parts[part] = parts.get(part, 0) + used() - before
    return call

for part, names in json.loads(sys.argv[3]).items():
    for name in names:
        setattr(ingest, name, timed(part, getattr(ingest, name)))

def work():
    config = Config(logs=Logs(paths=(log,)))
    with store.locked(state), store.open_store(state) as db:
        (tally,) = ingest.read_new_logs(db, config, datetime(2026, 11, 1, 2, tzinfo=UTC), state)
    if tally.problem or not tally.is_balanced:
        raise SystemExit(tally.problem)
    return {"rows": tally.records, "events": tally.events, "format": tally.format, "parts": parts}

say(work)
"""
)

PARTS = {
    "frame": ("sniff", "sha256_of", "frame"),
    "load": ("parquet_to_ndjson", "spool_table"),
    "parse": ("parse_file",),
    "count": ("_count_outcomes", "read_clock"),
    "write": ("_write",),
}
"""What ingest does in order -> the functions of `detector.ingest` that do it. Commit and checkpoint are the rest."""

_LINES = "read_csv($path, header = false, columns = {'line': 'VARCHAR'}, delim = chr(1), quote = '', escape = '', "
_LINES += "auto_detect = false)"
_TABLE = "read_csv($path, header = true, delim = ',', quote = '\"', escape = '\"', all_varchar = true)"
_SYSLOG = r"^(\w{3} [ \d]\d [\d:]{8}) (\S+) ([^\s\[:]+)(?:\[\d+\])?: (?:(\w+): )?(.*)$"
_EXIM = r"^([\d-]{10} [\d:.]+) (?:([\w-]+) )?(?:(<=|=>|->|==|\*\*) )?(?:(\S+) )?(.*)$"
_ROW = "timestamp event message_id sender recipient subject template organization size"
_TRACE = "Received MessageTraceId MessageId SenderAddress RecipientAddress Status Subject Size"
_SENDGRID = 'event email timestamp sg_message_id "smtp-id" category template_id client'
_SES = (
    'eventType mail.messageId mail."timestamp" mail.source mail.destination[1] mail.commonHeaders.subject '
    'mail.tags.template[1] mail.tags.client[1] delivery."timestamp" delivery.recipients[1] bounce."timestamp" '
    'bounce.bouncedRecipients[1].emailAddress deliveryDelay."timestamp" deliveryDelay.delayedRecipients[1].emailAddress'
)
_SES_COLUMNS = {
    "eventType": "VARCHAR",
    "mail": "STRUCT(messageId VARCHAR, timestamp VARCHAR, source VARCHAR, destination VARCHAR[], "
    "commonHeaders STRUCT(subject VARCHAR), tags STRUCT(template VARCHAR[], client VARCHAR[]))",
    "delivery": "STRUCT(timestamp VARCHAR, recipients VARCHAR[])",
    "bounce": "STRUCT(timestamp VARCHAR, bouncedRecipients STRUCT(emailAddress VARCHAR)[])",
    "deliveryDelay": "STRUCT(timestamp VARCHAR, delayedRecipients STRUCT(emailAddress VARCHAR)[])",
}
_MAILGUN = (
    '@."event" @.severity @.reason @."timestamp" @.recipient @.tags[1] @.message.headers."message-id" '
    '@.message.headers."from" @.message.headers.subject @.message.size @."user-variables".client'
).replace("@", '"event-data"')
_MAILGUN_COLUMNS = {
    "event-data": "STRUCT(event VARCHAR, severity VARCHAR, reason VARCHAR, timestamp VARCHAR, recipient VARCHAR, "
    'tags VARCHAR[], message STRUCT(headers STRUCT("message-id" VARCHAR, "from" VARCHAR, subject VARCHAR), '
    'size VARCHAR), "user-variables" STRUCT(client VARCHAR))'
}


def _scan(source: str, columns: str) -> str:
    lengths = ", ".join(f"max(length({column}))" for column in columns.split())
    return f"select count(*), {lengths} from {source}"


def _objects(columns: str, types: Mapping[str, str] | None = None) -> str:
    named = types or {name.strip('"'): "VARCHAR" for name in columns.split()}
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in named.items())
    source = f"read_json($path, format = 'newline_delimited', columns = {{{listed}}})"
    return _scan(source, columns)


def _cut(pattern: str) -> str:
    names = [f"p{number}" for number in range(1, 6)]
    source = f"(select regexp_extract(line, '{pattern}', {names}) as h from {_LINES})"
    return _scan(source, " ".join(f"h.{name}" for name in names))


SCANS = {
    "postfix": _scan(_LINES, "line"),
    "exim": _scan(_LINES, "line"),
    "ses": _objects(_SES, _SES_COLUMNS),
    "sendgrid": _objects(_SENDGRID),
    "csv": _scan(_TABLE, _ROW),
    "jsonl": _objects(_ROW),
    "parquet": _scan("read_parquet($path)", _ROW),
    "sendmail": _scan(_LINES, "line"),
    "mailgun": _objects(_MAILGUN, _MAILGUN_COLUMNS),
    "m365": _scan(_TABLE, _TRACE),
}
"""Format -> the bare scan of its bytes. The order of the table."""

CUTS = {"postfix": _cut(_SYSLOG), "exim": _cut(_EXIM), "sendmail": _cut(_SYSLOG)}
"""Format of lines -> the scan that cuts them."""


@dataclass
class Measured:
    """One format's log, and what each round took."""

    log: Path
    costs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def median(self, name: str, what: str) -> float:
        """Median of the rounds of "scan", "cut" or "ingest"."""
        return float(median(cost[what] for cost in self.costs[name]))

    def factor(self, what: str, under: str = "scan") -> float:
        """How many times the scan's time ingest takes."""
        return self.median("ingest", what) / self.median(under, what)


def main(argv: Sequence[str]) -> int:
    """Write the logs, run the rounds, print the table."""
    options = _options(argv)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    os.environ["PYTHONPATH"] = str(LOGS.parent.parent)
    work = Path(tempfile.mkdtemp(prefix="detector-bench-"))
    try:
        print(f"writing {options.megabytes:g} MB of each: {', '.join(options.formats)} ...", flush=True)
        found = {name: Measured(make_log(name, options, work)) for name in options.formats}
        for number in range(1, options.rounds + 1):
            for name, measured in found.items():
                run_once(name, measured, work)
            print(f"round {number} of {options.rounds}: load {os.getloadavg()[0]:.1f}", flush=True)
        report(found)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench formats", description=(__doc__ or "?").splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=60, help="of each log (default 60)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run (default 3)")
    parser.add_argument("--formats", nargs="+", choices=SCANS, default=list(SCANS), help="only these")
    parser.add_argument("--logs", type=Path, help="a folder that keeps the logs for another time")
    return parser.parse_args(argv)


def make_log(name: str, options: argparse.Namespace, work: Path) -> Path:
    """One log, made in a child: a child's peak memory is never less than its parent's was."""
    folder = options.logs or work
    folder.mkdir(exist_ok=True)
    log = Path(folder / f"{name}-{options.megabytes:g}.log")
    if not log.exists():
        run([sys.executable, LOGS, name, log, str(options.megabytes)])
    return log


def run_once(name: str, measured: Measured, work: Path) -> None:
    """Scan, cut, ingest, one after the other, so that whatever else the machine does hits all alike."""
    state = work / "state"
    shutil.rmtree(state, ignore_errors=True)
    runs = {"scan": [SCAN, measured.log, SCANS[name]]}
    if name in CUTS:
        runs["cut"] = [SCAN, measured.log, CUTS[name]]
    runs["ingest"] = [INGEST, measured.log, state, json.dumps(PARTS)]
    for kind, (script, *arguments) in runs.items():
        cost = run([sys.executable, "-P", "-c", script, *arguments])  # -P: not the code of another folder
        measured.costs.setdefault(kind, []).append(json.loads(cost.output.splitlines()[-1]) | {"mib": cost.mib})


def report(found: Mapping[str, Measured]) -> None:
    """A row per format; below it, where the CPU time of ingest goes."""
    print(
        f"\n{'':9} {'':>6} {'':>8} {'':>8} {'CPU s':^22} {'times scan':^13} {'times cut':^9} {'peak MiB':>8}\n"
        f"{'format':9} {'MB':>6} {'records':>8} {'events':>8} {'scan':>6} {'cut':>6} {'ingest':>8} "
        f"{'CPU':>6} {'wall':>6} {'CPU':>9} {'ingest':>8}"
    )
    for name, one in found.items():
        last = one.costs["ingest"][-1]
        cut = f"{one.median('cut', 'cpu'):6.2f}" if "cut" in one.costs else f"{'-':>6}"
        times_cut = f"{one.factor('cpu', 'cut'):9.1f}" if "cut" in one.costs else f"{'-':>9}"
        print(
            f"{name:9} {one.log.stat().st_size / 1e6:6.1f} {last['rows']:8,} {last['events']:8,} "
            f"{one.median('scan', 'cpu'):6.2f} {cut} {one.median('ingest', 'cpu'):8.2f} {one.factor('cpu'):6.1f} "
            f"{one.factor('wall'):6.1f} {times_cut} {one.median('ingest', 'mib'):8.0f}"
        )
    print(f"\nwhere ingest's CPU s go{'':6}" + "".join(f"{part:>8}" for part in (*PARTS, "rest")))
    for name, one in found.items():
        shares = {part: median(cost["parts"].get(part, 0.0) for cost in one.costs["ingest"]) for part in PARTS}
        shares["rest"] = one.median("ingest", "cpu") - sum(shares.values())
        print(f"{name:29}" + "".join(f"{seconds:8.2f}" for seconds in shares.values()))
    slower = [name for name, one in found.items() if one.factor("cpu") > MOST_TIMES_SCAN]
    print(f"\nslower than {MOST_TIMES_SCAN:g} times the bare scan (CPU): {', '.join(slower) or 'none'}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
