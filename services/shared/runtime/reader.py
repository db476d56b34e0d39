"""What the intake hands to a service and asks of it: records in, changes of aggregates out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.change import Change

Ref = tuple[type[Aggregate[Any]], str]


class Received(msgspec.Struct, frozen=True, gc=False):
    """One Kafka record as it came; headers keep their order and bytes."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp: int


class Task(msgspec.Struct):
    """One record understood: the aggregates it needs and the service's own reading of it."""

    needs: Collection[Ref]
    content: Any
    # (kind, claim): looked up before `also_needs`, which reads who holds it from `Changes.holder`.
    claims: Collection[tuple[type[Aggregate[Any]], str]] = ()


class Changes(Protocol):
    """The changes of the running window by aggregate."""

    def __call__(self, kind: type[Aggregate[Any]], aggregate_id: str) -> Change[Any]: ...

    def holder(self, kind: type[Aggregate[Any]], claim: str) -> str:
        """Who held one of the task's claims when the window was loaded; "" = nobody."""


class Reader(Protocol):
    """A service's side of the intake, without any await: the shell in intake.py loads, commits and acknowledges.

    All three may raise DomainError: the record is then refused for good, and nothing of it is kept. A record that is
    a repeat changes nothing and raises nothing. EventGapError stops the partition. Anything else is a defect: the
    record is tried three times alone before it leaves the stream.
    """

    @property
    def name(self) -> str:
        """Names its consumer group, its metrics and its log lines."""

    @property
    def topics(self) -> Sequence[str]:
        """Topic names, or one pattern that begins with ^."""

    def read(self, record: Received) -> Task | None:
        """Decode and check; None = nothing of ours."""

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        """What else must be loaded, known only from what was loaded first."""

    def apply(self, task: Task, changes: Changes) -> None:
        """Apply the record to the changes of the window, through the same domain methods as the commands."""
