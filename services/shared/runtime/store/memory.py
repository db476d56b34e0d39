"""The store in memory: for unit tests, and for the simulation, where several stores share one disk and crash."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.change import Cause, Change, Remembered
from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.outcome import Clash, Outcome, Repeated, Stored, StoreDown, Taken, TooLarge
from services.shared.kernel.ports import Clock, Row, Unsent
from services.shared.runtime.store.kind import Kind
from services.shared.runtime.store.prepared import (
    Kinds,
    NewCause,
    Prepared,
    bucket,
    difference,
    prepare,
    refuse_doubles,
    stamp_of,
    unpack_message,
)

A = TypeVar("A", bound=Aggregate[Any])
Faults = Callable[[str], Awaitable[None]]


class _Document(msgspec.Struct, frozen=True):
    version: int
    document: bytes
    summary: bytes
    claims: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()


_BLANK = _Document(0, b"", b"")


class MemoryDisk:
    """What survives a crash of the process: bytes only, as on a real disk."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], _Document] = {}
        self.causes: dict[tuple[str, str, str], NewCause] = {}
        self.claims: dict[tuple[str, str], str] = {}
        self.buckets: dict[tuple[str, str], set[str]] = {}
        self.outbox: dict[int, bytes] = {}
        self.last_seq = 0
        self.news: set[asyncio.Event] = set()


class MemoryStore:
    """Encodes, decodes and checks versions like the others. Its contents live as long as `disk`.

    `faults` is awaited at named points: get_many, commit:before, commit:after, sent:before, sent:after. If it raises
    StoreUnavailable, that is what the caller meets (from commit: StoreDown, and after `commit:after` the change is
    stored all the same); any other exception passes through, as a crash.
    """

    def __init__(
        self, kinds: Sequence[Kind[Any]], *, clock: Clock, faults: Faults | None = None, disk: MemoryDisk | None = None
    ) -> None:
        self._kinds = Kinds(kinds)
        self._clock = clock
        self._faults = faults
        self._disk = disk if disk is not None else MemoryDisk()
        self.outbox = MemoryOutbox(self._disk, faults)

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""

    def healthy(self) -> bool:
        return True

    async def get_many(
        self, kind: type[A], ids: Collection[str], causes: Mapping[str, Sequence[Cause]] | None = None
    ) -> dict[str, Change[A]]:
        if self._faults:
            await self._faults("get_many")
        stored, name = self._kinds.of(kind), kind.kind
        loaded = {}
        for aggregate_id in ids:
            found = self._disk.documents.get((name, aggregate_id))
            state, version = (stored.decode(found.document), found.version) if found else (kind.blank(), 0)
            answers: dict[str, Remembered] = {}
            for why in causes.get(aggregate_id, ()) if causes else ():
                if known := self._disk.causes.get((name, aggregate_id, why.key)):
                    answers[why.key] = known.remembered()
            loaded[aggregate_id] = Change(kind(aggregate_id, state, version), answers)
        return loaded

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Outcome]:
        refuse_doubles(changes)
        try:
            if self._faults:
                await self._faults("commit:before")
            stamp = stamp_of(self._clock)
            outcomes = [self._commit(change, stamp) for change in changes]
            for event in self._disk.news:
                event.set()
            if self._faults:
                await self._faults("commit:after")
        except StoreUnavailable as error:
            return [StoreDown(str(error))] * len(changes)
        return outcomes

    def _commit(self, change: Change[Any], stamp: Any) -> Outcome:
        if not change.dirty:
            return Stored(change.expected)
        ready = prepare(self._kinds.of(type(change.aggregate)), change, stamp)
        if isinstance(ready, TooLarge):
            return ready
        return self._refusal(ready) or self._write(ready)

    def _refusal(self, ready: Prepared) -> Outcome | None:
        disk, name = self._disk, ready.kind.name
        found = disk.documents.get(ready.key, _BLANK)
        for why in ready.causes:
            if known := disk.causes.get((name, ready.id, why.key)):
                if len(ready.causes) == 1 and known.digest == why.digest:
                    return Repeated(known.remembered().answer)
                return Clash(found.version)
        if found.version != ready.expected:
            return Clash(found.version)
        for claim in ready.claims:
            holder = disk.claims.get((name, claim), ready.id)
            if holder != ready.id:
                return Taken(claim, holder)
        return None

    def _write(self, ready: Prepared) -> Stored:
        disk, name = self._disk, ready.kind.name
        for why in ready.causes:
            disk.causes[(name, ready.id, why.key)] = why
        if ready.version == ready.expected:
            return Stored(ready.version)
        before = disk.documents.get(ready.key, _BLANK)
        gone, new = difference(before.claims, ready.claims)
        for claim in gone:
            del disk.claims[(name, claim)]
        for claim in new:
            disk.claims[(name, claim)] = ready.id
        gone, new = difference(before.buckets, ready.buckets)
        for one in gone:
            disk.buckets[(name, one)].discard(ready.id)
        for one in (*new, "") if before is _BLANK else new:
            disk.buckets.setdefault((name, one), set()).add(ready.id)
        disk.documents[ready.key] = _Document(ready.version, ready.document, ready.summary, ready.claims, ready.buckets)
        for message in ready.messages:
            disk.last_seq += 1
            disk.outbox[disk.last_seq] = message
        return Stored(ready.version)

    async def holders(self, kind: type[A], claims: Collection[str]) -> dict[str, str]:
        held = self._disk.claims
        return {claim: held[(kind.kind, claim)] for claim in claims if (kind.kind, claim) in held}

    async def page(self, kind: type[A], *, view: str, key: str, after: str, limit: int) -> list[Row]:
        ids = self._disk.buckets.get((kind.kind, bucket(view, key) if view else ""), ())
        rows = sorted(one for one in ids if one > after)[:limit]
        found = [(one, self._disk.documents[(kind.kind, one)]) for one in rows]
        return [Row(one, document.version, document.summary) for one, document in found]

    async def shared(self, kind: type[A], *, view: str, after: str, limit: int) -> list[str]:
        prefix = bucket(view, "")
        keys = [
            one.removeprefix(prefix)
            for (name, one), ids in self._disk.buckets.items()
            if name == kind.kind and one.startswith(prefix) and len(ids) > 1
        ]
        return sorted(key for key in keys if key > after)[:limit]


class MemoryOutbox:
    """Tokens are sequence numbers, ascending in the order of commits."""

    def __init__(self, disk: MemoryDisk, faults: Faults | None) -> None:
        self._disk = disk
        self._faults = faults
        self._news = asyncio.Event()
        disk.news.add(self._news)

    async def unsent(self, limit: int, *, besides: Collection[Any] = ()) -> list[Unsent]:
        first = list(itertools.islice((seq for seq in self._disk.outbox if seq not in besides), limit))
        return [Unsent(seq, unpack_message(self._disk.outbox[seq])) for seq in first]

    async def sent(self, tokens: Iterable[Any]) -> None:
        if self._faults:
            await self._faults("sent:before")
        for token in tokens:
            self._disk.outbox.pop(token, None)
        if self._faults:
            await self._faults("sent:after")

    async def woken(self) -> None:
        while not self._disk.outbox:
            self._news.clear()
            await self._news.wait()
