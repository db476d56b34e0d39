"""FoldRecords: records of the event topics → sums, trees and positions (architecture §4).

Sums and watchers move when a record is folded; the store follows in the order shards → subjects → tiles and
position, each acknowledged before the next, so that a crash anywhere is undone by folding again from the stored size.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from services.evaluation.domain.folded import (
    BY_PARTITION,
    PartitionPosition,
    PartitionState,
    Place,
    Shard,
    Subject,
    Tile,
    partition_id,
    shard_id,
    tile_id,
)
from services.evaluation.domain.merkle import Record, leaf_hash
from services.evaluation.domain.partition import TREE_FORKED, Entry, Event, HeldSubject, Partition
from services.evaluation.domain.table import Table, differences
from services.evaluation.domain.tree import HASH, TILE_WIDTH, TileId, Tree, open_tiles
from services.evaluation.ports import Decode
from services.shared.kernel.change import Change
from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.outcome import Clash, Stored
from services.shared.kernel.ports import Store

_PAGE = 500
_CHUNK = 2000


class PositionLost(Exception):
    """Another process stored something of this partition first: load it anew and read again from its size."""

    def __init__(self, places: Collection[Place]) -> None:
        super().__init__(f"positions lost: {sorted(places)}")
        self.places = frozenset(places)


class Fold:
    """All partitions of this process with the table they make. Callers of `fold`, `commit` and `load` hold `lock`."""

    def __init__(self, *, store: Store, decode: Decode, table: Table) -> None:
        self.lock = asyncio.Lock()
        self.table = table
        self.partitions: dict[Place, Partition] = {}
        # What is in memory may differ from the store: `load` these before anything else is done with them.
        self.lost: set[Place] = set()
        # Set whenever positions were stored, by whomever: checkpoints follow.
        self.stored = asyncio.Event()
        self._store = store
        self._decode = decode

    async def load(self, place: Place) -> Partition:
        """Take the partition from the store; the table follows in one step. Raises StoreUnavailable."""
        key = partition_id(place)
        state = (await self._store.get_many(PartitionState, [key]))[key].aggregate
        size = state.state.size
        hashes = await self._tiles(place, [(level, index) for level, index, _ in open_tiles(size)])
        partition = Partition(
            place,
            position=state.state,
            version=state.version,
            tree=Tree(size, state.state.edge, hashes),
            ahead=await self._ahead(place, size),
            shards=await self._shards(place),
            new_shard=lambda county: Shard.new(shard_id(place, county)),
        )
        before = self.partitions.get(place)
        self.table.add(differences(partition.cells(), before.cells() if before else {}))
        self.partitions[place] = partition
        self.lost.discard(place)
        return partition

    async def _tiles(self, place: Place, where: Sequence[TileId]) -> dict[TileId, bytes]:
        names = {it: tile_id(place, *it) for it in where}
        held = await self._store.get_many(Tile, list(names.values()))
        return {it: held[name].aggregate.state.hashes for it, name in names.items()}

    async def _ahead(self, place: Place, size: int) -> dict[int, bytes]:
        """Leaves that were stored before a crash lost the position: the same records must come again."""
        ahead: dict[int, bytes] = {}
        index = size // TILE_WIDTH
        while True:
            hashes = (await self._tiles(place, [(0, index)]))[0, index]
            for at in range(0, len(hashes), HASH):
                offset = index * TILE_WIDTH + at // HASH
                if offset >= size:
                    ahead[offset] = hashes[at : at + HASH]
            if len(hashes) < TILE_WIDTH * HASH:
                return ahead
            index += 1

    async def _shards(self, place: Place) -> list[Shard]:
        ids: list[str] = []
        after = ""
        while True:
            rows = await self._store.page(Shard, view=BY_PARTITION, key=partition_id(place), after=after, limit=_PAGE)
            ids += [row.id for row in rows]
            if len(rows) < _PAGE:
                break
            after = rows[-1].id
        return [change.aggregate for change in (await self._store.get_many(Shard, ids)).values()]

    async def fold(self, place: Place, records: Sequence[Record]) -> str:
        """Fold records that follow on what is folded; ones that are folded already must be the same as then.

        Gives why the partition stopped, "" = it goes on. Raises StoreUnavailable with nothing folded.
        """
        partition = self.partitions[place]
        if partition.stopped:
            return partition.stopped
        size = partition.size
        leaves = [leaf_hash(record) for record in records]
        for record, leaf in zip(records, leaves, strict=True):
            if record.offset < size and leaf != await self._folded_leaf(partition, record.offset):
                partition.stopped = TREE_FORKED
                return TREE_FORKED
        entries = [
            Entry(record.offset, leaf, self._decode(place, record))
            for record, leaf in zip(records, leaves, strict=True)
            if record.offset >= size
        ]
        await self._load_subjects(partition, entries)
        moved, partition.stopped = partition.fold(entries)
        if moved:
            self.table.add(moved)
        return partition.stopped

    async def _folded_leaf(self, partition: Partition, offset: int) -> bytes:
        if offset == partition.size - 1:
            return partition.last_leaf
        recent = partition.tree.recent_leaf(offset)
        if recent is not None:
            return recent
        index, at = divmod(offset, TILE_WIDTH)
        hashes = (await self._tiles(partition.place, [(0, index)]))[0, index]
        return hashes[at * HASH : (at + 1) * HASH]

    async def _load_subjects(self, partition: Partition, entries: Sequence[Entry]) -> None:
        held = partition.subjects
        missing = {it.event.subject for it in entries if type(it.event) is Event and it.event.subject not in held}
        if missing:
            for name, change in (await self._store.get_many(Subject, missing)).items():
                held[name] = HeldSubject(change.aggregate)

    async def commit(self, places: Collection[Place]) -> None:
        """Store what was folded in these partitions, all their shards before all their subjects before positions.

        Raises PositionLost or StoreUnavailable; the partitions are lost then, and what was stored of them is
        recognised when they are folded again.
        """
        places = [place for place in places if place not in self.lost and self.partitions[place].dirty]
        self.lost.update(places)
        await self._store_all([self.partitions[place] for place in places])
        self.lost.difference_update(places)
        if places:
            self.stored.set()

    async def _store_all(self, partitions: Sequence[Partition]) -> None:
        shards = [
            (partition, _shard_change(partition, county))
            for partition in partitions
            for county in sorted(partition.dirty_shards)
        ]
        await self._commit(shards)
        subjects = [
            (partition, _subject_change(held))
            for partition in partitions
            for held in partition.subjects.values()
            if held.dirty
        ]
        await self._commit(subjects)
        tiles = [await self._tile_changes(partition) for partition in partitions]
        await self._commit([(partition, it) for partition, own in zip(partitions, tiles, strict=True) for it in own])
        await self._commit([(partition, _position_change(partition)) for partition in partitions])
        for partition in partitions:
            partition.stored()

    async def _commit(self, changes: Sequence[tuple[Partition, Change[Any]]]) -> None:
        lost: set[Place] = set()
        for start in range(0, len(changes), _CHUNK):
            part = changes[start : start + _CHUNK]
            outcomes = await self._store.commit([change for _, change in part])
            for (partition, _), outcome in zip(part, outcomes, strict=True):
                if isinstance(outcome, Clash):
                    lost.add(partition.place)
                elif not isinstance(outcome, Stored):
                    raise StoreUnavailable(why=str(outcome))
        if lost:
            raise PositionLost(lost)

    async def _tile_changes(self, partition: Partition) -> list[Change[Tile]]:
        grown = {tile_id(partition.place, *where): it for where, it in partition.tree.tiles_to_write().items()}
        changes = await self._store.get_many(Tile, list(grown))
        for name, change in changes.items():
            change.apply(lambda tile, hashes=grown[name]: tile.fold(hashes))  # type: ignore[misc]
        return list(changes.values())


def _shard_change(partition: Partition, county: str) -> Change[Shard]:
    held = partition.shards[county]
    change = Change(held.aggregate)
    change.apply(lambda shard: shard.fold(partition.size - 1, held.sums))
    return change


def _subject_change(held: HeldSubject) -> Change[Subject]:
    change = Change(held.aggregate)
    change.apply(lambda subject: subject.fold(held.last, held.cells))
    return change


def _position_change(partition: Partition) -> Change[PartitionState]:
    change = Change(PartitionState(partition_id(partition.place), partition.position, partition.version))
    position = PartitionPosition(partition.size, partition.tree.edge, partition.last_leaf, dict(partition.unread))
    change.apply(lambda state: state.fold(position))
    return change
