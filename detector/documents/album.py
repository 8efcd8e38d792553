"""Pictures that were drawn before, by what they show: drawing takes longer than all else that a document needs, and an
incident that is over looks the same every night.

A picture carries the hash of what it shows, of the drawing programs and of matplotlib's version, so an old page can be
asked for it. Whoever keeps an album says where its pictures come from; documents only look into it and add to it.
"""

import hashlib
import re
from collections.abc import MutableMapping
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from detector.documents import drawing, svg

Album = MutableMapping[str, str]
"""What a picture shows, as a hash -> the picture."""

_PROGRAMS = ("drawing.py", "plots.py", "burst_plots.py", "svg.py")
_PICTURE = re.compile(r'<svg data-shows="([0-9a-f]{32})".*?</svg>', re.DOTALL)


def pictures_of(html: str) -> dict[str, str]:
    """The pictures of a page that we wrote."""
    return {found[1]: found[0] for found in _PICTURE.finditer(html)}


def picture(album: Album, inches: tuple[float, float], alt: str, draw: drawing.Drawing, *facts: Any) -> str:
    """An <svg> element, drawn only if the album has none that shows the same."""
    said = repr((_drawn_with(), inches, alt, draw.__name__, facts))
    key = hashlib.sha256(said.encode()).hexdigest()[:32]
    if key not in album:
        album[key] = drawn(key, inches, alt, draw, facts)
    return album[key]


@lru_cache(maxsize=256)  # for documents that share a picture, and for those without an album
def drawn(key: str, inches: tuple[float, float], alt: str, draw: drawing.Drawing, facts: tuple[Any, ...]) -> str:
    """The picture under its key."""
    return svg.for_page(drawing.bytes_of(inches, draw, *facts), alt, key)


@cache
def _drawn_with() -> str:
    """Changes with whatever makes other pictures of the same facts."""
    programs = "".join((Path(__file__).parent / name).read_text(encoding="utf-8") for name in _PROGRAMS)
    return hashlib.sha256(f"{programs}{version('matplotlib')}".encode()).hexdigest()
