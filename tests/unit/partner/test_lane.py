"""What was accepted stays buffered until it is held: whatever fails is sent again, in order, and nothing is skipped."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from clients.partner.lane import Lane


class Builder:
    """A batch of aiokafka as far as the lane sees it, for three records."""

    def __init__(self):
        self.taken = []

    def append(self, *, timestamp, key, value, headers):
        if len(self.taken) == 3:
            return None
        self.taken.append(value)
        return object()


class Broker:
    """Takes batches; `failures` are raised first, one per attempt."""

    def __init__(self, failures=()):
        self.failures = list(failures)
        self.written, self.held, self.troubles = [], 0, []
        self.open = asyncio.Event()
        self.open.set()

    async def deliver(self, builder):
        await self.open.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.written += builder.taken

    async def failed(self, error):
        self.troubles.append(error)
        await asyncio.sleep(0)

    def count(self, records):
        self.held += records


@asynccontextmanager
async def a_lane(broker):
    lane = Lane(new_builder=Builder, deliver=broker.deliver, failed=broker.failed, held=broker.count)
    task = asyncio.create_task(lane.run())
    yield lane
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def put(lane, *numbers):
    for number in numbers:
        await lane.put(0, b"k", number, [])


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_records_arrive_in_order_and_once():
    broker = Broker()
    async with a_lane(broker) as lane:
        await put(lane, *range(10))
        lane.close_open()
        await until(lambda: broker.held == 10)

    assert broker.written == list(range(10))


async def test_a_lone_record_does_not_wait_for_company():
    broker = Broker()
    async with a_lane(broker) as lane:
        await put(lane, 1)
        await until(lambda: broker.held == 1)


@pytest.mark.parametrize("error", [ConnectionError("away"), AssertionError("unknown partition"), RuntimeError("?")])
async def test_whatever_fails_is_sent_again_from_where_it_failed(error):
    broker = Broker([error, error])
    async with a_lane(broker) as lane:
        await put(lane, *range(7))
        lane.close_open()
        await until(lambda: broker.held == 7)

    assert broker.written == list(range(7))
    assert broker.troubles == [error, error]


async def test_who_sends_faster_than_the_broker_takes_has_to_wait():
    broker = Broker()
    broker.open.clear()
    async with a_lane(broker) as lane:
        sending = asyncio.create_task(put(lane, *range(100)))
        await asyncio.sleep(0.05)
        assert not sending.done()
        assert broker.held == 0

        broker.open.set()
        await sending
        lane.close_open()
        await until(lambda: broker.held == 100)

    assert broker.written == list(range(100))


async def test_many_tasks_share_a_lane():
    broker = Broker()
    async with a_lane(broker) as lane:
        await asyncio.gather(*(put(lane, *range(start, start + 10)) for start in range(0, 100, 10)))
        lane.close_open()
        await until(lambda: broker.held == 100)

    assert sorted(broker.written) == list(range(100))
