"""The repository keeps its own promises: sizes, names, headers, versions, and what an import drags in."""

import ast
import json
import re
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path

import pytest

import detector

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "detector"

MODULE_LINES, LONGER_MODULES = (
    300,
    {
        "detector/cli/__init__.py": 350,
        "detector/store.py": 350,
        "detector/records.py": 400,  # all the nouns on one page
    },
)
FUNCTION_LINES = 40
SQL_LINES = 90

# "file::function" -> why it may be longer than FUNCTION_LINES.
LONG_FUNCTIONS: dict[str, str] = {}

SAYS_NOTHING = {"utils", "util", "helpers", "misc", "common", "base", "core", "constants", "manager", "managers"}

# Written in pieces, so that this file does not find itself.
ADDRESSES_OF_AN_INDEX = ["pythonhosted" + ".org", "pypi" + "-more", "pypi" + ".org/simple", "--index" + "-url"]
PLACES_ON_A_MACHINE = ["/op" + "t/", "/roo" + "t/", "/wor" + "k/main", "/wor" + "k/shared", "/tm" + "p/venv"]

HEAVY = {"duckdb", "pandas", "numpy", "scipy", "sklearn", "matplotlib", "jinja2", "pydantic", "rich"}


def texts() -> Iterator[tuple[str, str]]:
    """Every text file of the repository as (path, content); not what .gitignore leaves out."""
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    left_out = [".git", *(line.strip("/") for line in ignored if not line.startswith("#"))]
    entries = [entry for entry in sorted(ROOT.iterdir()) if not any(fnmatch(entry.name, name) for name in left_out)]
    for path in (path for entry in entries for path in (entry, *sorted(entry.rglob("*")))):
        if path.is_file() and "__pycache__" not in path.parts:
            with suppress(UnicodeDecodeError):  # compressed or deliberately broken samples
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def modules() -> list[str]:
    """Every Python module of the package, as a path from the root."""
    return [path.relative_to(ROOT).as_posix() for path in sorted(PACKAGE.rglob("*.py"))]


def sql_files() -> list[str]:
    """Every file that makes one derived table, as a path from the root; the schema makes the tables that are kept."""
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted((PACKAGE / "sql").rglob("*.sql"))
        if "schema" not in str(path)
    ]


def line_count(path: str) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def function_lengths(path: str) -> Iterator[tuple[str, int]]:
    """("file::function", lines without decorators and docstring) of each function in a module."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node) is not None:
                lines -= node.body[0].end_lineno - node.body[0].lineno + 1
            yield f"{path}::{node.name}", lines


def in_a_fresh_process(*code_or_module: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *code_or_module], cwd=ROOT, capture_output=True, text=True, check=False)


def packages_loaded_by(code: str) -> set[str]:
    """The top-level packages in memory after `code` has run in a process of its own."""
    dump = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = in_a_fresh_process("-c", f"{code}\n{dump}")
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The package as users install it."""
    folder = tmp_path_factory.mktemp("wheel")
    done = in_a_fresh_process("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_no_text_names_the_address_of_a_package_index():
    found = [(path, word) for path, text in texts() for word in ADDRESSES_OF_AN_INDEX if word in text]
    assert found == []


def test_no_text_names_a_place_on_the_machine_it_was_written_on():
    by_us = [(path, text) for path, text in texts() if not path.startswith("sample_logs/")]  # a log may name any place
    assert [(path, word) for path, text in by_us for word in PLACES_ON_A_MACHINE if word in text] == []


@pytest.mark.parametrize("lock_file", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_one_exact_version_and_hashes(lock_file):
    text = (ROOT / lock_file).read_text(encoding="utf-8").replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    loose = [line[:60] for line in entries if not re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:", line)]
    assert len(entries) > 20
    assert loose == []


def test_the_lock_of_the_developers_holds_the_lock_of_the_users():
    def pins(lock_file: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (ROOT / lock_file).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = {re.match(r"[a-z0-9-]+", requirement).group() for requirement in declared}
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements-dev.lock").read_text("utf-8"), re.MULTILINE))
    assert names - locked == set()


def test_no_module_has_a_name_that_says_nothing():
    named = [Path(path) for path, _ in texts() if path.endswith(".py")]
    assert [str(path) for path in named if SAYS_NOTHING & {path.stem, path.parent.name}] == []


@pytest.mark.parametrize("path", [*modules(), "dev.py"])
def test_a_module_fits_in_a_sitting(path):
    assert line_count(path) <= LONGER_MODULES.get(path, MODULE_LINES)


@pytest.mark.parametrize("path", [*modules(), "dev.py"])
def test_a_function_fits_on_a_screen(path):
    too_long = [(name, lines) for name, lines in function_lengths(path) if lines > FUNCTION_LINES]
    assert [(name, lines) for name, lines in too_long if name not in LONG_FUNCTIONS] == []


def test_the_list_of_long_functions_holds_no_function_that_is_short_or_gone():
    lengths = dict(pair for path in modules() for pair in function_lengths(path))
    assert [name for name in LONG_FUNCTIONS if lengths.get(name, 0) <= FUNCTION_LINES] == []


def test_there_are_derived_tables():
    assert sql_files() != []


@pytest.mark.parametrize("path", sql_files())
def test_an_sql_file_says_what_it_is_and_is_short(path):
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    header = [line for line in lines if line.startswith("--")]
    assert lines[0].startswith("-- "), "the first line says in one sentence what the table is"
    assert [line for line in header if line.startswith("-- grain: ")], "the columns that make a row unique"
    assert [line for line in header if line.startswith("-- reads:")], "the tables it reads, if any"
    assert len(lines) <= SQL_LINES


def test_the_wheel_holds_every_file_of_the_package(wheel):
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours - set(wheel.namelist()) == set()


def test_the_wheel_brings_the_command_the_licence_and_nothing_foreign(wheel):
    names = wheel.namelist()
    commands = next(name for name in names if name.endswith(".dist-info/entry_points.txt"))
    assert "detector = detector.cli:main" in wheel.read(commands).decode()
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"detector"}


def test_the_version_is_said_once_and_has_its_section_in_the_changelog(wheel):
    metadata = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    assert f"\nVersion: {detector.__version__}\n" in wheel.read(metadata).decode()
    assert f"\n## [{detector.__version__}] - " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_licence_is_mit():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) 2026 The detector contributors\n")
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in text


@pytest.mark.parametrize("module", ["detector.records", "detector.errors", "detector.incidents"])
def test_the_nouns_and_the_incident_rules_load_no_database_no_mail_and_no_frames(module):
    assert packages_loaded_by(f"import {module}") & {"duckdb", "smtplib", "pandas"} == set()


def test_what_follows_an_incident_loads_no_frames_and_no_statistics():
    loaded = packages_loaded_by("import detector.casework, detector.chronicle, detector.registry, detector.facts")
    assert loaded & {"pandas", "scipy", "sklearn", "matplotlib"} == set()


def test_asking_for_help_loads_nothing_heavy():
    ask = """
import runpy, sys
sys.argv = ["detector", "--help"]
try:
    runpy.run_module("detector", run_name="__main__")
except SystemExit as leaving:
    assert not leaving.code, leaving.code
"""
    assert packages_loaded_by(ask) & HEAVY == set()


def test_asking_for_help_is_answered_at_once():
    def seconds() -> float:
        started = time.perf_counter()
        done = in_a_fresh_process("-m", "detector", "--help")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("Usage:")
        return time.perf_counter() - started

    assert min(seconds() for _ in range(3)) < 1.0
