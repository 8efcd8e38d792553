"""Every figure of an incident under its code, with unit, evidence grade and the query that yields it: facts.json.

The codes are those of the letters' tokens, so that "{F4: 51}" in a letter, the brief and a query in a notebook are one
fact. A client's figures are counted from that client's people only. The grade says how surely a copy is one copy: A if
each has an id of its own in the log, B if only their times tell them apart.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from detector.documents import phrases
from detector.records import AffectedRecipient, CaseFacts, Document

Value = int | float | str | bool | None

_THEIRS = "incident_id = $incident_id and ($organization is null or organization = $organization)"
_FIRST_EXTRA = """with repeated as (
  select r.recipient, r.sent_at_us, a.excess,
    row_number() over (partition by r.recipient order by r.sent_at_us, r.send_id) as place,
    count(*) over (partition by r.recipient) as repeats
  from incident_repeats as r join affected as a on a.incident_id = r.incident_id and a.recipient = r.recipient
  where r.incident_id = $incident_id and ($organization is null or a.organization = $organization)
) select make_timestamp(min(sent_at_us)) from repeated where place > repeats - excess"""
_SPARED = """with hit as (
  select incident_id, unnest(organizations) as organization, epoch_us(first_sent_at) - 86400000000 as from_us,
    epoch_us(ended_at) as until_us
  from incidents
), contents as (
  select distinct incident_id, content_key from incident_repeats
), others as (
  select h.incident_id, r.recipient from repeats as r
  join hit as h on h.organization = r.organization and r.sent_at_us between h.from_us and h.until_us
  join contents as c on c.incident_id = h.incident_id and c.content_key = r.content_key
  anti join affected as a on a.incident_id = h.incident_id and a.recipient = r.recipient
  group by h.incident_id, r.recipient having max(r.copies_before) = 0
)"""
SPARED_OF_ALL = f"{_SPARED} select incident_id, count(*) from others group by incident_id"
_GRADE = """select case when count(*) > 0
    and count(*) = count(distinct (recipient, coalesce(message_id, message_key)))
    and count(*) filter (where message_id is null and starts_with(message_key, 'row ')) = 0 then 'A' else 'B' end
from incident_copies where incident_id = $incident_id and is_extra = 1"""
_EARLIER = """select count(distinct i.incident_id) from incidents as i
join affected as a on a.incident_id = i.incident_id
where i.state <> 'withdrawn' and a.organization = $organization
  and i.started_at < (select started_at from incidents where incident_id = $incident_id)"""
_OUTCOME = """select count(*) from incident_copies
where incident_id = $incident_id and is_extra = 1 and outcome = '{}'"""

QUERIES = {
    "template": "select template from incidents where incident_id = $incident_id",
    "people": f"select count(*) from affected where {_THEIRS}",
    "people spared": f"{_SPARED} select count(*) from others where incident_id = $incident_id",
    "copies in all": f"select cast(sum(sends) as bigint) from affected where {_THEIRS}",
    "extra copies": f"select cast(sum(excess) as bigint) from affected where {_THEIRS}",
    "copies per person, least": f"select min(sends) from affected where {_THEIRS}",
    "copies per person, median": f"select median(sends) from affected where {_THEIRS}",
    "copies per person, most": f"select max(sends) from affected where {_THEIRS}",
    "first copy": f"select min(first_sent_at) from affected where {_THEIRS}",
    "first extra copy": _FIRST_EXTRA,
    "last copy seen": f"select max(last_sent_at) from affected where {_THEIRS}",
    "log complete through": "select make_timestamp(max(at_us)) from events "
    "where at_us <= (select as_of_us from settings)",
    "still going": "select ongoing from incidents where incident_id = $incident_id",
    "median gap": "select median_gap_seconds from incidents where incident_id = $incident_id",
    "extra copies bounced": _OUTCOME.format("bounced"),
    "extra copies deferred": _OUTCOME.format("deferred"),
    "evidence grade": _GRADE,
    "earlier incidents": _EARLIER,
    "time to notice": "select epoch(detected_at - started_at) from incidents where incident_id = $incident_id",
}
"""What each figure is called -> the query that yields it on a snapshot, one value, with the figure's parameters."""


@dataclass(frozen=True)
class Figure:
    """One fact; `organization` is None for the whole incident."""

    code: str
    name: str
    value: Value
    unit: str
    organization: str | None = None


def figures(case: CaseFacts, organization: str | None = None) -> tuple[Figure, ...]:
    """The figures of one client, or those of the whole incident."""
    rows = [row for row in case.affected if organization is None or row.organization == organization]
    told = [*_counts(rows), *_times(rows)]
    told += _of_the_incident(case) if organization is None else _of_the_client(case, organization)
    return tuple(
        Figure(code, name, phrases.iso(value) if isinstance(value, datetime) else value, unit, organization)
        for code, name, value, unit in sorted(told, key=lambda figure: _place(figure[0]))
    )


def render_facts_json(case: CaseFacts) -> Document:
    """facts.json: the incident's figures, then each client's; for programs and for whoever doubts a number."""
    everything = [*figures(case)]
    for organization in case.incident.organizations if len(case.incident.organizations) > 1 else ():
        everything += figures(case, organization)
    content = {
        "schema_version": 1,
        "incident_id": case.incident.incident_id,
        "grades": {
            "A": "each extra copy has an id of its own in the log",
            "B": "the log tells some extra copies apart by their time only, or mails by sender and size",
        },
        "figures": [_as_json(figure, case) for figure in everything],
        "queries": {name: " ".join(QUERIES[name].split()) for name in dict.fromkeys(f.name for f in everything)},
    }
    return Document("facts.json", json.dumps(content, indent=1) + "\n")


def _as_json(figure: Figure, case: CaseFacts) -> dict[str, object]:
    query = QUERIES[figure.name]
    parameters = {"incident_id": case.incident.incident_id, "organization": figure.organization}
    return {
        "code": figure.code,
        "name": figure.name,
        "organization": figure.organization,
        "value": figure.value,
        "unit": figure.unit,
        "grade": "B" if figure.code == "F5" and case.incident.rung == "sender+size" else case.grade,
        "query": figure.name,
        "parameters": {name: value for name, value in parameters.items() if f"${name}" in query},
    }


_Told = tuple[str, str, int | float | str | bool | datetime | None, str]


def _counts(rows: Sequence[AffectedRecipient]) -> Iterator[_Told]:
    copies = sorted(row.sends for row in rows)
    yield "F4", "people", len(rows), "people"
    yield "F6", "copies in all", sum(copies), "copies"
    yield "F7", "extra copies", sum(row.excess for row in rows), "copies"
    yield "F8a", "copies per person, least", copies[0], "copies"
    yield "F8b", "copies per person, median", float(median(copies)), "copies"
    yield "F8c", "copies per person, most", copies[-1], "copies"


def _times(rows: Sequence[AffectedRecipient]) -> Iterator[_Told]:
    extras = [row.first_extra_at for row in rows if row.first_extra_at is not None]
    yield "F9a", "first copy", min(row.first_sent_at for row in rows), "UTC"
    yield "F9b", "first extra copy", min(extras, default=None), "UTC"
    yield "F10", "last copy seen", max(row.last_sent_at for row in rows), "UTC"


def _of_the_incident(case: CaseFacts) -> Iterator[_Told]:
    incident, outcomes = case.incident, dict(case.outcomes)
    noticed = incident.detected_at - incident.started_at
    yield "F3", "template", incident.template, "text from the log"
    yield "F5", "people spared", case.spared_recipients, "people"
    yield "F11", "log complete through", case.log_complete_through, "UTC"
    yield "F12", "still going", incident.ongoing, "yes, no or unknown"
    yield "F13", "median gap", incident.median_gap_seconds, "seconds"
    yield "F14a", "extra copies bounced", outcomes.get("bounced", 0), "copies"
    yield "F14b", "extra copies deferred", outcomes.get("deferred", 0), "copies"
    yield "F15", "evidence grade", case.grade, "grade"
    yield "F19", "time to notice", noticed.total_seconds(), "seconds"
    if len(incident.organizations) == 1:
        yield from _of_the_client(case, incident.organizations[0])


def _of_the_client(case: CaseFacts, organization: str) -> Iterator[_Told]:
    before = {known.incident_id for known in case.earlier if known.organization == organization}
    yield "F18", "earlier incidents", len(before), "incidents"


def _place(code: str) -> tuple[int, str]:
    """ "F8b" -> (8, "b"), so that F10 comes after F9."""
    digits = code[1:].rstrip("abc")
    return int(digits), code[1 + len(digits) :]
