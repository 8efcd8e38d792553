"""In which order the copies went out: round after round, or person by person; from the top of the list; on time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

_TOP = 0.05
_MOST_ROUNDS_COMPARED = 50
_OCCASIONS_APART_SECONDS = 600
_PAUSE_SECONDS = 60
_CLOCK_SECONDS = 20.0
_TICKS_SECONDS = (3600, 1800, 900, 600, 300, 120, 60)

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Order:
    """The rounds that the copies form, and how they resemble each other."""

    rounds: int = 1
    """Passes over the people in which nobody comes twice, the rightful one included."""
    coverage: float = 1.0
    """Share of the mails that a round covers, the median of the rounds with extra copies."""
    last_round: int = 0
    """Mails of the last round, which may have broken off."""
    one_by_one: float = 0.0
    """Share of the copies that follow directly on a copy of the same mail."""
    head: float | None = None
    """Rank correlation of place in line and copies: -1 if those who came first got most; None if all got as many."""
    staircase: float = 0.0
    """How nearly the mails have 1, 2, 3, 4, ... copies: distinct numbers of copies per mail, 1 if no two are equal."""
    newcomers: float = 0.0
    """Share of the rounds that bring exactly one person who had nothing before."""
    same_order: float | None = None
    """Rank correlation of one round's order with the next one's, the median; 1 if the list is always the same."""
    from_top: float | None = None
    """Share of the later rounds that begin with one of the first twentieth of the list."""
    cut_short: float = 0.0
    """Share of the rounds before the last that cover less than nine tenths of what the fullest round does."""
    went_on: float = 0.0
    """People who were spared and got their one copy from the last round, per mail that was hit."""
    idle: float | None = None
    """Share of the time in which no round was going on; near 1 if rounds are short and far apart."""
    even_starts: float | None = None
    """Interquartile range of the pauses between the starts of rounds, as a share of their median."""
    pause_seconds: float | None = None
    """Median time from the start of one round to the start of the next."""
    on_clock: float | None = None
    """Share of the rounds that begin just after a full hour or a full part of it, such as their own pause."""
    stopped_together: float | None = None
    """Share of the mails that had a copy in the last two rounds."""
    occasions: int = 1
    """Separate moments, at least ten minutes apart, at which rightful copies went out."""
    occasion_mails: float = 0.0
    """Mails per such moment, the median over mails: large for a batch, one for something that a person did."""
    occasions_on_clock: float = 0.0
    """Share of the mails whose occasion began within 20 seconds of a full five minutes, as a timetable does."""
    hit_first: float | None = None
    """How probably somebody hit was sent the mail before somebody who was spared: 1 if the head of the list was hit."""


def put_in_order(copies: pd.DataFrame, audience: pd.DataFrame) -> Order:
    """The order of copies in time order."""
    mails, place = _numbered(copies["mail"].to_numpy())
    times = copies["sent_at_seconds"].to_numpy(dtype=np.float64)
    rounds = _rounds(mails)
    edges = np.flatnonzero(np.diff(rounds, prepend=-1))
    sizes = np.diff(np.append(edges, len(mails)))
    starts, ends = times[edges], times[np.append(edges[1:] - 1, len(times) - 1)]
    per_mail = np.bincount(mails)
    span = times[-1] - times[0]
    firsts = np.sort(copies.groupby("mail")["sent_at_seconds"].first().to_numpy(dtype=np.float64))
    occasions, on_clock = _occasions(firsts)
    many = len(edges) >= 3
    return Order(
        rounds=len(edges),
        coverage=round(float(np.median(sizes[1:] if len(sizes) > 1 else sizes) / len(per_mail)), 4),
        last_round=int(sizes[-1]),
        one_by_one=round(float((np.diff(mails) == 0).mean()), 4) if len(mails) > 1 else 0.0,
        head=_correlation(np.arange(len(per_mail)), per_mail),
        staircase=round(len(np.unique(per_mail)) / len(per_mail), 4),
        newcomers=round(float((np.bincount(rounds[place == 0], minlength=len(edges)) == 1).mean()), 4),
        same_order=_same_order(mails, edges, sizes),
        from_top=round(float((mails[edges[1:]] <= _TOP * len(per_mail)).mean()), 4) if len(edges) > 1 else None,
        cut_short=round(float((sizes[:-1] < 0.9 * sizes.max()).mean()), 4) if len(sizes) > 1 else 0.0,
        went_on=_went_on(audience, starts[-1], times[-1], len(per_mail)),
        idle=round(float(1 - (ends - starts).sum() / span), 4) if span > 0 else None,
        even_starts=_spread(np.diff(starts)) if many else None,
        pause_seconds=round(float(np.median(np.diff(starts))), 3) if len(edges) > 1 else None,
        on_clock=_on_clock(starts) if many else None,
        stopped_together=_stopped_together(mails, rounds, len(per_mail)) if many else None,
        hit_first=_hit_first(audience),
        occasions=len(occasions),
        occasion_mails=float(np.median(np.repeat(occasions, occasions))),
        occasions_on_clock=round(float(occasions[on_clock].sum() / occasions.sum()), 4),
    )


def _numbered(mails: npt.NDArray[np.int64]) -> tuple[Places, Places]:
    """Mails numbered in the order of their first copies; for each copy, how many of its mail went before."""
    _, first, inverse = np.unique(mails, return_index=True, return_inverse=True)
    number = np.empty(len(first), dtype=np.int64)
    number[np.argsort(first, kind="stable")] = np.arange(len(first))
    numbered = number[inverse]
    return numbered, pd.Series(numbered).groupby(numbered).cumcount().to_numpy()


def _rounds(mails: Places) -> Places:
    """For each copy the round it belongs to: a new one begins where a mail comes that this round has had."""
    seen_in = np.full(mails.max() + 1, -1)
    rounds = np.empty(len(mails), dtype=np.int64)
    current = 0
    for position, mail in enumerate(mails):
        if seen_in[mail] == current:
            current += 1
        seen_in[mail] = current
        rounds[position] = current
    return rounds


def _correlation(first: npt.ArrayLike, second: npt.ArrayLike) -> float | None:
    """Spearman's rank correlation; None if one of the two does not vary."""
    ranks = _ranks(first), _ranks(second)
    if len(ranks[0]) < 3 or not ranks[0].std() or not ranks[1].std():
        return None
    return round(float(np.corrcoef(*ranks)[0, 1]), 4)


def _ranks(values: npt.ArrayLike) -> Numbers:
    """The place of each value in order, from 1 on; those that are alike share the middle of their places."""
    _, inverse, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    middle: Numbers = np.cumsum(counts) - (counts - 1) / 2
    return middle[inverse]


def _same_order(mails: Places, edges: Places, sizes: Places) -> float | None:
    """Compare each round, up to a number of them, with the order of first copies."""
    chosen = [n for n in np.argsort(-sizes, kind="stable")[:_MOST_ROUNDS_COMPARED] if sizes[n] >= 5 and n]
    found = [_correlation(np.arange(sizes[n]), mails[edges[n] : edges[n] + sizes[n]]) for n in chosen]
    known = [value for value in found if value is not None]
    return round(float(np.median(known)), 4) if known else None


def _spread(values: Numbers) -> float | None:
    """Interquartile range as a share of the median."""
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75))
    return round(float((high - low) / median), 4) if median > 0 else None


def _on_clock(starts: Numbers) -> float:
    """Rounds that begin in the first tenth, and the first twenty seconds, of the tick that their pause is made of."""
    pause = float(np.median(np.diff(starts)))
    tick = next((tick for tick in _TICKS_SECONDS if pause > 0.9 * tick), 60)
    return round(float((starts % tick <= min(_CLOCK_SECONDS, 0.1 * tick)).mean()), 4)


def _stopped_together(mails: Places, rounds: Places, count: int) -> float:
    """Whether everybody got copies to the end, also those who came late."""
    last = np.zeros(count, dtype=np.int64)
    last[mails] = rounds  # copies are in time order, so the last one stays
    return round(float((last >= rounds[-1] - 1).mean()), 4)


def _occasions(firsts: Numbers) -> tuple[Places, npt.NDArray[np.bool_]]:
    """Moments at which rightful copies went out: how many mails went together, and whether that began by the clock."""
    group = np.cumsum(np.diff(firsts, prepend=firsts[0]) > _OCCASIONS_APART_SECONDS)
    sizes = np.bincount(group)
    starts = firsts[np.flatnonzero(np.diff(group, prepend=-1))]
    on_clock = (starts + _CLOCK_SECONDS / 4) % 300 <= _CLOCK_SECONDS * 1.25
    return sizes, on_clock


def _went_on(audience: pd.DataFrame, last_round: float, last_copy: float, mails: int) -> float:
    """How far the last round went beyond those hit, up to the first pause that it would not make."""
    firsts = audience.loc[~audience["is_hit"].astype(bool), "first_seconds"].to_numpy(dtype=np.float64)
    then = np.maximum(np.sort(firsts[firsts >= last_round]), last_copy)
    paused = np.diff(then, prepend=last_copy) > _PAUSE_SECONDS
    return round(float(np.logical_not(np.logical_or.accumulate(paused)).sum() / mails), 4)


def _hit_first(audience: pd.DataFrame) -> float | None:
    """The area under the curve of "hit" over the order of first copies; ties count half."""
    hit = audience["is_hit"].to_numpy(dtype=bool)
    if not hit.any() or hit.all():
        return None
    ranks = _ranks(audience["first_seconds"])
    above = ranks[~hit].sum() - (~hit).sum() * ((~hit).sum() + 1) / 2
    return round(float(above / (hit.sum() * (~hit).sum())), 4)
