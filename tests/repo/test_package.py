"""The committed package is what the sources build, anywhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("nonpersistent.zip", "manifest.json")


def build(root: Path, *arguments: str, python: Path | str = sys.executable) -> tuple[int, str]:
    """Run the builder of a copy; its exit status and what it said."""
    done = subprocess.run(
        [python, root / "package" / "build.py", *arguments],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def runs(python: Path | str) -> bool:
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


def find(version: str) -> Path | str | None:
    """A Python of this version, on PATH or kept by pyenv, whose shims run the chosen one only."""
    found = shutil.which(f"python{version}")
    if found is not None and runs(found):
        return found
    pyenv = shutil.which("pyenv")
    if pyenv is None:
        return None
    root = subprocess.run([pyenv, "root"], check=True, capture_output=True, text=True)
    kept = Path(root.stdout.strip(), "versions").glob(f"{version}.*/bin/python{version}")
    return next(filter(runs, kept), None)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The builder and the sources alone, without a package."""
    sources = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "lambda_src", tmp_path / "lambda_src", ignore=sources)
    (tmp_path / "package").mkdir()
    for script in (ROOT / "package").glob("*.py"):
        shutil.copy(script, tmp_path / "package")
    return tmp_path


def package(root: Path) -> list[bytes]:
    return [(root / "package" / name).read_bytes() for name in FILES]


def test_the_committed_package_is_what_the_sources_build() -> None:
    assert build(ROOT, "--check") == (0, "")


def test_every_python_at_hand_builds_the_same_bytes(copy: Path) -> None:
    """The public workflow runs this file with each version."""
    found = map(find, ("3.11", "3.12", "3.13"))
    for python in (sys.executable, *(python for python in found if python)):
        for name in FILES:
            (copy / "package" / name).unlink(missing_ok=True)
        assert build(copy, python=python)[0] == 0
        assert package(copy) == package(ROOT), python


def test_a_checkout_with_crlf_builds_the_same_bytes(copy: Path) -> None:
    build(copy)
    here = package(copy)
    for path in (copy / "lambda_src").rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    build(copy)
    assert package(copy) == here


def test_times_modes_and_caches_do_not_matter(copy: Path) -> None:
    build(copy)
    here = package(copy)
    for path in (copy / "lambda_src").rglob("*.py"):
        path.chmod(0o600)
        path.touch()
    cache = copy / "lambda_src" / "nonpersistent" / "__pycache__"
    cache.mkdir()
    (cache / "handler.cpython-311.pyc").write_text("stale")
    (copy / "lambda_src" / "notes.txt").write_text("not part of the payload")
    build(copy)
    assert package(copy) == here


@pytest.mark.parametrize("change", ["changed", "removed", "added"])
def test_check_names_the_source_that_differs_and_writes_nothing(copy: Path, change: str) -> None:
    build(copy)
    before = package(copy)
    source = copy / "lambda_src" / "nonpersistent" / ("new.py" if change == "added" else "clock.py")
    if change == "removed":
        source.unlink()
    else:
        with source.open("a") as text:
            text.write("\n")
    status, output = build(copy, "--check")
    assert status == 1
    assert f"lambda_src/nonpersistent/{source.name} is not as it was packaged" in output
    assert output.count("is not as it was packaged") == 1
    assert output.splitlines()[-1] == "Run: python3 package/build.py"
    assert package(copy) == before


@pytest.mark.parametrize("name", FILES)
def test_check_names_a_missing_file(copy: Path, name: str) -> None:
    build(copy)
    (copy / "package" / name).unlink()
    status, output = build(copy, "--check")
    assert status == 1
    assert f"package/{name} is missing" in output


def test_check_accepts_a_manifest_checked_out_with_crlf(copy: Path) -> None:
    build(copy)
    manifest = copy / "package" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"\n", b"\r\n"))
    assert build(copy, "--check") == (0, "")


@pytest.mark.parametrize("text", ["", "[]", '{"sources": 3}'])
def test_check_refuses_a_broken_manifest(copy: Path, text: str) -> None:
    build(copy)
    (copy / "package" / "manifest.json").write_text(text)
    status, output = build(copy, "--check")
    assert status == 1
    assert "lambda_src/nonpersistent/handler.py is not as it was packaged" in output


def test_the_zip_holds_the_package_at_its_root_stored_and_readable() -> None:
    manifest = json.loads((ROOT / "package" / "manifest.json").read_text())
    with zipfile.ZipFile(ROOT / "package" / "nonpersistent.zip") as archive:
        entries = archive.infolist()
        unpacked = {name: archive.read(name) for name in archive.namelist()}
    assert unpacked == {name: (ROOT / "lambda_src" / name).read_bytes() for name in unpacked}
    names = [entry.filename for entry in entries]
    assert "nonpersistent/handler.py" in names
    assert names == sorted(manifest["sources"])
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.create_system for entry in entries} == {3}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
