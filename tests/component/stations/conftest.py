from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from services.funding.app import compose as compose_funding
from services.registry.app import compose as compose_registry
from services.stations.app import compose as compose_stations
from swtalent.funding.v1.funding_service_pb2_grpc import FundingServiceStub
from swtalent.registry.v1.registry_service_pb2_grpc import RegistryServiceStub
from swtalent.stations.v1.stations_service_pb2_grpc import StationsServiceStub
from tests.builders.running import Caller, running
from tests.builders.serving import StillClock, settings_in
from tests.builders.streams import MemoryStreams


class Network:
    """Three services in this process, each over SQLite, one log between them; the stations ask over real sockets."""

    def __init__(self, stack: AsyncExitStack, folder) -> None:
        self._stack = stack
        self._folder = folder
        self.streams = MemoryStreams()
        self.clock = StillClock(datetime(2025, 6, 30, 4, tzinfo=UTC))
        self.apps = {}

    async def start(self, service, compose, stub, **given) -> Caller:
        settings = settings_in(
            self._folder, service=service, store="sqlite", data_dir=str(self._folder / service), **given
        )
        app = await compose(settings, streams=self.streams, clock=self.clock)
        self.apps[service] = app
        return await self._stack.enter_async_context(running(app, stub, clock=self.clock))

    async def settled(self) -> None:
        """Everything stored is in the log, and everything in the log is read."""
        before = -1
        stores = [app.parts[0]._store for app in self.apps.values()]
        while before != len(self.streams.records) or any([await it.outbox.unsent(1) for it in stores]):
            before = len(self.streams.records)
            await self.streams.settled()
            await asyncio.sleep(0.02)


@pytest.fixture
async def network(tmp_path) -> AsyncIterator[Network]:
    async with AsyncExitStack() as stack:
        network = Network(stack, tmp_path)
        network.registry = await network.start("registry", compose_registry, RegistryServiceStub)
        network.funding = await network.start("funding", compose_funding, FundingServiceStub)
        network.stations = await network.start(
            "stations",
            compose_stations,
            StationsServiceStub,
            registry_address=network.apps["registry"].address,
            funding_address=network.apps["funding"].address,
        )
        yield network
