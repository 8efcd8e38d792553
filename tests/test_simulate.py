"""The simulated logs say what the truth says, in every format, on every machine; and they harm no real address."""

import csv
import gzip
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from detector.errors import ConfigError
from detector.simulate import SCENARIOS, PostfixStyle, simulate

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_logs"
SEED = 27  # of the samples
WELCOME = "Welcome to Forklift Safety Essentials"


def content(path: Path) -> bytes:
    """A file's bytes, unpacked: another build of zlib may pack the same bytes differently."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@cache
def lines(folder: Path) -> list[str]:
    """All lines of a folder's logs, files with the oldest content first."""
    files = [path for path in folder.iterdir() if path.name != "truth.json"]
    texts = sorted(content(path).decode() for path in files)
    return [line for text in texts for line in text.splitlines()]


def logs_in(folder: Path) -> dict[str, bytes]:
    """Everything a simulation wrote, by path."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "README.md"]
    return {path.relative_to(folder).as_posix(): content(path) for path in files}


def truth_of(folder: Path) -> dict:
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


def burst_in(folder: Path, name: str) -> dict:
    (burst,) = (burst for burst in truth_of(folder)["bursts"] if burst["name"] == name)
    return burst


def milliseconds(stamp: str) -> int:
    moment = datetime.fromisoformat(stamp)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def table_rows(folder: Path) -> list[dict[str, str]]:
    header, *rows = lines(folder)
    return list(csv.DictReader([row for row in rows if row != header], fieldnames=header.split(",")))


@cache
def ses_events(folder: Path) -> list[dict]:
    events = [json.loads(line) for line in lines(folder)]
    return [json.loads(event["Message"]) if "Message" in event else event for event in events]


def postfix_sends(folder: Path) -> Counter[tuple[int, str]]:
    """(milliseconds, recipient) of every message an application handed over, by nothing but its queue id."""
    handed_over, recipients = {}, defaultdict(set)
    for line in lines(folder):
        stamp, _, _, queue, *rest = line.split(" ")
        if rest and rest[0].startswith("client="):
            handed_over[queue] = milliseconds(stamp)
        elif rest and rest[0].startswith("to=<"):
            recipients[queue].add(rest[0][4:-2])
    return Counter((moment, recipient) for queue, moment in handed_over.items() for recipient in recipients[queue])


def table_sends(folder: Path) -> Counter[tuple[int, str]]:
    rows = table_rows(folder)
    return Counter((milliseconds(row["timestamp"]), row["recipient"]) for row in rows if row["event"] == "sent")


def ses_sends(folder: Path) -> Counter[tuple[int, str]]:
    mails = {event["mail"]["messageId"]: event["mail"] for event in ses_events(folder)}
    return Counter((milliseconds(mail["timestamp"]), to) for mail in mails.values() for to in mail["destination"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples, made anew."""
    folder = tmp_path_factory.mktemp("made")
    simulate("founding-night", format="all", seed=SEED, out=folder)
    return folder


@pytest.fixture(scope="module")
def ongoing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ongoing")
    simulate("founding-night-ongoing", format="all", seed=SEED, out=folder)
    return folder


@pytest.fixture(scope="module")
def many_faults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many_faults")
    simulate("many-faults", format="plain", seed=SEED, out=folder)
    return folder


def test_the_samples_in_the_repository_are_what_the_command_makes(made):
    ours, theirs = logs_in(made), logs_in(SAMPLES)  # beside which the days written by hand stand
    assert {path: theirs.get(path) for path in ours} == ours


def test_another_process_with_the_same_seed_writes_the_same_bytes_compressed_or_not(made, tmp_path):
    code = f"""if True:
        from pathlib import Path
        from detector.simulate import simulate
        simulate("founding-night", format="all", seed={SEED}, out=Path({str(tmp_path)!r}))"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    packed = {path.relative_to(made): path.read_bytes() for path in made.rglob("*") if path.is_file()}
    assert packed == {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_another_seed_is_another_month(tmp_path, made):
    simulate("founding-night", format="plain", seed=SEED + 1, out=tmp_path)
    assert not table_sends(tmp_path) & table_sends(made / "plain") - Counter()


def test_packed_files_carry_neither_a_name_nor_a_time():
    packed = list(SAMPLES.rglob("*.gz"))
    assert len(packed) > 3
    for path in packed:
        magic, flags, time = path.read_bytes()[:3], path.read_bytes()[3], path.read_bytes()[4:8]
        assert (magic, flags, time) == (b"\x1f\x8b\x08", 0, bytes(4)), path


def test_all_formats_tell_of_the_same_sends(made, tmp_path):
    simulate("founding-night", format="jsonl", seed=SEED, out=tmp_path)
    rows = [json.loads(line) for line in lines(tmp_path)]
    jsonl = Counter((milliseconds(row["timestamp"]), row["recipient"]) for row in rows if row["event"] == "sent")
    plain = table_sends(made / "plain")
    assert plain.total() == truth_of(made)["totals"]["sends"]
    assert postfix_sends(made / "postfix") == ses_sends(made / "ses") == jsonl == plain


def test_the_truth_does_not_depend_on_the_format(made, tmp_path):
    simulate("founding-night", format="postfix", seed=SEED, out=tmp_path)
    assert (tmp_path / "truth.json").read_bytes() == (made / "truth.json").read_bytes()


def test_51_people_of_one_client_got_about_70_copies():
    burst = burst_in(SAMPLES, "founding-night")
    assert burst["organizations"] == ["Harbor Freightways"]
    assert burst["domains"] == ["harbor-freightways.example"]
    assert burst["recipients"] == len({person["recipient"] for person in burst["affected"]}) == 51
    # 1 rightful welcome and 69 whole rounds for all 51; the loop was stopped after 20 people of the next round.
    assert (burst["sends"], burst["excess"]) == (51 * 70 + 20, 51 * 69 + 20)
    assert (burst["copies_min"], burst["copies_median"], burst["copies_max"]) == (70, 70, 71)


def test_the_truth_of_the_night_can_be_counted_in_the_table():
    burst = burst_in(SAMPLES, "founding-night")
    copies = defaultdict(list)
    for row in table_rows(SAMPLES / "plain"):
        if row["event"] == "sent" and row["subject"] == WELCOME:
            copies[row["recipient"]].append(row["timestamp"])
    assert {person["recipient"]: person["sends"] for person in burst["affected"]} == {
        recipient: len(times) for recipient, times in copies.items()
    }
    extra = sorted(time for times in copies.values() for time in times[1:])
    assert (len(extra), extra[0], extra[-1]) == (burst["excess"], burst["started_at"], burst["ended_at"])
    assert min(min(times) for times in copies.values()) == burst["first_sent_at"]


def test_the_truth_of_the_night_can_be_counted_in_the_ses_events():
    burst = burst_in(SAMPLES, "founding-night")
    mails = {event["mail"]["messageId"]: event["mail"] for event in ses_events(SAMPLES / "ses")}
    night = [mail for mail in mails.values() if mail["commonHeaders"]["subject"] == WELCOME]
    assert len(night) == burst["sends"]
    assert {mail["tags"]["client"][0] for mail in night} == {"harbor-freightways.example"}
    assert {mail["tags"]["template"][0] for mail in night} == {burst["template"]}


def test_the_truth_of_the_night_can_be_counted_in_the_postfix_log_by_size():
    burst = burst_in(SAMPLES, "founding-night")
    sizes, recipient_of = {}, {}
    for line in lines(SAMPLES / "postfix"):
        stamp, _, _, queue, *rest = line.split(" ")
        if "queue active" in line and "from=<noreply@" in line and burst["first_sent_at"][:-1] <= stamp:
            sizes[queue] = int(rest[1][5:-1])
        elif rest and rest[0].startswith("to=<"):
            recipient_of[queue] = rest[0][4:-2]
    copies = defaultdict(list)
    for queue, size in sizes.items():
        copies[recipient_of[queue]].append(size)
    for person in burst["affected"]:
        usual, _ = Counter(copies[person["recipient"]]).most_common(1)[0]
        same_mail = [size for size in copies[person["recipient"]] if abs(size - usual) <= 2]
        assert len(same_mail) == person["sends"]
        assert max(same_mail) - min(same_mail) <= 2


def test_a_put_off_mail_is_one_send_however_often_it_was_tried():
    log = lines(SAMPLES / "postfix")
    handed_over = [line for line in log if re.search(r"smtpd\[\d+\]: \w+: client=", line)]
    put_off = Counter(tuple(line.split(" ")[3:5]) for line in log if "status=deferred" in line)
    assert len(handed_over) == truth_of(SAMPLES)["totals"]["messages"]
    assert len(put_off) == truth_of(SAMPLES)["totals"]["deferred_sends"]
    assert max(put_off.values()) > 1


def test_every_line_of_a_postfix_log_is_in_order_and_lives_end_with_removed():
    log = lines(SAMPLES / "postfix")
    assert log == sorted(log, key=lambda line: line[:32])
    removed = {line.split(" ")[3] for line in log if line.endswith(": removed")}
    handed_over = {line.split(" ")[3] for line in log if ": client=" in line}
    assert len(handed_over - removed) < 5  # put off at the end of the month


def test_the_life_of_a_message_straddles_the_rotation_and_so_does_the_night():
    older, newer = content(SAMPLES / "postfix/mail.log.2.gz").decode(), (SAMPLES / "postfix/mail.log.1").read_text()
    began = {line.split(" ")[3] for line in older.splitlines() if ": client=" in line}
    ended = {line.split(" ")[3] for line in newer.splitlines() if line.endswith(": removed")}
    assert began & ended
    victims = "@harbor-freightways.example>, relay="
    assert older.count(victims) > 1000
    assert newer.count(victims) > 1000


def test_a_bounce_tells_the_sender_in_a_message_from_nobody():
    log = lines(SAMPLES / "postfix")
    bounced = truth_of(SAMPLES)["totals"]["bounced_sends"]
    assert sum("status=bounced" in line for line in log) == bounced > 10
    assert sum("from=<>" in line for line in log) == bounced


def test_ses_events_arrive_twice_and_out_of_order_and_one_week_of_them_in_sns_notifications():
    raw = lines(SAMPLES / "ses")
    assert 0.005 < (len(raw) - len(set(raw))) / len(raw) < 0.02
    sent = [event["mail"]["timestamp"] for event in ses_events(SAMPLES / "ses") if event["eventType"] == "Send"]
    assert sent != sorted(sent)
    wrapped = {path.name for path in (SAMPLES / "ses").iterdir() if b'"Type":"Notification"' in content(path)}
    assert wrapped == {"2026-10-08.ndjson.gz"}
    kinds = Counter(event["eventType"] for event in ses_events(SAMPLES / "ses"))
    assert {"Send", "Delivery", "Bounce", "DeliveryDelay", "Open"} == set(kinds)


def test_no_address_and_no_host_is_real():
    logs = logs_in(SAMPLES)
    assert len(logs) > 10
    for path, text in logs.items():
        domains = set(re.findall(rb"@([\w-]*[.][\w.-]+)", text))  # with a dot: no stamp, no own host
        assert [domain for domain in domains if not domain.endswith((b".example", b".service"))] == [], path
        assert re.findall(rb"\.(?:com|org|net|edu|gov|info|io|dev|de|eu|uk|us|fr)\b", text) == [], path


def test_the_ongoing_night_is_the_same_night_cut_short(made, ongoing):
    whole, part = table_sends(made / "plain"), table_sends(ongoing / "plain")
    cut_at = milliseconds(truth_of(ongoing)["period"]["until"]) - 15_000  # no new mail in a log's last seconds
    assert part == Counter({send: copies for send, copies in whole.items() if send[0] < cut_at})
    assert postfix_sends(ongoing / "postfix") == ses_sends(ongoing / "ses") == part
    burst = burst_in(ongoing, "founding-night")
    assert burst["recipients"] == 51
    assert 1000 < burst["excess"] < burst_in(made, "founding-night")["excess"]


def test_short_queue_ids_are_used_again_but_never_by_two_messages_at_once(tmp_path):
    style = PostfixStyle(stamps="traditional", queue_ids="short")
    simulate("founding-night", format="postfix", seed=SEED, out=tmp_path, style=style)
    newest_first = sorted(tmp_path.glob("mail.log*"), key=lambda path: len(path.name))
    log = [line for path in reversed(newest_first) for line in content(path).decode().splitlines()]
    assert all(re.match(r"Oct [ \d]\d \d\d:\d\d:\d\d mx1 ", line) for line in log)
    alive, lives = set(), Counter()
    for line in log:
        queue = line[16:].split(" ")[2]
        if ": client=" in line:
            assert queue not in alive
            alive.add(queue)
            lives[queue] += 1
        elif line.endswith(": removed"):
            alive.discard(queue)
    assert lives.total() == truth_of(tmp_path)["totals"]["messages"]
    assert max(lives.values()) > 1


def test_an_ordinary_month_has_look_alikes_and_no_fault(tmp_path):
    simulate("ordinary-month", format="plain", seed=SEED, out=tmp_path)
    assert not any(burst["is_fault"] for burst in truth_of(tmp_path)["bursts"])
    sent = [row for row in table_rows(tmp_path) if row["event"] == "sent"]
    cohort = [row for row in sent if row["subject"] == "Welcome to Data Protection in Practice"]
    busiest = Counter(row["timestamp"][:10] for row in cohort).most_common(1)[0]
    assert busiest[0] == "2026-10-08" and busiest[1] >= 500
    assert Counter(row["recipient"] for row in sent).most_common(1)[0][0] == "info@academy.example"
    same_day = Counter((row["recipient"], row["subject"], row["timestamp"][:10]) for row in sent)
    most = {subject: copies for (_, subject, _), copies in sorted(same_day.items(), key=lambda item: item[1])}
    assert most["Your sign-in code"] > 5
    assert most["Your daily digest"] == 1
    assert any(subject.startswith("Re: [") and copies > 2 for subject, copies in most.items())
    a_minute = Counter((row["recipient"], row["timestamp"][:15]) for row in sent if row["template"] == "welcome")
    assert max(a_minute.values()) >= 5


def test_many_faults_has_one_burst_of_each_kind(many_faults):
    bursts = truth_of(many_faults)["bursts"]
    assert sorted(burst["cause"] for burst in bursts) == [
        "deliberate-resend",
        "per-subscription-loop",
        "redelivery-timer",
        "replicated-scheduler",
        "restart-from-top",
        "scheduled-repeat",
        "single-recipient-flood",
        "whole-group-loop",
    ]
    assert [burst["cause"] for burst in bursts if not burst["is_fault"]] == ["deliberate-resend"]


def test_a_fault_may_hit_two_clients(tmp_path):
    simulate("two-clients", format="plain", seed=SEED, out=tmp_path)
    people = Counter(person["organization"] for person in burst_in(tmp_path, "two-clients")["affected"])
    assert people == {"Harbor Freightways": 51, "Larkspur Dental Group": 8}


def test_every_fault_can_be_counted_in_the_table(many_faults):
    sent = [row for row in table_rows(many_faults) if row["event"] == "sent"]
    copies = Counter((row["recipient"], row["subject"]) for row in sent)
    for burst in truth_of(many_faults)["bursts"]:
        counted = Counter()
        for person in burst["affected"]:
            counted[person["recipient"]] = sum(copies[person["recipient"], subject] for subject in burst["subjects"])
        assert counted == {person["recipient"]: person["sends"] for person in burst["affected"]}, burst["name"]
        assert counted.total() == burst["sends"]
        assert burst["first_sent_at"] < burst["started_at"] <= burst["ended_at"]


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="founding-night, "):
        simulate("founding-nite", format="plain", seed=1, out=tmp_path)
    with pytest.raises(ConfigError, match="postfix, ses, plain"):
        simulate("ordinary-month", format="qmail", seed=1, out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "mail.log").write_text("a real log\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="not empty"):
        simulate("ordinary-month", format="postfix", seed=1, out=tmp_path)
    assert (tmp_path / "mail.log").read_text(encoding="utf-8") == "a real log\n"


def test_the_readme_of_the_samples_gives_the_true_numbers():
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    truth, burst = truth_of(SAMPLES), burst_in(SAMPLES, "founding-night")
    for number in (truth["totals"]["messages"], truth["totals"]["sends"], burst["sends"], burst["excess"]):
        assert f"{number:,}" in readme
    for moment in (burst["first_sent_at"], burst["started_at"], burst["ended_at"]):
        assert moment in readme


def test_the_readme_of_the_samples_names_every_scenario():
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in SCENARIOS if f"`{name}`" not in readme] == []
