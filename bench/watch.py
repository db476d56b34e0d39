"""B5: from an event in Kafka to the watched indicator, on an idle machine."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc
import uvloop

from bench.arms import report
from deploy.local import topics
from deploy.local.kafka import LocalKafka
from services.shared.runtime import keys
from services.shared.runtime.issuer import issue
from services.shared.runtime.kafka import Connection
from services.shared.runtime.kafka_publisher import KafkaPublisher
from swtalent.evaluation.v1 import evaluation_service_pb2 as pb
from swtalent.evaluation.v1.evaluation_service_pb2_grpc import EvaluationServiceStub
from tests.builders.evaluation import a_talent, talent_event

EVENTS = 200
PAUSE_S = 0.1
PORT = 7904


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys.init(folder / "keys")
        kafka = LocalKafka(folder / "kafka")
        await asyncio.to_thread(kafka.start)
        process = None
        try:
            await topics.apply(kafka.bootstrap_servers)
            environment = {
                **os.environ,
                "SWTALENT_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
                "SWTALENT_KEYS_DIR": str(folder / "keys"),
                "SWTALENT_DATA_DIR": str(folder / "evaluation"),
                "SWTALENT_GRPC_PORT": str(PORT),
                "SWTALENT_METRICS_PORT": "0",
                "SWTALENT_LOG_LEVEL": "ERROR",
            }
            process = subprocess.Popen([sys.executable, "-m", "services.evaluation"], env=environment,
                                       stdout=subprocess.DEVNULL)  # fmt: skip
            seconds = await watched(kafka.bootstrap_servers, folder)
        finally:
            if process is not None:
                process.terminate()
                process.wait(20)
            await asyncio.to_thread(kafka.stop)
    milliseconds = sorted(second * 1000 for second in seconds)
    p99 = milliseconds[int(len(milliseconds) * 0.99) - 1]
    report("B5", "watch p50", statistics.median(milliseconds), 60, at_most=True, unit="ms", events=EVENTS)
    report("B5", "watch p99", p99, 250, at_most=True, unit="ms", events=EVENTS)


async def watched(bootstrap: str, folder: Path) -> list[float]:
    """Per event: seconds from before it is published to the message of the stream that shows it."""
    token = issue(
        keys.load(folder / "keys", "jwt"), deployment="local", name="bench", roles=["auditor"], now=time.time()
    )
    publisher = KafkaPublisher(Connection(bootstrap=bootstrap))
    seconds = []
    async with grpc.aio.insecure_channel(f"127.0.0.1:{PORT}") as channel:
        await channel.channel_ready()
        stream = EvaluationServiceStub(channel).WatchIndicators(
            pb.WatchIndicatorsRequest(numbers=["1"], month="2020-12"), metadata=(("authorization", f"Bearer {token}"),)
        )
        first = await stream.read()
        assert first.indicator.numerator == 0
        await asyncio.sleep(3)  # the service's own beginnings
        for number in range(EVENTS):
            await asyncio.sleep(PAUSE_S)
            began = time.perf_counter()
            assert await publisher.publish([talent_event(f"{number:032x}", 1, a_talent())]) == [True]
            while (await stream.read()).indicator.numerator != number + 1:
                continue
            seconds.append(time.perf_counter() - began)
        stream.cancel()
    await publisher.stop()
    return seconds


if __name__ == "__main__":
    uvloop.run(main())
