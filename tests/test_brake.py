"""The brake: a command of the team's own, run once for what is grave and goes on, within its time, with nothing of ours
in its hands but the incident."""

import json
import os
import sys
import time
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from builders import incident
from office import detector
from test_watch import HEADER, NOW, Watched

from detector import case_journal
from detector.brake import MOST_SAID, calls_for_it, run
from detector.case_record import CaseRecord, JournalEntry
from detector.config import Brake
from detector.lifecycle import replay

PULLED = JournalEntry("brake pulled", NOW, "detector", {"command": ["x"], "release": ""})
AGAIN = JournalEntry("reopened", NOW + timedelta(hours=1), "detector", {"why": "more", "was_over": True})


def python(code: str, given: bytes = b"", limit: float = 20.0) -> dict:
    return run([sys.executable, "-c", code], given, limit)


def braked(folder: Path, code: str = "", **changes: object) -> Watched:
    """A watch with a brake that runs this Python; each run adds its input as a line to `pulls`."""
    keep = "import sys; text = sys.stdin.read(); open(sys.argv[1], 'a').write(text + '\\n');"
    command = (sys.executable, "-c", keep + code, str(folder / "pulls"))
    return Watched(folder, brake=Brake(command=command, **changes))


def pulls(watched: Watched) -> list[dict]:
    path = watched.folder / "pulls"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


# --- the command ----------------------------------------------------------------------------------------------------


def test_a_command_is_done_if_it_ends_with_0_and_failed_if_not():
    assert python("print('paused')") == {"outcome": "done", "how": "exit code 0", "said": "paused"}
    assert python("import sys; sys.exit('no queue')") == {"outcome": "failed", "how": "exit code 1", "said": "no queue"}
    assert python("import os; os.kill(os.getpid(), 9)")["how"] == "killed by signal 9"


def test_a_command_that_is_not_there_or_may_not_be_run_has_failed(tmp_path):
    (tmp_path / "plain").write_text("no program")
    for command in (["/nowhere/pause"], [str(tmp_path / "plain")], [str(tmp_path)], ["a\0b"]):
        ended = run(command, b"", 5)
        assert ended["outcome"] == "failed"
        assert ended["how"].startswith("it could not be started: ")


def test_a_command_whose_time_is_over_is_killed_with_all_that_it_has_started(tmp_path):
    alive = tmp_path / "alive"
    child = f"import time, pathlib; time.sleep(1.5); pathlib.Path({str(alive)!r}).touch()"
    ended = python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])", limit=0.5)
    assert (ended["outcome"], ended["how"]) == ("failed", "it took longer than 0.5 seconds and was killed")
    time.sleep(1.5)
    assert not alive.exists()


def test_what_a_command_leaves_behind_does_not_outlive_the_call(tmp_path):
    alive = tmp_path / "alive"
    child = f"import time, pathlib; time.sleep(1.0); pathlib.Path({str(alive)!r}).touch()"
    assert python(f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}])")["outcome"] == "done"
    time.sleep(1.5)
    assert not alive.exists()


def test_a_command_gets_its_input_whole_though_it_prints_more_than_a_pipe_holds_and_2000_bytes_are_kept():
    given = b"x" * 1_000_000
    ended = python("import sys; print('y' * 1_000_000); sys.exit(len(sys.stdin.buffer.read()) != 1_000_000)", given)
    assert (ended["outcome"], ended["said"]) == ("done", "y" * MOST_SAID)
    assert python("print('no input was read')", given)["outcome"] == "done"


def test_no_secret_of_ours_is_in_its_environment(monkeypatch):
    monkeypatch.setenv("DETECTOR_SMTP_PASSWORD", "s3cret")
    assert "PATH" in os.environ
    said = python("import os; print('PATH' in os.environ, any('DETECTOR_' in name for name in os.environ))")["said"]
    assert said == "True False"


# --- when it is pulled ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "entries", "expected"),
    [
        ({}, [], True),
        ({"severity": "minor"}, [], False),
        ({"ongoing": False}, [], False),
        ({"ongoing": None}, [], False),
        ({"ended_at": NOW - timedelta(hours=20)}, [], False),  # the log ends there, but the clock has gone on
        ({}, [PULLED], False),
        (
            {},
            [PULLED, JournalEntry("brake ended", NOW, "detector", {"outcome": "failed", "how": "", "said": ""})],
            False,
        ),
        ({}, [PULLED, AGAIN], True),
        ({}, [JournalEntry("merged into", NOW, "detector", {"into": "INC-AAAA"})], False),
    ],
)
def test_it_is_pulled_for_what_is_serious_and_goes_on_and_once_for_each_opening(changes, entries, expected):
    facts = {
        "state": "active",
        "ongoing": True,
        "severity": "serious",
        "ended_at": NOW - timedelta(seconds=30),
    } | changes
    record = replay("INC-7F3K", entries) if entries else CaseRecord("INC-7F3K")
    found = calls_for_it(incident(**facts), {"INC-7F3K": record}, Brake(command=("x",)), NOW)
    assert found is expected


@pytest.mark.parametrize("work", ["closed", "dismissed"])
def test_it_is_not_pulled_for_what_people_have_closed_or_dismissed(work):
    facts = incident(state="active", ongoing=True, ended_at=NOW - timedelta(seconds=30))
    assert not calls_for_it(facts, {"INC-7F3K": CaseRecord("INC-7F3K", work=work)}, Brake(command=("x",)), NOW)


def test_it_is_not_pulled_for_an_incident_if_it_was_for_a_part_of_it():
    part = replay("INC-PART", [PULLED])
    whole = replay("INC-7F3K", [JournalEntry("merged", NOW, "detector", {"absorbed": "INC-PART"})])
    facts = incident(state="active", ongoing=True, ended_at=NOW - timedelta(seconds=30))
    records = {"INC-7F3K": whole, "INC-PART": part}
    assert not calls_for_it(facts, records, Brake(command=("x",)), NOW)
    assert calls_for_it(facts, records | {"INC-PART": CaseRecord("INC-PART")}, Brake(command=("x",)), NOW)


def test_it_reads_the_incident_with_the_people_hit_as_json_in_ascii(tmp_path):
    watched = braked(tmp_path)
    watched.mail(rounds=4)
    watched.look()
    (told,) = pulls(watched)
    case = told["incident"]
    assert (told["schema_version"], told["as_of"]) == (1, "2026-10-27T18:10:00Z")
    assert (case["template"], case["recipients"], case["sends"], case["excess"]) == ("welcome", 51, 204, 153)
    assert len(case["affected"]) == 51
    assert case["affected"][0] | {"recipient": ""} == {
        "recipient": "", "organization": "harbor.example", "sends": 4, "expected": 1, "excess": 3
    }  # fmt: skip


def test_the_alert_says_that_the_brake_was_pulled_what_to_check_and_how_to_release_it(tmp_path):
    watched = braked(tmp_path, release="rm /run/paused")
    watched.mail(rounds=4)
    watched.look()
    (alert,) = (tmp_path / "state" / "alerts").glob("*.eml")
    text = " ".join(message_from_bytes(alert.read_bytes(), policy=SMTP).get_body(("plain",)).get_content().split())
    assert "The brake was pulled at 2026-10-27 18:10:00 UTC; its command ended well." in text
    assert "1. Make sure that the brake holds. If copies still go out, stop the sender by hand." in text
    _, folder = _only_case(watched)
    assert "**Make sure that the brake holds." in (folder / "brief.md").read_text(encoding="utf-8")
    assert "5. When the cause is gone, release the brake: rm /run/paused" in text


def test_it_is_pulled_once_however_often_the_watch_looks_and_never_by_a_dry_run_or_a_look_at_the_past(tmp_path):
    watched = braked(tmp_path)
    watched.mail(rounds=4)
    config = tmp_path / "detector.toml"
    command = json.dumps(list(watched.config.brake.command))
    config.write_text(f"[logs]\npaths = ['{watched.log}']\n[brake]\ncommand = {command}\n")
    for option in ("--dry-run", "--as-of=2026-10-27T18:10Z"):
        detector("nightly", "--config", config, "--state", tmp_path / "other", option)
    assert pulls(watched) == []
    for _ in range(3):
        watched.look(minutes=1)
        watched.mail()
    assert len(pulls(watched)) == 1


def test_what_is_mended_and_comes_back_is_braked_again(tmp_path):
    watched = braked(tmp_path)
    watched.mail(rounds=4)
    watched.look()
    watched.now += timedelta(hours=30)
    watched.mail(people=1)  # other mail, so that the log goes on and the incident is seen to have stopped
    watched.look()
    watched.look(minutes=61)
    assert [line.split()[3] for line in watched.said[-1:]] == ["stopped,"]
    watched.mail(rounds=4)
    watched.look(minutes=1)
    name, folder = _only_case(watched)
    kinds = [entry.kind for entry in case_journal.read(folder).entries]
    assert len(pulls(watched)) == kinds.count("brake pulled") == 1 + kinds.count("reopened")
    assert name


def test_a_brake_that_fails_is_said_in_every_run_with_exit_code_5_until_somebody_has_stopped_it(tmp_path):
    watched = braked(tmp_path, "sys.exit('no such queue')", release="systemctl start postfix")
    watched.mail(rounds=4)
    watched.look()
    name, folder = _only_case(watched)
    problem = (
        f"{name}: The brake was pulled at 2026-10-27 18:10:00 UTC; its command failed (exit code 1). It is not "
        f"pulled again. Stop the sender by hand, then: detector incidents contain {name}"
    )
    assert watched.complaints == [problem]
    state = ("--state", tmp_path / "state")
    night = detector("nightly", watched.log, *state, "--as-of", "2026-10-27T18:11Z")
    assert (night.code, problem in night.text) == (5, True)
    brief = (folder / "brief.md").read_text(encoding="utf-8")
    assert "its command failed (exit code 1)" in brief
    assert "To release the brake: systemctl start postfix" in brief
    (alert,) = (tmp_path / "state" / "alerts").glob("*.eml")
    assert "The brake was pulled at" in alert.read_text(encoding="utf-8")
    assert "no such queue" not in alert.read_text(encoding="utf-8") + brief  # what it prints may hold addresses
    shown = detector("incidents", "show", name, *state).text
    assert "brake ended: failed, exit code 1, no such queue" in " ".join(shown.split())
    detector("incidents", "contain", name, "--at", "2026-10-27T18:12Z", "--how", "by hand", "--by", "Kim", *state)
    assert detector("nightly", watched.log, *state, "--as-of", "2026-10-27T18:13Z").code == 0


def test_a_run_that_died_while_the_brake_was_pulled_leaves_unknown_and_it_is_not_pulled_again(tmp_path):
    watched = braked(tmp_path)
    watched.mail(rounds=4)
    watched.look()
    name, folder = _only_case(watched)
    journal = folder / "journal.log"
    lines = [line for line in journal.read_bytes().splitlines(keepends=True) if b"brake ended" not in line]
    journal.write_bytes(b"".join(lines))
    watched.mail()
    watched.look(minutes=1)
    assert len(pulls(watched)) == 1
    assert watched.complaints[-1].startswith(f"{name}: The brake was pulled at 2026-10-27 18:10:00 UTC; whether")


def test_text_out_of_a_log_is_data_on_its_standard_input_and_nowhere_else(tmp_path):
    watched = braked(tmp_path, "print(len(sys.argv))")
    evil = "$(touch owned); `touch owned` \u202e\u2066 '; drop table x"
    stamps = [watched.now - timedelta(seconds=30 * n) for n in range(8)]
    rows = [
        f'{at.isoformat()},sent,{n}.{p},p{p}@harbor.example,"{evil}","{evil}"\n'
        for n, at in enumerate(stamps)
        for p in range(20)
    ]
    watched.log.write_text(HEADER + "".join(rows), encoding="utf-8")
    watched.look()
    (told,) = pulls(watched)
    assert "drop table x" in told["incident"]["template"]
    assert (tmp_path / "pulls").read_bytes().isascii()
    assert [path.name for path in Path.cwd().glob("owned")] == []
    _, folder = _only_case(watched)
    (entry,) = (entry for entry in case_journal.read(folder).entries if entry.kind == "brake ended")
    assert entry.fields["said"] == "2"  # "-c" and the path of the config, whatever the log says


def test_hold_csv_grows_with_the_burst_also_after_somebody_has_imported_and_deleted_it(tmp_path):
    watched = braked(tmp_path)
    watched.mail(rounds=3, people=20)
    watched.look()
    _, folder = _only_case(watched)
    hold = folder / "hold.csv"
    assert hold.read_text(encoding="utf-8").count("@harbor.example") == 20
    hold.unlink()
    watched.mail(people=20)
    watched.look(minutes=1.5)
    assert not hold.exists()  # nobody new in it
    watched.mail(rounds=3, people=51)
    watched.look(minutes=1.5)
    assert hold.read_text(encoding="utf-8").count("@harbor.example") == 51


def test_the_doctor_says_whether_the_command_is_there_and_does_not_run_it(tmp_path):
    watched = braked(tmp_path)
    config = tmp_path / "detector.toml"
    for program, said in ((sys.executable, "good  brake"), ("/nowhere/pause-mail", "FIX   brake")):
        config.write_text(f"[logs]\npaths = ['{watched.log}']\n[brake]\ncommand = ['{program}', '-c', 'open(1)']\n")
        assert said in detector("doctor", "--config", config, "--state", tmp_path / "state").text
    assert pulls(watched) == []


def _only_case(watched: Watched) -> tuple[str, Path]:
    (folder,) = (path.parent for path in (watched.folder / "state" / "incidents").glob("*/journal.log"))
    return folder.name[:8], folder
