"""What samples cannot say about the formats of mail providers: odd values, torn pages, order, hostile text, claims."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import build, fresh_store, ingest, rows

from detector.formats import choose_format, load_formats
from detector.framings import Head, sniff

FORMATS = load_formats()
FOLDER = Path(__file__).parent / "formats"
AT = 1_793_124_000  # 2026-10-27 18:00:00 UTC
ISO = "2026-10-27T18:00:00Z"

EVENTS: dict[str, dict[str, Any]] = {
    "sendgrid": {
        "event": "processed",
        "email": "ann@harbor.example",
        "timestamp": AT,
        "sg_message_id": "KEY",
        "category": ["welcome"],
        "subject": "Welcome",
        "organization": "Harbor Freightways",
    },
    "mailgun": {
        "event": "accepted",
        "id": "e1",
        "log-level": "info",
        "timestamp": AT + 0.5,
        "recipient": "ann@harbor.example",
        "message": {"headers": {"message-id": "KEY", "subject": "Welcome", "from": "a@academy.example"}, "size": 9},
        "envelope": {"sender": "a@academy.example"},
        "tags": ["welcome"],
        "template": {"name": "welcome"},
        "flags": {"is-routed": False},
        "user-variables": {"client": "Harbor Freightways"},
    },
    "postmark": {
        "MessageID": "KEY",
        "MessageStream": "outbound",
        "Recipients": ["ann@harbor.example"],
        "ReceivedAt": ISO,
        "From": "a@academy.example",
        "Subject": "Welcome",
        "Tag": "welcome",
        "Status": "Sent",
        "Metadata": {"client": "Harbor Freightways"},
    },
    "sparkpost": {
        "type": "injection",
        "timestamp": str(AT),
        "injection_time": ISO,
        "message_id": "KEY",
        "transmission_id": "t1",
        "rcpt_to": "ann@harbor.example",
        "msg_from": "a@academy.example",
        "subject": "Welcome",
        "template_id": "welcome",
        "msg_size": "9",
        "rcpt_meta": {"client": "Harbor Freightways"},
    },
    "mandrill": {
        "event": "send",
        "ts": AT,
        "msg": {
            "_id": "KEY",
            "ts": AT,
            "email": "ann@harbor.example",
            "subject": "Welcome",
            "tags": ["welcome"],
            "metadata": {"client": "Harbor Freightways"},
        },
    },
    "brevo": {
        "event": "request",
        "email": "ann@harbor.example",
        "message-id": "<KEY>",
        "ts": AT,
        "ts_event": AT,
        "ts_epoch": AT * 1000,
        "date": "2026-10-27 18:00:00",
        "subject": "Welcome",
        "tags": ["welcome"],
    },
    "resend": {
        "type": "email.sent",
        "created_at": ISO,
        "data": {
            "email_id": "KEY",
            "created_at": ISO,
            "from": "a@academy.example",
            "to": ["ann@harbor.example"],
            "subject": "Welcome",
            "tags": {"template": "welcome"},
        },
    },
    "mailersend": {
        "type": "activity.sent",
        "created_at": ISO,
        "data": {
            "created_at": ISO,
            "email": {
                "id": "e",
                "subject": "Welcome",
                "tags": ["welcome"],
                "message": {"id": "KEY"},
                "recipient": {"email": "ann@harbor.example"},
            },
        },
    },
    "mailjet": {
        "event": "sent",
        "time": AT,
        "MessageID": "KEY",
        "email": "ann@harbor.example",
        "mj_campaign_id": 0,
        "customcampaign": "welcome",
        "Payload": "{}",
    },
    "ses": {
        "eventType": "Send",
        "mail": {
            "timestamp": ISO,
            "messageId": "KEY",
            "source": "a@academy.example",
            "destination": ["ann@harbor.example"],
            "commonHeaders": {"subject": "Welcome"},
            "tags": {"template": ["welcome"]},
        },
    },
}
PAGES = {  # the others have none, or of another shape
    "mailgun": lambda items: {"items": items, "paging": {"next": "x"}},
    "postmark": lambda items: {"TotalCount": len(items), "Messages": items},
    "sparkpost": lambda items: {"results": items, "total_count": len(items)},
    "mandrill": lambda items: {"mandrill_events": items},
    "ses": lambda items: {"Records": [{"body": json.dumps(item)} for item in items]},
}
ODD_VALUES = [None, True, 0, -1, 1e300, "", " ", "\u0000\n'\"", "[", "{}", [], [None], [[]], {}, {"a": [{}]}, "9" * 40]


def one(name: str, key: str) -> dict[str, Any]:
    """The event of a provider under another id of the message."""
    return json.loads(json.dumps(EVENTS[name]).replace("KEY", key))


def odd_variants(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The event with each field, at any depth, replaced by each odd value."""
    found: list[dict[str, Any]] = []
    for key, value in event.items():
        found += [{**event, key: odd} for odd in ODD_VALUES]
        if isinstance(value, dict):
            found += [{**event, key: variant} for variant in odd_variants(value)]
    return found


def write(path: Path, *objects: Any) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in objects), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", EVENTS)
def test_no_odd_value_anywhere_throws_or_costs_a_neighbour(db, tmp_path, name):
    odd = odd_variants(EVENTS[name])
    path = write(tmp_path / "events.ndjson", one(name, "before"), *odd, one(name, "after"))
    head = sniff(path)
    assert choose_format(Head("json", (head.records[0],) * 3), FORMATS, None) == name
    records = [json.dumps(one(name, f"no {number}")) for number in range(len(odd))]  # most of the file is healthy
    with path.open("a", encoding="utf-8") as log:
        log.writelines(f"{record}\n" for record in records)
    (tally,) = ingest(db, path)
    assert tally.format == name
    assert tally.records == 2 * len(odd) + 2
    assert tally.events + tally.ignored + tally.rejected == tally.records
    build(db)
    keys = {row["message_key"] for row in rows(db, "select distinct message_key from events")}
    assert {"before", "after", "no 0", f"no {len(odd) - 1}"} <= keys


@pytest.mark.parametrize("name", PAGES)
def test_a_page_with_an_unreadable_entry_keeps_the_others_and_says_so(db, tmp_path, name):
    page = PAGES[name]([one(name, "first"), {"odd": 1}, one(name, "last")])
    (tally,) = ingest(db, write(tmp_path / "page.json", page, PAGES[name]([one(name, "alone")])))
    build(db)
    assert (tally.format, tally.records, tally.events, tally.rejected) == (name, 2, 1, 1)
    assert [row["record_number"] for row in rows(db, "from rejects")] == [1]
    assert rows(db, "select count(*) as n from sends") == [{"n": 3}]


@pytest.mark.parametrize("name", EVENTS)
def test_two_submissions_of_one_mail_are_two_sends_and_a_redelivery_is_none(db, tmp_path, name):
    again = [one(name, "a"), one(name, "b")]
    (tally,) = ingest(db, write(tmp_path / "events.ndjson", *again, *again, *again))
    build(db)
    assert tally.events == 6
    assert rows(db, "select count(*) as n, count(distinct recipient) as people from sends") == [{"n": 2, "people": 1}]


@pytest.mark.parametrize("name", [name for name in EVENTS if name != "ses"])
def test_events_in_reverse_order_and_over_two_files_are_the_same_sends(tmp_path, name):
    (sample,) = (FOLDER.parent.parent / "sample_logs" / name).iterdir()
    lines = sample.read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "whole.json").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "late.json").write_text("".join(lines[: len(lines) // 2 : -1]), encoding="utf-8")
    (tmp_path / "early.json").write_text("".join(lines[len(lines) // 2 :: -1]), encoding="utf-8")
    found = []
    for number, files in enumerate((["whole.json"], ["late.json", "early.json", "whole.json"])):
        with fresh_store(tmp_path / str(number)) as db:
            ingest(db, *(tmp_path / file for file in files))
            build(db)
            found.append(rows(db, "select * exclude (file, record_number) from sends order by send_id"))
    # 3 people x 4 welcomes, a certificate, a typing error, a roster for two, a full mailbox; and a suppressed address,
    # of which MailerSend does not tell
    assert len(found[0]) == 3 * 4 + 1 + 1 + 2 + 1 + (name != "mailersend")
    assert found[0] == found[1]


@pytest.mark.parametrize("name", EVENTS)
def test_a_record_cut_in_the_middle_is_held_and_its_neighbour_read(db, tmp_path, name):
    path = tmp_path / "events.ndjson"
    whole = json.dumps(one(name, "a"))
    path.write_text(whole + "\n" + whole[: len(whole) // 2], encoding="utf-8")
    (tally,) = ingest(db, path)
    assert (tally.format, tally.events, tally.held, tally.rejected) == (name, 1, 1, 0)


@pytest.mark.parametrize(
    "subject",
    [
        '"}, {"event": "processed"',
        "Re: '; drop table events; --",
        'mandrill_events=[{"event":"send"}]',
        "\x1f\x1e\n\r\t",
    ],
)
@pytest.mark.parametrize("name", [name for name in EVENTS if name != "mailjet"])  # which has no subject
def test_a_subject_is_text_whatever_it_looks_like(db, tmp_path, name, subject):
    event = json.loads(json.dumps(one(name, "a")).replace('"Welcome"', json.dumps(subject)))
    (tally,) = ingest(db, write(tmp_path / "events.ndjson", event))
    build(db)
    assert (tally.events, tally.rejected) == (1, 0)
    ((found),) = rows(db, "select recipient, subject from sends")
    assert found["recipient"] == "ann@harbor.example"
    assert found["subject"].strip() == subject.strip() or subject == "\x1f\x1e\n\r\t"


def test_an_address_may_have_a_name_a_quoted_local_part_and_capitals(db, tmp_path):
    addresses = ['"Archer, Ann" <Ann@Harbor.example>', "<BEN@harbor.example>", '"a>, status=sent"@harbor.example']
    events = [{**one("sendgrid", str(number)), "email": text} for number, text in enumerate(addresses)]
    ingest(db, write(tmp_path / "events.ndjson", *events))
    build(db)
    assert {row["recipient"] for row in rows(db, "from sends")} == {
        "ann@harbor.example",
        "ben@harbor.example",
        '"a>, status=sent"@harbor.example',
    }


@pytest.mark.parametrize(
    ("stamp", "fraction"),
    [
        (AT, "000000"),
        (f"{AT}.0", "000000"),
        (AT + 0.25, "250000"),
        (AT * 1000 + 250, "250000"),
        (AT * 10**6 + 1, "000001"),
    ],
)
def test_epochs_are_read_by_their_magnitude(db, tmp_path, stamp, fraction):
    ingest(db, write(tmp_path / "events.ndjson", {**one("sendgrid", "a"), "timestamp": stamp}))
    build(db)
    (send,) = rows(db, "from sends")
    assert send["sent_at"].isoformat(timespec="microseconds") == f"2026-10-27T18:00:00.{fraction}"


@pytest.mark.parametrize(
    "stamp",
    ["2026-10-27T18:00:00Z", "2026-10-27T14:00:00.0000000-04:00", "2026-10-27 18:00:00 UTC", "2026-10-27 18:00:00"],
)
def test_iso_stamps_have_a_zone_or_are_utc(db, tmp_path, stamp):
    ingest(db, write(tmp_path / "events.ndjson", {**one("sendgrid", "a"), "timestamp": stamp}))
    build(db)
    (send,) = rows(db, "from sends")
    assert send["sent_at"].isoformat() == "2026-10-27T18:00:00"


@pytest.mark.parametrize("name", EVENTS)
def test_a_file_that_is_mostly_of_one_provider_is_read_as_its(tmp_path, name):
    others = [one(other, "x") for other in EVENTS if other != name]
    mixed = [one(name, str(number)) for number in range(20)] + others
    assert choose_format(sniff(write(tmp_path / "mixed.ndjson", *mixed)), FORMATS, None) == name


def test_a_table_with_the_usual_columns_is_no_export_of_a_provider(tmp_path):
    path = tmp_path / "mail.csv"
    path.write_text(
        "timestamp,event,email,message_id\n2026-10-27T18:00:00Z,sent,ann@harbor.example,a\n", encoding="utf-8"
    )
    assert choose_format(sniff(path), FORMATS, None) == "plain"
    rows_of_an_application = {"timestamp": ISO, "email": "ann@harbor.example", "event": "sent", "message_id": "a"}
    assert choose_format(sniff(write(tmp_path / "mail.ndjson", rows_of_an_application)), FORMATS, None) == "plain"


def test_short_rows_and_a_repeated_header_of_an_activity_export_are_told_apart(db, tmp_path):
    header = "processed,message_id,event,recv_message_id,outbound_ip,email"
    row = f"{ISO},a.0,processed,a,192.0.2.1,ann@harbor.example"
    path = tmp_path / "activity.csv"
    path.write_text("\n".join([header, row, header, f"{ISO},b.0,processed", row]) + "\n", encoding="utf-8")
    (tally,) = ingest(db, path)
    assert (tally.format, tally.events, tally.ignored, tally.rejected) == ("sendgrid", 2, 2, 1)
    assert [row["reason"] for row in rows(db, "from rejects")] == ["a row with fewer fields than the header"]


def test_an_export_in_another_language_is_rejected_with_the_remedy(db, tmp_path):
    path = tmp_path / "logs.csv"
    row = "Ukjent,27-10-2026 18:00:00,Hei,a@academy.example,ann@harbor.example,NA,<a@x.example>,NA"
    path.write_text(f"st_text,ts,sub,frm,email,tag,mid,link\n{row}\n", encoding="utf-8")
    (tally,) = ingest(db, path)
    assert (tally.format, tally.rejected) == ("brevo", 1)
    assert "English" in rows(db, "from rejects")[0]["reason"]


def test_a_posted_body_that_is_damaged_is_rejected_and_its_neighbours_are_read(db, tmp_path):
    whole = "mandrill_events=" + json.dumps([one("mandrill", "a")], separators=(",", ":")).replace('"', "%22")
    path = tmp_path / "bodies.txt"
    lines = [whole, whole.replace("%22_id", "%2_id")[:-4], "mandrill_events=%5B%C3%28%5D", whole]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tally,) = ingest(db, path)
    build(db)
    assert (tally.format, tally.records, tally.events, tally.rejected) == ("mandrill", 4, 2, 2)
    assert rows(db, "select count(*) as n from sends") == [{"n": 1}]
