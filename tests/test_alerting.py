"""Alerts as people live through them: nights, commands and a real relay on the loopback, through the command line."""

import re
import shutil
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from conftest import Run
from test_channels import FaultyRelay
from test_incidents_cli import BEGINS, DAY, HOUR, MINUTE, MORNING, Desk, burst, copied, desk, kept, opened

__all__ = ["desk"]


class Relay:
    """A relay that keeps what it accepts, or refuses it with what `answer` says."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.original_content, _class=EmailMessage, policy=SMTP))
        return self.answer

    def kinds(self) -> list[str]:
        return [str(mail["X-Detector-Kind"]) for mail in self.mails]

    def text(self, number: int = -1) -> str:
        """The words of a mail on one line."""
        return " ".join(self.mails[number].get_body(("plain",)).get_content().split())


@pytest.fixture
def relay(desk: Desk) -> Iterator[Relay]:
    """A relay, and a config that leads there from the first night on."""
    found = Relay()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(found, hostname="127.0.0.1", port=port)
    controller.start()
    lead_to(desk, port)
    yield found
    controller.stop()


def lead_to(desk: Desk, port: int, to: str = "support@example.org") -> None:
    path = desk.folder / "detector.toml"
    path.write_text(
        f'[channels.smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nfrom = "burst@example.org"\n'
        f'to = ["{to}"]\ntimeout_seconds = 3\n'
    )
    desk.options = ("--config", path)


def night_while_it_goes_on(desk: Desk, relay: Relay) -> tuple[str, Run]:
    """12 people of Harbor get a copy every 3 minutes; the night runs when 10 are out: 108 extra, still going."""
    run = desk.night(BEGINS + 30 * MINUTE, burst())
    (row,) = desk.listed()
    return str(row["incident_id"]), run


SENT_WHEN_PLAYED: list[EmailMessage] = []


def going_on(desk: Desk, relay: Relay) -> str:
    """The id of the incident of that night, which is played once, then copied with what the relay was sent."""
    config, played = desk.folder / "detector.toml", kept("going on")
    if not played.exists():
        name, _ = night_while_it_goes_on(desk, relay)
        shutil.copytree(desk.folder, played, symlinks=True)
        SENT_WHEN_PLAYED.extend(relay.mails)
        return name
    ours = config.read_text()
    copied(desk, played, BEGINS + 30 * MINUTE)
    config.write_text(ours)  # each relay has a port of its own
    relay.mails += SENT_WHEN_PLAYED
    return str(desk.listed()[0]["incident_id"])


def test_one_burst_is_one_mail_however_often_the_night_runs_and_whatever_file_it_is_given(desk, relay):
    name, run = night_while_it_goes_on(desk, relay)
    assert (run.code, run.out, run.err, relay.kinds()) == (0, "", "", ["opened"])
    (mail,) = relay.mails
    assert mail["Message-ID"] == f"<{name.lower()}.opened.1@example.org>"
    assert "12 people at Harbor got 108 extra copies" in relay.text()
    assert "@harbor" not in str(mail)
    copy = desk.folder / "renamed.csv"
    copy.write_bytes(desk.nights[0].read_bytes())
    as_of = (BEGINS + 30 * MINUTE).isoformat()
    again = desk.run("nightly", desk.nights[0], copy, "--state", desk.state, "--as-of", as_of, *desk.options)
    assert (again.code, again.err) == (0, "")
    (desk.state / "work" / "detector.duckdb").unlink()
    rebuilt = desk.run("nightly", *desk.nights, "--state", desk.state, "--as-of", as_of, *desk.options)
    assert (rebuilt.code, relay.kinds()) == (0, ["opened"]), "a database made anew remembers through the journal"


def test_i_said_it_was_fixed_and_it_was_not(desk, relay):
    name = going_on(desk, relay)
    desk.say("contain", name, "--how", "took it out of cron")
    more = burst(BEGINS + 31 * MINUTE) + burst(BEGINS + 31 * MINUTE, 8, 12, "b", "welcome at Birchwood")
    desk.night(BEGINS + 70 * MINUTE, more)
    assert relay.kinds() == ["opened", "contradiction"]
    first, second = relay.mails
    assert (second["References"], second["Subject"]) == (first["References"], first["Subject"])
    assert "ann said that it was contained at 27 Oct 2030, 18:30:00 UTC, but the log has" in relay.text()
    assert "the first at 27 Oct 2030, 18:31:" in relay.text()
    assert "Hit as well now: Birchwood." in relay.text()
    assert re.search(r"\d+ extra copies more, 8 people more\.", relay.text())
    desk.night(BEGINS + 75 * MINUTE)
    assert len(relay.mails) == 2


def test_silence_holds_its_peace_until_it_ends_and_that_is_told_once(desk, relay):
    name = going_on(desk, relay)
    until = (BEGINS + 3 * DAY).isoformat()
    said = desk.say("silence", name, "--until", until, "--reason", "the vendor is at it")
    assert said.code == 0, said.err
    desk.night(BEGINS + DAY, burst(BEGINS + DAY - HOUR, copies=20))  # it goes on
    assert relay.kinds() == ["opened"]
    desk.night(BEGINS + DAY + 9 * HOUR)
    assert relay.kinds() == ["opened", "stopped"]
    assert "STOPPED - no sign since 28 Oct" in relay.text()
    desk.night(BEGINS + DAY + 12 * HOUR)
    assert len(relay.mails) == 2
    assert "silenced      until 30 Oct 2030, 18:00:00 UTC by ann: the vendor is at it" in desk.say("show", name).out


def test_a_silence_that_is_over_before_it_begins_is_refused_unless_it_ends_one(desk):
    """It is 28 Oct 2030, 02:00: by midnight of that day none stands yet, later one does."""
    name = opened(desk)
    for until in ("2030-10-27", "2030-10-28"):
        refused = desk.say("silence", name, "--until", until, "--reason", "the vendor is at it")
        assert refused.code == 2
        assert f"would be over before it began, {until} 00:00:00 UTC: it is 2030-10-28 02:00:00 UTC" in refused.err
    assert desk.journal(name) == ["opened", "stopped"]
    for until in ("2030-11-04", "2030-10-28"):
        assert desk.say("silence", name, "--until", until, "--reason", "the vendor is at it").code == 0
    yesterday = desk.say("silence", name, "--until", "2030-10-27", "--reason", "a slip")
    assert (yesterday.code, desk.journal(name)) == (2, ["opened", "stopped", "silenced", "silenced"])


def test_the_detector_says_that_it_is_blind_calls_nothing_stopped_and_says_when_it_sees_again(desk, relay):
    name = going_on(desk, relay)
    dark = BEGINS + 2 * DAY
    run = desk.night(dark, watched=False)
    assert (run.code, relay.kinds()) == (3, ["opened", "blind"])
    assert "nobody watches the mail" in relay.text()
    assert f"Whether {name} stopped." in relay.text()
    desk.night(dark + DAY, watched=False)
    assert len(relay.mails) == 2
    desk.night(dark + 2 * DAY)
    assert relay.kinds()[2:] == ["stopped", "sight"] or relay.kinds()[2:] == ["sight", "stopped"]


def test_promises_that_are_late_are_told_once_a_day_in_one_message_until_they_are_kept(desk, relay):
    name = going_on(desk, relay)
    for text in ("Send the cause in writing", "Call again"):
        assert desk.say("promise", name, text, "--owner", "Sam", "--due", "2030-10-28").code == 0
    desk.night(BEGINS + DAY)
    assert "overdue" not in relay.kinds()  # due today
    for day in (2, 2.1, 3):
        desk.night(BEGINS + day * DAY)
    assert relay.kinds().count("overdue") == 2
    assert "2 promises to clients are late." in relay.text()
    assert f"{name}, promise 1 of Sam: Send the cause in writing. It was due on 2030-10-28, 2 days ago." in relay.text()
    assert relay.mails[-1]["Subject"] == "[detector] Promises to clients that are late"
    for number in (1, 2):
        desk.say("promise", "kept", name, str(number))
    desk.night(BEGINS + 4 * DAY)
    assert relay.kinds().count("overdue") == 2


def test_a_first_import_of_old_logs_is_one_summary_and_only_the_live_one_alerts(desk, relay):
    """Four old affairs of four clients, weeks apart, and one that goes on."""
    old = [burst(BEGINS - week * 7 * DAY, who=f"w{week}", what=f"offer{week} at Old{week}") for week in (1, 2, 3, 4)]
    desk.ordinary_from -= 30 * DAY
    desk.night(BEGINS + 30 * MINUTE, burst(), *old)
    assert sorted(relay.kinds()) == ["opened", "summary"]
    number = relay.kinds().index("summary")
    assert "4 incidents, the gravest first." in relay.text(number)
    assert all(f"12 people at Old{week}" in relay.text(number) for week in (1, 2, 3, 4))
    assert "Harbor" in relay.text(1 - number)


def test_what_may_not_have_arrived_is_shown_settled_by_a_person_and_said_in_the_next_message(desk, relay):
    good = desk.options
    config = Path(str(good[1]))
    right = config.read_text()
    with FaultyRelay("reply", "close") as faulty:
        lead_to(desk, faulty.port)
        name, run = night_while_it_goes_on(desk, relay)
        assert run.code == 5
        assert len(faulty.stored) == 1, "it did arrive, which nobody can know"
    config.write_text(right)
    again = desk.night(BEGINS + 31 * MINUTE)
    key = f"{name}.opened.1"
    assert again.code == 5
    assert again.err.startswith(f"detector: {key} by smtp: nobody can know whether the message of 2030-10-27T18:30:00Z")
    assert relay.mails == []
    listed = desk.run("notices", "list", "--state", desk.state)
    assert re.search(rf"smtp +unknown +{key}", listed.out)
    desk.night(BEGINS + 5 * HOUR)
    assert relay.kinds() == ["stopped"]
    assert "The message of 27 Oct 2030, 18:30 UTC may not have arrived: nobody can know." in relay.text()
    settled = desk.run("notices", "settle", key, "--arrived", "--state", desk.state)
    assert settled.code == 0, settled.err
    assert desk.night(BEGINS + 6 * HOUR).code == 0
    wrong = desk.run("notices", "settle", key, "--resend", "--state", desk.state)
    assert (wrong.code, "need settling. There are: none" in wrong.err) == (2, True)


def test_what_was_refused_for_good_goes_out_when_the_address_is_corrected(desk, relay):
    relay.answer = "550 no such user here"
    _, run = night_while_it_goes_on(desk, relay)
    assert (run.code, relay.mails) == (5, [])
    relay.answer = "250 OK"
    again = desk.night(BEGINS + 31 * MINUTE)
    assert again.code == 5
    assert "was refused for good" in again.err
    config = Path(str(desk.options[1]))
    config.write_text(config.read_text().replace("support@", "ops@"))
    assert desk.night(BEGINS + 32 * MINUTE).code == 0
    assert relay.kinds() == ["opened"]


def test_a_relay_that_came_later_hears_of_what_is_open_and_two_clients_are_one_alert(desk, relay):
    later, desk.options = desk.options, ()
    desk.night(BEGINS + 50 * MINUTE, burst(), burst(BEGINS, 8, 12, "b", "welcome at Birchwood"))
    (row,) = desk.listed()
    assert row["organizations"] == ["Harbor", "Birchwood"]
    desk.options = later
    desk.night(BEGINS + 51 * MINUTE)
    assert relay.kinds() == ["opened"]
    assert "20 people at Harbor and Birchwood got 196 extra copies" in relay.text()


def test_the_switch_outside_hears_how_a_night_ended_and_the_one_inside_when_none_does(desk, relay):
    from test_http_channels import Stub

    with Stub() as stub:
        config = Path(str(desk.options[1]))
        config.write_text(config.read_text() + f'[heartbeat]\nurl = "{stub.url.partition("?")[0]}"\n')
        assert desk.night(MORNING).code == 0
        assert [first.split()[1].rpartition("/")[2] for first, _, _ in stub.requests] == ["start", "SeCrEt"]
        assert b"log complete through 2030-10-28T01:59:00Z" in stub.requests[1][2]
        relay.answer = "451 later"
        desk.night(MORNING + DAY, burst(BEGINS + DAY))
        assert [first.split()[1].rpartition("/")[2] for first, _, _ in stub.requests[2:]] == ["start", "fail"]
        stub.answer = b"404 Gone"
        relay.answer = "250 OK"
        gone = desk.night(MORNING + DAY + MINUTE)
        assert gone.code == 0, "the switch never fails a night"
        assert gone.err.count("the dead man's switch could not be told") == 2
    beat = desk.run("heartbeat", "--max-age", "26h", "--state", desk.state)
    assert (beat.code, beat.err) == (0, "")
    path = desk.state / "work" / "last-run.json"
    path.write_text(path.read_text().replace('"ended_at": "20', '"ended_at": "19'))
    beat = desk.run("heartbeat", "--max-age", "26h", "--state", desk.state)
    assert beat.code == 3
    assert "hours ago. Look at cron." in beat.err
    assert desk.run("heartbeat", "--state", desk.folder / "none").code == 3


def test_the_doctor_logs_in_to_the_relay_and_sends_nothing(desk, relay):
    shown = desk.run("doctor", "--state", desk.state, *desk.options)
    assert shown.code == 0, shown.out
    assert "good  smtp       the relay lets us in." in shown.out
    lead_to(desk, 9)
    shown = desk.run("doctor", "--state", desk.state, *desk.options)
    assert (shown.code, relay.mails) == (3, [])
    assert re.search(r"^FIX   smtp .*Connection refused", shown.out, re.MULTILINE)


def test_a_test_message_comes_by_the_channel_that_is_named(desk, relay):
    done = desk.run("notify", "--test", "smtp", "--state", desk.state, *desk.options)
    assert (done.code, relay.kinds()) == (0, ["test"])
    assert "Look whether it came." in done.out
    refused = desk.run("notify", "--test", "slack", "--state", desk.state, *desk.options)
    assert (refused.code, "has no [channels.slack]" in refused.err) == (5, True)


def test_days_of_the_same_loop_are_a_mail_a_day_and_one_at_the_end(desk, relay):
    """108 extra copies on the first evening, then 12 x 20 each night: 348 are more than twice 108, 588 no twice 348."""
    going_on(desk, relay)
    for day in (1, 2):
        desk.night(BEGINS + day * DAY, burst(BEGINS + day * DAY - HOUR, copies=20))
    desk.night(BEGINS + 3 * DAY)
    assert relay.kinds() == ["opened", "escalated", "ongoing", "stopped"]
    assert "240 extra copies more, 0 people more." in relay.text(1)
