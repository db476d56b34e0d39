"""Where the entries come from: Kafka, read only, or an exported folder."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from clients.evaluator.tree import LEAF_BYTES, leaf_data, leaf_hash

TOPICS = tuple(f"{service}.events.v1" for service in ("registry", "stations", "funding", "evaluation"))
CHECKPOINTS = "evaluation.checkpoints.v1"
PARTITIONS = 12
_PER_READ = 5_000
_WAIT_MS = 1_000
_PATIENCE_S = 30.0
_CHECKPOINTS = "checkpoints.jsonl"
_length = struct.Struct(">I")

Place = tuple[str, int]


class LogUnreadable(Exception):
    """The log cannot be read as it should be; the text says where and why."""


class Entry(NamedTuple):
    """`data` is the leaf data of the record at this offset."""

    place: Place
    offset: int
    data: bytes


class KafkaLog:
    """The topics as they are now; follows no group and writes nothing."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    @classmethod
    @asynccontextmanager
    async def open(cls, bootstrap_servers: str, **options: Any) -> AsyncIterator[KafkaLog]:
        """Raises LogUnreadable when no broker answers, now or later, or says no."""
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False,
                                    auto_offset_reset="earliest", **options)  # fmt: skip
        try:
            await consumer.start()
        except KafkaError as error:
            await consumer.stop()
            raise LogUnreadable(f"Kafka at {bootstrap_servers} does not answer: {type(error).__name__}") from None
        try:
            yield cls(consumer)
        except KafkaError as error:
            raise LogUnreadable(f"Kafka at {bootstrap_servers}: {type(error).__name__} {error}".rstrip()) from None
        finally:
            await consumer.stop()

    async def ends(self, topics: tuple[str, ...]) -> dict[Place, int]:
        """End of every partition. Raises LogUnreadable when a log does not begin at 0: its beginning was deleted."""
        places = [TopicPartition(topic, number) for topic in topics for number in await self._numbers(topic)]
        beginnings = await self._consumer.beginning_offsets(places)
        for place, first in beginnings.items():
            if first:
                raise LogUnreadable(f"{place.topic}:{place.partition}:0 log begins at {first}")
        ends = await self._consumer.end_offsets(places)
        return {(place.topic, place.partition): end for place, end in ends.items()}

    async def _numbers(self, topic: str) -> list[int]:
        await self._consumer._client.add_topic(topic)  # noqa: SLF001 - asks the broker for a topic nobody subscribed to
        numbers = self._consumer.partitions_for_topic(topic)
        if not numbers:
            raise LogUnreadable(f"topic {topic} does not exist or may not be read")
        if topic in TOPICS and len(numbers) != PARTITIONS:
            raise LogUnreadable(f"topic {topic} has {len(numbers)} partitions, not {PARTITIONS}")
        return sorted(numbers)

    async def entries(self, ends: Mapping[Place, int]) -> AsyncIterator[list[Entry]]:
        """Everything below `ends`, in order within a partition. Raises LogUnreadable for a hole or silence."""
        async for records in self._records(ends):
            yield [
                Entry((it.topic, it.partition), it.offset, leaf_data(it.key, it.value, it.headers)) for it in records
            ]

    async def values(self, ends: Mapping[Place, int]) -> AsyncIterator[bytes]:
        """The values below `ends`."""
        async for records in self._records(ends):
            for record in records:
                yield record.value or b""

    async def follow(self, places: list[Any], *, per_read: int, wait: int) -> AsyncIterator[Any]:
        """Every record from the beginning, then those that come. Ends only with its caller."""
        self._consumer.assign(places)
        await self._consumer.seek_to_beginning(*places)
        while True:
            for records in (await self._consumer.getmany(timeout_ms=wait, max_records=per_read)).values():
                for record in records:
                    yield record

    async def _records(self, ends: Mapping[Place, int]) -> AsyncIterator[list[Any]]:
        left = {TopicPartition(*place): end for place, end in ends.items() if end}
        self._consumer.assign(list(left))
        await self._consumer.seek_to_beginning(*left)
        next_ = dict.fromkeys(left, 0)
        heard = time.monotonic()
        while left:
            batches = await self._consumer.getmany(*left, timeout_ms=_WAIT_MS, max_records=_PER_READ)
            if batches:
                heard = time.monotonic()
            elif time.monotonic() - heard > _PATIENCE_S:
                place = min(left)
                where = f"{place.topic}:{place.partition}:{next_[place]}"
                raise LogUnreadable(f"nothing came from Kafka for {_PATIENCE_S:.0f} s; next would be {where}")
            for place, records in batches.items():
                wanted = [record for record in records if record.offset < left[place]]
                for record in wanted:
                    if record.offset != next_[place]:
                        raise LogUnreadable(f"{place.topic}:{place.partition}:{next_[place]} is missing")
                    next_[place] += 1
                if wanted:
                    yield wanted
                if next_[place] >= left[place]:
                    del left[place]


class Exported:
    """A folder that `Export` wrote: one file of framed leaf data per partition, one of leaf hashes, the checkpoints."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def places(self) -> list[Place]:
        """Raises LogUnreadable when a partition has no file."""
        places = [(topic, number) for topic in TOPICS for number in range(PARTITIONS)]
        missing = [place for place in places if not _path(self._folder, place, "log").exists()]
        if len(missing) == len(places):
            raise LogUnreadable(f"{self._folder} holds no exported log")
        if missing:
            raise LogUnreadable(f"{_path(self._folder, missing[0], 'log')} is missing")
        return places

    def entries(self, place: Place) -> Iterator[Entry]:
        """Raises LogUnreadable at the first entry that is not the one in the list of leaf hashes, or breaks off."""
        where = f"{place[0]}:{place[1]}"
        with (
            _path(self._folder, place, "log").open("rb") as file,
            _path(self._folder, place, "leaves").open("rb") as leaves,
        ):
            offset = 0
            while head := file.read(_length.size):
                size = _length.unpack(head)[0] if len(head) == _length.size else 0
                data = file.read(size)
                if len(head) < _length.size or len(data) < size:
                    raise LogUnreadable(f"{where}:{offset} breaks off")
                if leaf_hash(data) != leaves.read(LEAF_BYTES):
                    raise LogUnreadable(f"{where}:{offset} was altered: its hash is not the one in the list of leaves")
                yield Entry(place, offset, data)
                offset += 1
            if leaves.read(1):
                raise LogUnreadable(f"{where}:{offset} is missing: the list of leaves goes on")

    def checkpoints(self) -> list[bytes]:
        """Raises LogUnreadable."""
        path = self._folder / _CHECKPOINTS
        try:
            return [json.loads(line)["note"].encode() for line in path.read_text(encoding="utf-8").splitlines()]
        except (ValueError, TypeError, KeyError, AttributeError):
            raise LogUnreadable(f"{path} is no list of checkpoints") from None


class Export:
    """Writes such a folder."""

    def __init__(self, folder: Path, places: Iterable[Place]) -> None:
        """Raises OSError."""
        places = list(places)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._logs = {place: _path(folder, place, "log").open("wb") for place in places}
        self._leaves = {place: _path(folder, place, "leaves").open("wb") for place in places}

    def add(self, entry: Entry, leaf: bytes) -> None:
        file = self._logs[entry.place]
        file.write(_length.pack(len(entry.data)))
        file.write(entry.data)
        self._leaves[entry.place].write(leaf)

    def close(self, checkpoints: list[bytes]) -> None:
        for file in (*self._logs.values(), *self._leaves.values()):
            file.close()
        lines = [json.dumps({"note": note.decode("utf-8", "replace")}, ensure_ascii=False) for note in checkpoints]
        (self._folder / _CHECKPOINTS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _path(folder: Path, place: Place, kind: str) -> Path:
    return folder / f"{place[0]}-{place[1]}.{kind}"
