"""The command line: what it prints where, what it leaves behind, and with which exit code it ends.

Runs in this process, through `main`, as the installed command does; stdout is no terminal here, as under cron.
"""

import csv
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from conftest import on_a_terminal
from rich.console import Console

from detector import __version__
from detector.cli.summary import print_summary
from detector.config import Config, Logs
from detector.nightly import nightly
from detector.store import locked, read_sql

BEGINS = datetime(2026, 10, 27, 18, 0, tzinfo=UTC)
ENDS = "2026-10-27T18:27:11Z"  # the last of ten rounds, the last of twelve people
MORNING = "2026-10-28T02:00:00Z"


@pytest.fixture
def log(tmp_path) -> Path:
    """Twelve people of one client, ten welcomes each, a round every three minutes: 120 sends, 108 of them extra."""
    path = tmp_path / "logs" / "outbox.csv"
    path.parent.mkdir()
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["timestamp", "message_id", "sender", "recipient", "subject", "template", "organization"])
        for copy in range(10):
            for person in range(12):
                moment = BEGINS + copy * timedelta(minutes=3) + person * timedelta(seconds=1)
                rows.writerow([
                    moment.isoformat(), f"<{copy}.{person}@academy.example>", "noreply@academy.example",
                    f"p{person}@harbor.example", "Welcome", "welcome", "Harbor Freightways",
                ])  # fmt: skip
    return path


# --- detector nightly ------------------------------------------------------------------------------------------------


def test_a_night_on_no_terminal_says_nothing_whether_it_found_something_or_not(detector, log, tmp_path):
    assert detector("nightly", log, "--state", tmp_path / "state", "--as-of", MORNING) == (0, "", "")
    assert (tmp_path / "state/reports/2026-10-28/report.html").exists()
    assert len(list((tmp_path / "state/alerts").iterdir())) == 1


def test_the_summary_is_a_table_and_ends_with_the_reports_path(detector, log, tmp_path):
    run = detector("nightly", log, "--state", tmp_path / "state", "--as-of", MORNING, "--summary")
    *_, incident, last = run.out.splitlines()
    assert run.code == 0
    assert run.err == ""
    assert run.out.splitlines()[0] == "120 sends to 12 people; times in UTC"
    assert last == f"report: {tmp_path}/state/reports/2026-10-28/report.html"
    assert Path(last.removeprefix("report: ")).exists()
    cells = re.split(r" {2,}", incident.strip())  # the log ends with the last copy, so it may still be going on
    assert re.fullmatch(r"INC-\w{4}", cells[0])
    assert cells[2:5] == ["Harbor Freightways", "12", "120"]
    assert cells[5:] == ["108", "2026-10-27 18:03:00", "2026-10-27 18:27:11", "yes", "welcome"]


def test_the_summary_of_a_quiet_night_says_so(detector, log, tmp_path):
    run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", "2026-10-27T18:02:00Z", "--summary")
    assert run.code == 0
    assert "12 sends to 12 people" in run.out
    assert "Nothing was sent again and again." in run.out


def test_the_summary_fits_the_terminal_and_never_breaks_an_id(log, tmp_path, monkeypatch, capsys):
    """An id is copied into the next command; on a narrow terminal the table goes without what the report adds. One of
    the terminals is a real one; how broad the others are, rich is told."""
    config, state = Config(logs=Logs(paths=(log,))), tmp_path / "state"
    done = nightly(config, state=state, as_of=datetime.fromisoformat(MORNING), talk=lambda _: None)
    lines = on_a_terminal("nightly", log, "--state", state, f"--as-of={MORNING}", columns=60)
    assert_summary_fits(lines, 60)
    for columns in (40, 60, 80, 100, 110, 150):
        monkeypatch.setattr("detector.cli.summary.console", partial(Console, width=columns, highlight=False))
        print_summary(done)
        shown = capsys.readouterr().out.splitlines()
        assert_summary_fits(shown, columns)
        assert columns != 60 or shown == lines


def assert_summary_fits(lines: list[str], columns: int) -> None:
    (titles,) = (line for line in lines if line.startswith("incident "))
    (incident,) = (line for line in lines if line.startswith("INC-"))
    assert re.match(r"INC-\w{4}  (\w+ +)?Harbor", incident)
    assert max(map(len, lines[:-1])) <= columns
    assert ("last extra copy" in titles) is (columns >= 110)
    assert ("first extra copy" in titles) is (columns >= 80)
    assert ("what" in titles) is (columns == 150)
    assert lines[-1].startswith("report: ")
    assert "\x1b" not in "".join(lines)


def test_that_no_mail_was_read_is_not_said_to_be_good_news(detector, tmp_path):
    (tmp_path / "notes.txt").write_text("call the vendor\n")
    run = detector("nightly", tmp_path / "notes.txt", "--state", tmp_path / "s", "--as-of", MORNING, "--summary")
    assert run.code == 3
    assert run.out.startswith("No mail was read, so nothing is known of it.\nreport: ")


def test_mail_that_cannot_be_told_apart_is_three_for_no_repeat_of_it_is_seen(detector, tmp_path):
    log = tmp_path / "outbox.csv"
    log.write_text("timestamp,recipient\n" + "2026-10-27T18:00:00Z,a@b.example\n" * 30)
    run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", MORNING)
    assert run.code == 3
    assert run.err.startswith("detector: none of the mails has subject, template or size: which of them are the same")
    assert "None of the mails has subject" in (tmp_path / "s/reports/2026-10-28/report.md").read_text()


def outbox(path, named, nameless):
    """A table of so many mails with subjects, all different, and so many of which nobody can tell what they were."""
    rows = [f"2026-10-27T18:{n % 60:02}:00Z,p{n}@b.example,Receipt {n:06}" for n in range(named)]
    rows += [f"2026-10-27T19:{n % 60:02}:00Z,a@b.example," for n in range(nameless)]
    path.write_text("\n".join(["timestamp,recipient,subject", *rows, ""]))
    return path


MOST = "78 % of the mails (78 of 100) cannot be compared; among the others, nothing"
SOME = "1 % of the mails (1 of 100) cannot be compared; among the others, nothing"


@pytest.mark.parametrize(
    ("named", "nameless", "lead", "share"),
    [(22, 78, MOST, "78 %"), (99, 1, SOME, "1 %"), (199, 1, "Nothing", "less than 1 %")],
)
def test_no_headline_says_nothing_of_mail_that_cannot_be_compared(detector, tmp_path, named, nameless, lead, share):
    """From a hundredth on that comes first in summary, report and index; whatever the share, it stands below."""
    log = outbox(tmp_path / "outbox.csv", named, nameless)
    run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", MORNING, "--summary")
    reports = tmp_path / "s/reports"
    report, text = ((reports / f"2026-10-28/report.{kind}").read_text() for kind in ("html", "md"))
    index = (reports / "index.html").read_text()
    said = f"{lead} was sent again and again."
    assert run.out.splitlines()[1] == said
    assert f"<h1>{said}</h1>" in report
    assert text.startswith(f"# {said}\n")
    assert f'<td class="plain">{said}<' in index
    assert f"<h1>{lead} is being sent again and again now; no incident is open.</h1>" in index
    assert f"; {nameless} of them ({share}) cannot be compared; times in UTC" in run.out
    for page in (report, text, index):
        assert f"{nameless} of them ({share}) cannot be compared, and of the others 0 are repeats" in page
        assert ("Not all mail can be compared." in page) is (share != "less than 1 %")


def test_if_no_mail_can_be_compared_the_headline_knows_nothing(detector, tmp_path):
    log = outbox(tmp_path / "outbox.csv", 0, 30)
    run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", MORNING, "--summary")
    said = "None of the 30 mails can be compared: whether anything was sent again and again cannot be told"
    assert f"\n{said}.\n" in run.out
    assert f"<h1>{said}.</h1>" in (tmp_path / "s/reports/2026-10-28/report.html").read_text()
    assert f"<h1>{said}; no incident is open.</h1>" in (tmp_path / "s/reports/index.html").read_text()


def test_many_files_of_which_there_is_the_same_to_say_are_one_line(detector, log, tmp_path):
    folder = tmp_path / "others"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.yaml").write_text("a: b\n")
    run = detector("nightly", folder, log, "--state", tmp_path / "s", "--as-of", MORNING)
    assert run.code == 3
    assert run.err == (
        f"detector: 40 files, the first of them {folder}/00.yaml: claimed by no log format, so not read.\n"
    )
    assert "40 files need a look" in (tmp_path / "s/reports/2026-10-28/report.html").read_text()


def test_old_logs_can_be_looked_at_as_they_stood_as_the_message_says(detector, log, tmp_path):
    run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", "2027-01-01T00:00Z")
    assert run.code == 3
    flag, then = run.err.split()[-2:]
    assert detector("nightly", log, "--state", tmp_path / "then", flag, then) == (0, "", "")


def test_verbose_says_on_stderr_what_became_of_every_record(detector, log, tmp_path):
    run = detector("nightly", log, "--state", tmp_path / "state", "--as-of", MORNING, "-v")
    assert run.code == 0
    assert run.out == ""
    assert run.err.splitlines()[0] == f"reading {log} (1 of 1, 0.0 MB)"
    (line,) = (line for line in run.err.splitlines() if "records =" in line)
    assert line.startswith(f"{log}: plain: 121 records = 120 events + 1 ignored + 0 rejected + 0 blank + 0 held")
    assert any(re.fullmatch(r"sends: \d+\.\d\d s", line) for line in run.err.splitlines())
    again = detector("nightly", log, "--state", tmp_path / "state", "--as-of", "2026-10-29T02:00:00Z", "-v")
    assert "0 records = 0 events" in again.err
    assert "; 121 known" in again.err


def test_exit_code_ten_only_if_asked_for_and_only_while_it_goes_on(detector, log, tmp_path):
    assert detector("nightly", log, "--state", tmp_path / "a", "--as-of", ENDS, "--exit-code").code == 10
    assert detector("nightly", log, "--state", tmp_path / "b", "--as-of", ENDS).code == 0
    # Nothing came for an hour and a half, but the log ends at 18:27 as well: it may still be going on.
    assert (
        detector("nightly", log, "--state", tmp_path / "c", "--as-of", "2026-10-27T20:00:00Z", "--exit-code").code == 10
    )
    # Two days later the log is stale: nobody knows, and that is what is said.
    assert (
        detector("nightly", log, "--state", tmp_path / "d", "--as-of", "2026-10-30T20:00:00Z", "--exit-code").code == 3
    )


def test_a_burst_that_is_over_is_no_ten(detector, log, tmp_path):
    log.write_text(f"{log.read_text()}2026-10-27T20:00:00Z,<x@a.example>,a@a.example,z@b.example,Other,other,\n")
    run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", MORNING, "--exit-code")
    assert run == (0, "", "")


def test_as_of_in_the_past_shows_the_log_as_it_stood(detector, log, tmp_path):
    run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", "2026-10-27T18:10:30Z", "--summary")
    assert "48 sends to 12 people" in run.out  # rounds at 18:00, :03, :06 and :09
    assert "36" in run.out


@pytest.mark.parametrize(
    "moment", ["2026-10-28T04:00:00+02:00", "2026-10-28T02:00:00", "2026-10-28 02:00", "2026-10-28T02"]
)
def test_as_of_may_have_another_zone_or_none(detector, log, tmp_path, moment):
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:2]))  # one mail, for the log does not matter here
    run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", moment)
    assert run == (0, "", "")
    assert (tmp_path / "s/current.duckdb").resolve().name.startswith("20261028T020000Z")


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-01", "1793152800", "27.10.2026", "", "2026-10-28T25:00:00Z"])
def test_as_of_that_is_no_time_is_two_and_names_an_example(detector, log, tmp_path, moment):
    run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", moment)
    assert run.code == 2
    assert run.out == ""
    assert f"{moment!r} is not an ISO 8601 time such as 2026-10-28T02:00:00Z" in run.err
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"])
def test_as_of_beyond_the_calendar_is_two_and_no_traceback(detector, log, tmp_path, moment):
    assert detector("nightly", log, "--state", tmp_path / "s", "--as-of", moment).code == 2


def test_no_logs_is_two_and_says_what_to_do(detector, tmp_path):
    run = detector("nightly", "--state", tmp_path / "s")
    assert run.code == 2
    assert "Give log files or folders, or name them in the config under [logs] paths." in run.err
    assert not (tmp_path / "s").exists()


def test_a_config_with_a_mapping_but_no_logs_is_told_what_to_add(detector, log, tmp_path):
    config = tmp_path / "detector.toml"
    mapping = '[sources.ausgang]\nfiles = "ausgang.csv"\ncolumns = { timestamp = "Wann", recipient = "Wer" }\n'
    config.write_text(mapping)
    run = detector("nightly", "--config", config, "--state", tmp_path / "s")
    assert run.code == 2
    assert "[sources] says how tables are read, not where they lie" in run.err
    added = "".join(run.err.partition("[logs]")[1:])
    (tmp_path / "ausgang.csv").write_text("Wann,Wer\n2026-10-27 10:00,a@x.example\n")
    config.write_text(mapping + added)
    assert detector("nightly", "--config", config, "--state", tmp_path / "s", "--as-of", "2026-10-27T11:00Z").code != 2


def test_logs_may_stand_in_the_config(detector, log, tmp_path):
    config = tmp_path / "detector.toml"
    config.write_text('[logs]\npaths = ["logs/"]\n')
    run = detector("nightly", "--config", config, "--state", tmp_path / "s", "--as-of", MORNING, "--summary")
    assert run.code == 0
    assert "120 sends" in run.out


def test_an_unknown_key_in_the_config_is_two_and_names_the_nearest(detector, log, tmp_path):
    config = tmp_path / "detector.toml"
    config.write_text("[detection]\nalarm_log_10 = 7\n")
    run = detector("nightly", log, "--config", config, "--state", tmp_path / "s")
    said = f"detector: {config}: [detection] alarm_log_10 is not a setting. Nearest: alarm_log10.\n"
    assert run == (2, "", said)
    assert not (tmp_path / "s").exists()


def test_a_config_that_is_missing_is_two(detector, log, tmp_path):
    run = detector("nightly", log, "--config", tmp_path / "absent.toml", "--state", tmp_path / "s")
    assert run.code == 2
    assert run.err.startswith(f"detector: {tmp_path}/absent.toml: cannot be read")


def test_a_missing_log_is_three_with_one_line_and_the_rest_is_read(detector, log, tmp_path):
    run = detector("nightly", tmp_path / "gone.log", log, "--state", tmp_path / "s", "--as-of", MORNING, "--summary")
    assert run.code == 3
    (line,) = run.err.splitlines()
    assert line.startswith(f"detector: {tmp_path}/gone.log")
    assert "120 sends" in run.out


def test_a_folder_without_a_log_is_three_and_says_so(detector, tmp_path):
    (tmp_path / "empty").mkdir()
    run = detector("nightly", tmp_path / "empty", "--state", tmp_path / "s", "--as-of", MORNING)
    assert run.code == 3
    (line,) = run.err.splitlines()
    assert str(tmp_path / "empty") in line


def test_a_state_that_is_no_directory_is_two(detector, log, tmp_path):
    (tmp_path / "s").write_text("")
    run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", MORNING)
    assert run.code == 2
    assert run.err.startswith(f"detector: {tmp_path}/s: cannot be used as state directory")


def test_looking_into_a_state_that_is_not_there_is_two_and_makes_none(detector, tmp_path):
    run = detector("show-send", "1db3b66400738ef8", "--state", tmp_path / "s")
    assert run.code == 2
    assert run.err.startswith(f"detector: {tmp_path}/s: is no state directory. Run `detector nightly` first")
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    "command", ["show-send 1db3b66400738ef8", "incidents list", "notices list", "notices settle x --arrived"]
)
def test_a_state_that_is_not_there_is_answered_with_the_one_beside_it(detector, tmp_path, command):
    """As after `dev.py run`, whose state is not called as the default is."""
    (tmp_path / "detector-state-sample").mkdir()
    (tmp_path / "detector-state-sample/current.duckdb").touch()
    run = detector(*command.split(), "--state", tmp_path / "detector-state")
    assert run.code == 2
    assert run.err.endswith("or give another --state, such as detector-state-sample.\n")


def test_a_second_run_at_the_same_time_is_four(detector, log, tmp_path):
    with locked(tmp_path / "s"):
        run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", MORNING)
    assert run == (4, "", f"detector: {tmp_path}/s: another run is at work here; this one changed nothing.\n")


def test_a_dry_run_writes_everything_and_tells_nobody(detector, log, tmp_path):
    run = detector("nightly", log, "--state", tmp_path / "s", "--as-of", MORNING, "--dry-run")
    assert run == (0, "", "")
    assert (tmp_path / "s/reports/2026-10-28/report.html").exists()
    assert not (tmp_path / "s/alerts").exists()


def test_without_as_of_it_is_now(detector, log, tmp_path):
    before = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - it is the clock that is tested
    run = detector("nightly", log, "--state", tmp_path / "s")
    assert run.code == 3
    assert "the newest line of the logs is of 27 Oct 2026, 18:27 UTC" in run.err
    name = (tmp_path / "s/current.duckdb").resolve().name
    moment = datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert before <= moment <= datetime.now(UTC)  # noqa: TID251


# --- the other commands ----------------------------------------------------------------------------------------------


def test_sql_prints_the_file_that_makes_a_table(detector):
    assert detector("sql", "sends") == (0, read_sql("sends"), "")


@pytest.mark.parametrize("name", ["nothing", "../config", "/etc/passwd", "sends.sql", ""])
def test_sql_of_no_table_is_two_and_lists_the_tables(detector, name):
    run = detector("sql", name)
    assert run.code == 2
    assert run.out == ""
    assert "sends" in run.err
    assert "repeats" in run.err


def test_simulate_writes_logs_and_the_truth_and_prints_its_path(detector, tmp_path):
    run = detector("simulate", "ordinary-month", "--format", "plain", "--seed", "3", "--out", tmp_path / "month")
    assert run == (0, f"{tmp_path}/month/truth.json\n", "")
    assert (tmp_path / "month/truth.json").exists()
    assert len(list((tmp_path / "month").glob("*.csv*"))) == 5


def test_simulate_refuses_what_it_does_not_know_and_a_folder_that_is_not_its_own(detector, log, tmp_path):
    assert "founding-night" in detector("simulate", "no-such-story", "--out", tmp_path / "x").err
    assert detector("simulate", "no-such-story", "--out", tmp_path / "x").code == 2
    assert detector("simulate", "ordinary-month", "--format", "xml", "--out", tmp_path / "x").code == 2
    before = log.read_bytes()
    assert detector("simulate", "ordinary-month", "--format", "plain", "--out", log.parent).code == 2
    assert log.read_bytes() == before


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_lists_the_commands_and_nightlys_has_examples(detector, flag):
    run = detector(flag)
    assert run.code == 0
    assert all(command in run.out for command in ("nightly", "simulate", "sql"))
    run = detector("nightly", flag)
    assert "  detector nightly /var/log/mail.log*\n" in run.out
    assert "  detector nightly exports/ --config detector.toml --state /var/lib/detector\n" in run.out
    assert all(option in run.out for option in ("--state", "--as-of", "--dry-run", "--exit-code", "--summary", "-v"))


def test_version(detector):
    assert detector("--version") == (0, f"detector, version {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments", [["nightli"], ["nightly", "--stat", "x"], ["sql"], ["simulate", "ordinary-month"]]
)
def test_what_cannot_be_understood_is_two_on_stderr(detector, arguments):
    run = detector(*arguments)
    assert run.code == 2
    assert run.out == ""
    assert run.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_what_cannot_be_printed_is_one_line_and_no_traceback():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "detector", "sql", "batches"],
            cwd=Path(__file__).parent.parent, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "detector: what should be printed could not be written (No space left on device).\n"


@pytest.mark.parametrize(("term", "expected"), [("xterm", True), ("dumb", False)])
def test_whoever_sits_at_a_terminal_sees_the_step_at_hand_and_a_plain_end(tmp_path, term, expected):
    """Nothing hostile in a file's name acts there, and the spinner is gone at the end."""
    log = tmp_path / "mail\u202e\x1b[31m.csv"
    log.write_text("timestamp,recipient,subject\n2026-10-27T18:00:00Z,a@b.example,Hello\n")
    ours, theirs = pty.openpty()
    words = ["nightly", log, "--state", tmp_path / "state", "--as-of=2026-10-28T02:00Z"]
    with subprocess.Popen(
        [sys.executable, "-m", "detector", *words],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": term},
    ) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # EIO: the other end is closed
            while piece := os.read(ours, 65536):
                shown += piece
        out = process.stdout.read() if process.stdout else b""
    os.close(ours)
    assert (process.returncode, out) == (0, b"")
    assert (b"reading the logs" in shown) is expected
    assert b"\x1b[31m.csv" not in shown
    assert "\u202e".encode() not in shown
    assert not shown or shown.endswith(b"\x1b[2K")
