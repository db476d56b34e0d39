"""Relay and intake on a real Kafka: partner records in, events and rejections out, whatever the broker does."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.record.util import calc_crc32c

from services.shared.kernel.ports import Message
from services.shared.runtime.clock import SystemClock, SystemRandom
from services.shared.runtime.intake import Intake
from services.shared.runtime.kafka import Connection, new_producer, partition_of
from services.shared.runtime.kafka_publisher import KafkaPublisher
from services.shared.runtime.kafka_source import LEAVE_WITHIN_S, KafkaSource
from services.shared.runtime.refusals import VIEW, Refusal
from services.shared.runtime.relay import Relay
from services.shared.runtime.store.memory import MemoryStore
from swtalent.common.v1 import refusal_pb2
from tests.kafka_fixture import KafkaUnderTest
from tests.simulation.counters import EVENTS, KINDS, Counted, Counter, ReportReader

pytestmark = pytest.mark.timeout(120)

TYPE = ("ce_type", b"swtalent.partner.v1.Report")
PARTITIONS = 12


class Told:
    def __init__(self) -> None:
        self.serving = False
        self.history: list[bool] = []

    def __call__(self, serving: bool, why: str) -> None:
        if serving != self.serving:
            self.history.append(serving)
        self.serving = serving


class Service:
    """Intake and relay of the counter service on topics of this test alone."""

    def __init__(self, kafka: KafkaUnderTest, partner: str, events: str, dead_letter: str) -> None:
        self.kafka, self.partner, self.events, self.dead_letter = kafka, partner, events, dead_letter
        self.connection = Connection(bootstrap=kafka.bootstrap_servers)
        self.records = f"partner.{partner}.records.v1"
        self.rejections = f"partner.{partner}.rejections.v1"
        self.store = MemoryStore(KINDS, clock=SystemClock())
        self.relay_health, self.intake_health = Told(), Told()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        source = KafkaSource(
            self.connection,
            topics=[f"^partner\\.{self.partner}\\.records\\.v1$"],
            group=self.kafka.name("group"),
            window_records=2000,
            window_ms=10,
        )
        clock = SystemClock()
        reader = ReportReader()
        intake = Intake(
            source, (reader,), self.store, name="sim", clock=clock, random=SystemRandom(), tell=self.intake_health
        )
        publisher = Redirected(self.connection, {EVENTS: self.events, "sim.dead-letter.v1": self.dead_letter})
        relay = Relay(self.store.outbox, publisher, clock=clock, tell=self.relay_health)
        await relay.start()
        await intake.start()
        try:
            yield
        finally:
            await intake.stop()
            await relay.stop()

    async def refusals(self) -> list[refusal_pb2.Refusal]:
        rows = await self.store.page(Refusal, view=VIEW, key=self.partner, after="", limit=10_000)
        return [refusal_pb2.Refusal.FromString(row.summary) for row in rows]

    async def total(self) -> int:
        loaded = await self.store.get_many(Counter, [f"c{number}" for number in range(5)])
        return sum(change.aggregate.total for change in loaded.values())


class Redirected(KafkaPublisher):
    """The counter service's topic names, made this test's own."""

    def __init__(self, connection: Connection, names: dict[str, str]) -> None:
        super().__init__(connection)
        self._names = names

    async def publish(self, messages):
        renamed = [Message(self._names.get(m.topic, m.topic), m.key, m.headers, m.value) for m in messages]
        return await super().publish(renamed)


@pytest.fixture
async def service(kafka: KafkaUnderTest) -> Service:
    kafka.start()
    partner = (await kafka.topic("p")).replace("-", "")
    admin_topics = [f"partner.{partner}.records.v1", f"partner.{partner}.rejections.v1"]
    await create(kafka, admin_topics[0], 3)
    await create(kafka, admin_topics[1], 1)
    return Service(kafka, partner, await kafka.topic("events", PARTITIONS), await kafka.topic("dead"))


async def create(kafka: KafkaUnderTest, name: str, partitions: int) -> None:
    named, kafka.name = kafka.name, lambda word: word
    try:
        await kafka.topic(name, partitions)
    finally:
        kafka.name = named


def report(number: int, amount: int = 1, *extra: tuple[str, bytes]) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    key = f"r{number}"
    value = json.dumps({"counter": f"c{number % 5}", "amount": amount, "name": ""}).encode()
    return key.encode(), value, [("ce_id", f"{key}:1".encode()), TYPE, *extra]


async def send(service: Service, records) -> None:
    producer = new_producer(service.connection)
    await producer.start()
    try:
        futures = [
            await producer.send(service.records, value, key=key, headers=headers, partition=partition_of(key, 3))
            for key, value, headers in records
        ]
        await asyncio.gather(*futures)
    finally:
        await producer.stop()


async def read(service: Service, topic: str, *, until: int, within_s: float = 40.0) -> list:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=service.connection.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    found: list = []
    try:
        async with asyncio.timeout(within_s):
            while len(found) < until:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += records
    finally:
        await consumer.stop()
    return found


async def eventually(condition, within_s: float = 40.0) -> None:
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.05)


async def test_one_percent_bad_records_are_refused_once_and_the_good_ones_are_there(service: Service):
    records = [report(number, -1 if number % 100 == 7 else 1) for number in range(3000)]
    async with service.running():
        await send(service, records)
        await send(service, records[:300])  # some of it again, three bad ones among them

        events = await read(service, service.events, until=2970)
        notices = await read(service, service.rejections, until=33)
        dead = await read(service, service.dead_letter, until=33)

        assert await service.total() == 2970
        refusals = await service.refusals()
        assert len(refusals) == 33
        assert {refusal.reason for refusal in refusals} == {"AMOUNT_INVALID"}
        assert sorted(r.id for r in refusals) == sorted(refusal_pb2.Refusal.FromString(n.value).id for n in notices)
        assert sorted(n.value for n in notices) == sorted(d.value for d in dead)
        assert {n.key for n in notices} == {f"r{number}".encode() for number in range(7, 3000, 100)}
    for record in events:
        assert record.partition == partition_of(record.key, PARTITIONS)
    versions: dict[bytes, list[int]] = {}
    for record in events:
        versions.setdefault(record.key, []).append(json.loads(record.value)["version"])
    assert all(seen == list(range(1, len(seen) + 1)) for seen in versions.values())


async def test_a_broker_that_stops_for_ten_seconds_costs_nothing(service: Service):
    service.kafka.broker  # noqa: B018 - skips where it may not be stopped
    async with service.running():
        await send(service, [report(number) for number in range(500)])
        await read(service, service.events, until=500)

        await asyncio.to_thread(service.kafka.stop)
        try:
            change = (await service.store.get_many(Counter, ["c0"]))["c0"]
            change.apply(lambda counter: counter._record(Counted(counter.total), counter.state))
            await service.store.commit([change])  # there is something to send while the broker is away
            await asyncio.sleep(10)
            assert not service.relay_health.serving
        finally:
            await asyncio.to_thread(service.kafka.start)
        await send(service, [report(number) for number in range(500, 1000)])

        await read(service, service.events, until=1001)
        assert await service.total() == 1000
        await eventually(lambda: _is_true(_now(service.relay_health), True))


async def test_poisonous_headers_and_a_reply_to_cost_no_record(service: Service):
    poison = [("a", b"\xff\xfe"), ("reply_to", service.rejections.encode()), ("correlation_id", b"\xff")]
    null = [("nothing", None)]
    headless = (b"r9", b"{}", [])
    async with service.running():
        await send(service, [report(1, 1, *poison), headless, report(2, 1, *null), report(3, 1)])

        await read(service, service.events, until=3)
        assert await service.total() == 3
        (refusal,) = await service.refusals()
        assert (refusal.reason, refusal.field) == ("FIELD_MISSING", "headers.ce_type")
        answers = await read(service, service.rejections, until=1)
        await asyncio.sleep(0.5)
        assert len(await read(service, service.rejections, until=1)) == len(answers) == 1


async def test_a_header_name_that_is_not_utf8_is_refused_and_costs_no_other_record(service: Service):
    async with service.running():
        await send(service, [report(number) for number in range(50)])
        await send_undecodable(service, partition=1)
        await send(service, [report(number) for number in range(50, 100)])

        await eventually(lambda: _is_true(service.total, 100))
        await eventually(lambda: _is_true(_count(service.refusals), 1))
        (refusal,) = await service.refusals()
        assert (refusal.reason, refusal.partition) == ("FIELD_MISSING", 1)


async def test_a_restart_goes_on_where_the_offsets_are(service: Service, monkeypatch):
    group = service.kafka.name("group")
    monkeypatch.setattr(service.kafka, "name", lambda word: group)
    async with service.running():
        await send(service, [report(number) for number in range(100)])
        await read(service, service.events, until=100)
    consumer = AIOKafkaConsumer(bootstrap_servers=service.connection.bootstrap, group_id=group)
    await consumer.start()
    committed = [await consumer.committed(TopicPartition(service.records, number)) for number in range(3)]
    await consumer.stop()
    assert sum(offset or 0 for offset in committed) == 100

    async with service.running():
        await send(service, [report(number) for number in range(100, 150)])
        await read(service, service.events, until=150)
        assert await service.total() == 150


async def send_undecodable(service: Service, partition: int) -> None:
    """What aiokafka would not send itself: a record with header name FF FE."""
    producer = AIOKafkaProducer(bootstrap_servers=service.connection.bootstrap)
    await producer.start()
    try:
        batch = producer.create_batch()
        batch.append(key=b"k", value=b"v", timestamp=None, headers=[("@@", b"1")])
        content = bytearray(batch._build())
        at = bytes(content).index(b"@@")
        content[at : at + 2] = b"\xff\xfe"
        struct.pack_into(">I", content, 17, calc_crc32c(bytes(content[21:])))
        batch._buffer = bytes(content)
        await (await producer.send_batch(batch, service.records, partition=partition))
    finally:
        await producer.stop()


def _now(told: Told):
    async def serving() -> bool:
        return told.serving

    return serving


async def _is_true(get, expected: int) -> bool:
    return await get() == expected


def _count(get):
    async def count() -> int:
        return len(await get())

    return count


async def test_leaving_in_the_middle_of_a_backlog_waits_for_nothing(service):
    """The consumer has the next batch in hand at once: it must not wait for somebody who takes it."""

    class Nobody:
        async def assigned(self, places): ...

        async def revoked(self, places): ...

    await send(service, [report(number) for number in range(5_000)])
    source = KafkaSource(
        service.connection,
        topics=(service.records,),
        group=service.kafka.name("group"),
        window_records=50,
        window_ms=10,
    )
    await source.start(Nobody())
    for _ in range(3):
        assert len(await source.window()) == 50

    async with asyncio.timeout(LEAVE_WITHIN_S / 2):
        await source.stop()
