"""What the README says of inputs, outputs, costs and sign-ins is what HCL and benchmarks say."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from module_docs import main as command
from module_docs.tables import costs, inputs, outputs

ROOT = Path(__file__).parents[2]
BADGES = sorted((ROOT / "docs" / "badges").iterdir())
SVG = "http://www.w3.org/2000/svg"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "benchmarks").mkdir()
    shutil.copytree(ROOT / "docs" / "badges", tmp_path / "docs" / "badges")
    papers = ("README.md", "LICENSE", "variables.tf", "outputs.tf", "versions.tf")
    for name in (*papers, "benchmarks/results.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def papers(root: Path) -> dict[Path, str]:
    """What `make docs` may write."""
    pages = [root / "README.md", *root.glob("docs/badges/*")]
    return {page: page.read_text() for page in pages}


def test_the_readme_has_the_tables_that_the_hcl_gives() -> None:
    assert command.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("variables.tf", "default     = 20", "default     = 25"),
        ("variables.tf", "Tags of every resource", "Labels of every resource"),
        ("outputs.tf", 'output "role_name"', 'output "role"'),
        ("benchmarks/results.json", '"alarm per WorkSpace": 10', '"alarm per WorkSpace": 20'),
        ("benchmarks/results.json", '"audit interval": 10', '"audit interval": 15'),
        ("benchmarks/results.json", '"sign-ins": 373', '"sign-ins": 374'),
        ("versions.tf", '">= 1.9"', '">= 1.10"'),
        ("versions.tf", "< 7.0", "< 8.0"),
        ("LICENSE", "Version 2.0", "Version 2.1"),
        ("docs/badges/terraform.svg", "Terraform", "Pulumi"),
    ],
    ids=[
        "default",
        "description",
        "output",
        "cost",
        "session alarms",
        "sign-ins",
        "Terraform",
        "provider",
        "license",
        "badge",
    ],
)
def test_check_notices_a_change_and_the_command_mends_it(
    copy: Path, file: str, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new))
    arguments = ["--root", str(copy)]
    before = papers(copy)
    assert command.main([*arguments, "--check"]) == 1
    assert "make docs" in capsys.readouterr().err
    assert papers(copy) == before
    assert command.main(arguments) == 0
    assert command.main([*arguments, "--check"]) == 0


@pytest.mark.parametrize("badge", BADGES, ids=lambda path: path.stem)
def test_a_badge_is_shown_and_takes_nothing_from_the_network(badge: Path) -> None:
    assert f"](docs/badges/{badge.name})]" in (ROOT / "README.md").read_text()
    svg = badge.read_text()
    label, value = (text.text for text in ElementTree.fromstring(svg).iter(f"{{{SVG}}}text"))
    assert label
    assert value
    assert re.findall(r"https?://[^\s\"')<]+", svg) == [SVG]


def test_a_readme_without_markers_is_left_alone(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "README.md").write_text("nothing here\n")
    assert command.main(["--root", str(copy)]) == 1
    assert "inputs" in capsys.readouterr().err
    assert (copy / "README.md").read_text() == "nothing here\n"


def test_a_table_gives_type_default_and_description_in_one_line() -> None:
    hcl = """
variable "ids" {
  description = <<-EOT
    A list
    | a set.
  EOT
  type        = any
}

variable "who" {
  description = "Say \\"who\\"."
  type        = list(string)
  default     = []
}

variable "key" {
  description = "A key."
  type        = string
  default     = null
}
"""
    assert inputs(hcl).splitlines()[2:] == [
        '| <a name="input_ids"></a>[`ids`](#input_ids) | `any` | *required* | A list \\| a set. |',
        '| <a name="input_who"></a>[`who`](#input_who) | `list(string)` | `[]` | Say "who". |',
        '| <a name="input_key"></a>[`key`](#input_key) | `string` | none | A key. |',
    ]
    row = outputs('output "arn" {\n  description = "An ARN."\n  value = "x"\n}\n')
    assert row.splitlines()[2:] == ['| <a name="output_arn"></a>[`arn`](#output_arn) | An ARN. |']


def test_a_fleet_without_a_measured_burst_has_its_costs_all_the_same() -> None:
    month = {"desktops": 1, "dollars": 1234.5, "by item": {"alarm per WorkSpace": 0.1}}
    idle = {"desktops": 1, "workspaces calls of audits": 48, "audits": 24}
    results = {"months": [{"ours": month}], "idle days": [idle], "bursts": {"ours": []}}
    assert costs(results).splitlines()[2:] == ["| 1 | 1,234.50 | 0.10 | 2 |  |  |"]
