"""RFC 6962 trees over the records of a partition (docs/wire.md §5)."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from functools import lru_cache

Headers = Sequence[tuple[str, bytes | None]]

LEAF_BYTES = _HASH = 32
_NULL, _NULL_FRAME = 0xFFFFFFFF, b"\xff\xff\xff\xff"
_length = struct.Struct(">I")
EMPTY_ROOT = hashlib.sha256(b"").digest()


class Unreadable(ValueError):
    """Bytes that are no framed record."""


def frame(value: bytes | None) -> bytes:
    return _NULL_FRAME if value is None else _length.pack(len(value)) + value


@lru_cache(maxsize=256)
def _framed_name(name: str) -> bytes:
    return frame(name.encode())


def leaf_data(key: bytes | None, value: bytes | None, headers: Headers) -> bytes:
    parts = [frame(key), frame(value), _length.pack(len(headers))]
    for name, content in headers:
        parts += (_framed_name(name), frame(content))
    return b"".join(parts)


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def record_of(data: bytes) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]:
    """Key, value and headers of leaf data. Raises Unreadable."""
    try:
        (key, value), at = _unframed(data, 0, 2)
        (count,) = _length.unpack_from(data, at)
        texts, at = _unframed(data, at + _length.size, 2 * count)
        headers = [((name or b"").decode(), content) for name, content in zip(texts[::2], texts[1::2], strict=True)]
    except (struct.error, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from None
    if at != len(data):
        raise Unreadable(f"{len(data) - at} bytes too many")
    return key, value, headers


def _unframed(data: bytes, at: int, count: int) -> tuple[list[bytes | None], int]:
    """`count` frames from `at`, and where they end."""
    found: list[bytes | None] = []
    length_at = _length.unpack_from
    for _ in range(count):
        (length,) = length_at(data, at)
        at += 4
        if length == _NULL:
            found.append(None)
            continue
        end = at + length
        if end > len(data):
            raise Unreadable("a frame ends beyond its record")
        found.append(data[at:end])
        at = end
    return found, at


class Tree:
    """Grows leaf by leaf and keeps every complete node, so that the root of any earlier size is at hand.

    64 bytes per leaf.
    """

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]

    @property
    def size(self) -> int:
        return len(self._levels[0]) // _HASH

    def append(self, leaf: bytes) -> None:
        height, node = 0, leaf
        while True:
            level = self._levels[height]
            level += node
            if (len(level) // _HASH) % 2:
                return
            node = hashlib.sha256(b"\x01" + level[-2 * _HASH :]).digest()
            height += 1
            if height == len(self._levels):
                self._levels.append(bytearray())

    def leaf(self, index: int) -> bytes:
        return bytes(self._levels[0][index * _HASH : (index + 1) * _HASH])

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves; of all unless given. Raises ValueError beyond the present size."""
        size = self.size if size is None else size
        if size > self.size:
            raise ValueError(f"{size} leaves of {self.size}")
        root, done = b"", 0
        peaks: list[bytes] = []
        for height in reversed(range(size.bit_length())):
            if size >> height & 1:
                at = (done >> height) * _HASH
                peaks.append(bytes(self._levels[height][at : at + _HASH]))
                done += 1 << height
        for peak in reversed(peaks):
            root = hashlib.sha256(b"\x01" + peak + root).digest() if root else peak
        return root or EMPTY_ROOT
