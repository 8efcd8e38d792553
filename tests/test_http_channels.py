"""Channels over HTTP against real servers on the loopback: what arrives, what is known afterwards, what never leaks."""

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from detector.channel_settings import Channels, Folder, Heartbeat, PagerDuty, Slack, Teams, Webhook
from detector.channels import deliver, destination
from detector.config import load_config
from detector.credentials import secret
from detector.errors import ChannelError, ConfigError
from detector.heartbeat import ping
from detector.notice_record import Alert

AS_OF = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
NASTY = "51 people got \u201c<!channel> *Hi* [x](https[:]//evil) & <@U1> :bomb:\u201d."
ALERT = Alert(
    notice_key="INC-7F3K.opened.1",
    incident_id="INC-7F3K",
    kind="opened",
    subject="[detector INC-7F3K] Duplicate mail",
    text="OPENED\n",
    html="<p>OPENED</p>",
    lines=("OPENED - still going", NASTY, "70 copies each.", "Open the brief: /srv/brief.html"),
    severity="grave",
    figures={"recipients": 51, "excess": 3519},
)
SECRETS = {
    "DETECTOR_WEBHOOK_SECRET": "hush",
    "DETECTOR_PAGERDUTY_KEY": "R0UT1NG",
}


class Stub:
    """An HTTP server of a few lines that keeps each request, and answers or misbehaves as it is told."""

    def __init__(self, answer: bytes = b"200 OK", at: str = "") -> None:
        self.answer, self.at = answer, at
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    def __enter__(self) -> "Stub":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/hook/SeCrEt?x=1"
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _listen(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            with link:
                link.settimeout(3)
                try:
                    self._talk(link)
                except OSError:
                    continue

    def _talk(self, link: socket.socket) -> None:
        if self.at == "connect":
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return
        content = b""
        while b"\r\n\r\n" not in content:
            content += link.recv(65536)
        head, _, body = content.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        while len(body) < int(headers["Content-Length"]):
            body += link.recv(65536)
        self.requests.append((first, headers, body))
        if self.at == "body":
            return
        if self.at == "silence":
            time.sleep(1.5)
            return
        if self.at == "drip":
            for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 40:
                link.sendall(bytes([byte]))
                time.sleep(0.1)
            return
        link.sendall(b"HTTP/1.1 " + self.answer + b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as server:
        yield server


def channels(url: str, name: str = "webhook", seconds: float = 5.0) -> Channels:
    sections: dict[str, Any] = {
        "webhook": Webhook(url=url, timeout_seconds=seconds),
        "slack": Slack(timeout_seconds=seconds),
        "teams": Teams(timeout_seconds=seconds),
        "pagerduty": PagerDuty(url=url, timeout_seconds=seconds),
    }
    return Channels(**{name: sections[name]})


@pytest.fixture
def send(monkeypatch) -> Callable[..., None]:
    def by(name: str, server: Stub, alert: Alert = ALERT, seconds: float = 5.0) -> None:
        for key, value in {**SECRETS, "DETECTOR_SLACK_URL": server.url, "DETECTOR_TEAMS_URL": server.url}.items():
            monkeypatch.setenv(key, value)
        deliver(name, alert, channels(server.url, name, seconds), state=Path("unused"), as_of=AS_OF)

    return by


def test_a_webhook_gets_json_with_its_key_and_a_signature_over_the_very_bytes(send, stub):
    send("webhook", stub)
    ((first, headers, body),) = stub.requests
    assert first == "POST /hook/SeCrEt?x=1 HTTP/1.1"
    assert headers["Idempotency-Key"] == "INC-7F3K.opened.1"
    assert headers["X-Detector-Signature"] == "sha256=" + hmac.new(b"hush", body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert (told["schema_version"], told["kind"], told["subject"], told["severity"]) == (
        1,
        "opened",
        "INC-7F3K",
        "grave",
    )
    assert told["figures"] == {"recipients": 51, "excess": 3519}


def test_slack_gets_plain_text_in_which_nothing_acts(send, stub):
    send("slack", stub)
    told = json.loads(stub.requests[0][2])
    texts = [block["text"] for block in told["blocks"] if "text" in block]
    assert {(text["type"], text["emoji"]) for text in texts} == {("plain_text", False)}
    assert NASTY in [text["text"] for text in texts]
    assert "<" not in told["text"]


def test_teams_gets_a_card_of_text_runs_in_which_nothing_acts(send, stub):
    send("teams", stub)
    told = json.loads(stub.requests[0][2])
    (attachment,) = told["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert {part["type"] for part in card["body"]} == {"RichTextBlock"}, "a TextBlock would read Markdown"
    assert NASTY in [run["text"] for part in card["body"] for run in part["inlines"]]


def test_a_pager_is_rung_taken_on_and_silenced_under_one_key(send, stub):
    send("pagerduty", stub)
    send("pagerduty", stub, Alert(**{**vars(ALERT), "kind": "acknowledged"}))
    send("pagerduty", stub, Alert(**{**vars(ALERT), "kind": "stopped", "is_over": True}))
    events = [json.loads(body) for _, _, body in stub.requests]
    assert [event["event_action"] for event in events] == ["trigger", "acknowledge", "resolve"]
    assert {event["dedup_key"] for event in events} == {"detector/INC-7F3K"}
    assert {event["routing_key"] for event in events} == {"R0UT1NG"}
    assert (events[0]["payload"]["severity"], events[0]["payload"]["source"]) == ("critical", "detector")
    assert events[0]["payload"]["summary"].startswith("OPENED - still going. 51 people got")


@pytest.mark.parametrize("name", ["webhook", "slack", "teams", "pagerduty"])
@pytest.mark.parametrize(
    ("answer", "outcome", "permanent"),
    [
        (b"302 Found\r\nLocation: http://127.0.0.1:9/", "not_sent", True),
        (b"400 Bad", "not_sent", True),
        (b"404 Gone", "not_sent", True),
        (b"429 Slow down", "not_sent", False),
        (b"503 Busy", "not_sent", False),
        (b"500 Oops", "unknown", False),
        (b"504 Late", "unknown", False),
    ],
)
def test_each_answer_has_its_verdict_and_nothing_is_tried_twice(name, answer, outcome, permanent, send, stub):
    stub.answer = answer
    with pytest.raises(ChannelError) as caught:
        send(name, stub)
    assert (caught.value.outcome, caught.value.permanent) == (outcome, permanent)
    assert len(stub.requests) == 1
    assert "SeCrEt" not in str(caught.value), "addresses of chats are secrets"
    assert "R0UT1NG" not in str(caught.value)


@pytest.mark.parametrize(("at", "outcome"), [("body", "unknown"), ("silence", "unknown"), ("drip", "unknown")])
def test_what_breaks_off_after_the_last_byte_is_unknown_within_the_time(at, outcome, send):
    with Stub(at=at) as stub:
        begun = time.monotonic()
        with pytest.raises(ChannelError) as caught:
            send("webhook", stub, seconds=0.5)
        assert caught.value.outcome == outcome
        assert time.monotonic() - begun < 2
        assert len(stub.requests) == 1


def test_a_server_that_is_not_there_has_accepted_nothing(send, stub):
    stub.__exit__()
    with pytest.raises(ChannelError) as caught:
        send("slack", stub)
    assert (caught.value.outcome, caught.value.permanent) == ("not_sent", False)
    stub.__enter__()  # so that the fixture can end it


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://x", "https://", "https://a b/", "https://x/\r\nX: y"])
def test_no_secret_crosses_the_net_in_the_clear(url, monkeypatch):
    monkeypatch.setenv("DETECTOR_SLACK_URL", url)
    with pytest.raises(ChannelError, match=r"its address (is no address|must begin)") as caught:
        deliver("slack", ALERT, Channels(slack=Slack()), state=Path("unused"), as_of=AS_OF)
    assert caught.value.outcome == "not_sent"


def test_a_config_with_an_address_in_the_clear_is_refused(tmp_path):
    (tmp_path / "detector.toml").write_text('[channels.webhook]\nurl = "http://alerts.example.com/"\n')
    with pytest.raises(ConfigError, match="must begin with https://"):
        load_config(tmp_path / "detector.toml")


def test_secrets_come_from_the_environment_or_a_file_that_nobody_else_can_read(tmp_path, monkeypatch):
    file = tmp_path / "secrets.toml"
    file.write_text('DETECTOR_SLACK_URL = "https://from-file.example/"\n')
    file.chmod(0o644)
    with pytest.raises(ChannelError, match="chmod 600"):
        secret("DETECTOR_SLACK_URL", file)
    file.chmod(0o600)
    assert secret("DETECTOR_SLACK_URL", file) == "https://from-file.example/"
    monkeypatch.setenv("DETECTOR_SLACK_URL", "https://from-environment.example/")
    assert secret("DETECTOR_SLACK_URL", file) == "https://from-environment.example/"
    file.write_text("DETECTOR_SLACK_URL = hush hush\n")
    with pytest.raises(ChannelError) as caught:
        secret("OTHER", file)
    assert "hush" not in str(caught.value)


def test_a_corrected_address_is_another_destination(monkeypatch):
    monkeypatch.setenv("DETECTOR_SLACK_URL", "https://one.example/")
    one = destination("slack", Channels(slack=Slack()))
    monkeypatch.setenv("DETECTOR_SLACK_URL", "https://two.example/")
    assert destination("slack", Channels(slack=Slack())) != one
    assert destination("folder", Channels(folder=Folder(path=Path("a")))) != destination("folder", Channels())


def test_apprise_says_what_to_install_or_that_mail_is_not_its_business(monkeypatch):
    monkeypatch.setenv("DETECTOR_APPRISE_URLS", "mailto://x:y@example.com")
    with pytest.raises(ChannelError, match=r"pip install apprise|mail goes through \[channels.smtp\]") as caught:
        deliver("apprise", ALERT, Channels.model_validate({"apprise": {}}), state=Path("unused"), as_of=AS_OF)
    assert caught.value.outcome == "not_sent"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of its own plugins
def test_apprise_posts_once_to_a_real_server(send, stub, monkeypatch):
    pytest.importorskip("apprise", reason="the extra [notify] is not installed")
    host = stub.url.removeprefix("http://").partition("/")[0]
    monkeypatch.setenv("DETECTOR_APPRISE_URLS", f"json://{host}/hook")
    config = Channels.model_validate({"apprise": {}})
    deliver("apprise", ALERT, config, state=Path("unused"), as_of=AS_OF)
    assert len(stub.requests) == 1
    stub.answer = b"500 Oops"
    with pytest.raises(ChannelError) as caught:
        deliver("apprise", ALERT, config, state=Path("unused"), as_of=AS_OF)
    assert (caught.value.outcome, len(stub.requests)) == ("unknown", 2)


# --- the dead man's switch -------------------------------------------------------------------------------------------


def test_the_switch_hears_of_beginning_and_end_and_its_failure_is_only_said(stub):
    switch = Heartbeat(url=stub.url.partition("?")[0])
    assert [ping(switch, event, "exit code 0") for event in ("start", "success", "fail")] == ["", "", ""]
    assert [first.split()[1] for first, _, _ in stub.requests] == [
        "/hook/SeCrEt/start", "/hook/SeCrEt", "/hook/SeCrEt/fail",
    ]  # fmt: skip
    stub.answer = b"404 Not found"
    said = ping(switch, "success")
    assert said.startswith("the dead man's switch could not be told of the success: heartbeat 127.0.0.1: answered 404")
    assert "SeCrEt" not in said
    assert ping(Heartbeat(url=stub.url, start_url=""), "start") == ""
    assert len(stub.requests) == 4
