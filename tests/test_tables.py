"""Every derived table keeps one contract, and counts by hand what it counts by SQL."""

import re
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import build, fresh_store, ingest, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from detector import tables
from detector.config import Config
from detector.detection import find_bursts
from detector.store import read_sql

SQL = Path(tables.__file__).parent / "sql"
ORDER = tables.SENDS + tables.REPEATS + tables.BURSTS + tables.INCIDENTS
KEPT = {"meta", "files", "events", "rejects", "incidents", "affected", "notices"}
SETTINGS = {"settings", "archive_addresses", "organization_domains", "free_mail", "roster", "roster_mails"}
SETTINGS_IN_SQL = ("free_mail",)
RARE = {
    *("kins", "message_lives", "hand_offs", "roots", "sightings", "riders", "archives", "due_contents", "roster_gaps"),
    *("masked_mails", "referring", "same_ids", "scattered_batches"),
}  # empty in an ordinary night
FROM_PYTHON = {"batch_alarms", "episode_alarms", "recipient_alarms", "usual_lags", "incident_bursts"}
"""Tables that detection writes between two steps."""
AT = datetime(2026, 10, 27, 18, 0, tzinfo=UTC)
SECOND = 1_000_000
AT_US = int(AT.timestamp()) * SECOND


def header(name: str, word: str) -> list[str]:
    (line,) = [line for line in read_sql(name).splitlines() if line.startswith(f"-- {word}:")]
    return [part.strip() for part in line.removeprefix(f"-- {word}:").split(",") if part.strip()]


def table(names: str, path: Path, *lines: str) -> Path:
    """A table of mail with these columns."""
    path.write_text("\n".join([names, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """The sample with its founding night, built to the last table."""
    folder = tmp_path_factory.mktemp("night")
    with fresh_store(folder / "state") as db:
        ingest(db, Path(__file__).parent.parent / "sample_logs" / "plain")
        build(db, tables.SENDS + tables.REPEATS)
        bursts = find_bursts(db, Config().detection)
        assert bursts
        if not rows(db, "select 1 from information_schema.tables where table_name = 'incident_bursts'"):
            db.execute(
                "create table incident_bursts as "
                "select 'INC-' || burst_number as incident_id, template_key, burst_number from bursts"
            )
        build(db, tables.INCIDENTS)
        yield db


# --- the contract -------------------------------------------------------------------------------------------------


def test_every_sql_file_is_a_step_in_the_visible_order_and_every_step_has_its_file():
    steps = sorted((*ORDER, *SETTINGS_IN_SQL))
    assert steps == sorted(path.stem for path in SQL.glob("*.sql") if path.stem != "schema")
    assert set(tables.SCAFFOLD) <= set(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_file_says_what_it_reads(night, name):
    read = {found.split(".")[-1].strip('"') for found in night.get_table_names(read_sql(name))}
    assert sorted(header(name, "reads")) == sorted(read)


@pytest.mark.parametrize("name", ORDER)
def test_a_file_reads_only_what_is_kept_or_made_before_it(name):
    before = set(ORDER[: ORDER.index(name)])
    assert set(header(name, "reads")) <= KEPT | SETTINGS | FROM_PYTHON | before


@pytest.mark.parametrize("name", ORDER)
def test_the_grain_of_a_table_is_unique(night, name):
    grain = ", ".join(header(name, "grain"))
    assert rows(night, f"select {grain} from {name} group by {grain} having count(*) > 1 limit 3") == []
    assert rows(night, f"select 1 from {name} limit 1") or name in RARE


@pytest.mark.parametrize("name", ORDER)
def test_a_file_names_its_columns_and_no_thresholds_are_pasted_into_it(name):
    assert not re.search(r"[{}$]|%s", read_sql(name))


def test_no_table_keeps_numbers_of_sixteen_bytes(night):
    """A sum of counts is one in DuckDB, which stores them at their full size and reads them ten times as slowly."""
    wide = "select table_name, column_name from information_schema.columns where data_type like '%HUGEINT'"
    assert rows(night, wide) == []


NOT_PORTABLE = re.compile(
    r"\bqualify\b|(?:group|order) by all|::|//|\bepoch|\bfilter \(|any_value|arg_m|\blist_|\binterval\b|struct|unnest|"
    r"\bexclude\b|~|\busing \(|\bilike\b|by name|starts_with|asof|pivot|make_timestamp|, 'g'\)",
    re.IGNORECASE,
)
FOR_THE_DIALECT = {"contents": ["'g')"], "features": ["make_timestamp"]}
"""What each engine has by another name: replacing every match, and microseconds as a time."""


@pytest.mark.parametrize("name", [*tables.REPEATS, *tables.BURSTS])
def test_from_sends_to_bursts_the_sql_keeps_to_what_other_engines_understand(name):
    """The rules of the design: integer RANGE windows, no QUALIFY, no GROUP BY ALL, no functions of one engine."""
    text = "\n".join(line for line in read_sql(name).splitlines() if not line.startswith("--"))
    found = [match.group().strip(", ") for match in NOT_PORTABLE.finditer(text)]
    assert set(found) == set(FOR_THE_DIALECT.get(name, []))
    assert all(re.fullmatch(r"\d+", bound) for bound in re.findall(r"range\s+between\s+(\S+) preceding", text))


def test_the_sends_have_the_columns_that_notebooks_rely_on(night):
    promised = {
        *("send_id", "sent_at", "recipient", "sender", "message_id", "subject", "template", "organization", "size"),
        *("outcome", "attempts", "source", "file"),
    }
    assert promised - set(rows(night, "from sends limit 1")[0]) == set()
    outcomes = {row["outcome"] for row in rows(night, "select distinct outcome from sends")}
    assert outcomes <= {"accepted", "delivered", "deferred", "bounced", "dropped", "unknown"}


def test_building_again_gives_the_same_rows(night):
    digest = "select count(*) as n, sum(hash(s)) as h from {} as s"
    before = [rows(night, digest.format(name)) for name in ("sends", "repeats", "features", "batches")]
    build(night, tables.SENDS + tables.REPEATS)
    assert [rows(night, digest.format(name)) for name in ("sends", "repeats", "features", "batches")] == before


def test_a_store_of_a_version_that_kept_the_features_as_a_table_is_brought_up_to_date(db, tmp_path):
    twice = ["2026-10-27T18:00:00Z,a@b.example,Hello", "2026-10-27T18:00:09Z,a@b.example,Hello"]
    ingest(db, table("timestamp,recipient,subject", tmp_path / "mail.csv", *twice))
    build(db, tables.SENDS + tables.REPEATS)
    db.execute("drop view features; create table features as select 1 as kept")
    build(db, tables.REPEATS)
    assert rows(db, "select copies_1m from features order by all") == [{"copies_1m": 1}, {"copies_1m": 2}]


# --- by hand ------------------------------------------------------------------------------------------------------


def test_each_send_knows_its_place_among_the_copies_of_one_mail_to_one_person(db, tmp_path):
    ingest(db, table(
        "timestamp,recipient,subject", tmp_path / "mail.csv",
        "2026-10-27T18:00:00Z,ann@harbor.example,Welcome",   # the rightful one
        "2026-10-27T18:01:30Z,ann@harbor.example,Welcome",   # 90 s later: first extra copy
        "2026-10-27T18:01:30Z,ann@harbor.example,WELCOME ",  # the same second, the same mail: second extra copy
        "2026-10-27T18:02:00Z,ann@harbor.example,Reset",     # another mail
        "2026-10-27T18:03:00Z,ben@harbor.example,Welcome",   # another person
    ))  # fmt: skip
    build(db, tables.SENDS + tables.REPEATS)
    found = rows(
        db,
        "select recipient, copies_before, lag_us, next_lag_us from repeats "
        "order by recipient, content_key desc, copies_before",
    )
    assert [(r["recipient"][:3], r["copies_before"], r["lag_us"], r["next_lag_us"]) for r in found] == [
        ("ann", 0, None, 90 * SECOND),
        ("ann", 1, 90 * SECOND, 0),
        ("ann", 2, 0, None),
        ("ann", 0, None, None),
        ("ben", 0, None, None),
    ]


def test_mail_that_never_left_is_no_copy_of_anything(db, tmp_path):
    ingest(db, table(
        "timestamp,event,recipient,subject", tmp_path / "mail.csv",
        "2026-10-27T18:00:00Z,sent,ann@harbor.example,Welcome",
        "2026-10-27T18:01:00Z,blocked,ann@harbor.example,Welcome",
        "2026-10-27T18:02:00Z,sent,ann@harbor.example,Welcome",
    ))  # fmt: skip
    build(db, tables.SENDS + tables.REPEATS)
    assert len(rows(db, "from sends")) == 3
    assert [r["copies_before"] for r in rows(db, "from repeats order by sent_at_us")] == [0, 1]


def test_the_content_of_a_mail_stands_on_the_best_rung_that_the_log_offers(db, tmp_path):
    ingest(db, table(
        "timestamp,recipient,sender,subject,template,size", tmp_path / "mail.csv",
        "2026-10-27T18:00:00Z,a@harbor.example,us@academy.example,Order 17,welcome,1000",
        "2026-10-27T18:00:00Z,b@harbor.example,us@academy.example,Order 17,,1000",
        "2026-10-27T18:00:00Z,c@harbor.example,us@academy.example,,welcome,1000",
        "2026-10-27T18:00:00Z,d@harbor.example,us@academy.example,,,1000",
        "2026-10-27T18:00:09Z,d@harbor.example,us@academy.example,,,1003",  # a Received line differs by 3 bytes
        "2026-10-27T18:00:19Z,d@harbor.example,us@academy.example,,,1010",  # 7 bytes further: another mail
    ))  # fmt: skip
    build(db, tables.SENDS + tables.REPEATS)
    found = rows(db, "select recipient, rung, template_key from contents order by recipient, sent_at_us")
    assert [(r["recipient"][0], r["rung"]) for r in found] == [
        ("a", "template+subject"), ("b", "subject"), ("c", "template"),
        ("d", "sender+size"), ("d", "sender+size"), ("d", "sender+size"),
    ]  # fmt: skip
    assert found[0]["template_key"] == found[2]["template_key"] == "t:welcome"
    assert "#" in found[1]["template_key"]  # orders differ by their number and share a baseline
    assert [r["copies_before"] for r in rows(db, "from repeats where recipient like 'd@%' order by sent_at_us")] == [
        0,
        1,
        0,
    ]


def test_a_repeat_lies_in_the_bin_of_its_lag(db, tmp_path):
    # 1.999999 s, 2 s, 60 s, 1 h, 1 h and 1 min, 20 h, 3 d, 8 d and 60 d apart, each by a person of its own
    lags = {
        1_999_999: 1,
        2_000_000: 2,
        60_000_000: 4,
        3_600_000_000: 5,
        3_660_000_000: 6,
        72_000_000_000: 8,
        259_200_000_000: 10,
        691_200_000_000: 11,
    }
    lines = []
    for number, lag in enumerate([*lags, 5_184_000_000_000]):
        first = AT_US - 5_184_000_000_000
        lines += [f"{first},p{number}@harbor.example,Welcome", f"{first + lag},p{number}@harbor.example,Welcome"]
    ingest(db, table("timestamp,recipient,subject", tmp_path / "mail.csv", *lines))
    build(db, tables.SENDS + tables.REPEATS)
    found = rows(db, "select repeated_at_us - sent_at_us as lag, lag_bin, is_again from binned_repeats order by 1")
    assert {r["lag"]: r["lag_bin"] for r in found} == lags  # sixty days and more are no repeat
    assert not any(r["is_again"] for r in found)


def test_a_batch_counts_people_who_could_get_it_again_and_people_who_did(db, tmp_path):
    # 18:00 welcome to four people of one client and one of another; from 18:05 two of the four get it again, one thrice
    again = ["ann", "ann", "ann", "ben"]
    ingest(db, table(
        "timestamp,recipient,subject,template", tmp_path / "mail.csv",
        *(f"2026-10-27T18:00:00Z,{name}@harbor.example,Welcome,welcome" for name in ("ann", "ben", "cleo", "dora")),
        "2026-10-27T18:00:00Z,emil@quarry.example,Welcome,welcome",
        *(f"2026-10-27T18:0{5 + n}:00Z,{name}@harbor.example,Welcome,welcome" for n, name in enumerate(again)),
    ))  # fmt: skip
    build(db, tables.SENDS + tables.REPEATS)
    found = rows(db, "from batches where window_us = 900000000 order by all")
    size = {(r["scope"], r["organization"], r["is_again"]): r["exposed"] for r in found if r["lag_bin"] == 0}
    assert size == {
        ("all", None, False): 5,
        ("organization", "harbor.example", False): 4, ("organization", "quarry.example", False): 1,
        ("all", None, True): 2, ("organization", "harbor.example", True): 2,
    }  # fmt: skip
    hit = {(r["scope"], r["organization"], r["is_again"], r["lag_bin"]): r["repeated"] for r in found if r["lag_bin"]}
    # first copy -> next: ann after 5 min, ben after 8 min (bin 4: 1 to 10 min); ann's extra copies 1 min apart (bin 4)
    # bin 12 is any lag within the hour
    per_bin = {
        ("all", None, False): 2, ("organization", "harbor.example", False): 2,
        ("all", None, True): 1, ("organization", "harbor.example", True): 1,
    }  # fmt: skip
    assert hit == {(*batch, lag_bin): people for batch, people in per_bin.items() for lag_bin in (4, 12)}


def test_the_organization_is_what_the_log_says_else_the_map_else_the_domain_and_never_free_mail(db, tmp_path):
    path = table(
        "timestamp,recipient,organization", tmp_path / "mail.csv",
        "2026-10-27T18:00:00Z,a@harbor.example,Harbor Freightways",
        "2026-10-27T18:00:01Z,b@harbor.example,",
        "2026-10-27T18:00:02Z,c@quarry.example,",
        "2026-10-27T18:00:03Z,d@gmail.com,",
        "2026-10-27T18:00:04Z,e@mail.example,",
    )  # fmt: skip
    organizations = {"domains": {"Harbor.example": "Harbor"}, "free_mail": ["mail.example"]}
    config = Config.model_validate({"organizations": organizations})
    ingest(db, path, config=config)
    build(db, config=config)
    assert [r["organization"] for r in rows(db, "from sends order by sent_at")] == [
        "Harbor Freightways", "Harbor", "quarry.example", None, None,
    ]  # fmt: skip


def test_every_free_mail_domain_is_a_domain(night):
    domains = [row["domain"] for row in rows(night, "from free_mail")]
    assert [domain for domain in domains if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain)] == []
    assert {"gmail.com", "freemail.example"} <= set(domains)


WINDOWS = {"copies_1m": 60, "copies_10m": 600, "copies_1h": 3600, "copies_1d": 86_400, "copies_7d": 604_800}


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ann", "ben"]),
            st.sampled_from(["Welcome", "Reset"]),
            st.one_of(st.integers(0, 700), st.sampled_from([60, 600, 3600, 86_400, 604_800]), st.integers(0, 800_000)),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_the_copies_in_a_trailing_window_are_those_that_a_count_by_hand_finds(mails):
    first = AT_US - 900_000 * SECOND
    with TemporaryDirectory() as folder, fresh_store(Path(folder) / "state") as db:
        lines = [f"{first + second * SECOND},{who}@harbor.example,{what}" for who, what, second in mails]
        ingest(db, table("timestamp,recipient,subject", Path(folder) / "mail.csv", *lines))
        build(db, tables.SENDS + tables.REPEATS)
        features = rows(db, f"select *, (epoch_us(sent_at) - {first}) // {SECOND} as at from features")
    found = [
        (r["recipient"][:3], r["content_key"].split("|")[-1], r["at"], *(r[name] for name in WINDOWS)) for r in features
    ]
    alike = {mail: [other[2] for other in mails if other[:2] == mail[:2]] for mail in mails}
    by_hand = [
        (
            who,
            what.lower(),
            at,
            *(sum(at - s <= other <= at for other in alike[who, what, at]) for s in WINDOWS.values()),
        )
        for who, what, at in mails
        if len(alike[who, what, at]) > 1
    ]
    assert sorted(found) == sorted(by_hand)


def test_a_send_keeps_its_id_when_more_of_the_log_arrives(db, tmp_path):
    log = Path(__file__).parent / "formats" / "postfix" / "deferred_then_sent.log"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path / "mail.log"
    path.write_text("".join(lines[:5]), encoding="utf-8")
    ingest(db, path)
    build(db)
    (before,) = rows(db, "select send_id, outcome, attempts from sends")
    path.write_text("".join(lines), encoding="utf-8")
    ingest(db, path)
    build(db)
    (after,) = rows(db, "select send_id, outcome, attempts from sends")
    assert (before["outcome"], before["attempts"]) == ("deferred", 1)
    assert (after["outcome"], after["attempts"]) == ("delivered", 3)
    assert before["send_id"] == after["send_id"]
