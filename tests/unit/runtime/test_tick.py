"""Every day is dealt with once, in order, however long the service was down."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.shared.runtime.store.memory import MemoryStore
from services.shared.runtime.tick import TICK_KIND, Tick


class Time:
    def __init__(self, text):
        self.at = datetime.fromisoformat(text).replace(tzinfo=UTC)

    def now(self):
        return self.at

    def day(self):
        raise AssertionError("the tick has its own day: it begins at 00:05")

    async def sleep(self, seconds):
        self.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class Days:
    """Handler; fails as often as told."""

    def __init__(self, failures=0):
        self.seen = []
        self.failures = failures

    async def __call__(self, day):
        if self.failures:
            self.failures -= 1
            raise RuntimeError
        self.seen.append(day)


def a_tick(clock, *handlers, store=None):
    return Tick(store or MemoryStore([TICK_KIND], clock=clock), handlers, clock=clock)


@pytest.mark.parametrize(
    ("instant", "day"), [("2025-03-01T16:04:59", "2025-03-01"), ("2025-03-01T16:05:00", "2025-03-02")]
)
async def test_the_day_begins_five_minutes_past_midnight_in_shanghai(instant, day):
    days = Days()

    await a_tick(Time(instant), days).catch_up()

    assert days.seen == [day]


async def test_missed_days_are_caught_up_in_order_and_none_comes_twice():
    clock, days = Time("2025-02-26T17:00:00"), Days()
    store = MemoryStore([TICK_KIND], clock=clock)
    await a_tick(clock, days, store=store).catch_up()
    clock.at += timedelta(days=3)

    await a_tick(clock, days, store=store).catch_up()
    await a_tick(clock, days, store=store).catch_up()

    assert days.seen == ["2025-02-27", "2025-02-28", "2025-03-01", "2025-03-02"]


async def test_a_handler_that_fails_is_tried_again_and_its_day_is_not_left_out():
    clock, days = Time("2025-03-01T17:00:00"), Days(failures=2)
    tick = a_tick(clock, days)
    await tick.start()

    while len(days.seen) < 2:
        await asyncio.sleep(0)
    await tick.stop()

    assert days.seen[:2] == ["2025-03-02", "2025-03-03"]
