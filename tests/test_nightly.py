"""The founding night end to end: once, again, differently named, interrupted, locked out, without its journal.

The truth about the samples is sample_logs/truth.json. Most runs are in this process; what must die or be waited for is
one of its own.
"""

import gzip
import hashlib
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from detector import last_bursts
from detector.cli import cli
from detector.config import Config, Detection, Logs
from detector.detection import find_bursts
from detector.documents.album import drawn
from detector.errors import JournalError, LockedError, StoreError
from detector.nightly import Night, nightly
from detector.store import locked, open_snapshot, open_store

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_logs"
TRUTH = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))
(FOUNDING,) = (burst for burst in TRUTH["bursts"] if burst["is_fault"])
MORNING = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
AFTER = datetime(2026, 10, 24, 2, 0, tzinfo=UTC)
"""Of the small log."""
SMALL_SENDS = 400 + 30 * 12


def night(state: Path, *logs: Path, as_of: datetime = MORNING, dry_run: bool = False) -> Night:
    config = Config(logs=Logs(paths=logs or (SAMPLES / "plain",)))
    return nightly(config, state=state, as_of=as_of, dry_run=dry_run, talk=lambda _: None)


def incidents(state: Path, day: str = "2026-11-01") -> list[dict[str, Any]]:
    return json.loads((state / "reports" / day / "incidents.json").read_text(encoding="utf-8"))["incidents"]


def case_of(state: Path) -> Path:
    """The folder of the only incident."""
    (folder,) = (state / "incidents").iterdir()
    return folder


def alerts(state: Path) -> list[str]:
    folder = state / "alerts"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def contents(state: Path) -> dict[str, bytes]:
    """Everything people are shown, byte for byte; the alert carries the path of its brief, so its name must do."""
    folders = ("reports", "incidents")
    files = [path for folder in folders for path in (state / folder).rglob("*") if path.is_file()]
    return {path.relative_to(state).as_posix(): path.read_bytes() for path in files}


def tables(state: Path) -> dict[str, str]:
    """A digest of each table that people query, its rows in order; not of the database file, whose bytes vary."""
    path = str((state / "current.duckdb").resolve())
    digests = {}
    with duckdb.connect(path, read_only=True) as db:
        for (name,) in db.execute("select table_name from duckdb_tables() order by 1").fetchall():
            rows = sorted(repr(row) for row in db.execute(f'select * from "{name}"').fetchall())
            digests[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return digests


def digest(state: Path) -> dict[str, str]:
    """All that a night leaves behind, except when and in which order the steps were made: name -> hash."""
    shown = {name: hashlib.sha256(content).hexdigest() for name, content in contents(state).items()}
    return (
        shown | {f"alerts/{name}": "" for name in alerts(state)} | {f"table {n}": h for n, h in tables(state).items()}
    )


def rows_kept(state: Path) -> list[tuple[str, int]]:
    """How many rows the writer keeps from night to night."""
    names = ("files", "events", "rejects", "incidents", "affected", "notices")
    with duckdb.connect(str(state / "work/detector.duckdb"), read_only=True) as db:
        return [(name, len(db.execute(f"select 1 from {name}").fetchall())) for name in names]


def differing(state: Path, expected: dict[str, str]) -> list[str]:
    """The names of what is not as expected."""
    found = digest(state)
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))


def run(*arguments: object, **options: Any) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "detector", *(str(argument) for argument in arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False, **options)


@pytest.fixture(scope="module")
def once(sample_state) -> Path:
    """The state after one night on the plain sample, which ended well and said nothing; to be read only."""
    return sample_state


@pytest.fixture
def state(once, tmp_path) -> Path:
    """A copy of that state, to go on from."""
    return Path(shutil.copytree(once, tmp_path / "state", symlinks=True))


@pytest.fixture(scope="module")
def small_log(tmp_path_factory) -> Path:
    return write_small_log(tmp_path_factory.mktemp("small") / "outbox.csv")


def write_small_log(path: Path) -> Path:
    """Three ordinary weeks of a small client and one bad hour: 30 people, 12 copies each."""
    rng, lines = random.Random(7), ["timestamp,message_id,sender,recipient,subject"]
    first = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
    for number in range(400):
        moment = first + timedelta(minutes=rng.randrange(21 * 24 * 60))
        lines.append(f"{moment.isoformat()},<o{number}@a.example>,a@a.example,o{number}@x.example,Your course starts")
    for copy in range(12):
        for person in range(30):
            moment = first + timedelta(days=22, minutes=4 * copy, seconds=person)
            lines.append(
                f"{moment.isoformat()},<{copy}.{person}@a.example>,a@a.example,p{person}@harbor.example,Welcome"
            )
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def small_once(small_log, tmp_path_factory) -> Path:
    """The state after one night on it, of somebody whose new files anybody may read; to be read only."""
    state = tmp_path_factory.mktemp("small-once") / "state"
    before = os.umask(0o022)
    try:
        assert night(state, small_log, as_of=AFTER).exit_code == 0
    finally:
        os.umask(before)
    return state


@pytest.fixture
def small_state(small_once, tmp_path) -> Path:
    """A copy of that state, for what does not hang on the size of the log."""
    return Path(shutil.copytree(small_once, tmp_path / "state", symlinks=True))


# --- one night -------------------------------------------------------------------------------------------------------


def test_the_founding_night_is_found_with_its_true_figures(once):
    (found,) = incidents(once)
    assert {name: found[name] for name in ("recipients", "sends", "excess", "copies_min", "copies_max")} == {
        "recipients": 51,
        "sends": 3_590,
        "excess": 3_539,
        "copies_min": 70,
        "copies_max": 71,
    }
    for name in ("recipients", "sends", "excess", "copies_min", "copies_max", "copies_median"):
        assert found[name] == FOUNDING[name]
    assert datetime.fromisoformat(found["started_at"]) == datetime.fromisoformat(FOUNDING["started_at"])
    assert datetime.fromisoformat(found["ended_at"]) == datetime.fromisoformat(FOUNDING["ended_at"])
    assert found["organizations"] == ["Harbor Freightways"]
    assert (found["severity"], found["state"], found["ongoing"]) == ("grave", "stopped", False)
    assert found["cause"] == "whole-group-loop"


def test_the_alarm_would_have_rung_within_a_minute(once):
    (found,) = incidents(once)
    begun, noticed = (datetime.fromisoformat(found[name]) for name in ("started_at", "detected_at"))
    assert timedelta(0) <= noticed - begun <= timedelta(minutes=1)


def test_affected_csv_has_each_person_with_the_true_number_of_copies(once):
    header, *rows = (once / "reports/2026-11-01/affected.csv").read_text(encoding="utf-8").splitlines()
    assert header == "incident_id,recipient,organization,sends,expected,excess,first_sent_at,last_sent_at"
    told = {row.split(",")[1]: tuple(int(n) for n in row.split(",")[3:6]) for row in rows}
    assert told == {p["recipient"]: (p["sends"], p["sends"] - p["excess"], p["excess"]) for p in FOUNDING["affected"]}


def test_everything_lies_where_the_design_says(once):
    (incident,) = incidents(once)
    case = case_of(once)
    assert case.name == f"{incident['incident_id']}-harbor-freightways"
    assert {path.name for path in case.iterdir()} >= {"brief.html", "brief.md", "letter.md"}
    report = {path.name for path in (once / "reports/2026-11-01").iterdir()}
    assert report >= {"report.html", "report.md", "night.json", "incidents.json", "affected.csv"}
    assert (once / "reports/index.html").is_file()
    assert (once / "current.duckdb").is_symlink()
    assert alerts(once) == [f"{incident['incident_id'].lower()}.opened.1.eml"]


@pytest.mark.parametrize("log_format", ["postfix", "ses"])
def test_the_same_numbers_come_from_every_format(once, tmp_path, log_format):
    done = night(tmp_path / "state", SAMPLES / log_format)
    assert done.exit_code == 0
    (expected,), (found,) = incidents(once), incidents(tmp_path / "state")
    for name in (
        "recipients",
        "sends",
        "excess",
        "copies_min",
        "copies_median",
        "copies_max",
        "started_at",
        "ended_at",
    ):
        assert found[name] == expected[name], name
    for name in ("severity", "state", "ongoing", "cause"):
        assert found[name] == expected[name], name
    people = {row.recipient: row.sends for row in done.facts.cases[0].affected}
    assert people == {person["recipient"]: person["sends"] for person in FOUNDING["affected"]}


def test_a_log_that_ends_in_the_middle_of_the_night_says_that_it_goes_on(tmp_path):
    """19:05, an hour into it: only the copies that had been sent by then."""
    until = datetime(2026, 10, 27, 19, 5, tzinfo=UTC)
    night(tmp_path / "state", as_of=until)
    (found,) = incidents(tmp_path / "state", "2026-10-27")
    assert (found["state"], found["ongoing"], found["recipients"]) == ("active", True, 51)
    assert datetime.fromisoformat(found["ended_at"]) <= until
    assert 1_500 < found["excess"] < 3_539


# --- again -----------------------------------------------------------------------------------------------------------


def test_a_second_and_a_third_run_change_nothing_and_tell_nobody(small_state, small_log, monkeypatch):
    """Nor do they draw anything: they get by without matplotlib."""
    before, kept = digest(small_state), rows_kept(small_state)
    drawn.cache_clear()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for _ in range(2):
        done = night(small_state, small_log, as_of=AFTER)
        assert done.exit_code == 0
        assert differing(small_state, before) == []
        assert rows_kept(small_state) == kept


def test_the_bursts_of_the_last_night_are_taken_while_no_mail_comes_and_are_what_would_be_found(small_state, small_log):
    head, *lines = small_log.read_text(encoding="utf-8").splitlines()
    late = small_state / "late.csv"
    late.write_text("\n".join((head, *(line.replace("<", "<late.") for line in lines[-30:]))), encoding="utf-8")
    taken = []
    for logs in ((small_log,), (small_log, late), (small_log, late)):
        night(small_state, *logs, as_of=AFTER + timedelta(days=1))
        with locked(small_state), open_store(small_state) as db:
            taken.append(last_bursts.recall(db, Config().detection))
            assert taken[-1] == find_bursts(db, Config().detection) != []
            assert last_bursts.recall(db, Detection(alarm_log10=7)) is None
    assert taken[0] != taken[1] == taken[2]


def test_runs_at_other_hours_of_the_same_day_leave_the_report_as_it_is(small_state, small_log):
    before, told = contents(small_state), alerts(small_state)
    for hour in (5, 4):
        assert night(small_state, small_log, as_of=AFTER.replace(hour=hour)).exit_code == 0
        assert contents(small_state) == before
        assert alerts(small_state) == told


def test_a_run_two_days_later_writes_its_own_report_and_tells_once_that_nobody_sees_anything(small_state, small_log):
    """By then the log is older than 26 hours, so nobody can know whether it goes on; nothing else is different."""
    state = small_state
    before, told = incidents(state, "2026-10-24"), alerts(state)
    assert night(state, small_log, as_of=AFTER + timedelta(days=2)).exit_code == 3
    assert incidents(state, "2026-10-26") == [{**found, "state": "blind", "ongoing": None} for found in before]
    assert incidents(state, "2026-10-24") == before
    night(state, small_log, as_of=AFTER + timedelta(days=3))
    assert alerts(state) == ["feed.blind.20261023-0844.eml", *told]  # the twelfth copy: 08:00 + 11 x 4 minutes


def test_runs_without_a_time_are_as_quiet(tmp_path):
    """Now is long before or after October 2026; that changes the files' date, not whether anything is told again."""
    logs = tmp_path / "logs"
    logs.mkdir()
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=9)  # noqa: TID251 - a log of these days
    lines = ["timestamp,message_id,sender,recipient,subject"]
    for copy in range(10):
        for person in range(12):
            moment = now + copy * timedelta(minutes=3) + person * timedelta(seconds=1)
            lines.append(
                f"{moment.isoformat()},<{copy}.{person}@a.example>,a@a.example,p{person}@harbor.example,Welcome"
            )
    (logs / "outbox.csv").write_text("\n".join(lines) + "\n")
    state = tmp_path / "state"
    outputs = []
    for _ in range(2):
        done = CliRunner().invoke(cli, ["nightly", str(logs), "--state", str(state)])
        assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
        outputs.append((alerts(state), sorted(p.name for p in (state / "incidents").iterdir()), contents(state)))
    assert len(outputs[0][0]) == 1
    assert outputs[1][:2] == outputs[0][:2]
    same_day = {path.split("/")[1] for path in outputs[1][2] if path.startswith("reports/")}
    if len(same_day) == 1:  # unless midnight passed between the two
        assert outputs[1][2] == outputs[0][2]


def test_other_names_and_other_packing_are_nothing_new(state, tmp_path):
    """Every file is renamed so that the order is reversed; what was packed is unpacked, what was not is packed."""
    before = digest(state)
    logs = tmp_path / "archive"
    logs.mkdir()
    for number, path in enumerate(sorted((SAMPLES / "plain").iterdir(), reverse=True)):
        packed = path.suffix == ".gz"
        content = gzip.decompress(path.read_bytes()) if packed else gzip.compress(path.read_bytes(), 1)
        (logs / f"{number}.csv{'' if packed else '.gz'}").write_bytes(content)
    done = night(state, logs)
    assert done.exit_code == 0
    assert differing(state, before) == []


def test_a_file_given_twice_and_a_copy_of_it_are_read_once(state, tmp_path):
    before = digest(state)
    copy = Path(shutil.copy(SAMPLES / "plain/2026-10-22.csv.gz", tmp_path / "copy-of-log.csv.gz"))
    assert night(state, SAMPLES / "plain", copy, SAMPLES / "plain/2026-10-22.csv.gz").exit_code == 0
    assert differing(state, before) == []


def test_a_fresh_state_and_several_threads_give_the_same_documents_byte_for_byte(once, tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_CPUS_ON_NODE", "4")  # the other nights here have one
    night(tmp_path / "elsewhere")
    assert contents(tmp_path / "elsewhere") == contents(once)
    assert alerts(tmp_path / "elsewhere") == alerts(once)


def test_the_month_read_week_by_week_ends_like_the_month_read_at_once(once, tmp_path):
    """Each file when it is complete, as cron finds it. What the first weeks took for strange and later ones do not is
    withdrawn by the end; the founding night is announced once, the first time it is seen.
    """
    state, logs = tmp_path / "state", tmp_path / "logs"
    logs.mkdir()
    for path in sorted((SAMPLES / "plain").iterdir()):
        shutil.copy(path, logs)
        through = datetime.fromisoformat(path.name[:10]).replace(tzinfo=UTC) + timedelta(days=7, hours=2)
        assert night(state, logs, as_of=min(through, MORNING)).exit_code == 0
    assert [found for found in incidents(state) if found["state"] != "withdrawn"] == incidents(once)
    assert set(alerts(state)) >= set(alerts(once))


def test_a_letter_that_a_person_edited_stays_as_it_is(small_state, small_log):
    letter = case_of(small_state) / "letter.md"
    letter.write_text("Dear Ana, we are sorry.\n")
    night(small_state, small_log, as_of=AFTER + timedelta(days=1))
    assert letter.read_text() == "Dear Ana, we are sorry.\n"


# --- read by others --------------------------------------------------------------------------------------------------


def test_the_snapshot_can_be_read_while_a_night_is_at_work(state):
    with locked(state), duckdb.connect(str(state / "work/detector.duckdb")) as writer:
        writer.execute("begin")
        writer.execute("delete from incidents")
        with open_snapshot(state) as db:
            assert db.execute("select count(*) from sends").fetchall() == [(TRUTH["totals"]["sends"],)]
            assert db.execute("select excess from incidents").fetchall() == [(3_539,)]
        writer.execute("rollback")


def test_the_snapshot_cannot_be_written(state):
    with open_snapshot(state) as db, pytest.raises(duckdb.Error):
        db.execute("delete from incidents")


def test_all_that_is_kept_is_for_its_owner_only(small_once):
    open_to_others = [
        f"{stat.filemode(path.lstat().st_mode)} {path.relative_to(small_once)}"
        for path in (small_once, *small_once.rglob("*"))
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    ]
    assert open_to_others == []


# --- what goes wrong -------------------------------------------------------------------------------------------------


def fingerprint(state: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of every file."""
    return {
        path.relative_to(state).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in state.rglob("*")
        if path.is_file()
    }


def test_a_second_run_at_the_same_time_ends_at_once_with_four_and_changes_nothing(state):
    before = fingerprint(state)
    with locked(state):
        began = time.monotonic()
        with pytest.raises(LockedError):
            night(state)
        assert time.monotonic() - began < 0.5
        done = run("nightly", SAMPLES / "plain", "--state", state, "--as-of", MORNING.isoformat())
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr == f"detector: {state}: another run is at work here; this one changed nothing.\n"
    assert fingerprint(state) == before


def test_without_its_journal_nothing_is_sent_and_the_run_ends_with_six(small_state, small_log):
    state = small_state
    (state / "work/notices.journal").unlink()
    shutil.rmtree(state / "alerts")
    with pytest.raises(JournalError, match="the journal of notices is missing"):
        night(state, small_log, as_of=AFTER)
    done = run("nightly", small_log, "--state", state, "--as-of", AFTER.isoformat())
    assert done.returncode == 6
    assert "the journal of notices is missing" in done.stderr
    assert alerts(state) == []
    (state / "work/detector.duckdb").unlink()
    with pytest.raises(JournalError, match="the journal of notices is missing"):
        night(
            state, small_log, as_of=AFTER
        )  # where there are incidents there was a journal, whatever the database knows


def test_a_journal_that_was_tampered_with_is_six_as_well(state):
    journal = state / "work/notices.journal"
    journal.write_bytes(journal.read_bytes().replace(b"sent", b"SENT"))
    with pytest.raises(JournalError, match="damaged"):
        night(state)


def test_a_dry_run_tells_nobody_and_the_next_real_one_does(small_log, tmp_path):
    state = tmp_path / "state"
    assert night(state, small_log, as_of=AFTER, dry_run=True).exit_code == 0
    assert len(incidents(state, "2026-10-24")) == 1
    assert alerts(state) == []
    assert night(state, small_log, as_of=AFTER).exit_code == 0
    assert len(alerts(state)) == 1


@pytest.fixture
def odd_logs(small_log, tmp_path) -> Iterator[tuple[Path, ...]]:
    """Four files that cannot be used, in front of a good one."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "a-photo.jpg").write_bytes(bytes([0xFF, 0xD8, 0xFF, 0xE0]) + random.Random(1).randbytes(5_000))
    (folder / "cut.csv.gz").write_bytes((SAMPLES / "plain/2026-10-08.csv.gz").read_bytes()[:20_000])
    (folder / "prices.csv").write_text("article,price\nchair,12\ntable,40\n")
    (folder / "notes.txt").write_text("call the vendor about the classroom\n" * 20)
    yield (folder, small_log)


def test_bad_files_are_three_with_a_line_each_and_do_not_stop_the_others(odd_logs, tmp_path):
    state = tmp_path / "state"
    words = ["nightly", *odd_logs, "--state", state, "--as-of", AFTER.isoformat()]
    done = CliRunner().invoke(cli, [str(word) for word in words])
    assert done.exit_code == 3
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 4
    for name, line in zip(("a-photo.jpg", "cut.csv.gz", "notes.txt", "prices.csv"), lines, strict=True):
        assert line.startswith("detector: ")
        assert name in line
    assert [found["excess"] for found in incidents(state, "2026-10-24")] == [30 * 11]
    report = (state / "reports/2026-10-24/report.html").read_text(encoding="utf-8")
    assert all(name in report for name in ("a-photo.jpg", "cut.csv.gz", "notes.txt", "prices.csv"))


def test_a_night_that_could_not_write_its_report_is_made_up_for_by_the_next(small_state, small_log, tmp_path):
    """The rows of a late file are in the store already when a directory stands in the way of the report."""
    late = tmp_path / "late.csv"
    late.write_text(
        "timestamp,message_id,sender,recipient,subject,template\n"
        "2026-10-05T09:00:00Z,<late@a.example>,noreply@academy.example,late@x.example,Your receipt,receipt\n"
    )
    as_it_should_be = Path(shutil.copytree(small_state, tmp_path / "undisturbed", symlinks=True))
    night(as_it_should_be, small_log, late, as_of=AFTER + timedelta(hours=1))
    obstacle = small_state / "reports/2026-10-24/.report.html.tmp"
    obstacle.mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        night(small_state, small_log, late, as_of=AFTER + timedelta(hours=1))
    obstacle.rmdir()
    assert night(small_state, small_log, late, as_of=AFTER + timedelta(hours=1)).exit_code == 0
    with open_snapshot(small_state) as db:
        assert db.execute("select count(*) from sends").fetchall() == [(SMALL_SENDS + 1,)]
    assert differing(small_state, digest(as_it_should_be)) == []


def test_a_night_that_died_before_it_published_is_published_by_the_next(small_state, small_log):
    """The report was written, the snapshot was not: nothing is new, and yet analysts wait for it."""
    (small_state / "current.duckdb").unlink()
    for snapshot in (small_state / "snapshots").iterdir():
        snapshot.unlink()
    assert night(small_state, small_log, as_of=AFTER).exit_code == 0
    with open_snapshot(small_state) as db:
        assert db.execute("select count(*) from sends").fetchall() == [(SMALL_SENDS,)]


def test_a_report_that_was_half_written_is_written_whole_by_the_next_run(small_state, small_log):
    """Files appear whole, but a folder of them may be cut short; test_report_index.py tries it with each of them."""
    before = contents(small_state)
    (small_state / "reports/2026-10-24/affected.csv").unlink()
    assert night(small_state, small_log, as_of=AFTER).exit_code == 0
    assert contents(small_state) == before


# --- kill -9 ---------------------------------------------------------------------------------------------------------


BARE = "import sys; sys.modules['sklearn'] = None; from detector.cli import main; main()"


@pytest.fixture(scope="module")
def uninterrupted(small_log, tmp_path_factory) -> dict[str, str]:
    """What a night on it leaves when nobody kills it. It gets by without scikit-learn, which takes a second to load."""
    state = tmp_path_factory.mktemp("whole") / "state"
    words = [sys.executable, "-c", BARE, "nightly", small_log, "--state", state, "--as-of", AFTER.isoformat()]
    subprocess.run([str(word) for word in words], cwd=ROOT, timeout=60, check=True)
    assert [len(alerts(state)), len(incidents(state, "2026-10-24"))] == [1, 1]
    return digest(state)


STEPS = """
import os, signal, sys
from pathlib import Path

calls, last = 0, int(sys.argv.pop(1))

def count(event, arguments):
    # Every file that is opened for writing, renamed, made or removed under the state directory.
    global calls
    if event not in {"open", "os.rename", "os.mkdir", "os.remove", "os.symlink", "os.truncate"}:
        return
    state = sys.argv[sys.argv.index("--state") + 1]
    if not str(arguments[0]).startswith(state) or (event == "open" and arguments[1] == "r"):
        return
    calls += 1
    if calls == last:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
from detector.cli import main
main()
"""


@pytest.mark.parametrize("step", [9, 38, 108, 134])  # the last two: at the snapshot's link, at the index
def test_a_night_that_dies_at_a_step_on_the_disk_and_is_run_again_ends_like_one_that_did_not(
    small_log, uninterrupted, tmp_path, step
):
    """`dev.py fuzz --game night_that_dies` draws the step."""
    night_that_dies(tmp_path / "state", small_log, step)
    assert night(tmp_path / "state", small_log, as_of=AFTER).exit_code == 0
    assert differing(tmp_path / "state", uninterrupted) == []


def night_that_dies(state: Path, log: Path, step: int) -> None:
    words = [str(step), "nightly", log, "--state", state, "--as-of", AFTER.isoformat()]
    subprocess.run([sys.executable, "-c", STEPS, *(str(word) for word in words)], cwd=ROOT, timeout=60, check=False)
