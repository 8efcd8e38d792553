"""One person and the same mail again and again: from how many copies on nobody needs statistics."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.batch_rows import DAY_US
from detector.config import Detection

DAYS_OF_AN_INBOX = 5
"""Who gets a template again on so many other days is a shared inbox: how busy its day is says nothing.

Nor does a mail that comes for longer, unless the template is well known and the mail began to come, like clockwork or
ten a day: nightly reports, test accounts and people who sign in often do."""
_LONG_US = DAYS_OF_AN_INBOX * DAY_US
_BEFORE = 0.25
"""What began had so much log before it, relative to how long it lasted."""
MANY_TIMES_THE_MOST = 4
"""Very many copies: so many times the most that anybody else got of the template, one no more than three days after
another."""
WELL_KNOWN = 100
"""Of a template that so many mails are known of,"""
FEW_COPIES = 6
"""so few copies may be very many."""
A_DRIP, _MAILS_FOR_A_TEST_ACCOUNT = 5, 500
"""So few are, if they come like clockwork for days and to nobody else: some schedule repeats it. One test account among
so many mails of the template is nobody."""
_MAILS_OF_ONE_IN_A_LOOP = 50
"""And of a great template more people than `_PEOPLE_IN_A_LOOP` may be hit by one such fault: one for so many mails."""
SHARED_INBOXES = frozenset({
    "abuse", "accounting", "accounts", "admin", "administration", "billing", "booking", "buchhaltung", "büro",
    "buero", "contact", "courses", "edu", "education", "empfang", "enquiries", "enrol", "enrolment", "enroll",
    "enrollment", "events", "family", "familie", "finance", "help", "helpdesk", "hello", "hr", "info", "inquiries",
    "kontakt", "kurse", "learning", "mail", "marketing", "office", "orders", "personal", "postmaster", "reception",
    "registrar", "registration", "sales", "schulung", "secretary", "sekretariat", "service", "staff", "student",
    "students", "support", "team", "teams", "training", "trainings", "verwaltung", "webmaster", "weiterbildung",
    "accueil", "administracion", "administracja", "amministrazione", "commerciale", "compras", "contacto", "contatto",
    "cursos", "drh", "formacion", "formation", "formazione", "opleidingen", "people", "personeel", "rh", "rrhh",
    "secretaria", "secretariat", "segreteria", "szkolenia", "ventas",
})  # fmt: skip
"""Names that several people read mail under: RFC 2142 and custom. To them one mail for each person is no fault."""
_OF_A_SHARED_INBOX = 10
"""So many times more copies than to a person are very many to such a name, and so many copies to it are as one."""
_OF_A_SHARED_INBOX_THAT_ANSWERS, _GOING_ON_US = 3, 2_700_000_000
"""And so many times more if they come for three quarters of an hour: of people who are enrolled an office is told at
once, and it is offices whose machines answer."""
_PEOPLE_IN_A_LOOP = 10
_PEOPLE_IN_A_NEW_LOOP = 2
"""So many others with as many copies at that time may be hit by the same fault; more of them are a lively forum, if the
template is new and the copies do not come faster than anybody posts:"""
_COPIES_AN_HOUR = 10


Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Episodes:
    """Table `recipient_episodes`, of each template the longest first; and how many mails there were of each."""

    rows: pd.DataFrame
    """Those of three copies or more."""
    pairs: Callable[[str], pd.DataFrame]
    """Those of two, of one template: most are such, and few are asked for."""
    mails: dict[str, int]
    begins_us: int
    """When the log begins."""


def enough_copies(episode: dict[str, Any], most_elsewhere: int, *, is_known: bool, settings: Detection) -> int:
    """How many copies of one mail to one person are an incident whatever the statistics say.

    A few are if the template is well known, or if they come like clockwork, as many in a day: so does no person ask.
    """
    fewest = settings.single_recipient_copies
    if _is_shared(episode["recipient"]):
        goes_on = _is_dense(episode) and episode["ended_us"] - episode["started_us"] >= _GOING_ON_US
        fewest *= _OF_A_SHARED_INBOX_THAT_ANSWERS if goes_on else _OF_A_SHARED_INBOX
    elif is_known or _is_clockwork(episode):
        fewest = min(FEW_COPIES, fewest)
    return max(fewest, MANY_TIMES_THE_MOST * most_elsewhere)


@lru_cache(maxsize=100_000)
def _is_shared(recipient: str) -> bool:
    """True if several people read mail under such a name."""
    return recipient.partition("@")[0].partition("+")[0].lower() in SHARED_INBOXES


def alarmed_episodes(episodes: Episodes, batch_alarms: pd.DataFrame, settings: Detection) -> pd.DataFrame:
    """The episodes with very many copies, with the most that anybody else got, and from how many on it was enough; and
    would have been, had the template not been well known."""
    rows = episodes.rows
    fewest = min(A_DRIP, settings.single_recipient_copies)
    known = rows["template_key"].map(episodes.mails).fillna(0) >= WELL_KNOWN
    lasted, before = rows["ended_us"] - rows["started_us"], rows["started_us"] - episodes.begins_us
    began = (before >= _LONG_US) & (before >= _BEFORE * lasted)
    pressing = rows["is_even"] | (rows["copies"] * DAY_US >= settings.single_recipient_copies * lasted)
    is_news = (lasted < _LONG_US) | known & began & pressing
    busy = rows[(rows["copies"] >= fewest) & (rows["own_days"] < DAYS_OF_AN_INBOX) & is_news]
    alarmed = {key: np.unique(part["day"]) for key, part in batch_alarms.groupby("template_key")}
    found, places = [], rows.groupby("template_key").indices
    for template_key, part in busy.groupby("template_key"):
        is_known, days = bool(known[part.index[0]]), alarmed.get(template_key, np.array([]))
        compared = _compared(rows.iloc[places[template_key]], days)
        others = _Others(compared, partial(_pairs, episodes, template_key, days))
        is_of_a_size = template_key.startswith("z:")  # these may be different mails, and evenly spaced by chance
        dripping = others if is_of_a_size else _Others(compared[_drips(compared)])
        for episode in part.assign(drips=_drips(part)).to_dict("records"):
            by_clock = is_known and episode["is_even"]  # as no person asks, but machines that test, and past faults
            nobodies = episodes.mails[template_key] // _MAILS_FOR_A_TEST_ACCOUNT if by_clock else 0
            most, enough = _enough(episode, others, settings, nobodies, is_known=is_known)
            if is_known and episode["drips"]:
                in_a_loop = max(_PEOPLE_IN_A_LOOP, episodes.mails[template_key] // _MAILS_OF_ONE_IN_A_LOOP)
                most = _most_elsewhere(episode, dripping, in_a_loop, nobodies)
                enough = max(fewest, MANY_TIMES_THE_MOST * most)
            if episode["copies"] >= enough:
                if_new = _enough(episode, others, settings, nobodies, is_known=False)[1] if is_known else enough
                sums = {"most_elsewhere": most, "enough_copies": enough, "enough_if_new": if_new}
                found.append(episode | sums)
    return pd.DataFrame(found, columns=[*rows.columns, "most_elsewhere", "enough_copies", "enough_if_new"])


class _Others:
    """What each of hundreds of episodes is compared with, by name; with the pairs once nothing else suffices."""

    def __init__(self, longer: pd.DataFrame, pairs: Callable[[], pd.DataFrame] | None = None) -> None:
        self.columns, self.pairs = _columns(longer), pairs

    def has_pairs(self) -> bool:
        """Fetch the pairs; False if that is done."""
        if self.pairs is None:
            return False
        pairs, self.pairs = _columns(self.pairs()), None
        self.columns = {name: np.concatenate([values, pairs[name]]) for name, values in self.columns.items()}
        return True


def _columns(episodes: pd.DataFrame) -> Columns:
    """The columns that are compared."""
    return {
        name: episodes[name].to_numpy() for name in ("recipient", "started_us", "ended_us", "copies", "busiest_day")
    }


def _compared(episodes: pd.DataFrame, days: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Without those of shared inboxes, and of the days on which a whole group was hit."""
    episodes = episodes[episodes["own_days"] < DAYS_OF_AN_INBOX]
    return episodes[~_is_of(episodes, days)]


def _pairs(episodes: Episodes, template_key: str, days: npt.NDArray[np.int64]) -> pd.DataFrame:
    """The same of those of two copies."""
    return _compared(episodes.pairs(template_key), days)


def _enough(
    episode: dict[str, Any], others: _Others, settings: Detection, nobodies: int, *, is_known: bool
) -> tuple[int, int]:
    """The most that anybody else got, and so how many are enough of a template well known, or of one that is not."""
    is_loop = is_known or _is_dense(episode) or _is_clockwork(episode)
    most = _most_elsewhere(episode, others, _PEOPLE_IN_A_LOOP if is_loop else _PEOPLE_IN_A_NEW_LOOP, nobodies)
    return most, enough_copies(episode, most, is_known=is_known, settings=settings)


def _is_clockwork(episode: dict[str, Any]) -> bool:
    """True if the copies came evenly, within a day or many in one: so does no timetable, and nobody asks or posts."""
    is_quick = episode["ended_us"] - episode["started_us"] < DAY_US or episode["busiest_day"] >= FEW_COPIES
    return bool(episode["is_even"] and is_quick)


def _is_dense(episode: dict[str, Any]) -> bool:
    """True if the copies, ten or more, came at ten an hour or faster."""
    hours = (episode["ended_us"] - episode["started_us"]) / 3_600_000_000
    return bool(episode["copies"] >= _COPIES_AN_HOUR * max(hours, 1.0))


def _is_of(episodes: pd.DataFrame, days: npt.NDArray[np.int64]) -> "pd.Series[bool]":
    """Which episodes began and ended on days, or next to days, on which a whole group was hit."""
    beside = np.concatenate([days - 1, days, days + 1])
    is_of: pd.Series[bool] = (episodes["started_us"] // DAY_US).isin(beside)
    return is_of & (episodes["ended_us"] // DAY_US).isin(beside)


def _drips(episodes: pd.DataFrame) -> "pd.Series[bool]":
    """Which came three times or more, for more than a day, like clockwork."""
    is_long: pd.Series[bool] = episodes["ended_us"] - episodes["started_us"] >= DAY_US
    return is_long & episodes["is_even"].astype(bool) & (episodes["copies"] > 2)


def _most_elsewhere(episode: dict[str, Any], others: _Others, in_a_loop: int, nobodies: int = 0) -> int:
    """The most copies that anybody got of a template on as many days, as far as it is no part of the same affair.

    Left out are the same person's copies around that time, and of others at that time those with most: a loop over a
    few people is one, twenty people with twelve posts each are a lively forum. And a few are `nobodies`. Those with
    most copies stand first in `others`, so that few of them need be looked at.
    """
    days = episode["ended_us"] // DAY_US - episode["started_us"] // DAY_US + 1
    one_in = 1 if _is_shared(episode["recipient"]) else _OF_A_SHARED_INBOX
    size = 2 * (in_a_loop + nobodies + 16)
    while True:
        first = {name: values[:size] for name, values in others.columns.items()}
        copies = np.minimum(first["copies"], days * first["busiest_day"])
        copies = np.where([_is_shared(name) for name in first["recipient"]], copies // one_in, copies)
        meets = first["started_us"] <= episode["ended_us"] + DAY_US
        meets &= first["ended_us"] >= episode["started_us"] - DAY_US
        then = meets & (first["recipient"] != episode["recipient"])
        counted = np.sort(copies[~meets | then & (then.cumsum() > in_a_loop)])[::-1]
        most = int(counted[nobodies]) if len(counted) > nobodies else 1
        known = others.columns["copies"]
        if size < len(known) and most < known[size]:
            size *= 4
        elif size < len(known) or most > 1 or not others.has_pairs():  # what follows are no more
            return max(most, 1)


def with_groups(episodes: pd.DataFrame, groups: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The alarmed episodes and those of whole groups, which are alarmed whatever is usual for the template."""
    soonest = pd.concat([episodes.iloc[:0], *(_of_nobody_else(rows) for rows in groups if len(rows))])
    together = pd.concat([soonest.sort_values("enough_copies", kind="stable"), _of_nobody_else(episodes)])
    together = together.astype({"clock_us": np.int64, "server_us": np.int64})
    return together.drop_duplicates(["recipient", "content_key", "started_us", "ended_us"])


def _of_nobody_else(episodes: pd.DataFrame) -> pd.DataFrame:
    """With what is not said of them: hit alone, and neither by a clock of their own nor by a server."""
    alone = {"alike": 1, "alike_at_us": 0, "clock_us": 0, "server_us": 0}
    return episodes.assign(**{name: value for name, value in alone.items() if name not in episodes})
