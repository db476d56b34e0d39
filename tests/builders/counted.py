"""The same events counted three ways: folded one by one, from the last facts alone, and by the outsider."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from clients.evaluator.counting import Month, count
from clients.evaluator.events import decoded
from services.evaluation.consumers import decode
from services.evaluation.domain.contributions.months import Cells
from services.evaluation.domain.folded import PartitionPosition, Shard, Subject
from services.evaluation.domain.merkle import leaf_hash
from services.evaluation.domain.partition import Entry, Event, HeldSubject, Partition
from services.evaluation.domain.table import differences
from services.evaluation.domain.tree import Tree
from services.shared.runtime.envelope import EVENT_TOPICS, header
from services.shared.runtime.reader import Received

REGISTRY = EVENT_TOPICS["registry"]
DECEMBERS = tuple(f"{year}-12" for year in range(2015, 2027))
BY_YEAR = frozenset(
    {"11", "12", "13", "15", "S12", "S12d", "S13a", "S13b", "S15d", "S15a", "S15b", "S17"}
)  # fmt: skip


class Counted:
    """Events of the registry in the order in which they were stored, each version once or repeated."""

    def __init__(self) -> None:
        self._partition = Partition(
            (REGISTRY, 0),
            position=PartitionPosition(),
            version=0,
            tree=Tree(),
            ahead={},
            shards=(),
            new_shard=Shard.new,
        )
        self._last: dict[str, Received] = {}
        self.types: set[str] = set()

    def take(self, record: Received) -> None:
        """Fold it: what its aggregate contributed is replaced by what it contributes now."""
        event = decode((REGISTRY, 0), record)
        assert isinstance(event, Event), event
        held = self._partition.subjects
        if event.subject not in held:
            held[event.subject] = HeldSubject(Subject.new(event.subject))
        before = held[event.subject].last
        _, stopped = self._partition.fold([Entry(self._partition.size, leaf_hash(record), event)])
        assert not stopped, (event.subject, before, event.version)
        if event.version == before + 1:
            self._last[event.subject] = record
        self.types.add(header(record.headers, "ce_type").decode().rpartition(".")[2])

    def folded(self) -> Cells:
        return {key: amount for key, amount in self._partition.cells().items() if amount}

    def anew(self) -> Cells:
        """From scratch, by the last facts of each aggregate."""
        sums: Cells = {}
        for record in self._last.values():
            event = decode((REGISTRY, 0), record)
            assert isinstance(event, Event)
            for key, amount in event.contributions().items():
                sums[key] = sums.get(key, 0) + amount
        return {key: amount for key, amount in sums.items() if amount}

    def outside(self, month: str) -> Counter[tuple[str, str]]:
        """What the outsider's own rules give on the last day of the month."""
        found: Counter[tuple[str, str]] = Counter()
        for record in self._last.values():
            type_ = header(record.headers, "ce_type").decode()
            body: Any = decoded(type_, record.value or b"")
            for series, area, amount in count(type_.rpartition(".")[2], body.id, body.after, Month(month)):
                if area.startswith("51") and amount:
                    found[series, area] += amount
        return found

    def must_agree(self, months: Iterable[str] = DECEMBERS) -> None:
        cells = self.folded()
        assert differences(self.anew(), cells) == {}
        for month in months:
            assert self.outside(month) == read(cells, month), month


def read(cells: Mapping[tuple[str, str, str], int], month: str) -> Counter[tuple[str, str]]:
    """Sums as they stand in the month: of the year where a series is one of years, else all up to it."""
    found: Counter[tuple[str, str]] = Counter()
    for (series, area, at), amount in cells.items():
        if at <= month and (series not in BY_YEAR or at[:4] == month[:4]):
            found[series, area] += amount
    return Counter({key: amount for key, amount in found.items() if amount})


def agreeing(records: Iterable[Received]) -> Counted:
    """Everything counted, after it was found equal all three ways."""
    counted = Counted()
    for record in records:
        if record.topic == REGISTRY:
            counted.take(record)
    counted.must_agree()
    return counted
