"""The three stores under one contract: `store` is open and empty, `reopen` is a restart of the process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from services.shared.runtime.store.memory import MemoryDisk, MemoryStore
from services.shared.runtime.store.sqlite import SqliteStore
from tests.builders.store import CLOCK, KINDS

ADAPTERS = ["memory", "sqlite", "sqlite_uncached"]


@pytest.fixture(params=ADAPTERS)
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Any]:
    """Gives a store on the same contents each time."""
    path = tmp_path / "data" / "store.sqlite"
    disk = MemoryDisk()
    return {
        "memory": lambda: MemoryStore(KINDS, clock=CLOCK, disk=disk),
        "sqlite": lambda: SqliteStore(path, KINDS, clock=CLOCK),
        "sqlite_uncached": lambda: SqliteStore(path, KINDS, clock=CLOCK, cache_size=1),
    }[request.param]


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
def reopen(opened: list[Any], make_store: Callable[[], Any]) -> Callable[[Any], Awaitable[Any]]:
    async def again(store: Any) -> Any:
        await store.close()
        opened.append(make_store())
        await opened[-1].open()
        return opened[-1]

    return again
