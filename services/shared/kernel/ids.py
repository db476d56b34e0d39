"""Natural ids: framing, derived ids and causes. No handler draws an id."""

from __future__ import annotations

import hashlib
import struct

_NULL = b"\xff\xff\xff\xff"
_u32 = struct.Struct(">I").pack


def frame(value: bytes | str | None) -> bytes:
    """u32 big-endian length ‖ bytes; null = length 0xFFFFFFFF. Text is UTF-8."""
    if value is None:
        return _NULL
    raw = value.encode() if isinstance(value, str) else value
    return _u32(len(raw)) + raw


def derived_id(kind: str, principal: str, request_id: str) -> str:
    """First 16 bytes of SHA-256(frame(kind) ‖ frame(principal) ‖ frame(request_id)), hexadecimal (32 characters)."""
    return hashlib.sha256(frame(kind) + frame(principal) + frame(request_id)).hexdigest()[:32]


def event_id(aggregate_id: str, version: int) -> str:
    """The `ce_id` of an event: one aggregate never has two events of one version."""
    return f"{aggregate_id}:{version}"
