"""Alerts to Slack through an incoming webhook: a post per message, all of it plain text in which nothing acts."""

import json

from detector.channel_settings import Slack
from detector.notice_record import Alert
from detector.posting import post

URL = "DETECTOR_SLACK_URL"
_LONGEST_HEADER, _LONGEST_SECTION, _MOST_SECTIONS = 150, 2_900, 40


def deliver(alert: Alert, settings: Slack, url: str) -> None:
    """Post it."""
    body = json.dumps(payload(alert)).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    post(url, body, headers, name="slack", timeout_seconds=settings.timeout_seconds)


def payload(alert: Alert) -> dict[str, object]:
    """Blocks of `plain_text`, in which Slack knows no mention, link or emoji; `text` is for the notification only."""
    sections = [
        {"type": "section", "text": _plain(line[:_LONGEST_SECTION])} for line in alert.lines[1 : 1 + _MOST_SECTIONS]
    ]
    first = alert.lines[0] if alert.lines else alert.subject
    return {
        "text": _escaped(f"{alert.subject}: {first}"),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "header", "text": _plain(first[:_LONGEST_HEADER])},
            *sections,
            {"type": "context", "elements": [_plain(f"{alert.subject}, {alert.notice_key}")]},
        ],
    }


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text or " ", "emoji": False}


def _escaped(text: str) -> str:
    """The three characters that begin something in Slack's markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
