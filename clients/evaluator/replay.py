"""What a replay of the log comes to: a tree per partition, and the last facts of every aggregate below a cut."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.message import DecodeError

from clients.evaluator.counting import Month, count
from clients.evaluator.logs import Entry, Place
from clients.evaluator.tree import Tree, Unreadable, leaf_hash, record_of
from swtalent.evaluation.v1 import events_pb2 as evaluation
from swtalent.funding.v1 import events_pb2 as funding
from swtalent.registry.v1 import events_pb2 as registry
from swtalent.stations.v1 import events_pb2 as stations

# ce_type → message
EVENTS: dict[str, Any] = {
    message.full_name: getattr(module, name)
    for module in (registry, stations, funding, evaluation)
    for name, message in module.DESCRIPTOR.message_types_by_name.items()
    if name.endswith("Event")
}
_STATEMENT = evaluation.StatementEvent.DESCRIPTOR.full_name


class Difference(Exception):
    """The first thing that is not as it must be: where, and what."""

    def __init__(self, place: Place, offset: int, what: str) -> None:
        super().__init__(f"{place[0]}:{place[1]}:{offset} {what}")


class Replay:
    """Takes entries in order within each partition. Versions of an aggregate must come 1, 2, 3…; a repeat must be the
    same bytes. `cut` = size per partition up to which facts count (all without one).
    """

    def __init__(self, places: Iterable[Place], *, cut: Mapping[Place, int] | None = None) -> None:
        self.trees: dict[Place, Tree] = {place: Tree() for place in places}
        self.entries = 0
        self._cut = cut
        self._seen: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._last: dict[tuple[str, str], tuple[Place, int, bytes]] = {}

    def add(self, entry: Entry) -> bytes:
        """The leaf's hash. Raises Difference."""
        leaf = leaf_hash(entry.data)
        place = entry.place
        self.trees[place].append(leaf)
        self.entries += 1
        try:
            _, value, headers = record_of(entry.data)
        except Unreadable as error:
            raise Difference(place, entry.offset, f"is no record: {error}") from None
        found = dict(reversed(headers))
        type_ = (found.get("ce_type") or b"").decode("ascii", "replace")
        aggregate, _, version = (found.get("ce_id") or b"").decode("ascii", "replace").rpartition(":")
        if type_ not in EVENTS or not version.isdigit() or value is None:
            raise Difference(place, entry.offset, f"is no known event: {type_ or 'no ce_type'}")
        key = (type_, aggregate)
        last, digest = self._seen.get(key, (0, b""))
        number = int(version)
        if number > last + 1:
            raise Difference(place, entry.offset, f"EVENT_GAP: {aggregate} goes from version {last} to {number}")
        if number <= last:
            if number == last and digest != hashlib.sha256(value).digest():
                raise Difference(place, entry.offset, f"{aggregate}:{number} came before with other content")
            return leaf
        self._seen[key] = (number, hashlib.sha256(value).digest())
        if self._cut is None or entry.offset < self._cut.get(place, 0):
            self._last[key] = (place, entry.offset, value)
        return leaf

    def statements(self) -> dict[str, Any]:
        """Published statements by id, below the cut."""
        return {id_: event.after for id_, event in self._events(_STATEMENT)}

    def definitions(self) -> dict[str, Any]:
        """IndicatorFacts by number."""
        name = evaluation.IndicatorEvent.DESCRIPTOR.full_name
        return {event.after.number: event.after for _, event in self._events(name)}

    def counts(self, month: str) -> Counter[tuple[str, str]]:
        """What the last facts count for in the month, by series and area code."""
        counts: Counter[tuple[str, str]] = Counter()
        when = Month(month)
        for type_, id_ in list(self._last):
            event = self._event(type_, id_)
            for series, code, amount in count(type_.rpartition(".")[2], id_, event.after, when):
                counts[(series, code)] += amount
        return counts

    def _events(self, type_: str) -> Iterable[tuple[str, Any]]:
        return [(id_, self._event(type_, id_)) for kind, id_ in list(self._last) if kind == type_]

    def _event(self, type_: str, id_: str) -> Any:
        """Decoded; what its headers say must be what it says itself. Raises Difference."""
        place, offset, value = self._last[(type_, id_)]
        try:
            event = EVENTS[type_].FromString(value)
        except DecodeError:
            raise Difference(place, offset, f"is no {type_}") from None
        if event.id != id_:
            raise Difference(place, offset, f"says {event.id}, its header {id_}")
        return event
