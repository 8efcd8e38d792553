"""matplotlib's SVG made fit for a page: small, no ids, no styles of its own; colours and font come from the page."""

import html
import re

INK, MUTED, LINE, EXTRA, FIRST, CALM = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
"""Stand-ins that matplotlib writes and the page replaces by its variables."""

_VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    LINE: "--line",
    EXTRA: "--extra",
    FIRST: "--first",
    CALM: "--calm",
}
_NUMBER = re.compile(r"-?\d+\.\d+")
_IMAGE = re.compile(
    r'xlink:href="data:image/png;base64,\s*([^"]*)"([^>]*?) width="(\d+)" height="(\d+)" '
    r'transform="matrix\((\S+) 0 0 (\S+) (\S+) (\S+)\)" style="[^"]*"'
)


def for_page(picture: bytes, alt: str, key: str) -> str:
    """One <svg> element with a text alternative, to stand inside HTML any number of times; `key` says what it shows."""
    text = picture.decode("utf-8")
    body = text[text.index("<svg") : text.rindex("</svg>")]
    box = re.search(r'viewBox="([\d. ]+)"', body)
    if box is None:
        raise ValueError("matplotlib wrote an SVG without viewBox")
    body = body[body.index(">") + 1 :]
    for unwanted in (r"<metadata>.*?</metadata>", r"<style.*?</style>", r"<!--.*?-->", r"</?(?:g|defs)\b[^>]*>"):
        body = re.sub(unwanted, "", body, flags=re.DOTALL)
    body = re.sub(r' (?:id|clip-path|xml:space)="[^"]*"', "", body)
    body = re.sub(r' transform="rotate\(-0 [^"]*\)"', "", body)
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    body = _IMAGE.sub(_placed, body)
    body = _NUMBER.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), body)
    body = re.sub(r"\s*\n\s*", " ", re.sub(r">\s+<", "><", body)).strip()
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    return f'<svg data-shows="{key}" viewBox="{box[1]}" role="img" aria-label="{html.escape(alt)}">{body}</svg>'


def _placed(image: re.Match[str]) -> str:
    """A raster by its corner and size instead of a matrix, which does not survive the rounding of numbers."""
    data, rest, width, height, x_scale, y_scale, x, y = image.groups()
    wide, high = int(width) * float(x_scale), int(height) * float(y_scale)
    place = f'x="{x}" y="{y}" width="{wide:.1f}" height="{high:.1f}" preserveAspectRatio="none"'
    return f'href="data:image/png;base64,{"".join(data.split())}"{rest} {place}'
