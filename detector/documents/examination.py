"""What the detector makes of one log file, in words."""

from detector.documents import phrases
from detector.documents.escaping import visible
from detector.documents.phrases import archived, counted, number
from detector.examined import Examined

_SHOWN = 48


def in_words(examined: Examined) -> str:
    """Format, counts, assumptions, the first events; for a table nobody knows, that a mapping follows."""
    lines = [f"{examined.name}: framing {examined.framing}; {_claims(examined)}"]
    if examined.mapping:
        lines.append(f"mapping: [sources.{examined.mapping}] of the config applies")
    tally = examined.tally
    if tally.format:
        parts = (("events", tally.events), ("ignored", tally.ignored), ("rejected", tally.rejected))
        rest = (("blank", tally.blank), ("held back", tally.held))
        said = ", ".join(f"{number(count)} {what}" for what, count in (*parts, *rest))
        lines.append(f"records: {number(tally.records)} = {said}")
        if len(examined.sources) > 1:
            lines.append("events by mailer: " + ", ".join(f"{name} {number(n)}" for name, n in examined.sources))
        people = counted(examined.recipients, "recipient")
        dropped = f"; {number(examined.dropped)} more dropped before they left" if examined.dropped else ""
        lines.append(f"sends: {number(examined.sends)} to {people}{dropped}")
    return "\n".join([*lines, *_remarks(examined), *_ending(examined)])


def in_a_line(examined: Examined) -> str:
    """The same of one file among several."""
    tally = examined.tally
    people = counted(examined.recipients, "recipient")
    read = f"{tally.format}, {counted(examined.sends, 'send')} to {people}" if tally.format else ""
    problem = (tally.problem or "").removeprefix(f"{examined.name}: ")
    return visible(f"{examined.name}: {'; '.join(filter(None, (read, problem)))}", 2000)


def _remarks(examined: Examined) -> list[str]:
    """What a person should know about how the file was read, and what could not be read."""
    lines = [f"kept apart: {visible(archived(archive), 400)}" for archive in examined.archives]
    lines += [f"assumed: {visible(text)}" for text in examined.tally.assumptions]
    if examined.unused:
        lines.append(f"not used: {visible(', '.join(map(repr, examined.unused[:30])), 400)}")
    if examined.nameless:
        lines.append(phrases.nameless(examined.nameless, examined.sends))
    return lines + [
        f"could not be read: {number(n)} (first: record {first}): {visible(why)}" for first, why, n in examined.rejects
    ]


def _ending(examined: Examined) -> list[str]:
    """What is wrong with it, its first events, and what stands in front of a mapping."""
    lines, tally = [], examined.tally
    if tally.problem and (tally.proved_zone or not examined.proposal):
        lines.append(f"problem: {visible(tally.problem, 2000)}")
    if examined.known and not examined.proposal:
        lines.append(f"formats that are known: {', '.join(examined.known)}; notebooks/new_format.ipynb teaches another")
    if examined.words:
        where = f"put this into [sources.{examined.mapping}] of the config, in place of `words` if it has that"
        lines.append(f"its event column has words that nobody knows; {where}, and fill what is empty:")
        lines.append(examined.words)
    if examined.rows and not examined.proposal:
        lines += ["", "the first events", *_table(examined.rows)]
    if examined.proposal and not examined.proposal.startswith("#"):
        lines.append(
            f"{_what_lacks(examined)}; put this into the config (`>> detector.toml` does), check it, fill what is "
            "empty, and name the config wherever the file is read: --config detector.toml"
        )
        lines += _as_proposed(examined.rows)
    return lines


def _what_lacks(examined: Examined) -> str:
    if examined.tally.proved_zone:
        return "its stamps are of another zone"
    return "its event column has words that nobody knows" if examined.tally.format else "no format knows this table"


def _as_proposed(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    """The first rows as they would be read; what happened to a mail is not known before its words are said."""
    unsaid = tuple((at, "", *others) for at, _, *others in rows)
    return ["", "the first rows, as this mapping reads them", *_table(unsaid), ""] if rows else []


def _claims(examined: Examined) -> str:
    if not examined.claims:
        looked_at = counted(examined.looked_at, "record")
        found = examined.tally.format
        if examined.mapping and found:
            return f"{found}, because a mapping of the config names the file"
        return f"{found}, by lines further on (none in the first {looked_at})" if found else "no format claims it"
    of = f"of the first {number(examined.looked_at)} records"
    return "claimed by " + ", ".join(
        f"{name} ({number(min(n, examined.looked_at))} {of})" for name, n in examined.claims
    )


def _table(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    titles = ("time (UTC)", "event", "recipient", "sender", "subject", "template")
    cells = [titles, *(tuple(visible(cell, _SHOWN) for cell in row) for row in rows)]
    kept = [n for n in range(len(titles)) if any(row[n] for row in cells[1:])]
    widths = {n: max(len(row[n]) for row in cells) for n in kept}
    return ["  ".join(row[n].ljust(widths[n]) for n in kept).rstrip() for row in cells]
