#!/usr/bin/env python3
"""Build the function's package: the same sources give the same bytes, anywhere.

Writes nonpersistent.zip and manifest.json next to this file from ../lambda_src. Both are
committed, so that nobody needs this script to plan or apply.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from container import zip_bytes

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parent / "lambda_src"
ZIP_NAME = "nonpersistent.zip"
MANIFEST_NAME = "manifest.json"


def read_sources(folder: Path) -> dict[str, bytes]:
    """Return the Python files below `folder`, by path relative to it, with LF line ends."""
    files = sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().replace(b"\r\n", b"\n")
        for path in files
        if path.is_file() and "__pycache__" not in path.parts
    }


def make_manifest(sources: dict[str, bytes], package: bytes) -> bytes:
    """Return the hashes (SHA-256, hexadecimal) that Terraform compares before it deploys."""
    manifest = {
        "sources": {name: hashlib.sha256(text).hexdigest() for name, text in sources.items()},
        "zip_sha256": hashlib.sha256(package).hexdigest(),
    }
    return (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()


def build(folder: Path) -> dict[str, bytes]:
    """Return both files of the package, by name."""
    sources = read_sources(folder)
    package = zip_bytes(sources)
    return {ZIP_NAME: package, MANIFEST_NAME: make_manifest(sources, package)}


def source_hashes(manifest: bytes) -> dict[str, str]:
    """Return the sources of a manifest, or nothing if it is not one."""
    try:
        hashes = json.loads(manifest)["sources"]
    except (ValueError, KeyError, TypeError):
        return {}
    return hashes if isinstance(hashes, dict) else {}


def differences(wanted: dict[str, bytes], target: Path) -> list[str]:
    """Say how the package in `target` differs from the `wanted` files; nothing if it does not."""
    found: list[str] = []
    for name, content in wanted.items():
        path = target / name
        actual = path.read_bytes() if path.is_file() else None
        if actual is not None and name == MANIFEST_NAME:
            actual = actual.replace(b"\r\n", b"\n")
            new, old = source_hashes(content), source_hashes(actual)
            for source in sorted(new.keys() | old.keys()):
                if source not in old:
                    found.append(f"lambda_src/{source} is not in the package")
                elif source not in new:
                    found.append(f"lambda_src/{source} is in the package but no longer there")
                elif new[source] != old[source]:
                    found.append(f"lambda_src/{source} has changed since the package was built")
        if actual is None:
            found.append(f"package/{name} is missing")
        elif actual != content:
            found.append(f"package/{name} is not what lambda_src builds")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Build or check; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare without writing")
    options = parser.parse_args(arguments)

    wanted = build(SOURCES)
    if options.check:
        found = differences(wanted, HERE)
        for line in found:
            print(line, file=sys.stderr)
        if found:
            print("Run: python3 package/build.py", file=sys.stderr)
        return 1 if found else 0

    for name, content in wanted.items():
        (HERE / name).write_bytes(content)
        print(f"package/{name}: {len(content)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
