"""Every format keeps one contract, and reads every sample as its accepted expectation says.

A sample is tests/formats/<format>/<situation>.<ext>, or a folder of that name if it takes several files; beside it
stand <situation>.expected.jsonl, the sends that it holds, and <situation>.toml if it needs a config. `ACCEPT=1 pytest
tests/test_formats.py` writes the expectations anew; a person reads the difference.
"""

import csv
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import NO_CONFIG, build, emptied, fresh_store, ingest, one_store_for_many, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detector.config import Config, Source, load_config
from detector.formats import COLUMNS, choose_format, load_formats
from detector.framings import sniff
from detector.store import Connection

FORMATS = load_formats()
FOLDER = Path(__file__).parent / "formats"
SHIPPED = Path(__file__).parent.parent / "sample_logs"
COMPARED = "sent_at, recipient, sender, subject, template, organization, size, outcome, attempts"
RUBBISH = ["odd_records", "ragged_and_repeated_header", "words_for_what_happened", "mapped_columns", "torn_lines"]
"""Samples that hold records no one can read."""


def samples() -> list[Path]:
    """All samples: files and folders, without what stands beside them."""
    found = [path for path in sorted(FOLDER.glob("*/*")) if path.suffix not in {".jsonl", ".toml"}]
    found += [path for path in sorted(FOLDER.glob("*/*.jsonl")) if not path.name.endswith(".expected.jsonl")]
    return found + [path for path in sorted(SHIPPED.glob("*/*")) if path.stem == path.parent.name]


def expectation_of(sample: Path) -> Path:
    """Beside the sample; those of shipped samples stand with the others, to leave sample_logs/ to the logs."""
    return FOLDER / sample.parent.name / f"{sample.stem}.expected.jsonl"


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def config_of(sample: Path) -> Config:
    toml = sample.with_suffix(".toml")
    return load_config(toml) if toml.exists() else NO_CONFIG


def sends(db: Any, *paths: Path, config: Config = NO_CONFIG) -> list[dict[str, Any]]:
    """The sends that files hold, as an expectation has them."""
    ingest(db, *paths, config=config)
    return sends_in(db, config)


def sends_in(db: Any, config: Config) -> list[dict[str, Any]]:
    """The sends of what was read, likewise."""
    build(db, config=config)
    found = rows(db, f"select {COMPARED} from sends order by sent_at, recipient, sender, size, subject")
    return [{**row, "sent_at": row["sent_at"].isoformat(timespec="microseconds") + "Z"} for row in found]


def said(rejects: list[dict[str, Any]]) -> dict[int, str]:
    return {row["record_number"]: row["reason"] for row in rejects}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_what_the_contract_asks_for(name):
    module = FORMATS[name]
    assert module.__doc__
    assert set(module.FRAMINGS) <= {"lines", "csv", "json", "mbox"}
    assert module.IDENTITY in {"stream", "event_id", "export"}
    assert callable(module.claims)
    assert callable(module.select)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_samples_of_its_traps_and_one_that_is_shipped(name):
    assert [path for path in samples() if path.parent == FOLDER / name] != []
    assert list((SHIPPED / name).iterdir()) != []


def test_every_folder_of_samples_belongs_to_a_format():
    assert {path.name for path in FOLDER.iterdir()} == set(FORMATS)


@pytest.mark.parametrize("sample", samples(), ids=named)
def test_exactly_one_format_claims_a_sample(sample):
    for path in sorted(sample.iterdir()) if sample.is_dir() else [sample]:
        head = sniff(path)
        claims = {name: module.claims(head) for name, module in FORMATS.items() if head.framing in module.FRAMINGS}
        claiming = {name for name, count in claims.items() if count}
        if any(source.columns for source in config_of(sample).sources.values()):
            assert claiming <= {"plain"}  # the config decides, and no format has to know the names
        else:  # a provider's table may have columns that "plain" knows too, and is the provider's all the same
            assert claiming - {"plain"} <= {sample.parent.name}
            assert choose_format(head, FORMATS, None) == sample.parent.name


@pytest.mark.parametrize("sample", samples(), ids=named)
def test_a_select_gives_the_columns_that_the_ingest_reads_and_every_record_with_one_outcome(sample):
    path = min(sample.iterdir()) if sample.is_dir() else sample
    module, head = FORMATS[sample.parent.name], sniff(path)
    source = next(iter(config_of(sample).sources.values()), None)
    select = module.select(head, source.zone if source else "UTC", source)
    with duckdb.connect() as memory:
        memory.execute("set timezone = 'UTC'")
        memory.execute("create table records (record_number bigint, text varchar)")
        memory.execute("insert into records select unnest(range(1, len($1) + 1)), unnest($1)", [list(head.records)])
        memory.execute(f"create table parsed as {select.sql}", dict(select.parameters))
        assert [name for name, *_ in memory.execute("describe parsed").fetchall()] == list(COLUMNS)
        firsts = memory.execute("select record_number from parsed where part = 1 order by 1").fetchall()
        mixed = memory.execute(
            "select record_number from parsed group by record_number having count(distinct outcome) > 1"
        ).fetchall()
    assert firsts == [(number,) for number in range(1, len(head.records) + 1)]
    assert mixed == []


@pytest.fixture(scope="module")
def one_store(tmp_path_factory) -> Iterator[Connection]:
    with one_store_for_many(tmp_path_factory.mktemp("samples")) as db:
        yield db


@pytest.mark.parametrize("sample", samples(), ids=named)
def test_a_sample_holds_the_sends_that_were_accepted_and_nothing_in_a_healthy_one_is_rejected(one_store, sample):
    db, config, expectation = emptied(one_store), config_of(sample), expectation_of(sample)
    tallies = ingest(db, sample, config=config)
    if sample.stem not in RUBBISH:
        assert [tally.problem for tally in tallies if tally.problem] == []
        assert rows(db, "from rejects") == []
    lines = [json.dumps(send, ensure_ascii=False) for send in sends_in(db, config)]
    if os.environ.get("ACCEPT"):
        expectation.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    assert expectation.exists(), "no expectation: run with ACCEPT=1, and read it"
    assert lines == expectation.read_text(encoding="utf-8").splitlines()


def test_no_expectation_is_left_without_its_sample():
    written = {path.name.removesuffix(".expected.jsonl") for path in FOLDER.glob("*/*.expected.jsonl")}
    assert written == {path.stem for path in samples()}


def test_every_folder_of_shipped_logs_is_a_format_or_a_way_of_writing_postfix():
    assert {path.name for path in SHIPPED.iterdir() if path.is_dir()} <= {*FORMATS, "journald"}


# --- plain --------------------------------------------------------------------------------------------------------


def test_the_same_rows_as_csv_as_json_and_as_parquet_are_the_same_sends(tmp_path):
    csv, parquet = FOLDER / "plain/same_rows.csv", tmp_path / "rows.parquet"
    with duckdb.connect() as memory:
        memory.execute(f"copy (from read_csv('{csv}', all_varchar = true)) to '{parquet}' (format parquet)")
    found = []
    for number, path in enumerate((csv, FOLDER / "plain/same_rows.jsonl", parquet)):
        with fresh_store(tmp_path / str(number)) as db:
            found.append(sends(db, path))
    assert len(found[0]) == 2
    assert found[0] == found[1] == found[2]


def test_parquet_with_typed_columns_is_read_like_its_text(db, tmp_path):
    parquet = tmp_path / "typed.parquet"
    with duckdb.connect() as memory:
        memory.execute("set timezone = 'UTC'")
        memory.execute(
            "copy (select timestamptz '2026-10-27 18:00:00.25+00' as timestamp, 'ann@harbor.example' as recipient, "
            f"5210::int as size union all select timestamptz '2026-10-27 20:00:00+02', 'ben@harbor.example', null) "
            f"to '{parquet}' (format parquet)"
        )
    assert [(send["sent_at"], send["recipient"], send["size"]) for send in sends(db, parquet)] == [
        ("2026-10-27T18:00:00.000000Z", "ben@harbor.example", None),
        ("2026-10-27T18:00:00.250000Z", "ann@harbor.example", 5210),
    ]


def test_rows_that_cannot_be_read_keep_their_number_and_their_reason(db):
    (tally,) = ingest(db, FOLDER / "plain/ragged_and_repeated_header.csv")
    # line 1 and 4: header; 2 and 8: events; 3: short; 5: blank; 6: nobody; 7: never
    assert (tally.records, tally.events, tally.ignored, tally.rejected, tally.blank) == (8, 2, 2, 3, 1)
    assert said(rows(db, "from rejects")) == {
        3: "a row with fewer than the header's 3 fields",
        6: "no recipient",
        7: "no time that can be read",
    }


MARKS = "<>()[]{}'\"=+-|/\\&:.!%$\u202e\u00fcx1"
ODD = st.text(MARKS + " ,;", min_size=1, max_size=30)


@pytest.fixture(scope="module")
def odd_store(tmp_path_factory):
    with one_store_for_many(tmp_path_factory.mktemp("odd")) as db:
        yield db


@given(st.lists(st.text(MARKS, max_size=30), min_size=20, max_size=40), st.lists(ODD, min_size=20, max_size=40))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whoever_got_a_mail_counts_however_strange_the_address(odd_store, tmp_path, strange, odd):
    """Anything before an @ and a domain is one recipient, in a table as in objects; so is an address in `<>` behind it,
    and two with a comma between are two. What has no domain, or nothing before it, is no address."""
    db = emptied(odd_store)
    addresses = [f"{n}{text}@client.example" for n, text in enumerate(strange)]
    addresses += [f"{text}o{n}@client.example" for n, text in enumerate(odd)]
    cells = [*addresses, *(f"{text} <ann@client.example>" for text in (*strange, *odd))]
    cells += [f"<b>{n}</b>@client.example, <i>{n}</i>@client.example" for n in range(3)]
    none = ["@client.example", "<@client.example>", "ann@", "<>@<>"]
    told = [{"timestamp": f"2026-10-20T09:00:{n % 60:02}Z", "recipient": cell} for n, cell in enumerate(cells + none)]
    with (tmp_path / "odd.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["timestamp", "recipient"])
        writer.writeheader()
        writer.writerows(told)
    (tmp_path / "odd.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told), encoding="utf-8")
    for name, header in (("odd.csv", 1), ("odd.jsonl", 0)):
        (tally,) = ingest(db, tmp_path / name)
        found = rows(db, "select record_number, recipient from events order by record_number, part")
        by_row = {n: [r["recipient"] for r in found if r["record_number"] == n + 1 + header] for n in range(len(told))}
        assert [len(by_row[n]) for n in range(len(cells))] == [1] * (2 * len(addresses)) + [2] * 3
        assert all(r["recipient"].endswith("@client.example") for r in found)
        people = [by_row[n][0] for n in range(2 * len(addresses))]
        assert len(set(people[: len(addresses)])) == len(addresses), "two people are never one"
        assert set(people[len(addresses) :]) == {"ann@client.example"}
        rejected = {row["record_number"]: row["reason"] for row in rows(db, "from rejects")}
        assert rejected == {n + 1 + header: "no recipient" for n in range(len(cells), len(told))}
        assert tally.rejected == len(none)
        emptied(db)


def test_a_word_that_nobody_knows_is_rejected_and_the_remedy_is_named(db):
    (tally,) = ingest(db, FOLDER / "plain/words_for_what_happened.csv")
    assert tally.rejected == 1
    assert said(rows(db, "from rejects")).keys() == {9}
    assert "`detector doctor` proposes what to put into the config" in said(rows(db, "from rejects"))[9]


@pytest.mark.parametrize("word", ["raus", "RAUS", "Raus damit", "raus-damit", "raus_damit", " raus damit "])
def test_a_word_of_the_config_means_sent_however_it_is_written(db, tmp_path, word):
    path = tmp_path / "mail.csv"
    path.write_text(f'timestamp,recipient,event\n2026-10-27T18:00:00Z,ann@harbor.example,"{word}"\n', encoding="utf-8")
    (tally,) = ingest(db, path, config=Config(sources={"app": Source(sent_words=(word,))}))
    assert (tally.events, tally.rejected) == (1, 0)


@pytest.mark.parametrize(
    ("time_format", "stamp"),
    [
        ("%d.%m.%Y %H:%M:%S", "27.10.2026 19:00:00"),
        ("%d.%m.%Y %H:%M:%S%z", "27.10.2026 18:00:00+00:00"),
        ("%Y-%m-%d %H:%M:%S %z", "2026-10-27 20:00:00 +0200"),
    ],
)
def test_a_time_format_reads_local_time_unless_the_stamp_says_its_offset(db, tmp_path, time_format, stamp):
    # Berlin is one hour ahead on 27 October: each of the stamps is 18:00 UTC
    path = tmp_path / "mail.csv"
    path.write_text(f"timestamp,recipient\n{stamp},ann@harbor.example\n", encoding="utf-8")
    config = Config(sources={"app": Source(time_format=time_format, zone="Europe/Berlin")})
    (send,) = sends(db, path, config=config)
    assert send["sent_at"] == "2026-10-27T18:00:00.000000Z"


@pytest.mark.parametrize("time_format", ["%Q", "%", "%d.%m.%"])
def test_a_time_format_that_cannot_be_read_is_told_and_stops_no_other_file(db, tmp_path, time_format):
    (tmp_path / "a.csv").write_text("timestamp,recipient\n27.10.2026,ann@harbor.example\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("timestamp,recipient\n2026-10-27,ben@harbor.example\n", encoding="utf-8")
    config = Config(sources={"app": Source(files="a.csv", time_format=time_format)})
    bad, good = ingest(db, tmp_path / "a.csv", tmp_path / "b.csv", config=config)
    assert bad.problem
    assert (good.events, good.problem) == (1, None)


@pytest.mark.parametrize("key", ["when", "when.at", "$.when", "when[0]", "when'", 'when"x', "when\\x", "when/x~y", "*"])
def test_a_mapped_key_of_a_json_object_may_be_any_text(db, tmp_path, key):
    path = tmp_path / "mail.jsonl"
    path.write_text(json.dumps({key: "2026-10-27T18:00:00Z", "to": "ann@harbor.example"}) + "\n", encoding="utf-8")
    config = Config(sources={"app": Source(columns={"timestamp": key, "recipient": "to"})})
    assert [send["recipient"] for send in sends(db, path, config=config)] == ["ann@harbor.example"]


@pytest.mark.parametrize(
    "stamp",
    [
        *("infinity", "-infinity", "epoch", "0001-01-01T00:00:00Z", "-0044-03-15", "290309-12-22 (BC) 00:00:00"),
        *("294247-01-10T04:00:54Z", "294247-01-10 04:00:54", "99999999999999999", "NaN", "18:00", "2026-02-30", "now"),
    ],
)
def test_a_moment_at_which_no_mail_can_have_been_sent_is_a_reject_and_no_send(db, tmp_path, stamp):
    path = tmp_path / "mail.csv"
    path.write_text(
        f'timestamp,recipient\n2026-10-27T18:00:00Z,ann@harbor.example\n"{stamp}",ben@harbor.example\n',
        encoding="utf-8",
    )
    assert [send["recipient"] for send in sends(db, path)] == ["ann@harbor.example"]
    assert said(rows(db, "from rejects")) == {3: "no time that can be read"}


def test_a_row_of_what_became_of_a_mail_is_a_send_although_other_rows_say_sent(db, tmp_path):
    # one row per mail with its last state, as django-post-office keeps it: nobody is mailed twice, and nobody is lost
    path = tmp_path / "mail.csv"
    path.write_text(
        "timestamp,recipient,status\n2026-10-27T18:00:00Z,ann@harbor.example,sent\n"
        "2026-10-27T18:00:01Z,ben@harbor.example,bounced\n2026-10-27T18:00:02Z,cleo@harbor.example,delivered\n",
        encoding="utf-8",
    )
    assert [(send["recipient"], send["outcome"]) for send in sends(db, path)] == [
        ("ann@harbor.example", "accepted"),
        ("ben@harbor.example", "bounced"),
        ("cleo@harbor.example", "delivered"),
    ]


def test_a_mapping_for_tables_leaves_other_logs_alone(db):
    config = Config(sources={"app": Source(columns={"timestamp": "Datum", "recipient": "An"})})  # files = "*"
    assert len(sends(db, FOLDER / "postfix/two_recipients.log", config=config)) == 3


# --- ses ----------------------------------------------------------------------------------------------------------

MAIL = {"timestamp": "2026-10-27T18:00:00Z", "messageId": "0107", "destination": ["ann@harbor.example"]}
ODD_EVENTS = {
    "a destination that is no list": {"eventType": "Send", "mail": {**MAIL, "destination": "ann@harbor.example"}},
    "a destination that is an object": {"eventType": "Send", "mail": {**MAIL, "destination": {"to": "ann"}}},
    "a destination without an address": {"eventType": "Send", "mail": {**MAIL, "destination": [""]}},
    "a destination of null": {"eventType": "Send", "mail": {**MAIL, "destination": [None]}},
    "a mail that is text": {"eventType": "Send", "mail": "hello"},
    "recipients that are text": {"eventType": "Delivery", "mail": MAIL, "delivery": {"recipients": "ann"}},
    "recipients that are an object": {"eventType": "Delivery", "mail": MAIL, "delivery": {"recipients": {}}},
    "bounced recipients that are text": {"eventType": "Bounce", "mail": MAIL, "bounce": {"bouncedRecipients": "ann"}},
    "bounced recipients without address": {"eventType": "Bounce", "mail": MAIL, "bounce": {"bouncedRecipients": [1]}},
    "delayed recipients that are an object": {
        "eventType": "DeliveryDelay",
        "mail": MAIL,
        "deliveryDelay": {"delayedRecipients": {"emailAddress": "ann"}},
    },
    "a time before there was mail": {"eventType": "Send", "mail": {**MAIL, "timestamp": "0001-01-01T00:00:00Z"}},
    "a time without end": {"eventType": "Send", "mail": {**MAIL, "timestamp": "infinity"}},
    "a type that is a number": {"eventType": 1, "mail": MAIL},
    "records that are numbers": {"Records": [1, 2]},
    "records that are null": {"Records": [{"Sns": None}]},
    "no records": {"Records": []},
}


@pytest.mark.parametrize("event", ODD_EVENTS.values(), ids=ODD_EVENTS)
def test_an_odd_event_costs_itself_and_neither_its_neighbours_nor_the_night(db, tmp_path, event):
    before = {"eventType": "Send", "mail": {**MAIL, "messageId": "before"}}
    after = {"eventType": "Send", "mail": {**MAIL, "messageId": "after"}}
    path = tmp_path / "mail.ndjson"
    path.write_text("".join(json.dumps(e) + "\n" for e in (before, event, after)), encoding="utf-8")
    (tally,) = ingest(db, path)
    build(db)
    assert (tally.records, tally.events, tally.rejected) == (3, 2, 1)
    assert [row["record_number"] for row in rows(db, "from rejects")] == [2]
    assert len(rows(db, "from sends")) == 2


def test_a_batch_of_which_one_part_cannot_be_read_keeps_the_others_and_says_so(db, tmp_path):
    parts = [{"eventType": "Send", "mail": {**MAIL, "messageId": name}} for name in ("a", "b")]
    opened = {"eventType": "Open", "mail": {**MAIL, "messageId": "0"}}
    bodies = [json.dumps(part) for part in (opened, *parts)]
    path = tmp_path / "lambda.json"
    path.write_text(
        json.dumps({"Records": [{"Sns": {"Message": body}} for body in [*bodies, "no json"]]}) + "\n", encoding="utf-8"
    )
    (tally,) = ingest(db, path)
    build(db)
    assert len(rows(db, "from sends")) == 2
    assert len(rows(db, "from rejects")) == 1
    assert tally.problem


def test_an_open_in_front_of_a_batch_does_not_make_its_sends_invisible_in_the_tally(db, tmp_path):
    batch = [{"eventType": "Open", "mail": {**MAIL, "messageId": "0"}}, {"eventType": "Send", "mail": MAIL}]
    path = tmp_path / "lambda.json"
    path.write_text(json.dumps({"Records": [{"Sns": {"Message": json.dumps(event)}} for event in batch]}) + "\n")
    (tally,) = ingest(db, path)
    assert (tally.events, tally.ignored) == (1, 0)
    assert len(rows(db, "from events")) == 1


def test_what_ses_redelivers_leaves_one_send_with_its_attempts(db):
    (tally,) = ingest(db, FOLDER / "ses/redelivered_46_times.ndjson")
    build(db)
    assert tally.events == 46 * 4  # a Send, two delays, a Delivery
    assert rows(db, "select outcome, attempts from sends") == [{"outcome": "delivered", "attempts": 3}]


# --- postfix ------------------------------------------------------------------------------------------------------


def test_the_year_of_stamps_without_one_follows_from_the_order_of_the_lines(db):
    found = sends(db, FOLDER / "postfix/over_new_year.log")
    assert [send["sent_at"][:19] for send in found] == ["2025-12-31T23:59:58", "2026-01-01T00:00:02"]


def test_a_line_that_comes_a_second_late_at_new_year_is_not_another_year(db):
    found = sends(db, FOLDER / "postfix/disorder_at_new_year.log")
    assert [send["sent_at"][:10] for send in found] == ["2025-12-31", "2025-12-31", "2026-01-01", "2026-01-01"]


def test_a_log_that_was_silent_over_the_winter_has_no_line_from_the_future(db):
    # read on 1 November 2026 the last line is of March 2026, so the October before it is that of 2025
    found = sends(db, FOLDER / "postfix/silent_from_october_to_march.log")
    assert [send["sent_at"][:10] for send in found] == ["2025-10-27", "2026-03-03"]


def test_a_leap_day_is_read_in_leap_years_only(db, tmp_path):
    path = tmp_path / "mail.log"
    delivery = "to=<ann@harbor.example>, relay=mx[192.0.2.25]:25, delay=1, status=sent (250 Ok)"
    path.write_text(f"Feb 29 18:00:00 mx1 postfix/smtp[1]: AAAA010000: {delivery}\n", encoding="utf-8")
    (send,) = sends(db, path)
    assert send["sent_at"][:10] == "2024-02-29"  # the last one before November 2026


def test_stamps_without_a_zone_are_read_in_the_zone_of_the_config(db):
    config = Config.model_validate({"logs": {"zone": "America/New_York"}})
    ingest(db, FOLDER / "postfix/two_recipients.log", config=config)
    build(db, config=config)
    # New York is four hours behind until 1 November
    assert {row["sent_at"] for row in rows(db, "from sends")} == {datetime(2026, 10, 27, 22, 0)}  # noqa: DTZ001 - a column


def test_a_configured_year_wins(db):
    config = Config.model_validate({"logs": {"year": 2019}})
    (tally,) = ingest(db, FOLDER / "postfix/over_new_year.log", config=config)
    build(db, config=config)
    assert [row["sent_at"].year for row in rows(db, "from sends order by sent_at")] == [2018, 2019]
    assert "2019" in " ".join(tally.assumptions)


def test_nothing_that_lies_after_as_of_is_a_send(db):
    ingest(db, FOLDER / "postfix/iso_stamps.log")
    build(db, as_of=datetime(2026, 10, 27, 17, 5, tzinfo=UTC))
    assert [row["recipient"] for row in rows(db, "from sends")] == ["ann@harbor.example"]


def test_a_line_break_in_a_subject_is_a_space(db, tmp_path):
    log = tmp_path / "mail.csv"
    log.write_text('timestamp,recipient,subject\n2026-10-27T18:00:00Z,a@x.example,"multi\nline"\n', encoding="utf-8")
    ingest(db, log)
    assert [row["subject"] for row in rows(db, "select subject from events")] == ["multi line"]


def test_who_sent_a_mail_that_expired_is_known_though_its_first_lines_are_gone(db, tmp_path):
    log = tmp_path / "mail.log"
    log.write_text(
        "2026-10-27T18:00:00Z mx1 postfix/smtp[1]: 4CF0000001: to=<ann@x.example>, relay=none, delay=432000, "
        "delays=1/0/0/0, dsn=4.4.1, status=deferred (timed out)\n"
        "2026-10-27T18:00:01Z mx1 postfix/qmgr[2]: 4CF0000001: from=<us@academy.example>, status=expired, "
        "returned to sender\n",
        encoding="utf-8",
    )
    ingest(db, log)
    build(db)
    (send,) = rows(db, "select sender, outcome from sends")
    assert send == {"sender": "us@academy.example", "outcome": "bounced"}
