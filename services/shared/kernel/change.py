"""A change of one aggregate on its way to the store: what was loaded, and the entries made on it since."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from services.shared.kernel.aggregate import Aggregate, Recorded
from services.shared.kernel.errors import CauseReused
from services.shared.kernel.ids import frame

A = TypeVar("A", bound=Aggregate[Any])


class Cause(msgspec.Struct, frozen=True, gc=False):
    """Who asked for what: key = principal or department ‖ method or type ‖ id; digest = SHA-256 of the request.

    The same key and digest get the first answer again; the same key with another digest is CAUSE_REUSED.
    """

    key: str
    digest: bytes


def cause(principal: str, method: str, request_id: str, content: bytes) -> Cause:
    framed = frame(principal) + frame(method) + frame(request_id)
    return Cause(hashlib.sha256(framed).hexdigest()[:32], hashlib.sha256(content).digest())


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What a command answers: the version it led to and the codes and ids that the caller needs."""

    version: int
    values: dict[str, str] = {}

    @property
    def etag(self) -> str:
        return str(self.version)


class Entry(msgspec.Struct, frozen=True, gc=False):
    cause: Cause | None
    recorded: tuple[Recorded, ...]
    answer: Answer


class Remembered(msgspec.Struct, frozen=True, gc=False):
    """An answer given before, found by its cause."""

    digest: bytes
    answer: Answer


class Change(Generic[A]):
    """Built from a loaded aggregate; `apply` runs one deterministic function on it, all or nothing."""

    __slots__ = ("aggregate", "answers", "entries", "expected")

    def __init__(self, aggregate: A, answers: Mapping[str, Remembered] | None = None) -> None:
        self.aggregate = aggregate
        self.expected = aggregate.version
        self.answers = answers or {}
        self.entries: list[Entry] = []

    def apply(
        self,
        function: Callable[[A], Mapping[str, str] | None],
        why: Cause | None = None,
    ) -> Answer:
        """Run `function` on the aggregate; its mapping becomes the answer's values.

        A cause seen before gives the first answer without calling the function. A function that raises leaves the
        aggregate as it was. A function that records nothing still has its answer remembered with the next commit.
        """
        if why is not None:
            before = self.answers.get(why.key) or next(
                (Remembered(e.cause.digest, e.answer) for e in self.entries if e.cause and e.cause.key == why.key),
                None,
            )
            if before is not None:
                if before.digest != why.digest:
                    raise CauseReused(field="request_id")
                return before.answer
        aggregate = self.aggregate
        mark = aggregate.mark()
        try:
            values = function(aggregate)
        except BaseException:
            aggregate.back_to(mark)
            raise
        recorded = tuple(aggregate.pending[mark[2] :])
        answer = Answer(aggregate.version, dict(values) if values else {})
        if recorded or why is not None:
            self.entries.append(Entry(why, recorded, answer))
        return answer

    @property
    def dirty(self) -> bool:
        return bool(self.entries)
