"""Cold start, peak memory and package size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from statistics import median
from typing import Any

from simulation.scenario import Scenario

from . import cold

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "package" / "nonpersistent.zip"

TIMED = ("baseline", "tick", "signal", "look")


def starts(times: int) -> dict[str, Any]:
    """Median CPU times in fresh processes; runs alternate, so other load affects all alike."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(PACKAGE) as archive:
            archive.extractall(folder)
        runs: dict[str, list[float]] = {mode: [] for mode in TIMED}
        peaks: dict[str, int] = {}
        _run("baseline", folder)
        _run("signal", folder)
        for _ in range(times):
            for mode in TIMED:
                run = _run(mode, folder)
                runs[mode].append(run["seconds"])
                peaks[mode] = max(peaks.get(mode, 0), run["peak_bytes"])
        peaks["pass"] = _run("pass", folder)["peak_bytes"]
    medians = {mode: median(found) for mode, found in runs.items()}
    return {
        "runs of each": times,
        "medians in seconds": medians,
        "ratios to the baseline": {
            mode: taken / medians["baseline"] for mode, taken in medians.items()
        },
        "peak bytes": peaks,
    }


def _run(mode: str, folder: str) -> dict[str, Any]:
    own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, cold.__file__, mode, folder],
        check=True,
        capture_output=True,
        text=True,
        env=own | Scenario(seed=0, desktops=1).environment,
    )
    run: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return run


def package() -> dict[str, Any]:
    """The size of the deployed package, in bytes."""
    return {"bytes": PACKAGE.stat().st_size}
