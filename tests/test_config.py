"""detector.toml: every section means what it says, and whatever it cannot mean is refused with file, key and remedy."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from detector.config import Config, load_config, zone_name
from detector.errors import ConfigError

EVERYTHING = """
[logs]
paths = ["mail.log", "/var/log/mail", "exports/"]
zone = "Europe/Berlin"
year = 2026

[sources.crm]
files = "crm-*.csv"
columns = {timestamp = "When", recipient = "Mailed to"}
zone = "America/New_York"
time_format = "%d/%m/%Y %H:%M"
sent_words = ["OUT"]

[organizations]
domains = {"harbor-freightways.example" = "Harbor Freightways", "hf.example" = "Harbor Freightways"}
free_mail = ["town-mail.example"]

[detection]
alarm_log10 = 7.5
single_recipient_copies = 25
stale_after_hours = 12

[clients."Harbor Freightways"]
contact = "Ana Duarte"
salutation = "Dear Ana"
phone = "+49 30 1234"
email = "ana.duarte@harbor-freightways.example"

[us]
name = "The Academy"
signatory = "Kim Lund"
role = "Head of Support"
phone = "+49 30 5678"

[channels.folder]
path = "/srv/alerts"

[channels.smtp]
host = "relay.academy.example"
port = 2525
tls = "none"
username = "detector"
from = "Detector <detector@academy.example>"
to = ["support@academy.example", "Kim Lund <kim@academy.example>"]
timeout_seconds = 5
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "detector.toml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> str:
    """What is said about a config that is refused; it always begins with the file."""
    path = written(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.exit_code == 2
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return "\n".join(line.removeprefix(f"{path}: ") for line in lines)


def test_without_a_file_everything_has_a_default():
    config = load_config(None)
    assert config == Config()
    assert config.logs.paths == ()
    assert config.logs.zone == "UTC"
    assert config.detection.alarm_log10 == 6
    assert config.detection.single_recipient_copies == 10
    assert config.detection.stale_after_hours == 26
    assert config.channels.smtp is None


def test_an_empty_file_is_the_defaults(tmp_path):
    assert load_config(written(tmp_path, "")) == Config()


def test_every_section_arrives(tmp_path):
    config = load_config(written(tmp_path, EVERYTHING))
    assert config.logs.zone == "Europe/Berlin"
    assert config.logs.year == 2026
    crm = config.sources["crm"]
    assert crm.files == "crm-*.csv"
    assert crm.columns == {"timestamp": "When", "recipient": "Mailed to"}
    assert (crm.zone, crm.time_format, crm.sent_words) == ("America/New_York", "%d/%m/%Y %H:%M", ("OUT",))
    assert config.organizations.domains["hf.example"] == "Harbor Freightways"
    assert config.organizations.free_mail == ("town-mail.example",)
    detection = config.detection
    assert (detection.alarm_log10, detection.single_recipient_copies, detection.stale_after_hours) == (7.5, 25, 12)
    client = config.clients["Harbor Freightways"]
    assert (client.contact, client.salutation, client.phone) == ("Ana Duarte", "Dear Ana", "+49 30 1234")
    assert client.email == "ana.duarte@harbor-freightways.example"
    assert (config.us.name, config.us.signatory, config.us.role) == ("The Academy", "Kim Lund", "Head of Support")
    assert config.channels.folder.path == Path("/srv/alerts")
    smtp = config.channels.smtp
    assert smtp is not None
    assert (smtp.host, smtp.port, smtp.tls, smtp.username) == ("relay.academy.example", 2525, "none", "detector")
    assert smtp.from_address == "Detector <detector@academy.example>"
    assert smtp.to == ("support@academy.example", "Kim Lund <kim@academy.example>")
    assert smtp.timeout_seconds == 5


def test_relative_paths_start_at_the_config_and_absolute_ones_stay(tmp_path, monkeypatch):
    (tmp_path / "etc").mkdir()
    path = written(tmp_path / "etc", EVERYTHING)
    expected = (tmp_path / "etc/mail.log", Path("/var/log/mail"), tmp_path / "etc/exports")
    assert load_config(path).logs.paths == expected
    monkeypatch.chdir(tmp_path)
    assert load_config(Path("etc/detector.toml")).logs.paths == expected


def test_a_relative_folder_for_alerts_starts_at_the_config_too(tmp_path):
    path = written(tmp_path, '[channels.folder]\npath = "alerts-for-the-team"\n')
    assert load_config(path).channels.folder.path == tmp_path / "alerts-for-the-team"


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("[detektion]\n", "detektion", "detection"),
        ("[logs]\npath = ['a']\n", "[logs] path", "paths"),
        ("[sources.crm]\ncolums = {}\n", "[sources.crm] colums", "columns"),
        ("[organizations]\nfreemail = []\n", "[organizations] freemail", "free_mail"),
        ("[detection]\nalarm_log_10 = 7\n", "[detection] alarm_log_10", "alarm_log10"),
        ("[clients.Acme]\nmail = ''\n", "[clients.Acme] mail", "email"),
        ("[us]\nsignatur = ''\n", "[us] signatur", "signatory"),
        ("[channels]\nsmpt = 1\n", "[channels] smpt", "smtp"),
        ("[channels.folder]\npaht = ''\n", "[channels.folder] paht", "path"),
        ("[channels.smtp]\nhost='h'\nfrom='a@b.example'\nto=['a@b.example']\nprot=1\n", "[channels.smtp] prot", "port"),
        (
            "[channels.smtp]\nhost='h'\nfrom='a@b.example'\nto=['a@b.example']\nform=''\n",
            "[channels.smtp] form",
            "from",
        ),
    ],
)
def test_an_unknown_key_is_refused_at_every_level_and_the_nearest_one_is_named(tmp_path, text, key, nearest):
    assert complaint(tmp_path, text) == f"{key} is not a setting. Nearest: {nearest}."


def test_a_key_that_resembles_none_gets_the_whole_list(tmp_path):
    said = complaint(tmp_path, "[logs]\nxyzzy = 1\n")
    assert said == "[logs] xyzzy is not a setting. Known here: archives, paths, year, zone."


def test_every_mistake_is_named_at_once(tmp_path):
    said = complaint(tmp_path, "[logs]\nyear = 'soon'\n[detection]\nalarm_log10 = 'high'\n[us]\nnam = ''\n")
    assert [line.split(" ", 2)[:2] for line in said.splitlines()] == [
        ["[logs]", "year:"],
        ["[detection]", "alarm_log10:"],
        ["[us]", "nam"],
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("logs = 1\n", "logs:"),
        ("[logs]\npaths = 'mail.log'\n", "[logs] paths:"),
        ("[logs]\npaths = [1]\n", "[logs.paths] 0:"),
        ("[logs]\nzone = 1\n", "[logs] zone:"),
        ("[sources]\ncrm = 1\n", "[sources] crm:"),
        ("[sources.crm]\ncolumns = ['a']\n", "[sources.crm] columns:"),
        ("[organizations]\ndomains = []\n", "[organizations] domains:"),
        ("[detection]\nsingle_recipient_copies = 2.5\n", "[detection] single_recipient_copies:"),
        ("[clients.Acme]\nphone = 1234\n", "[clients.Acme] phone:"),
        ("[us]\nname = ['The Academy']\n", "[us] name:"),
        ("[channels.smtp]\nhost='h'\nfrom='a@b.example'\nto='a@b.example'\n", "[channels.smtp] to:"),
        ("[channels.smtp]\nhost='h'\nfrom='a@b.example'\nto=[]\n", "[channels.smtp] to:"),
        ("[channels.smtp]\nhost='h'\nfrom='nobody'\nto=['a@b.example']\n", "[channels.smtp] from:"),
        ("[channels.smtp]\nhost='h'\nfrom='a@b.example'\nto=['a@b.example']\ntls='ssl'\n", "[channels.smtp] tls:"),
        ("[channels.smtp]\nhost='h'\nfrom='a@b.example'\n", "[channels.smtp] to:"),
        ("[channels.smtp]\nfrom='a@b.example'\nto=['a@b.example']\n", "[channels.smtp] host:"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_its_key(tmp_path, text, key):
    said = complaint(tmp_path, text)
    assert said.startswith(key)
    assert said.endswith(".")


@pytest.mark.parametrize(
    "text", ["alarm_log10 = nan", "alarm_log10 = -1", "stale_after_hours = inf", "stale_after_hours = -1"]
)
def test_an_alarm_line_that_no_evidence_can_reach_or_all_does_is_refused(tmp_path, text):
    complaint(tmp_path, f"[detection]\n{text}\n")


@pytest.mark.parametrize("copies", [-3, 0, 1])
def test_so_many_copies_that_everybody_gets_them_are_refused(tmp_path, copies):
    complaint(tmp_path, f"[detection]\nsingle_recipient_copies = {copies}\n")


@pytest.mark.parametrize("section", ["logs", "sources.crm"])
@pytest.mark.parametrize("zone", ["Mars/Olympus", "CET+1", "../../etc/passwd", "/etc/localtime", "", " UTC"])
def test_a_zone_nobody_knows_is_refused(tmp_path, section, zone):
    said = complaint(tmp_path, f'[{section}]\nzone = "{zone}"\n')
    assert said.startswith(f"[{section}] zone:")
    assert "'Europe/Berlin'" in said


def test_a_zone_is_named_as_it_was_given():
    assert zone_name("Europe/Berlin") == "Europe/Berlin"
    assert zone_name("UTC") == "UTC"


@pytest.mark.parametrize(
    ("offset", "name"),
    [
        ("+11:00", "Etc/GMT-11"),
        ("-5", "Etc/GMT+5"),
        ("UTC+02:00", "Etc/GMT-2"),
        ("+1400", "Etc/GMT-14"),
        ("-0", "Etc/GMT+0"),
    ],
)
def test_an_offset_in_whole_hours_is_the_zone_whose_name_has_the_other_sign(offset, name):
    assert zone_name(offset) == name
    noon = datetime(2026, 10, 27, 12, tzinfo=UTC).astimezone(ZoneInfo(name))
    assert noon.hour == 12 + int(re.search(r"[+-][0-9]{1,2}", offset)[0]) - 24 * (
        name == "Etc/GMT-14"
    )  # next day, 2:00


@pytest.mark.parametrize("offset", ["+05:30", "+15:00", "-13:00", "11:00", "+11:00:00"])
def test_an_offset_that_no_zone_is_named_after_is_refused(tmp_path, offset):
    assert "or an offset in whole hours such as '+11:00'" in complaint(tmp_path, f'[logs]\nzone = "{offset}"\n')


def test_a_missing_file_is_named_with_its_reason(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read \(No such file or directory\)"):
        load_config(tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory\)"):
        load_config(tmp_path)


@pytest.mark.parametrize("content", [b"[logs\n", b"[us]\nname = 'a'\nname = 'b'\n", b"[us]\nname = '\xff'\n"])
def test_what_is_no_toml_is_refused_with_the_place(tmp_path, content):
    path = tmp_path / "detector.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"detector\.toml: is not valid TOML \("):
        load_config(path)


def test_a_config_cannot_be_changed_by_accident():
    with pytest.raises(ValidationError, match="frozen"):
        Config().logs.zone = "UTC"  # type: ignore[misc]
