"""Jinja2, set up so that a template cannot forget to escape: every value passes a door of `escaping` on its way out.

A value is whatever stands in `{{ }}`. Text of ours that is already safe (an inline chart, a ready link) is wrapped in
`Safe` in Python, never in a template. A name that is not defined fails instead of vanishing.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detector.documents import escaping, phrases

if TYPE_CHECKING:
    from jinja2 import Environment

FILTERS: dict[str, Callable[..., str]] = {
    name: getattr(phrases, name)
    for name in ("number", "day", "long_day", "short_day", "clock", "second", "minute", "instant", "iso", "duration")
}
FILTERS["capitalize_first"] = lambda text: text[:1].upper() + text[1:]


class Safe(str):
    """Text of our own making that goes out as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        """What Jinja2 asks for before it escapes."""
        return str(self)


def fill(code: str, prompt: str) -> str:
    """The mark for what only a person can know: nothing here is ever guessed."""
    return f"[[FILL {code}: {prompt}]]"


def said(code: str, words: str, prompt: str) -> Safe:
    """What a person wrote, as it is; else the mark of what is open."""
    return Safe(one_line(words) or fill(code, prompt))


def one_line(words: str) -> str:
    """A person's words on one line with nothing hidden; they can pass neither for an open part nor for a figure."""
    shown = escaping.visible(" ".join(words.split()), 2_000)
    return shown.replace("[[", "[").replace("{", "(").replace("}", ")")


def render_html(template: str, facts: Mapping[str, Any]) -> str:
    """Fill a template; HTML in values is escaped, and what is hidden in them is shown."""
    return _html().get_template(template).render(facts)


def render_markdown(template: str, facts: Mapping[str, Any]) -> str:
    """Fill a template; values come out as plain words or as code spans."""
    return _plain(escaping.markdown).get_template(template).render(facts)


def render_text(template: str, facts: Mapping[str, Any]) -> str:
    """Fill a template for a plain-text mail; values keep to one line."""
    return _plain(escaping.visible).get_template(template).render(facts)


def install_hints() -> str:
    """What to copy into cron, systemd and logrotate."""
    return (Path(__file__).parent / "install_hints.txt").read_text(encoding="utf-8")


@cache
def _html() -> "Environment":
    from markupsafe import Markup, escape

    environment = _environment(autoescape=True, finalize=_show_in_html)

    def mark(code: str, prompt: str) -> Markup:
        return Markup('<span class="fill">{}</span>').format(escape(fill(code, prompt)))

    environment.globals["fill"] = mark
    environment.globals["said"] = lambda code, words, prompt: one_line(words) or mark(code, prompt)
    return environment


@cache
def _plain(escape: Callable[[object], str]) -> "Environment":
    def finalize(value: object) -> object:
        return value if isinstance(value, Safe) else escape(value)

    environment = _environment(autoescape=False, finalize=finalize)
    environment.globals["br"] = Safe("  ")  # a line break of Markdown, which no editor of ours may strip
    environment.filters["cell"] = _cell
    environment.filters["sentence"] = _sentence
    environment.globals["fill"] = lambda code, prompt: Safe(fill(code, prompt))
    environment.globals["said"] = said
    return environment


def _environment(*, autoescape: bool, finalize: Callable[[object], object]) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=autoescape,  # noqa: S701 - Markdown and mail text are escaped by `finalize`
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    environment.globals["counted"] = phrases.counted
    environment.globals["listing"] = phrases.listing
    return environment


def _cell(value: object) -> Safe:
    """A value inside a Markdown table, where a bar would end the cell even within a code span."""
    return Safe((value if isinstance(value, Safe) else escaping.markdown(value)).replace("|", "\\|"))


def _sentence(value: object) -> Safe:
    """A sentence in which only the strange words become code spans."""
    return value if isinstance(value, Safe) else Safe(escaping.markdown_sentence(value))


def _show_in_html(value: object) -> object:
    """Markup passes (macros, charts); a value is made visible and capped, then escaped by Jinja2."""
    return value if hasattr(value, "__html__") else escaping.visible(value)
