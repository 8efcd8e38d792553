"""`detector completion`: the script that lets a shell complete commands and options, and what may stand for them."""

import re
from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets the shell complete commands and options.

    Put it where the shell looks for such:

    \b
      mkdir -p ~/.local/share/bash-completion/completions
      detector completion bash > ~/.local/share/bash-completion/completions/detector

    \b
      mkdir -p ~/.zfunc       # and in ~/.zshrc, before compinit:  fpath+=~/.zfunc
      detector completion zsh > ~/.zfunc/_detector

    \b
      mkdir -p ~/.config/fish/completions
      detector completion fish > ~/.config/fish/completions/detector.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"nothing is known of {shell}.")
    click.echo(found(context.find_root().command, {}, "detector", "_DETECTOR_COMPLETE").source())


def tables(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Tables that begin so."""
    return _beginning(begun, known_tables())


def known_tables() -> list[str]:
    """The tables that have a file of SQL, by name."""
    return sorted(path.stem for path in (Path(__file__).parent.parent / "sql").glob("*.sql"))


def scenarios(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Scenarios and suites that begin so."""
    from detector.simulate import DRAWN, SCENARIOS, SUITES

    return _beginning(begun, {*SCENARIOS, *DRAWN, *SUITES})


def simulated_formats(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Formats that begin so, after those that stand before the last comma."""
    from detector.simulate import FORMATS

    before, comma, last = begun.rpartition(",")
    return [f"{before}{comma}{name}" for name in _beginning(last, {*FORMATS, "all"})]


def channels(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Channels that begin so."""
    from detector.channels import CHANNELS

    return _beginning(begun, CHANNELS)


def incident_ids(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Incidents of the state directory named so far, or of the usual one."""
    folder = Path(context.params.get("state") or "detector-state") / "incidents"
    found = (re.match(r"INC-\w+", path.name) for path in folder.glob("INC-*"))
    return _beginning(begun, (match.group() for match in found if match))


def _beginning(begun: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(begun))
