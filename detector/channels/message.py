"""An alert as a mail: the same notice gives the same bytes, and no text from a log acts in a header.

Mail servers and people recognise a repeated mail by its Message-ID, so that comes from the notice key, as do the MIME
boundaries; the date is the night's `as_of`. Headers hold only what this program and its operator wrote. The one that
may carry a name from outside, the subject, passes an allow-list or is replaced by a fixed sentence: looking for line
breaks is not enough, because `EmailMessage` turns "=?utf-8?q?x=0D=0ABcc=3A..." into a real header on many Pythons
(CVE-2024-6923, CVE-2026-1299). For the same reason the finished bytes are parsed back and compared before they leave.
"""

import hashlib
import html as markup
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from detector.errors import ChannelError
from detector.notice_record import Alert

NAME = "Mail burst watch"
NOWHERE = "detector.invalid"
"""The domain of our ids when the operator has named no sender; `.invalid` belongs to nobody, for ever (RFC 2606)."""

_PLAIN_WORDS = re.compile(r"[\w \[\]().,:;'&/+#!%-]{1,120}")
_PLAIN_ADDRESS = re.compile(r"(?!.*=\?)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9.-]{1,250})")
_PLAIN_TOKEN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_IMAGE_REFERENCE = re.compile(r"""(["'])cid:[^"']*\1""")
_LONGEST_KEY, _LONGEST_INCIDENT, _LONGEST_DOMAIN = 28, 20, 46
"""Ids made of these fit on one header line of 78; `email` would disguise a longer one as an encoded word."""


def compose(alert: Alert, *, from_address: str, to: Sequence[str], as_of: datetime) -> bytes:
    """The finished mail. Raises ChannelError (nothing has left) if it would not say exactly what was meant."""
    try:
        message = build_message(alert, from_address=from_address, to=to, as_of=as_of)
        content = message.as_bytes()
    except (ValueError, IndexError, AttributeError) as error:  # what `email` raises for text it cannot put in a header
        raise ChannelError(f"{alert.notice_key}: the mail cannot be built ({error!r}). Nothing was sent.") from error
    if _shape(message_from_bytes(content, _class=EmailMessage, policy=SMTP)) != _shape(message):
        raise ChannelError(
            f"{alert.notice_key}: the mail reads back with other headers or parts than it was given, so it was not"
            " sent. Update Python (CVE-2024-6923) and look at the name of this incident."
        )
    return content


def build_message(alert: Alert, *, from_address: str, to: Sequence[str], as_of: datetime) -> EmailMessage:
    """Text first and complete, HTML beside it, the chart inside the HTML: whoever sees no images misses nothing."""
    sender = _address(from_address, NAME)
    domain = _domain(sender.domain)
    key, incident = key_token(alert.notice_key), key_token(alert.incident_id, _LONGEST_INCIDENT)
    thread = f"<{incident}.thread@{domain}>"
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    if to:
        message["To"] = [_address(each) for each in to]
    message["Subject"] = _subject(alert)
    message["Date"] = as_of.astimezone(UTC)
    message["Message-ID"] = f"<{key}@{domain}>"
    message["In-Reply-To"] = thread  # a root that was never sent: the thread holds although its first mail was lost
    message["References"] = thread
    message["List-Id"] = f"{NAME} <detector.{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-Detector-Incident"] = incident.upper()
    message["X-Detector-Kind"] = key_token(alert.kind)
    _add_bodies(message, alert, f"chart.{key}@{NOWHERE}")
    return message


def key_token(key: str, longest: int = _LONGEST_KEY) -> str:
    """A key as part of an id or a file name: itself in lower case, or a readable rest and a digest if it is odd."""
    token = key.lower()
    if len(token) <= longest and _PLAIN_TOKEN.fullmatch(token):
        return token
    readable = re.sub(r"[^a-z0-9]+", "-", token).strip("-")[: longest - 13]
    return f"{readable}-{_digest(key)[:12]}".lstrip("-")


def _add_bodies(message: EmailMessage, alert: Alert, chart_id: str) -> None:
    """Quoted-printable throughout, so that no relay needs to re-code the mail on its way."""
    message.set_content(_encodable(alert.text), cte="quoted-printable")
    if not alert.html:
        return
    page = _encodable(alert.html)
    if alert.chart_png:
        page = _refer_to_chart(page, chart_id, _encodable(alert.chart_alt))
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    parts = list(message.iter_parts())
    if alert.chart_png:
        related = parts[1]
        assert isinstance(related, EmailMessage)  # noqa: S101 - narrows a type; the branch above made it
        related.add_related(
            alert.chart_png, "image", "png", cid=f"<{chart_id}>", disposition="inline", filename="chart.png"
        )
    for number, part in enumerate(message.walk()):
        if number:
            del part["MIME-Version"]  # belongs to the whole mail only
        if part.is_multipart():
            part.set_boundary(f"=_{_digest(f'{number} {alert.notice_key}')[:32]}")


def _refer_to_chart(page: str, chart_id: str, alt: str) -> str:
    """The page with every `cid:` attribute leading to the one image; it is added at the end if there is none."""
    source = f"cid:{chart_id}"
    page, references = _IMAGE_REFERENCE.subn(lambda quoted: f"{quoted[1]}{source}{quoted[1]}", page)
    if references:
        return page
    image = f'<p><img src="{source}" alt="{markup.escape(alt)}"></p>\n'
    body, end, rest = page.rpartition("</body>")
    return f"{body}{image}{end}{rest}" if end else f"{page}\n{image}"


def _subject(alert: Alert) -> str:
    """The alert's own subject if every character of it is harmless, else one that says no more than the incident."""
    if _PLAIN_WORDS.fullmatch(alert.subject) and alert.subject.strip() == alert.subject:
        return alert.subject
    return f"[detector {key_token(alert.incident_id, _LONGEST_INCIDENT).upper()}] the same mail was sent repeatedly"


def _address(text: str, name: str = "") -> Address:
    """One address from the configuration, with its display name if that is harmless."""
    given_name, _, plain = text.removesuffix(">").rpartition("<") if text.endswith(">") else ("", "", text)
    if not text.isprintable() or not _PLAIN_ADDRESS.fullmatch(plain):
        raise ChannelError(
            f"detector.toml: [channels.smtp] {text!r} is not an address such as 'burst@example.org'. Nothing was sent."
        )
    given_name = given_name.strip(' "')
    return Address(display_name=given_name if _PLAIN_WORDS.fullmatch(given_name) else name, addr_spec=plain)


def _domain(domain: str) -> str:
    """The sender's domain in lower case, or a digest of it if our ids would grow too long for a header line."""
    return domain.lower() if len(domain) <= _LONGEST_DOMAIN else f"{_digest(domain.lower())[:12]}.{NOWHERE}"


def _shape(message: EmailMessage) -> list[tuple[str, list[str]]]:
    """Type and header names of each part, in order: what an injected header or boundary would change."""
    return [(part.get_content_type(), [name.lower() for name in part.keys()]) for part in message.walk()]  # noqa: SIM118


def _encodable(text: str) -> str:
    """The text without lone surrogates, which broken input can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
