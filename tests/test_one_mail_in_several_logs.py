"""A mail that an application's table, its mail server and the provider behind this one tell of is one send, and two
mails of one log never are: hand-offs are merged by the provider's id in the reply, or by Message-ID and recipient.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import build, fresh_store, ingest, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.documents.send_history import in_words
from detector.sends import show_send

AT = datetime(2026, 10, 27, 18, 0, tzinfo=UTC)
SES_ID = "0100019a7c3d5e21-1b2c3d4e-5f60-4718-9a2b-{:012}-000000"


def stamp(seconds: float) -> str:
    return f"{AT + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}Z"


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def postfix(n: int, second: float, message_id: str, recipient: str, reply: str, before: int = 0) -> list[str]:
    """A mail as Postfix logs it, that was deferred so many times before."""
    queue_id = f"4F{n:08X}"
    entries = [
        ("smtpd", f"{queue_id}: client=app.example[10.0.0.5]"),
        ("cleanup", f"{queue_id}: message-id=<{message_id}>"),
        ("qmgr", f"{queue_id}: from=<enrol@academy.example>, size=1200, nrcpt=1 (queue active)"),
        *(("smtp", f"{queue_id}: to=<{recipient}>, relay=r.example[1.1.1.1]:587, delay={m}, delays=0/0/0/1, dsn=4.0.0, "
           "status=deferred (try again)") for m in range(before)),
        ("smtp", f"{queue_id}: to=<{recipient}>, relay=r.example[1.1.1.1]:587, delay=1, delays=0/0/0/1, dsn=2.0.0, "
         f"status=sent ({reply})"),
    ]  # fmt: skip
    times = [second, second, second, *(second + 1 + m for m in range(before)), second + 1 + before]
    return [f"{stamp(at)} mx1 postfix/{daemon}[7]: {entry}" for at, (daemon, entry) in zip(times, entries, strict=True)]


def exim(n: int, second: float, message_id: str, recipient: str, reply: str) -> list[str]:
    at = stamp(second).replace("T", " ").replace("Z", " +0000")
    name = f"1vDH2t-{n:011}-1bQz"
    return [
        f"{at} {name} <= enrol@academy.example U=www P=local S=1200 id={message_id} for {recipient}",
        f'{at} {name} => {recipient} R=smarthost T=remote_smtp H=r.example [1.1.1.1] C="{reply}"',
    ]


def ses(kind: str, n: int, second: float, recipient: str, message_id: str | None = None, **more: object) -> str:
    mail = {
        "timestamp": stamp(second),
        "messageId": SES_ID.format(n),
        "source": "enrol@academy.example",
        "destination": [recipient],
        "tags": {"template": ["welcome"]},
    }
    if message_id:
        mail["commonHeaders"] = {"subject": "Welcome", "messageId": f"<{message_id}>"}
    return json.dumps({"eventType": kind, "mail": mail, kind.lower(): more})


def sendgrid(n: int, second: float, recipient: str, part: int = 0) -> str:
    item = {
        "email": recipient,
        "event": "processed",
        "timestamp": int((AT + timedelta(seconds=second)).timestamp()),
        "sg_message_id": f"sMWSx-{n:016}.filter0001p1las1-5515-E0B88-{part}.0",
        "sg_event_id": f"event-{n}-{part}-{recipient}",
        "subject": "Welcome",
    }
    return json.dumps(item)


def counted(db, *paths: Path) -> list[dict[str, object]]:
    ingest(db, *paths)
    build(db)
    return rows(db, "select * from sends order by sent_at, recipient, send_id")


@pytest.mark.parametrize("mailer", [postfix, exim])
def test_mail_that_a_mail_server_relays_to_ses_is_counted_once_with_what_either_log_knows(db, tmp_path, mailer):
    # 40 mails to 40 people, a minute apart; SES takes each 3 s later, without headers: only its own id tells
    log: list[str] = []
    for n in range(40):
        log += mailer(n, 60 * n, f"k{n}@app", f"u{n}@x.example", f"250 Ok {SES_ID.format(n)}")
    events = [ses("Send", n, 60 * n + 3, f"u{n}@x.example") for n in range(40)]
    events += [ses("Bounce", n, 60 * n + 3, f"u{n}@x.example", timestamp=stamp(60 * n + 9),
                   bouncedRecipients=[{"emailAddress": f"u{n}@x.example"}]) for n in range(5)]  # fmt: skip
    found = counted(db, written(tmp_path / "mail.log", log), written(tmp_path / "ses.jsonl", events))
    assert len(found) == 40
    assert {(send["template"], send["size"], send["attempts"]) for send in found} == {("welcome", 1200, 1)}
    assert [send["outcome"] for send in found] == ["bounced"] * 5 + ["accepted"] * 35
    assert [send["message_id"] for send in found] == [f"k{n}@app" for n in range(40)]


def test_one_transaction_that_sendgrid_makes_three_mails_of_is_three_sends(db, tmp_path):
    people = ["ann@x.example", "ben@x.example", "cleo@x.example"]
    lines = postfix(1, 0, "k1@app", people[0], "250 Ok: queued as sMWSx-0000000000000007")
    lines += [lines[-1].replace(people[0], person) for person in people[1:]]
    events = [sendgrid(7, 2, person, part) for part, person in enumerate(people)]
    found = counted(db, written(tmp_path / "mail.log", lines), written(tmp_path / "sg.jsonl", events))
    assert [(send["recipient"], send["subject"]) for send in found] == [(person, "Welcome") for person in people]


def test_a_recipient_of_whom_the_provider_tells_nothing_keeps_the_send_of_the_mail_server(db, tmp_path):
    # one transaction for two people; SES publishes bounces only, and only ann's mail bounced
    lines = postfix(1, 0, "k1@app", "ann@x.example", f"250 Ok {SES_ID.format(1)}")
    lines.append(lines[-1].replace("ann@", "ben@"))
    bounce = ses(
        "Bounce", 1, 2, "ann@x.example", timestamp=stamp(9), bouncedRecipients=[{"emailAddress": "ann@x.example"}]
    )
    found = counted(db, written(tmp_path / "mail.log", lines), written(tmp_path / "ses.jsonl", [bounce]))
    assert [(send["recipient"], send["outcome"]) for send in found] == [
        ("ann@x.example", "bounced"),
        ("ben@x.example", "delivered"),
    ]


def test_a_reply_that_names_the_id_of_somebody_elses_mail_hides_no_send(db, tmp_path):
    lines = postfix(1, 0, "k1@app", "ann@x.example", f"250 Ok {SES_ID.format(1)}")
    events = [ses("Send", 1, 2, "ben@x.example")]
    found = counted(db, written(tmp_path / "mail.log", lines), written(tmp_path / "ses.jsonl", events))
    assert [send["recipient"] for send in found] == ["ann@x.example", "ben@x.example"]


def test_a_tables_row_that_holds_the_providers_id_and_the_providers_event_are_one_send(db, tmp_path):
    table = ["sent_at,recipient,message_id,subject,event"]
    table += [f"{stamp(60 * n)},u{n}@x.example,{SES_ID.format(n)},Hello {n},sent" for n in range(3)]
    events = [ses("Send", n, 60 * n + 1, f"u{n}@x.example") for n in range(3)]
    found = counted(db, written(tmp_path / "outbox.csv", table), written(tmp_path / "ses.jsonl", events))
    assert [(send["subject"], send["template"]) for send in found] == [(f"Hello {n}", "welcome") for n in range(3)]


def test_table_mail_server_and_provider_tell_of_one_mail_and_its_history_names_all_three(db, tmp_path):
    table = ["sent_at,recipient,message_id,subject,event", f"{stamp(-3601)},ann@x.example,k1@app,Welcome,sent"]
    log = postfix(1, 0, "k1@app", "ann@x.example", f"250 Ok {SES_ID.format(1)}", before=2)
    events = [ses("Send", 1, 4, "ann@x.example", "k1@app"),
              ses("Delivery", 1, 4, "ann@x.example", timestamp=stamp(6), recipients=["ann@x.example"])]  # fmt: skip
    paths = [written(tmp_path / "outbox.csv", table), written(tmp_path / "mail.log", log)]
    (send,) = counted(db, *paths, written(tmp_path / "ses.jsonl", events))
    assert (send["subject"], send["sender"], send["size"]) == ("Welcome", "enrol@academy.example", 1200)
    assert (send["outcome"], send["template"]) == ("delivered", "welcome")
    history = show_send(db, send["send_id"])
    assert {event.source for event in history.events} == {"plain", "postfix", "ses"}
    assert len(history.events) == 1 + len(log) + len(events)
    assert [event.type for event in history.events if event.is_hand_off] == ["delivered"]
    said = in_words(history)
    assert f"handed on as '{SES_ID.format(1)}'" in said
    assert "'mx1 4F00000001' by postfix" in said


def test_what_one_log_shows_twice_stays_two_sends_and_what_both_show_twice_does_too(db, tmp_path):
    # one rendered mail was submitted twice, 40 s apart; then once more, which the table's export no longer holds
    table = ["sent_at,recipient,message_id,event"]
    table += [f"{stamp(at)},ann@x.example,k1@app,sent" for at in (0, 40)]
    log = [line for n, at in enumerate((1, 41, 81)) for line in postfix(n, at, "k1@app", "ann@x.example", "250 ok")]
    found = counted(db, written(tmp_path / "outbox.csv", table), written(tmp_path / "mail.log", log))
    assert [f"{send['sent_at']:%H:%M:%S}" for send in found] == ["18:00:00", "18:00:40", "18:01:21"]
    assert [send["source"] for send in found] == ["plain", "plain", "postfix"]


def test_a_mail_that_comes_again_days_later_in_another_log_only_is_another_send(db, tmp_path):
    table = ["sent_at,recipient,message_id,event", f"{stamp(-3 * 86400)},ann@x.example,k1@app,sent"]
    log = postfix(1, 0, "k1@app", "ann@x.example", "250 ok")
    assert len(counted(db, written(tmp_path / "outbox.csv", table), written(tmp_path / "mail.log", log))) == 2


def test_ids_that_are_no_message_ids_prove_nothing_across_logs(db, tmp_path):
    # a table counts its rows from 1, and so does a provider
    table = ["sent_at,recipient,message_id,event", f"{stamp(0)},ann@x.example,17,sent"]
    event = json.dumps({"event": "sent", "time": int(AT.timestamp()), "MessageID": 17, "email": "ann@x.example",
                        "mj_campaign_id": 1, "mj_contact_id": 2, "customcampaign": ""})  # fmt: skip
    found = counted(db, written(tmp_path / "outbox.csv", table), written(tmp_path / "mj.jsonl", [event]))
    assert [send["source"] for send in found] == ["mailjet", "plain"]


def test_what_a_table_calls_sent_does_not_hide_what_the_mail_server_knows(db, tmp_path):
    # the table's clock is five minutes ahead
    table = ["sent_at,recipient,message_id,event", f"{stamp(300)},ann@x.example,k1@app,sent"]
    log = [
        line.replace("status=sent (", "status=bounced (")
        for line in postfix(1, 0, "k1@app", "ann@x.example", "550 no", 1)
    ]
    (send,) = counted(db, written(tmp_path / "outbox.csv", table), written(tmp_path / "mail.log", log))
    assert (send["outcome"], send["attempts"]) == ("bounced", 2)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(10, 3000), min_size=1, max_size=8), st.data())
def test_with_two_whole_logs_there_are_as_many_sends_as_either_shows_and_with_gaps_no_fewer(gaps, data):
    seconds = [sum(gaps[: n + 1]) for n in range(len(gaps))]
    kept = data.draw(st.lists(st.booleans(), min_size=len(gaps), max_size=len(gaps)))
    log = [line for n, at in enumerate(seconds) for line in postfix(n, at, "k1@app", "ann@x.example", "250 ok")]
    table = ["sent_at,recipient,message_id,event"]
    table += [
        f"{stamp(at - 2)},ann@x.example,k1@app,sent" for at, is_kept in zip(seconds, kept, strict=True) if is_kept
    ]
    with TemporaryDirectory() as folder, fresh_store(Path(folder) / "state") as db:
        both = (written(Path(folder) / "outbox.csv", table), written(Path(folder) / "mail.log", log))
        assert len(counted(db, *(both if any(kept) else both[1:]))) == len(seconds)
