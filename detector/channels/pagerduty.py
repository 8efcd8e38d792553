"""Alerts to PagerDuty's Events API v2: one alert per incident, under one key for its whole life, resolved at its end.

The same event again changes nothing there, so an attempt without a known end is simply made again.
"""

import json
from datetime import datetime

from detector.channel_settings import PagerDuty
from detector.notice_record import Alert
from detector.posting import post

KEY = "DETECTOR_PAGERDUTY_KEY"
_SEVERITIES = {"grave": "critical", "serious": "error", "minor": "warning", "info": "info"}
_LONGEST_SUMMARY = 1_024


def deliver(alert: Alert, settings: PagerDuty, key: str, as_of: datetime) -> None:
    """Send the event."""
    body = json.dumps({"routing_key": key, **event(alert, as_of)}).encode()
    headers = {"Content-Type": "application/json"}
    post(settings.url, body, headers, name="pagerduty", timeout_seconds=settings.timeout_seconds)


def event(alert: Alert, as_of: datetime) -> dict[str, object]:
    """Trigger, acknowledge or resolve."""
    action = "resolve" if alert.is_over else "acknowledge" if alert.kind == "acknowledged" else "trigger"
    found: dict[str, object] = {"event_action": action, "dedup_key": f"detector/{alert.incident_id}"}
    if action != "trigger":
        return found
    summary = ". ".join(alert.lines[:2])
    payload = {
        "summary": (summary or alert.subject)[:_LONGEST_SUMMARY],
        "source": "detector",
        "severity": _SEVERITIES.get(alert.severity, "warning"),
        "timestamp": as_of.isoformat(),
        "component": alert.incident_id,
        "class": alert.kind,
        "custom_details": {"key": alert.notice_key, "lines": list(alert.lines), **alert.figures},
    }
    return {**found, "payload": payload}
