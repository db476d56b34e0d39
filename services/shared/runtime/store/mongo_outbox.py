"""The outbox of the Mongo store: events wait inside their aggregate's document until the broker has them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError, PyMongoError

from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.ports import Clock, Unsent
from services.shared.runtime.store.prepared import unpack_message

# What lies this long is taken for left behind by another process.
LEFT_AFTER = timedelta(seconds=5)
_LEASE = timedelta(seconds=10)
_SWEPT_AT_ONCE = 1_000

Key = tuple[str, str]


class MongoOutbox:
    """A process sends what it committed, and of each document the earlier events first, whoever stored them.

    What another process left is taken over after LEFT_AFTER by the one that holds the sweeper's lease; if that other
    process lives after all, its events are repeated, never reordered. Tokens: (kind, id, number).
    """

    def __init__(self, *, clock: Clock, process_id: str, pull: Callable[[str, str, str, Sequence[Any]], Any]) -> None:
        self._clock = clock
        self._process_id = process_id
        self._pull = pull
        self._documents: Mapping[str, Any] = {}
        self._leases: Any = None
        # Documents to be sent, oldest first, with the number of the commit or sweep that put them here last.
        self._waiting: dict[Key, int] = {}
        self._handed: dict[Key, tuple[int, set[int]]] = {}
        self._turns = itertools.count(1)
        self._news = asyncio.Event()

    def open(self, documents: Mapping[str, Any], leases: Any) -> None:
        self._documents, self._leases = documents, leases

    def committed(self, kind: str, aggregate_id: str) -> None:
        self._waiting[(kind, aggregate_id)] = next(self._turns)
        self._news.set()

    async def unsent(self, limit: int, *, besides: Collection[Any] = ()) -> list[Unsent]:
        """Raises StoreUnavailable."""
        turns = dict(itertools.islice(self._waiting.items(), limit))
        found: dict[Key, list[Any]] = {}
        try:
            for kind, documents in self._documents.items():
                ids = [aggregate_id for name, aggregate_id in turns if name == kind]
                if ids:
                    cursor = documents.find({"_id": {"$in": ids}}, {"pending": 1})
                    found |= {(kind, one["_id"]): one.get("pending", []) for one in await cursor.to_list(None)}
        except PyMongoError as error:
            raise StoreUnavailable(why=type(error).__name__) from error
        unsent: list[Unsent] = []
        for key, turn in turns.items():
            pending = found.get(key, [])
            if not pending:
                self._done(key, turn)
                continue
            self._handed[key] = (turn, {one["n"] for one in pending})
            unsent += [
                Unsent(token, unpack_message(one["message"]))
                for one in pending
                if (token := (*key, one["n"])) not in besides
            ]
            if len(unsent) >= limit:
                break
        return unsent[:limit]

    def _done(self, key: Key, turn: int) -> None:
        if self._waiting.get(key) == turn:  # else something was committed meanwhile
            del self._waiting[key]
        self._handed.pop(key, None)

    async def sent(self, tokens: Iterable[Any]) -> None:
        """Raises StoreUnavailable; the events are then sent again."""
        numbers: dict[Key, list[int]] = {}
        for kind, aggregate_id, number in tokens:
            numbers.setdefault((kind, aggregate_id), []).append(number)
        try:
            for kind, documents in self._documents.items():
                own = {aggregate_id: gone for (name, aggregate_id), gone in numbers.items() if name == kind}
                if own:
                    requests = [self._pull(aggregate_id, "pending", "n", gone) for aggregate_id, gone in own.items()]
                    await documents.bulk_write(requests, ordered=False)
                    emptied = {"_id": {"$in": list(own)}, "pending.0": {"$exists": False}}
                    await documents.update_many(emptied, {"$unset": {"since": ""}})
        except PyMongoError as error:
            raise StoreUnavailable(why=type(error).__name__) from error
        for key, gone in numbers.items():
            turn, left = self._handed.get(key, (0, set()))
            left.difference_update(gone)
            if turn and not left:
                self._done(key, turn)

    async def woken(self) -> None:
        while not self._waiting:
            self._news.clear()
            await self._news.wait()

    async def sweep(self) -> None:
        """Take over what was left; does nothing while another process holds the lease. Raises PyMongoError."""
        now = self._clock.now()
        if not await self._leased(now):
            return
        for kind, documents in self._documents.items():
            cursor = documents.find({"since": {"$lt": now - LEFT_AFTER}}, {"_id": 1}).sort("since", 1)
            for one in await cursor.limit(_SWEPT_AT_ONCE).to_list(None):
                self._waiting.setdefault((kind, one["_id"]), next(self._turns))
        if self._waiting:
            self._news.set()

    async def _leased(self, now: Any) -> bool:
        mine = {"$set": {"holder": self._process_id, "until": now + _LEASE}}
        for held in ({"holder": self._process_id}, {"until": {"$lt": now}}):
            if (await self._leases.update_one({"_id": "sweeper", **held}, mine)).matched_count:
                return True
        try:
            await self._leases.insert_one({"_id": "sweeper", **mine["$set"]})
        except DuplicateKeyError:
            return False
        return True

    async def release(self) -> None:
        await self._leases.delete_one({"_id": "sweeper", "holder": self._process_id})
