"""Every send can be asked why it is one send, and answers with the events, files and lines it rests on."""

from pathlib import Path

import pytest
from conftest import build, ingest, rows

from detector.documents.send_history import in_words
from detector.errors import InputError
from detector.sends import show_send

FORMATS = Path(__file__).parent / "formats"


def only_send(db, recipient):
    (send,) = rows(db, f"select send_id from sends where recipient = '{recipient}'")
    return show_send(db, send["send_id"])


def test_a_send_that_was_retried_lists_both_attempts_with_their_lines(db):
    log = FORMATS / "postfix" / "deferred_then_sent.log"
    ingest(db, log)
    build(db)
    ((send_id, attempts),) = db.execute("select send_id, attempts from sends order by attempts desc limit 1").fetchall()
    send = show_send(db, send_id)
    tries = [event for event in send.events if event.type in ("deferred", "delivered", "bounced")]
    assert len(tries) == attempts > 1
    lines = log.read_text(encoding="utf-8").splitlines()
    assert all(f"to=<{send.recipient}>" in lines[event.record_number - 1] for event in tries)


def test_a_send_through_a_filter_is_followed_from_hop_to_hop(db):
    ingest(db, FORMATS / "postfix" / "pipe_filter_then_pickup.log")
    build(db)
    send = only_send(db, "ann@harbor.example")
    assert len(send.messages) == 2
    assert [event.type for event in send.events if event.is_hand_off] == ["delivered"]
    said = in_words(send)
    assert "which was handed on as" in said
    assert all(key in said for _, key, _ in send.messages)


def test_what_other_recipients_of_the_message_got_is_not_its_business(db):
    ingest(db, FORMATS / "postfix" / "forwarded_by_an_alias.log")
    build(db)
    assert {row["recipient"] for row in rows(db, "from sends")} == {"ann@harbor.example", "ben@harbor.example"}
    ann, ben = only_send(db, "ann@harbor.example"), only_send(db, "ben@harbor.example")
    assert [event.record_number for event in ann.events if event.type == "delivered"] == [8]
    assert [event.record_number for event in ben.events if event.type == "delivered"] == [9]


def test_two_lives_of_one_queue_id_keep_their_events_apart(db):
    ingest(db, FORMATS / "postfix" / "queue_id_reused.log")
    build(db)
    histories = [show_send(db, row["send_id"]) for row in rows(db, "select send_id from sends")]
    lines = [event.record_number for send in histories for event in send.events]
    assert len(lines) == len(set(lines))


def test_hostile_text_is_shown_and_does_nothing(db):
    ingest(db, FORMATS / "postfix" / "forged_recipient.log")
    build(db)
    for row in rows(db, "select send_id from sends"):
        said = in_words(show_send(db, row["send_id"]))
        assert all(character.isprintable() or character == "\n" for character in said)


@pytest.mark.parametrize("send_id", ["", "0000000000000000", "' or 1 = 1 --"])
def test_an_id_that_no_send_has_is_a_clear_error(db, send_id):
    build(db)
    with pytest.raises(InputError, match="no send has the id"):
        show_send(db, send_id)
