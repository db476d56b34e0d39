"""What the fold keeps in the store, so that it goes on where it stopped. None of these publishes events.

Ids begin with the version of the contributions: other rules fold from offset 0 into documents of their own.
"""

from __future__ import annotations

import msgspec

from services.evaluation.domain.contributions import CONTRIBUTIONS_VERSION
from services.evaluation.domain.contributions.months import Cells
from services.shared.kernel.aggregate import Aggregate

# A partition: topic and number.
Place = tuple[str, int]
# Series → month → sum.
Sums = dict[str, dict[str, int]]
# View of the shards of one partition.
BY_PARTITION = "partition"

_pack = msgspec.msgpack.Encoder().encode
_sums = msgspec.msgpack.Decoder(Sums).decode


def subject_id(type_: str, aggregate_id: str) -> str:
    return f"v{CONTRIBUTIONS_VERSION}/{type_}/{aggregate_id}"


def partition_id(place: Place) -> str:
    return f"v{CONTRIBUTIONS_VERSION}/{place[0]}/{place[1]}"


def shard_id(place: Place, county: str) -> str:
    return f"{partition_id(place)}/{county}"


def tile_id(place: Place, level: int, index: int) -> str:
    """Tiles depend on the log alone."""
    return f"{place[0]}/{place[1]}/{level}/{index}"


class Folded(msgspec.Struct, frozen=True):
    """The only event of these aggregates; it guards the store's version."""


_FOLDED = Folded()


class SubjectState(msgspec.Struct, frozen=True):
    """Version of the last facts seen, and what they contribute: never changed, replaced."""

    last: int = 0
    cells: Cells = {}


class Subject(Aggregate[SubjectState]):
    """One aggregate of any service as the sums know it."""

    kind = "subject"
    __slots__ = ()

    @classmethod
    def blank(cls) -> SubjectState:
        return SubjectState()

    def fold(self, last: int, cells: Cells) -> None:
        self._record(_FOLDED, SubjectState(last, cells))


class ShardState(msgspec.Struct, frozen=True):
    """`applied` = the last offset of the commit that wrote it; `packed` = sums by series and month."""

    applied: int = -1
    packed: bytes = b""

    def sums(self) -> Sums:
        return _sums(self.packed) if self.packed else {}


class Shard(Aggregate[ShardState]):
    """What one partition has contributed to one county. Id "<partition>/<county>"."""

    kind = "shard"
    __slots__ = ()

    @classmethod
    def blank(cls) -> ShardState:
        return ShardState()

    @property
    def county(self) -> str:
        return self.id.rpartition("/")[2]

    @property
    def partition(self) -> str:
        return self.id.rpartition("/")[0]

    def fold(self, applied: int, sums: Sums) -> None:
        self._record(_FOLDED, ShardState(applied, _pack(sums)))


class PartitionPosition(msgspec.Struct, frozen=True):
    """`size` records are folded. `edge` = roots of the complete subtrees they make, largest first; `last_leaf` = hash
    of record size − 1. `unread` counts records of types that this release does not know.
    """

    size: int = 0
    edge: tuple[bytes, ...] = ()
    last_leaf: bytes = b""
    unread: dict[str, int] = {}


class PartitionState(Aggregate[PartitionPosition]):
    kind = "partition"
    __slots__ = ()

    @classmethod
    def blank(cls) -> PartitionPosition:
        return PartitionPosition()

    def fold(self, position: PartitionPosition) -> None:
        self._record(_FOLDED, position)


class TileState(msgspec.Struct, frozen=True):
    hashes: bytes = b""


class Tile(Aggregate[TileState]):
    """Up to 256 hashes of one level of a partition's tree."""

    kind = "tile"
    __slots__ = ()

    @classmethod
    def blank(cls) -> TileState:
        return TileState()

    def fold(self, hashes: bytes) -> None:
        if len(hashes) > len(self.state.hashes):  # a tile only grows; one that is ahead stays
            self._record(_FOLDED, TileState(hashes))
