"""The fold over a store that fails and a log that repeats: whatever happens, the sums are those of the last facts."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.commands.fold_records import Fold, PositionLost
from services.evaluation.consumers import FoldLoop, decode
from services.evaluation.domain.contributions import talent
from services.evaluation.domain.table import Table
from services.evaluation.storage import KINDS
from services.shared.kernel.errors import StoreUnavailable
from services.shared.runtime.store.memory import MemoryDisk, MemoryStore
from swtalent.registry.v1 import events_pb2 as registry_pb
from tests.builders.evaluation import (
    JINJIANG,
    SHEHONG,
    WUHOU,
    MemoryLog,
    a_certificate,
    a_recognition,
    a_talent,
    an_affiliation,
    leaf_of,
    root_of,
    talent_event,
)
from tests.builders.serving import SetClock

REGISTRY = "registry.events.v1"


class PowerCut(BaseException):
    pass


class Process:
    """One evaluation process: dies with its memory, leaves its disk."""

    def __init__(self, log: MemoryLog, disk: MemoryDisk, faults=None) -> None:
        self.log = log
        store = MemoryStore(KINDS, clock=SetClock(), faults=faults, disk=disk)
        self.fold = Fold(store=store, decode=decode, table=Table())
        self.loop = FoldLoop(fold=self.fold, log=log, clock=SetClock())

    async def start(self) -> Process:
        for place in self.log.partitions:
            await self.fold.load(place)
        await self.loop.check()
        return self

    async def work(self) -> None:
        """Fold and store all there is."""
        while True:
            try:
                await self.loop.turn()
                folded = all(
                    it.stopped or it.size == len(self.log.partitions[place])
                    for place, it in self.fold.partitions.items()
                )
                if folded and not self.fold.lost:
                    async with self.fold.lock:
                        await self.fold.commit(list(self.fold.partitions))
                    return
            except (PositionLost, StoreUnavailable):
                continue

    def sums(self) -> Counter:
        total: Counter = Counter()
        for partition in self.fold.partitions.values():
            total.update(partition.cells())
        return Counter({key: n for key, n in total.items() if n})


def a_log() -> MemoryLog:
    return MemoryLog([REGISTRY], 2)


def recomputed(log: MemoryLog) -> Counter:
    """Σ contributions(last facts): highest version, never highest offset."""
    last: dict[str, registry_pb.TalentEvent] = {}
    for records in log.partitions.values():
        for record in records:
            body = registry_pb.TalentEvent.FromString(record.value)
            if body.id not in last or last[body.id].version < body.version:
                last[body.id] = body
    total: Counter = Counter()
    for body in last.values():
        total.update(talent.contributions(body.id, body.after))
    return Counter({key: n for key, n in total.items() if n})


def some_facts(chance: random.Random) -> registry_pb.TalentFacts:
    def day() -> str:
        return f"20{chance.randint(18, 21)}-{chance.randint(1, 12):02d}-{chance.choice([1, 15, 28]):02d}"

    def span() -> tuple[str, str]:
        since, until = sorted((day(), day()))
        return since, chance.choice(["", until if until > since else ""])

    works = []
    for number in range(chance.randint(0, 3)):
        since, until = span()
        works.append(
            an_affiliation(
                id=str(number),
                place=chance.choice([WUHOU, JINJIANG, SHEHONG]),
                principal=chance.random() < 0.5,
                practitioner=chance.random() < 0.8,
                since=since,
                until=until,
            )
        )
    return a_talent(
        affiliations=works,
        recognitions=[a_recognition(*span()) for _ in range(chance.randint(0, 2))],
        certificates=[
            a_certificate(chance.choice(["assistant", "senior"]), day()) for _ in range(chance.randint(0, 1))
        ],
        home_county=chance.choice(["", WUHOU, "500103"]),
    )


def a_history(seed: int, people: int = 6, events: int = 60) -> MemoryLog:
    """Events of a few people in one log; the relay repeats some of them."""
    chance, log = random.Random(seed), a_log()
    sent: dict[str, list] = {}
    for _ in range(events):
        who = f"talent-{chance.randrange(people)}"
        own = sent.setdefault(who, [])
        own.append(talent_event(who, len(own) + 1, some_facts(chance)))
        log.append(own[-1])
        if chance.random() < 0.2:
            first, last = sorted((chance.randrange(len(own) + 1), chance.randrange(len(own) + 1)))
            log.append(*own[first:last])
    return log


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40))
async def test_incremental_sums_equal_those_from_scratch(seed, at_once):
    log = a_history(seed)
    log.at_once = at_once
    process = await Process(log, MemoryDisk()).start()
    await process.work()
    assert process.sums() == recomputed(log)
    for partition in process.fold.partitions.values():
        records = log.partitions[partition.place]
        assert partition.root == root_of([leaf_of(it) for it in records])


class Fails:
    """The n-th thing asked of the store fails, before or after it is done: as an answer, or as the process' end."""

    def __init__(self, at: int, error: type[BaseException]) -> None:
        self.left = at
        self.error = error

    async def __call__(self, where: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.error


@pytest.mark.parametrize("error", [PowerCut, StoreUnavailable])
async def test_a_failure_at_any_step_of_a_commit_ends_in_the_same_sums(error):
    log = a_history(7)
    log.at_once = 17  # several stores on the way, cut elsewhere than before the failure
    clean = await Process(a_history(7), MemoryDisk()).start()
    await clean.work()
    failures = 0
    for at in range(1, 400):
        disk, faults = MemoryDisk(), Fails(at, error)
        process = Process(log, disk, faults)
        try:
            await process.start()
            for _ in range(3):
                await process.loop.turn()
                async with process.fold.lock:
                    await process.fold.commit(list(process.fold.partitions))
            await process.work()
        except (PowerCut, StoreUnavailable):
            failures += 1
            log.at_once = 23
            if error is PowerCut:  # else the process lives on and recovers by itself
                process = await Process(log, disk).start()
            elif set(process.fold.partitions) != set(log.partitions):
                await process.start()
            await process.work()
            log.at_once = 17
        assert process.sums() == clean.sums(), at
        again = await Process(log, disk).start()
        assert again.sums() == clean.sums(), at
        assert [it.root for it in again.fold.partitions.values()] == [it.root for it in clean.fold.partitions.values()]
        if faults.left > 0:
            break
    assert failures > 25
    assert faults.left > 0, "every step was reached"


async def test_reads_move_before_anything_is_stored():
    log = a_log()
    log.append(talent_event("talent-1", 1, a_talent()))
    disk = MemoryDisk()
    process = await Process(log, disk).start()
    await process.loop.turn()
    assert process.fold.table.on("1", WUHOU, "2020-12") == 1
    assert not disk.documents


async def test_a_commit_failure_leaves_the_table_as_the_log_has_it():
    log = a_history(3)
    faults = Fails(10**6, StoreUnavailable)
    process = await Process(log, MemoryDisk(), faults).start()
    await process.loop.turn()
    faults.left = 2
    async with process.fold.lock:
        with pytest.raises(StoreUnavailable):
            await process.fold.commit(list(process.fold.partitions))
    assert process.fold.lost
    await process.work()
    assert process.sums() == recomputed(log)
    key = max(recomputed(log))
    line = sum(n for (series, county, month), n in recomputed(log).items() if (series, county) == key[:2])
    assert process.fold.table.on(key[0], key[1], "9999-12") == line


async def test_another_process_that_stored_first_is_noticed_and_followed():
    log, disk = a_history(11), MemoryDisk()
    zombie = await Process(log, disk).start()
    await zombie.loop.turn()
    heir = await Process(log, disk).start()
    await heir.work()
    await zombie.work()
    assert zombie.sums() == heir.sums() == recomputed(log)


async def test_a_gap_stops_its_partition_at_the_gap_and_others_go_on():
    log = a_log()
    names = [f"talent-{number}" for number in range(8)]
    log.append(*[talent_event(name, 1, a_talent()) for name in names])
    log.append(talent_event(names[0], 3, a_talent()))
    stopped = next(place for place, own in log.partitions.items() if own[-1].key == names[0].encode())
    log.append(*[talent_event(name, 2, a_talent(affiliations=[])) for name in names[1:]])
    process = await Process(log, MemoryDisk()).start()
    await process.work()
    for place, partition in process.fold.partitions.items():
        assert partition.stopped == ("EVENT_GAP" if place == stopped else "")
        gap = next(i for i, it in enumerate(log.partitions[stopped]) if it.value.count(b"\x10\x03"))
        assert partition.size == (gap if place == stopped else len(log.partitions[place]))


async def started_on(log: MemoryLog) -> tuple[MemoryDisk, tuple[str, int]]:
    disk = MemoryDisk()
    await (await Process(log, disk).start()).work()
    place = max(log.partitions, key=lambda it: len(log.partitions[it]))
    return disk, place


def forge(log: MemoryLog, place, offset: int) -> None:
    own = log.partitions[place]
    held = own[offset]
    own[offset] = type(held)(*place, offset, held.key, held.value + b"\x00", held.headers, 0)


async def test_a_last_record_that_changed_is_a_fork():
    log = a_history(5)
    disk, place = await started_on(log)
    forge(log, place, len(log.partitions[place]) - 1)
    process = await Process(log, disk).start()
    await process.work()
    assert process.fold.partitions[place].stopped == "TREE_FORKED"


@pytest.mark.parametrize("back", [1, 5, 30])
async def test_every_record_delivered_again_is_compared(back):
    log = a_history(5, events=400)
    disk, place = await started_on(log)
    process = await Process(log, disk).start()
    end = len(log.partitions[place])
    log.seek(place, 0)
    await process.work()
    await process.loop.turn()
    assert process.fold.partitions[place].stopped == ""
    forge(log, place, end - 1 - back)
    log.seek(place, 0)
    await process.loop.turn()
    assert process.fold.partitions[place].stopped == "TREE_FORKED"


@pytest.mark.parametrize("missing", ["beginning", "end", "inside"])
async def test_a_log_that_lost_records_is_a_fork(missing):
    log = a_history(5)
    disk, place = await started_on(log)
    if missing == "beginning":
        log.first[place] = 3
    elif missing == "end":
        log.partitions[place].pop()
    else:
        own = log.partitions[place]
        own.append(type(own[-1])(*place, len(own) + 1, b"k", b"v", (), 0))
    process = await Process(log, disk).start()
    await process.work() if missing != "inside" else await process.loop.turn()
    assert process.fold.partitions[place].stopped == "TREE_FORKED"
    assert process.fold.partitions[place].position.size > 0


async def test_leaves_stored_before_a_crash_must_come_again():
    log, disk = a_history(9), MemoryDisk()
    process = await Process(log, disk).start()
    await process.loop.turn()
    place = max(log.partitions, key=lambda it: len(log.partitions[it]))
    partition = process.fold.partitions[place]
    # Everything but the position reached the disk.
    before = dict(disk.documents)
    async with process.fold.lock:
        await process.fold.commit([place])
    for key in [key for key in disk.documents if key[0] == "partition"]:
        if key in before:
            disk.documents[key] = before[key]
        else:
            del disk.documents[key]
    forge(log, place, partition.size - 2)
    heir = await Process(log, disk).start()
    await heir.loop.turn()
    assert heir.fold.partitions[place].stopped == "TREE_FORKED"


async def test_offsets_are_shown_after_everything_else_is_stored():
    log, disk = a_history(2), MemoryDisk()
    process = await Process(log, disk).start()
    await process.loop.turn()
    assert log.shown == {}
    async with process.fold.lock:
        await process.loop._store()
    await process.loop._showing
    assert log.shown == {place: len(own) for place, own in log.partitions.items() if own}


async def test_a_record_that_cannot_be_folded_stops_its_partition(monkeypatch):
    def broken(_, __):
        raise ValueError

    log = a_history(4)
    process = Process(log, MemoryDisk())
    process.fold._decode = lambda place, record: _with(decode(place, record), broken)
    await process.start()
    await process.loop.turn()
    assert {it.stopped for it in process.fold.partitions.values()} == {"DEFECT"}
    assert {it.size for it in process.fold.partitions.values()} == {0}


def _with(event, contributions):
    return type(event)(event.subject, event.version, lambda: contributions("", None))
