"""Why a send is one send, in words: one line per event."""

from detector.documents.escaping import visible
from detector.documents.phrases import counted
from detector.examined import Send


def in_words(send: Send) -> str:
    """The send, the rule by which it is one, and a table of its events."""
    subject = f" {visible(send.subject)!r}" if send.subject else ""
    attempts = f" after {counted(send.attempts, 'attempt')}" if send.attempts > 1 else ""
    head = [
        f"{send.send_id}: one mail{subject} to {visible(send.recipient)}, "
        f"{send.sent_at:%Y-%m-%d %H:%M:%S} UTC, {send.outcome}{attempts} ({send.source})",
        _why(send),
        "",
    ]
    rows = [("time (UTC)", "event", "message", "file, record")]
    for event in send.events:
        what = "handed on" if event.is_hand_off else event.type
        place = f"{visible(event.file)}, {event.record_number}"
        rows.append((f"{event.at:%Y-%m-%d %H:%M:%S}", what, visible(event.message_key), place))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    table = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]]) for row in rows
    ]
    return "\n".join([*head, *table])


def _why(send: Send) -> str:
    if not send.messages:
        return "No event of it is kept any more."
    messages = [(source, repr(visible(key)), is_first) for source, key, is_first in send.messages]
    first, *others = sorted(messages, key=lambda message: not message[2])
    chain = f"It is about one message, {first[1]}"
    if onward := [key for _, key, is_first in others if not is_first]:
        chain += f", which was handed on as {', then '.join(onward)}"
    if alike := [f"{key} by {source}" for source, key, is_first in others if is_first]:
        chain += f", which is called {', '.join(alike)} (the same Message-ID to the same address)"
    return f"{chain}, and one recipient; all {counted(len(send.events), 'event')} below are about these."
