"""A zip file around DEFLATE: local headers, data, central directory (PKWARE's APPNOTE)."""

from __future__ import annotations

import binascii
import struct

from deflate import deflate

# The earliest moment a zip can hold, 1 January 1980; the real one would make every build differ.
TIME, DATE = 0, 1 << 5 | 1
VERSION = 20
"""2.0, the first that knows DEFLATE."""

UNIX = 3 << 8
READABLE_FILE = 0o100644
DEFLATED = 8

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def zip_bytes(files: dict[str, bytes]) -> bytes:
    """The zip of `files` by name, in the order of their names."""
    body, directory = b"", b""
    for name, content in sorted(files.items()):
        packed, path = deflate(content), name.encode("ascii")
        facts = struct.pack(
            "<HHHHHLLLHH",
            *(VERSION, 0, DEFLATED, TIME, DATE),
            *(binascii.crc32(content), len(packed), len(content), len(path), 0),
        )
        rest = struct.pack("<HHHLL", 0, 0, 0, READABLE_FILE << 16, len(body))
        directory += CENTRAL + struct.pack("<H", UNIX | VERSION) + facts + rest + path
        body += LOCAL + facts + path + packed
    count = len(files)
    end = struct.pack("<HHHHLLH", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + END + end
