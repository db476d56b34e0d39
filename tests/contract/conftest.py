"""The three stores under one contract: `store` is open and empty, `reopen` is a restart ten seconds later."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from services.shared.runtime.clock import SystemRandom
from services.shared.runtime.store.memory import MemoryDisk, MemoryStore
from services.shared.runtime.store.mongo import MongoStore
from services.shared.runtime.store.sqlite import SqliteStore
from tests.builders.store import KINDS, StillClock
from tests.mongo_fixture import docker_missing, mongo_docker, mongo_wire

__all__ = ["mongo_docker", "mongo_wire"]

ADAPTERS = [
    "memory",
    "sqlite",
    "sqlite_uncached",
    pytest.param("mongo_wire", marks=pytest.mark.mongo),
    *([] if docker_missing() else [pytest.param("mongo_docker", marks=[pytest.mark.mongo, pytest.mark.docker])]),
]


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(params=ADAPTERS)
def make_store(request: pytest.FixtureRequest, tmp_path: Path, clock: StillClock) -> Callable[[], Any]:
    """Gives a store on the same contents each time."""
    if request.param == "memory":
        disk = MemoryDisk()
        return lambda: MemoryStore(KINDS, clock=clock, disk=disk)
    if request.param.startswith("sqlite"):
        path = tmp_path / "data" / "store.sqlite"
        size = 1 if request.param == "sqlite_uncached" else 1_000
        return lambda: SqliteStore(path, KINDS, clock=clock, cache_size=size)
    uri, database = request.getfixturevalue(request.param), f"test_{secrets.token_hex(6)}"
    return lambda: MongoStore(uri, database, KINDS, clock=clock, random=SystemRandom(), process_id=secrets.token_hex(4))


@pytest.fixture
async def opened(make_store: Callable[[], Any]) -> AsyncIterator[list[Any]]:
    stores = [make_store()]
    await stores[0].open()
    yield stores
    await stores[-1].close()


@pytest.fixture
def store(opened: list[Any]) -> Any:
    return opened[0]


@pytest.fixture
def reopen(opened: list[Any], make_store: Callable[[], Any], clock: StillClock) -> Callable[[Any], Awaitable[Any]]:
    async def again(store: Any) -> Any:
        await store.close()
        clock.pass_by(10)
        opened.append(make_store())
        await opened[-1].open()
        return opened[-1]

    return again
