"""What the inputs refuse, in messages that name input, rule and value.

A plan refuses the wrong values of all inputs at once, so the first wrong value of each input goes
into one plan, the second into another, and so on. The first is a plan of the module. The others are
of its variables alone, with their validations: without a resource no provider has to be loaded.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from demo.deployment import ROOT, Deployment, TerraformError
from sandbox import Sandbox

ID, OTHER = "ws-0123456789", "ws-9876543210"
KEY = "arn:aws:kms:eu-central-1:123456789012"
EVENING = {"start": "19:00", "end": "06:00", "timezone": "UTC"}

# Of each input the wrong values, each with what has to be said of it: "..." stands for anything.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "workspace_ids": [
        (ID, f'must be a list or set ... got a single value: "{ID}".'),
        (5, "must be a list or set ... got a single value: 5."),
        ([ID, OTHER, ID], f'must name each WorkSpace once. More than once: "{ID}".'),
        (
            {"a": ID, "b": ID, "c": OTHER},
            f'must name each WorkSpace once. More than once: "a" = "{ID}", "b" = "{ID}".',
        ),
        (
            ["0123456789", ID, "WS-0123456789", "ws-0123456", f"{ID}\n", "", None, [ID]],
            'must hold WorkSpace ids: "ws-" and 8 to 63 digits ... Invalid: "0123456789", '
            f'"WS-0123456789", "ws-0123456", "{ID}\\n", "", null, ["{ID}"].',
        ),
        (
            {"a": f"k{ID}", "b": f"ws-{64 * '0'}", "c": ID, "d": None},
            f'must hold WorkSpace ids: ... Invalid: "a" = "k{ID}", "b" = "ws-{64 * "0"}", '
            '"d" = null.',
        ),
        (
            {"": ID, "ok": OTHER, " ": "ws-000000000"},
            f'must not have an empty or blank label: ... Blank: "" for {ID}, " " for ws-000000000.',
        ),
        (
            {"a\tb": ID, "Empfang-Zürich": OTHER, "ok": "ws-000000000", 129 * "x": "ws-000000001"},
            "must have labels of at most 128 printable ASCII characters: ... cannot allow an alarm "
            f'with other characters ... Invalid: "Empfang-Zürich", "a\\tb", "{129 * "x"}".',
        ),
        ({"a": {"id": ID}}, "must hold WorkSpace ids, not resources or other objects. Write {"),
    ],
    "audit_interval_minutes": [
        (number, f"must be a whole number from 5 ... to 1440; got {number}.")
        for number in (4, 1441, 7.5, -60)
    ],
    "canary_after_hours": [
        (number, f"must be a number of hours from 0.01 to 8760, ... got {number}.")
        for number in (0, -1, 8760.5, 0.009)
    ],
    "kms_key_arn": [
        ("", 'must be the ARN of a key ... got "".'),
        ("fleet", 'must be the ARN of a key ... got "fleet".'),
        (f"{KEY}:alias/fleet", f'not of an alias and not a bare id: ... got "{KEY}:alias/fleet".'),
        ("12345678-90ab-cdef-1234-567890abcdef", 'not a bare id: ... got "12345678-90ab-'),
        ("alias/aws/sns", 'must not be an AWS-managed key ... got "alias/aws/sns".'),
        (f"{KEY}:alias/aws/sns", f'AWS-managed key ... got "{KEY}:alias/aws/sns".'),
    ],
    "lambda_architecture": [
        (word, f'must be "arm64" or "x86_64"; got "{word}".') for word in ("", "arm")
    ],
    "log_retention_days": [
        (number, f"must be one of 1, 3, 5, ... 3653; got {number}.") for number in (0, 91, 4000)
    ],
    "maximum_rebuilding_percent": [
        (number, f"must be a number from 0.01 to 100, or null for no limit ... got {number}.")
        for number in (0, 100.1, -1, 0.009)
    ]
    + [(1e-320, "must be a number from 0.01 to 100, or null for no limit ... got ")],
    "maximum_rebuilds_per_hour": [
        (number, f"must be a whole number from 1 to 100000, or null for no ... got {number}.")
        for number in (0, 1.5, -1, 100001)
    ],
    "name": [
        (name, f"must begin with a letter and have at most 40 ... got {json.dumps(name)}.")
        for name in ("", 41 * "n", "1fleet", "my fleet", "my.fleet")
    ]
    + [
        (name, f'must not contain "session-disconnect", ... session alarms; got "{name}".')
        for name in ("desks-session-disconnect", "desks-session-disconnect-2")
    ],
    "operations_alarm_actions": [
        (
            ["", "operations", "arn:aws:sns:", "arn:aws:sns:eu-central-1:123456789012:"],
            'must hold ARNs of these CloudWatch alarm actions ... Invalid: "", "operations", '
            '"arn:aws:sns:", "arn:aws:sns:eu-central-1:123456789012:".',
        ),
        (
            ["arn:aws:sns:eu-central-1:12345:ops", "arn:aws:sns:eu-central-1:123456789012:o ps"],
            'Invalid: "arn:aws:sns:eu-central-1:12345:ops", '
            '"arn:aws:sns:eu-central-1:123456789012:o ps".',
        ),
        (
            ["arn:aws:sqs:eu-central-1:123456789012:ops", "arn:aws:lambda::1:"],
            'Invalid: "arn:aws:sqs:eu-central-1:123456789012:ops", "arn:aws:lambda::1:".',
        ),
        (
            ["arn:aws:automate:eu-central-1:ec2:stop", "arn:aws:states:eu-central-1:1:tell"],
            "of these CloudWatch alarm actions: ... "
            'Invalid: "arn:aws:automate:eu-central-1:ec2:stop", '
            '"arn:aws:states:eu-central-1:1:tell".',
        ),
        (
            [
                "arn:aws:lambda:eu-central-1:123456789012:layer:tell",
                "arn:aws:ssm:eu-central-1:123456789012:document/tell",
                "arn:aws:ssm:eu-central-1:123456789012:opsitem:1",
                "arn:aws:lambda:eu-central-1:123456789012:function:tell:live",
            ],
            'Invalid: "arn:aws:lambda:eu-central-1:123456789012:layer:tell", '
            '"arn:aws:ssm:eu-central-1:123456789012:document/tell".',
        ),
        (
            [f"arn:aws:sns:eu-central-1:123456789012:ops{number}" for number in range(6)],
            "must hold at most 5 ARNs: a CloudWatch alarm takes no more; got 6.",
        ),
    ],
    "permissions_boundary_arn": [
        (arn, f'must be the ARN of an IAM policy ... or null; got "{arn}".')
        for arn in ("", "boundary", "arn:aws:iam::123456789012:role/boundary")
    ],
    "rebuild_window": [
        (
            EVENING | {"start": "evening", "end": "24:00"},
            'times of the day from 00:00 ... got "evening" and "24:00".',
        ),
        (
            EVENING | {"start": "7:00", "end": "19:60"},
            'times of the day from 00:00 ... got "7:00" and "19:60".',
        ),
        (
            EVENING | {"day": ["sat", "sun"]},
            "must be null or an object with start, end, timezone and, optionally, days, ... "
            'got {"day":["sat","sun"],"end":"06:00","start":"19:00","timezone":"UTC"}.',
        ),
        ("19:00", 'must be null or an object ... got "19:00".'),
        (["19:00", "06:00"], 'must be null or an object ... got ["19:00","06:00"].'),
        (EVENING | {"days": "mon"}, 'must name at least one day ... got "mon".'),
        (EVENING | {"end": None}, 'times of the day from 00:00 ... got "19:00" and null.'),
        (EVENING | {"end": "19:00"}, 'must differ; ... Both are "19:00".'),
        (
            EVENING | {"end": "19:14"},
            'must be open for at least 15 minutes: ... got "19:00" to "19:14".',
        ),
        (
            EVENING | {"start": "23:55", "end": "00:09"},
            'must be open for at least 15 minutes: ... got "23:55" to "00:09".',
        ),
        (
            EVENING | {"timezone": "Europe/Berln"},
            'a ... time zone (case-sensitive) ... got "Europe/Berln".',
        ),
        (
            EVENING | {"timezone": "europe/berlin"},
            'a ... time zone (case-sensitive) ... got "europe/berlin".',
        ),
        (EVENING | {"timezone": None}, "a ... time zone (case-sensitive) ... got null."),
        (EVENING | {"days": []}, "must name at least one day of mon, tue, ... got []."),
        (EVENING | {"days": ["mon", "Sun"]}, 'one day of mon, tue, ... got ["mon","Sun"].'),
        (EVENING | {"days": ["mon", "mon"]}, 'each once; ... got ["mon","mon"].'),
        (EVENING | {"days": {"mon": "mon"}}, 'must name at least one day ... got {"mon":"mon"}.'),
        (EVENING | {"days": ["mon", None, 5]}, 'must name ... got ["mon",null,5].'),
        (EVENING | {"start": 19, "end": ["06:00"]}, 'times of the day ... got 19 and ["06:00"].'),
        ({"start": "19:00"}, 'times of the day ... got "19:00" and null.'),
        ({"start": "19:00", "end": "06:00"}, "a ... time zone (case-sensitive) ... got null."),
        (EVENING | {"timezone": ["UTC"]}, 'a ... time zone (case-sensitive) ... got ["UTC"].'),
    ],
    "reconnect_grace_minutes": [
        (number, f"must be a number of minutes from 0 to 1440; got {number}.")
        for number in (-0.1, 1441)
    ],
    "roll_out_images": [
        (
            True,
            "must be false while canary_after_hours is null: ... proven is rolled out; got true.",
        ),
    ],
    "tags": [
        (
            {"aws:owner": "a", "AWS:owner": "b", "owner": "c"},
            'must not have keys that begin with "aws:" ... Invalid: "AWS:owner", "aws:owner".',
        ),
        (
            {"": "a", "b": 257 * "v"},
            'keys of 1 to 128 ... values of at most 256. Invalid: "", "b".',
        ),
        ({129 * "k": "a"}, f'must have keys of 1 to 128 characters ... Invalid: "{129 * "k"}".'),
        (
            {"owner": "Zoë & Ben", "cost*": "a", "cost centre": "Übersee/7 +a=b_c.d:e@f-g"},
            'must have keys and values of letters, digits, ... Invalid: "cost*", "owner"',
        ),
        (
            {"Owner": "a", "owner": "b", "team": "c"},
            'must have keys that differ by more than ... Invalid: "Owner", "owner".',
        ),
        ({f"k{number}": "v" for number in range(51)}, "must hold at most 50 tags: ... got 51."),
    ],
    "user_volume": [
        (word, f'must be "roll_back" or "keep"; got "{word}".') for word in ("", "wipe")
    ],
    "workspace_tag": [
        (
            {"key": key, "value": "v"},
            f"key must have 1 to 127 characters from U+0020 ... got {json.dumps(key)}.",
        )
        for key in ("", None, "fl*", 128 * "k", " fleet", "fleet\t", " ", "a\tb")
    ]
    + [
        ({"key": "k", "value": value}, f"value must have 1 to 255 ... got {json.dumps(value)}.")
        for value in ("", None, "*", "${aws:username}", 256 * "v", "desks ", "\ndesks", " ", "a\nb")
    ]
    + [({"key": "Fl\u0151tte", "value": "v"}, 'key must have 1 to 127 ... got "Fl\u0151tte".')]
    + [({"key": "k", "value": "a \u2013 b"}, 'value must have 1 to 255 ... got "a \u2013 b".')],
    "workspaces_api_rate": [
        (number, f"must be from 0.1 to 50 calls per second: ... got {number}.")
        for number in (0, 50.1, -2)
    ],
}

# What makes a value wrong that is right by itself. Such an input has plans of its own.
BESIDE: dict[str, dict[str, Any]] = {"roll_out_images": {"canary_after_hours": None}}

VARIABLES = ("variables.tf", "timezones.tf")
"""All that the validations of the inputs refer to."""


@pytest.fixture(scope="module")
def told(aws: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """The errors of the plans with each input's wrong values, in their order."""
    found = defaultdict(list)
    states = {ROOT: tmp_path_factory.mktemp("module")}
    variables = tmp_path_factory.mktemp("variables")
    for name in VARIABLES:
        shutil.copy(ROOT / name, variables)
    states[variables] = tmp_path_factory.mktemp("state")
    for configuration, state in states.items():
        Deployment(configuration, state, aws.environment(), {}).init()

    def plan(configuration: Path, given: dict[str, Any]) -> list[str]:
        inputs = {"workspace_ids": [ID]} | given
        state = states[configuration]
        return refusals(Deployment(configuration, state, aws.environment(), inputs))

    for place in range(max(map(len, WRONG.values()))):
        wrong = {
            name: cases[place][0]
            for name, cases in WRONG.items()
            if place < len(cases) and name not in BESIDE
        }
        errors = plan(variables if place else ROOT, wrong)
        for name in wrong:
            found[name].append(errors)
    for name, beside in BESIDE.items():
        for value, _ in WRONG[name]:
            found[name].append(plan(variables, {name: value} | beside))
    return found


def refusals(deployment: Deployment) -> list[str]:
    """The errors of a plan, each in one line."""
    with pytest.raises(TerraformError) as refused:
        deployment.plan()
    return " ".join(str(refused.value).replace("│", " ").split()).split("Error: ")[1:]


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, place) for name, cases in WRONG.items() for place in range(len(cases))],
)
def test_a_wrong_value_is_refused_with_input_rule_and_value(
    told: dict[str, list[list[str]]], name: str, place: int
) -> None:
    rule = ".*".join(re.escape(part.strip()) for part in WRONG[name][place][1].split("..."))
    said = [error for error in told[name][place] if f" {name}" in error]
    assert [error for error in said if re.search(f"{name}\\b.*{rule}", error)], said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("workspace_ids", '"Empfang-Zürich"', id="label_zurich"),
        pytest.param("kms_key_arn", 'got "".', id="empty_arn"),
        pytest.param("rebuild_window", 'got "Europe/Berln".', id="zone_typo"),
    ],
)
def test_what_was_once_let_through_is_refused_and_named(
    told: dict[str, list[list[str]]], name: str, value: str
) -> None:
    assert any(value in error for errors in told[name] for error in errors if f" {name}" in error)


def test_the_tests_know_each_input_that_refuses_something() -> None:
    blocks = re.split(r'^variable "(\w+)"', (ROOT / "variables.tf").read_text(), flags=re.MULTILINE)
    refusing = {
        n for n, body in zip(blocks[1::2], blocks[2::2], strict=True) if "validation {" in body
    }
    assert refusing == {*WRONG}


UNFIT = """
resource "aws_workspaces_workspace" "desk" {
  for_each = toset(["ada", "bob"])

  directory_id = "d-0123456789"
  bundle_id    = "wsb-012345678"
  user_name    = each.key
}

module "resources" {
  source = "%(root)s"

  workspace_ids = aws_workspaces_workspace.desk
}

resource "terraform_data" "desk" {
  input = "ws-0123456789"
}

module "unknown" {
  source = "%(root)s"

  workspace_ids = [terraform_data.desk.output]
}
"""


@pytest.fixture(scope="module")
def unfit(aws: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The errors of a plan of two fleets: a map of whole resources, a list of unknown ids."""
    folder = tmp_path_factory.mktemp("unfit")
    (folder / "main.tf").write_text(UNFIT % {"root": ROOT})
    deployment = Deployment(folder, folder, aws.environment(), {})
    deployment.init()
    return refusals(deployment)


def test_whole_map_of_resources_is_refused_in_the_modules_own_words(unfit: list[str]) -> None:
    [error] = [error for error in unfit if "session_disconnect" not in error]
    assert 'module "resources"' in error
    assert "workspace_ids must hold WorkSpace ids, not resources or other objects." in error
    assert "for label, workspace in aws_workspaces_workspace.NAME" in error


def test_a_list_of_unknown_ids_is_refused_in_the_words_that_troubleshooting_quotes(
    unfit: list[str],
) -> None:
    """Terraform speaks here, before the module can: with session alarms it needs their keys."""
    readme = (ROOT / "README.md").read_text()
    [quoted] = re.findall(r'^\| `(The "for_each".+?)` \|', readme, re.MULTILINE)
    assert any(quoted in error and "session_disconnect" in error for error in unfit), unfit
