"""`detector completion`: the script that lets a shell complete commands and options."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets the shell complete commands and options.

    \b
      detector completion bash > ~/.local/share/bash-completion/completions/detector
      detector completion zsh > ~/.zfunc/_detector
      detector completion fish > ~/.config/fish/completions/detector.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"nothing is known of {shell}.")
    click.echo(found(context.find_root().command, {}, "detector", "_DETECTOR_COMPLETE").source())
