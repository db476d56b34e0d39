"""When everything that was sent has been taken in, told on and evaluated: nothing is under way any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import grpc
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from swtalent.evaluation.v1 import evaluation_service_pb2 as pb
from swtalent.evaluation.v1.evaluation_service_pb2_grpc import EvaluationServiceStub

_LOOK_EVERY_S = 0.5
_PARTITIONS_OF_EVENTS = 12


class Standing(NamedTuple):
    """`sent`: records of partners; `waiting`: of these, and of events between services, not yet taken in.

    `evaluated` of `events` are folded. `stopped`: partitions that evaluation no longer reads, with the reason.
    """

    sent: int
    waiting: int
    events: int
    evaluated: int
    stopped: tuple[str, ...]

    @property
    def done(self) -> bool:
        return not self.waiting and self.evaluated == self.events


class EvaluationStopped(Exception):
    """Evaluation stopped a partition, so that its values will not become complete."""


class Watch:
    """`async with Watch(...) as watch: await watch.until_settled()`. Reads only; its groups and positions are nobody's.

    `partners` and `services` name the topics. Readers that keep no group position (evaluation) are asked by gRPC.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        evaluation: str,
        token: str,
        partners: tuple[str, ...],
        services: tuple[str, ...],
    ) -> None:
        self._admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        self._consumer: Any = AIOKafkaConsumer(bootstrap_servers=bootstrap)
        self._channel = grpc.aio.insecure_channel(evaluation)
        self._evaluation = EvaluationServiceStub(self._channel)
        self._metadata = (("authorization", f"Bearer {token}"),)
        self._records = [
            TopicPartition(f"partner.{partner}.records.v1", number) for partner in partners for number in range(3)
        ]
        self._events = [
            TopicPartition(f"{service}.events.v1", number)
            for service in services
            for number in range(_PARTITIONS_OF_EVENTS)
        ]
        self._groups = tuple(f"{service}." for service in services if service != "evaluation")
        self._readers_of_records = tuple(f"{group}partner-records" for group in self._groups)

    async def __aenter__(self) -> Self:
        await self._admin.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()
        await self._consumer.stop()
        await self._admin.close()

    async def look(self) -> Standing:
        ends: Mapping[Any, int] = await self._consumer.end_offsets([*self._records, *self._events])
        waiting = 0
        for group, _ in await self._admin.list_consumer_groups():
            if group.startswith(self._groups):
                waiting += await self._behind(group, ends)
        state = await self._evaluation.GetEvidenceState(
            pb.GetEvidenceStateRequest(), metadata=self._metadata, timeout=10.0
        )
        return Standing(
            sent=sum(ends[place] for place in self._records),
            waiting=waiting,
            events=sum(ends[place] for place in self._events),
            evaluated=sum(it.size for it in state.partitions),
            stopped=tuple(f"{it.topic}/{it.partition}: {it.stopped}" for it in state.partitions if it.stopped),
        )

    async def _behind(self, group: str, ends: Mapping[Any, int]) -> int:
        """Records that the group has before it, in every topic in which it has a position."""
        taken = {place: it.offset for place, it in (await self._admin.list_consumer_group_offsets(group)).items()}
        topics = {place.topic for place in taken}
        if group in self._readers_of_records:
            topics |= {place.topic for place in self._records}
        return sum(end - max(0, taken.get(place, 0)) for place, end in ends.items() if place.topic in topics)

    async def until_settled(self, *, seconds: float, progress: Callable[[Standing], None] | None = None) -> Standing:
        """Returns when two looks in a row found nothing under way.

        Raises EvaluationStopped, and TimeoutError when nothing at all moved for `seconds`.
        """
        moved, before = time.monotonic(), await self.look()
        while True:
            if progress is not None:
                progress(before)
            if before.stopped:
                raise EvaluationStopped("; ".join(before.stopped))
            await asyncio.sleep(_LOOK_EVERY_S)
            now = await self.look()
            if now == before:
                if now.done:
                    return now
                if time.monotonic() - moved > seconds:
                    raise TimeoutError(f"nothing moved for {seconds:.0f} s: {now}")
            else:
                moved, before = time.monotonic(), now
