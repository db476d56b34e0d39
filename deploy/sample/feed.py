"""Plays all partners in one process: the sample's records through the partner SDK, then the stations through gRPC."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient

from clients.partner import Publisher
from deploy.sample.memory import Memory
from deploy.sample.province import PARTNERS, RECORD_TYPES, Province

_BETWEEN_FLUSHES = 8192


class Advance(NamedTuple):
    """`done` of `total` records are acknowledged."""

    done: int
    total: int


class Outcome(NamedTuple):
    """What this call sent: records per partner, and the reasons by which invalid ones must be refused."""

    sent: Mapping[str, int]
    to_be_refused: Mapping[str, int]
    position: int


Progress = Callable[[Advance], None]


async def feed(
    bootstrap: str,
    keys_dir: Path | str,
    *,
    scale: float = 1.0,
    progress: Progress | None = None,
    memory: Path | None = None,
    deployment: str = "local",
    start: int | None = None,
    stop: int | None = None,
    deliveries: int = 1,
    shuffle_seed: int = 0,
    invalid_share: float = 0.0,
) -> Outcome:
    """Publish the sample's records and return when the broker holds all of them.

    With `memory` it goes on where the last call on the same Kafka stopped; delivering everything again changes nothing
    either. `start` … `stop` bound the positions (of `deliveries` × all records), for who does something in between.
    Raises OtherSampleFed, and NotDelivered when a partner's topic cannot be reached.
    """
    province = Province(scale)
    end = deliveries * province.total if stop is None else min(stop, deliveries * province.total)
    remembered = Memory(memory)
    fed = remembered.recall(cluster=await cluster_of(bootstrap), scale=scale)
    first = fed.position if start is None else start
    sent: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        publishers = {
            partner: await stack.enter_async_context(
                Publisher(
                    partner,
                    platform_public_key=Path(keys_dir) / "seal.pub",
                    bootstrap_servers=bootstrap,
                    deployment=deployment,
                    validate=False,
                )
            )
            for partner in PARTNERS
        }
        send = {partner: _builders(publisher) for partner, publisher in publishers.items()}
        position = first
        while position < end:
            upto = min(end, position + _BETWEEN_FLUSHES)
            for _, record, refused_as in province.records(
                start=position, stop=upto, deliveries=deliveries, shuffle_seed=shuffle_seed, invalid_share=invalid_share
            ):
                partner, type_, record_id, revision, personal, fields = record
                await send[partner][type_](record_id=record_id, revision=revision, **personal, **fields)
                sent[partner] += 1
                if refused_as:
                    refused[refused_as] += 1
            await asyncio.gather(*(publisher.flush() for publisher in publishers.values()))
            position = fed.position = upto
            remembered.keep(fed)
            if progress is not None:
                progress(Advance(position, end))
    return Outcome(sent, refused, end)


async def cluster_of(bootstrap: str) -> str:
    """Id of the Kafka behind the address: what was fed into another one does not count."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return str((await admin.describe_cluster())["cluster_id"])
    finally:
        await admin.close()


def _builders(publisher: Publisher) -> dict[str, Callable[..., Awaitable[Any]]]:
    return {name: getattr(publisher, name) for name in RECORD_TYPES}
