"""The outsider on a real Kafka: confirms what is true, names what is not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer

from clients.evaluator.logs import LogUnreadable
from clients.evaluator.notes import Checkpoint
from clients.evaluator.replay import Difference
from clients.evaluator.verify import Verdict, export_kafka, verify_exported, verify_kafka
from clients.evaluator.watch import watch
from deploy.local import topics
from deploy.local.kafka import LocalKafka
from tests.builders.evaluator import (
    ANOTHER_KEY,
    VERIFIER,
    Platform,
    a_platform,
    a_professional,
    a_talent_event,
    place_of,
)
from tests.kafka_fixture import start_or_skip

T1 = place_of("registry.events.v1", "t1")
T1_AT = f"{T1[0]}:{T1[1]}"


class Published:
    """A platform whose log is on Kafka; `more` sends what was added since."""

    def __init__(self, platform: Platform, producer: AIOKafkaProducer, bootstrap: str) -> None:
        self.platform, self.bootstrap = platform, bootstrap
        self._producer = producer
        self._sent: dict = {}

    async def more(self) -> None:
        for place, key, value, headers in self._unsent():
            topic, partition = place
            await self._producer.send(topic, value, key=key, partition=partition, headers=headers)
        await self._producer.flush()

    def _unsent(self):
        for place in {place for place, *_ in self.platform.messages()}:
            messages = [it for it in self.platform.messages() if it[0] == place]
            yield from messages[self._sent.get(place, 0) :]
            self._sent[place] = len(messages)

    async def verify(self, **options) -> Verdict:
        return await verify_kafka(self.bootstrap, VERIFIER, **options)


@contextlib.asynccontextmanager
async def published(kafka: LocalKafka, platform: Platform) -> AsyncIterator[Published]:
    await topics.apply(kafka.bootstrap_servers)
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, enable_idempotence=True) as producer:
        log = Published(platform, producer, kafka.bootstrap_servers)
        await log.more()
        yield log


async def to_the_end(following: AsyncIterator[Checkpoint]) -> None:
    async with asyncio.timeout(20):
        async for _ in following:
            pass


async def test_confirms_exports_follows_and_names_a_forged_checkpoint(own_kafka: LocalKafka, tmp_path):
    start_or_skip(own_kafka)
    platform = a_platform()
    async with published(own_kafka, platform) as log:
        verdict = await log.verify(export=tmp_path / "verified")
        assert verdict.first_difference == ""
        assert (verdict.ok, verdict.entries, verdict.partitions, verdict.indicators_equal) == (True, 7, 48, True)
        assert verdict.roots[T1_AT] == platform.root(T1).hex()
        assert verdict.checkpoints == len(platform.notes)

        assert await export_kafka(log.bootstrap, tmp_path / "exported") == 7
        for folder in (tmp_path / "verified", tmp_path / "exported"):
            assert verify_exported(folder, VERIFIER) == verdict
        path = tmp_path / "exported" / f"{T1[0]}-{T1[1]}.log"
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x10
        path.write_bytes(data)
        assert verify_exported(tmp_path / "exported", VERIFIER).first_difference.startswith(f"{T1_AT}:")

        following = watch(log.bootstrap, VERIFIER)
        async with asyncio.timeout(20):
            sizes = [(await anext(following)).size for _ in platform.notes]
        assert len(sizes) == len(platform.notes)

        platform.add(a_talent_event("t2", 2, **a_professional("510107")))
        platform.checkpoint_all()
        platform.add(platform.a_statement("statement/2", {"1": (2, 0)}, restates="statement/1"))
        await log.more()
        async with asyncio.timeout(20):
            assert (await anext(following)).size >= 1
        later = await log.verify()
        assert (later.first_difference, later.statement, later.values) == ("", "statement/2", {"1": (2, 0)})
        named = await log.verify(statement="statement/1")
        assert (named.ok, named.values) == (True, {"1": (1, 0)})

        platform.checkpoint(T1, key=ANOTHER_KEY)
        await log.more()
        forged = f"evaluation.checkpoints.v1:0:{len(platform.notes) - 1} signed with another key"
        assert (await log.verify()).first_difference == forged
        with pytest.raises(Difference, match=forged):
            await to_the_end(following)


async def test_names_a_statement_whose_value_was_altered_and_one_that_lies(own_kafka: LocalKafka):
    start_or_skip(own_kafka)
    platform = a_platform(said=2)
    async with published(own_kafka, platform) as log:
        lying = await log.verify()
        assert "statement/1: indicator 1 is (1, 0), not (2, 0)" in lying.first_difference
        assert (lying.ok, lying.indicators_equal, lying.values) == (False, False, {"1": (1, 0)})

        altered = platform.a_statement("statement/2", {"1": (2, 0)})
        altered.after.values[0].numerator = 1
        platform.add(altered)
        await log.more()
        assert "statement/2: signature does not fit" in (await log.verify()).first_difference


async def test_names_a_missing_version_and_a_log_that_is_not_there(own_kafka: LocalKafka):
    start_or_skip(own_kafka)
    missing = await verify_kafka(own_kafka.bootstrap_servers, VERIFIER)
    assert (missing.ok, missing.first_difference) == (
        False,
        "topic evaluation.checkpoints.v1 does not exist or may not be read",
    )

    platform = a_platform()
    platform.add(a_talent_event(version=4))
    async with published(own_kafka, platform) as log:
        verdict = await log.verify()
        assert verdict.first_difference == f"{T1_AT}:4 EVENT_GAP: t1 goes from version 2 to 4"
        with pytest.raises(Difference, match="EVENT_GAP"):
            await to_the_end(watch(log.bootstrap, VERIFIER))

    own_kafka.stop()
    with pytest.raises(LogUnreadable, match="does not answer"):
        await verify_kafka(own_kafka.bootstrap_servers, VERIFIER)
