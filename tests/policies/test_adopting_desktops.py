"""examples/managed-fleet takes over WorkSpaces that exist, and deletes none."""

from __future__ import annotations

import pytest

from demo.deployment import ROOT, Deployment, TerraformError
from sandbox import Sandbox

ADA = 'aws_workspaces_workspace.desktop["ada"]'
BOB = 'aws_workspaces_workspace.desktop["bob"]'


class Adopter(Deployment):
    """A configuration that takes over what is there."""

    def adopt(self, address: str, workspace_id: str) -> None:
        """`terraform import`, as the example's README has it."""
        self._run("import", *self._options(), address, workspace_id)


@pytest.fixture(scope="module")
def example(aws: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Adopter:
    """The example with ada's WorkSpace, of another bundle and without encryption, imported."""
    ada = aws.desktops.add(user="ada")
    given = {
        "directory_id": aws.desktops.get(ada).directory_id,
        "bundle_id": "wsb-0123456789",
        "users": ["ada", "bob"],
    }
    folder = tmp_path_factory.mktemp("managed-fleet")
    made = Adopter(ROOT / "examples" / "managed-fleet", folder, aws.environment(), given)
    made.init()
    made.adopt(ADA, ada)
    return made


def test_a_plan_after_an_import_replaces_no_workspace(example: Adopter) -> None:
    planned = {each["address"]: each["change"] for each in example.plan()["resource_changes"]}
    assert planned[ADA]["actions"] == ["update"]  # its tag
    assert planned[BOB]["actions"] == ["create"]
    assert planned[BOB]["after"]["root_volume_encryption_enabled"] is True


def test_taking_a_user_out_does_not_delete_the_workspace(example: Adopter) -> None:
    example.set(users=["bob"])
    with pytest.raises(TerraformError, match="Instance cannot be destroyed"):
        example.plan()
