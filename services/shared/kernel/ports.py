"""What the kernel and the commands need from outside. Adapters live in services/shared/runtime."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.change import Cause, Change
from services.shared.kernel.dates import Day
from services.shared.kernel.outcome import Outcome

A = TypeVar("A", bound=Aggregate[Any])


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, UTC."""

    def day(self) -> Day:
        """The present legal day, Asia/Shanghai."""

    async def sleep(self, seconds: float) -> None: ...


class Random(Protocol):
    def bytes(self, count: int) -> bytes:
        """`count` unpredictable bytes."""

    def fraction(self) -> float:
        """A number in [0, 1), for spreading retries."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One aggregate in a page of a view; `summary` holds the bytes prepared when it was stored."""

    id: str
    version: int
    summary: bytes


class Store(Protocol):
    """Aggregates of one service. Atomic per aggregate, never wider."""

    async def get_many(
        self,
        kind: type[A],
        ids: Collection[str],
        causes: Mapping[str, Sequence[Cause]] | None = None,
    ) -> dict[str, Change[A]]:
        """A fresh change per id; an unknown id gives a blank aggregate of version 0.

        `causes` (by id) are looked up and given as `Change.answers`. Raises StoreUnavailable.
        """

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Outcome]:
        """Store every change by itself, each with its events; outcomes in order, given only when they are durable.

        Raises ValueError when two changes name one aggregate. Never raises for a store that fails: StoreDown.
        """

    async def holders(self, kind: type[A], claims: Collection[str]) -> dict[str, str]:
        """Who holds which claim: claim → id."""

    async def page(self, kind: type[A], *, view: str, key: str, after: str, limit: int) -> list[Row]:
        """Rows of a view with this key, by ascending id greater than `after`; view "" = all aggregates of the kind."""

    async def shared(self, kind: type[A], *, view: str, after: str, limit: int) -> list[str]:
        """Keys of a view under which at least two aggregates are found, ascending, greater than `after`."""


class Message(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A Kafka record fixed when its event was stored, so that a repeat is byte-identical."""

    topic: str
    key: bytes
    headers: tuple[tuple[str, bytes], ...]
    value: bytes


class Unsent(msgspec.Struct, frozen=True):
    token: Any
    message: Message


class Outbox(Protocol):
    """Events that are stored and not yet known to be in Kafka, in the order of their aggregate's versions."""

    async def unsent(self, limit: int, *, besides: Collection[Any] = ()) -> list[Unsent]:
        """The first ones, without those whose tokens are in `besides` because they are under way. May give none
        although there are more behind those.
        """

    async def sent(self, tokens: Iterable[Any]) -> None:
        """Forget them; called only after the broker acknowledged."""

    async def woken(self) -> None:
        """Returns when there may be something unsent."""


class KeyRing(Protocol):
    """Keys by purpose; what they protect never leaves the process in clear."""

    def blind_index(self, purpose: str, value: str) -> str:
        """Keyed pseudonym (HMAC-SHA256, 32 hexadecimal characters); equal values give equal pseudonyms."""

    def seal(self, *, origin: str, fields: Mapping[str, str]) -> bytes:
        """Encrypt fields at rest under a fresh data key, bound to origin and field name."""

    def unseal(self, sealed: bytes, *, origin: str) -> dict[str, str]: ...
