"""Alerts as JSON to a program of yours, which knows a repetition by its Idempotency-Key and us by the signature."""

import hashlib
import hmac
import json
from datetime import datetime

from detector.channel_settings import Webhook
from detector.notice_record import Alert
from detector.posting import post

SECRET = "DETECTOR_WEBHOOK_SECRET"  # noqa: S105 - its name
SIGNATURE = "X-Detector-Signature"


def deliver(alert: Alert, settings: Webhook, secret: str, as_of: datetime) -> None:
    """Post it, signed over the very bytes of the body if there is a secret."""
    body = json.dumps(payload(alert, as_of), allow_nan=False).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": alert.notice_key}
    if secret:
        headers[SIGNATURE] = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    post(settings.url, body, headers, name="webhook", timeout_seconds=settings.timeout_seconds)


def payload(alert: Alert, as_of: datetime) -> dict[str, object]:
    """What the program gets. `schema_version` changes when a name here does."""
    return {
        "schema_version": 1,
        "key": alert.notice_key,
        "kind": alert.kind,
        "subject": alert.incident_id,
        "severity": alert.severity,
        "is_over": alert.is_over,
        "as_of": as_of.isoformat(),
        "title": alert.subject,
        "lines": list(alert.lines),
        "figures": dict(alert.figures),
    }
