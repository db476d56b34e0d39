"""With passwords and an authorizer, the topics file's rights are exactly what each principal has."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
)

from clients.partner import NotDelivered, Publisher, TopicUnreachable, rejections
from deploy.local.kafka import LocalKafka
from deploy.local.topics import KafkaUnreachable, apply
from tests.builders.partner import A_USCC
from tests.kafka_fixture import start_or_skip

USERS = ("admin", "registry", "evaluator", "partner-health")
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required"
SECURED = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "listener.name.clients.scram-sha-512.sasl.jaas.config": f'{LOGIN} username="admin" password="secret of admin";',
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
    "super.users": "User:admin;User:ANONYMOUS",  # anonymous: the controller's own listener, on loopback
}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    passwords = [f"SCRAM-SHA-512=[name={user},password=secret of {user}]" for user in USERS]
    broker = LocalKafka(
        tmp_path_factory.mktemp("secured"),
        heap="256m",
        settings=SECURED,
        format_arguments=[word for password in passwords for word in ("-S", password)],
    )
    start_or_skip(broker)
    yield broker
    broker.stop()


def login(user: str, password: str | None = None) -> dict[str, Any]:
    return {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": user,
        "sasl_plain_password": password or f"secret of {user}",
    }


async def write(broker: LocalKafka, user: str, topic: str) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap_servers, enable_idempotence=True, request_timeout_ms=5000, **login(user)
    )
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"a record", partition=0)
    finally:
        await producer.stop()


async def read(broker: LocalKafka, user: str, topic: str, *, group: str) -> bytes:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap_servers,
        group_id=group,
        auto_offset_reset="earliest",
        **login(user),
    )
    try:
        await consumer.start()
        return (await consumer.getone()).value
    finally:
        await consumer.stop()


async def grant(broker: LocalKafka) -> None:
    await apply(broker.bootstrap_servers, acls=True, client=login("admin"))


@pytest.mark.kafka
async def test_writers_write_and_readers_read(secured: LocalKafka):
    await grant(secured)
    await grant(secured)

    await write(secured, "registry", "registry.events.v1")
    await write(secured, "partner-health", "partner.health.records.v1")

    assert await read(secured, "evaluator", "registry.events.v1", group="evaluator.audit") == b"a record"
    assert await read(secured, "registry", "partner.health.records.v1", group="registry.intake") == b"a record"


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("evaluator", "registry.events.v1"),
        ("registry", "funding.events.v1"),
        ("partner-health", "partner.justice.records.v1"),
        ("partner-health", "partner.health.rejections.v1"),
    ],
)
async def test_nobody_else_writes(secured: LocalKafka, user: str, topic: str):
    await grant(secured)

    # who may write nowhere is not even given a producer id
    with pytest.raises((TopicAuthorizationFailedError, ClusterAuthorizationFailedError)):
        await write(secured, user, topic)


@pytest.mark.kafka
async def test_nobody_else_reads_and_groups_belong_to_their_principal(secured: LocalKafka):
    await grant(secured)
    await write(secured, "partner-health", "partner.health.records.v1")

    with pytest.raises(TopicAuthorizationFailedError):
        await read(secured, "evaluator", "partner.health.records.v1", group="evaluator.audit")
    with pytest.raises(GroupAuthorizationFailedError):
        await read(secured, "evaluator", "registry.events.v1", group="registry.intake")


@pytest.mark.kafka
async def test_a_wrong_password_is_not_let_in(secured: LocalKafka):
    with pytest.raises(KafkaUnreachable) as caught:
        await apply(secured.bootstrap_servers, client=login("admin", "guessed"))

    assert "password" in caught.value.fix


@pytest.mark.kafka
async def test_a_department_publishes_on_its_own_topic_and_is_told_where_it_may_not(secured: LocalKafka):
    await grant(secured)

    async def publish(partner: str, **kafka: Any) -> None:
        key, broker = bytes(31) + b"\x09", secured.bootstrap_servers
        async with Publisher(
            partner, platform_public_key=key, bootstrap_servers=broker, kafka=kafka, patience_s=3
        ) as publisher:
            await publisher.post(
                record_id="p1", organisation=A_USCC, post="1", field="elderly_care", created_on="2020-01-01"
            )

    await publish("health", **login("partner-health"))
    with pytest.raises(NotDelivered, match="is the partner registered"):
        await publish("justice", **login("partner-health"))
    with pytest.raises(NotDelivered, match="no broker answers"):
        await publish("health", **login("partner-health", "guessed"))

    mine = rejections("health", bootstrap_servers=secured.bootstrap_servers, kafka=login("partner-health"))
    assert [one async for one in mine] == []
    theirs = rejections(
        "justice", bootstrap_servers=secured.bootstrap_servers, patience_s=3, kafka=login("partner-health")
    )
    with pytest.raises(TopicUnreachable):
        await anext(theirs)
