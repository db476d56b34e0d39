"""A kind of aggregate made for the stores: it claims, shows rows, speaks, and can be as large as a test wants."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from services.shared.kernel.aggregate import Aggregate, Recorded
from services.shared.kernel.change import Cause, Change
from services.shared.kernel.dates import Day, today
from services.shared.kernel.ports import Message, Store
from services.shared.runtime.store.kind import Kind, Stamp

NOW = "2026-11-24T04:00:00.000Z"


class StillClock:
    """Stands at NOW until a test moves it; whoever sleeps does sleep."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 24, 4, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def day(self) -> Day:
        return today(self._now)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def pass_by(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class NoteState(msgspec.Struct, frozen=True):
    lines: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    shelf: str = ""


class Note(Aggregate[NoteState]):
    kind = "note"
    __slots__ = ()

    @classmethod
    def blank(cls) -> NoteState:
        return NoteState()

    def write(self, line: str) -> None:
        self._record(line, msgspec.structs.replace(self.state, lines=(*self.state.lines, line)))

    def claim(self, *claims: str) -> None:
        self._record("claimed", msgspec.structs.replace(self.state, claims=claims))

    def shelve(self, shelf: str) -> None:
        self._record("shelved", msgspec.structs.replace(self.state, shelf=shelf))


class Counter(Aggregate[int]):
    """Says nothing and claims nothing, like evaluation's shards."""

    kind = "counter"
    __slots__ = ()

    @classmethod
    def blank(cls) -> int:
        return 0

    def add(self, amount: int = 1) -> None:
        self._record(amount, self.state + amount)


def _messages(aggregate_id: str, recorded: Recorded, stamp: Stamp) -> tuple[Message, ...]:
    headers = (
        ("ce_id", f"{aggregate_id}:{recorded.version}".encode()),
        ("ce_time", stamp.time.encode()),
        ("traceparent", stamp.trace.encode()),
    )
    return (Message("test.events.v1", aggregate_id.encode(), headers, str(recorded.event).encode()),)


NOTE = Kind(
    aggregate=Note,
    encode=msgspec.json.Encoder().encode,
    decode=msgspec.json.Decoder(NoteState).decode,
    claims=lambda note: note.state.claims,
    rows=lambda note: [("shelf", note.state.shelf), ("lines", str(len(note.state.lines)))] if note.state.shelf else [],
    summary=lambda note: "|".join(note.state.lines).encode()[:100],
    messages=_messages,
)
COUNTER = Kind(aggregate=Counter, encode=msgspec.json.Encoder().encode, decode=msgspec.json.Decoder(int).decode)
KINDS = (NOTE, COUNTER)


def a_cause(key: str, content: str = "content") -> Cause:
    return Cause(key, content.encode())


async def note(store: Store, aggregate_id: str, *causes: Cause) -> Change[Note]:
    """The note as it is stored, ready to be changed."""
    return (await store.get_many(Note, [aggregate_id], {aggregate_id: causes}))[aggregate_id]


async def written(store: Store, aggregate_id: str, *lines: str, why: Cause | None = None) -> Any:
    """Write lines as one commit; gives the outcome."""
    change = await note(store, aggregate_id)
    for line in lines:
        change.apply(lambda it, line=line: it.write(line), why)  # type: ignore[misc]
    return (await store.commit([change]))[0]


async def lines(store: Store, aggregate_id: str) -> tuple[str, ...]:
    return (await note(store, aggregate_id)).aggregate.state.lines


async def ce_ids(store: Any, limit: int = 10_000) -> list[str]:
    """What the outbox holds, by event id, in its order."""
    return [dict(it.message.headers)["ce_id"].decode() for it in await store.outbox.unsent(limit)]
