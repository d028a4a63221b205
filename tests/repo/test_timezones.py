"""The time zones that an input accepts are those of IANA."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    for name in ("scripts/timezones", "timezones.tf"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "scripts" / "timezones"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_list_is_what_tzdata_has() -> None:
    done = run(ROOT, "--check")
    assert done.returncode == 0, done.stderr


def test_a_list_that_lacks_one_is_noticed_and_mended(copy: Path) -> None:
    there, whole = copy / "timezones.tf", (ROOT / "timezones.tf").read_text()
    there.write_text(whole.replace('"Europe/Berlin", ', ""))
    assert there.read_text() != whole
    done = run(copy, "--check")
    assert done.returncode == 1
    assert "run scripts/timezones" in done.stderr
    assert run(copy).returncode == 0
    assert there.read_text() == whole


def test_what_is_no_time_zone_is_not_on_the_list() -> None:
    names = re.findall(r'"(.+?)",', (ROOT / "timezones.tf").read_text())
    assert {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"} <= {*names}
    assert {"Factory", "localtime", "Europe/Berln"}.isdisjoint(names)
