"""DEFLATE (RFC 1951) by the book: LZ77 and the fixed Huffman codes. Same input, same bytes.

Compressors differ between versions of zlib, and with them would the package. Anything that reads
zip files reads this; it packs sources about a tenth worse than zlib.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict

WINDOW = 32_768
SHORTEST, LONGEST = 3, 258
TRIED = 256
"""Earlier places that a match is looked for at, the nearest first."""

LAST_BLOCK, FIXED_CODES = 1, 1
END = 256

# The first length and the first distance of each code; the number of extra bits follows (3.2.5).
LENGTH_BITS = [0] * 8 + [bits for bits in range(1, 6) for _ in range(4)]
DISTANCE_BITS = [0] * 4 + [bits for bits in range(1, 14) for _ in range(2)]


def _firsts(first: int, extra_bits: list[int]) -> list[int]:
    found = []
    for bits in extra_bits:
        found.append(first)
        first += 1 << bits
    return found


LENGTHS = _firsts(SHORTEST, LENGTH_BITS)
DISTANCES = _firsts(1, DISTANCE_BITS)


class _Bits:
    """Bits into bytes, the lowest first."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self._held = 0
        self._count = 0

    def put(self, value: int, count: int) -> None:
        self._held |= value << self._count
        self._count += count
        while self._count >= 8:
            self.bytes.append(self._held & 0xFF)
            self._held >>= 8
            self._count -= 8

    def put_code(self, code: int, count: int) -> None:
        """Huffman codes are written with their highest bit first."""
        self.put(int(f"{code:0{count}b}"[::-1], 2), count)

    def put_symbol(self, symbol: int) -> None:
        """A literal byte, the end, or the code of a length (3.2.6)."""
        if symbol < 144:
            self.put_code(0b00110000 + symbol, 8)
        elif symbol < 256:
            self.put_code(0b110010000 + symbol - 144, 9)
        elif symbol < 280:
            self.put_code(symbol - 256, 7)
        else:
            self.put_code(0b11000000 + symbol - 280, 8)

    def put_match(self, length: int, distance: int) -> None:
        # 258 has a code of its own, without extra bits.
        code = 28 if length == LONGEST else bisect_right(LENGTHS, length) - 1
        self.put_symbol(257 + code)
        if code < 28:
            self.put(length - LENGTHS[code], LENGTH_BITS[code])
        code = bisect_right(DISTANCES, distance) - 1
        self.put_code(code, 5)
        self.put(distance - DISTANCES[code], DISTANCE_BITS[code])

    def finish(self) -> bytes:
        if self._count:
            self.bytes.append(self._held & 0xFF)
        return bytes(self.bytes)


class _Past:
    """Where each three bytes have been."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._places: dict[bytes, list[int]] = defaultdict(list)

    def note(self, place: int) -> None:
        if place + SHORTEST <= len(self._data):
            self._places[self._data[place : place + SHORTEST]].append(place)

    def longest(self, place: int) -> tuple[int, int]:
        """Length and distance of the longest match at `place`; the nearest of several."""
        data, best = self._data, (0, 0)
        most = min(LONGEST, len(data) - place)
        if most < SHORTEST:
            return best
        for earlier in reversed(self._places[data[place : place + SHORTEST]][-TRIED:]):
            if place - earlier > WINDOW:
                break
            length = SHORTEST
            while length < most and data[place + length] == data[earlier + length]:
                length += 1
            if length > best[0]:
                best = (length, place - earlier)
        return best


def deflate(data: bytes) -> bytes:
    """`data` as one DEFLATE block. A byte is written as it is where the next one matches longer."""
    bits, past = _Bits(), _Past(data)
    bits.put(LAST_BLOCK, 1)
    bits.put(FIXED_CODES, 2)
    place = 0
    while place < len(data):
        length, distance = past.longest(place)
        past.note(place)
        if length and past.longest(place + 1)[0] > length:
            length = 0
        if length:
            bits.put_match(length, distance)
        else:
            bits.put_symbol(data[place])
        for passed in range(place + 1, place + length):
            past.note(passed)
        place += max(1, length)
    bits.put_symbol(END)
    return bits.finish()
