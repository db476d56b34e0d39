"""Where aggregates are kept: three adapters of one contract (tests/contract/test_store_*.py), chosen by a setting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pydantic import SecretStr

    from services.shared.kernel.ports import Clock, Outbox, Random, Store
    from services.shared.runtime.store.kind import Kind

    class ServiceStore(Store, Protocol):
        """What a service runs on. `healthy` tells without waiting whether the store took its last commit."""

        @property
        def outbox(self) -> Outbox: ...

        async def open(self) -> None: ...

        async def close(self) -> None: ...

        def healthy(self) -> bool: ...

    class StoreSettings(Protocol):
        @property
        def service(self) -> str: ...
        @property
        def store(self) -> str: ...
        @property
        def data_dir(self) -> str: ...
        @property
        def sqlite_synchronous(self) -> str: ...
        @property
        def mongo_uri(self) -> SecretStr: ...
        @property
        def mongo_database(self) -> str: ...


async def open_store(
    settings: StoreSettings, kinds: Sequence[Kind[Any]], *, clock: Clock, random: Random
) -> ServiceStore:
    """The store that the settings name, open. Only that adapter is imported."""
    store: ServiceStore
    if settings.store == "sqlite":
        from services.shared.runtime.store.sqlite import SqliteStore  # noqa: PLC0415 - only what is used

        path = Path(settings.data_dir, "store.sqlite")
        store = SqliteStore(path, kinds, clock=clock, synchronous=settings.sqlite_synchronous)
    elif settings.store == "mongo":
        from services.shared.runtime.store.mongo import MongoStore  # noqa: PLC0415 - motor takes 140 ms

        database = settings.mongo_database or f"swtalent_{settings.service}"
        process_id = random.bytes(8).hex()
        uri = settings.mongo_uri.get_secret_value()
        store = MongoStore(uri, database, kinds, clock=clock, random=random, process_id=process_id)
    else:
        from services.shared.runtime.store.memory import MemoryStore  # noqa: PLC0415 - only what is used

        store = MemoryStore(kinds, clock=clock)
    await store.open()
    return store
