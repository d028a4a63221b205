"""A deterministic world around the real function: one process, a virtual clock, one seed.

`python -m simulation --help` shows how to run it. The path of an event: a user acts (`users`) ->
the desktop changes (`fleet`, on the sandbox's model) -> metrics and alarms (`cloudwatch`) ->
delivery with its faults (`functions`, `faults`) -> the real `lambda_handler` in its own greenlet
(`baton`) -> its real boto3 clients, whose requests the world answers (`transport`, `far_end`,
`dynamodb`, `workspaces`, `events`). `causes` and `rollouts` change images. `oracles`, `loops`,
`harm`, `limits`, `rollouts`, `administrators`, `events`, `telling`, `needs`, `ringing` and
`reckoning` judge the function by the true state of the world. `exhaustive` runs every schedule of
a smaller world (`small`); `mutants` are seeded bugs.
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
