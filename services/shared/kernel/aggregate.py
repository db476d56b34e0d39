"""An aggregate: the unit that one commit changes, as an immutable state plus the events recorded on it."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from services.shared.kernel.errors import EtagMismatch

S = TypeVar("S")
A = TypeVar("A", bound="Aggregate[Any]")


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """One event: the aggregate's version 1, 2, 3… and its public facts after it."""

    version: int
    event: Any
    facts: Any


class Aggregate(Generic[S]):
    """State is one immutable value, so a refused change costs nothing to undo.

    `version` counts events: every change of the state records at least one, so the version also guards the store.
    Subclasses set `kind`, implement `blank` and, where events are published, `facts`.
    """

    kind: ClassVar[str]
    __slots__ = ("id", "pending", "state", "version")

    def __init__(self, aggregate_id: str, state: S, version: int) -> None:
        self.id = aggregate_id
        self.state = state
        self.version = version
        self.pending: list[Recorded] = []

    @classmethod
    def blank(cls) -> S:
        """The state before the first event."""
        raise NotImplementedError

    @classmethod
    def new(cls, aggregate_id: str) -> Self:
        return cls(aggregate_id, cls.blank(), 0)

    @property
    def exists(self) -> bool:
        return self.version > 0

    def must_match(self, etag: str) -> None:
        """ETAG_MISMATCH when the caller read another version; "" = the caller does not care."""
        if etag and etag != str(self.version):
            raise EtagMismatch(field="etag", version=self.version)

    def facts(self) -> Any:
        """What outsiders may know; without personal data."""
        return None

    def _record(self, event: object, state: S) -> None:
        """Apply, then queue."""
        self.state = state
        self.version += 1
        self.pending.append(Recorded(self.version, event, self.facts()))

    def mark(self) -> tuple[S, int, int]:
        return self.state, self.version, len(self.pending)

    def back_to(self, mark: tuple[S, int, int]) -> None:
        self.state, self.version, kept = mark
        del self.pending[kept:]
