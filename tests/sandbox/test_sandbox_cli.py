"""The AWS CLI, version 1 from PyPI, as a person calls it: with the printed exports and no more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import Sandbox, Tempo

from .deployed import APP, Deployed

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def f(zipped: Callable[[str], bytes]) -> Iterator[Deployed]:
    """A function, an alarm and an empty log, for all commands."""
    with Sandbox(Tempo.quick(minute=0.5), seed=1) as aws:
        f = Deployed(aws, zipped(APP))
        f.alarm("alarm", "ws-12345678", "arn:aws:sns:us-east-1:123456789012:none")
        f.client("logs").create_log_group(logGroupName="quiet")
        yield f


def shell(f: Deployed, folder: Path, script: str) -> str:
    """What a shell prints after the exports; fails if a command does."""
    done = subprocess.run(
        ["sh", "-euc", "\n".join([*f.aws.exports(), script])],
        cwd=folder,
        env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, ""), f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("aws --version", "aws-cli/1."),
        ("aws workspaces describe-workspaces-connection-status", "[]"),
        ("aws cloudwatch describe-alarms --query 'MetricAlarms[].[AlarmName]'", "alarm"),
        ("aws cloudwatch disable-alarm-actions --alarm-names alarm", ""),
        ("aws cloudwatch enable-alarm-actions --alarm-names alarm", ""),
        ("aws events put-rule --name r --schedule-expression 'rate(1 hour)'", "rule/r"),
        ("aws dynamodb list-tables", "TableNames"),
        (
            "aws lambda get-function-configuration --function-name f"
            " --query '[State, LastUpdateStatus]' --output text",
            "Active\tSuccessful",
        ),
        (
            "echo '{}' >event.json; aws lambda invoke --function-name f"
            " --payload fileb://event.json answer.json",
            '"StatusCode": 200',
        ),
        (
            'aws logs filter-log-events --log-group-name quiet --query "events[].message"'
            ' --start-time "$(($(date +%s) - 3600))000"',
            "[]",
        ),
    ],
)
def test_version_1_runs_the_kinds_of_command_that_the_runbook_has(
    f: Deployed, tmp_path: Path, command: str, says: str
) -> None:
    assert says in shell(f, tmp_path, command)


def test_version_1_is_told_the_address_for_sqs(f: Deployed, tmp_path: Path) -> None:
    """For this service alone it takes no AWS_ENDPOINT_URL."""
    script = """
    sqs() { aws sqs --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
    queue=$(sqs create-queue --queue-name q --query QueueUrl --output text)
    sqs send-message --queue-url "$queue" --message-body '{"a": 1}' >/dev/null
    sqs receive-message --queue-url "$queue" --attribute-names All --query 'Messages[0].Body' \\
      --output text
    """
    assert shell(f, tmp_path, script) == '{"a": 1}'
