"""A Kafka of one process: partitions, groups with rebalances, producers whose acknowledgements get lost."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence

from services.shared.kernel.ports import Message
from services.shared.runtime.kafka import partition_of
from services.shared.runtime.reader import Received
from services.shared.runtime.stream_ports import Listener, Place
from tests.simulation.process import Process, World

REVOKE_WITHIN_S = 60.0
LOOK_AGAIN_S = 0.05


class Log:
    def __init__(self, topics: Mapping[str, int]) -> None:
        self.topics = {topic: [[] for _ in range(partitions)] for topic, partitions in topics.items()}
        self.groups: dict[str, Group] = {}

    def append(self, message: Message) -> None:
        partitions = self.topics[message.topic]
        number = partition_of(message.key, len(partitions))
        offset = len(partitions[number])
        record = Received(message.topic, number, offset, message.key, message.value, message.headers, offset)
        partitions[number].append(record)

    def records(self, topic: str) -> list[Received]:
        return [record for partition in self.topics[topic] for record in partition]

    def places(self, topics: Sequence[str]) -> list[Place]:
        matches: Callable[[str], object] = (
            re.compile(topics[0]).search if topics[0].startswith("^") else lambda topic: topic in topics
        )
        return [(topic, n) for topic, parts in self.topics.items() if matches(topic) for n in range(len(parts))]

    def end(self, place: Place) -> int:
        return len(self.topics[place[0]][place[1]])

    def lag(self) -> int:
        return sum(
            self.end(place) - group.committed.get(place, 0) for group in self.groups.values() for place in group.places
        )


class Group:
    """Its coordinator: eager rebalances; a member that does not answer in time is left behind and becomes a zombie."""

    def __init__(self, log: Log, topics: Sequence[str]) -> None:
        self.places = log.places(topics)
        self.committed: dict[Place, int] = {}
        self.members: list[LogSource] = []
        self.generation = 0
        self.wanted = False

    async def rebalance(self, zombies: Sequence["LogSource"] = ()) -> None:
        """`zombies` are not asked to let go: they find out when they next speak to the broker."""
        self.wanted = False
        members = [member for member in self.members if not member.process.dead]
        for member in members:
            if member not in zombies:
                await member.give_up(list(member.positions))
        self.generation += 1
        # Whoever did not hear of it is out until it joins again.
        self.members = [member for member in self.members if not member.process.dead and member not in zombies]
        for number, member in enumerate(self.members):
            mine = self.places[number :: len(self.members)]
            member.generation = self.generation
            member.positions = {place: self.committed.get(place, 0) for place in mine}
            member.paused = set()
            await member.hear(member.listener.assigned(mine))


class LogSource:
    """Source of one group member."""

    def __init__(self, process: Process, log: Log, group: str, topics: Sequence[str], window_records: int) -> None:
        self.process = process
        self._world: World = process.world
        self._log = log
        self._group = log.groups.setdefault(group, Group(log, topics))
        self._window_records = window_records
        self.listener: Listener
        self.positions: dict[Place, int] = {}
        self.paused: set[Place] = set()
        self.generation = -1

    async def start(self, listener: Listener) -> None:
        self.listener = listener
        self._join()

    async def stop(self) -> None:
        self._group.members.remove(self)
        self._group.wanted = True

    def _join(self) -> None:
        self._group.members.append(self)
        self._group.wanted = True

    async def hear(self, call) -> None:
        await asyncio.wait([self.process.spawn(call)], timeout=REVOKE_WITHIN_S)

    async def give_up(self, places: list[Place]) -> None:
        self.positions = {}
        await self.hear(self.listener.revoked(places))

    async def window(self) -> Sequence[Received]:
        while True:
            await self.process.step("window")
            if self not in self._group.members:  # a zombie awakes
                await self.give_up(list(self.positions))
                self._join()
            if records := self._fetch():
                return records
            await asyncio.sleep(LOOK_AGAIN_S)

    def _fetch(self) -> list[Received]:
        records: list[Received] = []
        if self._world.broker_down:
            return records
        room = self._world.random.randint(1, self._window_records)
        for place in list(self.positions):
            if place in self.paused or not room:
                continue
            at = self.positions[place]
            found = self._log.topics[place[0]][place[1]][at : at + room]
            records += found
            room -= len(found)
            self.positions[place] = at + len(found)
        return records

    def seek(self, positions: Mapping[Place, int]) -> None:
        self.positions.update({place: at for place, at in positions.items() if place in self.positions})

    def pause(self, place: Place) -> None:
        self.paused.add(place)

    async def commit(self, positions: Mapping[Place, int]) -> bool:
        generation = self.generation
        await self.process.step("offsets:before")
        if self._world.broker_down or self._world.happens("offsets lost") or generation != self._group.generation:
            return False
        self._group.committed.update({place: at for place, at in positions.items() if place in self.positions})
        await self.process.step("offsets:after")
        return True


class LogPublisher:
    """Idempotent producer: a batch per partition is written wholly or not; its acknowledgement may be lost, and what
    is unknown may still be written later."""

    def __init__(self, process: Process, log: Log) -> None:
        self._process = process
        self._world = process.world
        self._log = log

    async def ready(self) -> bool:
        return not self._world.broker_down

    async def stop(self) -> None:
        pass

    async def publish(self, messages: Sequence[Message]) -> list[bool]:
        await self._process.step("publish:before")
        acknowledged = [False] * len(messages)
        batches: dict[Place, list[int]] = {}
        for index, message in enumerate(messages):
            number = partition_of(message.key, len(self._log.topics[message.topic]))
            batches.setdefault((message.topic, number), []).append(index)
        for indices in batches.values():
            batch = [messages[index] for index in indices]
            if self._world.broker_down or self._world.happens("batch lost"):
                continue
            if self._world.happens("batch late"):
                self._world.later(lambda batch=batch: [self._log.append(message) for message in batch])
                continue
            for message in batch:
                self._log.append(message)
            await self._process.step("publish:between")
            if not self._world.happens("acknowledgement lost"):
                for index in indices:
                    acknowledged[index] = True
        await self._process.step("publish:after")
        return acknowledged
