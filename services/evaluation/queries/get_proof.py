"""GetInclusionProof and GetConsistencyProof: made of stored tiles, up to the stored size (docs/wire.md §5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from services.evaluation.domain.folded import Place, Tile, tile_id
from services.evaluation.domain.merkle import EMPTY_ROOT, Subtree, consistency_path, inclusion_path, root_of
from services.evaluation.domain.partition import Partition
from services.evaluation.domain.tree import from_tiles, tiles_needed
from services.shared.kernel.errors import Invalid, NotFound
from services.shared.kernel.ports import Store

T = TypeVar("T")


class PartitionNotFound(NotFound):
    reason = "PARTITION_NOT_FOUND"
    zh, en = "没有此分区", "No such partition of an event topic"


class SizeInvalid(Invalid):
    reason = "TREE_SIZE_INVALID"
    zh, en = "树的大小或位置超出已确认的记录", "The size or offset lies beyond the records confirmed so far"
    fix_zh, fix_en = "请使用检查点中的大小", "Use the size of a checkpoint"


class InclusionProof(msgspec.Struct, frozen=True):
    size: int
    root: bytes
    leaf_hash: bytes
    path: list[bytes]


class ConsistencyProof(msgspec.Struct, frozen=True):
    second_size: int
    first_root: bytes
    second_root: bytes
    path: list[bytes]


def _partition(partitions: Mapping[Place, Partition], place: Place) -> Partition:
    found = partitions.get(place)
    if found is None:
        raise PartitionNotFound(field="topic")
    return found


async def _made(place: Place, proof: Callable[[Subtree], T], *, store: Store) -> T:
    names = {where: tile_id(place, *where) for where in tiles_needed(proof)}
    loaded = await store.get_many(Tile, list(names.values()))
    return proof(from_tiles({where: loaded[name].aggregate.state.hashes for where, name in names.items()}))


async def get_inclusion_proof(
    place: Place, *, offset: int, size: int, partitions: Mapping[Place, Partition], store: Store
) -> InclusionProof:
    """That the record at `offset` is in the tree of `size` records, 0 = the latest stored. Raises TREE_SIZE_INVALID."""
    stored = _partition(partitions, place).position.size
    size = size or stored
    if size > stored:
        raise SizeInvalid(field="size", stored=stored)
    if offset >= size:
        raise SizeInvalid(field="offset", size=size)

    def proof(subtree: Subtree) -> InclusionProof:
        path = inclusion_path(offset, size, subtree)
        return InclusionProof(size, root_of(0, size, subtree), subtree(0, offset), path)

    return await _made(place, proof, store=store)


async def get_consistency_proof(
    place: Place, *, first: int, second: int, partitions: Mapping[Place, Partition], store: Store
) -> ConsistencyProof:
    """That the first tree is a beginning of the second, 0 = the latest stored. Raises TREE_SIZE_INVALID."""
    stored = _partition(partitions, place).position.size
    second = second or stored
    if second > stored:
        raise SizeInvalid(field="second_size", stored=stored)
    if first > second:
        raise SizeInvalid(field="first_size", second_size=second)

    def proof(subtree: Subtree) -> ConsistencyProof:
        path = consistency_path(first, second, subtree) if first else []
        root = root_of(0, first, subtree) if first else EMPTY_ROOT
        return ConsistencyProof(second, root, root_of(0, second, subtree), path)

    return await _made(place, proof, store=store)
