"""For notebooks: the views of a snapshot as pandas frames, and the pictures of the reports as matplotlib figures.

    db = detector.open_snapshot("detector-state")
    detector.describe("affected")                       # columns, units, meanings
    detector.frame(db, "affected", "INC-7F3K")
    detector.figure(db, "timeline", "INC-7F3K")

pandas and matplotlib are loaded when they are first needed.
"""

from collections.abc import Callable, Collection
from difflib import get_close_matches
from types import MethodType
from typing import TYPE_CHECKING, Any

from detector import facts, portrait, registry
from detector.documents import burst_plots, drawing, plots
from detector.errors import RefusedError
from detector.records import Incident, Timeline
from detector.store import Connection
from detector.views import VIEWS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def describe(view: str | None = None) -> "pd.DataFrame":
    """The views of a snapshot, or the columns of one, with units and meanings."""
    import pandas as pd

    if view is None:
        return pd.DataFrame([(name, known.row) for name, known in VIEWS.items()], columns=["view", "a row is"])
    columns = VIEWS[_known(view, VIEWS)].columns
    return pd.DataFrame([(name, *told) for name, told in columns.items()], columns=["column", "unit", "meaning"])


def frame(db: Connection, view: str, incident_id: str | None = None) -> "pd.DataFrame":
    """A view as a frame: the columns that `describe` names, times aware and in UTC; of one incident, where the view has
    incidents."""
    import pandas as pd

    known = VIEWS[_known(view, VIEWS)]
    where, values = known.where, []
    if incident_id is not None:
        if "incident_id" not in known.columns:
            raise RefusedError(f"{view!r} has no column incident_id; `affected` names an incident's people.")
        where, values = f"{where} and incident_id = ?", [incident_id]
    names = ", ".join(known.columns)
    result = db.execute(f"select {names} from {view} where {where} order by all", values).df()  # noqa: S608 - names of ours
    for name, (unit, _) in known.columns.items():
        if unit == "UTC":
            result[name] = pd.to_datetime(result[name], utc=True)
    return result


def figure(db: Connection, picture: str, incident_id: str | None = None) -> "Figure":
    """One of PICTURES: the "month", or of an incident its "timeline", "copies" per person, "heat" map or "lags"."""
    if _known(picture, PICTURES) == "month":
        days = facts.daily_sends(db)
        if not days:
            raise RefusedError("the snapshot holds no mail, so there is no month to draw.")
        return _shown(drawing.figure_of((7.4, 2.1), plots.month_plot, days))
    found = {incident.incident_id: incident for incident in registry.saved_incidents(db)}
    incident = found[_known(incident_id or "", found)]
    height, draw, ask = _OF_AN_INCIDENT[picture]
    shown = ask(db, incident)
    if not all(shown):
        raise RefusedError(f"the log no longer shows {incident.incident_id}, so there is no such picture of it.")
    return _shown(drawing.figure_of((7.4, height), draw, *shown))


def _timeline(db: Connection, incident: Incident) -> tuple[Any, ...]:
    return _timeline_of(db, incident), incident.detected_at, facts.complete_through(db)


def _timeline_of(db: Connection, incident: Incident) -> Timeline:
    return portrait.timelines(db, [incident])[incident.incident_id]


def _copies(db: Connection, incident: Incident) -> tuple[Any, ...]:
    return (tuple(person.sends for person in facts.affected(db, incident.incident_id)),)


def _heat(db: Connection, incident: Incident) -> tuple[Any, ...]:
    return (portrait.heat(db, incident.incident_id, _timeline_of(db, incident)),)


def _lags(db: Connection, incident: Incident) -> tuple[Any, ...]:
    return (portrait.lags(db, [incident]).get(incident.incident_id),)


_OF_AN_INCIDENT: dict[str, tuple[float, drawing.Drawing, Callable[[Connection, Incident], tuple[Any, ...]]]] = {
    "timeline": (3.1, plots.timeline_plot, _timeline),
    "copies": (1.9, burst_plots.copies_plot, _copies),
    "heat": (3.6, burst_plots.heat_plot, _heat),
    "lags": (2.9, burst_plots.lags_plot, _lags),
}
PICTURES = ("month", *_OF_AN_INCIDENT)


def _known(name: str, names: Collection[str]) -> str:
    """The name, if it is one of these."""
    if name in names:
        return name
    near = " or ".join(get_close_matches(name, list(names), 2))
    raise RefusedError(
        f"there is no {name!r}. " + (f"Did you mean {near}?" if near else f"There are: {', '.join(names)}.")
    )


def _shown(picture: "Figure") -> "Figure":
    """The figure, which a notebook shows although no pyplot is loaded."""
    from io import BytesIO

    def as_png(self: "Figure") -> bytes:
        out = BytesIO()
        self.savefig(out, format="png", dpi=110)
        return out.getvalue()

    picture._repr_png_ = MethodType(as_png, picture)  # type: ignore[attr-defined]
    return picture
