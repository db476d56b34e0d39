"""Evaluation on a real broker: folds what is there, follows what comes, goes on where it stopped."""

import asyncio
import statistics
import time

import grpc
from aiokafka import AIOKafkaConsumer

from deploy.local import topics
from deploy.local.kafka import LocalKafka
from services.evaluation.app import compose
from services.shared.runtime.clock import SystemClock
from services.shared.runtime.envelope import CHECKPOINTS
from services.shared.runtime.kafka import Connection
from services.shared.runtime.kafka_publisher import KafkaPublisher
from swtalent.evaluation.v1 import evaluation_service_pb2 as pb
from swtalent.evaluation.v1.evaluation_service_pb2_grpc import EvaluationServiceStub
from tests.builders.evaluation import WUHOU, a_talent, talent_event
from tests.builders.serving import a_token, settings_in
from tests.kafka_fixture import start_or_skip


class Running:
    def __init__(self, settings, channel) -> None:
        self.stub = EvaluationServiceStub(channel)
        token = a_token(settings, role="evaluator", now=SystemClock().now())
        self.metadata = (("authorization", f"Bearer {token}"),)

    async def professionals(self) -> int:
        request = pb.GetIndicatorRequest(number="1", area=WUHOU, month="2020-12")
        return (await self.stub.GetIndicator(request, metadata=self.metadata)).indicator.numerator

    async def reaches(self, count: int) -> None:
        async with asyncio.timeout(30):
            while await self.professionals() != count:
                await asyncio.sleep(0.05)

    async def publish(self, request_id: str):
        request = pb.PublishStatementRequest(request_id=request_id, month="2020-12")
        return await self.stub.PublishStatement(request, metadata=self.metadata, timeout=30)


async def checkpoints(bootstrap: str) -> list[bytes]:
    consumer = AIOKafkaConsumer(CHECKPOINTS, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        found = []
        while batch := await consumer.getmany(timeout_ms=1000):
            found += [record.value for records in batch.values() for record in records]
        return found
    finally:
        await consumer.stop()


async def test_the_fold_follows_the_log_and_goes_on_after_a_restart(own_kafka: LocalKafka, tmp_path):
    start_or_skip(own_kafka)
    await topics.apply(own_kafka.bootstrap_servers)
    publisher = KafkaPublisher(Connection(bootstrap=own_kafka.bootstrap_servers))
    assert all(await publisher.publish([talent_event(f"talent-{n}", 1, a_talent()) for n in range(500)]))
    settings = settings_in(
        tmp_path, service="evaluation", store="sqlite", kafka_bootstrap_servers=own_kafka.bootstrap_servers
    )

    app = await compose(settings)
    async with app, grpc.aio.insecure_channel(app.address) as channel:
        running = Running(settings, channel)
        await running.reaches(500)
        first = await running.publish("one")

        watching = running.stub.WatchIndicators(
            pb.WatchIndicatorsRequest(numbers=["1"], area=WUHOU, month="2020-12"), metadata=running.metadata
        )
        await watching.read()
        seconds = []
        for number in range(500, 530):
            began = time.perf_counter()
            await publisher.publish([talent_event(f"talent-{number}", 1, a_talent())])
            async with asyncio.timeout(5):
                assert (await watching.read()).indicator.numerator == number + 1
            seconds.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)
        watching.cancel()
        assert statistics.median(seconds) < 0.25

    assert all(await publisher.publish([talent_event("talent-0", 2, a_talent(affiliations=[]))]))
    app = await compose(settings)
    async with app, grpc.aio.insecure_channel(app.address) as channel:
        running = Running(settings, channel)
        assert await running.professionals() in (529, 530)  # at once, from the store
        await running.reaches(529)
        second = await running.publish("two")
    await publisher.stop()

    sizes = [
        {(topic.topic, n): it.size for topic in answer.statement.cut for n, it in enumerate(topic.partitions)}
        for answer in (first, second)
    ]
    assert sum(sizes[1].values()) == sum(sizes[0].values()) + 30 + 1 + 1
    said = [note.decode().split("\n")[:2] for note in await checkpoints(own_kafka.bootstrap_servers)]
    for (topic, number), size in sizes[1].items():
        if size:
            assert [f"swtalent/local/{topic}/{number}", str(size)] in said
