"""night.json: one night in a few figures, from which the index of all nights tells of those that are past."""

import json
from dataclasses import asdict, dataclass

from detector.documents import feed, nightly_report, phrases, sentences
from detector.records import Document, NightFacts

NAME = "night.json"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class PastNight:
    """What is remembered of a night; nothing but its day if that was lost, or never written down."""

    day: str
    """Of as-of, such as "2026-10-28": the name of the report's folder."""
    headline: str = ""
    log_complete_through: str = ""
    is_stale: bool = False
    sends: int = 0
    recipients: int = 0
    troubles: int = 0
    """Files that needed a look."""
    ongoing: int = 0
    """Incidents that were still going on."""


def summary(night: NightFacts) -> PastNight:
    """What is worth remembering of a night."""
    current, earlier = nightly_report.split_cases(night)
    words = [sentences.in_html(case) for case in current]
    through = night.log_complete_through
    return PastNight(
        day=f"{night.as_of:%Y-%m-%d}",
        headline=nightly_report.headline(night, words, bool(earlier)),
        log_complete_through=phrases.minute(through) if through else "",
        is_stale=night.is_stale,
        sends=night.sends,
        recipients=night.recipients,
        troubles=feed.describe(night).troubled,
        ongoing=sum(case.incident.ongoing is True and case.incident.severity != "info" for case in night.cases),
    )


def render_night_json(night: NightFacts) -> Document:
    """The summary as a file in the day's folder; texts exact, in plain ASCII."""
    return Document(NAME, json.dumps({"schema_version": SCHEMA_VERSION, **asdict(summary(night))}, indent=2) + "\n")


def read_night_json(day: str, text: str) -> PastNight:
    """What `render_night_json` wrote; the bare day if it is something else, for a page must come of it all the same."""
    try:
        content = json.loads(text)
    except ValueError:
        return PastNight(day)
    kinds = {name: type(value) for name, value in asdict(PastNight(day)).items()}
    if not isinstance(content, dict) or any(type(content.get(name)) is not kind for name, kind in kinds.items()):
        return PastNight(day)
    return PastNight(**{name: content[name] for name in kinds} | {"day": day})
