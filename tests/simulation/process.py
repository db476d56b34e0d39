"""Processes that crash after any await, and the world that decides when; all of it follows from one seed."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from contextvars import ContextVar
from typing import Any

from services.shared.kernel.change import Change
from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.outcome import Outcome, StoreDown
from services.shared.runtime.store.memory import MemoryDisk, MemoryStore
from services.shared.runtime.store.prepared import refuse_doubles
from tests.simulation.virtual import VirtualClock

_process: ContextVar["Process | None"] = ContextVar("process", default=None)


class Crashed(BaseException):
    """The process is gone; nothing of it may run on."""


class Faults:
    """How likely each misfortune is at each occasion."""

    def __init__(self, chance: random.Random) -> None:
        self.crash = chance.choice([0.0, 0.003, 0.01])
        self.slow = chance.choice([0.02, 0.1])
        self.likely = {
            name: chance.choice([0.0, 0.03, 0.15])
            for name in (
                "offsets lost", "batch lost", "batch late", "acknowledgement lost",
                "store fails", "store lies", "commit in pieces",
            )
        }  # fmt: skip
        self.outages = [what for what in ("broker_down", "store_down") if chance.random() < 0.4]
        self.rebalances = chance.choice([0.0, 0.1, 0.4])


class World:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.faults = Faults(self.random)
        self.clock = VirtualClock()
        self.calm = False
        self.broker_down = False
        self.store_down = False
        self._background: set[asyncio.Task[None]] = set()

    def happens(self, what: str) -> bool:
        return not self.calm and self.random.random() < self.faults.likely[what]

    def later(self, act: Callable[[], object]) -> None:
        async def wait() -> None:
            await asyncio.sleep(self.random.random() * 20)
            act()

        self.in_background(wait())

    def in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        token = _process.set(None)
        task = asyncio.create_task(work)
        _process.reset(token)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    @property
    def busy(self) -> bool:
        """Outages, late batches or callers are still on their way."""
        return bool(self._background)


class Process:
    """One replica: whatever its tasks do through the ports may be its last."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.dead = False
        self._tasks: list[asyncio.Task[Any]] = []

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        token = _process.set(self)
        try:
            return asyncio.create_task(work)
        finally:
            _process.reset(token)

    def crash(self) -> None:
        self.dead = True
        for task in self._tasks:
            task.cancel()

    async def step(self, point: str) -> None:
        """An await that may take long, or be the last."""
        world = self.world
        if self.dead:
            raise Crashed(point)
        drawn = world.random.random()
        if world.calm or drawn > 2 * world.faults.slow:
            await asyncio.sleep(0)
        else:
            await asyncio.sleep(drawn * (10 if drawn < world.faults.slow / 4 else 1))
        if not world.calm and world.random.random() < world.faults.crash:
            self.crash()
        if self.dead:
            raise Crashed(point)


def make_task(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **given: Any) -> asyncio.Task[Any]:
    """Task factory: a task belongs to the process that began it."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **given)
    if (process := _process.get()) is not None:
        process._tasks.append(task)
    return task


class FaultyStore:
    """The memory store behind a network: slow, away at times, telling less than it did; atomic per aggregate only."""

    def __init__(self, process: Process, inner: MemoryStore, disk: MemoryDisk) -> None:
        self._process = process
        self._world = process.world
        self._inner = inner
        self._disk = disk
        self.holders = inner.holders
        self.page = inner.page
        self.outbox = FaultyOutbox(process, inner, disk)

    async def get_many(self, kind, ids, causes=None):
        await self._process.step("get_many")
        if self._world.store_down or self._world.happens("store fails"):
            raise StoreUnavailable
        return await self._inner.get_many(kind, ids, causes)

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Outcome]:
        refuse_doubles(changes)
        world = self._world
        await self._process.step("commit:before")
        outcomes: list[Outcome] = []
        pieces = world.happens("commit in pieces")
        for change in changes:
            if world.store_down or world.happens("store fails"):
                outcomes.append(StoreDown("away"))
                continue
            outcome = (await self._inner.commit([change]))[0]
            outcomes.append(StoreDown("unknown") if world.happens("store lies") else outcome)
            if pieces:
                await self._process.step("commit:between")
        await self._process.step("commit:after")
        return outcomes


class FaultyOutbox:
    def __init__(self, process: Process, inner: MemoryStore, disk: MemoryDisk) -> None:
        self._process = process
        self._inner = inner.outbox
        self._disk = disk

    async def unsent(self, limit: int, *, besides=()):
        await self._process.step("unsent")
        return await self._inner.unsent(limit, besides=besides)

    async def sent(self, tokens) -> None:
        await self._process.step("sent:before")
        await self._inner.sent(tokens)
        await self._process.step("sent:after")

    async def woken(self) -> None:
        while not self._disk.outbox:
            await asyncio.sleep(0.05)
