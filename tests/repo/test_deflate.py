"""What the package's own compressor writes, zlib reads."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pytest
from deflate import deflate

ROOT = Path(__file__).parents[2]
RNG = random.Random(1951)
CASES = {
    "empty": b"",
    "one byte": b"x",
    "two bytes": b"xx",
    "every byte": bytes(range(256)) * 2,
    "random": RNG.randbytes(70_000),
    "one byte for long": b"a" * 100_000,
    "lengths around the longest": b"".join(b"a" * n + bytes([n % 256]) for n in range(250, 270)),
    "few letters": bytes(RNG.choice(b"abc") for _ in range(20_000)),
    "matches at the far end of the window": b"needle" + RNG.randbytes(32_762) + b"needle" * 2,
    "matches beyond the window": b"needle" + RNG.randbytes(32_770) + b"needle",
    "this file": Path(__file__).read_bytes(),
}


@pytest.mark.parametrize("data", CASES.values(), ids=CASES.keys())
def test_zlib_gives_back_what_was_packed(data: bytes) -> None:
    reader = zlib.decompressobj(-zlib.MAX_WBITS)
    assert reader.decompress(deflate(data)) == data
    assert reader.eof
    assert reader.unused_data == b""


@pytest.mark.parametrize("seed", range(20))
def test_zlib_gives_back_random_mixtures(seed: int) -> None:
    rng = random.Random(seed)
    words = [rng.randbytes(rng.randint(1, 300)) for _ in range(rng.randint(1, 30))]
    data = b"".join(rng.choice(words) for _ in range(rng.randint(1, 200)))
    assert zlib.decompress(deflate(data), -zlib.MAX_WBITS) == data


def test_sources_shrink_to_less_than_half() -> None:
    for path in (ROOT / "lambda_src" / "nonpersistent").glob("l*.py"):
        source = path.read_bytes()
        assert len(deflate(source)) < len(source) / 2
