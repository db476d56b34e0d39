"""The broker of `deploy/local` is a real one: it keeps what it acknowledged, ends cleanly, says what is in its way."""

import asyncio
import socket
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.local import topics
from deploy.local.kafka import LocalKafka
from deploy.local.problem import AlreadyRunning, PortBusy
from deploy.local.topics import KafkaUnreachable, TopicsRefused
from deploy.topics import load
from tests.kafka_fixture import KafkaUnderTest, start_or_skip

NAMES = {topic.name for topic in load(local=True).topics}


async def produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        sent = [await producer.send(topic, value, partition=0) for value in values]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def consume(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def alter(bootstrap: str, topic: str, **settings: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)])
    finally:
        await admin.close()


async def test_topics_are_created_once_and_then_left_alone(kafka: KafkaUnderTest):
    await kafka.apply_topics()

    again = await kafka.apply_topics()

    assert again.created == []
    assert again.altered == {}
    assert set(again.unchanged) == NAMES


async def test_two_that_apply_topics_at_once_end_as_one(own_kafka: LocalKafka):
    start_or_skip(own_kafka)

    both = await asyncio.gather(*(topics.apply(own_kafka.bootstrap_servers) for _ in range(2)))

    assert sorted(both[0].created + both[1].created) == sorted(NAMES)
    assert set(both[0].created + both[0].unchanged) == NAMES == set(both[1].created + both[1].unchanged)


async def test_a_drifted_setting_is_put_right_and_reported(kafka: KafkaUnderTest):
    await kafka.apply_topics()
    await alter(kafka.bootstrap_servers, "registry.events.v1", **{"retention.ms": "1000"})

    put_right = await kafka.apply_topics()

    assert put_right.altered["registry.events.v1"]["retention.ms"] == ("1000", "-1")
    assert (await kafka.apply_topics()).altered == {}


async def test_another_partition_count_of_an_events_topic_is_refused_and_nothing_is_changed(own_kafka: LocalKafka):
    start_or_skip(own_kafka)
    admin = AIOKafkaAdminClient(bootstrap_servers=own_kafka.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic("funding.events.v1", 6, 1)])

    with pytest.raises(TopicsRefused, match=r"funding\.events\.v1 has 6 partitions, the file says 12"):
        await topics.apply(own_kafka.bootstrap_servers)

    assert await admin.list_topics() == ["funding.events.v1"]
    await admin.close()


async def test_an_address_where_no_kafka_answers_is_said_with_its_fix():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{silent.getsockname()[1]}"

        with pytest.raises(KafkaUnreachable, match=address) as caught:
            await topics.apply(address)

    assert "make up" in caught.value.fix


async def test_what_is_written_is_read_in_order(kafka: KafkaUnderTest):
    topic = await kafka.topic("order")
    written = [b"%d" % number for number in range(1000)]

    await produce(kafka.bootstrap_servers, topic, written)

    assert await consume(kafka.bootstrap_servers, topic, len(written)) == written


async def test_a_topic_nobody_declared_does_not_come_into_being(kafka: KafkaUnderTest):
    unknown = kafka.name("undeclared")
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    try:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(producer.send_and_wait(unknown, b"1"), timeout=1)
    finally:
        await producer.stop()

    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    assert unknown not in await admin.list_topics()
    await admin.close()


async def test_records_survive_a_stop_and_a_kill(own_kafka: LocalKafka):
    start_or_skip(own_kafka)
    address = own_kafka.bootstrap_servers
    await topics.apply(address)
    first, second = [b"before the stop"] * 50, [b"before the kill"] * 50

    await produce(address, "registry.events.v1", first)
    own_kafka.stop()
    own_kafka.start()
    await produce(address, "registry.events.v1", second)
    own_kafka.kill()
    own_kafka.start()

    assert own_kafka.bootstrap_servers == address
    assert await consume(address, "registry.events.v1", 100) == first + second


def test_stop_leaves_no_process_and_another_process_may_stop(own_kafka: LocalKafka):
    start_or_skip(own_kafka)
    pid = own_kafka.pid
    seen_elsewhere = LocalKafka(own_kafka.data_dir)

    assert seen_elsewhere.pid == pid
    assert seen_elsewhere.bootstrap_servers == own_kafka.bootstrap_servers
    with pytest.raises(AlreadyRunning, match=str(pid)):
        seen_elsewhere.start()

    seen_elsewhere.stop()

    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert own_kafka.pid is None


def test_a_busy_port_is_named_before_anything_starts(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        broker = LocalKafka(tmp_path, port)

        with pytest.raises(PortBusy, match=str(port)) as caught:
            start_or_skip(broker)

    assert f":{port}" in caught.value.fix
    assert broker.pid is None
