"""The store in MongoDB, without multi-document transactions: one guarded update per change, in bulk.

Majority and journal are set here, not in the URI. The only module that knows motor.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ReadPreference, UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.change import Cause, Change, Remembered
from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.outcome import Clash, Outcome, Stored, StoreDown, Taken, TooLarge
from services.shared.kernel.ports import Clock, Random, Row
from services.shared.runtime.store.kind import Kind, publishes
from services.shared.runtime.store.mongo_documents import (
    DECISIVE,
    MOST_PENDING,
    Document,
    cause_of,
    decided,
    guard,
    history_id,
    repeated_or_clash,
    update,
)
from services.shared.runtime.store.mongo_history import History
from services.shared.runtime.store.mongo_outbox import MongoOutbox
from services.shared.runtime.store.prepared import (
    Kinds,
    NewCause,
    Prepared,
    bucket,
    past,
    prepare,
    refuse_doubles,
    stamp_of,
)

A = TypeVar("A", bound=Aggregate[Any])

_IDS_A_QUERY = 1_000
_TEND_S = 1.0
_DURABLE = WriteConcern(w="majority", j=True, wtimeout=5_000)
_SEEN_BY_MOST = ReadConcern("majority")


class MongoStore:
    """Any number of processes on one database; `process_id` tells them apart. Raises StoreUnavailable from reads."""

    def __init__(
        self, uri: str, database: str, kinds: Sequence[Kind[Any]], *, clock: Clock, random: Random, process_id: str
    ) -> None:
        self._uri = uri
        self._name = database
        self._kinds = Kinds(kinds)
        self._clock = clock
        self._random = random
        self._client: Any = None
        self._collections: dict[str, Any] = {}
        self._history = History()
        self._tending: asyncio.Task[None] | None = None
        self._healthy = False
        self.outbox = MongoOutbox(clock=clock, process_id=process_id, pull=pull)

    async def open(self) -> None:
        self._client = AsyncIOMotorClient(
            self._uri, serverSelectionTimeoutMS=3_000, connectTimeoutMS=3_000, socketTimeoutMS=10_000, tz_aware=True
        )
        self._collections = {kind.name: self._collection(kind.name) for kind in self._kinds}
        self._history.open(self._collection("history"), self._collections, copies)
        speaking = {kind.name: self._collections[kind.name] for kind in self._kinds if publishes(kind)}
        self.outbox.open(speaking, self._collection("leases"))
        try:
            for name, collection in self._collections.items():
                await collection.create_index("claims", unique=True)
                await collection.create_index([("rows", 1), ("_id", 1)])
                if name in speaking:
                    await collection.create_index("since", sparse=True)
            await self.outbox.sweep()
        except PyMongoError as error:
            self._client.close()
            raise StoreUnavailable(why=_text(error)) from error
        self._healthy = True
        self._tending = asyncio.create_task(self._tend())

    def _collection(self, name: str) -> Any:
        return self._client[self._name].get_collection(
            name, write_concern=_DURABLE, read_concern=_SEEN_BY_MOST, read_preference=ReadPreference.PRIMARY
        )

    async def close(self) -> None:
        if self._tending is None:
            return
        self._tending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._tending
        self._tending = None
        with contextlib.suppress(PyMongoError):
            await self.outbox.release()
        self._client.close()
        self._healthy = False

    def healthy(self) -> bool:
        """Whether the server answered last time; it is asked each second."""
        return self._healthy

    async def _tend(self) -> None:
        """Each second: is the server there, what did others leave unsent, which answers are old."""
        while True:
            await self._clock.sleep(_TEND_S)
            try:
                await self._client.admin.command("ping")
                await self.outbox.sweep()
                await self._history.move_old_ones()
                self._healthy = True
            except (PyMongoError, StoreUnavailable):
                self._healthy = False

    async def get_many(
        self, kind: type[A], ids: Collection[str], causes: Mapping[str, Sequence[Cause]] | None = None
    ) -> dict[str, Change[A]]:
        stored = self._kinds.of(kind)
        wanted = {"version": 1, "document": 1, **({"causes": 1} if causes else {})}
        found = {one["_id"]: one for one in await self._find(kind.kind, list(ids), wanted)}
        # ▲ The document first, then the history: an answer on its way is copied before it is pulled.
        answers = await self._answers(kind.kind, found, causes) if causes else {}
        loaded = {}
        for aggregate_id in ids:
            document = found.get(aggregate_id)
            if document and document["version"]:
                aggregate = kind(aggregate_id, stored.decode(document["document"]), document["version"])
            else:
                aggregate = kind.new(aggregate_id)
            loaded[aggregate_id] = Change(aggregate, answers.get(aggregate_id))
        return loaded

    async def _find(self, kind: str, ids: Sequence[str], wanted: Document) -> list[Document]:
        found: list[Document] = []
        try:
            for start in range(0, len(ids), _IDS_A_QUERY):
                some = {"_id": {"$in": ids[start : start + _IDS_A_QUERY]}}
                found += await self._collections[kind].find(some, wanted).to_list(None)
        except PyMongoError as error:
            self._healthy = False
            raise StoreUnavailable(why=_text(error)) from error
        return found

    async def _answers(
        self, kind: str, found: Mapping[str, Document], causes: Mapping[str, Sequence[Cause]]
    ) -> dict[str, dict[str, Remembered]]:
        answers: dict[str, dict[str, Remembered]] = {}
        older = []
        for aggregate_id, whys in causes.items():
            near = {one["key"]: cause_of(one) for one in found.get(aggregate_id, {}).get("causes", ())}
            answers[aggregate_id] = {why.key: near[why.key].remembered() for why in whys if why.key in near}
            older += [(aggregate_id, why.key) for why in whys if why.key not in near]
        for aggregate_id, far in (await self._history.find(kind, older)).items():
            answers[aggregate_id] |= {why.key: why.remembered() for why in far}
        return answers

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Outcome]:
        refuse_doubles(changes)
        stamp = stamp_of(self._clock)
        outcomes: list[Outcome] = [Stored(change.expected) for change in changes]
        by_kind: dict[str, dict[int, Prepared]] = {}
        for place, change in enumerate(changes):
            if change.dirty:
                ready = prepare(self._kinds.of(type(change.aggregate)), change, stamp)
                if isinstance(ready, TooLarge):
                    outcomes[place] = ready
                elif len(ready.messages) > MOST_PENDING:
                    outcomes[place] = TooLarge("unsent", len(ready.messages))
                else:
                    by_kind.setdefault(ready.kind.name, {})[place] = ready
        for name, places in by_kind.items():
            written = await self._write(name, list(places.values()))
            for place, outcome in zip(places, written, strict=True):
                outcomes[place] = outcome
        return outcomes

    async def _write(self, kind: str, changes: list[Prepared]) -> list[Outcome]:
        """Changes of one kind. Never raises for a store that fails."""
        token = self._random.bytes(8)
        try:
            known = await self._history.find(kind, [(one.id, why.key) for one in changes for why in one.causes])
            older = {one.id: repeated_or_clash(one, known.get(one.id, ()), one.expected) for one in changes}
            outcomes = {aggregate_id: outcome for aggregate_id, outcome in older.items() if outcome}
            new = [one for one in changes if one.id not in outcomes]
            if new:
                outcomes |= await self._update(kind, new, token)
        except (StoreUnavailable, PyMongoError) as error:
            self._healthy = False
            return [StoreDown(_text(error))] * len(changes)
        for one in changes:
            if isinstance(outcomes[one.id], Stored):
                if one.messages:
                    self.outbox.committed(kind, one.id)
                if one.causes:
                    self._history.may_be_long(kind, one.id)
        return [outcomes[one.id] for one in changes]

    async def _update(self, kind: str, changes: Sequence[Prepared], token: bytes) -> dict[str, Outcome]:
        now = self._clock.now()
        requests = [UpdateOne(guard(one), update(one, token, now), upsert=one.expected == 0) for one in changes]
        unknown = False
        try:
            result = await self._collections[kind].bulk_write(requests, ordered=False)
            if result.matched_count + result.upserted_count == len(changes):
                return {one.id: Stored(one.version) for one in changes}
        except BulkWriteError as error:
            unknown = bool(error.details.get("writeConcernErrors"))
        except PyMongoError:
            unknown = True
        # ▲ A bulk write tells only totals, and a lost connection not even those: the documents tell the rest.
        return await self._read_again(kind, changes, token, unknown=unknown)

    async def _read_again(
        self, kind: str, changes: Sequence[Prepared], token: bytes, *, unknown: bool
    ) -> dict[str, Outcome]:
        found = {one["_id"]: one for one in await self._find(kind, [one.id for one in changes], DECISIVE)}
        history = await self._history.find(kind, [(one.id, why.key) for one in changes for why in one.causes])
        outcomes: dict[str, Outcome] = {}
        undecided = []
        for one in changes:
            outcome = decided(one, token, found.get(one.id), history.get(one.id, ()))
            if outcome is not None:
                outcomes[one.id] = outcome
            elif unknown:  # it may still arrive
                outcomes[one.id] = StoreDown("the outcome of the write is not known")
            else:
                undecided.append(one)
        holders = await self._holders(kind, [claim for one in undecided for claim in one.claims])
        for one in undecided:
            taken = [claim for claim in one.claims if holders.get(claim, one.id) != one.id]
            # Without a taken claim, what stood in the way has gone meanwhile: worth another try.
            outcomes[one.id] = Taken(taken[0], holders[taken[0]]) if taken else Clash(one.expected)
        return outcomes

    async def holders(self, kind: type[A], claims: Collection[str]) -> dict[str, str]:
        return await self._holders(kind.kind, list(claims))

    async def _holders(self, kind: str, claims: Sequence[str]) -> dict[str, str]:
        holders: dict[str, str] = {}
        if not claims:
            return holders
        asked = set(claims)
        try:
            found = await self._collections[kind].find({"claims": {"$in": list(asked)}}, {"claims": 1}).to_list(None)
        except PyMongoError as error:
            raise StoreUnavailable(why=_text(error)) from error
        for document in found:
            holders |= {claim: document["_id"] for claim in document["claims"] if claim in asked}
        return holders

    async def page(self, kind: type[A], *, view: str, key: str, after: str, limit: int) -> list[Row]:
        asked: Document = {"rows": bucket(view, key)} if view else {"version": {"$gt": 0}}
        asked["_id"] = {"$gt": after}
        wanted = {"version": 1, "summary": 1}
        try:
            found = await self._collections[kind.kind].find(asked, wanted).sort("_id", 1).limit(limit).to_list(limit)
        except PyMongoError as error:
            raise StoreUnavailable(why=_text(error)) from error
        return [Row(one["_id"], one["version"], bytes(one["summary"])) for one in found]

    async def shared(self, kind: type[A], *, view: str, after: str, limit: int) -> list[str]:
        start = bucket(view, "")
        inside: Document = {"$gt" if after else "$gte": start + after, "$lt": past(start)}
        steps: list[Document] = [
            {"$match": {"rows": {"$elemMatch": inside}}},
            {"$unwind": "$rows"},
            {"$match": {"rows": inside}},
            {"$group": {"_id": "$rows", "count": {"$sum": 1}}},
            {"$match": {"count": {"$gt": 1}}},
            {"$sort": {"_id": 1}},
            {"$limit": limit},
        ]
        try:
            found = await self._collections[kind.kind].aggregate(steps, allowDiskUse=True).to_list(limit)
        except PyMongoError as error:
            raise StoreUnavailable(why=_text(error)) from error
        return [one["_id"].removeprefix(start) for one in found]


def pull(aggregate_id: str, array: str, field: str, values: Sequence[Any]) -> UpdateOne:
    return UpdateOne({"_id": aggregate_id}, {"$pull": {array: {field: {"$in": list(values)}}}})


def copies(kind: str, aggregate_id: str, causes: Sequence[NewCause]) -> list[UpdateOne]:
    """Into the history, once: a copy that is there already stays as it is."""
    return [
        UpdateOne(
            {"_id": history_id(kind, aggregate_id, why.key)},
            {"$setOnInsert": {"key": why.key, "digest": why.digest, "version": why.version, "values": why.values}},
            upsert=True,
        )
        for why in causes
    ]


def _text(error: Exception) -> str:
    # A BulkWriteError's text holds whole documents, which nobody may log.
    return type(error).__name__ if isinstance(error, BulkWriteError) else f"{type(error).__name__}: {str(error)[:200]}"
