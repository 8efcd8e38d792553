"""`dev.py`: sets up once, adds what lacks without taking anything away, keeps to its folder, says what killed it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A uv that makes a .venv whose Python says what it was called with, and notes each of its own calls.
UV = """#!/bin/sh
echo "$@" >> uv-calls
if [ "$1" = venv ]; then
    rm -rf .venv
    mkdir -p .venv/bin .venv/lib/python3/site-packages
    printf '#!/bin/sh\\nenv > environment\\n. ./play\\n' > .venv/bin/python
    chmod +x .venv/bin/python
fi
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with nothing but dev.py, two lock files and that uv."""
    shutil.copy(ROOT / "dev.py", tmp_path)
    for name, lines in {"requirements.lock": "a", "requirements-dev.lock": "a b", "play": "true"}.items():
        (tmp_path / name).write_text(lines + "\n")
    uv = tmp_path / ".tools" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text(UV)
    uv.chmod(0o755)
    return tmp_path


def dev(project: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, project / "dev.py", *args], cwd=project, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(project / "home")} | env,
    )  # fmt: skip


def calls(project: Path) -> list[str]:
    """What uv was asked for, in two words each, and the lock file."""
    lines = [line.split() for line in (project / "uv-calls").read_text().splitlines()]
    return [" ".join(words[:1] if words[0] == "venv" else [*words[:2], words[-1]]) for words in lines]


def test_going_from_run_to_test_adds_packages_to_the_environment_that_is_in_use(project):
    assert dev(project, "run").returncode == 0
    command = project / ".venv" / "bin" / "detector"
    born = command.stat().st_ino, command.stat().st_mtime_ns
    assert dev(project, "test", "tests/test_x.py").returncode == 0
    assert calls(project) == ["venv", "pip sync requirements.lock", "pip sync requirements-dev.lock"]
    assert (command.stat().st_ino, command.stat().st_mtime_ns) == born


def test_what_is_set_up_is_not_set_up_again(project):
    for _ in range(2):
        dev(project, "test", "tests/test_x.py")
    assert dev(project, "run").stderr == ""  # the lock of the developers holds that of the users
    assert calls(project) == ["venv", "pip sync requirements-dev.lock"]


def test_another_lock_file_is_brought_into_the_same_environment(project):
    dev(project, "run")
    (project / "requirements.lock").write_text("a c\n")
    dev(project, "run")
    assert calls(project) == ["venv", "pip sync requirements.lock", "pip sync requirements.lock"]


def test_an_environment_that_was_moved_is_made_anew(project):
    dev(project, "run")
    moved = project.rename(project.with_name("moved"))
    dev(moved, "run")
    assert calls(moved) == ["venv", "pip sync requirements.lock"] * 2


def test_tools_keep_their_things_in_the_project_and_none_in_the_home_of_the_user(project):
    dev(project, "run")
    environment = dict(line.split("=", 1) for line in (project / "environment").read_text().splitlines())
    kept = {name: environment[name] for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR", "MPLCONFIGDIR", "RUSTUP_HOME")}
    assert {str(Path(place).parent) for place in kept.values()} == {str(project / ".tools")}
    assert not (project / "home").exists()


def test_a_place_that_the_user_has_chosen_for_them_stands(project):
    dev(project, "run", UV_CACHE_DIR="/srv/cache")
    assert "UV_CACHE_DIR=/srv/cache\n" in (project / "environment").read_text()


@pytest.mark.parametrize(
    ("name", "number", "said"), [("KILL", 9, "memory runs out"), ("TERM", 15, "a limit of time"), ("SEGV", 11, "fault")]
)
def test_the_signal_that_ended_the_tests_is_named(project, name, number, said):
    (project / "play").write_text(f"kill -{name} $$\n")
    done = dev(project, "test", "tests/test_x.py")
    assert done.returncode == 128 + number
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"dev.py: pytest was ended by signal {number} (")
    assert said in last
