"""A night published: the day's report, the index of all nights, and a snapshot for analysts; each by rename.

What was published last stands in `reports/published.sha256`, written last of all. So a night that died on the way is
made up for by the next run, a run that found nothing new leaves everything byte for byte, and after a look back
(`--as-of`) the next run of today puts snapshot and index back to today.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from detector import __version__
from detector.casefiles import untouched, write_report
from detector.documents import night_documents, pictures_of, render_index
from detector.documents.incidents_json import without_as_of
from detector.documents.night_json import NAME as SUMMARY
from detector.documents.night_json import PastNight, read_night_json
from detector.documents.nightly_report import split_cases
from detector.records import Document, NightFacts
from detector.store import publish
from detector.written_list import sha256

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MARK = "published.sha256"


def publish_night(state: Path, night: NightFacts, folders: Mapping[str, Path], noted: str) -> Path:
    """The day's folder, after all of it was brought up to date; `noted` changes with whatever else is news."""
    reports, day = state / "reports", f"{night.as_of:%Y-%m-%d}"
    names = {incident_id: folder.name for incident_id, folder in folders.items()}
    album = _drawn_before(reports, night, folders)
    texts = night_documents(night, names, album)
    days = sorted({*_days(reports), day})
    incidents = next(text.content for text in texts if text.name == "incidents.json")
    news = hashlib.sha256(f"{__version__}\n{noted}\n{days}\n{without_as_of(incidents)}".encode()).hexdigest()
    mark = f"{day} {news}\n"
    made = (*(reports / day / text.name for text in texts), reports / "index.html", state / "current.duckdb")
    if all(path.exists() for path in made) and _read(reports / _MARK).startswith(mark):
        return reports / day
    publish(state, night.as_of.strftime("%Y%m%dT%H%M%SZ"))
    write_report(reports / day, texts)
    index = _index(reports, night, names, album)
    write_report(reports, (index, Document(_MARK, f"{mark}{sha256(index.content.encode())}\n")))
    return reports / day


def publish_words(state: Path, night: NightFacts, folders: Mapping[str, Path]) -> None:
    """The index of the night that was published last, after people have said something."""
    reports = state / "reports"
    mark, _, _ = _read(reports / _MARK).partition("\n")
    if mark.partition(" ")[0] != f"{night.as_of:%Y-%m-%d}":
        return  # no night was published, or it died on the way: the next one makes up for it
    names = {incident_id: folder.name for incident_id, folder in folders.items()}
    index = _index(reports, night, names, pictures_of(_own_index(reports)))
    write_report(reports, (index, Document(_MARK, f"{mark}\n{sha256(index.content.encode())}\n")))


def _index(reports: Path, night: NightFacts, names: Mapping[str, str], album: dict[str, str]) -> Document:
    return render_index(night, [_past_night(reports, day) for day in reversed(_days(reports))], names, album)


def _drawn_before(reports: Path, night: NightFacts, folders: Mapping[str, Path]) -> dict[str, str]:
    """The pictures of the newest index and of the briefs whose incidents the report tells."""
    told, _ = split_cases(night)
    briefs = (untouched(folders[case.incident.incident_id], "brief.html") for case in told)
    pages = (_own_index(reports), *briefs)
    return {key: picture for page in pages for key, picture in pictures_of(page).items()}


def _own_index(reports: Path) -> str:
    """The newest index, if nobody touched it."""
    index = _read(reports / "index.html")
    return index if sha256(index.encode()) in _read(reports / _MARK).splitlines() else ""


def _days(reports: Path) -> list[str]:
    """The days that have a report on disk, oldest first."""
    found = (path.parent.name for path in reports.glob("*/report.html"))
    return sorted(name for name in found if _DAY.fullmatch(name))


def _past_night(reports: Path, day: str) -> PastNight:
    return read_night_json(day, _read(reports / day / SUMMARY))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
