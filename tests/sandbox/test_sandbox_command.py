"""`python -m sandbox` and `make sandbox`: what is wrong is one line with value and remedy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import Sandbox
from sandbox.__main__ import main

ROOT = Path(__file__).parents[2]


def start(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--port", "99999", "must be a whole number from 0 to 65535, not 99999; 0 takes a free"),
        ("--port", "-1", "must be a whole number from 0 to 65535, not -1"),
        ("--port", "http", "must be a whole number from 0 to 65535, not http"),
        ("--minute", "abc", "must be a number of seconds above 0, not abc"),
        ("--minute", "0", "must be a number of seconds above 0, not 0"),
        ("--minute", "nan", "must be a number of seconds above 0, not nan"),
        ("--workspaces", "many", "must be a whole number from 0 on, not many"),
        ("--workspaces", "1.5", "must be a whole number from 0 on, not 1.5"),
    ],
)
def test_a_wrong_option_is_named_with_its_value_and_what_to_give(
    option: str, value: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refusal:
        main([f"{option}={value}"])
    assert refusal.value.code == 2
    assert f"argument {option}: {says}" in capsys.readouterr().err


def test_a_port_in_use_is_one_line_with_the_remedy(aws: Sandbox) -> None:
    port = aws.endpoint.rsplit(":", 1)[1]
    done = start("--port", port)
    assert done.returncode == 1
    assert done.stderr == (
        f"sandbox: 127.0.0.1:{port}: the port is in use; "
        "take another one with --port (make sandbox PORT=...)\n"
    )


def test_an_address_that_is_not_ours_is_one_line_with_the_remedy() -> None:
    done = start("--host", "192.0.2.1", "--port", "0")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("sandbox: 192.0.2.1:0: ")
    assert done.stderr.endswith("--host takes an address of this machine\n")


@pytest.mark.parametrize(
    ("target", "given", "runs"),
    [
        ("sandbox", {}, "-m sandbox"),
        ("sandbox", {"PORT": "0", "QUICK": "1"}, "-m sandbox --port=0 --quick"),
        ("sandbox", {"PORT": "5001", "QUICK": "no"}, "-m sandbox --port=5001"),
        ("demo", {}, "-m demo"),
        ("demo", {"KEEP": "1"}, "-m demo --keep"),
        ("demo", {"KEEP": "yes"}, "-m demo --keep"),
        ("demo", {"KEEP": "no"}, "-m demo"),
        ("demo", {"KEEP": "0"}, "-m demo"),
        ("demo", {"KEEP": "false"}, "-m demo"),
    ],
)
def test_make_passes_on_what_it_is_given_and_no_means_no(
    target: str, given: dict[str, str], runs: str
) -> None:
    settings = [f"{name}={value}" for name, value in given.items()]
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", target, *settings],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1].split() == [".venv/bin/python", *runs.split()]
