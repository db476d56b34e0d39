"""Trace context (W3C traceparent) of what is being worked on; the store writes it into events, so it crosses Kafka."""

from __future__ import annotations

import re
from contextvars import ContextVar
from random import getrandbits

# "" = nothing is traced. Each gRPC call and each intake window runs in a task of its own, so nobody resets it.
trace_context: ContextVar[str] = ContextVar("trace_context", default="")

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}").fullmatch


def new_trace() -> str:
    """The first span of a new trace."""
    return f"00-{getrandbits(128) or 1:032x}-{getrandbits(64) or 1:016x}-01"


def next_span(parent: str) -> str:
    """A span below `parent`, in the same trace with the same flags; a malformed parent starts a new trace."""
    if not _TRACEPARENT(parent):
        return new_trace()
    return f"{parent[:36]}{getrandbits(64) or 1:016x}{parent[52:]}"


def trace_id(traceparent: str) -> str:
    return traceparent[3:35]


def enter_span(parent: str = "") -> str:
    """Begin a span under `parent` and make it the present one of this task."""
    span = next_span(parent)
    trace_context.set(span)
    return span
