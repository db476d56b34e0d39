"""What intake, fold and relay need of Kafka, so that a simulated log can stand in for it (tests/simulation)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from services.shared.kernel.ports import Message
from services.shared.runtime.reader import Received

Place = tuple[str, int]
"""One partition: topic and number."""

Tell = Callable[[bool, str], None]
"""Health of a part: does it serve, and if not, why."""


def untold(serving: bool, why: str) -> None:
    """For whoever needs no health."""


class Together:
    """Several parts under one name: they serve while each of them does."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._why: dict[str, str] = {}

    def part(self, name: str) -> Tell:
        self._why[name] = f"{name} has not started"

        def said(serving: bool, why: str) -> None:
            self._why[name] = "" if serving else f"{name}: {why}"
            reasons = [reason for reason in self._why.values() if reason]
            self._tell(not reasons, "; ".join(reasons))

        return said


class Listener(Protocol):
    """Hears of rebalances. Both are awaited before the group goes on, so neither may wait for a window."""

    async def assigned(self, places: Collection[Place]) -> None:
        """Called before the first record of these places; may seek."""

    async def revoked(self, places: Collection[Place]) -> None:
        """Called before another member gets them; returns when nothing of ours touches them any more."""


class Source(Protocol):
    """Records of the assigned partitions. One reader at a time; in order within a partition."""

    async def start(self, listener: Listener) -> None: ...

    async def stop(self) -> None: ...

    async def window(self) -> Sequence[Received]:
        """Wait for records and give as many as are there, up to the window's size; never none.

        Records given once are not given again unless sought or the partition is assigned anew. Never gives records
        of a partition that was revoked meanwhile. A broker that is away makes it wait, not raise.
        """

    def seek(self, positions: Mapping[Place, int]) -> None:
        """Go on from these offsets; partitions that are no longer ours are passed over."""

    def pause(self, place: Place) -> None:
        """Give nothing more of this partition until it is assigned anew."""

    async def commit(self, positions: Mapping[Place, int]) -> bool:
        """Remember these offsets as the next to read; False when the broker did not take them. Never raises:
        what is not remembered is delivered again.
        """


class Publisher(Protocol):
    """Writes to Kafka with all replicas' acknowledgement."""

    async def ready(self) -> bool:
        """Connect if that is still to be done; False = no broker answered. Never raises."""

    async def publish(self, messages: Sequence[Message]) -> list[bool]:
        """Send in order; per message True = acknowledged, False = unknown (it may be in the log or not, or still
        get there). Within a partition what follows an unknown one was not sent unless it was in the same batch and
        is unknown itself. Never raises for a broker that fails.
        """

    async def stop(self) -> None: ...
