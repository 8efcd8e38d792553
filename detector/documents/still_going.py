"""Whether an incident still goes on, as every document about it must answer alike."""

from detector.records import CaseFacts, EarlierIncident

STALE = "the log ended too long before that night (stale_after_hours in the config) to tell what went out until then"
BLIND = "the log ended too long before that night to tell whether it still went on, and nobody had seen it stop"
"""What the two words mean, wherever they stand without a sentence of their own."""


def is_running(case: CaseFacts) -> bool:
    """Copies came until the log ended. While it is merely too early to call it over, that is another sentence."""
    silence = (case.log_complete_through - case.incident.ended_at).total_seconds()
    return case.incident.ongoing is True and silence <= max(300.0, 3 * case.incident.median_gap_seconds)


def is_over(case: CaseFacts) -> bool:
    """Tonight's log has it so, or an earlier night saw it stop before the feed went stale; or it is withdrawn."""
    has_stopped = case.record is not None and case.record.signal == "stopped"
    is_quiet = case.incident.ongoing is False or (case.incident.ongoing is None and has_stopped)
    return is_quiet or case.incident.state == "withdrawn"


def is_said_to_be_stopped(case: CaseFacts) -> bool:
    """It is over, or people say that they have stopped it: before that nobody can be asked what did."""
    return is_over(case) or (case.record is not None and case.record.contained_at is not None)


def is_blind(case: CaseFacts) -> bool:
    """The log ended too long ago to tell whether it still goes on, and nobody saw it stop."""
    return case.incident.ongoing is None and not is_over(case)


def came_again(case: CaseFacts, organization: str) -> list[EarlierIncident]:
    """What has copies to this client after the last one of the incident: nobody may be told "none since"."""
    return [other for other in case.later if other.organization == organization]
