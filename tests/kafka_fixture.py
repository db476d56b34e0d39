"""A real broker for the tests: SWTALENT_KAFKA_BOOTSTRAP_SERVERS if set, else one of this machine, started once."""

import itertools
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

from deploy.local.kafka import LocalKafka
from deploy.local.problem import JavaMissing, MavenMissing
from deploy.local.topics import Applied, apply

BOOTSTRAP = "SWTALENT_KAFKA_BOOTSTRAP_SERVERS"


class KafkaUnderTest:
    """`broker` is None for a Kafka that is not ours: what would stop it skips the test instead."""

    def __init__(self, bootstrap_servers: str, broker: LocalKafka | None) -> None:
        self.bootstrap_servers = bootstrap_servers
        self._broker = broker
        self._prefix = f"test-{secrets.token_hex(4)}"
        self._numbers = itertools.count(1)

    @property
    def broker(self) -> LocalKafka:
        if self._broker is None:
            pytest.skip(f"{BOOTSTRAP} is set: this test stops its broker, which only a local one may be")
        return self._broker

    def stop(self) -> None:
        self.broker.stop()

    def kill(self) -> None:
        self.broker.kill()

    def start(self) -> None:
        """Same address, same data; nothing to do when it runs."""
        if self.broker.pid is None:
            self.broker.start()

    def name(self, word: str) -> str:
        """A name that no other test and no other run uses, for a topic or a group."""
        return f"{self._prefix}-{next(self._numbers)}-{word}"

    async def topic(self, word: str = "topic", partitions: int = 1, **settings: str) -> str:
        """A new topic's name; settings with underscores for dots: `cleanup_policy="compact"`."""
        name = self.name(word)
        configs = {key.replace("_", "."): value for key, value in settings.items()}
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        await admin.start()
        try:
            answer = (await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])).to_object()
        finally:
            await admin.close()
        for result in answer["topic_errors"]:
            if result["error_code"]:
                raise for_code(result["error_code"])(result.get("error_message"))
        return name

    async def apply_topics(self) -> Applied:
        """All topics of deploy/topics.yaml."""
        return await apply(self.bootstrap_servers)


def start_or_skip(broker: LocalKafka) -> LocalKafka:
    """Without Maven or Java the test is skipped and says why; every other failure is a failure."""
    try:
        return broker.start()
    except (MavenMissing, JavaMissing) as missing:
        pytest.skip(f"{missing}; {missing.fix}")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaUnderTest]:
    """One broker for the whole run. A test that stops it starts it again before it ends."""
    if elsewhere := os.environ.get(BOOTSTRAP):
        yield KafkaUnderTest(elsewhere, None)
        return
    broker = start_or_skip(LocalKafka(tmp_path_factory.mktemp("kafka")))
    try:
        yield KafkaUnderTest(broker.bootstrap_servers, broker)
    finally:
        broker.stop()


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[LocalKafka]:
    """A broker of this test alone, not started, stopped at the end."""
    broker = LocalKafka(tmp_path / "kafka", heap="256m")
    try:
        yield broker
    finally:
        broker.stop()
