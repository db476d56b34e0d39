"""Whole partitions of Kafka, read from positions of the reader's own choosing: for a fold that owns its seeks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.shared.kernel.errors import Unavailable
from services.shared.runtime.kafka import Connection
from services.shared.runtime.stream_ports import Place

# The broker answers at once when there is something; otherwise this often.
_ASK_EVERY_MS = 500
# What is folded at once keeps the event loop for less than 50 ms.
_MOST_RECORDS = 1000
_FETCH_BYTES = 1024 * 1024
_LEAVE_WITHIN_S = 5.0

_log = structlog.stdlib.get_logger(__name__)


class KafkaLog:
    """`group` only holds offsets that show the lag; partitions are assigned by hand, all of them.

    `unavailable` is the error that the service's port names.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        topics: Sequence[str],
        partitions: int,
        group: str,
        unavailable: type[Unavailable],
    ) -> None:
        self._connection = connection
        self._all = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]
        self._group = group
        self._unavailable = unavailable
        self._consumer: Any = None

    async def start(self) -> None:
        consumer = AIOKafkaConsumer(
            **self._connection.client_options(),
            group_id=self._group,
            enable_auto_commit=False,
            # A log that lost records is read from its start: the fold compares and finds out.
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_ASK_EVERY_MS,
            max_partition_fetch_bytes=_FETCH_BYTES,
        )
        try:
            await consumer.start()
        except BaseException:
            with contextlib.suppress(KafkaError):
                await consumer.stop()
            raise
        consumer.assign(self._all)
        consumer.pause(*self._all)
        self._consumer = consumer

    async def stop(self) -> None:
        if self._consumer is not None:
            async with asyncio.timeout(_LEAVE_WITHIN_S):
                await self._consumer.stop()

    async def bounds(self) -> Mapping[Place, tuple[int, int]]:
        if self._consumer is None:
            raise self._unavailable(why="not connected yet")
        try:
            first = await self._consumer.beginning_offsets(self._all)
            last = await self._consumer.end_offsets(self._all)
        except (KafkaError, OSError, TimeoutError) as error:
            raise self._unavailable(why=type(error).__name__) from error
        return {(it.topic, it.partition): (first[it], last[it]) for it in self._all}

    def seek(self, place: Place, offset: int) -> None:
        there = TopicPartition(*place)
        self._consumer.seek(there, offset)
        self._consumer.resume(there)

    def pause(self, place: Place) -> None:
        self._consumer.pause(TopicPartition(*place))

    async def read(self, *, wait_s: float) -> Mapping[Place, Sequence[ConsumerRecord]]:
        try:
            found = await self._consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=_MOST_RECORDS)
        except (KafkaError, OSError) as error:
            raise self._unavailable(why=type(error).__name__) from error
        return {(there.topic, there.partition): records for there, records in found.items()}

    async def commit(self, sizes: Mapping[Place, int]) -> None:
        try:
            async with asyncio.timeout(_LEAVE_WITHIN_S):
                await self._consumer.commit({TopicPartition(*place): size for place, size in sizes.items()})
        except (KafkaError, TimeoutError) as error:
            _log.info("lag is not shown", group=self._group, error=type(error).__name__)
