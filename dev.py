"""The project's commands; they need nothing but Python 3.11 with pip, and touch nothing outside the project.

    python3 dev.py run   [ARGS]   the nightly job on the sample logs (ARGS go to `detector nightly`)
    python3 dev.py test  [ARGS]   lint, then all tests (ARGS go to pytest; naming tests/... runs just those, unlinted)
    python3 dev.py lint           format, rules, types, import walls
    python3 dev.py bench [ARGS]   tests/benchmark.py; `bench formats`, `scale`, `watch`: tests/benchmark_*.py
    python3 dev.py fuzz  [ARGS]   tests/fuzz.py
    python3 dev.py lock  [ARGS]   write the lock files again after a change in pyproject.toml (--upgrade lifts the pins)

The environment is .venv, made by the uv in .tools, or by pip where uv cannot be had; each of its packages is checked by
the hash in the lock file. It is made again when the interpreter or the project's place changes; if only the lock file
is another, it gets the packages that it lacks, and what runs in it goes on. What tools keep for later is in .tools.
Everything runs in the project's folder, so paths in ARGS are relative to it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = TOOLS / "bin" / "uv"
UV_VERSION = "0.13.9"
SYNC: list[str | Path] = [UV, "pip", "sync", "--python", PYTHON, "--require-hashes"]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]

# Without bytecode, importing pandas and scikit-learn takes 5.1 s instead of 1.8 s.
UNWANTED = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_USER", "PIP_REQUIRE_VIRTUALENV"}

# Where tools may keep things, unless the user has told them; of themselves they would fill the user's home.
KEPT_BY = {
    "UV_CACHE_DIR": TOOLS / "uv-cache",
    "PIP_CACHE_DIR": TOOLS / "pip-cache",
    "MPLCONFIGDIR": TOOLS / "matplotlib",
}

SIGNALS: dict[int, str] = {
    signal.SIGKILL: "mostly the system does so when memory runs out; `dmesg` tells",
    signal.SIGTERM: "somebody, or a limit of time, ended it",
    signal.SIGHUP: "its terminal was closed",
    signal.SIGSEGV: "a fault in a compiled package; PYTHONFAULTHANDLER=1 shows where",
    signal.SIGABRT: "a compiled package gave up; PYTHONFAULTHANDLER=1 shows where",
}
"""What it usually means that a signal ended a command."""

RUN_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"  # holds all of RUN_LOCK too

SAMPLE_LOGS = "sample_logs/plain"
SAMPLE_STATE = "detector-state-sample"  # made anew by every `run`
SAMPLE_AS_OF = "2026-11-01T02:00:00Z"


def run(args: list[str]) -> int:
    """The main job on the sample logs, from an empty state."""
    set_up(RUN_LOCK)
    shutil.rmtree(ROOT / SAMPLE_STATE, ignore_errors=True)
    sample = [SAMPLE_LOGS, "--state", SAMPLE_STATE, "--as-of", SAMPLE_AS_OF, "--summary"]
    return call(PYTHON, "-m", "detector", "nightly", *sample, *args)


def test(args: list[str]) -> int:
    """Lint, then the tests; both must be good, and pytest has the last word on the screen."""
    set_up(DEV_LOCK)
    if any(arg.startswith("tests") for arg in args):
        return call(PYTHON, "-m", "pytest", *args)
    lint_status = lint([])
    if lint_status:
        say("lint found something (above), so this run will fail; now the tests")
    # conftest.py puts the dear files first; in an order of xdist's own they come last, for they have few tests
    spread = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    return call(PYTHON, "-m", "pytest", *spread, *args) or lint_status


def lint(_args: list[str]) -> int:
    """Every linter, even after one has complained."""
    set_up(DEV_LOCK)
    statuses = [
        call(VENV / "bin" / "ruff", "format", "--check", "--quiet"),
        call(VENV / "bin" / "ruff", "check", "--quiet"),
        call(PYTHON, "-m", "mypy"),
        call(VENV / "bin" / "lint-imports", "--no-logo"),
    ]
    return next((status for status in statuses if status), 0)


def bench(args: list[str]) -> int:
    """How fast, how much memory, how well it detects."""
    set_up(DEV_LOCK)
    if args[:1] in (["formats"], ["scale"], ["watch"]):
        return call(PYTHON, f"tests/benchmark_{args[0]}.py", *args[1:])
    return call(PYTHON, "tests/benchmark.py", *args)


def fuzz(args: list[str]) -> int:
    """Random and hostile input for longer than a test may take."""
    set_up(DEV_LOCK)
    return call(PYTHON, "tests/fuzz.py", *args)


def lock(args: list[str]) -> int:
    """Both lock files, for every platform and Python; they name no index, so any mirror serves."""
    if not get_uv():
        raise SystemExit("dev.py: writing the lock files needs uv, and pip could not fetch it.")
    options = ["--quiet", "--universal", "--python-version=3.11", "--generate-hashes"]
    options += ["--custom-compile-command=python3 dev.py lock", *args, "pyproject.toml", "--output-file"]
    status = call(UV, "pip", "compile", *options, RUN_LOCK)
    return status or call(UV, "pip", "compile", *options, DEV_LOCK, "--group=dev", f"--constraint={RUN_LOCK}")


def set_up(lock_file: str) -> None:
    """Make .venv hold what the lock file says; at once if it does already."""
    stamp = VENV / "stamp"
    if {place(), fingerprint(lock_file)} <= set(read_words(stamp)):
        return
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "set-up.lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # a second dev.py waits here, then finds the work done
        if {place(), fingerprint(lock_file)} <= set(read_words(stamp)):
            return
        say(f"setting up .venv from {lock_file}")
        if place() not in read_words(stamp):
            make_venv()
        stamp.write_text(place(), encoding="utf-8")  # whatever breaks off from here on is made good in the same .venv
        if not (get_uv() and quietly(*SYNC, lock_file).returncode == 0):
            say("uv did not do it; trying pip, which takes longer")
            install_with_pip(lock_file)
        done = [place(), fingerprint(RUN_LOCK), *([fingerprint(DEV_LOCK)] if lock_file == DEV_LOCK else [])]
        stamp.write_text("\n".join(done), encoding="utf-8")


def place() -> str:
    """Changes with whatever makes an environment useless: the interpreter, and where the project lies."""
    return digest(sys.version, sys.base_prefix, str(ROOT))


def fingerprint(lock_file: str) -> str:
    """Changes with what the environment must hold."""
    return digest((ROOT / lock_file).read_text(encoding="utf-8"))


def digest(*facts: str) -> str:
    """One word for them all."""
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def read_words(path: Path) -> list[str]:
    """The words of a file; none if there is no file."""
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def get_uv() -> bool:
    """Have uv in .tools; `--target` works even where the system's Python is closed to pip."""
    if not UV.exists():
        quietly(*PIP, "install", "--quiet", "--upgrade", "--target", TOOLS, f"uv=={UV_VERSION}")
    return UV.exists()


def make_venv() -> None:
    """An empty .venv with the project and its command in it, by uv or by the interpreter itself."""
    if not (get_uv() and quietly(UV, "venv", "--clear", "--python", sys.executable, VENV).returncode == 0):
        made = quietly(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)
        if made.returncode:
            give_up(made)
    add_project()


def install_with_pip(lock_file: str) -> None:
    """The same packages by the interpreter's own pip; neither ensurepip nor uv is needed."""
    if quietly(*PIP, "--version").returncode:
        raise SystemExit("dev.py: this Python has no pip. On Debian or Ubuntu: apt-get install python3-pip")
    made = quietly(*PIP, "--python", PYTHON, "install", "--no-deps", "--require-hashes", "-r", lock_file)
    if made.returncode:
        give_up(made)


def give_up(made: subprocess.CompletedProcess[str]) -> NoReturn:
    """Say what the tool said."""
    reason = next((line for line in made.stderr.splitlines() if "ERROR" in line), made.stderr.strip()[-200:])
    raise SystemExit(
        f"dev.py: the packages could not be installed: {reason.removeprefix('ERROR: ').rstrip('.')}. "
        "Is the package index that pip is set up for within reach?"
    )


def add_project() -> None:
    """Let .venv import the project where it lies, and give it the command `detector`; nothing is built."""
    site_packages = next(VENV.glob("lib/python*/site-packages"))
    (site_packages / "detector.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    command = VENV / "bin" / "detector"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(str(PYTHON))} -m detector "$@"\n', encoding="utf-8")
    command.chmod(0o755)


def call(*command: str | Path) -> int:
    """Run a command in the project's folder, on the terminal; its exit code, or what a shell gives for a signal."""
    sys.stdout.flush()
    status = subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode
    if status >= 0:
        return status
    said = SIGNALS.get(-status, "it did not end by itself")
    name = " ".join(map(str, command[1:3])).removeprefix("-m ")
    say(f"{name} was ended by signal {-status} ({signal.strsignal(-status)}): {said}")
    return 128 - status


def quietly(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it says."""
    return subprocess.run(command, cwd=ROOT, env=environment(), check=False, capture_output=True, text=True)


def environment() -> dict[str, str]:
    """The user's environment, less what would lead Python, pip or uv out of the project, or slow each start down."""
    kept = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    ours = {name: str(folder) for name, folder in KEPT_BY.items()}
    if not Path(os.environ.get("HOME", "/"), ".rustup").exists():
        ours["RUSTUP_HOME"] = str(TOOLS / "rustup")  # pip asks rustc for its version, and rustup settles in for that
    return ours | kept | {"UV_PYTHON_DOWNLOADS": "never"}


def say(sentence: str) -> None:
    """Talk goes to stderr."""
    print(f"dev.py: {sentence}", file=sys.stderr)


COMMANDS = {"run": run, "test": test, "lint": lint, "bench": bench, "fuzz": fuzz, "lock": lock}


def main() -> int:
    """Choose the command."""
    if sys.version_info < (3, 11):
        raise SystemExit("dev.py: needs Python 3.11 or newer; this is " + sys.version.split()[0])
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(__doc__)
        return 0 if {"-h", "--help"} & set(sys.argv[1:2]) else 2
    try:
        return COMMANDS[sys.argv[1]](sys.argv[2:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
