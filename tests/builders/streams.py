"""A log inside the test's process, for components: what is published can be read, in order, once per group."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence

from services.shared.kernel.ports import Message
from services.shared.runtime.kafka import partition_of
from services.shared.runtime.reader import Reader, Received
from services.shared.runtime.stream_ports import Listener, Place

PARTITIONS = 12


class MemoryStreams:
    """Partitions by key as in production; each group keeps its position. Nothing is lost, nothing is repeated."""

    def __init__(self) -> None:
        self.records: list[Received] = []
        self._ends: dict[Place, int] = {}
        self._grown = asyncio.Condition()
        self._idle: dict[str, int] = {}

    def publisher(self) -> MemoryPublisher:
        return MemoryPublisher(self)

    def source(self, reader: Reader, *, group: str) -> MemorySource:
        self._idle[group] = 0
        return MemorySource(self, group, reader.topics)

    async def append(self, messages: Sequence[Message]) -> None:
        async with self._grown:
            for message in messages:
                place = (message.topic, partition_of(message.key, PARTITIONS))
                offset = self._ends.get(place, 0)
                self._ends[place] = offset + 1
                self.records.append(
                    Received(*place, offset, message.key, message.value, message.headers, len(self.records))
                )
            self._grown.notify_all()

    def of(self, topic: str) -> list[Received]:
        return [record for record in self.records if record.topic == topic]

    async def after(self, group: str, position: int) -> None:
        """Wait until the log is longer than `position`, which the group has worked through."""
        async with self._grown:
            self._idle[group] = position
            self._grown.notify_all()
            await self._grown.wait_for(lambda: len(self.records) > position)

    async def settled(self, *, within_s: float = 60.0) -> None:
        """Wait until every group has worked through everything."""
        async with asyncio.timeout(within_s), self._grown:
            await self._grown.wait_for(lambda: all(at == len(self.records) for at in self._idle.values()))


class MemoryPublisher:
    def __init__(self, log: MemoryStreams) -> None:
        self._log = log

    async def ready(self) -> bool:
        return True

    async def publish(self, messages: Sequence[Message]) -> list[bool]:
        await self._log.append(messages)
        return [True] * len(messages)

    async def stop(self) -> None: ...


class MemorySource:
    def __init__(self, log: MemoryStreams, group: str, topics: Sequence[str]) -> None:
        self._log = log
        self._group = group
        self._mine = re.compile(topics[0]).search if topics[0].startswith("^") else frozenset(topics).__contains__
        self._position = 0

    async def start(self, listener: Listener) -> None: ...

    async def stop(self) -> None: ...

    async def window(self) -> Sequence[Received]:
        while True:
            await self._log.after(self._group, self._position)
            start, self._position = self._position, len(self._log.records)
            if found := [it for it in self._log.records[start : self._position] if self._mine(it.topic)]:
                return found

    def seek(self, positions: Mapping[Place, int]) -> None:
        raise AssertionError(f"sought back to {positions}: the store refused to store")

    def pause(self, place: Place) -> None:
        raise AssertionError(f"{place} stopped at a gap")

    async def commit(self, positions: Mapping[Place, int]) -> bool:
        return True
