"""The roster says how many welcomes were due: the excess is exact, and what never went out is seen too."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from detector.config import Config, load_config
from detector.errors import ConfigError
from detector.nightly import nightly
from detector.store import open_snapshot

AS_OF = datetime(2026, 10, 29, 2, 0, tzinfo=UTC)
NIGHT = datetime(2026, 10, 27, 18, 0, tzinfo=UTC)
WELCOME, CODE = "Welcome to the academy", "Your sign-in code"


def at(seconds):
    return (NIGHT + timedelta(seconds=seconds)).isoformat()


def person(number):
    return f"p{number:02}@harbor.example"


def log(folder, mails):
    """A month of other people's single welcomes, then `mails`: (seconds after 18:00, recipient, subject)."""
    lines = ["timestamp,recipient,sender,subject"]
    for day in range(25, 0, -1):
        others = [(f"d{day}.{other}@meadow.example", at(-86400 * day + other * 40)) for other in range(12)]
        lines += [f"{moment},{other},a@academy.example,{WELCOME}" for other, moment in others]
    lines += [f"{at(seconds)},{recipient},a@academy.example,{subject}" for seconds, recipient, subject in mails]
    lines.append(f"{at(86400)},last@meadow.example,a@academy.example,{CODE}")
    path = folder / "outbox.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def roster(folder, rows, header="enrolled_at,recipient,course,organization"):
    """Everybody of the month before, and `rows`."""
    lines = [header]
    for day in range(25, 0, -1):
        lines += [f"{at(-86400 * day - 60)},d{day}.{other}@meadow.example,Safety,Meadow" for other in range(12)]
    path = folder / "roster.csv"
    path.write_text("\n".join([*lines, *rows]) + "\n", encoding="utf-8")
    return path


def night(folder, sent, rows=None, **settings):
    """Run a night; (its result, the affected people as {recipient: (sends, expected, excess)})."""
    config = Config.model_validate({"logs": {"paths": [log(folder, sent)]}})
    if rows is not None:
        config = Config.model_validate(
            {"logs": {"paths": config.logs.paths}, "roster": {"files": [roster(folder, rows)], **settings}}
        )
    done = nightly(config, state=folder / "state", as_of=AS_OF, talk=lambda _: None)
    with open_snapshot(folder / "state") as db:
        people = db.execute("select recipient, sends, expected, excess from affected").fetchall()
    return done, {recipient: tuple(figures) for recipient, *figures in people}


def loop(people, copies):
    return [(copy * 90 + number, person(number), WELCOME) for copy in range(copies) for number in range(people)]


def enrolled(number, course="Safety", seconds=-120):
    return f"{at(seconds)},{person(number)},{course},Harbor"


def test_who_enrolled_in_two_courses_was_due_two_welcomes(tmp_path):
    """12 people, 20 copies each; p00 had enrolled twice: 20 - 2 = 18 too many, for the others 19."""
    rows = [enrolled(number) for number in range(12)] + [enrolled(0, "First Aid")]
    _, people = night(tmp_path, loop(12, 20), rows)
    assert people[person(0)] == (20, 2, 18)
    assert {people[person(number)] for number in range(1, 12)} == {(20, 1, 19)}


def test_who_was_never_enrolled_was_due_none(tmp_path):
    rows = [enrolled(number) for number in range(11)]
    done, people = night(tmp_path, loop(12, 20), rows)
    assert people[person(11)] == (20, 0, 20)
    assert [(gap.kind, gap.recipient) for gap in done.facts.roster_gaps] == [("not enrolled", person(11))]


def test_a_group_that_enrolled_in_three_courses_at_once_is_no_incident(tmp_path):
    """30 people, three welcomes each within minutes: an incident without the roster, none with it."""
    courses = ("Safety", "First Aid", "Lifting")
    rows = [enrolled(number, course) for number in range(30) for course in courses]
    (tmp_path / "without").mkdir()
    (tmp_path / "with").mkdir()
    done, _ = night(tmp_path / "without", loop(30, 3))
    assert len(done.facts.cases) == 1
    done, people = night(tmp_path / "with", loop(30, 3), rows)
    assert (done.facts.cases, people, done.facts.roster_gaps) == ((), {}, ())


def test_an_enrolment_long_ago_excuses_nothing_tonight(tmp_path):
    rows = [enrolled(number) for number in range(12)] + [enrolled(0, "First Aid", seconds=-86400 * 8)]
    _, people = night(tmp_path, loop(12, 20), rows)
    assert people[person(0)] == (20, 1, 19)


def test_an_enrolment_whose_welcome_never_went_out_is_missing(tmp_path):
    mails = [(number, person(number), WELCOME) for number in range(5)]
    rows = [enrolled(number) for number in range(7)]
    done, _ = night(tmp_path, mails, rows)
    assert [(gap.kind, gap.recipient, gap.course) for gap in done.facts.roster_gaps] == [
        ("missing", person(5), "Safety"),
        ("missing", person(6), "Safety"),
    ]
    (report,) = (tmp_path / "state/reports").glob("2*/")
    assert "Of 307 enrolments in the roster, 2 brought no mail within a day." in (report / "report.md").read_text()
    assert (report / "roster.csv").read_text().count("missing") == 2


def test_an_enrolment_of_the_last_day_may_still_be_served(tmp_path):
    rows = [f"{at(3600)},late@harbor.example,Safety,Harbor"]  # the log ends 23 hours later
    done, _ = night(tmp_path, [], rows)
    assert done.facts.roster_gaps == ()


def test_a_course_in_the_subject_tells_which_enrolment_a_mail_is_about(tmp_path):
    """Everybody enrolled in both; a loop sends one course's welcome 20 times: 19 too many. The other one is fine."""
    both = [enrolled(number, course) for number in range(12) for course in ("Safety", "First Aid")]
    mails = [(s, who, "Welcome to Safety") for s, who, _ in loop(12, 20)]
    mails += [(4000 + number, person(number), "Welcome to First Aid") for number in range(12)]
    done, people = night(tmp_path, mails, both)
    assert set(people.values()) == {(20, 1, 19)}
    assert [gap for gap in done.facts.roster_gaps if gap.recipient.endswith("harbor.example")] == []


def test_only_the_mails_that_are_named_are_counted_against_the_roster(tmp_path):
    rows = [enrolled(number) for number in range(12)]
    _, people = night(tmp_path, [(s, who, CODE) for s, who, _ in loop(12, 20)], rows, mails=["welcome*"])
    assert set(people.values()) == {(20, 1, 19)}  # codes: one was right, as without a roster


def test_a_roster_that_cannot_be_read_is_said_and_the_night_goes_on(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("who;when\nann;yesterday\n", encoding="utf-8")
    config = Config.model_validate({"logs": {"paths": [log(tmp_path, loop(12, 20))]}, "roster": {"files": [path]}})
    done = nightly(config, state=tmp_path / "state", as_of=AS_OF, talk=lambda _: None)
    assert done.exit_code == 3
    assert any("is no roster; no column says enrolled_at or recipient (columns: who, when)" in p for p in done.problems)
    assert len(done.facts.cases) == 1


def test_enrolments_that_cannot_be_read_are_counted(tmp_path):
    rows = [enrolled(number) for number in range(12)] + ["yesterday,x@harbor.example,Safety,Harbor"]
    done, people = night(tmp_path, loop(12, 20), rows)
    assert any("1 enrolments could not be read (no time that can be read)" in problem for problem in done.problems)
    assert len(people) == 12


def test_columns_of_other_names_are_mapped_in_the_config(tmp_path):
    lines = ["Eingeschrieben;Wer;Kurs", *(f"27.10.2026 17:58;{person(n)};Safety" for n in range(12))]
    (tmp_path / "kurse.csv").write_text("\n".join(lines), encoding="utf-8")
    log(tmp_path, loop(12, 20))
    (tmp_path / "detector.toml").write_text(
        '[logs]\npaths = ["outbox.csv"]\n[roster]\nfiles = ["kurse.csv"]\ntime_format = "%d.%m.%Y %H:%M"\n'
        'columns = { enrolled_at = "Eingeschrieben", recipient = "Wer", course = "Kurs" }\n',
        encoding="utf-8",
    )
    done = nightly(load_config(tmp_path / "detector.toml"), state=tmp_path / "s", as_of=AS_OF, talk=lambda _: None)
    assert [problem for problem in done.problems if "roster" in problem] == []
    assert [(case.incident.recipients, case.incident.excess) for case in done.facts.cases] == [(12, 12 * 19)]


def test_a_column_the_roster_does_not_know_is_refused(tmp_path):
    path = Path(tmp_path / "detector.toml")
    path.write_text('[roster]\ncolumns = { enrolled = "x" }\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="enrolled_at"):
        load_config(path)
