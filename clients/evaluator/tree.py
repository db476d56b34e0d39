"""RFC 6962 trees over the records of a partition (docs/wire.md §5)."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

Headers = Sequence[tuple[str, bytes | None]]

_HASH = 32
_NULL = b"\xff\xff\xff\xff"
_length = struct.Struct(">I")
EMPTY_ROOT = hashlib.sha256(b"").digest()


class Unreadable(ValueError):
    """Bytes that are no framed record."""


def frame(value: bytes | None) -> bytes:
    return _NULL if value is None else _length.pack(len(value)) + value


def leaf_data(key: bytes | None, value: bytes | None, headers: Headers) -> bytes:
    parts = [frame(key), frame(value), _length.pack(len(headers))]
    for name, content in headers:
        parts.append(frame(name.encode()))
        parts.append(frame(content))
    return b"".join(parts)


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def record_of(data: bytes) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]:
    """Key, value and headers of leaf data. Raises Unreadable."""
    try:
        key, at = _unframe(data, 0)
        value, at = _unframe(data, at)
        (count,) = _length.unpack_from(data, at)
        at += _length.size
        headers: list[tuple[str, bytes | None]] = []
        for _ in range(count):
            name, at = _unframe(data, at)
            content, at = _unframe(data, at)
            headers.append(((name or b"").decode(), content))
    except (struct.error, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from None
    if at != len(data):
        raise Unreadable(f"{len(data) - at} bytes too many")
    return key, value, headers


def _unframe(data: bytes, at: int) -> tuple[bytes | None, int]:
    if data[at : at + 4] == _NULL:
        return None, at + 4
    (length,) = _length.unpack_from(data, at)
    start, end = at + 4, at + 4 + length
    if end > len(data):
        raise Unreadable("a frame ends beyond its record")
    return data[start:end], end


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
