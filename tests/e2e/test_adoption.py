"""Strangers adopt the module: from an archive, without Python, twice in one account; and the
examples do what their READMEs say.

One local AWS and one apply of each configuration serve all tests: an apply takes half a minute,
most of it waiting, so they run side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from .adopting import changes, fingerprint
from .strangers import COMPANY, EXAMPLES, TAG, Adoption, adopted, shared_silently

ENCRYPTED = (
    "aws_sns_topic.sessions",
    "aws_lambda_function.nonpersistent",
    "aws_dynamodb_table.ledger",
    "aws_sqs_queue.dead_letters",
    "aws_cloudwatch_log_group.function",
)

ACTS = {"baseline", "in_use", "vacant", "clean", "deferred", "rebuild_requested", "finished"}
"""Decisions that a function takes about its own WorkSpaces only."""


@pytest.fixture(scope="module")
def adoption(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adoption]:
    with adopted(tmp_path_factory.mktemp("adoption")) as adoption:
        yield adoption


# -- consumed ---------------------------------------------------------------------------------


def test_an_archive_is_all_that_is_needed_and_nothing_is_written_into_it(
    adoption: Adoption,
) -> None:
    names = {str(Path(path).relative_to(adoption.module)) for path in adoption.unpacked}
    standard = {"main.tf", "variables.tf", "outputs.tf", "README.md", "LICENSE"}
    assert standard | {"package/nonpersistent.zip", "package/manifest.json"} <= names
    now = fingerprint(adoption.module)
    locks = {path for path in now if path.endswith(".terraform.lock.hcl")}
    assert {path: now[path] for path in now if path not in locks} == adoption.unpacked


def test_two_fleets_live_side_by_side_in_one_account_and_region(adoption: Adoption) -> None:
    aws, fleets = adoption.aws, adoption.fleets
    mine, theirs = fleets["kiosks"]["one"], fleets["classrooms"]["three"]

    def told(fleet: str, decision: str, desktops: set[str]) -> bool:
        return desktops <= set(aws.told(fleet, decision))

    for fleet, ids in fleets.items():
        aws.until(f"the audit of {fleet}", partial(told, fleet, "baseline", set(ids.values())))
    for fleet, desktop in (("kiosks", mine), ("classrooms", theirs)):
        aws.act(desktop, "sign-in")
        aws.until(f"a sign-in to {fleet}", partial(told, fleet, "recorded", {desktop}))
    aws.act(mine, "sign-out")
    aws.until("the rebuild", partial(told, "kiosks", "rebuild_requested", {mine}))

    assert len(aws.desktop(mine)["rebuilds"]) == 1
    assert aws.desktop(theirs)["presence"] == "CONNECTED"
    assert not aws.desktop(theirs)["rebuilds"]
    assert aws.told("classrooms", "rebuild_requested") == []
    for fleet, ids in fleets.items():
        acted = {desktop for decision in ACTS for desktop in aws.told(fleet, decision)}
        assert acted <= set(ids.values())


def test_a_second_deployment_of_the_same_name_fails_before_it_touches_the_first(
    adoption: Adoption,
) -> None:
    said = adoption.namesake.result()
    assert "ResourceAlreadyExistsException" in said
    assert "/aws/lambda/kiosks" in said
    assert shared_silently(adoption.aws) == adoption.shared


# -- upgraded ---------------------------------------------------------------------------------


def test_a_fleet_that_grows_or_shrinks_replaces_nothing_and_touches_no_other_alarm(
    adoption: Adoption,
) -> None:
    planned = changes(adoption.resized.result())
    alarm = "aws_cloudwatch_metric_alarm.session_disconnect"
    assert planned.pop(f'module.kiosks.{alarm}["five"]') == ["create"]
    assert planned.pop(f'module.classrooms.{alarm}["three"]') == ["delete"]
    expected = ('aws_iam_policy.rebuild["01"]', "aws_dynamodb_table_item.roster")
    assert planned == {
        f"module.{fleet}.{address}": ["update"] for fleet in adoption.fleets for address in expected
    }


def test_another_grace_period_changes_the_function_in_place(adoption: Adoption) -> None:
    planned = changes(adoption.changed.result())
    mine = {address: did for address, did in planned.items() if ".kiosks." in address}
    assert mine == {"module.kiosks.aws_lambda_function.nonpersistent": ["update"]}


def test_a_customer_key_is_added_in_place(adoption: Adoption) -> None:
    planned = changes(adoption.changed.result())
    theirs = {address: did for address, did in planned.items() if ".classrooms." in address}
    assert {f"module.classrooms.{address}" for address in ENCRYPTED} <= set(theirs)
    assert {str(did) for did in theirs.values()} == {"['update']"}
    assert not any("session_disconnect" in address for address in theirs)


# -- examples ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_applied_and_a_second_plan_changes_nothing(
    adoption: Adoption, name: str
) -> None:
    assert adoption.again[name].result()


def test_two_regions_of_one_name_have_a_dashboard_each(adoption: Adoption) -> None:
    """The local AWS keeps dashboards by Region; on AWS they are global in an account."""
    prefix, names = "regional-desks", ("eu-central-1", "us-east-1")
    found = [
        entry["DashboardName"]
        for region in names
        for entry in adoption.aws.client("cloudwatch", region).list_dashboards(
            DashboardNamePrefix=prefix
        )["DashboardEntries"]
    ]
    assert found == [f"{prefix}-{region}" for region in names]


def test_workspaces_of_the_same_configuration_are_on_the_roster(adoption: Adoption) -> None:
    described = adoption.aws.client("workspaces").describe_workspaces()["Workspaces"]
    made = sorted(row["WorkspaceId"] for row in described if row["UserName"] in adoption.users)
    assert len(made) == len(adoption.users)
    roster = adoption.aws.client("dynamodb").get_item(
        TableName="managed-fleet-ledger", Key={"fleet": {"S": "fleet"}, "id": {"S": "roster"}}
    )["Item"]["workspace_ids"]["L"]
    assert sorted(entry["S"] for entry in roster) == made


# -- a company's fleet: a key, a tag, a window --------------------------------------------------


def test_p2_a_session_end_gets_into_the_log_under_a_customers_key(adoption: Adoption) -> None:
    aws, company = adoption.aws, set(adoption.company)
    topics = aws.client("sns")
    topic = f"arn:aws:sns:us-east-1:123456789012:{COMPANY}-sessions"
    key = topics.get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"]
    manager = aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyManager"]
    assert manager == "CUSTOMER"
    adoption.opening.result()

    def ends() -> set[str]:
        lines = aws.lines(COMPANY, "recorded")
        return {line["workspace_id"] for line in lines if line["signal"] == "session_end"}

    aws.until("both session ends", lambda: ends() == company)


def test_p4_permissions_by_tag_name_the_tag_and_no_id(adoption: Adoption) -> None:
    iam = adoption.aws.client("iam")
    role = f"{COMPANY}-us-east-1"
    [attached] = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    found = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId="v1")
    [statement, *_] = found["PolicyVersion"]["Document"]["Statement"]
    assert "workspaces:RebuildWorkspaces" in statement["Action"]
    assert statement["Condition"] == {
        "StringEquals": {f"aws:ResourceTag/{TAG['key']}": TAG["value"]}
    }
    assert not [desktop for desktop in adoption.company if desktop in str(found)]


def test_p2_debts_of_a_closed_window_wait_for_its_opening_and_none_is_lost(
    adoption: Adoption,
) -> None:
    """With users' files kept, as the example has it: a snapshot has to come, too."""
    aws, company, opening = adoption.aws, adoption.company, adoption.opening.result()

    def waits() -> dict[str, set[datetime]]:
        lines = aws.lines(COMPANY, "deferred")
        found: dict[str, set[datetime]] = {}
        for line in lines:
            if line["reason"] == "window":
                due_at = datetime.fromisoformat(line["due_at"])
                found.setdefault(line["workspace_id"], set()).add(due_at)
        return found

    aws.until("both debts wait", lambda: waits() == {desktop: {opening} for desktop in company})
    for desktop in company:
        aws.act(desktop, "snapshot")
    rebuilds = partial(lambda: [aws.desktop(desktop)["rebuilds"] for desktop in company])
    aws.until("both rebuilds", lambda: all(rebuilds()), 120)
    for made in rebuilds():
        [rebuild] = made
        assert rebuild["user_was"] == "AWAY"
        assert datetime.fromisoformat(rebuild["accepted_at"]) >= opening
