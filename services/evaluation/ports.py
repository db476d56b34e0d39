"""What evaluation needs from outside: the logs of the event topics, the meaning of a record, a signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from services.evaluation.domain.folded import Place
from services.evaluation.domain.merkle import Record
from services.evaluation.domain.partition import Event, Unread
from services.shared.kernel.errors import Unavailable

# What a record of this place says; never raises.
Decode = Callable[[Place, Record], Event | Unread]


class LogUnavailable(Unavailable):
    reason = "LOG_UNAVAILABLE"
    zh, en = "消息日志暂时不可用", "The event log did not answer"


class Log(Protocol):
    """All partitions of the event topics, read from positions of our own choosing. One reader at a time."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def bounds(self) -> Mapping[Place, tuple[int, int]]:
        """First offset and end (last + 1) of every partition. Raises LogUnavailable."""

    def seek(self, place: Place, offset: int) -> None:
        """Go on from this offset, also after `pause`."""

    def pause(self, place: Place) -> None:
        """Give nothing more of this partition until it is sought."""

    async def read(self, *, wait_s: float) -> Mapping[Place, Sequence[Record]]:
        """What has come, in order within a partition; empty after `wait_s` without any. Raises LogUnavailable."""

    async def commit(self, sizes: Mapping[Place, int]) -> None:
        """Show how far the fold has come, for lag metrics only. Never raises."""


class Notary(Protocol):
    """Signs with the evidence key (docs/wire.md §6, §7)."""

    def sign(self, text: str, *, name: str) -> str:
        """One C2SP signature line over the text, without its line end; `name` is the key name."""


class CheckpointSink(Protocol):
    async def publish(self, notes: Sequence[tuple[Place, int, str]]) -> list[bool]:
        """Per (place, size, note): True = acknowledged. Never raises."""
