"""An incident's folder in people's hands: what they pass on, edit, delete and read, through the command line."""

import csv
import json
from pathlib import Path

from test_incidents_cli import COLUMNS, MORNING, Desk, burst, desk

__all__ = ["desk"]


def folder_of(desk: Desk) -> Path:
    (folder,) = (desk.state / "incidents").iterdir()
    return folder


def write_log(path: Path, rows: list[tuple[str, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *sorted(rows)])


# --- what the vendor gets ---------------------------------------------------------------------------------------------


def test_the_vendor_pack_tells_no_client_by_the_path_of_a_log_or_the_spelling_of_a_template(desk):
    """Acme Corp's mail lies in two logs of one name, in folders called after it; the template is called after it too."""
    logs = desk.folder / "acme-corp"
    rows = [
        (*row[:2], "acme_corp@academy.example", row[3], "Welcome", "acme-corp-welcome", "Acme Corp") for row in burst()
    ]
    for name, part in (("old/AcmeCorp_2030.csv", rows[:60]), ("new/AcmeCorp_2030.csv", rows[60:])):
        write_log(logs / name, part)
    assert desk.run("nightly", logs, "--state", desk.state, "--as-of", MORNING.isoformat()).code == 0
    pack = folder_of(desk) / "vendor-pack"
    everything = "".join(path.read_text(encoding="utf-8") for path in pack.iterdir()).casefold()
    assert [secret for secret in ("acme", str(desk.folder).casefold()) if secret in everything] == []
    copies = [json.loads(line) for line in (pack / "02-copies.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {copy["template"] for copy in copies} == {"client-1-welcome"}
    of_file = [sum(copy["log_file"] == name for copy in copies) for name in ("file-1", "file-2")]
    assert of_file == [60, 60], "the two are told apart"
    home = dict(csv.reader((folder_of(desk) / "vendor-key.csv").read_text(encoding="utf-8").splitlines()))
    paths = [str(logs / name / "AcmeCorp_2030.csv") for name in ("old", "new")]
    assert [home["file-1"], home["file-2"]] == paths, "whoever is asked back finds the line"
