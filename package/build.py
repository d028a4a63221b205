#!/usr/bin/env python3
"""Build the function's package: the same sources give the same bytes, anywhere.

Writes nonpersistent.zip and manifest.json next to this file from ../lambda_src. Both are
committed, so that nobody needs this script to plan or apply.
"""

import argparse
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("build.py needs python3.11 or newer; this is python" + sys.version.split()[0])

HERE = Path(__file__).resolve().parent
UNIX, READABLE_FILE = 3, 0o100644


def build(folder: Path) -> dict[str, bytes]:
    """Return the zip of the Python files below `folder`, and its manifest, by file name.

    The zip is not compressed, as zlib's output differs between versions. Its entries are sorted,
    with LF line endings and zipfile's default date, 1 January 1980.
    """
    sources = {
        path.relative_to(folder).as_posix(): path.read_bytes().replace(b"\r\n", b"\n")
        for path in folder.rglob("*.py")
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, text in sorted(sources.items()):
            entry = zipfile.ZipInfo(name)
            entry.create_system = UNIX
            entry.external_attr = READABLE_FILE << 16
            archive.writestr(entry, text)
    package = buffer.getvalue()
    manifest = {
        "sources": {name: hashlib.sha256(text).hexdigest() for name, text in sources.items()},
        "zip_sha256": hashlib.sha256(package).hexdigest(),
    }
    as_json = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
    return {"nonpersistent.zip": package, "manifest.json": as_json.encode()}


def differences(wanted: dict[str, bytes], target: Path) -> list[str]:
    """Return how the package in `target` differs from the `wanted` files: a line per difference."""
    actual = {name: (target / name).read_bytes() for name in wanted if (target / name).is_file()}
    manifest = actual.get("manifest.json", b"").replace(b"\r\n", b"\n")
    changed = _hashes(wanted["manifest.json"]) ^ _hashes(manifest)
    names = sorted({name for name, _ in changed})
    found = [f"lambda_src/{name} is not as it was packaged" for name in names]
    for name, content in wanted.items():
        if name not in actual:
            found.append(f"package/{name} is missing")
        elif content != (manifest if name == "manifest.json" else actual[name]):
            found.append(f"package/{name} is not what lambda_src builds")
    return found


def _hashes(manifest: bytes) -> set[tuple[str, str]]:
    """Return a manifest's sources with their hashes; an empty set if it is not a manifest."""
    try:
        return set(json.loads(manifest)["sources"].items())
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()


def main() -> int:
    """Build or check; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare without writing")
    wanted = build(HERE.parent / "lambda_src")
    if not parser.parse_args().check:
        for name, content in wanted.items():
            (HERE / name).write_bytes(content)
            print(f"package/{name}: {len(content)} bytes")
        return 0
    found = differences(wanted, HERE)
    if found:
        print(*found, "Run: python3 package/build.py", sep="\n", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
