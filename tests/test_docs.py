"""README and docs are true: commands run, tables name what exists, the config is accepted, links lead somewhere."""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import click
import pytest
from click.testing import CliRunner

from detector import errors
from detector.channels import CHANNELS
from detector.cli import main
from detector.config import Config, load_config
from detector.formats import load_formats

ROOT = Path(__file__).parent.parent
PAGES = {
    path: path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / ".github").rglob("*.md")), ROOT / "sample_logs" / "README.md")
}
README = PAGES[ROOT / "README.md"]
DOCS = {path.stem: text for path, text in PAGES.items() if path.parent.name == "docs"}


EXPORT = "export DETECTOR_STATE=detector-state-sample"


def blocks(language: str) -> list[str]:
    """The code blocks of README and docs in one language."""
    text = "\n".join([README, *DOCS.values()])
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [text for name, text in fences if name == language]


def commands(program: str) -> list[str]:
    """The lines of the one block that begins with this program, once the sample's state is named for all of them."""
    (block,) = (block for block in blocks("sh") if block.startswith(EXPORT) and f"\n{program}" in block)
    return [line.partition("  #")[0].partition(" > ")[0].strip() for line in block.strip().splitlines()[1:]]


def words_of(line: str, cwd: Path) -> list[str]:
    """A `detector ...` line of the README as a shell in that folder reads it."""
    words = [w for word in shlex.split(line) for w in (sorted(map(str, cwd.glob(word))) if "*" in word else [word])]
    assert words[0] == "detector"
    return words


def run(line: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run it in this process, which spares it two seconds to load all that a night needs."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with (
        contextlib.chdir(cwd),
        patch.dict(os.environ, env),
        patch.object(sys, "argv", words_of(line, cwd)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
        sys.exit(0)
    for stream in (out, err):
        stream.seek(0)
    return subprocess.CompletedProcess(line, int(ended.value.code or 0), out.read(), err.read())


def run_alone(line: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run it as a process of its own with this interpreter, and next to nothing in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "detector", *words_of(line, cwd)[1:]],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"} | env,
        capture_output=True,
        text=True,
        check=False,
    )


def anchors(text: str) -> set[str]:
    """What a link into the page may name, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_every_link_leads_to_a_file_that_is_there_and_to_a_heading_in_it() -> None:
    links = [(path, link) for path, text in PAGES.items() for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    assert len(links) > 50
    for path, link in links:
        if link.startswith("https://"):
            continue
        place, _, heading = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.exists(), f"{path.name}: {link}"
        assert not heading or heading in anchors(target.read_text(encoding="utf-8")), f"{path.name}: {link}"


def test_every_page_is_reached_from_the_readme() -> None:
    for name in DOCS:
        assert f".github/docs/{name}.md" in README
    assert ".github/CONTRIBUTING.md" in README


def test_the_docs_name_every_format_and_channel() -> None:
    for name in load_formats():
        assert f"`{name}`" in DOCS["formats"]
    for name in set(CHANNELS) - {"folder"}:
        assert f"[channels.{name}]" in DOCS["configuration"]
    assert "`alerts/`" in DOCS["configuration"]


def test_every_command_has_a_line_in_the_readme_or_the_docs() -> None:
    from detector.cli import cli

    for name in cli.commands:
        assert f"detector {name}" in README + DOCS["detection"]


def helps(command: click.Command, name: str = "detector") -> Iterator[tuple[str, click.Command]]:
    """Every command and group of commands, by its whole name."""
    yield name, command
    if isinstance(command, click.Group):
        for word, inner in command.commands.items():
            yield from helps(inner, f"{name} {word}")


def test_the_help_of_every_command_ends_with_an_example_whose_options_there_are() -> None:
    from detector.cli import cli

    known = {
        name: {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        for name, command in helps(cli)
    }
    for name, command in helps(cli):
        examples = [line.strip() for line in (command.help or "").splitlines() if line.strip().startswith(name)]
        assert examples, name
        for line in examples:
            called = max((other for other in known if f"{line} ".startswith(f"{other} ")), key=len)
            options = {word.partition("=")[0] for word in line.split() if word.startswith("--")}
            assert options <= known[called], line


def test_the_extras_that_are_named_are_those_that_there_are() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = set(re.findall(r"pip install '\.\[(\w+)\]'", "".join(PAGES.values())))
    assert named == set(project["optional-dependencies"])


def test_where_the_script_for_the_shell_goes_is_a_folder_that_the_help_makes_first() -> None:
    from detector.cli import cli

    lines = [line.partition("#")[0].split() for line in (cli.commands["completion"].help or "").splitlines()]
    made = [words[-1] for words in lines if words[:1] == ["mkdir"]]
    assert [str(Path(words[-1]).parent) for words in lines if words[:1] == ["detector"]] == made


def test_the_completion_of_the_shell_knows_the_commands(tmp_path: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_DETECTOR_COMPLETE" in run(f"detector completion {shell}", tmp_path).stdout
    asked = {"_DETECTOR_COMPLETE": "bash_complete", "COMP_WORDS": "detector inc", "COMP_CWORD": "1"}
    told = subprocess.run(
        [sys.executable, "-m", "detector"], env=os.environ | asked, capture_output=True, text=True, check=True
    )
    assert told.stdout == "plain,incidents\n"


@pytest.mark.parametrize(
    ("begun", "expected"),
    [
        ("detector sql burst_p", ["burst_people"]),
        ("detector simulate founding-night-", ["founding-night-ongoing"]),
        ("detector simulate stand", ["standard"]),
        ("detector simulate founding-night --format po", ["postfix"]),
        ("detector simulate founding-night --format plain,s", ["plain,sendgrid", "plain,ses"]),
        ("detector notify --test pag", ["pagerduty"]),
        ("detector incidents show --state {state} INC", ["INC-T76J"]),
        ("detector letter check --state {state} INC-X", []),
    ],
)
def test_the_shell_completes_tables_scenarios_channels_and_incidents(
    sample_state: Path, begun: str, expected: list[str]
) -> None:
    words = begun.format(state=sample_state)
    asked = {"_DETECTOR_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    told = subprocess.run(
        [sys.executable, "-m", "detector"], env=os.environ | asked, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == [f"plain,{name}" for name in expected]  # "plain" says that it is no path


def test_no_line_of_a_list_of_commands_is_cut() -> None:
    from detector.cli import cli

    groups = [[name] for name, command in cli.commands.items() if isinstance(command, click.Group)]
    assert len(groups) >= 3
    for words in ([], *groups):
        commands = CliRunner().invoke(cli, [*words, "--help"]).output.partition("Commands:")[2]
        assert commands
        assert "..." not in commands


def test_what_contributing_says_of_files_and_names_is_so() -> None:
    text = PAGES[ROOT / ".github" / "CONTRIBUTING.md"]
    for place in re.findall(r"`((?:detector|tests|sample_logs)/[\w/.]+)`", text):
        assert (ROOT / place).exists(), place
    from detector import causes, channels, documents, outbox

    assert {"resend"} <= set(load_formats())
    assert all(hasattr(module, name) for module in causes.CAUSES for name in ("SLUG", "MEANING", "FIRST_QUESTION"))
    assert channels.CHANNELS
    assert outbox.REPEATABLE
    assert callable(documents.night_documents)
    assert callable(documents.case_documents)


def test_the_readmes_config_is_accepted_and_uses_every_section(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    path = tmp_path / "detector.toml"
    path.write_text(text, encoding="utf-8")
    config = load_config(path)
    assert config.sources["our_lms"].columns["timestamp"] == "Gesendet am"
    assert all(getattr(config.channels, name) is not None for name in CHANNELS)
    assert set(Config.model_fields) - {"detection"} == set(tomllib.loads(text))


def test_the_practice_commands_of_the_readme_run_and_find_the_founding_night(tmp_path: Path) -> None:
    practice = next(block for block in blocks("sh") if "simulate" in block).strip().splitlines()
    written = run_alone(practice[0], tmp_path)
    assert written.returncode == 0, written.stderr
    night = run_alone(practice[1], tmp_path)
    assert night.returncode == 0, night.stderr
    assert "INC-" in night.stdout
    assert night.stdout.strip().splitlines()[-1].endswith("report.html")


def test_the_readmes_table_of_exit_codes_has_each_that_an_error_can_end_with() -> None:
    codes = {error.exit_code for error in vars(errors).values() if isinstance(error, type)}
    told = set(map(int, re.findall(r"^\| (\d+) \| ", DOCS["alerts"], re.MULTILINE)))
    assert told == codes | {0, 10}


def test_the_first_commands_of_the_readme_are_commands_of_dev_py() -> None:
    dev = (ROOT / "dev.py").read_text(encoding="utf-8")
    commands = re.findall(r"python3 dev\.py (\w+)", "".join(PAGES.values()))
    assert {"run", "test", "bench", "lint"} <= set(commands)
    for name in commands:
        assert re.search(rf"^def {name}\(", dev, flags=re.MULTILINE), name


def test_the_table_in_the_readme_is_what_the_sample_gives(sample_state: Path) -> None:
    printed = (sample_state / "stdout.txt").read_text(encoding="utf-8")
    shown = next(block for block in blocks("") if "10,393 sends" in block)
    for line in shown.strip().splitlines():
        assert " ".join(line.split()) in [" ".join(row.split()) for row in printed.splitlines()]


def test_person_by_person_it_stands_where_the_readme_says(sample_state: Path) -> None:
    (line,) = (block for block in blocks("sh") if block.startswith("head "))
    shell = line.replace("detector-state-sample", shlex.quote(str(sample_state)))
    printed = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=True).stdout
    assert [printed] == blocks("csv")
    assert printed.startswith("incident_id,recipient,organization,sends,expected,excess,first_sent_at,last_sent_at\n")


def test_the_python_block_runs_on_the_sample(sample_state: Path, tmp_path: Path) -> None:
    (code,) = blocks("python")
    (tmp_path / "block.py").write_text(code.replace("detector-state-sample", str(sample_state)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, tmp_path / "block.py"],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_doctors_command_prints_what_the_config_takes(tmp_path: Path) -> None:
    (block,) = (block for block in blocks("sh") if block.startswith("detector doctor exports"))
    look, paste = (line.partition("  #")[0].strip() for line in block.strip().splitlines())
    command, config = paste.split(" >> ")
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "outbox.csv").write_text(
        "Zeit;An\n27.10.2026 18:04;ann@x.example\n28.10.2026 18:04;ben@x.example\n", encoding="utf-8"
    )
    (exports / "known.csv").write_text("timestamp,to\n2026-10-27,ann@x.example\n", encoding="utf-8")
    known, unknown = run(look, tmp_path).stdout.splitlines()
    assert known == "exports/known.csv: plain, 1 send to 1 recipient"
    assert unknown.startswith("exports/outbox.csv: is a table without a column for")
    shown = run(command, tmp_path)
    (tmp_path / config).write_text(shown.stdout, encoding="utf-8")
    assert load_config(tmp_path / config).sources["outbox"].columns == {"timestamp": "Zeit", "recipient": "An"}


def test_the_commands_for_a_letter_are_those_of_the_readme(sample_state: Path, tmp_path: Path) -> None:
    state = Path(shutil.copytree(sample_state, tmp_path / "state", symlinks=True))
    answers = [run(line, state, DETECTOR_STATE=str(state)) for line in commands("detector letter")]
    assert [answer.returncode for answer in answers] == [1, 2, 2, 0], "open parts: no approval, so no letter"
    assert "Still open: H4" in answers[0].stdout
    assert answers[3].stdout.strip().endswith("letter.md")


def test_the_drill_of_the_readme_begins(tmp_path: Path) -> None:
    (block,) = (block for block in blocks("sh") if block.startswith("detector drill"))
    begun = run(block.strip(), tmp_path)
    assert begun.returncode == 0, begun.stderr
    assert "act 1 of 2" in begun.stdout


def test_the_send_that_the_readme_explains_is_one_of_the_sample(sample_state: Path, tmp_path: Path) -> None:
    (block,) = (block for block in blocks("sh") if block.startswith("detector show-send"))
    explained = run(block.strip().replace("detector-state-sample", str(sample_state)), tmp_path)
    assert explained.returncode == 0, explained.stderr
    assert explained.stdout.startswith(f"{shlex.split(block)[2]}: one mail")


def test_the_commands_that_follow_an_incident_are_the_readmes(sample_state: Path, tmp_path: Path) -> None:
    """On a copy, one after the other; but for the letter, which nobody has approved here, each does what it says."""
    state = tmp_path / "detector-state-sample"
    shutil.copytree(sample_state, state, symlinks=True)
    ended = {}
    for line in commands("detector incidents"):
        command = re.sub("--(due|until) 2026", r"--\1 2126", line)  # whoever runs this may do so later
        if "dismiss" in command:  # what is closed cannot be dismissed: as if it were another day
            shutil.rmtree(state)
            shutil.copytree(sample_state, state, symlinks=True)
        ended[command.split("incidents ")[1].split(" INC")[0]] = run(command, tmp_path, DETECTOR_STATE=state.name)
    codes = {name: done.returncode for name, done in ended.items()}
    refused = {"sent": 2, "close": 2}
    assert codes == {name: refused.get(name, 0) for name in codes}, [done.stderr for done in ended.values()]
    assert "before anybody approved the letter" in ended["sent"].stderr
    assert "no letter was sent to Harbor Freightways" in ended["close"].stderr
    from detector.cli.incidents import incidents

    said = {name.split()[0] for name in ended} | {"reopen"}
    assert said == set(incidents.commands)


def test_the_watch_of_the_readme_looks_at_what_its_pattern_fits_until_it_is_stopped(tmp_path: Path) -> None:
    (block,) = (block for block in blocks("sh") if block.startswith("detector watch"))
    (tmp_path / "mail.log").write_text("Oct 27 18:00:00 mx1 postfix/qmgr[1]: 4A0F12: removed\n")
    line = block.strip().replace("/var/log", str(tmp_path)).replace("/var/lib/detector", str(tmp_path / "state"))
    with subprocess.Popen(
        [sys.executable, "-m", "detector", *shlex.split(line)[1:]], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"}, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline().endswith("watching 1 file\n")
        process.terminate()
    assert process.returncode == 0


def test_the_commands_of_every_night_do_what_the_readme_says(sample_state: Path, tmp_path: Path) -> None:
    """On a copy, with a config that names its relay as nobody: the doctor says what to fix, the rest is well."""
    (block,) = (block for block in blocks("sh") if block.startswith("detector doctor --install-hints"))
    state, config = tmp_path / "state", tmp_path / "detector.toml"
    shutil.copytree(sample_state, state, symlinks=True)
    config.write_text(
        '[channels.smtp]\nhost = "127.0.0.1"\nport = 9\ntls = "none"\nfrom = "a@b.example"\nto = ["c@d.example"]\n'
    )
    ended = []
    for line in block.strip().splitlines():
        command = line.partition("  #")[0].strip().replace("/var/lib/detector", str(state))
        ended.append(run(command.replace("/etc/detector.toml", str(config)), tmp_path))
    assert [done.returncode for done in ended] == [0, 3, 5, 0, 0, 2], [done.stderr for done in ended]
    hints = ended[0].stdout
    assert all(word in hints for word in ("15 2 * * *", "[Service]", "ProtectSystem=strict", "[Timer]", "rotate 14"))
    assert hints.count("NoNewPrivileges=yes") == 2  # the night and the watch
    assert "detector watch --every 60s" in hints
    assert "FIX   smtp" in ended[1].stdout
    assert "need settling. There are: none." in ended[5].stderr
