"""What samples cannot say of tables, Exchange, Microsoft 365, Google, HubSpot and Mailchimp: claims and odd records."""

import json
from pathlib import Path

import pytest
from conftest import NO_CONFIG, build, fresh_store, ingest, rows

from detector.config import Config, Source
from detector.records import FileTally

FOLDER = Path(__file__).parent / "formats"


def kept(tally: FileTally) -> tuple[int, int, int, int, int]:
    return tally.records, tally.events, tally.ignored, tally.rejected, tally.blank


def sends(db, *paths: Path, config: Config = NO_CONFIG) -> list[tuple[str, str]]:
    """Recipients and outcomes of the sends that files hold, in order of time."""
    ingest(db, *paths, config=config)
    build(db, config=config)
    return [(r["recipient"], r["outcome"]) for r in rows(db, "from sends order by sent_at, recipient, send_id")]


def reasons(db) -> dict[int, str]:
    return {row["record_number"]: row["reason"] for row in rows(db, "from rejects")}


# --- tables -------------------------------------------------------------------------------------------------------


def test_a_row_that_waits_in_an_outbox_is_no_send_and_no_reject(db):
    # header; 5 of state done or broken with a time, of which one is broken; 2 wait, 1 broke without a time
    toml = Config.model_validate(
        {
            "sources": {
                "outbox": {
                    "words": {"done": "sent", "broken": "dropped", "waiting": "queued"},
                    "columns": {"timestamp": "sent_at", "recipient": "addr", "event": "state"},
                }
            }
        }
    )
    (tally,) = ingest(db, FOLDER / "plain/home_grown_outbox.csv", config=toml)
    assert kept(tally) == (8, 4, 4, 0, 0)


def test_an_empty_time_is_no_waiting_mail_where_the_row_says_that_it_was_sent(db, tmp_path):
    path = tmp_path / "mail.csv"
    path.write_text(
        "sent_at,recipient,status\n,ann@harbor.example,sent\n,ben@harbor.example,pending\n", encoding="utf-8"
    )
    (tally,) = ingest(db, path)
    assert kept(tally) == (3, 0, 2, 1, 0)  # header and pending; sent without a time
    assert reasons(db) == {2: "no time that can be read"}


def test_an_empty_time_in_a_column_that_is_not_about_sending_is_a_reject(db, tmp_path):
    path = tmp_path / "mail.csv"
    path.write_text(
        "timestamp,recipient\n,ann@harbor.example\n2026-10-27T18:00:00Z,ben@harbor.example\n", encoding="utf-8"
    )
    (tally,) = ingest(db, path)
    assert kept(tally) == (3, 1, 1, 1, 0)


def test_a_mail_that_was_skipped_because_it_had_no_address_is_no_reject(db, tmp_path):
    path = tmp_path / "mail.csv"
    path.write_text(
        "timestamp,recipient,status\n2026-10-27 18:00:00,,SKIPPED_INVALID_EMAIL\n2026-10-27 18:00:01,,sent\n",
        encoding="utf-8",
    )
    (tally,) = ingest(db, path)
    assert kept(tally) == (3, 0, 2, 1, 0)
    assert reasons(db) == {3: "no recipient"}


def test_dates_of_which_nobody_knows_the_order_are_not_guessed_at_and_the_remedy_is_named(db, tmp_path):
    path = tmp_path / "mail.csv"
    path.write_text("date,recipient\n05/10/2026 09:15,ann@harbor.example\n", encoding="utf-8")
    ingest(db, path)
    assert "time_format" in reasons(db)[2]


def test_a_value_of_the_event_column_means_what_the_config_says_even_if_we_know_the_word(db, tmp_path):
    path = tmp_path / "mail.csv"
    path.write_text("timestamp,recipient,event\n2026-10-27T18:00:00Z,ann@harbor.example,Failed\n", encoding="utf-8")
    config = Config(sources={"app": Source(words={"failed": "bounced"})})
    assert sends(db, path, config=config) == [("ann@harbor.example", "bounced")]


def test_a_star_stands_for_the_words_that_nobody_knows_and_for_no_other(db, tmp_path):
    path = tmp_path / "mail.csv"
    stamp = "2026-10-27T18:00:00Z"
    path.write_text(f"timestamp,recipient,event\n{stamp},a@h.example,sent\n{stamp},b@h.example,Placed Order\n", "utf-8")
    (tally,) = ingest(db, path, config=Config(sources={"app": Source(words={"*": "ignored"})}))
    assert kept(tally) == (3, 1, 2, 0, 0)


def test_a_mapping_of_columns_that_the_table_has_not_is_told_in_one_line(db, tmp_path):
    path = tmp_path / "mail.csv"
    path.write_text("When,Who\n2026-10-27T18:00:00Z,ann@harbor.example\n", encoding="utf-8")
    config = Config(sources={"app": Source(columns={"timestamp": "When", "recipient": "Whom"})})
    (tally,) = ingest(db, path, config=config)
    assert tally.problem is not None
    assert tally.problem.startswith(f"{path}: ")
    assert "Whom" in tally.problem


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("email,status\nann@harbor.example,Success\n", "without a column for the time under"),
        ("timestamp,status\n2026-10-27T18:00:00Z,Success\n", "without a column for the recipient under"),
        ("name,state\nAnn,Success\n", "without a column for the time and one for the recipient under"),
        ("2026-10-27T18:00:00Z,ann@harbor.example,sent\n" * 3, "its first line must name the columns"),
    ],
)
def test_a_table_that_cannot_be_read_is_told_what_it_lacks(db, tmp_path, text, told):
    path = tmp_path / "mail.csv"
    path.write_text(text, encoding="utf-8")
    (tally,) = ingest(db, path)
    assert told in str(tally.problem)


@pytest.mark.parametrize(
    "cell",
    [
        '"[""ann@harbor.example"", ""ben@harbor.example""]"',
        "\"['ann@harbor.example', 'ben@harbor.example']\"",
        '"{""ann@harbor.example"":""Ann"",""ben@harbor.example"":null}"',
        '"Ann <ann@harbor.example>; Ben <ben@harbor.example>"',
        "ann@harbor.example ben@harbor.example",
        '"ann@harbor.example\nben@harbor.example"',
    ],
)
def test_addresses_in_one_cell_are_found_however_the_application_wrote_the_list(db, tmp_path, cell):
    path = tmp_path / "mail.csv"
    path.write_text(f"timestamp,recipient\n2026-10-27T18:00:00Z,{cell}\n", encoding="utf-8")
    assert [recipient for recipient, _ in sends(db, path)] == ["ann@harbor.example", "ben@harbor.example"]


# --- Exchange -----------------------------------------------------------------------------------------------------

TRACKING = (
    "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,"
    "internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,"
    "related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,"
    "tenant-id,original-client-ip,original-server-ip,custom-data"
)
NETWORK_ID = "2fd37dca-1234-5bfb-175d-08dc1db88f52"


def tracked(event: str, to: str, subject: str = "Welcome", sender: str = "noreply@academy.example") -> str:
    """One row of message tracking."""
    return (
        f"2026-10-27T18:00:00.000Z,,,,mbx1,,,SMTP,{event},77,<w.1@app1>,{NETWORK_ID},{to},,15054,1,,,{subject},{sender},"
        f"{sender},,Originating,,,,\n"
    )


def test_odd_rows_of_message_tracking_cost_themselves_and_say_why(db):
    # 5 lines of header; RECEIVE and DELIVER; no recipient; no id; no event; no time; an unknown event; a cut row
    (tally,) = ingest(db, FOLDER / "exchange/odd_records.log")
    assert (kept(tally), tally.held) == ((13, 2, 6, 4, 0), 1)
    assert reasons(db) == {
        8: "no recipient",
        9: "no message id",
        10: "no event",
        11: "no time that can be read",
    }


@pytest.mark.parametrize("has_header", [True, False])
@pytest.mark.parametrize(
    "subject", ['"DELIVER,x,""y"",ben@harbor.example"', "=cmd|' /C calc'!A0", "it's; --", '"#Fields:"']
)
def test_nothing_in_a_subject_acts(db, tmp_path, subject, has_header):
    path = tmp_path / "MSGTRK.LOG"
    text = tracked("DELIVER", "ann@harbor.example", subject) * 3
    path.write_text(f"#Fields: {TRACKING}\n{text}" if has_header else text, encoding="utf-8")
    assert sends(db, path) == [("ann@harbor.example", "delivered")]


def test_a_group_that_nothing_expanded_stays_a_recipient(db, tmp_path):
    path = tmp_path / "MSGTRK.LOG"
    path.write_text(f"#Fields: {TRACKING}\n" + tracked("RECEIVE", "all@academy.example"), encoding="utf-8")
    assert sends(db, path) == [("all@academy.example", "accepted")]


def test_an_export_that_lost_its_recipients_is_told_how_to_keep_them(db, tmp_path):
    path = tmp_path / "tracking.csv"
    path.write_text(
        "Timestamp,EventId,InternalMessageId,MessageId,Recipients,MessageSubject,Sender\n"
        "2026-10-27 18:00:00,DELIVER,77,<w.1@app1>,System.String[],Welcome,noreply@academy.example\n",
        encoding="utf-8",
    )
    ingest(db, path)
    assert "-join" in reasons(db)[2]


def test_an_export_of_a_few_columns_is_not_taken_for_a_table_of_sends(db, tmp_path):
    # three rows of one mail: read as a table, they would be three sends
    path = tmp_path / "tracking.csv"
    events = "".join(
        f"2026-10-27 18:00:00,{event},ann@harbor.example,Welcome\n" for event in ("RECEIVE", "SEND", "FAIL")
    )
    path.write_text(f"Timestamp,EventId,Recipients,MessageSubject\n{events}", encoding="utf-8")
    (tally,) = ingest(db, path)
    assert "MessageId" in str(tally.problem)
    path.write_text("timestamp,event_id,recipients\n2026-10-27 18:00:00,4711,ann@harbor.example\n", encoding="utf-8")
    (tally,) = ingest(db, path)  # an application's own table
    assert (tally.format, tally.events) == ("plain", 1)


def test_rows_without_a_header_that_are_of_another_list_of_columns_are_not_read_by_position(db, tmp_path):
    path = tmp_path / "MSGTRK.LOG"
    older = tracked("DELIVER", "ann@harbor.example").replace(f"{NETWORK_ID},", "")
    path.write_text(older, encoding="utf-8")
    ingest(db, path)
    assert "#Fields" in reasons(db)[1]


# --- Microsoft 365 ------------------------------------------------------------------------------------------------

TRACED = {
    "Received": "2026-10-27T18:00:00.0000000",
    "SenderAddress": "noreply@academy.example",
    "RecipientAddress": "ann@harbor.example",
    "Subject": "Welcome",
    "Status": "Delivered",
    "MessageTraceId": NETWORK_ID,
    "MessageId": "<w.1@app1>",
    "Size": 15054,
}


def write_objects(path: Path, *objects: object) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")
    return path


def test_odd_rows_of_a_message_trace_cost_themselves_and_say_why(db):
    # header; one good row; nobody; no id; no time; a word nobody knows; a cut row
    (tally,) = ingest(db, FOLDER / "m365/odd_records.csv")
    assert kept(tally) == (7, 1, 1, 5, 0)
    assert set(reasons(db).values()) == {
        "no recipient",
        "no message id",
        "no time that can be read",
        "unknown status",
        "a row with fewer than the header's 14 fields",
    }


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"Received": None},
            {"Received": {"value": 1}},
            {"Received": "0001-01-01T00:00:00"},
            {"Status": 3},
        ),
        *({"RecipientAddress": None}, {"RecipientAddress": []}, {"MessageTraceId": None, "MessageId": None}),
    ],
)
def test_an_odd_object_of_a_message_trace_is_no_error_and_costs_no_other(db, tmp_path, change):
    odd = TRACED | {"MessageTraceId": "odd"} | change
    path = write_objects(tmp_path / "trace.ndjson", TRACED, odd, TRACED | {"MessageTraceId": "other"})
    (tally,) = ingest(db, path)
    build(db)
    assert (tally.records, tally.events + tally.rejected) == (3, 3)
    assert len(rows(db, "from sends where outcome = 'delivered'")) == 2


def test_the_ids_of_two_reports_are_one_id_however_they_are_hyphenated(db, tmp_path):
    table = tmp_path / "enhanced.csv"
    table.write_text(
        "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id\n"
        '2026-10-27T18:00:00Z,noreply@academy.example,"ann@harbor.example##Receive, Send",Welcome,15054,<w.1@app1>,'
        f"{NETWORK_ID.replace('-', '').upper()}\n",
        encoding="utf-8",
    )
    assert len(sends(db, write_objects(tmp_path / "trace.ndjson", TRACED), table)) == 1


def test_dates_of_which_only_the_config_knows_the_order_are_read_by_it(db, tmp_path):
    path = write_objects(tmp_path / "trace.ndjson", TRACED | {"Received": "5/10/2026 6:10:13 PM"})
    config = Config(sources={"trace": Source(time_format="%d/%m/%Y %I:%M:%S %p")})
    ingest(db, path)
    assert "time_format" in reasons(db)[1]
    write_objects(path, TRACED | {"Received": "6/10/2026 6:10:13 PM"})
    ingest(db, path, config=config)
    build(db)
    assert [row["sent_at"].isoformat() for row in rows(db, "from sends")] == ["2026-10-06T18:10:13"]


# --- Google -------------------------------------------------------------------------------------------------------

GMAIL = {
    "event_info": {"timestamp_usec": "1793124000000000", "success": True},
    "message_info": {
        "action_type": "10",
        "rfc2822_message_id": "<w.1@app1>",
        "subject": "Welcome",
        "payload_size": "5210",
        "source": {"address": "noreply@academy.example", "service": "smtp-relay"},
        "destination": [{"address": "ann@harbor.example", "service": "smtp-outbound"}],
    },
}


def test_odd_rows_of_a_log_search_cost_themselves_and_say_why(db):
    # header; arrival and delivery; nobody; no id; no time; a cut row
    (tally,) = ingest(db, FOLDER / "google/odd_records.csv")
    assert kept(tally) == (7, 2, 1, 4, 0)


@pytest.mark.parametrize(
    "change",
    [
        *({"destination": []}, {"destination": None}, {"destination": "ann"}, {"destination": [{"address": None}]}),
        *({"destination": [1, "x"]}, {"destination": {}}, {"rfc2822_message_id": None}, {"action_type": {"x": 1}}),
        *({"action_type": "99"}, {"source": "smtp"}, {"source": None}, {"subject": ["x"]}, {"payload_size": "much"}),
    ],
)
def test_an_odd_gmail_record_is_no_error_and_costs_no_other(db, tmp_path, change):
    odd = {**GMAIL, "message_info": {**GMAIL["message_info"], "rfc2822_message_id": "<odd@app1>", **change}}
    (tally,) = ingest(db, write_objects(tmp_path / "gmail.ndjson", GMAIL, odd, {"event_info": 1, "message_info": []}))
    build(db)
    assert tally.records == 3
    assert "w.1@app1" in {row["message_id"] for row in rows(db, "from sends")}


def test_rows_of_bigquery_without_names_are_told_how_to_be_exported(db, tmp_path):
    bare = {"f": [{"v": "1793124000000000"}, {"v": "smtp-outbound::ann@harbor.example"}]}
    (tally,) = ingest(db, write_objects(tmp_path / "gmail.ndjson", bare))
    assert (tally.format, tally.rejected) == ("google", 1)
    assert "export the table as JSON" in reasons(db)[1]


# --- HubSpot ------------------------------------------------------------------------------------------------------

SENT = {
    "id": "0e442bf1",
    "created": 1793124000000,
    "type": "SENT",
    "recipient": "ann@harbor.example",
    "portalId": 62515,
    "emailCampaignId": 83072657,
    "from": "Academy <noreply@academy.example>",
    "subject": "Welcome",
}


def test_odd_events_of_hubspot_cost_themselves_and_say_why(db):
    (tally,) = ingest(db, FOLDER / "hubspot/odd_records.ndjson")
    assert kept(tally) == (5, 1, 0, 4, 0)
    assert reasons(db) == {
        2: "no recipient",
        3: "no id of the mail it is about",
        4: "no time that can be read",
        5: "no event of a known type",
    }


@pytest.mark.parametrize(
    "odd", [1, None, [], "x", {}, SENT | {"sentBy": 1}, SENT | {"id": None}, SENT | {"created": {}}]
)
def test_an_odd_event_in_a_page_leaves_the_others_of_the_page(db, tmp_path, odd):
    path = write_objects(tmp_path / "page.json", {"hasMore": False, "events": [SENT, odd, SENT | {"id": "other"}]})
    ingest(db, path)
    build(db)
    assert len(rows(db, "from sends where message_id in ('0e442bf1', 'other')")) == 2


def test_opens_in_a_page_do_not_hide_the_sends_of_the_page(db, tmp_path):
    opened = SENT | {"type": "OPEN", "id": "o", "sentBy": {"id": "0e442bf1", "created": 1793124000000}}
    (tally,) = ingest(db, write_objects(tmp_path / "page.json", {"hasMore": False, "events": [opened, SENT, opened]}))
    assert kept(tally) == (1, 1, 0, 0, 0)
    assert len(rows(db, "from events")) == 1


# --- Mailchimp ----------------------------------------------------------------------------------------------------

MEMBER = {
    "email_id": "1d34",
    "email_address": "ann@harbor.example",
    "status": "sent",
    "campaign_id": "c2",
    "list_id": "8e",
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.json", json.dumps({"sent_to": [MEMBER], "campaign_id": "c2", "total_items": 1})),
        ("members.ndjson", json.dumps(MEMBER) + "\n" + json.dumps(MEMBER)),
        ("recipients.csv", "campaign_id,member_id,list_id\nc2,1d34,8e\n"),
        ("sent.csv", "Email Address,First Name,LEID,EUID\nann@harbor.example,Ann,7,8\n"),
    ],
)
def test_recipients_without_any_time_are_refused_in_one_sentence_that_says_how_to_mend_it(db, tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    (tally,) = ingest(db, path)
    assert "under the name send_time" in str(tally.problem)
    assert rows(db, "from rejects") == []


def test_odd_recipients_cost_themselves_and_say_why(db):
    (tally,) = ingest(db, FOLDER / "mailchimp/odd_records.ndjson")
    assert kept(tally) == (5, 1, 0, 4, 0)
    assert reasons(db) == {
        2: "no time that can be read",
        3: "no time that can be read",
        4: "unknown status",
        5: "no recipient",
    }


@pytest.mark.parametrize("name", ["hubspot", "mailchimp"])
def test_a_page_of_two_hundred_facts_and_five_megabytes_is_read(db, tmp_path, name):
    """What else stands on the page goes along with none of its facts: 200 times 5 MB have no room."""
    member = MEMBER | {"campaign_id": "c2", "send_time": "2026-10-20T09:00:00Z"}
    fact = {"type": "SENT", "created": 1792486800000, "emailCampaignId": 7, "portalId": 1}
    facts = {
        "hubspot": {"events": [fact | {"id": f"e{n}", "recipient": f"p{n}@harbor.example"} for n in range(200)]},
        "mailchimp": {"sent_to": [member | {"email_address": f"p{n}@harbor.example"} for n in range(200)]},
    }
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(facts[name] | {"comment": "x" * 5_000_000}))
    (tally,) = ingest(db, path)
    assert (tally.format, tally.problem) == (name, None)
    assert rows(db, "select count(distinct recipient) as people from events") == [{"people": 200}]


def test_a_page_that_is_no_json_says_how_many_records_are_lost_with_it(db, tmp_path):
    """Five million digits before the key of the first of 18 events, all on one line; a second page is whole."""
    fact = {"type": "SENT", "created": 1792486800000, "emailCampaignId": 7, "portalId": 1}
    pages = [[fact | {"id": f"{page}{n}", "recipient": f"p{n}@harbor.example"} for n in range(18)] for page in "ab"]
    first, second = (json.dumps({"events": page}) for page in pages)
    path = tmp_path / "hubspot.json"
    path.write_text(f"{first.replace('[{', '[{' + '9' * 5_000_000, 1)}\n{second}\n")
    (tally,) = ingest(db, path)
    lost = "not a JSON object; up to 18 records in its lists are lost with it"
    assert (tally.records, tally.events, tally.rejected) == (2, 1, 1)
    assert (reasons(db), lost in tally.rejected_because) == ({1: lost}, True)
    path.write_text(f"{first.replace('}]', ']', 1)}\n{second.replace('b0', 'd0')}\n{second.replace('b0', 'e0')}\n")
    (tally,) = ingest(db, path)
    lost = "the brackets of the object do not match; up to 18 records in its lists are lost with it"
    assert (tally.records, tally.events, lost in tally.rejected_because) == (3, 2, True)


# --- all of them --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["exchange/two_servers", "m365/looked_back_twice", "hubspot/pages_that_overlap"])
def test_files_of_one_mail_are_one_mail_in_whatever_order_and_however_often_they_are_read(tmp_path, folder):
    paths = sorted((FOLDER / folder).iterdir())
    found = []
    for number, order in enumerate((paths, paths[::-1], [*paths, *paths])):
        with fresh_store(tmp_path / str(number)) as db:
            found.append(sends(db, *order))
    assert found[0]
    assert found[0] == found[1] == found[2]
