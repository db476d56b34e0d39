"""What the platform refused of a partner's records: partner.<partner>.rejections.v1, read from its beginning."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from swtalent.common.v1.refusal_pb2 import Refusal

_REMEMBERED = 65_536


class TopicUnreachable(Exception):
    """No broker answers, or the partner has no rejections topic (not registered, or no right to read it)."""


async def rejections(
    partner: str,
    *,
    bootstrap_servers: str = "127.0.0.1:9092",
    follow: bool = False,
    patience_s: float = 15.0,
    kafka: Mapping[str, Any] | None = None,
) -> AsyncIterator[Refusal]:
    """Each refusal once, oldest first within a partition; with `follow` it goes on waiting for new ones.

    Raises TopicUnreachable when the topic is not found within `patience_s`.
    A refusal names topic, partition, offset, record id, field, code and the next step, and no content of the record.
    """
    topic = f"partner.{partner}.rejections.v1"
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap_servers,
        client_id=f"swtalent-partner-{partner}",
        auto_offset_reset="earliest",  # without a group: all partitions, each from its beginning
        **(kafka or {}),
    )
    try:
        left = await _at_the_beginning(consumer, topic, patience_s)
        seen: OrderedDict[str, None] = OrderedDict()  # delivery is at least once
        while follow or left:
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    refusal = Refusal.FromString(record.value)
                    if refusal.id in seen:
                        continue
                    seen[refusal.id] = None
                    if len(seen) > _REMEMBERED:
                        seen.popitem(last=False)
                    yield refusal
                if records[-1].offset + 1 >= left.get(place, 0):
                    left.pop(place, None)
    finally:
        await consumer.stop()


async def _at_the_beginning(consumer: Any, topic: str, patience_s: float) -> dict[Any, int]:
    """Wait for the partitions; gives where those end now that are not empty."""
    try:
        async with asyncio.timeout(patience_s):
            await consumer.start()
            while not (places := consumer.assignment()):  # noqa: ASYNC110 - aiokafka has no event for it
                await asyncio.sleep(0.05)
            first, last = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    except (KafkaError, TimeoutError) as error:
        raise TopicUnreachable(f"topic {topic} cannot be read; is the partner registered? {error}") from None
    return {place: last[place] for place in places if last[place] > first[place]}
