"""Answers that have grown too many for their document: moved to the collection `history`, found there again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pymongo.errors import PyMongoError

from services.shared.kernel.errors import StoreUnavailable
from services.shared.runtime.store.mongo_documents import KEPT_CAUSES, cause_of, history_id
from services.shared.runtime.store.prepared import NewCause

_AT_ONCE = 200


class History:
    """▲ Moved means copied with majority, then pulled: whoever reads the document first, then here, finds each one."""

    def __init__(self) -> None:
        self._collection: Any = None
        self._documents: Mapping[str, Any] = {}
        self._copies: Callable[[str, str, Sequence[NewCause]], list[Any]]
        self._long: dict[tuple[str, str], None] = {}

    def open(
        self, collection: Any, documents: Mapping[str, Any], copies: Callable[[str, str, Sequence[NewCause]], list[Any]]
    ) -> None:
        self._collection, self._documents, self._copies = collection, documents, copies

    async def find(self, kind: str, asked: Sequence[tuple[str, str]]) -> dict[str, list[NewCause]]:
        """Answers by aggregate id, of pairs (aggregate id, cause). Raises StoreUnavailable."""
        found: dict[str, list[NewCause]] = {}
        owners = {history_id(kind, aggregate_id, cause): aggregate_id for aggregate_id, cause in asked}
        if not owners:
            return found
        try:
            for one in await self._collection.find({"_id": {"$in": list(owners)}}).to_list(None):
                found.setdefault(owners[one["_id"]], []).append(cause_of(one))
        except PyMongoError as error:
            raise StoreUnavailable(why=type(error).__name__) from error
        return found

    def may_be_long(self, kind: str, aggregate_id: str) -> None:
        """An answer was added there."""
        self._long[(kind, aggregate_id)] = None

    async def move_old_ones(self) -> None:
        """A document that a crash keeps from this is moved after the next answer added to it."""
        while self._long:
            some = [self._long.popitem()[0] for _ in range(min(_AT_ONCE, len(self._long)))]
            for kind in {kind for kind, _ in some}:
                ids = [aggregate_id for name, aggregate_id in some if name == kind]
                too_long = {"_id": {"$in": ids}, f"causes.{KEPT_CAUSES}": {"$exists": True}}
                for document in await self._documents[kind].find(too_long, {"causes": 1}).to_list(None):
                    await self._move(
                        kind, document["_id"], [cause_of(one) for one in document["causes"][:-KEPT_CAUSES]]
                    )

    async def _move(self, kind: str, aggregate_id: str, old: Sequence[NewCause]) -> None:
        await self._collection.bulk_write(self._copies(kind, aggregate_id, old), ordered=False)
        gone = {"key": {"$in": [why.key for why in old]}}
        await self._documents[kind].update_one({"_id": aggregate_id}, {"$pull": {"causes": gone}})
