"""Records that wait for their parent: one that the platform fails on keeps nobody else waiting."""

from datetime import UTC, datetime

import pytest

from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.step import ClaimStep
from services.shared.runtime.clock import SystemRandom
from services.shared.runtime.reader import Received, Task
from services.shared.runtime.refusals import VIEW, Refusal
from services.shared.runtime.store.memory import MemoryStore
from services.shared.runtime.waiting import WAITING, Claimed, Waiting, WaitingRoom, waiting_id
from swtalent.common.v1 import refusal_pb2
from tests.builders.serving import SetClock
from tests.simulation.counters import KINDS, Counter, Report

CLOCK = SetClock(datetime(2025, 6, 30, 4, tzinfo=UTC))
TOPIC = "partner.p.records.v1"


class Reads:
    """Each record adds to whichever counter holds the name "parent"; one of them cannot be understood."""

    name = "reads"

    def read(self, record):
        if record.value == b"defect":
            raise ZeroDivisionError
        report = Report(Origin("p", f"r{record.offset}", 1), 1)
        step = ClaimStep(Counter, "parent", lambda counter: counter.report(report))
        return Task((), Claimed(step, record), ((Counter, "parent"),))


@pytest.fixture
async def store():
    """Three records wait, the first of them a defect; their parent is there."""
    store = MemoryStore((*KINDS, WAITING), clock=CLOCK)
    changes = [*(await store.get_many(Counter, ["c1"])).values()]
    changes[0].apply(lambda counter: counter.report(Report(Origin("p", "first", 1), 10, "parent")))
    for offset, value in enumerate([b"defect", b"good", b"good"]):
        headers = (("ce_id", f"r{offset}:1".encode()), ("ce_type", b"swtalent.partner.v1.Report"))
        record = Received(TOPIC, 0, offset, b"k", value, headers, 0)
        [change] = (await store.get_many(Waiting, [waiting_id(record)])).values()
        change.apply(lambda waiting, record=record: waiting.wait(record))
        changes.append(change)
    await store.commit(changes)
    return store


def a_room(store):
    return WaitingRoom(Reads(), store, Lanes(store, clock=CLOCK, random=SystemRandom()), clock=CLOCK, longest_s=86_400)


async def total(store):
    return (await store.get_many(Counter, ["c1"]))["c1"].aggregate.total


async def refusals(store):
    rows = await store.page(Refusal, view=VIEW, key="p", after="", limit=100)
    return [(it.offset, it.reason) for it in (refusal_pb2.Refusal.FromString(row.summary) for row in rows)]


async def test_a_record_that_the_platform_fails_on_is_refused_and_those_behind_it_are_applied(store):
    await a_room(store).look()
    await a_room(store).look()

    assert await total(store) == 12
    assert await refusals(store) == [(0, "DEFECT")]


async def test_a_store_that_is_down_refuses_nothing_and_all_is_looked_at_again(store):
    room = a_room(store)

    async def down(*_):
        raise StoreUnavailable

    holders, store.holders = store.holders, down
    with pytest.raises(StoreUnavailable):
        await room.look()
    assert (await total(store), await refusals(store)) == (10, [(0, "DEFECT")])

    store.holders = holders
    await room.look()
    assert (await total(store), await refusals(store)) == (12, [(0, "DEFECT")])
