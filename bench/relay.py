"""B6: what the relay leaves of a bare producer's rate, and what it gains over sending one row at a time."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.arms import interleave, ratio, report
from deploy.local.kafka import LocalKafka
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.ids import event_id
from services.shared.kernel.ports import Message
from services.shared.runtime.clock import SystemClock
from services.shared.runtime.kafka import Connection, new_producer, partition_of
from services.shared.runtime.kafka_publisher import KafkaPublisher
from services.shared.runtime.relay import CHUNK, Relay
from services.shared.runtime.store.kind import Kind
from services.shared.runtime.store.sqlite import SqliteStore

EVENTS, ONE_BY_ONE, PARTITIONS, AGGREGATES = 50_000, 500, 12, 5_000
TOPIC = "bench.events.v1"


@contextlib.contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """`seconds()` since the start of the block."""
    began = time.perf_counter()
    yield lambda: time.perf_counter() - began


class Measured(Aggregate[int]):
    kind = "measured"

    @classmethod
    def blank(cls) -> int:
        return 0

    def grow(self) -> None:
        self._record("grown", self.state + 1)


def event(aggregate_id: str, version: int) -> Message:
    """As large as an event of a talent: 263 bytes and six headers."""
    headers = (
        ("content-type", b"application/protobuf"),
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id(aggregate_id, version).encode()),
        ("ce_source", b"swtalent/registry"),
        ("ce_type", b"swtalent.registry.v1.TalentEvent"),
        ("ce_time", b"2025-01-01T00:00:00.000Z"),
    )
    return Message(TOPIC, aggregate_id.encode(), headers, version.to_bytes(4, "big") * 66)


async def opened(directory: Path) -> SqliteStore:
    kind = Kind(
        Measured,
        encode=msgspec.json.encode,
        decode=msgspec.json.decode,
        messages=lambda aggregate_id, recorded, _stamp: (event(aggregate_id, recorded.version),),
    )
    store = SqliteStore(directory / "bench.sqlite", [kind], clock=SystemClock())
    await store.open()
    return store


async def fill(store: SqliteStore, count: int) -> None:
    """Put `count` messages into the outbox; not measured."""
    for start in range(0, count, CHUNK):
        ids = [f"{number % AGGREGATES:032x}" for number in range(start, min(start + CHUNK, count))]
        changes = await store.get_many(Measured, ids)
        for change in changes.values():
            change.apply(Measured.grow)
        await store.commit(list(changes.values()))


async def bare(connection: Connection, messages: list[Message]) -> float:
    """Messages in memory, one prepared batch per partition and chunk, each chunk acknowledged."""
    producer = new_producer(connection)
    await producer.start()
    with stopwatch() as seconds:
        for start in range(0, len(messages), CHUNK):
            batches = [producer.create_batch() for _ in range(PARTITIONS)]
            for message in messages[start : start + CHUNK]:
                batches[partition_of(message.key, PARTITIONS)].append(
                    timestamp=None, key=message.key, value=message.value, headers=list(message.headers)
                )
            sent = [await producer.send_batch(batch, TOPIC, partition=number) for number, batch in enumerate(batches)]
            await asyncio.gather(*sent)
        rate = len(messages) / seconds()
    await producer.stop()
    return rate


async def relayed(connection: Connection, store: SqliteStore) -> float:
    """Rows → batches → acknowledgement → position, as the service does it."""
    await fill(store, EVENTS)
    publisher = KafkaPublisher(connection)
    assert await publisher.ready()
    relay = Relay(store.outbox, publisher, clock=SystemClock())
    with stopwatch() as seconds:
        chunks = 0
        while await relay.once():
            chunks += 1
        rate = EVENTS / seconds()
    assert chunks == EVENTS // CHUNK
    await publisher.stop()
    return rate


async def one_by_one(connection: Connection, store: SqliteStore) -> float:
    """One row, one acknowledged record, one position move."""
    await fill(store, ONE_BY_ONE)
    producer = new_producer(connection)
    await producer.start()
    with stopwatch() as seconds:
        for _ in range(ONE_BY_ONE):
            (item,) = await store.outbox.unsent(1)
            message = item.message
            await producer.send_and_wait(
                message.topic,
                message.value,
                key=message.key,
                headers=list(message.headers),
                partition=partition_of(message.key, PARTITIONS),
            )
            await store.outbox.sent([item.token])
        rate = ONE_BY_ONE / seconds()
    await producer.stop()
    return rate


async def create_topic(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
    await admin.close()


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kafka = LocalKafka(folder / "kafka")
        await asyncio.to_thread(kafka.start)
        try:
            connection = Connection(bootstrap=kafka.bootstrap_servers)
            await create_topic(kafka.bootstrap_servers)
            store = await opened(folder)
            messages = [event(f"{number % AGGREGATES:032x}", 1) for number in range(EVENTS)]
            rates = await interleave(
                {
                    "bare": lambda _: bare(connection, messages),
                    "relay": lambda _: relayed(connection, store),
                    "one by one": lambda _: one_by_one(connection, store),
                }
            )
            await store.close()
        finally:
            await asyncio.to_thread(kafka.stop)
    median = {arm: round(statistics.median(found)) for arm, found in rates.items()}
    report("B6", "relay/bare", ratio(rates, "relay", "bare"), 0.6, events_per_second=median)
    report("B6", "relay/one-by-one", ratio(rates, "relay", "one by one"), 40, events_per_second=median)


if __name__ == "__main__":
    asyncio.run(main())
