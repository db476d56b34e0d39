"""One partition of an event topic while it is folded: its tree, its sums, its subjects not yet stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from services.evaluation.domain.contributions.months import Cells
from services.evaluation.domain.folded import PartitionPosition, Place, Shard, Subject, Sums
from services.evaluation.domain.table import differences
from services.evaluation.domain.tree import Tree

EVENT_GAP, TREE_FORKED, DEFECT = "EVENT_GAP", "TREE_FORKED", "DEFECT"


class Event(msgspec.Struct, frozen=True, gc=False):
    """What the fold needs of a record: whose facts, which version, and what these contribute."""

    subject: str
    version: int
    contributions: Callable[[], Cells]


class Unread(msgspec.Struct, frozen=True):
    """A record of a type that this release does not know, or that does not decode."""

    type: str


class Entry(msgspec.Struct, frozen=True, gc=False):
    offset: int
    leaf: bytes
    event: Event | Unread


class HeldSubject:
    """A subject as loaded, with what was folded since."""

    __slots__ = ("aggregate", "cells", "dirty", "last")

    def __init__(self, aggregate: Subject) -> None:
        self.aggregate = aggregate
        self.last = aggregate.state.last
        self.cells: Cells = aggregate.state.cells
        self.dirty = False


class HeldShard:
    """`applied` is that of the stored document: what was folded up to there is in the sums already."""

    __slots__ = ("aggregate", "applied", "sums")

    def __init__(self, aggregate: Shard) -> None:
        self.aggregate = aggregate
        self.applied = aggregate.state.applied
        self.sums: Sums = aggregate.state.sums()

    def cells(self) -> Cells:
        county = self.aggregate.county
        return {(series, county, month): n for series, months in self.sums.items() for month, n in months.items()}


class Partition:
    """Folds records in offset order; nothing is stored here.

    `position` and `root` are the stored ones, `size` is how far the fold has come. `stopped` says why it goes no
    further.
    """

    __slots__ = (
        "_done_before", "_new_shard", "ahead", "dirty_shards", "last_leaf", "place", "position", "root", "shards",
        "stopped", "subjects", "tree", "unread", "version",
    )  # fmt: skip

    def __init__(
        self,
        place: Place,
        *,
        position: PartitionPosition,
        version: int,
        tree: Tree,
        ahead: dict[int, bytes],
        shards: Iterable[Shard],
        new_shard: Callable[[str], Shard],
    ) -> None:
        """`ahead`: leaf hashes found in tiles beyond the stored size, by offset."""
        self.place = place
        self.position = position
        self.version = version
        self.root = tree.root()
        self.tree = tree
        self.ahead = ahead
        self.last_leaf = position.last_leaf
        self.unread = dict(position.unread)
        self.shards = {shard.county: HeldShard(shard) for shard in shards}
        self.dirty_shards: set[str] = set()
        self.subjects: dict[str, HeldSubject] = {}
        self.stopped = ""
        self._new_shard = new_shard
        # Shards may have been stored before a crash that lost the rest: up to here each is asked by itself.
        self._done_before = max((held.applied for held in self.shards.values()), default=-1)

    @property
    def size(self) -> int:
        return self.tree.size

    @property
    def dirty(self) -> bool:
        return self.tree.size > self.position.size

    def cells(self) -> Cells:
        return {key: n for held in self.shards.values() for key, n in held.cells().items()}

    def forks_at(self, offset: int, leaf: bytes) -> bool:
        """Is a record that tiles have already promised another one now?"""
        known = self.ahead.get(offset)
        return known is not None and known != leaf

    def fold(self, entries: Sequence[Entry]) -> tuple[Cells, str]:
        """Fold as far as possible; gives what the sums moved by, and why it stopped ("" = everything folded).

        The subjects of all entries are loaded. Facts between two versions cancel out, so only the last facts of a
        subject in these entries are asked for what they contribute.
        """
        newest: dict[str, Event] = {}
        again: list[tuple[Event, int]] = []
        seen: dict[str, int] = {}
        good: list[Entry] = []
        why = ""
        expected = self.size
        for entry in entries:
            if entry.offset != expected or self.forks_at(entry.offset, entry.leaf):
                why = TREE_FORKED
                break
            event = entry.event
            if type(event) is Event:
                subject = event.subject
                last = seen.get(subject)
                if last is None:
                    last = self.subjects[subject].last
                if event.version > last + 1:
                    why = EVENT_GAP
                    break
                if event.version == last + 1:
                    seen[subject] = event.version
                    if entry.offset <= self._done_before:
                        again.append((event, entry.offset))
                    else:
                        newest[subject] = event
            good.append(entry)
            expected += 1
        # Everything that may fail comes before the first sum moves.
        steps = [(event, offset, event.contributions()) for event, offset in again]
        steps += [(event, expected, event.contributions()) for event in newest.values()]
        moved: Cells = {}
        for event, offset, cells in steps:
            self._move(event, offset, cells, moved)
        self._append(good)
        return moved, why

    def _move(self, event: Event, offset: int, cells: Cells, moved: Cells) -> None:
        """Replace what the subject contributed. A shard whose document holds this offset has it in its sums."""
        held = self.subjects[event.subject]
        delta = differences(cells, held.cells) if held.cells else cells
        for key, amount in delta.items():
            shard = self._shard(key[1])
            if offset > shard.applied:
                moved[key] = moved.get(key, 0) + amount
                _add(shard.sums, key, amount)
                self.dirty_shards.add(key[1])
        held.cells, held.last, held.dirty = cells, event.version, True

    def stored(self) -> None:
        """Everything folded so far is in the store."""
        self.position = PartitionPosition(self.size, self.tree.edge, self.last_leaf, dict(self.unread))
        self.version += 1
        self.root = self.tree.root()
        for county in self.dirty_shards:
            held = self.shards[county]
            held.applied = self.size - 1
            held.aggregate.pending.clear()
        self.dirty_shards.clear()
        self.subjects.clear()

    def _shard(self, county: str) -> HeldShard:
        held = self.shards.get(county)
        if held is None:
            held = self.shards[county] = HeldShard(self._new_shard(county))
        return held

    def _append(self, entries: Sequence[Entry]) -> None:
        append, ahead = self.tree.append, self.ahead
        for entry in entries:
            append(entry.leaf)
            ahead.pop(entry.offset, None)
            if type(entry.event) is Unread:
                self.unread[entry.event.type] = self.unread.get(entry.event.type, 0) + 1
        if entries:
            self.last_leaf = entries[-1].leaf


def _add(sums: Sums, key: tuple[str, str, str], amount: int) -> None:
    series, _, month = key
    months = sums.get(series)
    if months is None:
        months = sums[series] = {}
    total = months.get(month, 0) + amount
    if total:
        months[month] = total
    else:
        del months[month]
