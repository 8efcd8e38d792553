"""The outbox: what is due, what became of it, and that nothing leaves twice however the program ends.

Most tests hand in a `deliver` of their own and count; two use a real relay and the real channels.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.channel_settings import Channels, Smtp
from detector.channels import deliver
from detector.errors import ChannelError, JournalError
from detector.notice_journal import Entry, open_journal
from detector.notice_record import Alert, Message, Notice
from detector.outbox import Door, Settlement, deliver_due, refuse_a_journal_that_lags, settle, unsettled

AS_OF = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
HOST = "127.0.0.1"


def notice(number: int = 1, channel: str = "smtp", state: str = "planned") -> Notice:
    return Notice(f"INC-{number:04d}.opened.1", f"INC-{number:04d}", "opened", channel, state)


def alert(due: Message) -> Alert:
    names = ", ".join(each.incident_id for each in due.notices)
    subject = f"[detector {names}] the same mail was sent repeatedly"
    return Alert(due.message_key, names, due.kind, subject, text="OPENED\n", html="<p>OPENED</p>")


class Post:
    """A deliver function that counts what left, and does what it is told with each attempt."""

    def __init__(self, does: Callable[[], tuple[str, ...]] | None = None) -> None:
        self.does = does or (lambda: ())
        self.left: Counter[tuple[str, str]] = Counter()

    def __call__(self, channel: str, sent: Alert) -> tuple[str, ...]:
        self.left[channel, sent.notice_key] += 1
        return self.does()


def refuses(outcome: str = "not_sent", *, permanent: bool = False) -> Callable[[], tuple[str, ...]]:
    def does() -> tuple[str, ...]:
        raise ChannelError("the relay said no.", outcome=outcome, permanent=permanent)

    return does


def run(
    path: Path, post: Post, *notices: Notice, nights: int = 0, destinations: dict[str, str] | None = None
) -> Settlement:
    """One night: open the journal as the nightly does, deliver what is due."""
    journal = open_journal(path, must_exist=path.exists())
    due = notices or [notice()]
    refuse_a_journal_that_lags(journal, due)
    return deliver_due(journal, due, Door(alert, post, destinations or {}), AS_OF + timedelta(days=nights))


def facts(path: Path) -> list[str]:
    return [json.loads(line)["fact"] for line in path.read_bytes().splitlines()[1:]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "work" / "notices.journal"


@pytest.fixture
def relay() -> Iterator[tuple[list[bytes], Channels]]:
    """A relay that keeps what it accepts, and the configuration that leads to it."""

    class Sink:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
            accepted.append(envelope.original_content)
            return "250 OK"

    accepted: list[bytes] = []
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(Sink(), hostname=HOST, port=port)
    controller.start()
    section = {"from": "burst@example.org", "to": ("support@example.org",), "host": HOST, "port": port, "tls": "none"}
    yield accepted, Channels(smtp=Smtp(**section))
    controller.stop()


# --- what is due -----------------------------------------------------------------------------------------------------


def test_a_second_run_sends_nothing(path, tmp_path, relay):
    accepted, config = relay
    for _ in range(3):
        journal = open_journal(path, must_exist=path.exists())
        due = [notice(1, "folder"), notice(1, "smtp"), notice(2, "folder"), notice(2, "smtp")]
        door = Door(alert, lambda name, sent: deliver(name, sent, config, state=tmp_path, as_of=AS_OF))
        settlement = deliver_due(journal, due, door, AS_OF)
        assert [each.state for each in settlement.notices] == ["sent"] * 4
        assert (settlement.held, settlement.problems, settlement.exit_code) == ((), (), 0)
    assert [message_from_bytes(content)["Message-ID"] for content in accepted] == [
        "<inc-0001.opened.1@example.org>",
        "<inc-0002.opened.1@example.org>",
    ]
    assert sorted(file.name for file in (tmp_path / "alerts").iterdir()) == [
        "inc-0001.opened.1.eml",
        "inc-0002.opened.1.eml",
    ]
    assert facts(path) == ["claimed", "sent"] * 4


def test_a_notice_named_twice_is_delivered_once(path):
    post = Post()
    run(path, post, notice(), notice())
    assert post.left.total() == 1


def test_the_claim_is_on_the_disk_before_anything_leaves(path):
    post = Post()
    post.does = lambda: (seen.append(facts(path)), ())[1]
    seen: list[list[str]] = []
    run(path, post)
    assert seen == [["claimed"]]
    assert facts(path) == ["claimed", "sent"]


def test_what_was_certainly_not_sent_is_tried_again_by_the_next_run(path):
    post = Post(refuses())
    first = run(path, post)
    assert ([each.state for each in first.notices], first.exit_code) == (["not_sent"], 5)
    assert first.problems == ("INC-0001.opened.1 by smtp: the relay said no.",)
    post.does = lambda: ()
    assert run(path, post, notice(state="not_sent"), nights=1).problems == ()
    assert facts(path) == ["claimed", "not_sent", "claimed", "sent"]


def test_a_refusal_for_good_is_not_tried_again_and_said_in_every_run(path):
    post = Post(refuses(permanent=True))
    for night in range(3):
        settlement = run(path, post, nights=night)
        assert ([each.state for each in settlement.notices], settlement.exit_code) == (["not_sent"], 5)
        assert len(settlement.problems) == 1
    assert "refused for good on 2026-03-02T02:00:00Z" in settlement.problems[0]
    assert post.left.total() == 1


def test_an_unknown_is_never_sent_again_and_said_in_every_run(path):
    post = Post(refuses("unknown", permanent=True))
    for night in range(3):
        settlement = run(path, post, nights=night)
        assert ([each.state for each in settlement.notices], settlement.exit_code) == (["unknown"], 5)
        assert len(settlement.problems) == 1
    assert post.left.total() == 1


def test_a_person_settles_an_unknown_one_way_or_the_other(path):
    post = Post(refuses("unknown"))
    run(path, post, notice(1), notice(2))
    journal = open_journal(path, must_exist=True)
    first, second = unsettled(journal)
    settle(journal, first, "sent", AS_OF)
    settle(journal, second, "not_sent", AS_OF)
    with pytest.raises(ValueError, match="not as 'claimed'"):
        settle(journal, first, "claimed", AS_OF)
    assert unsettled(journal) == []
    post.does = lambda: ()
    assert run(path, post, notice(1), notice(2)).problems == ()
    assert post.left == {("smtp", "INC-0001.opened.1"): 1, ("smtp", "INC-0002.opened.1"): 2}


def test_who_was_not_reached_is_said_once_and_the_others_get_no_second_copy(path):
    post = Post(lambda: ("dev@example.org was refused",))
    first = run(path, post)
    assert first.problems == ("INC-0001.opened.1 by smtp was delivered, but dev@example.org was refused",)
    assert ([each.state for each in first.notices], first.exit_code) == (["sent"], 5)
    assert run(path, post).problems == ()
    assert post.left.total() == 1


def test_three_leave_one_by_one_and_all_the_rest_in_one_list(path):
    """Five hundred incidents in a night are four mails, and a file each in the folder."""
    post = Post()
    due = [notice(number, channel) for number in range(1, 501) for channel in ("folder", "smtp")]
    first = run(path, post, *due)
    assert (first.held, first.problems) == ((), ())
    assert {each.state for each in first.notices} == {"sent"}
    mails = [key for channel, key in post.left if channel == "smtp"]
    assert mails[:3] == [notice(number).notice_key for number in (1, 2, 3)]
    assert [key.partition(".")[0] for key in mails[3:]] == ["digest"]
    assert len(post.left) == 500 + 4
    assert run(path, post, *due, nights=1).problems == ()
    assert set(post.left.values()) == {1}


def test_within_the_hour_nothing_more_leaves_and_later_it_does(path):
    """A watch that runs by the minute has the fuse of a night: four messages, then quiet until the hour is over."""
    post = Post()
    run(path, post, *(notice(number) for number in range(1, 6)))
    journal = open_journal(path, must_exist=True)
    soon = deliver_due(journal, [notice(6), notice(7)], Door(alert, post), AS_OF + timedelta(minutes=59))
    assert (soon.held, soon.exit_code, post.left.total()) == ((notice(6), notice(7)), 5, 4)
    late = deliver_due(journal, [notice(6), notice(7)], Door(alert, post), AS_OF + timedelta(minutes=60))
    assert (late.held, late.exit_code, post.left.total()) == ((), 0, 6)


def test_a_dead_relay_is_not_asked_more_than_four_times(path):
    post = Post(refuses())
    settlement = run(path, post, *(notice(number) for number in range(1, 9)))
    assert (post.left.total(), len(settlement.problems)) == (4, 4)
    post.does = lambda: ()
    assert run(path, post, *(notice(number) for number in range(1, 9))).problems == ()
    assert post.left.total() == 8, "the three again one by one, and the same list under the same name"


def test_all_about_one_incident_travels_in_one_message_named_after_the_gravest(path):
    post = Post()
    kinds = ("ongoing", "contradiction", "escalated")
    due = [Notice(f"INC-0001.{kind}.1", "INC-0001", kind, "smtp") for kind in kinds]
    settlement = run(path, post, *due)
    assert post.left == {("smtp", "INC-0001.contradiction.1"): 1}
    assert {each.state for each in settlement.notices} == {"sent"}
    [message] = open_journal(path, must_exist=True).messages()
    assert message.carries == ("INC-0001.contradiction.1", "INC-0001.escalated.1", "INC-0001.ongoing.1")


def test_what_says_word_for_word_what_was_said_before_is_refused(path):
    """The detector's own method on its own mail: the same content to the same people twice is a repeat."""
    post = Post()
    run(path, post, notice(1))
    settlement = run(path, post, Notice("INC-0001.opened.2", "INC-0001", "opened", "smtp"), nights=1)
    assert post.left.total() == 1
    assert (settlement.exit_code, [each.state for each in settlement.notices]) == (5, ["planned"])
    assert "says word for word what INC-0001.opened.1 said on 2026-03-02T02:00:00Z" in settlement.problems[0]


def test_a_refusal_for_good_is_tried_again_once_the_destination_is_another(path):
    post = Post(refuses(permanent=True))
    run(path, post, destinations={"smtp": "wrong"})
    run(path, post, destinations={"smtp": "wrong"}, nights=1)
    assert post.left.total() == 1
    post.does = lambda: ()
    assert run(path, post, destinations={"smtp": "right"}, nights=2).problems == ()
    assert post.left.total() == 2


@pytest.mark.parametrize("channel", ["webhook", "pagerduty"])
def test_a_channel_that_knows_repetitions_by_their_key_gets_the_unknown_again_under_that_key(channel, path):
    """Even when nothing plans it any more, because whoever plans believes that it was told."""
    post = Post(refuses("unknown"))
    assert run(path, post, notice(1, channel)).exit_code == 5
    journal = open_journal(path, must_exist=True)
    assert unsettled(journal) == []
    post.does = lambda: ()
    settlement = deliver_due(journal, [], Door(alert, post), AS_OF + timedelta(days=1))
    assert settlement.problems == ()
    assert post.left == {(channel, "INC-0001.opened.1"): 2}
    deliver_due(journal, [], Door(alert, post), AS_OF + timedelta(days=2))
    assert post.left.total() == 2


# --- how a run can end -----------------------------------------------------------------------------------------------


def test_a_run_that_dies_while_sending_leaves_an_unknown(path):
    def dies() -> tuple[str, ...]:
        raise KeyboardInterrupt

    post = Post(dies)
    with pytest.raises(KeyboardInterrupt):
        run(path, post)
    assert facts(path) == ["claimed"]
    post.does = lambda: ()
    settlement = run(path, post)
    assert ([each.state for each in settlement.notices], settlement.exit_code) == (["unknown"], 5)
    assert post.left.total() == 1


def test_an_interrupted_file_in_the_folder_is_simply_finished(path):
    journal = open_journal(path, must_exist=False)
    journal.append(Entry("claimed", notice(channel="folder").notice_key, "folder", "2026-03-01T02:00:00Z"))
    post = Post()
    assert [each.state for each in run(path, post, notice(channel="folder")).notices] == ["sent"]
    assert run(path, post, notice(channel="folder")).problems == ()
    assert post.left.total() == 1


def test_an_alert_that_cannot_be_rendered_claims_nothing(path):
    def broken(due: Message) -> Alert:
        raise LookupError(due.message_key)

    with pytest.raises(LookupError):
        deliver_due(open_journal(path, must_exist=False), [notice()], Door(broken, Post()), AS_OF)
    assert facts(path) == []


@pytest.mark.parametrize(
    ("call", "good_calls", "left", "next_state"),
    [
        ("write", 0, 0, "sent"),  # no claim: nothing left, so the next run delivers
        ("fsync", 0, 0, "unknown"),  # a claim that may or may not last: nothing left, and it stays so
        ("write", 1, 1, "unknown"),  # it left, and there is only the claim
        ("fsync", 1, 1, "sent"),  # it left, and the line could be read again
    ],
)
def test_without_its_record_nothing_leaves(call, good_calls, left, next_state, path, monkeypatch):
    journal, post, real = open_journal(path, must_exist=False), Post(), getattr(os, call)
    calls = iter(range(100))

    def fails(*arguments):
        if next(calls) >= good_calls:
            raise OSError(28, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(os, call, fails)
    with pytest.raises(JournalError, match="No space left on device") as caught:
        deliver_due(journal, [notice(1), notice(2)], Door(alert, post), AS_OF)
    monkeypatch.undo()
    assert caught.value.exit_code == 6
    assert post.left.total() == left
    assert run(path, post, notice(1)).notices[0].state == next_state
    assert post.left.total() <= 1


def test_a_disk_that_takes_half_a_line_stops_the_run_and_the_next_one_repairs_it(path, monkeypatch):
    journal, post, real = open_journal(path, must_exist=False), Post(), os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: real(descriptor, content[: len(content) // 2]))
    for _ in range(2):
        with pytest.raises(JournalError):
            deliver_due(journal, [notice()], Door(alert, post), AS_OF)
    monkeypatch.undo()
    assert post.left.total() == 0
    with pytest.raises(JournalError, match="an earlier write failed"):
        deliver_due(journal, [notice()], Door(alert, post), AS_OF)
    assert run(path, post).notices[0].state == "sent"
    assert facts(path) == ["claimed", "sent"]


def test_two_writers_at_once_do_not_both_send(path):
    first, second, post = open_journal(path, must_exist=False), open_journal(path, must_exist=True), Post()
    deliver_due(first, [notice()], Door(alert, post), AS_OF)
    with pytest.raises(JournalError, match="somebody else"):
        deliver_due(second, [notice()], Door(alert, post), AS_OF)
    assert post.left.total() == 1


# --- the journal as a file -------------------------------------------------------------------------------------------


@pytest.fixture
def written(path: Path) -> bytes:
    """The journal of a night with one alert sent and one refused."""
    run(path, Post(), notice(1))
    run(path, Post(refuses()), notice(2))
    return path.read_bytes()


def test_the_journal_is_private_and_holds_no_address(path, written):
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert b"@" not in written


def test_a_torn_last_line_did_not_happen(path, written):
    """Cut at each byte of the outcome: the claim stands. Cut inside the claim: nothing had left."""
    *before, claim, outcome = written.splitlines(keepends=True)
    head = b"".join(before)
    for length in range(1, len(outcome)):
        path.write_bytes(head + claim + outcome[:length])
        journal = open_journal(path, must_exist=True)
        assert journal.latest(notice(2)).fact == "claimed"
        assert path.read_bytes() == head + claim
    for length in range(1, len(claim)):
        path.write_bytes(head + claim[:length])
        assert open_journal(path, must_exist=True).latest(notice(2)) is None
    post = Post()
    assert run(path, post, notice(1), notice(2)).problems == ()
    assert post.left == {("smtp", notice(2).notice_key): 1}


def test_a_tail_of_zeros_after_a_power_cut_is_a_torn_line(path, written):
    path.write_bytes(written + b"\0" * 512)
    assert run(path, Post(), notice(1), notice(2)).problems == ()


def test_a_changed_byte_anywhere_stops_everything(path, written):
    post = Post()
    for offset in range(len(written) - 1):
        for damage in (b"\n", bytes([written[offset] ^ 1])):
            content = written[:offset] + damage + written[offset + 1 :]
            if content == written:
                continue
            path.write_bytes(content)
            with pytest.raises(JournalError, match="is damaged"):
                run(path, post, notice(1), notice(2))
            assert path.read_bytes() == content
    assert post.left.total() == 0


@pytest.mark.parametrize("order", [[0, 2, 3, 4], [0, 1, 3, 4], [0, 1, 1, 2, 3, 4], [0, 2, 1, 3, 4], [1, 2, 3, 4], []])
def test_a_line_that_is_missing_doubled_or_moved_stops_everything(order, path, written):
    lines = written.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[number] for number in order))
    with pytest.raises(JournalError, match="is damaged"):
        open_journal(path, must_exist=False)


@pytest.mark.parametrize("line", [b"[]", b"{}", b"null", b"[" * 99_999, b'{"seal":1}', b"\xff", b"", b'{"fact":[]}'])
def test_a_line_that_is_no_fact_stops_everything(line, path, written):
    path.write_bytes(written + line + b"\n")
    with pytest.raises(JournalError, match="line 6 is damaged"):
        open_journal(path, must_exist=True)


def test_a_missing_journal_stops_everything_once_there_must_be_one(path):
    with pytest.raises(JournalError, match="is missing") as caught:
        open_journal(path, must_exist=True)
    assert caught.value.exit_code == 6
    assert not path.exists()
    path.mkdir(parents=True)
    with pytest.raises(JournalError, match="cannot be used"):
        open_journal(path, must_exist=True)


def test_a_journal_that_vanishes_during_the_run_is_not_made_anew(path):
    journal, post = open_journal(path, must_exist=False), Post()
    path.unlink()
    with pytest.raises(JournalError):
        deliver_due(journal, [notice()], Door(alert, post), AS_OF)
    assert post.left.total() == 0
    assert not path.exists()


def test_an_old_copy_of_the_journal_is_noticed_by_what_the_database_remembers(path):
    post = Post()
    open_journal(path, must_exist=False)
    old = path.read_bytes()
    [after] = run(path, post).notices
    path.write_bytes(old)
    with pytest.raises(JournalError, match="knows nothing of INC-0001"):
        run(path, post, after)
    assert post.left.total() == 1


def test_nothing_undoes_a_sent(path):
    journal = open_journal(path, must_exist=False)
    for fact in ("claimed", "sent", "claimed", "not_sent"):
        journal.append(Entry(fact, notice().notice_key, "smtp", "2026-03-01T02:00:00Z"))
    post = Post()
    assert run(path, post).notices[0].state == "sent"
    assert post.left.total() == 0


def test_the_journal_is_the_same_bytes_for_the_same_nights(tmp_path):
    for name in ("a", "b"):
        run(tmp_path / name, Post(), notice(1), notice(2, "folder"))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


# --- any order of events ---------------------------------------------------------------------------------------------

EVENTS = ["accepted", "refused", "refused for good", "reply lost", "mail lost", "killed before", "killed after"]


class KilledError(BaseException):
    """The process is gone."""


class Fate:
    """A relay to which one event after the other happens, and the truth about who got how many copies."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.copies: Counter[str] = Counter()

    def __call__(self, channel: str, sent: Alert) -> tuple[str, ...]:
        event = self.events.pop(0) if self.events else "accepted"
        self.copies[sent.notice_key] += event in {"accepted", "reply lost", "killed after"}
        if event.startswith("killed"):
            raise KilledError
        if event != "accepted":
            outcome = "unknown" if event.endswith("lost") else "not_sent"
            raise ChannelError(event, outcome=outcome, permanent=event == "refused for good")
        return ()


@given(st.lists(st.lists(st.sampled_from(EVENTS), max_size=5), max_size=6))
@settings(max_examples=150, deadline=None)
def test_no_sequence_of_nights_and_faults_makes_a_second_copy(nights):
    fate, due = Fate(), [notice(number) for number in range(1, 5)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        for fate.events in [*map(list, nights), [], []]:
            journal = open_journal(path, must_exist=path.exists())
            with suppress(KilledError):
                settlement = deliver_due(journal, due, Door(alert, fate), AS_OF)
                due = list(settlement.notices)
    assert not settlement.held
    assert len(settlement.problems) == sum(each.state != "sent" for each in due)
    possible_copies = {"sent": {1}, "unknown": {0, 1}, "not_sent": {0}}
    for each in due:
        assert fate.copies[each.notice_key] in possible_copies[each.state]


# --- killed for real -------------------------------------------------------------------------------------------------

KILLER = """
import json, os, sys
from datetime import UTC, datetime
from pathlib import Path
from detector.channels import deliver
from detector.channel_settings import Channels, Smtp
from detector.notice_journal import open_journal
from detector.outbox import Door, deliver_due
from tests.test_outbox import AS_OF, HOST, alert, notice

port, root, torn = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "torn"
relay = {"from": "burst@example.org", "to": ("support@example.org",), "host": HOST, "port": port, "tls": "none"}
config = Channels(smtp=Smtp(**relay))

def night(number, report=None):
    state = root / str(number)
    path = state / "work" / "notices.journal"
    journal = open_journal(path, must_exist=path.exists())
    due = [notice(number, "folder"), notice(number, "smtp")]
    send = lambda name, sent: deliver(name, sent, config, state=state, as_of=AS_OF)
    settlement = deliver_due(journal, due, Door(alert, send), AS_OF)
    if report:
        report.write_text(json.dumps([each.state for each in settlement.notices]))

def die_at(point):
    left = [point]
    def tick():
        left[0] -= 1
        if left[0] == 0:
            os._exit(99)
    def around(name):
        real = getattr(os, name)
        def wrapped(*arguments, **named):
            if torn and name == "write" and left[0] == 1:
                real(arguments[0], arguments[1][: len(arguments[1]) // 2])
            tick()
            result = real(*arguments, **named)
            tick()
            return result
        setattr(os, name, wrapped)
    for name in ("write", "fsync", "replace", "truncate"):
        around(name)
    sys.addaudithook(lambda event, _: tick() if event.startswith("smtplib.") else None)

def in_child(work):
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

point = 0
while True:
    point += 1
    killed = in_child(lambda: (die_at(point), night(point))) == 99
    for _ in range(2):
        assert in_child(lambda: night(point, root / f"{point}.json")) == 0
    if not killed:
        break
print(point)
"""


@pytest.mark.parametrize("manner", ["whole", "torn"])
def test_killed_at_any_point_and_run_again_there_is_never_a_second_copy(manner, tmp_path, relay):
    """Killed before and after each write, sync and rename and at each word to the relay; then run again, twice."""
    accepted, config = relay
    command = [sys.executable, "-W", "error", "-c", KILLER, str(config.smtp.port), str(tmp_path), manner]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    points = int(done.stdout)
    copies = Counter(message_from_bytes(content)["X-Detector-Incident"] for content in accepted)
    assert points > 30
    assert max(copies.values()) == 1
    states: Counter[str] = Counter()
    for point in range(1, points + 1):
        by_folder, by_smtp = json.loads((tmp_path / f"{point}.json").read_text())
        assert by_folder == "sent"
        assert len(list((tmp_path / str(point) / "alerts").iterdir())) == 1
        assert copies[f"INC-{point:04d}"] == 1 or by_smtp == "unknown"
        states[by_smtp] += 1
    assert set(states) == {"sent", "unknown"}
    assert copies.total() > states["sent"], "some of the unknown did arrive, which is why none is sent again"
