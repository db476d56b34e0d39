"""What one intake promises, window by window; all of it under fire is in tests/simulation."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.follower import EventGapError
from services.shared.runtime.intake import RETRY_FOR_S, Intake
from services.shared.runtime.plan import MOST_EVENTS
from services.shared.runtime.reader import Received
from services.shared.runtime.refusals import VIEW, Refusal
from services.shared.runtime.store.memory import MemoryStore
from services.shared.runtime.store.mongo_documents import MOST_PENDING
from swtalent.common.v1 import refusal_pb2
from tests.simulation.counters import EVENTS, KINDS, Counter, Ledger, ReportReader, Sum, SumReader

TOPIC = "partner.p.records.v1"


class Time:
    """A clock that moves only by sleeping."""

    def __init__(self) -> None:
        self.at = datetime(2025, 1, 1, tzinfo=UTC)

    def now(self):
        return self.at

    def day(self):
        return "2025-01-01"

    async def sleep(self, seconds):
        self.at += timedelta(seconds=max(seconds, 0.001))
        await asyncio.sleep(0)


class Always:
    def fraction(self):
        return 1.0

    def bytes(self, count):
        return bytes(count)


class Given:
    """A source that notes what is asked of it."""

    def __init__(self) -> None:
        self.sought: dict = {}
        self.paused: list = []
        self.committed: list = []

    def seek(self, positions):
        self.sought.update(positions)

    def pause(self, place):
        self.paused.append(place)

    async def commit(self, positions):
        self.committed.append(dict(positions))
        return True


class Stage:
    def __init__(self, *readers) -> None:
        self.clock = Time()
        self.down = False
        self.source = Given()
        self.health: list[bool] = []
        self.store = MemoryStore(KINDS, clock=self.clock, faults=self._faults)
        self.intake = Intake(
            self.source,
            readers,
            self.store,
            name=readers[0].name,
            clock=self.clock,
            random=Always(),
            tell=lambda serving, why: self.health.append(serving),
        )

    async def _faults(self, _point):
        if self.down:
            raise StoreUnavailable

    async def take(self, *records):
        await self.intake.take(records)
        await self.intake._rest()

    async def total(self, counter="c1"):
        return (await self.store.get_many(Counter, [counter]))[counter].aggregate.total

    async def refusals(self):
        rows = await self.store.page(Refusal, view=VIEW, key="p", after="", limit=100)
        return [refusal_pb2.Refusal.FromString(row.summary) for row in rows]


@pytest.fixture
def reports() -> Stage:
    return Stage(ReportReader())


@pytest.fixture
def sums() -> Stage:
    return Stage(SumReader())


def a_report(offset, amount=1, *, partition=0, counter="c1", name="", value=None):
    content = json.dumps({"counter": counter, "amount": amount, "name": name}).encode()
    headers = (("ce_id", f"r{partition}-{offset}:1".encode()), ("ce_type", b"swtalent.partner.v1.Report"))
    return Received(TOPIC, partition, offset, b"k", content if value is None else value, headers, 0)


def an_event(offset, version, *, partition=0, counter="c1"):
    value = json.dumps({"id": counter, "version": version, "total": version}).encode()
    return Received(EVENTS, partition, offset, counter.encode(), value, (), 0)


async def test_offsets_follow_the_commit_one_behind_the_last_record_of_each_partition(reports):
    await reports.take(a_report(4), a_report(5), a_report(9, partition=2))

    assert await reports.total() == 3
    assert reports.source.committed == [{(TOPIC, 0): 6, (TOPIC, 2): 10}]


async def test_a_refused_record_leaves_nothing_and_the_others_of_its_aggregate_count(reports):
    await reports.take(a_report(0), a_report(1, 13), a_report(2, -1), a_report(3))

    assert await reports.total() == 2
    ledger = (await reports.store.get_many(Ledger, ["ledger-c1"]))["ledger-c1"].aggregate
    assert ledger.state == ("r0-0", "r0-3")
    assert [(r.offset, r.reason, r.record_id) for r in await reports.refusals()] == [
        (1, "RULE_BROKEN", "r0-1"),
        (2, "AMOUNT_INVALID", "r0-2"),
    ]


async def test_a_window_delivered_again_changes_nothing_and_refuses_nothing_twice(reports):
    window = (a_report(0), a_report(1, -1))
    await reports.take(*window)
    unsent = len(await reports.store.outbox.unsent(100))

    await reports.take(*window)

    assert await reports.total() == 1
    assert len(await reports.refusals()) == 1
    assert len(await reports.store.outbox.unsent(100)) == unsent


async def test_a_store_that_is_down_refuses_nothing_the_window_is_sought_back_and_health_says_so(reports):
    reports.down = True
    began = reports.clock.at

    await reports.take(a_report(7), a_report(8, -1), a_report(3, partition=1))

    assert (reports.clock.at - began).total_seconds() >= RETRY_FOR_S
    assert reports.source.sought == {(TOPIC, 0): 7, (TOPIC, 1): 3}
    assert reports.source.committed == [{(TOPIC, 0): 7, (TOPIC, 1): 3}]
    assert reports.health == [False]

    reports.down = False
    await reports.take(a_report(7), a_report(8, -1), a_report(3, partition=1))
    assert await reports.total() == 2
    assert len(await reports.refusals()) == 1
    assert reports.health == [False, True]


async def test_a_clash_repeats_only_until_it_is_through(reports):
    other = (await reports.store.get_many(Counter, ["c1"]))["c1"]
    commit, clashes = reports.store.commit, iter([True])

    async def commit_late(changes):
        if next(clashes, False):
            report = ReportReader().read(a_report(99)).content[1]
            other.apply(lambda counter: counter.report(report))
            await commit([other])
        return await commit(changes)

    reports.store.commit = commit_late

    await reports.take(a_report(0), a_report(1))

    assert await reports.total() == 3
    assert await reports.refusals() == []


async def test_of_two_records_with_one_claim_the_second_is_refused_and_its_neighbours_stay(reports):
    await reports.take(
        a_report(0, 5, counter="c1", name="n"), a_report(1, 7, counter="c2", name="n"), a_report(2, 9, counter="c2")
    )

    assert (await reports.total("c1"), await reports.total("c2")) == (5, 9)
    assert [(r.offset, r.reason) for r in await reports.refusals()] == [(1, "CLAIM_TAKEN")]


async def test_an_unknown_error_is_tried_three_times_alone_then_refused_as_defect_in_its_place(reports):
    reader, tries = reports.intake._readers[0], []
    read = reader.read

    def counted(record):
        if record.value == b"defect":
            tries.append(record.offset)
        return read(record)

    reader.read = counted

    await reports.take(a_report(0), a_report(1, value=b"defect"), a_report(2), a_report(0, partition=1))

    assert tries == [1] * 4  # once among the others, three times alone
    assert await reports.total() == 3
    assert [(r.offset, r.reason) for r in await reports.refusals()] == [(1, "DEFECT")]


async def test_an_aggregate_that_has_reached_its_limit_refuses_the_record_that_is_too_much(reports):
    await reports.take(a_report(0), a_report(1, 3, counter="c2", name="x" * 300_000), a_report(2, counter="c2"))

    assert (await reports.total("c1"), await reports.total("c2")) == (1, 1)
    assert [(r.offset, r.reason) for r in await reports.refusals()] == [(1, "LIMIT_REACHED")]


async def test_a_version_gap_stops_its_partition_at_the_gap_and_no_other(sums):
    await sums.take(
        an_event(0, 1), an_event(1, 3), an_event(2, 1, counter="c2"), an_event(0, 1, partition=1, counter="c3")
    )

    summed = await sums.store.get_many(Sum, ["sum-1", "sum-2", "sum-3"])
    assert [change.aggregate.state.totals for change in summed.values()] == [{"c1": 1}, {}, {"c3": 1}]
    assert sums.source.paused == [(EVENTS, 0)]
    assert sums.source.committed == [{(EVENTS, 0): 1, (EVENTS, 1): 1}]
    assert sums.health == [False]
    assert await sums.refusals() == []


async def test_a_repeated_version_is_no_gap(sums):
    await sums.take(an_event(0, 1), an_event(1, 2), an_event(2, 1), an_event(3, 2), an_event(4, 3))

    assert (await sums.store.get_many(Sum, ["sum-1"]))["sum-1"].aggregate.state.totals == {"c1": 3}
    assert sums.source.paused == []


async def test_who_gives_partitions_up_does_not_retry_and_remembers_no_offset_beyond_what_is_stored(reports):
    reports.down = True
    reports.intake._leaving = 1
    began = reports.clock.at

    await reports.take(a_report(7))

    assert (reports.clock.at - began).total_seconds() < 1
    assert reports.source.committed == [{(TOPIC, 0): 7}]
    assert reports.health == []  # leaving is no trouble


class Picky(ReportReader):
    """A second reader of the same records, which cannot take one of them yet."""

    name = "picky"
    waits = True

    def read(self, record):
        return None if self.waits and record.offset != 1 else super().read(record)

    def apply(self, task, changes):
        if self.waits:
            raise StoreUnavailable
        super().apply(task, changes)


async def test_what_one_of_two_readers_cannot_settle_comes_again_for_both():
    picky = Picky()
    stage = Stage(ReportReader(), picky)

    await stage.take(a_report(0), a_report(1), a_report(2))
    assert await stage.total() == 3
    assert stage.source.sought == {(TOPIC, 0): 1}
    assert stage.source.committed == [{(TOPIC, 0): 1}]
    assert stage.health == [False]

    picky.waits = False
    await stage.take(a_report(1), a_report(2))
    assert await stage.total() == 3
    assert stage.source.committed[-1] == {(TOPIC, 0): 3}
    assert stage.health == [False, True]


async def test_a_gap_of_one_of_two_readers_stops_the_partition_for_both():
    class Strict(SumReader):
        name = "strict"

        def apply(self, task, changes):
            if task.content["version"] == 3:
                raise EventGapError("c1", 1, 3)

    stage = Stage(SumReader(), Strict())
    await stage.take(an_event(0, 1), an_event(1, 2), an_event(2, 3), an_event(0, 1, partition=1, counter="c3"))

    assert stage.source.paused == [(EVENTS, 0)]
    assert stage.source.committed == [{(EVENTS, 0): 2, (EVENTS, 1): 1}]


async def test_a_window_of_many_records_of_one_aggregate_is_stored_in_several_commits(reports):
    sizes, commit = [], reports.store.commit

    async def noting(changes):
        sizes.extend(len(it.aggregate.pending) for it in changes if isinstance(it.aggregate, Counter))
        return await commit(changes)

    reports.store.commit = noting
    count = 3 * MOST_EVENTS + 1
    await reports.take(*[a_report(offset) for offset in range(count)])

    assert sizes == [MOST_EVENTS, MOST_EVENTS, MOST_EVENTS, 1]
    assert await reports.total() == count
    assert reports.source.committed[-1] == {(TOPIC, 0): count}
    assert MOST_EVENTS < MOST_PENDING
