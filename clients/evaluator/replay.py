"""What a replay of the log comes to: a tree per partition, and the last facts of every aggregate below a cut."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from clients.evaluator.counting import Month, count
from clients.evaluator.events import Event, NotAnEvent, decoded, event_of
from clients.evaluator.logs import Entry, Place
from clients.evaluator.tree import Tree, leaf_hash
from swtalent.evaluation.v1 import events_pb2 as evaluation

_STATEMENT = evaluation.StatementEvent.DESCRIPTOR.full_name
_INDICATOR = evaluation.IndicatorEvent.DESCRIPTOR.full_name


class Difference(Exception):
    """The first thing that is not as it must be: where, and what."""

    def __init__(self, place: Place, offset: int, what: str) -> None:
        super().__init__(f"{place[0]}:{place[1]}:{offset} {what}")


class Said(NamedTuple):
    """A published statement and where it stands."""

    id: str
    place: Place
    offset: int
    facts: Any


class _Known(NamedTuple):
    """An aggregate's newest event."""

    version: int
    place: Place
    offset: int
    value: bytes


class Replay:
    """Takes entries in order within each partition. Versions of an aggregate must come 1, 2, 3…; a repeat must be the
    same bytes. `cut` = size per partition up to which facts count (all without one).

    Holds the bytes of one event per aggregate and 68 per entry.
    """

    def __init__(self, places: Iterable[Place], *, cut: Mapping[Place, int] | None = None) -> None:
        self.trees: dict[Place, Tree] = {place: Tree() for place in places}
        self.entries = 0
        self._cut = cut
        # Offset of the same aggregate's version before, by offset: finds what a repeat must be equal to.
        self._before = {place: array("I") for place in self.trees}
        self._last: dict[tuple[str, str], _Known] = {}
        self._beyond: dict[tuple[str, str], _Known] = {}

    def add(self, entry: Entry) -> bytes:
        """The leaf's hash. Raises Difference."""
        place, offset, data = entry
        tree = self.trees[place]
        if offset != tree.size:
            raise Difference(place, tree.size, "is missing")
        leaf = leaf_hash(data)
        tree.append(leaf)
        self.entries += 1
        try:
            event = event_of(place, data)
        except NotAnEvent as error:
            raise Difference(place, offset, str(error)) from None
        key = event.type, event.id
        known = self._beyond.get(key) or self._last.get(key)
        version = known.version if known else 0
        if event.version > version + 1 or event.version < 1:
            raise Difference(place, offset, f"EVENT_GAP: {event.id} goes from version {version} to {event.version}")
        self._before[place].append(known.offset if known else offset)
        if known and event.version <= version:
            self._must_repeat(known, event, offset, leaf)
            return leaf
        below = self._cut is None or offset < self._cut.get(place, 0)
        (self._last if below else self._beyond)[key] = _Known(event.version, place, offset, event.value)
        return leaf

    def _must_repeat(self, known: _Known, event: Event, offset: int, leaf: bytes) -> None:
        first = known.offset
        for _ in range(known.version - event.version):
            first = self._before[known.place][first]
        if self.trees[known.place].leaf(first) != leaf:
            what = f"repeats {event.id}:{event.version} of offset {first} with other content"
            raise Difference(known.place, offset, what)

    def statements(self) -> dict[str, Said]:
        """Published statements by id, below the cut."""
        return {id_: Said(id_, known.place, known.offset, facts) for id_, known, facts in self._facts(_STATEMENT)}

    def definitions(self) -> dict[str, Any]:
        """IndicatorFacts by number."""
        return {facts.number: facts for _, _, facts in self._facts(_INDICATOR)}

    def counts(self, month: Month) -> Counter[tuple[str, str]]:
        """What the last facts count for in the month, by series and area code."""
        counts: Counter[tuple[str, str]] = Counter()
        for (type_, id_), known in self._last.items():
            for series, code, amount in count(type_.rpartition(".")[2], id_, decoded(type_, known.value).after, month):
                counts[series, code] += amount
        return counts

    def _facts(self, type_: str) -> Iterator[tuple[str, _Known, Any]]:
        for (kind, id_), known in self._last.items():
            if kind == type_:
                yield id_, known, decoded(kind, known.value).after
