"""RFC 6962 hashing of a partition's records (docs/wire.md §5) and the proofs made of subtree hashes. Pure."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Protocol

from services.shared.kernel.ids import frame

_u32 = struct.Struct(">I").pack
_NULL = frame(None)
EMPTY_ROOT = sha256(b"").digest()

# (height, index) → hash of the complete subtree over leaves [index·2^height, (index+1)·2^height)
Subtree = Callable[[int, int], bytes]


class Record(Protocol):
    """A Kafka record as it was received."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


_NAMES: dict[str, bytes] = {}
_MOST_NAMES = 256


def _name(name: str) -> bytes:
    framed = _NAMES.get(name)
    if framed is None:
        framed = frame(name)
        if len(_NAMES) < _MOST_NAMES:  # ours are six; a stranger's may be any
            _NAMES[name] = framed
    return framed


def leaf_hash(record: Record) -> bytes:
    key, value, headers = record.key, record.value, record.headers
    parts = [
        b"\x00",
        _NULL if key is None else _u32(len(key)) + key,
        _NULL if value is None else _u32(len(value)) + value,
        _u32(len(headers)),
    ]
    for name, content in headers:
        parts.append(_name(name))
        parts.append(_NULL if content is None else _u32(len(content)) + content)
    return sha256(b"".join(parts)).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def largest_power_below(count: int) -> int:
    """The largest power of two smaller than `count` (2 or more)."""
    return 1 << ((count - 1).bit_length() - 1)


def root_of(start: int, end: int, subtree: Subtree) -> bytes:
    """Root of the leaves [start, end); `start` is a multiple of the power of two that is not below the length."""
    count = end - start
    if count == 0:
        return EMPTY_ROOT
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return subtree(height, start >> height)
    left = start + largest_power_below(count)
    return node_hash(root_of(start, left, subtree), root_of(left, end, subtree))


def inclusion_path(leaf: int, size: int, subtree: Subtree) -> list[bytes]:
    """RFC 6962 §2.1.1; needs 0 ≤ leaf < size."""
    start, end = 0, size
    path: list[bytes] = []
    while end - start > 1:
        middle = start + largest_power_below(end - start)
        if leaf < middle:
            path.append(root_of(middle, end, subtree))
            end = middle
        else:
            path.append(root_of(start, middle, subtree))
            start = middle
    return path[::-1]


def consistency_path(first: int, second: int, subtree: Subtree) -> list[bytes]:
    """RFC 6962 §2.1.2; needs 0 < first ≤ second."""
    start, end = 0, second
    path: list[bytes] = []
    whole = True  # the first tree is still a complete part of the second one's, whose root the verifier knows
    while first != end:
        middle = start + largest_power_below(end - start)
        if first <= middle:
            path.append(root_of(middle, end, subtree))
            end = middle
        else:
            path.append(root_of(start, middle, subtree))
            start = middle
            whole = False
    if not whole:
        path.append(root_of(start, end, subtree))
    return path[::-1]
