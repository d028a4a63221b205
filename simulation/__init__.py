"""A deterministic world around the real function: one process, a virtual clock, one seed.

`python -m simulation --help` runs it. An event's way through the files: a user acts
(`users`) -> the desktop changes (`fleet`, over the sandbox's model) -> metrics and alarms
(`cloudwatch`) -> delivery with its faults (`functions`, `faults`) -> the real `lambda_handler` in
a greenlet of its own (`baton`) -> its real boto3 clients, whose requests the world answers
(`transport`, `far_end`, `dynamodb`, `workspaces`, `events`). Images change by `causes` and
`rollouts`. `oracles`, `loops`, `harm`, `limits`, `rollouts`, `events`, `telling`, `needs` and
`reckoning` judge by the world's own truth. `small` is the world whose every schedule `exhaustive`
runs; `mutants` are seeded bugs.
"""

import os
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "lambda_src"
"""The function's sources, unless PYTHONPATH names others first."""

sys.path.append(str(SOURCE))
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ.setdefault("AWS_ACCESS_KEY_ID", "simulated")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "simulated")
