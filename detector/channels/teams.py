"""Alerts to Microsoft Teams through a workflow ("Post to a channel when a webhook request is received").

The workflow answers before it has posted, so that `detector notify --test teams` and a look at the channel are the only
proof that it works.
"""

import json

from detector.channel_settings import Teams
from detector.notice_record import Alert
from detector.posting import post

URL = "DETECTOR_TEAMS_URL"
_LONGEST_LINE, _MOST_LINES = 1_500, 12
"""Teams refuses cards beyond 28 kB."""


def deliver(alert: Alert, settings: Teams, url: str) -> None:
    """Post it."""
    body = json.dumps(payload(alert)).encode()
    post(url, body, {"Content-Type": "application/json"}, name="teams", timeout_seconds=settings.timeout_seconds)


def payload(alert: Alert) -> dict[str, object]:
    """An Adaptive Card of text runs, in which Teams reads no Markdown, so that no name from a log becomes a link."""
    first, *lines = alert.lines or (alert.subject,)
    shown = [_run(line[:_LONGEST_LINE]) for line in lines[:_MOST_LINES]]
    if len(lines) > _MOST_LINES:
        shown.append(_run(f"... and {len(lines) - _MOST_LINES} lines more; see the report."))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "fallbackText": alert.subject,
        "body": [_run(first, weight="Bolder", size="Medium"), *shown, _run(alert.notice_key, isSubtle=True)],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _run(text: str, **look: object) -> dict[str, object]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}
