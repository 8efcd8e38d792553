"""What a snapshot holds for analysts: the views and columns that keep their names and meaning from version to version.

All that stands here is in every snapshot, and `detector.describe()` shows it as a table. A snapshot has further tables
and columns, with which the program works; they may change with any version.
"""

from dataclasses import dataclass

_SENT = "when it was sent"
_KEY = "what is the same mail: the content; the same key in `repeats` and `features`"
_TEMPLATE = (
    "what shares a baseline: the template, else the subject with its variable parts masked, else sender and size"
)

_WINDOWS = (("1m", "minute"), ("10m", "10 minutes"), ("1h", "hour"), ("1d", "24 hours"), ("7d", "7 days"))


@dataclass(frozen=True)
class View:
    """One view: what a row is, and (unit, meaning) of each column."""

    row: str
    columns: dict[str, tuple[str, str]]
    where: str = "true"
    """Which rows of the table are meant."""


VIEWS = {
    "sends": View(
        "one message handed to one recipient, once, however many events and attempts it left",
        {
            "send_id": ("id", "16 hex digits; `detector show-send` says why it is one send"),
            "sent_at": ("UTC", _SENT),
            "recipient": ("address", "lower case"),
            "sender": ("address", "of the envelope or the From header; '' if the log has none"),
            "message_id": ("id", "as logged, without brackets; null if the log has none"),
            "subject": ("text", "as logged"),
            "template": ("text", "as logged"),
            "organization": ("text", "the client: as logged, else by domain; null for private addresses"),
            "size": ("bytes", "as logged"),
            "outcome": ("word", "accepted, delivered, deferred, bounced or dropped (called for, but never left)"),
            "attempts": ("count", "tries of the last mail server"),
            "source": ("word", "the log format"),
            "file": ("path", "the log in which it stands first"),
        },
    ),
    "repeats": View(
        "one send in its place among the sends of the same content to the same person; a repeat has copies_before > 0",
        {
            "send_id": ("id", "as in `sends`"),
            "recipient": ("address", "lower case"),
            "organization": ("text", "as in `sends`"),
            "rung": ("word", "what \u201cthe same mail\u201d rests on: template+subject, subject or sender+size"),
            "content_key": ("key", _KEY),
            "template_key": ("key", _TEMPLATE),
            "copies_before": ("count", "sends of this content to this person before this one"),
            "sent_at_us": ("microseconds since 1970 UTC", _SENT),
            "lag_us": ("microseconds", "since the one before; null for the first"),
            "next_lag_us": ("microseconds", "until the next one; null for the last"),
        },
        where="grain = 'mail'",  # other grains count mails a second time
    ),
    "features": View(
        "one send of a content that a person got at least twice, with the copies in the time before it",
        {
            "send_id": ("id", "as in `sends`"),
            "sent_at": ("UTC", _SENT),
            "recipient": ("address", "lower case"),
            "organization": ("text", "as in `sends`"),
            "content_key": ("key", _KEY),
            "template_key": ("key", _TEMPLATE),
            "copies_before": ("count", "as in `repeats`"),
            "lag_seconds": ("seconds", "since the one before; null for the first"),
            **{
                f"copies_{name}": ("count", f"sends of it to this person in the {words} up to this one")
                for name, words in _WINDOWS
            },
        },
    ),
    "baselines": View(
        "one template and one lag: how often it is sent again after such a time, incidents left out",
        {
            "template_key": ("key", _TEMPLATE),
            "lag_bin": ("number", "1 to 11"),
            "from_seconds": ("seconds", "lags of this bin are at least as long"),
            "until_seconds": ("seconds", "and shorter than this"),
            "sends": ("count", "sends of the template, all but the extra copies of incidents"),
            "repeats": ("count", "of these, repeats after such a lag"),
            "per_1000": ("repeats in 1,000 sends", "1000 * repeats / sends"),
        },
    ),
    "bursts": View(
        "repeats of one template that belong together in time and people; those of one affair are one incident",
        {
            "template_key": ("key", _TEMPLATE),
            "burst_number": ("number", "within the template"),
            "is_slow": ("yes or no", "its lags are many hours"),
            "rung": ("word", "as in `repeats`"),
            "sender": ("address", "as in `sends`"),
            "median_gap_seconds": ("seconds", "between one copy and the next to the same person"),
            "started_at_us": ("microseconds since 1970 UTC", "the first extra copy"),
            "ended_at_us": ("microseconds since 1970 UTC", "the last extra copy"),
            "recipients": ("people", "with at least one extra copy"),
            "excess": ("copies", "extra copies"),
        },
    ),
    "incidents": View(
        "what a person must look at; its id never changes",
        {
            "incident_id": ("id", "such as INC-7F3K"),
            "state": ("word", "active, quiet, stopped, withdrawn, or blind while the feed is stale"),
            "severity": ("word", "info, minor, serious or grave"),
            "template": ("text", "what was sent, in words a person knows"),
            "rung": ("word", "as in `repeats`"),
            "sender": ("address", "as in `sends`"),
            "organizations": ("list of texts", "the clients hit, most people first"),
            "first_sent_at": ("UTC", "the first copy of all, which was rightly sent"),
            "started_at": ("UTC", "the first extra copy"),
            "detected_at": ("UTC", "the log time at which the log, read up to then, was enough for the alarm"),
            "ended_at": ("UTC", "the last extra copy seen"),
            "ongoing": ("yes or no", "null while the feed is stale"),
            "recipients": ("people", "with at least one extra copy"),
            "sends": ("copies", "all that these people got, those that were due included"),
            "excess": ("copies", "that should not have gone"),
            "copies_min": ("copies", "to the person with the fewest"),
            "copies_median": ("copies", "to the person in the middle"),
            "copies_max": ("copies", "to the person with the most"),
            "median_gap_seconds": ("seconds", "between one copy and the next to the same person"),
            "cause": ("word", "the best supported explanation, or unknown"),
        },
    ),
    "affected": View(
        "one person hit by one incident",
        {
            "incident_id": ("id", "as in `incidents`"),
            "recipient": ("address", "lower case"),
            "organization": ("text", "as in `sends`"),
            "sends": ("copies", "that went to this person"),
            "expected": ("copies", "that were due: one, or the enrolments in the roster"),
            "excess": ("copies", "sends - expected"),
            "first_sent_at": ("UTC", "the first of these copies"),
            "last_sent_at": ("UTC", "the last of these copies"),
        },
    ),
}
