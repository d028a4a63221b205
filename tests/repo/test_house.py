"""What the papers and the workflows promise is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
PAPERS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), flags=re.M))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_digest_and_say_their_version(path: Path) -> None:
    used = re.findall(r"uses: (.+)$", path.read_text(), flags=re.M)
    assert used
    for action in used:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_unless_a_job_says_otherwise(path: Path) -> None:
    assert re.search(r"^permissions:\n  contents: read\n", path.read_text(), flags=re.M)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_script_of_a_workflow_is_made_from_what_others_wrote(path: Path) -> None:
    scripts = re.findall(r"run: (?:[|>]-?\n(?:\s{10,}.*\n)+|.*\n)", path.read_text())
    assert scripts
    assert not [script for script in scripts if "${{ github." in script]


@pytest.mark.parametrize(
    "path", [*PAPERS, *WORKFLOWS], ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"(?:^|`|run: )make ([a-z][a-z-]*)", path.read_text(), flags=re.M))
    assert named <= TARGETS


def test_the_oldest_terraform_of_the_workflow_is_the_oldest_that_is_allowed() -> None:
    [floor] = re.findall(r'required_version = ">= ([\d.]+)"', (ROOT / "versions.tf").read_text())
    tested = set(
        re.findall(r'"(\d+\.\d+)\.\d+"', (ROOT / ".github/workflows/test.yml").read_text())
    )
    assert floor in tested


def test_the_oldest_provider_of_the_workflow_is_the_oldest_that_is_allowed() -> None:
    [floor] = re.findall(r'version = ">= ([\d.]+), < 7.0"', (ROOT / "versions.tf").read_text())
    assert f'"{floor}.0", "~> 6.0"' in (ROOT / ".github/workflows/test.yml").read_text()


def test_opentofu_is_called_untested_as_long_as_its_job_may_fail() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())
    may_fail = workflow["jobs"]["opentofu"].get("continue-on-error", False)
    assert ("OpenTofu | untested" in (ROOT / "SUPPORT.md").read_text()) is may_fail


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_asks_each_question_once_and_requires_an_answer(path: Path) -> None:
    form = yaml.safe_load(path.read_text())
    assert form["name"]
    assert form["description"]
    questions = [item for item in form["body"] if item["type"] != "markdown"]
    assert len({item["id"] for item in questions}) == len(questions)
    assert all(item["attributes"]["label"] for item in questions)
    assert any(item.get("validations", {}).get("required") for item in questions)


def test_code_owners_are_named_for_paths_that_exist() -> None:
    lines = (ROOT / ".github/CODEOWNERS.example").read_text().splitlines()
    paths = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert paths[0] == "*"
    assert [path for path in paths[1:] if not (ROOT / path.strip("/")).exists()] == []
