"""Debian's Postfix as the relay: an alert arrives once, and Postfix's own log, read by the detector, shows one send."""

import mailbox
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from test_channels import ALERT, PNG, through

from detector import open_snapshot
from detector.channel_settings import Channels
from detector.channels import deliver
from detector.config import Config, Logs
from detector.nightly import nightly

NOW = datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 - a real Postfix stamps its log with the real time
MAIN = """
compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
myhostname = relay.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
smtpd_relay_restrictions = reject_unauth_destination
virtual_mailbox_domains = example.org
virtual_mailbox_maps = static:box
virtual_mailbox_base = {root}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
virtual_alias_maps =
alias_maps =
local_recipient_maps =
smtpd_client_connection_count_limit = 0
smtpd_client_restrictions = permit
maillog_file = {root}/log/mail.log
maillog_file_prefixes = {root}
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@pytest.fixture
def postfix() -> Iterator[tuple[int, Path]]:
    """A Postfix of our own: its port, and the folder with its mailbox and log."""
    if not shutil.which("postfix"):
        pytest.skip("needs Debian's Postfix: apt-get install --no-install-recommends postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix is started by root only")
    root = Path(tempfile.mkdtemp(prefix="postfix-", dir="/var/tmp"))
    root.chmod(0o755)
    owner = pwd.getpwnam("postfix")
    for name in ("conf", "spool", "data", "mail", "log"):
        (root / name).mkdir()
    for name in ("data", "mail"):
        os.chown(root / name, owner.pw_uid, owner.pw_gid)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (root / "conf/main.cf").write_text(MAIN.format(root=root, uid=owner.pw_uid, gid=owner.pw_gid))
    (root / "conf/master.cf").write_text(MASTER.format(port=port))
    command = ["postfix", "-c", str(root / "conf")]
    started = subprocess.run([*command, "start"], capture_output=True, text=True, timeout=30, check=False)
    try:
        if started.returncode:
            pytest.skip(f"Postfix does not start here: {started.stderr.strip()[-200:]}")
        yield port, root
    finally:
        subprocess.run([*command, "stop"], capture_output=True, timeout=30, check=False)
        shutil.rmtree(root, ignore_errors=True)


def waited_for(log: Path, words: str) -> str:
    ends = time.monotonic() + 15
    while words not in (text := log.read_text() if log.exists() else ""):
        assert time.monotonic() < ends, text
        time.sleep(0.05)
    return text


def test_an_alert_goes_through_postfix_once_and_its_log_shows_one_send(postfix, tmp_path):
    port, root = postfix
    assert deliver("smtp", ALERT, Channels(smtp=through(port)), state=tmp_path, as_of=NOW) == ()
    waited_for(root / "log/mail.log", "removed")
    with closing(mailbox.mbox(root / "mail/box")) as box:
        (mail,) = box
    assert mail["Message-ID"] == "<inc-7f3k.opened.1@example.org>"
    assert mail["Subject"] == ALERT.subject
    whole = message_from_bytes(mail.as_bytes(), policy=SMTP)
    assert [part.get_content() for part in whole.walk() if part.get_content_type() == "image/png"] == [PNG]
    config = Config(logs=Logs(paths=(root / "log/mail.log",)))
    night = nightly(
        config,
        state=tmp_path / "state",
        as_of=NOW + timedelta(hours=1),
        dry_run=True,
        talk=lambda _: None,
    )
    assert night.problems == ()
    with open_snapshot(tmp_path / "state") as db:
        sends = db.execute("select recipient, message_id, outcome from sends").fetchall()
    assert sends == [("support@example.org", "inc-7f3k.opened.1@example.org", "delivered")]
