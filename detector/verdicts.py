"""What people's verdicts mute: a burst that repeats what was dismissed, unless it goes far beyond. Pure.

A verdict covers an incident if every template of it was in the dismissed one, it stays under three times the people,
the copies of a typical person, the most copies of anybody and the share of those written to, its copies come about as
fast, and it hits no client that the verdict did not know. What is compared with is always the incident that a person
looked at, never one that was muted since, so a habit cannot creep past three times by growing a little each week.

A client more is beyond a verdict because the reason may be that client's own ("they asked for a second reminder").
Once three clients or more were dismissed in one incident, the habit is the template's and no longer a client's.
"""

from collections.abc import Sequence

from detector.case_record import Pattern, Verdict

BEYOND = 3
"""From three times on it is another thing than what was dismissed."""
CLIENTS_OF_A_HABIT = 3
_SAME_PACE = 60.0
"""Seconds added to both gaps before they are compared: two seconds or ten are one pace, a minute or a day are not."""


def covering(pattern: Pattern, verdicts: Sequence[Verdict]) -> Verdict | None:
    """The newest verdict that covers a pattern."""
    fitting = [verdict for verdict in verdicts if is_about(verdict, pattern) and not beyond(verdict.pattern, pattern)]
    return max(fitting, key=lambda verdict: (verdict.at, verdict.incident_id), default=None)


def is_about(verdict: Verdict, pattern: Pattern) -> bool:
    """True if the verdict was of one of these templates."""
    return bool(set(verdict.pattern.template_keys) & set(pattern.template_keys))


def beyond(known: Pattern, pattern: Pattern) -> str:
    """What of a pattern is far beyond a known one, in words; "" if nothing is."""
    found = []
    if set(pattern.template_keys) - set(known.template_keys):
        found.append("another template is part of it")
    counts = (
        ("people", pattern.recipients, known.recipients),
        ("extra copies for a typical person", pattern.extra_median, known.extra_median),
        ("extra copies for one person", pattern.extra_max, known.extra_max),
    )
    found += [f"{now:g} {what} instead of {then:g}" for what, now, then in counts if now >= BEYOND * then]
    if pattern.share is not None and known.share is not None and pattern.share >= BEYOND * known.share:
        found.append(f"{pattern.share:.0%} of those written to instead of {known.share:.0%}")
    if not _have_one_pace(known, pattern):
        found.append(f"copies every {pattern.gap_seconds:,.0f} s instead of every {known.gap_seconds:,.0f} s")
    others = set(pattern.organizations) - set(known.organizations)
    if others and len(known.organizations) < CLIENTS_OF_A_HABIT:
        found.append(f"it hits {', '.join(sorted(others))} as well")
    return ", ".join(found)


def why_muted(verdict: Verdict) -> str:
    """The sentence that an incident is muted with."""
    return (
        f"{verdict.by} dismissed {verdict.incident_id} of the same pattern on {verdict.at:%Y-%m-%d}: {verdict.reason}"
    )


def why_not_muted(pattern: Pattern, verdicts: Sequence[Verdict]) -> str:
    """Why a pattern alarms although its template has a verdict; "" if it has none or is muted."""
    about = [verdict for verdict in verdicts if is_about(verdict, pattern)]
    if not about or covering(pattern, verdicts):
        return ""
    newest = max(about, key=lambda verdict: (verdict.at, verdict.incident_id))
    return f"far beyond {newest.incident_id}, which was dismissed: {beyond(newest.pattern, pattern)}"


def has_same_shape(earlier: Pattern, pattern: Pattern) -> bool:
    """True if one affair came back: the same templates, about as many copies each, at about the same pace."""
    if set(earlier.template_keys) != set(pattern.template_keys) or not _have_one_pace(earlier, pattern):
        return False
    few, many = sorted((earlier.extra_median, pattern.extra_median))
    return many <= max(1.25 * few, few + 1)


def _have_one_pace(one: Pattern, other: Pattern) -> bool:
    slow, fast = sorted((one.gap_seconds + _SAME_PACE, other.gap_seconds + _SAME_PACE))[::-1]
    return slow < BEYOND * fast
