"""Channels against real sockets on the loopback: what arrives, what is said about it, and what never leaks.

`FaultyRelay` is a mail relay that misbehaves at one named phase. It counts what it stored, so that each verdict is
compared with the truth. The order of phases is that of the wire; the mail is stored between "dot" and "reply".
"""

import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.channel_settings import Channels, Folder, Smtp
from detector.channels import CHANNELS, deliver, mail_bytes, message, smtp
from detector.channels.message import compose, key_token
from detector.channels.smtp import CREDENTIAL
from detector.errors import ChannelError
from detector.notice_record import Alert

AS_OF = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
HOST = "127.0.0.1"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
ALERT = Alert(
    notice_key="INC-7F3K.opened.1",
    incident_id="INC-7F3K",
    kind="opened",
    subject="[detector INC-7F3K] acme.example: the same mail was sent repeatedly",
    text="OPENED - still sending\n.\n..two dots\n51 people, 3,519 extra copies\n",
    html='<!doctype html><html><body><p>51 people</p><img src="cid:chart" alt="copies over time"></body></html>',
    chart_png=PNG,
    chart_alt="copies over time",
)
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "List-Id", "Auto-Submitted",
    "X-Auto-Response-Suppress", "X-Detector-Incident", "X-Detector-Kind", "MIME-Version", "Content-Type",
]  # fmt: skip


# --- relays ----------------------------------------------------------------------------------------------------------


class Sink:
    """An honest relay: aiosmtpd keeping what it was given."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []
        self.recipients: list[list[str]] = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.contents.append(envelope.original_content)
        self.recipients.append(envelope.rcpt_tos)
        return "250 OK"


class CutError(Exception):
    """The relay leaves in the middle of the dialogue."""


class FaultyRelay:
    """Speaks SMTP one client at a time and misbehaves at one phase, in one manner: close, reset or silence."""

    def __init__(self, phase="", manner="close", *, replies=None, tls=None, implicit=False, offers=("AUTH PLAIN",)):
        self.phase, self.manner, self.replies = phase, manner, replies or {}
        self.tls, self.implicit, self.offers = tls, implicit, offers
        self.stored: list[bytes] = []
        self.heard: list[str] = []
        self.connections = 0
        self._over = threading.Event()

    def __enter__(self):
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()
        assert not self._thread.is_alive()

    def _listen(self):
        while True:
            try:
                self._sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sock.settimeout(5)
            with suppress(CutError, OSError):
                self._talk()
            self._sock.close()

    def _talk(self):
        if self.implicit:
            self._sock = self.tls.wrap_socket(self._sock, server_side=True)
        self._buffer = b""
        self._pass("connect")
        self._say("banner", "220 relay.example ESMTP")
        while True:
            line = self._line().decode()
            verb = line.split(" ")[0].upper().replace("HELO", "EHLO")
            self.heard.append(line)
            if verb == "EHLO":
                offers = ["relay.example", *self.offers, *(["STARTTLS"] if self.tls and not self.implicit else [])]
                self._say(
                    verb, "\r\n".join(f"250{' ' if n == len(offers) else '-'}{o}" for n, o in enumerate(offers, 1))
                )
            elif verb == "STARTTLS":
                self._say(verb, "220 go ahead")
                self._sock = self.tls.wrap_socket(self._sock, server_side=True)
                self._buffer = b""
            elif verb == "DATA":
                self._say(verb, "354 go on")
                self._store()
            else:
                self._say(verb, {"AUTH": "235 welcome", "QUIT": "221 bye"}.get(verb, "250 fine"))
            if verb == "QUIT":
                return

    def _store(self):
        self._pass("payload")
        content = b""
        while (line := self._line()) != b".":
            content += line.removeprefix(b".") + b"\r\n"
        self._pass("dot")
        if not self.replies.get("reply", "250").startswith(("4", "5")):
            self.stored.append(content)
        self._say("reply", "250 stored")

    def _say(self, phase, text):
        self._pass(phase)
        self._sock.sendall(self.replies.get(phase, text).encode() + b"\r\n")

    def _pass(self, phase):
        """Go on, unless this is the phase at which to leave, or to fall silent until the client has given up."""
        if phase != self.phase:
            return
        if self.manner == "reset":
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if self.manner == "silence":
            self._over.wait(10)
        raise CutError

    def _line(self):
        while b"\r\n" not in self._buffer:
            block = self._sock.recv(65536)
            if not block:
                raise CutError
            self._buffer += block
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    handler = Sink()
    controller = Controller(handler, hostname=HOST, port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A function giving (certificate file, server context) for a name; signed by itself, so trusted by nobody."""
    if not shutil.which("openssl"):
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")

    def make(names):
        key, cert = folder / f"{names[-5:]}.key", folder / f"{names[-5:]}.crt"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={names}"]
        subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True, timeout=30)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return cert, context

    made = {names: make(names) for names in ("IP:127.0.0.1", "DNS:other.example")}
    return made.__getitem__


def through(port: int, **changes) -> Smtp:
    """A relay on this port; plain, and patient for two seconds unless said otherwise."""
    section = {"host": HOST, "port": port, "tls": "none", "timeout_seconds": 2.0}
    return Smtp(**section | {"from": "burst@example.org", "to": ("support@example.org",)} | changes)


def by_smtp(port: int, alert: Alert = ALERT, **changes) -> tuple[str, ...]:
    return deliver("smtp", alert, Channels(smtp=through(port, **changes)), state=Path("unused"), as_of=AS_OF)


def failure(port: int, **changes) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        by_smtp(port, **changes)
    return caught.value


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, _class=EmailMessage, policy=SMTP)


def said(part: EmailMessage) -> str:
    return part.get_content().replace("\r\n", "\n")


def mail(alert: Alert = ALERT, sender: str = "burst@example.org") -> bytes:
    return compose(alert, from_address=sender, to=("support@example.org",), as_of=AS_OF)


# --- the mail --------------------------------------------------------------------------------------------------------


def test_the_same_notice_is_the_same_bytes():
    assert mail() == mail()
    assert mail() != mail(replace(ALERT, notice_key="INC-7F3K.opened.2"))


def test_an_alert_is_text_first_then_html_with_its_chart_inside():
    message = parsed(mail())
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    text, related = message.iter_parts()
    page, image = related.iter_parts()
    assert said(text) == ALERT.text
    assert image.get_content() == PNG
    assert image["Content-ID"][1:-1] in re.findall(r'src="cid:([^"]+)"', said(page))
    assert message.keys() == HEADERS
    assert [part.defects for part in message.walk()] == [[]] * 5


def test_the_headers_say_who_wrote_it_and_which_thread_it_belongs_to():
    message = parsed(mail())
    assert message["Message-ID"] == "<inc-7f3k.opened.1@example.org>"
    assert message["References"] == message["In-Reply-To"] == "<inc-7f3k.thread@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["List-Id"] == "Mail burst watch <detector.example.org>"
    assert (message["X-Detector-Incident"], message["X-Detector-Kind"]) == ("INC-7F3K", "opened")
    assert message["Subject"] == ALERT.subject
    assert message["From"] == "Mail burst watch <burst@example.org>"


def test_the_date_is_the_night_and_not_the_clock():
    assert parsed(mail())["Date"] == "Mon, 02 Mar 2026 02:00:00 +0000"


def test_a_chart_the_page_does_not_mention_is_shown_at_its_end():
    alert = replace(ALERT, html="<html><body><p>51 people</p></body></html>", chart_alt='a "b" <c>')
    page = said(list(parsed(mail(alert)).walk())[3])
    assert 'alt="a &quot;b&quot; &lt;c&gt;"></p>\n</body></html>' in page


def test_without_a_chart_and_without_a_page_there_are_only_the_parts_there_are():
    types = [part.get_content_type() for part in parsed(mail(replace(ALERT, chart_png=b""))).walk()]
    assert types == ["multipart/alternative", "text/plain", "text/html"]
    assert parsed(mail(replace(ALERT, html="", chart_png=b""))).get_content_type() == "text/plain"


def test_every_line_is_short_and_seven_bit_so_that_no_relay_rewrites_it():
    alert = replace(ALERT, text="ü" * 5000 + "\n" + "x" * 5000, html="<p>" + "é" * 5000)
    content = mail(alert)
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_ids_stay_plain_however_long_the_senders_domain_or_the_key_is():
    for domain in ("a" * 38 + ".example", "a" * 60 + "." + "b" * 60 + ".example"):
        content = mail(replace(ALERT, notice_key="INC-7F3K.opened." + "1" * 99, incident_id="INC-" + "9" * 99))
        content += mail(sender=f"burst@{domain}")
        assert b"=?" not in content.replace(b"?=_", b"").partition(b"--=_")[0]


HOSTILE = [
    "=?utf-8?q?x=0D=0ABcc=3A_evil=40example=2Enet?=",
    "=?utf-8?b?eA0KQmNjOiBldmlsQGV4YW1wbGUubmV0?=",
    "=?utf-7?q?+AA0ACg-Bcc: evil@example.net?=",
    "Welcome\r\nBcc: evil@example.net",
    "Welcome\nBcc: evil@example.net",
    "Welcome\rBcc: evil@example.net",
    "Welcome\x0bBcc: evil@example.net\x85X: y\u2028Z: 1",
    "Welcome\r\n\r\n--=_\r\nContent-Type: text/html\r\n\r\n<script>",
    "\u202egnp.exe\u202c",
    "\x1b[31mred\x1b]0;title\x07",
    "a\x00b\ud800c",
    "<script>alert(1)</script>",
    "x" * 70_000,
    "../../etc/passwd",
    "From nobody Mon Mar  2\n.\nQUIT",
    '"><img src="cid:else"><a href="javascript:1">',
    " leading and trailing ",
    "",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", ["subject", "text", "html", "chart_alt", "notice_key", "incident_id", "kind"])
def test_no_text_becomes_a_header_or_a_part(name, text):
    if name == "html" and not text:
        return
    message = parsed(mail(replace(ALERT, **{name: text})))
    assert message.keys() == HEADERS
    assert len(list(message.walk())) == 5
    assert str(message["To"]) == "support@example.org"
    shown = "".join(f"{value}" for value in message.values())
    assert shown.isprintable()
    assert "evil" not in str(message["Subject"])


@given(st.text(max_size=200))
@settings(max_examples=80, deadline=None)
def test_any_subject_gives_the_same_headers(text):
    assert parsed(mail(replace(ALERT, subject=text, chart_png=b""))).keys() == HEADERS


def test_a_mail_that_reads_back_differently_is_not_sent(monkeypatch):
    real = EmailMessage.as_bytes
    monkeypatch.setattr(EmailMessage, "as_bytes", lambda self: b"Bcc: evil@example.net\r\n" + real(self))
    with pytest.raises(ChannelError, match="reads back with other headers") as caught:
        mail()
    assert (caught.value.outcome, caught.value.permanent) == ("not_sent", False)


def test_this_python_cannot_be_tricked_even_without_the_allow_list(monkeypatch):
    """CVE-2024-6923: a Python that has it is stopped by reading back, one that has not writes what was meant."""
    monkeypatch.setattr(message, "_subject", lambda alert: HOSTILE[0])
    with suppress(ChannelError):
        assert parsed(mail()).keys() == HEADERS


def test_a_name_in_another_script_is_a_good_subject():
    subject = "[detector INC-7F3K] Akademie München, Ελλάδα, 東京: the same mail was sent repeatedly"
    assert parsed(mail(replace(ALERT, subject=subject)))["Subject"] == subject


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b\r\nBcc: c@d", "a@example.org, b@example.org", "=?utf-8?q?a?=@example.org", "a b@example.org"],
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(address):
    with pytest.raises(ChannelError, match="is not an address") as caught:
        compose(ALERT, from_address=address, to=("support@example.org",), as_of=AS_OF)
    assert caught.value.outcome == "not_sent"


def test_a_key_with_odd_characters_still_has_a_name_of_its_own():
    assert key_token("INC-7F3K.opened.1") == "inc-7f3k.opened.1"
    odd = ["INC-7F3K/opened/1", "INC-7F3K opened 1", "../x", "..", "", "a" * 300, "CON\x00", ".hidden"]
    tokens = {key_token(key) for key in odd}
    assert len(tokens) == len(odd)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{11,27}", token) for token in tokens)


# --- the folder ------------------------------------------------------------------------------------------------------


def test_the_folder_gets_one_private_file_named_after_the_notice(tmp_path):
    assert deliver("folder", ALERT, Channels(), state=tmp_path, as_of=AS_OF) == ()
    [path] = (tmp_path / "alerts").iterdir()
    assert path.name == "inc-7f3k.opened.1.eml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.read_bytes() == mail_bytes(ALERT, Channels(), AS_OF)
    assert parsed(path.read_bytes())["Message-ID"] == "<inc-7f3k.opened.1@detector.invalid>"


def test_a_file_that_is_there_counts_as_delivered_and_is_left_alone(tmp_path):
    config = Channels(folder=Folder(path=tmp_path))
    (tmp_path / "inc-7f3k.opened.1.eml").write_text("read and annotated")
    deliver("folder", ALERT, config, state=tmp_path, as_of=AS_OF)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["read and annotated"]


def test_what_a_killed_run_left_unfinished_is_cleared_away(tmp_path):
    (tmp_path / ".inc-7f3k.opened.1.eml.tmp").write_text("half")
    deliver("folder", ALERT, Channels(folder=Folder(path=tmp_path)), state=tmp_path, as_of=AS_OF)
    assert [path.name for path in tmp_path.iterdir()] == ["inc-7f3k.opened.1.eml"]


def test_a_folder_that_cannot_be_written_is_not_sent_and_may_be_tried_again(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    config = Channels(folder=Folder(path=tmp_path))
    with monkeypatch.context() as patch, pytest.raises(ChannelError, match="No space left") as caught:
        patch.setattr(os, "fsync", full)
        deliver("folder", ALERT, config, state=tmp_path, as_of=AS_OF)
    assert (caught.value.outcome, caught.value.permanent) == ("not_sent", False)
    assert list(tmp_path.iterdir()) == []
    deliver("folder", ALERT, config, state=tmp_path, as_of=AS_OF)


def test_the_folder_writes_through_no_link(tmp_path):
    (tmp_path / "alerts").mkdir()
    (tmp_path / "alerts/inc-7f3k.opened.1.eml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ChannelError, match="no file"):
        deliver("folder", ALERT, Channels(), state=tmp_path, as_of=AS_OF)
    assert not (tmp_path / "elsewhere").exists()


# --- the relay -------------------------------------------------------------------------------------------------------


def test_a_mail_arrives_byte_for_byte_once_for_all_recipients(sink, tmp_path):
    handler, port = sink
    to = ("Support <support@example.org>", "dev@example.org")
    assert by_smtp(port, to=to) == ()
    assert handler.recipients == [["support@example.org", "dev@example.org"]]
    config = Channels(smtp=Smtp(host=HOST, **{"from": "burst@example.org", "to": to}))
    deliver("folder", ALERT, config, state=tmp_path, as_of=AS_OF)
    assert handler.contents == [(tmp_path / "alerts/inc-7f3k.opened.1.eml").read_bytes()]


def test_lines_of_dots_do_not_end_the_mail(sink):
    handler, port = sink
    text = "\n".join(["."] * 50 + ["..", ".x", "", "QUIT"]) + "\n"
    by_smtp(port, replace(ALERT, text=text))
    assert said(next(parsed(handler.contents[0]).iter_parts())) == text


BEFORE_THE_DOT = ["connect", "banner", "EHLO", "MAIL", "RCPT", "DATA", "payload"]


@pytest.mark.parametrize("manner", ["close", "reset", "silence"])
@pytest.mark.parametrize(
    ("phase", "verdict", "copies"),
    [(phase, "not_sent", 0) for phase in BEFORE_THE_DOT]
    + [("dot", "unknown", 0), ("reply", "unknown", 1), ("QUIT", "sent", 1)],
)
def test_a_relay_that_leaves_at_any_phase_gets_the_right_verdict(phase, verdict, copies, manner):
    patience = 0.5 if manner == "silence" else 5.0
    size = 200_000 if phase == "payload" else 10  # more than the sockets of both sides can swallow unread
    with FaultyRelay(phase, manner) as relay:
        try:
            assert smtp.deliver((b"x" * 98 + b"\r\n") * size, through(relay.port, timeout_seconds=patience)) == ()
            result = "sent"
        except ChannelError as error:
            result = error.outcome
            assert not error.permanent
    assert (result, len(relay.stored), relay.connections) == (verdict, copies, 1)


@pytest.mark.parametrize(
    ("phase", "reply", "permanent"),
    [
        ("banner", "421 busy", False),
        ("banner", "554 go away", False),
        ("EHLO", "421 busy", False),
        ("MAIL", "451 later", False),
        ("MAIL", "550 not you", True),
        ("RCPT", "450 later", False),
        ("RCPT", "550 no such user", True),
        ("DATA", "451 later", False),
        ("DATA", "554 no", True),
        ("reply", "421 closing", False),
        ("reply", "452 disk full", False),
        ("reply", "550 spam", True),
        ("reply", "552 too large", True),
    ],
)
def test_a_refusal_is_not_sent_and_the_reply_code_tells_whether_for_good(phase, reply, permanent):
    with FaultyRelay(replies={phase: reply}) as relay:
        error = failure(relay.port)
    assert (error.outcome, error.permanent, relay.stored) == ("not_sent", permanent, [])
    assert reply.split()[0] in str(error)


@pytest.mark.parametrize("reply", ["", "999 what", "hello", "354 more", "25", "\x00\xff"])
def test_a_reply_to_the_dot_that_is_none_is_unknown(reply):
    with FaultyRelay(replies={"reply": reply}) as relay:
        assert failure(relay.port, timeout_seconds=0.5).outcome == "unknown"
    assert len(relay.stored) == 1


def test_a_slow_filter_after_the_dot_is_still_sent():
    class Slow(FaultyRelay):
        def _pass(self, phase):
            time.sleep(0.6 if phase in {"banner", "reply"} else 0)

    with Slow() as relay:
        assert by_smtp(relay.port, timeout_seconds=1.0) == ()
    assert len(relay.stored) == 1


def test_one_refused_recipient_is_named_and_the_others_get_their_alert(sink):
    handler, port = sink

    async def refuse_dev(server, session, envelope, address, options):
        if address.startswith("dev"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    handler.handle_RCPT = refuse_dev
    [remark] = by_smtp(port, to=("support@example.org", "dev@example.org", "lead@example.org"))
    assert remark == "dev@example.org was refused (the relay answered 550 no such user)"
    assert handler.recipients == [["support@example.org", "lead@example.org"]]


@pytest.mark.parametrize(("second", "permanent"), [("450 later", False), ("550 no such user", True)])
def test_all_refused_is_for_good_only_if_each_of_them_is(second, permanent, sink):
    handler, port = sink
    replies = iter(["550 no such user", second])

    async def refuse(server, session, envelope, address, options):
        return next(replies)

    handler.handle_RCPT = refuse
    error = failure(port, to=("support@example.org", "dev@example.org"))
    assert (error.outcome, error.permanent) == ("not_sent", permanent)


def test_nobody_at_home_is_not_sent():
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    assert failure(port).outcome == "not_sent"


@pytest.mark.parametrize("torrent", [b"2", b"250-more\r\n" * 1000])
def test_a_relay_that_drips_or_never_ends_is_left_within_the_time_limit(torrent):
    class Endless(FaultyRelay):
        def _pass(self, phase):
            while True:
                self._sock.sendall(torrent)
                time.sleep(0.05 if len(torrent) == 1 else 0)

    with Endless() as relay:
        begun = time.monotonic()
        error = failure(relay.port, timeout_seconds=0.5)
    assert error.outcome == "not_sent"
    assert ("endless reply" in str(error)) == (len(torrent) > 1)
    assert time.monotonic() - begun < 2


def test_what_a_relay_says_cannot_act_on_a_terminal():
    with FaultyRelay(replies={"MAIL": "550 \x1b[31m" + "x" * 5000}) as relay:
        message = str(failure(relay.port))
    assert message.isprintable()
    assert len(message) < 400


# --- encryption and login --------------------------------------------------------------------------------------------


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv(CREDENTIAL, "s3cret-word")
    return "s3cret-word"


def test_a_relay_without_starttls_gets_neither_password_nor_mail(password):
    with FaultyRelay() as relay:
        error = failure(relay.port, tls="starttls", username="burst")
    assert (error.outcome, error.permanent) == ("not_sent", False)
    assert [line.split()[0] for line in relay.heard] == ["ehlo"]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("why", ["nobody vouches for it", "it names another host"])
def test_a_certificate_that_proves_nothing_gets_neither_password_nor_mail(tls, why, certificate, password, monkeypatch):
    cert, context = certificate("DNS:other.example")
    if why == "it names another host":
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with FaultyRelay(tls=context, implicit=tls == "implicit") as relay:
        error = failure(relay.port, tls=tls, username="burst")
    assert (error.outcome, error.permanent) == ("not_sent", False)
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert not [line for line in relay.heard if line.split()[0].upper() in {"AUTH", "MAIL"}]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_trusted_relay_gets_the_password_inside_the_encryption(tls, certificate, password, monkeypatch):
    cert, context = certificate("IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with FaultyRelay(tls=context, implicit=tls == "implicit") as relay:
        assert by_smtp(relay.port, tls=tls, username="burst") == ()
    verbs = [line.split()[0].upper() for line in relay.heard]
    opening = ["EHLO", "STARTTLS", "EHLO"] if tls == "starttls" else ["EHLO"]
    assert verbs == [*opening, "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
    assert len(relay.stored) == 1


def test_words_slipped_in_before_the_encryption_are_forgotten(certificate, monkeypatch):
    cert, context = certificate("IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    slipped_in = "220 go ahead\r\n250 fine\r\n250 fine\r\n250 fine\r\n354 go on\r\n250 stored"
    with FaultyRelay(tls=context, replies={"STARTTLS": slipped_in}) as relay:
        try:
            by_smtp(relay.port, tls="starttls")
            result = "sent"
        except ChannelError as error:
            result = error.outcome
    assert (result, len(relay.stored)) in {("sent", 1), ("not_sent", 0)}


def test_a_real_relay_takes_the_mail_after_starttls_and_login(certificate, monkeypatch):
    """aiosmtpd as a strict relay: no mail without encryption, none without the right password."""
    cert, context = certificate("IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    monkeypatch.setenv(CREDENTIAL, "hush")
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]

    def authenticator(server, session, envelope, mechanism, given):
        return AuthResult(success=given == LoginPassword(b"burst", b"hush"))

    sink = Sink()
    options = {"tls_context": context, "require_starttls": True, "authenticator": authenticator, "auth_required": True}
    controller = Controller(sink, hostname=HOST, port=port, **options)
    controller.start()
    try:
        assert by_smtp(port, tls="starttls", username="burst") == ()
        smtp.log_in(through(port, tls="starttls", username="burst"), "hush")
        assert len(sink.contents) == 1, "looking whether one may log in sends nothing"
        monkeypatch.setenv(CREDENTIAL, "wrong")
        refused = [failure(port, tls="starttls", username="burst", timeout_seconds=0.5), failure(port, tls="none")]
        assert [error.outcome for error in refused] == ["not_sent", "not_sent"]
    finally:
        controller.stop()
    assert len(sink.contents) == 1


def test_a_login_without_encryption_happens_only_where_the_operator_asked_for_none(password):
    with FaultyRelay() as relay:
        by_smtp(relay.port, tls="none", username="burst")
        by_smtp(relay.port, tls="none")
    assert [line.split()[0] for line in relay.heard].count("AUTH") == 1


def test_a_username_without_a_password_bothers_nobody(monkeypatch):
    monkeypatch.delenv(CREDENTIAL, raising=False)
    with FaultyRelay() as relay:
        error = failure(relay.port, username="burst")
    assert (error.outcome, relay.connections) == ("not_sent", 0)
    assert CREDENTIAL in str(error)


@pytest.mark.parametrize("word", ["s3cret-word", "pässword"])
def test_a_refused_login_is_not_sent_and_never_shows_the_password(word, monkeypatch):
    monkeypatch.setenv(CREDENTIAL, word)
    with FaultyRelay(replies={"AUTH": f"535 no, {word.encode('ascii', 'replace').decode()} is wrong"}) as relay:
        error = failure(relay.port, username="burst")
    assert (error.outcome, error.permanent, relay.stored) == ("not_sent", False, [])
    assert word not in str(error)
    assert not any(character in str(error) for character in ("s3cret", "ä", "xe4"))


# --- the contract ----------------------------------------------------------------------------------------------------


def test_a_channel_nobody_knows_is_named_with_those_there_are():
    with pytest.raises(ChannelError, match="'pigeon' is not known; there are folder, smtp, webhook"):
        deliver("pigeon", ALERT, Channels(), state=Path("unused"), as_of=AS_OF)
    assert set(CHANNELS) == set(Channels.model_fields) - {"secrets"}
    assert next(iter(CHANNELS)) == "folder", "the one that cannot fail for the others' reasons comes first"


def test_mail_that_is_due_without_a_relay_in_the_config_is_not_sent():
    with pytest.raises(ChannelError, match=r"no \[channels.smtp\]") as caught:
        deliver("smtp", ALERT, Channels(), state=Path("unused"), as_of=AS_OF)
    assert caught.value.outcome == "not_sent"
