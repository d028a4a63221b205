"""`make demo` on a machine that is not ready for it, and `make demo` that is stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.__main__ import main

ROOT = Path(__file__).parents[2]
NEEDED = ("make", "sh", "sed", "awk")
"""What is on PATH beside the programs that a test fakes."""

OLD_PYTHON = f"""#!/bin/sh
exec {sys.executable} -c 'import sys
sys.version_info, sys.version = (3, 8, 1), "3.8.1 (main)"
exec(sys.argv[1])' "$2"
"""

TERRAFORM = """#!/bin/sh
case "$1 $2" in
version*) printf 'Terraform v{version}\\non linux_amd64\\n' ;;
*apply) sleep 1000 & sleep 0.3; echo $$ $! >"$HOME/new" && mv "$HOME/new" "$HOME/started"; wait ;;
esac
"""
"""Says its version; an apply starts a plugin, notes both processes after a while, does not end."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a fresh clone as `make demo` reads before it installs anything."""
    for name in ("Makefile", "demo/requirements.txt", "sandbox/requirements.txt"):
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    shutil.copytree(ROOT / "scripts", tmp_path / "clone" / "scripts")
    return tmp_path / "clone"


def path_with(folder: Path, **programs: str) -> str:
    """A PATH with what is needed and these programs, by their text; no other."""
    folder.mkdir()
    for name in NEEDED:
        found = shutil.which(name)
        assert found, f"{name} is not on PATH"
        (folder / name).symlink_to(found)
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return str(folder)


PYTHON = f'#!/bin/sh\nexec {sys.executable} "$@"\n'


@pytest.mark.parametrize(
    ("programs", "says"),
    [
        ({}, "python3 is not on PATH; version 3.11 or newer is needed"),
        ({"python3": OLD_PYTHON}, "python3 3.8.1 is too old; version 3.11 or newer is needed"),
        (
            {"python3": PYTHON},
            "scripts/terraform: terraform is not on PATH; version 1.9 or newer is needed",
        ),
        (
            {"python3": PYTHON, "terraform": TERRAFORM.format(version="1.5.7")},
            "scripts/terraform: terraform 1.5.7 is too old; version 1.9 or newer is needed",
        ),
    ],
    ids=["no python", "old python", "no terraform", "old terraform"],
)
def test_what_is_missing_or_too_old_is_one_clear_line(
    clone: Path, tmp_path: Path, programs: dict[str, str], says: str
) -> None:
    done = subprocess.run(
        ["make", "demo"],
        cwd=clone,
        env={"PATH": path_with(tmp_path / "bin", **programs), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode
    lines = (done.stdout + done.stderr).splitlines()
    assert [line for line in lines if not line.startswith("make: ***")] == [says]
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize("version", ["1.5.7", None], ids=["too old", "missing"])
def test_a_terraform_that_went_since_is_one_clear_line(
    tmp_path: Path,
    version: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The demo was installed before."""
    programs = {"terraform": TERRAFORM.format(version=version)} if version else {}
    monkeypatch.setenv("PATH", path_with(tmp_path / "bin", **programs))
    monkeypatch.setattr("sys.argv", ["demo"])
    assert main() == 1
    what = f"terraform {version} is too old" if version else "terraform is not on PATH"
    said = f"scripts/terraform: {what}; version 1.9 or newer is needed\n"
    assert capsys.readouterr() == ("", said)


def ignore_ctrl_c() -> None:
    """As a shell does for what it starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_while_it_deploys_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    aside = tmp_path / "tmp"
    aside.mkdir()
    path = path_with(tmp_path / "bin", terraform=TERRAFORM.format(version="1.9.0"))
    for name in ("sleep", "mv"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    with subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env={"PATH": path, "HOME": str(tmp_path), "TMPDIR": str(aside)},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=ignore_ctrl_c,
    ) as demo:
        try:
            started = tmp_path / "started"
            deadline = time.monotonic() + 120
            while not started.exists():
                assert time.monotonic() < deadline, "terraform apply was not reached"
                time.sleep(0.02)
            assert list(aside.iterdir()), "state and plugins have a folder"
            demo.send_signal(number)
            said, _ = demo.communicate(timeout=60)
        finally:
            demo.kill()
    assert demo.returncode == 130
    assert said.splitlines()[-1] == "Stopped. Nothing is left behind."
    assert not list(aside.iterdir())
    for process in map(int, started.read_text().split()):
        deadline = time.monotonic() + 20
        while is_alive(process):
            assert time.monotonic() < deadline, "terraform, or its plugin, goes on"
            time.sleep(0.02)


def is_alive(process: int) -> bool:
    """Whether there is such a process; one that has ended and waits to be reaped is none."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and status.read_text().rpartition(") ")[2].startswith("Z"))
