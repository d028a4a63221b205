"""The layout that registries and strangers expect."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/main.tf"))
NAME = "terraform-aws-workspaces-nonpersistent"
PAGES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *(example / "README.md" for example in EXAMPLES),
]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]*)?\)")
ON_GITHUB = re.compile(r"\.\./\.\./actions/workflows/([\w.-]+\.yml)(/badge\.svg)?")
"""A workflow's runs and their badge, from the root of whichever copy of the repository it is."""

PAPERS = ("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "SUPPORT.md")
STANDARD = ("main.tf", "variables.tf", "outputs.tf", "versions.tf")


@pytest.mark.parametrize("name", [*PAPERS, *STANDARD])
def test_a_module_has_its_papers_and_standard_files_at_its_root(name: str) -> None:
    assert (ROOT / name).read_text().strip()


def test_the_readme_is_named_as_the_registry_wants_the_repository() -> None:
    first, *_ = (ROOT / "README.md").read_text().splitlines()
    assert first == f"# {NAME}"
    assert re.fullmatch(r"terraform-[a-z0-9]+-[a-z0-9-]+", NAME)


def test_the_license_is_apache_2_0() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("folder", [ROOT, *EXAMPLES], ids=lambda path: path.name)
def test_every_input_and_output_has_a_description(folder: Path) -> None:
    for path in folder.glob("*.tf"):
        for block in re.split(r"^(?=variable |output )", path.read_text(), flags=re.M)[1:]:
            head = block.splitlines()[0]
            assert re.search(r"^  description = ", block, flags=re.M), f"{path.name}: {head}"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_complete(example: Path) -> None:
    for name in ("main.tf", "outputs.tf", "versions.tf", "README.md"):
        assert (example / name).exists(), name
    versions = (example / "versions.tf").read_text()
    assert versions == (ROOT / "versions.tf").read_text()
    assert 'source = "../.."' in (example / "main.tf").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text()):
        if run := ON_GITHUB.fullmatch(path):
            assert (ROOT / ".github" / "workflows" / run[1]).exists(), (
                f"{page.name} links to {path}"
            )
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {path}"
        if anchor and target.suffix == ".md":
            assert anchor.removeprefix("#") in _anchors(target.read_text()), f"{path}{anchor}"


def _anchors(markdown: str) -> set[str]:
    """Headings as GitHub turns them into anchors, and anchors with a name."""
    headings = re.findall(r"^#+ (.+)$", markdown, flags=re.M)
    bare = [re.sub(r"[^\w\- ]", "", heading.strip().lower()) for heading in headings]
    named = re.findall(r'<a name="([^"]+)">', markdown)
    return {*named, *(heading.replace(" ", "-") for heading in bare)}
