from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from services.evaluation.app import compose
from swtalent.evaluation.v1 import evaluation_service_pb2 as pb
from swtalent.evaluation.v1.evaluation_service_pb2_grpc import EvaluationServiceStub
from tests.builders.evaluation import MemoryLog
from tests.builders.serving import StillClock, a_token, settings_in
from tests.builders.streams import MemoryStreams


class Evaluation:
    """The whole service in this process over SQLite, a real channel to it, and logs of its own."""

    def __init__(self, app, settings, streams, log, clock, channel) -> None:
        self.app = app
        self.settings, self.streams, self.log, self.clock = settings, streams, log, clock
        self.stub = EvaluationServiceStub(channel)

    def token(self, role: str = "evaluator", **given):
        token = a_token(self.settings, role=role, now=self.clock.now(), **given)
        return (("authorization", f"Bearer {token}"),)

    async def indicator(self, number: str, **given) -> pb.IndicatorValue:
        answer = await self.stub.GetIndicator(
            pb.GetIndicatorRequest(number=number, **{"month": "2020-12", **given}), metadata=self.token()
        )
        return answer.indicator

    async def until(self, condition, within_s: float = 10.0) -> None:
        async with asyncio.timeout(within_s):
            while not await condition():
                await asyncio.sleep(0.02)


class BothLogs(MemoryStreams):
    """What the relay publishes is put into the log that is folded."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__()
        self.log = log

    async def append(self, messages) -> None:
        await super().append(messages)
        self.log.append(*[it for it in messages if (it.topic, 0) in self.log.partitions])


@pytest.fixture
async def evaluation(tmp_path) -> AsyncIterator[Evaluation]:
    settings = settings_in(tmp_path, service="evaluation", store="sqlite")
    log, clock = MemoryLog(), StillClock()
    streams = BothLogs(log)
    app = await compose(settings, streams=streams, log=log, clock=clock)
    async with app, grpc.aio.insecure_channel(app.address) as channel:
        yield Evaluation(app, settings, streams, log, clock, channel)
