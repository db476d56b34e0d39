"""The relay's way to Kafka: one prepared batch per partition, acknowledged by all replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.shared.kernel.ports import Message
from services.shared.runtime.kafka import Connection, new_producer, partition_of
from services.shared.runtime.stream_ports import Place

# An idempotent batch never expires by itself, so waiting for it does.
ACKNOWLEDGED_WITHIN_S = 5.0
ASK_AGAIN_AFTER_S = 10.0
_LEAVE_WITHIN_S = 2.0

_log = structlog.stdlib.get_logger(__name__)


class KafkaPublisher:
    """After any failure the producer, whose sequence numbers are then in doubt, is thrown away; a new one starts with
    the next call. What the old one had in flight may still arrive: a repeat, before which nothing is missing.
    """

    def __init__(self, connection: Connection, *, within_s: float = ACKNOWLEDGED_WITHIN_S) -> None:
        self._connection = connection
        self._within_s = within_s
        self._producer: AIOKafkaProducer | None = None
        self._partitions: dict[str, int] = {}
        self._missing: dict[str, float] = {}

    async def ready(self) -> bool:
        try:
            async with asyncio.timeout(self._within_s):
                await self._connected()
        except (KafkaError, OSError, TimeoutError) as error:
            await self._abandon(error)
            return False
        return True

    async def publish(self, messages: Sequence[Message]) -> list[bool]:
        acknowledged = [False] * len(messages)
        try:
            async with asyncio.timeout(self._within_s):
                producer = await self._connected()
                todo = await self._by_place(producer, messages)
                while todo:
                    todo = await self._send(producer, messages, todo, acknowledged)
        except (KafkaError, OSError, TimeoutError) as error:
            await self._abandon(error)
        return acknowledged

    async def stop(self) -> None:
        if self._producer is not None:
            await self._abandon(None)

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = new_producer(self._connection)
            await self._producer.start()
        return self._producer

    async def _by_place(self, producer: AIOKafkaProducer, messages: Sequence[Message]) -> dict[Place, list[int]]:
        """Indices by partition, in order; messages of a topic that does not exist are left out."""
        places: dict[Place, list[int]] = {}
        partitions = self._partitions
        for index, message in enumerate(messages):
            topic = message.topic
            count = partitions.get(topic) or await self._count(producer, topic)
            if not count:
                continue
            place = (topic, partition_of(message.key, count))
            group = places.get(place)
            if group is None:
                places[place] = [index]
            else:
                group.append(index)
        return places

    async def _count(self, producer: AIOKafkaProducer, topic: str) -> int:
        now = asyncio.get_running_loop().time()
        if self._missing.get(topic, 0.0) > now:
            return 0
        try:
            async with asyncio.timeout(_LEAVE_WITHIN_S):
                self._partitions[topic] = len(await producer.partitions_for(topic))
        except (KafkaError, TimeoutError) as error:
            _log.error("topic cannot be written to", topic=topic, error=type(error).__name__)
            self._missing[topic] = asyncio.get_running_loop().time() + ASK_AGAIN_AFTER_S
            return 0
        return self._partitions[topic]

    async def _send(
        self,
        producer: AIOKafkaProducer,
        messages: Sequence[Message],
        todo: dict[Place, list[int]],
        acknowledged: list[bool],
    ) -> dict[Place, list[int]]:
        """One batch per partition; gives what did not fit, which waits until its predecessors are acknowledged."""
        sending: dict[asyncio.Future[Any], tuple[Place, list[int], list[int]]] = {}
        for place, indices in todo.items():
            batch = producer.create_batch()
            append = batch.append
            fitting = len(indices)
            for position, index in enumerate(indices):
                message = messages[index]
                if append(timestamp=None, key=message.key, value=message.value, headers=list(message.headers)) is None:
                    fitting = position
                    break
            if fitting == 0:
                # Facts are at most 4 KiB, so this cannot be; the rest of the topics goes on.
                _log.error("event fits no batch", topic=place[0], partition=place[1])
                continue
            future = await producer.send_batch(batch, place[0], partition=place[1])
            sending[future] = (place, indices[:fitting], indices[fitting:])
        rest: dict[Place, list[int]] = {}
        failure: BaseException | None = None
        try:
            if sending:
                await asyncio.wait(sending)
        finally:
            for future, (place, sent, waiting) in sending.items():
                if not future.done() or future.cancelled():
                    continue
                if (error := future.exception()) is not None:
                    failure = error
                    _log.error("batch refused", topic=place[0], partition=place[1], error=type(error).__name__)
                    continue
                for index in sent:
                    acknowledged[index] = True
                if waiting:
                    rest[place] = waiting
        if failure is not None:
            raise failure
        return rest

    async def _abandon(self, error: BaseException | None) -> None:
        """Let go of the producer without waiting for what it still tries to send."""
        producer, self._producer = self._producer, None
        self._partitions.clear()
        if error is not None:
            _log.warning("start a new producer", error=type(error).__name__)
        if producer is None:
            return
        # Its own stop() would first wait for every batch, for ever if the broker is away.
        producer._closed = True  # noqa: SLF001
        leaving = asyncio.create_task(producer._sender.close())  # noqa: SLF001
        await producer.client.close()
        await asyncio.wait([leaving], timeout=_LEAVE_WITHIN_S)
        if leaving.done() and not leaving.cancelled():
            leaving.exception()
