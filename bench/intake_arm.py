"""One arm of the intake benchmark in its own process: `bench.intake_arm ARM FOLDER BOOTSTRAP COUNT GROUP TOPIC`.

Prints records per second, from the first window to the last acknowledged offset.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.registry import app as registry
from services.registry.consumers.departments import Departments
from services.registry.storage import KINDS
from services.shared.runtime.clock import SystemClock, SystemRandom
from services.shared.runtime.envelope import EVENT_TOPICS
from services.shared.runtime.intake import Intake
from services.shared.runtime.kafka import connection_of
from services.shared.runtime.kafka_source import KafkaSource
from services.shared.runtime.kafka_streams import KafkaStreams
from services.shared.runtime.lifecycle import collect_seldom
from services.shared.runtime.refusals import refusal_kind
from services.shared.runtime.sealing import LocalKeyRing, SealOpener
from services.shared.runtime.settings import Settings, settings_for
from services.shared.runtime.store import open_store
from services.shared.runtime.telemetry import configure_logging

WINDOW = 2000


def _settings(folder: Path, bootstrap: str) -> Settings:
    return settings_for(
        "registry",
        kafka_bootstrap_servers=bootstrap,
        keys_dir=str(folder.parent / "keys"),
        data_dir=str(folder),
        grpc_port=0,
        metrics_port=0,
    )


async def bare(folder: Path, bootstrap: str, count: int, group: str, topic: str) -> float:
    """getmany → executemany of the same bytes, one transaction per batch; the offset commit travels meanwhile."""
    folder.mkdir(parents=True)
    database = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE record (place TEXT, at INTEGER, key BLOB, value BLOB, PRIMARY KEY (place, at))")
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest",
                                enable_auto_commit=False)  # fmt: skip
    await consumer.start()
    done, began, travelling = 0, 0.0, None
    while done < count:
        batches = await consumer.getmany(timeout_ms=100, max_records=WINDOW)
        if not batches:
            continue
        began = began or time.perf_counter()
        rows = [(f"{r.topic}:{r.partition}", r.offset, r.key, r.value) for batch in batches.values() for r in batch]
        database.execute("BEGIN")
        database.executemany("INSERT INTO record VALUES (?,?,?,?)", rows)
        database.execute("COMMIT")
        if travelling:
            await travelling
        offsets = {place: batch[-1].offset + 1 for place, batch in batches.items()}
        travelling = asyncio.create_task(consumer.commit(offsets))
        done += len(rows)
    if travelling:
        await travelling
    rate = done / (time.perf_counter() - began)
    await consumer.stop()
    return rate


class _Counted:
    """The reader, counting what passes, so that the arm knows when all is done."""

    def __init__(self, reader: Any, topic: str) -> None:
        self._reader = reader
        self.name, self.topics = reader.name, (topic,)
        self.first = 0.0
        self.read_count = 0

    def read(self, record: Any) -> Any:
        self.first = self.first or time.perf_counter()
        self.read_count += 1
        return self._reader.read(record)

    def also_needs(self, task: Any, changes: Any) -> Any:
        return self._reader.also_needs(task, changes)

    def apply(self, task: Any, changes: Any) -> None:
        self._reader.apply(task, changes)


async def intake(folder: Path, bootstrap: str, count: int, group: str, topic: str) -> float:
    """The registry's own intake, store and keys, as app.py composes them; without server, relay and sagas."""
    settings = _settings(folder, bootstrap)
    clock, random = SystemClock(), SystemRandom()
    store = await open_store(settings, (*KINDS, refusal_kind("registry")), clock=clock, random=random)
    opener = SealOpener.from_files(settings.keys_dir, deployment="local")
    keys = LocalKeyRing.from_files(settings.keys_dir)
    reader = _Counted(Departments(keys=keys, opener=opener, clock=clock).reader(), topic)
    source = KafkaSource(connection_of(settings), topics=(topic,), group=group, window_records=WINDOW, window_ms=10)
    part = Intake(source, (reader,), store, name=reader.name, clock=clock, random=random)
    collect_seldom()
    await part.start()
    await _committed(bootstrap, group, count, topic)
    rate = reader.read_count / (time.perf_counter() - reader.first)
    await part.stop()
    await store.close()
    return rate


class _Grouped(KafkaStreams):
    """The service's streams with groups of this round."""

    def __init__(self, settings: Settings, round_: str) -> None:
        super().__init__(settings)
        self._round = round_

    def source(self, reader: Any, *, group: str) -> Any:
        return super().source(reader, group=f"{group}.{self._round}")


async def process(folder: Path, bootstrap: str, count: int, group: str, topic: str) -> float:
    """One whole registry process: server, intake, relay and its own sagas."""
    settings = _settings(folder, bootstrap)
    await _skip_what_is_there(bootstrap, f"registry.own-events.{group}")
    app = await registry.compose(settings, streams=_Grouped(settings, group))
    collect_seldom()
    async with app:
        reading = f"registry.partner-records.{group}"
        await _committed(bootstrap, reading, 1, topic)
        began = time.perf_counter()
        before = WINDOW  # the first window is done
        await _committed(bootstrap, reading, count, topic)
        return (count - before) / (time.perf_counter() - began)


async def _skip_what_is_there(bootstrap: str, group: str) -> None:
    """The events of earlier rounds are not this process's."""
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await reader.start()
    try:
        places = [TopicPartition(EVENT_TOPICS["registry"], number) for number in range(12)]
        reader.assign(places)
        await reader.commit(await reader.end_offsets(places))
    finally:
        await reader.stop()


async def _committed(bootstrap: str, group: str, count: int, topic: str) -> None:
    """Wait until the group has acknowledged `count` records. Watches from the outside, seldom enough not to disturb."""
    watcher = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await watcher.start()
    places = [TopicPartition(topic, number) for number in range(3)]
    deadline = time.perf_counter() + 120
    try:
        while time.perf_counter() < deadline:
            if sum([await watcher.committed(place) or 0 for place in places]) >= count:
                return
            await asyncio.sleep(0.05)
    finally:
        await watcher.stop()
    raise TimeoutError(f"{group} did not take {count} records in two minutes")


ARMS = {"bare": bare, "intake": intake, "process": process}

if __name__ == "__main__":
    name, place, servers, number, round_group, topic_name = sys.argv[1:]
    configure_logging("ERROR", service="registry")
    print(uvloop.run(ARMS[name](Path(place), servers, int(number), round_group, topic_name)))
