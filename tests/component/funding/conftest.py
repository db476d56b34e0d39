from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from services.funding.app import compose
from swtalent.funding.v1.funding_service_pb2_grpc import FundingServiceStub
from tests.builders.running import Caller, running
from tests.builders.serving import StillClock, settings_in
from tests.builders.streams import MemoryStreams


class Funding:
    """The whole service over SQLite, with a log of its own; `starts` starts it, again on the same data."""

    def __init__(self, folder) -> None:
        self.settings = settings_in(folder, service="funding", store="sqlite")
        self.streams = MemoryStreams()
        self.clock = StillClock(datetime(2025, 6, 30, 4, tzinfo=UTC))

    @asynccontextmanager
    async def starts(self) -> AsyncIterator[Caller]:
        app = await compose(self.settings, streams=self.streams, clock=self.clock)
        async with running(app, FundingServiceStub, clock=self.clock) as caller:
            yield caller


@pytest.fixture
def service(tmp_path) -> Funding:
    return Funding(tmp_path)


@pytest.fixture
async def funding(service) -> AsyncIterator[Caller]:
    async with service.starts() as caller:
        yield caller
