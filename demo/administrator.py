"""The administrator: runs scripts/fleet, in a process with little more than credentials."""

from __future__ import annotations

import os
import subprocess
import sys

from sandbox import Sandbox

from .deployment import ROOT


def fleet(aws: Sandbox, *arguments: str) -> str:
    """Run scripts/fleet; return what it prints, errors included, whatever its exit status."""
    with aws.clock.slow():
        done = subprocess.run(
            [sys.executable, ROOT / "scripts" / "fleet", *arguments],
            env={**aws.environment(), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
    return done.stdout + done.stderr
