"""The day's turn: what follows from a date and must be an event is done at 00:05 Asia/Shanghai (architecture §2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta

import msgspec
import structlog

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.change import Change
from services.shared.kernel.dates import NO_DAY, SHANGHAI, Day
from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.outcome import StoreDown
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime.store.kind import json_kind

AFTER_MIDNIGHT = timedelta(minutes=5)
# A sleeping machine's clock jumps: look again at least this often.
LONGEST_SLEEP_S = 600.0
RETRY_S = 30.0

OnDay = Callable[[Day], Awaitable[None]]

_log = structlog.stdlib.get_logger(__name__)


class Ticked(msgspec.Struct, frozen=True):
    """Event and state at once; never published."""

    last: Day = NO_DAY


class TickState(Aggregate[Ticked]):
    """The last day that this service has dealt with. Invariant: days only go forward."""

    kind = "tick"
    __slots__ = ()

    @classmethod
    def blank(cls) -> Ticked:
        return Ticked()

    def done(self, day: Day) -> None:
        if day > self.state.last:
            self._record(Ticked(day), Ticked(day))


TICK_KIND = json_kind(TickState, Ticked)
_ID = "tick"


class Tick:
    """Calls every handler once per day, in the order of the days; days missed while down are caught up.

    A handler may be called again for a day (after a crash, or by a second process), so what it does carries a cause.
    A handler that raises is tried again until it succeeds: no day is left out. The very first start begins with the
    present day.
    """

    name = "tick"

    def __init__(self, store: Store, handlers: Sequence[OnDay], *, clock: Clock) -> None:
        self._store = store
        self._handlers = handlers
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self.run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def run(self) -> None:
        while True:
            try:
                await self.catch_up()
                wait = min((_next_tick(self._clock.now()) - self._clock.now()).total_seconds(), LONGEST_SLEEP_S)
            except Exception as error:  # noqa: BLE001 - tried again, whatever it was
                _log.warning("tick is tried again", error=type(error).__name__)
                wait = RETRY_S
            await self._clock.sleep(max(wait, 1.0))

    async def catch_up(self) -> None:
        """Deal with every day that is due."""
        due = _due(self._clock.now())
        change = await self._load()
        last = change.aggregate.state.last
        day = _next_day(last) if last else due
        while day <= due:
            for handler in self._handlers:
                await handler(day)
            await self._remember(day)
            _log.info("day done", day=day)
            day = _next_day(day)

    async def _load(self) -> Change[TickState]:
        return (await self._store.get_many(TickState, [_ID]))[_ID]

    async def _remember(self, day: Day) -> None:
        """A clash means that another process did the same day: the handlers are safe against that."""
        change = await self._load()
        finished = day
        change.apply(lambda state: state.done(finished))
        if change.dirty and isinstance((await self._store.commit([change]))[0], StoreDown):
            raise StoreUnavailable


def _due(now: datetime) -> Day:
    return Day((now.astimezone(SHANGHAI) - AFTER_MIDNIGHT).date().isoformat())


def _next_tick(now: datetime) -> datetime:
    """The instant at which the next day is due."""
    local = now.astimezone(SHANGHAI) - AFTER_MIDNIGHT
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight + AFTER_MIDNIGHT


def _next_day(day: Day) -> Day:
    return Day((date.fromisoformat(day) + timedelta(days=1)).isoformat())
