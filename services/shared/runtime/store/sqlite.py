"""The store in one SQLite file: reads on the event loop, writes in one thread, hot aggregates in a bounded cache."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.change import Cause, Change, Remembered
from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.outcome import Outcome, Stored, StoreDown, TooLarge
from services.shared.kernel.ports import Clock, Row
from services.shared.runtime.lru import Lru
from services.shared.runtime.store.kind import Kind
from services.shared.runtime.store.prepared import (
    NOTHING,
    SEPARATOR,
    Kinds,
    NewCause,
    Prepared,
    bucket,
    joined,
    past,
    prepare,
    refuse_doubles,
    stamp_of,
    unpack_held,
)
from services.shared.runtime.store.sqlite_outbox import SqliteOutbox
from services.shared.runtime.store.sqlite_tables import Sql, Statements, lock, open_reader, open_writer, read
from services.shared.runtime.store.sqlite_transaction import Transaction, Write
from services.shared.runtime.store.sqlite_writer import Job, Writer

A = TypeVar("A", bound=Aggregate[Any])

# Changes prepared, or aggregates read, between two turns of the event loop: about two milliseconds.
_TURN = 256


class _Cached(msgspec.Struct, frozen=True):
    """A committed version. The state is immutable, so callers share it; each gets an aggregate of its own around it."""

    version: int
    state: Any
    claims: tuple[str, ...]
    buckets: tuple[str, ...]


_BLANK = _Cached(0, None, NOTHING, NOTHING)


class SqliteStore:
    """Durable when `commit` answers (▲ synchronous=FULL: also over a power cut). One process per file.

    Raises DirectoryInUseError or SchemaUnknownError from `open`, StoreUnavailable from reads.
    """

    def __init__(
        self,
        path: Path | str,
        kinds: Sequence[Kind[Any]],
        *,
        clock: Clock,
        cache_size: int = 8_000,
        synchronous: str = "FULL",
    ) -> None:
        self._path = Path(path)
        self._kinds = Kinds(kinds)
        self._clock = clock
        self._synchronous = synchronous
        self._statements = {kind.name: Statements(kind.name) for kind in self._kinds}
        self._cache: Lru[tuple[str, str], _Cached] = Lru("aggregates", cache_size)
        self._reader: sqlite3.Connection | None = None
        self._writer: Writer | None = None
        self._closing = contextlib.ExitStack()
        self.outbox = SqliteOutbox(self._asked, self._move_relay)

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as opened:
            held = lock(self._path)
            opened.callback(os.close, held)
            try:
                connection = open_writer(self._path, self._kinds, synchronous=self._synchronous)
                opened.callback(connection.close)
                self._reader = open_reader(self._path)
                opened.callback(self._reader.close)
                transaction = Transaction(connection, self._statements)
            except sqlite3.Error as error:
                raise StoreUnavailable(why=f"{self._path}: {error}") from error
            self._writer = Writer(transaction, lambda jobs: _on(loop, self._finished, jobs))
            self.outbox.resume(transaction.position, transaction.seq)
            self._closing = opened.pop_all()
        self._writer.start()

    async def close(self) -> None:
        """Finishes what was submitted, empties the write-ahead log, gives the lock back."""
        writer, self._writer = self._writer, None
        if writer is not None:
            await asyncio.to_thread(writer.stop)
        self._reader = None
        self._cache.clear()
        self._closing.close()

    def healthy(self) -> bool:
        """False from a failed transaction until the file takes one again; the writer tries each second."""
        return self._writer is not None and self._writer.healthy

    async def get_many(
        self, kind: type[A], ids: Collection[str], causes: Mapping[str, Sequence[Cause]] | None = None
    ) -> dict[str, Change[A]]:
        name, cache = kind.kind, self._cache
        answers = self._answers(name, causes) if causes else {}
        found: dict[str, _Cached] = {}
        missing = []
        for aggregate_id in ids:
            cached = cache.get((name, aggregate_id))
            if cached is None:
                missing.append(aggregate_id)
            else:
                found[aggregate_id] = cached
        for start in range(0, len(missing), _TURN):
            if start:
                await asyncio.sleep(0)
            self._load(self._kinds.of(kind), missing[start : start + _TURN], found)
        loaded = {}
        for aggregate_id in ids:
            known = found.get(aggregate_id)
            aggregate = kind(aggregate_id, known.state, known.version) if known else kind.new(aggregate_id)
            loaded[aggregate_id] = Change(aggregate, answers.get(aggregate_id))
        return loaded

    def _load(self, kind: Kind[Any], ids: Sequence[str], found: dict[str, _Cached]) -> None:
        for aggregate_id, version, held, document in self._listed(self._statements[kind.name].load, ids):
            cached = _Cached(version, kind.decode(document), *unpack_held(held))
            found[aggregate_id] = cached
            self._cache.put((kind.name, aggregate_id), cached)

    def _answers(self, name: str, causes: Mapping[str, Sequence[Cause]]) -> dict[str, dict[str, Remembered]]:
        asked = {joined(one, why.key): (one, why.key) for one, whys in causes.items() for why in whys}
        answers: dict[str, dict[str, Remembered]] = {}
        for cause, digest, version, values in self._listed(self._statements[name].causes, list(asked)):
            aggregate_id, key = asked[cause]
            answers.setdefault(aggregate_id, {})[key] = NewCause(key, digest, version, values).remembered()
        return answers

    def _listed(self, statement: Sql, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        """Rows found for any number of keys."""
        if self._reader is None:
            raise StoreUnavailable(why="closed")
        try:
            return read(self._reader, statement, keys)
        except sqlite3.Error as error:
            raise StoreUnavailable(why=str(error)) from error

    def _asked(self, statement: str, values: Sequence[str | int]) -> list[tuple[Any, ...]]:
        if self._reader is None:
            raise StoreUnavailable(why="closed")
        try:
            return self._reader.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(why=str(error)) from error

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Outcome]:
        refuse_doubles(changes)
        stamp = stamp_of(self._clock)
        outcomes: list[Outcome] = []
        places, ready = [], []
        for place, change in enumerate(changes):
            if place and place % _TURN == 0:
                await asyncio.sleep(0)
            outcomes.append(Stored(change.expected))
            if not change.dirty:
                continue
            prepared = prepare(self._kinds.of(type(change.aggregate)), change, stamp)
            if isinstance(prepared, TooLarge):
                outcomes[place] = prepared
                continue
            places.append(place)
            ready.append(prepared)
        if ready:
            for place, outcome in zip(places, await self._write(ready), strict=True):
                outcomes[place] = outcome
        return outcomes

    async def _write(self, ready: Sequence[Prepared]) -> Sequence[Outcome]:
        if self._writer is None:
            return [StoreDown("closed")] * len(ready)
        try:
            before = self._before(ready)
        except StoreUnavailable as error:
            return [StoreDown(str(error))] * len(ready)
        writes = []
        stale = False
        for one in ready:
            old = before.get(one.key, _BLANK)
            stale = stale or old.version != one.expected
            writes.append(Write(one, old.claims, old.buckets))
        return (await self._submit(Job(writes, stale=stale))).outcomes

    def _before(self, ready: Sequence[Prepared]) -> dict[tuple[str, str], _Cached]:
        """What each held so far: from the cache, else from the file; nothing is needed of new ones."""
        before = {}
        missing: dict[str, list[str]] = {}
        for one in ready:
            if one.expected:
                cached = self._cache.get(one.key)
                if cached is not None:
                    before[one.key] = cached
                else:
                    missing.setdefault(one.kind.name, []).append(one.id)
        for name, ids in missing.items():
            for aggregate_id, version, held in self._listed(self._statements[name].held, ids):
                before[(name, aggregate_id)] = _Cached(version, None, *unpack_held(held))
        return before

    async def _submit(self, job: Job) -> Job:
        """The job goes on when the caller is cancelled, and the cache follows it."""
        if self._writer is None:
            raise StoreUnavailable(why="closed")
        done: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        job.done = done
        self._writer.submit(job)
        return await done

    def _finished(self, jobs: list[Job]) -> None:
        cache = self._cache
        newest = 0
        for job in jobs:
            newest = max(newest, job.newest)
            for write, outcome in zip(job.writes, job.outcomes, strict=True):
                ready = write.ready
                if not isinstance(outcome, Stored):
                    cache.drop(ready.key)
                elif ready.version:
                    cache.put(ready.key, _Cached(ready.version, ready.state, ready.claims, ready.buckets))
            if job.done is not None and not job.done.done():
                job.done.set_result(job)
        self.outbox.announce(newest)

    async def _move_relay(self, position: int) -> None:
        job = await self._submit(Job(position=position))
        if job.failed:
            raise StoreUnavailable(why=job.failed)

    async def holders(self, kind: type[A], claims: Collection[str]) -> dict[str, str]:
        return dict(self._listed(self._statements[kind.kind].holders, list(claims)))

    async def page(self, kind: type[A], *, view: str, key: str, after: str, limit: int) -> list[Row]:
        statements = self._statements[kind.kind]
        if not view:
            rows = self._asked(statements.page_all, (after, limit))
        else:
            place = joined(bucket(view, key), "")
            rows = self._asked(statements.page_view, (len(place) + 1, place + after, past(place), limit))
        return [Row(*row) for row in rows]

    async def shared(self, kind: type[A], *, view: str, after: str, limit: int) -> list[str]:
        """Reads the view in turns, so that the event loop goes on meanwhile."""
        statement, start = self._statements[kind.kind].places, bucket(view, "")
        end, last = past(start), past(bucket(view, joined(after, ""))) if after else start
        keys: list[str] = []
        before = ""
        while places := self._asked(statement, (last, end, _TURN)):
            for (place,) in places:
                key = place[len(start) : place.rindex(SEPARATOR)]
                if key != before:
                    before = key
                elif not keys or keys[-1] != key:
                    keys.append(key)
                    if len(keys) == limit:
                        return keys
            last = places[-1][0]
            await asyncio.sleep(0)
        return keys


def _on(loop: asyncio.AbstractEventLoop, function: Any, jobs: list[Job]) -> None:
    # A loop that has closed has nobody left who waits.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, jobs)
