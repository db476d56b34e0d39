"""Records from Kafka through a FastStream batch subscriber, which passes them through untouched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from services.shared.runtime.kafka import REQUEST_TIMEOUT_MS, Connection
from services.shared.runtime.kafka_consumer import Consumer
from services.shared.runtime.reader import Received
from services.shared.runtime.stream_ports import Listener, Place

SESSION_TIMEOUT_MS = 10_000
# Read ahead per partition: about a window. A pattern has dozens of partitions, so all together have a limit too.
FETCH_BYTES = 1024 * 1024
# How long a rebalance waits for a member's running window.
REBALANCE_TIMEOUT_MS = 60_000
# A partner registered now is read after this at most.
NEW_TOPICS_AFTER_MS = 10_000
LEAVE_WITHIN_S = 10.0

_log = structlog.stdlib.get_logger(__name__)
_subscriber_log = logging.getLogger(__name__ + ".subscriber")


class KafkaSource(ConsumerRebalanceListener):  # type: ignore[misc]
    """One consumer of a group. `topics`: names, or one pattern beginning with ^.

    The subscriber's handler hands its batch over and returns only when the next window is asked for, so nothing is
    fetched beyond a window that may still be sought back.
    """

    def __init__(
        self, connection: Connection, *, topics: Sequence[str], group: str, window_records: int, window_ms: int
    ) -> None:
        self._connection = connection
        self._topics = topics
        self._group = group
        self._window_records = window_records
        self._window_ms = window_ms
        self._broker: KafkaBroker | None = None
        self._consumer: Any = None  # a Consumer, once started
        self._listener: Listener | None = None
        self._handed: asyncio.Queue[tuple[int, Sequence[ConsumerRecord], asyncio.Future[None]]] = asyncio.Queue()
        self._working: asyncio.Future[None] | None = None
        self._generation = 0
        self._leaving = False

    async def start(self, listener: Listener) -> None:
        self._listener = listener
        self._leaving = False
        broker = KafkaBroker(
            self._connection.bootstrap,
            client_id=self._connection.client_id,
            security=self._connection.faststream_security(),
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            metadata_max_age_ms=NEW_TOPICS_AFTER_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            logger=_subscriber_log,
            log_level=logging.DEBUG,
        )
        pattern = self._topics[0].startswith("^")
        names = () if pattern else self._topics
        broker.subscriber(
            *names,
            pattern=self._topics[0] if pattern else None,
            batch=True,
            group_id=self._group,
            auto_offset_reset="earliest",
            max_records=self._window_records,
            batch_timeout_ms=self._window_ms,
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            parser=self._parse,
            decoder=_whole,
            listener=self,
            session_timeout_ms=SESSION_TIMEOUT_MS,
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_bytes=8 * FETCH_BYTES,
            rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
        )(self._handle)
        self._broker = broker
        try:
            config = broker.config.broker_config
            await broker.connect()
            options = config.builder.keywords  # type: ignore[attr-defined]
            config.builder = lambda **given: self._new_consumer(**{**options, **given})
            await broker.start()
        except BaseException:
            await broker.stop()
            raise

    async def stop(self) -> None:
        self._leaving = True
        self._generation += 1
        while not self._handed.empty():
            self._handed.get_nowait()[2].set_result(None)
        self._release()
        if self._broker is not None:
            async with asyncio.timeout(LEAVE_WITHIN_S):
                await self._broker.stop()

    async def window(self) -> Sequence[Received]:
        self._release()
        while True:
            generation, records, self._working = await self._handed.get()
            if generation == self._generation:
                return [
                    Received(r.topic, r.partition, r.offset, r.key, r.value, _without_null(r.headers), r.timestamp)
                    for r in records
                ]
            self._release()

    def seek(self, positions: Mapping[Place, int]) -> None:
        for place, offset in positions.items():
            try:
                self._consumer.seek(TopicPartition(*place), offset)
            except IllegalStateError:
                _log.info("partition is no longer ours", topic=place[0], partition=place[1])

    def pause(self, place: Place) -> None:
        if TopicPartition(*place) in self._consumer.assignment():
            self._consumer.pause(TopicPartition(*place))

    async def commit(self, positions: Mapping[Place, int]) -> bool:
        assigned = self._consumer.assignment()
        offsets = {tp: offset for place, offset in positions.items() if (tp := TopicPartition(*place)) in assigned}
        if not offsets:
            return False
        try:
            await self._consumer.commit(offsets)
        except KafkaError as error:
            _log.warning("offsets were not taken", group=self._group, error=type(error).__name__)
            return False
        return True

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        # What was fetched and not yet taken is fetched again from the remembered offset.
        self._generation += 1
        self._consumer.forget_positions()
        if revoked and self._listener is not None:
            await self._listener.revoked([(tp.topic, tp.partition) for tp in revoked])

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        if self._listener is not None:
            await self._listener.assigned([(tp.topic, tp.partition) for tp in assigned])

    def _new_consumer(self, **options: Any) -> Consumer:
        self._consumer = consumer = Consumer(**options)
        return consumer

    async def _parse(self, records: Sequence[ConsumerRecord]) -> KafkaAckableMessage:
        return KafkaAckableMessage(body=[], raw_message=records, message_id="", consumer=self._consumer)

    async def _handle(self, message: KafkaAckableMessage) -> None:
        if self._leaving:
            return  # nobody takes it any more; it is fetched again from the remembered offset
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._handed.put_nowait((self._generation, message.raw_message, done))
        await done

    def _release(self) -> None:
        if self._working is not None and not self._working.done():
            self._working.set_result(None)
        self._working = None


async def _whole(message: KafkaAckableMessage) -> KafkaAckableMessage:
    return message


def _without_null(headers: Sequence[tuple[str, bytes | None]]) -> Sequence[tuple[str, bytes]]:
    """A header without value reads as an empty one."""
    for _, value in headers:
        if value is None:
            return [(name, value or b"") for name, value in headers]
    return headers  # type: ignore[return-value]
