"""Logging: one JSON line per event on standard error, for structlog and the standard library alike.

Event names are constant verb phrases; values are codes, ids, numbers. Values under keys that name personal data are
redacted wherever they are nested, and exceptions are logged as type and frames: their text may quote anything.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from services.shared.kernel.errors import DomainError
from services.shared.kernel.follower import EventGapError
from services.shared.runtime.trace import trace_context, trace_id

REDACTED = "[redacted]"
PERSONAL = frozenset(
    (
        "identity",
        "name",
        "full_name",
        "clear_name",
        "masked_name",
        "display_name",
        "id_number",
        "number",
        "certificate_number",
        "phone",
        "mobile",
        "email",
        "birth",
        "birth_date",
        "born_on",
        "token",
        "authorization",
        "password",
        "secret",
        "private_key",
    )
)
# Exceptions whose text is ours or the system's: paths, addresses, codes, never content.
_SAFE_TEXT = (OSError, DomainError, EventGapError)
_DEEPEST = 8
_MOST_FRAMES = 20
_LONGEST_TEXT = 2000

Event = MutableMapping[str, Any]


def redact(_logger: Any, _method: str, event: Event) -> Event:
    """Processor: drop personal values at any depth and whatever is not plain data."""
    for key, value in event.items():
        if key.lower() in PERSONAL:
            event[key] = REDACTED
        elif not isinstance(value, str | int | float | bool | None) and not key.startswith("_"):
            event[key] = _clean(value, 1)
    return event


def _clean(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if depth > _DEEPEST:
        return REDACTED
    if isinstance(value, Mapping):
        return {
            str(key): REDACTED if str(key).lower() in PERSONAL else _clean(inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner, depth + 1) for inner in value]
    if isinstance(value, BaseException):
        return frames_of(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    # Messages, states and commands may hold personal data in their text.
    return f"<{type(value).__name__}>"


def frames_of(error: BaseException) -> dict[str, Any]:
    """An exception as far as it may be written down: type, frames and, where that is harmless, its text."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    told: dict[str, Any] = {"error": type(error).__name__, "frames": frames[-_MOST_FRAMES:]}
    if isinstance(error, _SAFE_TEXT):
        told["text"] = str(error)[:_LONGEST_TEXT]
    inner = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if inner is not None:
        told["after"] = frames_of(inner)
    return told


def _exception(_logger: Any, _method: str, event: Event) -> Event:
    """Processor: `exc_info` becomes type and frames."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    if isinstance(given, tuple):
        given = given[1]
    if isinstance(given, BaseException):
        event["exception"] = frames_of(given)
    return event


def _trace(_logger: Any, _method: str, event: Event) -> Event:
    span = trace_context.get()
    if span:
        event["trace_id"] = trace_id(span)
    return event


def configure_logging(level: str = "INFO", *, service: str = "", stream: Any = None) -> None:
    """Send every log line of the process through one chain to `stream` (standard error by default)."""

    def named(_logger: Any, _method: str, event: Event) -> Event:
        event["service"] = service
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        named,
        _trace,
        _exception,
        redact,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
