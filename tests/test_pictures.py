"""The pictures of a burst: what the store gives for them, what can be drawn, and that nothing is drawn twice."""

import dataclasses
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import builders
import pytest

from detector import portrait
from detector.casefiles import untouched, write_case
from detector.documents import pictures_of, plots, render_brief, render_index, render_report
from detector.documents.album import drawn
from detector.documents.burst_plots import LAGS, copies_bins, copies_plot, heat_plot, lags_plot, per_1000
from detector.documents.charts import timeline_alt, timeline_chart
from detector.documents.drawing import bytes_of, figure_of
from detector.documents.night_json import PastNight
from detector.records import Heat, LagProfile, Timeline
from detector.store import Connection, read_sql

HOUR = 3_600_000_000
BEGINS = datetime(2026, 10, 27, 18, tzinfo=UTC)
INCIDENT = builders.incident(incident_id="INC-1", sends=4)


def us(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


@pytest.fixture
def db(db: Connection) -> Connection:
    """A template `w` of which ten mails went out at 18:00 of each of the 5 days before, one of them again a day later;
    then an incident: ana and ben were sent it at 18:00 and again 90 s later, ana a third time 90 s after that.
    """
    db.execute(f"create or replace table lag_bins as {read_sql('lag_bins')}")
    days = (
        "select 'p' || d || n as send_id, case when n < 10 then 'x' || d || n else 'x' || d - 1 || 0 end as recipient,"
    )
    db.execute(
        f"create or replace table repeats as {days} 'w' as template_key, case when n < 10 then 0 else 1 end as "
        f"copies_before, case when n = 10 then 24 * {HOUR} end as lag_us, {us(BEGINS)} - 24 * {HOUR} * d as sent_at_us "
        "from range(1, 6) as days(d), range(0, 11) as mails(n) where n < 10 or d < 5"
    )
    at = us(BEGINS)
    copies = [
        ("a0", "ana", 0, None, at), ("b0", "ben", 0, None, at + 1), ("a1", "ana", 1, 90_000_000, at + 90_000_000),
        ("b1", "ben", 1, 90_000_000, at + 90_000_001), ("a2", "ana", 2, 90_000_000, at + 180_000_000),
    ]  # fmt: skip
    db.execute("create or replace table incident_repeats (incident_id varchar, send_id varchar, template_key varchar)")
    db.execute(
        "create or replace table incident_copies "
        "(incident_id varchar, recipient varchar, sent_at_us bigint, is_extra integer)"
    )
    for send_id, recipient, before, lag, sent_at in copies:
        row = [send_id, recipient, "w", before, lag, sent_at]
        db.execute("insert into repeats values (?, ?, ?, ?, ?, ?)", row)
        db.execute("insert into incident_copies values ('INC-1', ?, ?, ?)", [recipient, sent_at, int(before > 0)])
        if before:
            db.execute("insert into incident_repeats values ('INC-1', ?, 'w')", [send_id])
    db.execute("create or replace table incident_mail as from repeats where recipient in ('ana', 'ben')")
    return db


def timeline(minutes: int = 60, buckets: int = 4) -> Timeline:
    """From an hour before the incident on."""
    starts = tuple(BEGINS - timedelta(hours=1) + n * timedelta(minutes=minutes) for n in range(buckets))
    return Timeline(60 * minutes, starts, (0,) * buckets, (0,) * buckets)


def with_usual(db: Connection) -> Timeline:
    portrait.count_minutes(db)
    return portrait.with_usual(db, "INC-1", timeline())


# --- what the store gives -----------------------------------------------------------------------------------------


def test_what_is_usual_is_the_most_that_the_time_of_day_had_on_the_days_before(db: Connection) -> None:
    """At 18:00 ten first copies and one repeat on each day, and nothing at 17:00, 19:00 and 20:00."""
    known = with_usual(db)
    assert (known.usual_first, known.usual_extra, known.usual_days) == ((0, 10, 0, 0), (0, 1, 0, 0), 5)


def test_the_day_of_the_incident_is_none_of_the_days_before(db: Connection) -> None:
    """Mail at six in the morning of that day: still the five days before, and at 18:00 what they had."""
    db.execute(f"insert into repeats values ('early', 'eve', 'w', 0, null, {us(BEGINS)} - 12 * {HOUR})")
    known = with_usual(db)
    assert (known.usual_first, known.usual_days) == ((0, 10, 0, 0), 5)


def test_a_template_of_two_days_has_nothing_usual(db: Connection) -> None:
    db.execute(f"delete from repeats where sent_at_us < {us(BEGINS)} - 50 * {HOUR}")
    assert with_usual(db).usual_extra == ()


def test_the_lag_profile_has_the_incident_beside_all_else_of_the_template(db: Connection) -> None:
    """Three extra copies after 90 seconds, of 4 sends by the incident's count. Others: 50 first copies on five days, 4
    of them again a day later, and the two rightful ones of the incident: 56."""
    profile = portrait.lags(db, [INCIDENT])["INC-1"]
    assert profile == LagProfile(4, (0, 0, 0, 3, *[0] * 7), 56, (*[0] * 7, 4, 0, 0, 0))
    assert per_1000(profile) == ((0, 0, 0, 750, *[0] * 7), (*[0] * 7, 71.43, 0, 0, 0))
    assert len(LAGS) == len(profile.repeats)


def test_the_copies_of_another_incident_of_the_template_are_neither_its_own_nor_usual(db: Connection) -> None:
    """One of the four repeats after a day is the other incident's: it leaves three of them, and 55 of 56 sends."""
    ((other,),) = db.execute("select min(send_id) from repeats where lag_us >= 86400000000").fetchall()
    db.execute("insert into incident_repeats values ('INC-2', ?, 'w')", [other])
    db.execute("insert into incident_mail from repeats where send_id = ?", [other])
    unknown = replace(INCIDENT, incident_id="INC-3")
    profiles = portrait.lags(db, [INCIDENT, replace(INCIDENT, incident_id="INC-2", sends=2), unknown])
    usual = (*[0] * 7, 3, 0, 0, 0)
    assert profiles == {
        "INC-1": LagProfile(4, (0, 0, 0, 3, *[0] * 7), 55, usual),
        "INC-2": LagProfile(2, (*[0] * 7, 1, 0, 0, 0), 55, usual),
    }


def test_the_heat_map_has_a_line_for_each_person_the_first_hit_on_top(db: Connection) -> None:
    heat = portrait.heat(db, "INC-1", Timeline(60, (BEGINS, BEGINS + timedelta(minutes=1)), (0, 0), (0, 0)))
    assert heat is not None
    assert heat.bucket_seconds == 10
    assert len(heat.starts_at) == 12
    seconds = {
        who: [10 * place for place, count in enumerate(copies) for _ in range(count)] for who, copies in heat.rows
    }
    assert seconds == {"ana": [0, 90, 110], "ben": [0, 90]}, (
        "at 0, 90 and 180 s; what is later stands in the last column"
    )
    assert portrait.heat(db, "INC-2", timeline()) is None
    assert portrait.heat(db, "INC-1", Timeline(60, (), (), ())) is None


def test_many_people_share_the_lines_of_the_heat_map(db: Connection) -> None:
    """902 people in lines of 16: 57 lines, the last one of 6. Of four hours in 48 columns the 13th has it all."""
    db.execute(
        f"insert into incident_copies select 'INC-1', 'p' || n, {us(BEGINS)} + 200000000 + n, 1 from range(900) as t(n)"
    )
    heat = portrait.heat(db, "INC-1", timeline())
    assert heat is not None
    assert (len(heat.rows), heat.people_per_row) == (57, 16)
    assert heat.rows[0] == ("1 to 16", (*[0] * 12, 5 + 14, *[0] * 35))
    assert heat.rows[-1][0] == "897 to 902"


# --- what can be drawn --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draw", "facts"),
    [
        (copies_plot, (1,)),
        (copies_plot, (2, 400)),
        (copies_plot, (3, 2_000_000)),
        (heat_plot, Heat(60, (BEGINS,), (("ana", (1,)),))),
        (heat_plot, Heat(60, (BEGINS,), (("ana", (0,)),))),
        (lags_plot, LagProfile(0, (1,) * 11, 0, (0,) * 11)),
        (lags_plot, LagProfile(10**9, (10**9, *[1] * 10), 10**9, (1,) * 11)),
    ],
)
def test_pictures_of_odd_data_can_be_drawn(draw: object, facts: object) -> None:
    assert bytes_of((7.4, 2.0), draw, facts, kind="png").startswith(b"\x89PNG\r\n")  # type: ignore[arg-type]


def test_copies_are_counted_in_round_bins_once_they_are_many() -> None:
    assert copies_bins((70, 70, 71)) == (1, ((70, 2), (71, 1)))
    assert copies_bins((2, 3, 399)) == (5, ((0, 2), (395, 1)))


def test_the_usual_is_drawn_told_and_listed() -> None:
    known = builders.timeline()
    usual = dataclasses.replace(known, usual_first=(2,) * 80, usual_extra=(0,) * 79 + (5,), usual_days=27)
    with_usual, without = (render_brief(builders.case(timeline=told))[0].content for told in (usual, known))
    assert "the most that the same time of day had on any of the 27 days before" in with_usual
    assert "Usually at most 5 at that time of day." in with_usual
    assert "most on usual days" in with_usual
    assert '<th scope="col" class="n">Extra, usually</th>' in with_usual
    assert "usual days" not in without


def test_a_heat_map_is_a_small_raster_in_a_drawing_that_follows_the_page() -> None:
    pictures = [p for p in pictures_of(render_brief(builders.case())[0].content).values() if "<image" in p]
    assert len(pictures) == 2
    for picture in pictures:
        assert 'href="data:image/png;base64,' in picture
        assert 'preserveAspectRatio="none"' in picture
        assert "matrix" not in picture
        assert "var(--muted)" in picture


@pytest.mark.parametrize(("earlier", "is_shown"), [(timedelta(minutes=15), True), (timedelta(hours=8), False)])
def test_first_copies_are_in_the_picture_or_it_says_where_they_are(detector, tmp_path, earlier, is_shown):
    """Twelve people; from 18:00 on eleven more copies, every two minutes; the first copies shortly before, or in the
    morning: then the burst would be a line at the edge, so it is shown alone."""
    rounds = [BEGINS - earlier, *(BEGINS + n * timedelta(minutes=2) for n in range(11))]
    rows = [f"{start + timedelta(seconds=n):%FT%TZ},p{n}@b.example,Welcome" for start in rounds for n in range(12)]
    (tmp_path / "log.csv").write_text("\n".join(["timestamp,recipient,subject", *rows, ""]))
    run = detector("nightly", tmp_path / "log.csv", "--state", tmp_path / "s", "--as-of", "2026-10-28T02:00Z")
    assert (run.code, run.err) == (0, "")
    page, text = (next(tmp_path.glob(f"s/incidents/*/brief.{kind}")).read_text() for kind in ("html", "md"))
    first = "27 Oct 2026, 17:45:00 UTC" if is_shown else "27 Oct 2026, 10:00:00 UTC"
    assert f"<dt>First copy, rightly sent</dt><dd>{first}</dd>" in page
    assert f"| First copy, rightly sent | {first} |" in text
    assert ("First copies per minute" in page) is is_shown
    assert ('<th scope="col" class="n">First copies</th>' in page) is is_shown
    assert ('27 Oct 17:45</th><td class="n">0</td><td class="n">12</td>' in page) is is_shown
    assert ("| 27 Oct 17:45 | 0 | 12 |" in text) is is_shown
    assert ("| 27 Oct 18:00 | 12 |\n" in text) is not is_shown
    before = "The first copies, which were due, began at 27 Oct 2026, 10:00 UTC, before this picture does."
    assert (before in page) is not is_shown


# --- nothing is drawn twice ---------------------------------------------------------------------------------------


def pages(album: dict[str, str]) -> list[str]:
    night = builders.night()
    brief, report = render_brief(builders.case(), None, album)[0], render_report(night, {}, album)[0]
    return [brief.content, report.content, render_index(night, [PastNight("2026-10-28")], {}, album).content]


def test_what_an_old_page_shows_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brief, report and index are written without matplotlib from the pictures of those written before."""
    before = pages({})
    known = pictures_of("".join(before))
    assert len(known) == 8 + 2, "the report shares two with the brief, and the index two with the report"
    drawn.cache_clear()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert pages(known) == before
    with pytest.raises(ImportError):
        pages({})


def test_pictures_are_taken_from_a_brief_only_if_nobody_has_edited_it(tmp_path: Path) -> None:
    brief = render_brief(builders.case())[0]
    folder = write_case(tmp_path, "INC-7F3K", ("Harbor Freightways",), [brief])
    assert untouched(folder, "brief.html") == brief.content
    (folder / "brief.html").write_text(brief.content + "<!-- mine -->", encoding="utf-8")
    assert untouched(folder, "brief.html") == ""
    assert untouched(folder, "brief.md") == ""
    assert untouched(tmp_path / "nowhere", "brief.html") == ""


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5])
def test_a_report_tells_few_days_in_a_sentence_and_draws_from_five_on(count: int) -> None:
    days = tuple((BEGINS.replace(day=1 + n, hour=0), 30 + n, 6 * (n == 1)) for n in range(count))
    page = render_report(builders.night(daily_sends=days, cases=()))[0].content
    index = render_index(builders.night(daily_sends=days, cases=()), [PastNight("2026-10-28")], {}).content
    two = "30 mails on 1 Oct 2026 and 31 mails on 2 Oct 2026 (6 of them extra copies of incidents)"
    for html in (page, index):
        assert html.count("<svg") == 2 * (count == 5)
        assert ("too few days for a picture" in html) is (count in {1, 2, 4})
        assert (f"<p>The log knows of {two}, by days in UTC" in html) is (count == 2)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_month_of_few_days_is_drawn_in_the_middle_with_each_bar_over_its_own_date(count):
    days = [(BEGINS.replace(day=1 + n, hour=0), 30, 0) for n in range(count)]
    (axes,) = figure_of((7.4, 2.1), plots.month_plot, days).axes
    begins, ends = axes.get_xlim()
    assert (ends - begins) / 86_400 == 5
    assert [label.get_text() for label in axes.get_xticklabels()] == [f"{1 + n} Oct" for n in range(count)]
    assert list(axes.get_xticks()) == [day.timestamp() + 43_200 for day, _, _ in days]
    assert all(tuple(line.get_xdata()) == (begins, ends) for line in axes.lines)


@pytest.mark.parametrize(("most", "is_told"), [(0, False), (3, True)])
def test_what_is_usual_is_in_the_legend_only_if_there_is_a_line_to_see(most, is_told):
    starts = tuple(BEGINS + timedelta(minutes=n) for n in range(3))
    timeline = Timeline(60, starts, (1, 0, 0), (0, 5, 5), (most, 0, 0), (0, 0, 0), 7)
    figure = figure_of((7.4, 3.1), plots.timeline_plot, timeline, BEGINS, BEGINS + timedelta(hours=1))
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any("most on usual days" in text for text in texts) is is_told
    caption = timeline_chart(builders.case(timeline=timeline), {}).caption
    assert ("grey line" in caption) is is_told
    assert ("On the 7 days before on which mail of this template was sent, none went out" in caption) is not is_told
    assert "Usually none at that time of day." in timeline_alt(builders.case(timeline=timeline))
