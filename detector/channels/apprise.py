"""Alerts to any chat that Apprise knows, its own repetitions switched off. Optional: the extra `[notify]`.

Apprise tells only whether all of its services took the message, so whatever is not a plain yes is "unknown" here. Mail
does not go this way: two copies of one mail are what this program is about.
"""

from detector.errors import ChannelError
from detector.notice_record import Alert

URLS = "DETECTOR_APPRISE_URLS"


def deliver(alert: Alert, urls: str) -> None:
    """Hand it to every service."""
    try:
        from apprise import Apprise
        from apprise.common import NotifyFormat
    except ImportError as error:
        raise ChannelError("apprise: is not installed. Put it beside the detector: pip install apprise") from error
    services = Apprise()
    for number, url in enumerate(urls.split(), start=1):
        if url.lower().startswith("mailto"):
            raise ChannelError("apprise: mail goes through [channels.smtp]. Take mailto addresses out.", permanent=True)
        if not services.add(f"{url}{'&' if '?' in url else '?'}retry=0"):
            raise ChannelError(f"apprise: address {number} of {URLS} is none that it knows.", permanent=True)
    if not services:
        raise ChannelError(f"apprise: {URLS} holds no address. Nothing was sent.", permanent=True)
    try:
        taken = services.notify(body="\n".join(alert.lines), title=alert.subject, body_format=NotifyFormat.TEXT)
    except Exception as error:  # its services raise whatever they like
        raise ChannelError(f"apprise: {type(error).__name__}. It may have arrived.", outcome="unknown") from error
    if not taken:
        raise ChannelError("apprise: not every service took it; some may have.", outcome="unknown")
