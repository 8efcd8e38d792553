"""What a long command says on stderr while it works: every step if asked, the newest one to whoever sits at a terminal,
nothing to a pipe or to cron.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def talking(*, verbose: bool) -> Iterator[Callable[[str], None]]:
    """Takes a line for each step; on a terminal the newest stands beside a spinner that goes when the work is done."""
    if verbose:
        yield lambda line: click.echo(line, err=True)
    elif not sys.stderr.isatty():
        yield lambda _: None
    else:
        from rich.console import Console
        from rich.text import Text

        from detector.documents.escaping import visible

        with Console(stderr=True).status("reading the logs") as status:
            yield lambda line: status.update(Text(visible(line), no_wrap=True, overflow="ellipsis"))
