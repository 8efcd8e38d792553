"""How the cost of a night grows with the log: `python3 dev.py bench scale [MILLIONS ...]`, 1 and 3 unless told.

For each size a table of 60 days is made: nine kinds of mail, single and to cohorts, and one founding night. Then, in a
process of its own each, on two cores:
  1. a cold `detector nightly`, with its peak memory;
  2. beside its features and detection, a bare sort of its sends by (recipient, content, time) in DuckDB, which any
     method must at least pay;
  3. and the trailing windows of `features` in pandas on a sample, per send;
  4. the next night, a hundredth of the sends later, as a share of the cold one.
Exit code 1 if the founding night is not found whole. Ten millions take some forty minutes and 10 GB of disk.
"""

import json
import os
import re
import shutil
import sys
import tempfile
from itertools import pairwise
from math import log
from pathlib import Path

from benchmark import CORES, Cost, run

DAYS = 60
FIRST_NIGHT, NEXT_NIGHT = "2026-05-01T02:00:00Z", "2026-05-02T02:00:00Z"
PEOPLE, COPIES = 51, 70
MOST_MIB = 4096

MAKE = """
import sys, duckdb
millions, out, later = float(sys.argv[1]), sys.argv[2], sys.argv[3]
n, days = round(millions * 1e6), 60
people = max(1000, n // 40)
db = duckdb.connect()
db.execute("set threads = 2; set enable_progress_bar = false")
db.execute('''create table kinds as select *, sum(share) over (order by id) - share as low,
    sum(share) over (order by id) as high from (values
 (0, 'welcome', 'Welcome to {c}', 0.05, false), (1, 'login-code', 'Your sign-in code', 0.15, false),
 (2, 'receipt', 'Your receipt', 0.05, false), (3, 'password-reset', 'Reset your password', 0.03, false),
 (4, 'weekly-digest', 'Your week at the academy', 0.30, true), (5, 'reminder', 'Your session starts soon', 0.17, true),
 (6, 'forum-post', 'New post in {c}', 0.15, true), (7, 'certificate', 'Your certificate', 0.02, false),
 (8, 'assignment-due', 'Assignment due in {c}', 0.08, true)) v(id, name, subject, share, is_batch)''')
db.execute("create macro u(i, salt) as (hash(i * 1000 + salt) % 1000000007) / 1000000007.0")
db.execute(f'''create table mails as
with draws as (
  select i, u(i, 1) as kind, u(i, 2) as person, u(i, 3) as at, u(i, 4) as course from range({n}) r(i)
), singles as (
  select k.name, k.subject, floor(d.person * {people})::bigint as person, d.at * {days} * 86400 as at_s,
    floor(d.person * {people} / 30)::bigint as course
  from draws d join kinds k on d.kind >= k.low and d.kind < k.high where not k.is_batch
), mailings as (
  select k.name, k.subject, floor(d.course * {people} / 30)::bigint as course,
    floor(d.at * {days}) * 86400 + 28800 + floor(u(d.i, 5) * 600) * 60 as at_s
  from draws d join kinds k on d.kind >= k.low and d.kind < k.high where k.is_batch and d.i % 30 = 0
), batches as (
  select name, subject, course * 30 + j as person, at_s + j * 0.4, course from mailings, range(30) r(j)
), burst as (
  select 'new-welcome', 'Welcome to your programme', p, ({days} - 1) * 86400 + 65100 + k * 108 + p * 0.35, 1
  from range(51) a(p), range(70) b(k)
)
select *, row_number() over () as number from (from singles union all from batches union all from burst)''')
columns = '''strftime(
    timestamp '2026-03-02' + to_microseconds(cast((at_s + $shift) * 1e6 as bigint)), '%Y-%m-%dT%H:%M:%S.%fZ'
  ) as timestamp, $prefix || number as message_id, 'academy@example.com' as sender,
  'p' || person || '@client' || (person // 50) || '.example' as recipient,
  replace(subject, '{c}', 'course ' || course) as subject, name as template'''
db.execute(f"copy (select {columns} from mails order by at_s) to '{out}' (format csv)", {"shift": 0, "prefix": "m"})
# a day more: a hundredth of it all, the mail of day 20 again under new ids
db.execute(f'''copy (select {columns} from mails where at_s >= 20 * 86400 and at_s < 21 * 86400 order by at_s
  limit {n // 100}) to '{later}' (format csv)''', {"shift": 40 * 86400, "prefix": "n"})
"""

SORT = """
import sys, duckdb
db = duckdb.connect()
db.execute("set threads = 2; set enable_progress_bar = false; set memory_limit = '1200MB'")
db.execute(f"set temp_directory = '{sys.argv[2]}'")
db.execute(f"attach '{sys.argv[1]}' as night (read_only)")
db.execute('''create table sorted as
  select recipient, content_key, sent_at_us from night.repeats where grain = 'mail'
  order by recipient, content_key, sent_at_us''')
"""

FEATURES = """
import sys, duckdb
from time import perf_counter
db = duckdb.connect(sys.argv[1], read_only=True)
db.execute("set threads = 2; set enable_progress_bar = false; set memory_limit = '1200MB'")
db.execute(f"set temp_directory = '{sys.argv[2]}'")
started = perf_counter()
db.execute("create temp table counted as from features")
print(perf_counter() - started)
"""

PANDAS = """
import sys, duckdb
from time import perf_counter
with duckdb.connect(sys.argv[1], read_only=True) as db:
    db.execute("set enable_progress_bar = false")
    sends = db.execute('''select recipient, content_key, make_timestamp(sent_at_us) as sent_at from repeats
        where grain = 'mail' and hash(recipient) % greatest(1, (select count(*) from sends) // 100000) = 0''').df()
started = perf_counter()
sends = sends.sort_values(["recipient", "content_key", "sent_at"]).set_index("sent_at")
groups = sends.assign(one=1).groupby(["recipient", "content_key"])["one"]
for window in ("1min", "10min", "1h", "1d", "7d"):
    groups.rolling(window).sum()
print(len(sends), perf_counter() - started)
"""


def main(sizes: list[float]) -> int:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # no night of what is installed compiles pandas anew
    colds, is_good = {}, True
    for millions in sizes:
        work = Path(tempfile.mkdtemp(prefix="detector-scale-"))
        try:
            colds[millions], is_whole = _measure(millions, work)
            is_good &= is_whole
        finally:
            shutil.rmtree(work, ignore_errors=True)
    for small, large in pairwise(sizes):
        times = colds[large].cpu / colds[small].cpu
        n_log_n = large * log(large * 1e6) / (small * log(small * 1e6))
        print(
            f"\nfrom {small:g} to {large:g} million sends: {times:.2f} times the processor time, n log n: {n_log_n:.2f}"
        )
    return 0 if is_good else 1


def _measure(millions: float, work: Path) -> tuple[Cost, bool]:
    log_file, later, state = work / "mail.csv", work / "later.csv", work / "state"
    print(f"\n{millions:g} million sends", flush=True)
    run([sys.executable, "-c", MAKE, str(millions), log_file, later])
    cold = _said("cold night", run(_night(state, FIRST_NIGHT, log_file)))
    steps = {found[1]: float(found[2]) for line, _ in cold.steps if (found := re.match(r"(\w+): ([\d.]+) s$", line))}
    tables = sum(steps.values())
    writing = next(i for i, (line, _) in enumerate(cold.steps) if line.startswith("writing the documents"))
    detection = cold.steps[writing][1]
    snapshot = (state / "current.duckdb").resolve()
    features = float(run([sys.executable, "-c", FEATURES, snapshot, work / "spill"]).output)
    print(f"  {'':12} tables {tables:.0f} s, features {features:.1f}, detection and incidents {detection:.0f}")
    sort = _said("bare sort", run([sys.executable, "-c", SORT, snapshot, work / "spill"]))
    ours = features + detection
    print(f"  features and detection take {ours / sort.wall:.1f} times the bare sort, the whole cold night "
          f"{cold.wall / sort.wall:.0f} times")  # fmt: skip
    sample, seconds = map(float, run([sys.executable, "-c", PANDAS, snapshot]).output.split())
    ratio = seconds / sample / (features / (millions * 1e6))
    print(f"  the windows of `features` in pandas, of {sample:,.0f} sends: {ratio:.0f} times as long per send")
    after = _said("next night", run(_night(state, NEXT_NIGHT, log_file, later)))
    print(f"  the next night takes {after.wall / cold.wall:.2f} of the cold one's time, {after.cpu / cold.cpu:.2f} of "
          "its processor time")  # fmt: skip
    most = max(cold.mib, after.mib)
    print(f"  at most {most:.0f} MiB: {'within' if most <= MOST_MIB else 'BEYOND'} {MOST_MIB}")
    return cold, _is_found(state)


def _night(state: Path, as_of: str, *logs: Path) -> list[str | Path]:
    return [sys.executable, "-m", "detector", "nightly", "-v", *logs, "--state", state, "--as-of", as_of]


def _said(name: str, cost: Cost) -> Cost:
    print(f"  {name:12} {cost.wall:8.1f} s wall {cost.cpu:8.1f} s CPU {cost.mib:7.0f} MiB", flush=True)
    return cost


def _is_found(state: Path) -> bool:
    """The founding night is one incident with all its people and copies."""
    incidents = json.loads((state / "reports" / FIRST_NIGHT[:10] / "incidents.json").read_text())["incidents"]
    hits = [each for each in incidents if each["template"] == "new-welcome"]
    found = [(each["recipients"], each["excess"]) for each in hits]
    is_whole = found == [(PEOPLE, PEOPLE * (COPIES - 1))]
    print(f"  {'found' if is_whole else 'NOT FOUND'}: {found}; {len(incidents)} incidents in all")
    return is_whole


if __name__ == "__main__":
    raise SystemExit(main([float(each) for each in sys.argv[1:]] or [1.0, 3.0]))
