"""aiokafka's consumer, made safe against a record that it cannot decode.

A header name that is not UTF-8 makes aiokafka's `getmany` raise after it has moved the positions of what it read in
the same call, of all partitions: those records would be passed over. Here they are read again, the undecodable one is
found and handed over as an empty record, which its reader refuses like any other bad record; so is what follows it in
the same producer batch, which aiokafka cannot reach.
"""

from __future__ import annotations

from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

Batches = dict[TopicPartition, list[ConsumerRecord]]

# While looking for the undecodable record: how long a partition may take to give its next one.
_NEXT_WITHIN_MS = 500

_log = structlog.stdlib.get_logger(__name__)


class Consumer(AIOKafkaConsumer):  # type: ignore[misc]
    """Gives every record of a partition once and in order, from wherever it was assigned or sought."""

    def __init__(self, *topics: str, **options: Any) -> None:
        super().__init__(*topics, **options)
        self._next: dict[TopicPartition, int] = {}
        self._one_by_one = False

    def forget_positions(self) -> None:
        """After a rebalance the remembered offsets count."""
        self._next.clear()
        self._one_by_one = False

    def seek(self, partition: TopicPartition, offset: int) -> None:
        super().seek(partition, offset)
        self._next[partition] = offset

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> Batches:
        if self._one_by_one:
            return await self._search(max_records or 1)
        try:
            batches: Batches = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
        except (IllegalStateError, AssertionError):
            raise
        except Exception as error:
            await self._go_back()
            if isinstance(error, KafkaError):
                raise
            self._one_by_one = True
            return {}
        for partition, records in batches.items():
            self._next[partition] = records[-1].offset + 1
        return batches

    async def _go_back(self) -> None:
        for partition in self.assignment():
            offset = self._next.get(partition)
            if offset is None:
                offset = await self.committed(partition)
            if offset is None:
                await self.seek_to_beginning(partition)
            else:
                self.seek(partition, offset)

    async def _search(self, most: int) -> Batches:
        """One record per call, so that an error belongs to one offset and nothing else is lost with it."""
        batches: Batches = {}
        for partition in sorted(self.assignment() - self.paused()):
            found: list[ConsumerRecord] = []
            while most > 0:
                try:
                    given: Batches = await super().getmany(partition, timeout_ms=_NEXT_WITHIN_MS, max_records=1)
                except KafkaError:
                    break  # it comes up again as soon as no partition has anything to give
                except Exception as error:  # noqa: BLE001 - whatever the decoder stumbles over
                    found.append(await self._step_over(partition, error))
                    self._one_by_one = False
                    break
                if not given:
                    break
                found += given[partition]
                self._next[partition] = found[-1].offset + 1
                most -= 1
            if found:
                batches[partition] = found
                if not self._one_by_one:
                    return batches
        self._one_by_one = bool(batches)
        return batches

    async def _step_over(self, partition: TopicPartition, error: Exception) -> ConsumerRecord:
        offset = self._next.get(partition)
        if offset is None:
            offset = await self.committed(partition) or (await self.beginning_offsets([partition]))[partition]
        _log.error(
            "record cannot be decoded",
            topic=partition.topic,
            partition=partition.partition,
            offset=offset,
            error=type(error).__name__,
        )
        self.seek(partition, offset + 1)
        return ConsumerRecord(partition.topic, partition.partition, offset, 0, 0, None, None, None, 0, 0, ())
