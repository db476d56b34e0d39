"""The naive arm of B2: FastStream, one record per call, pydantic, one SELECT, upsert and commit each, fsync each.

The same job as the registry's (its own rules, keys, documents and events); only the way of working differs. Called like
bench.intake_arm.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from faststream.kafka.message import KafkaMessage as Delivered
from pydantic import BaseModel, Field

from bench.records import PARTNER, TOPIC
from services.registry.commands import record_talent
from services.registry.domain.person import Person
from services.registry.domain.talent import Talent
from services.registry.storage import KINDS
from services.shared.kernel.change import Change
from services.shared.kernel.dates import instant
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import partner
from services.shared.runtime.clock import SystemClock
from services.shared.runtime.envelope import partner_headers
from services.shared.runtime.sealing import LocalKeyRing, SealOpener
from services.shared.runtime.store.kind import Stamp
from services.shared.runtime.telemetry import configure_logging
from swtalent.partner.v1 import records_pb2 as records

TALENT = KINDS[0]


class Report(BaseModel):
    """What came in, as a model of its own."""

    as_of: str
    home_county: str
    organisation: str = Field(max_length=18)
    role: str
    post: str
    field: str
    place: str
    community_kind: str
    full_time: bool
    practitioner: bool
    principal: bool
    since: str
    until: str
    recognised_ground: str
    recognised_since: str
    recognised_until: str
    pay_year: int
    pay_fen: int


class Store:
    """One connection, one transaction per record."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "naive.sqlite", isolation_level=None, check_same_thread=False)
        for line in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE talent (id TEXT PRIMARY KEY, version INTEGER, summary BLOB, document BLOB)",
            "CREATE TABLE claim (claim TEXT PRIMARY KEY, id TEXT)",
            "CREATE TABLE place (view TEXT, key TEXT, id TEXT, PRIMARY KEY (view, key, id))",
            "CREATE TABLE outbox (seq INTEGER PRIMARY KEY, message BLOB)",
        ):
            self._database.execute(line)

    def write(self, step: Any, stamp: Stamp) -> None:
        found = self._database.execute("SELECT version, document FROM talent WHERE id = ?", (step.id,)).fetchone()
        talent = Talent(step.id, TALENT.decode(found[1]), found[0]) if found else Talent.new(step.id)
        change = Change(talent)
        change.apply(step.change)
        execute = self._database.execute
        execute("BEGIN")
        execute(
            "INSERT INTO talent VALUES (?,?,?,?) ON CONFLICT (id) DO UPDATE SET version = excluded.version,"
            " summary = excluded.summary, document = excluded.document",
            (talent.id, talent.version, TALENT.summary(talent), TALENT.encode(talent.state)),
        )
        for claim in TALENT.claims(talent):
            execute("INSERT OR IGNORE INTO claim VALUES (?,?)", (claim, talent.id))
        for view, key in TALENT.rows(talent):
            execute("INSERT OR IGNORE INTO place VALUES (?,?,?)", (view, key, talent.id))
        for recorded in talent.pending:
            for message in TALENT.messages(talent.id, recorded, stamp):
                execute("INSERT INTO outbox (message) VALUES (?)", (msgspec.msgpack.encode(message),))
        execute("COMMIT")


async def main(folder: Path, bootstrap: str, count: int, group: str) -> float:
    folder.mkdir(parents=True)
    clock = SystemClock()
    keys = LocalKeyRing.from_files(folder.parent / "keys")
    opener = SealOpener.from_files(folder.parent / "keys", deployment="local")
    store = Store(folder)
    done, began, over = 0, 0.0, asyncio.Event()
    broker = KafkaBroker(bootstrap, allow_auto_create_topics=False, logger=None)

    async def plain(message: Delivered) -> bytes:
        return message.body

    async def raw(record: ConsumerRecord, original: Any) -> Delivered:
        headers = {name: value.hex() for name, value in record.headers}
        consumer = original.__self__._consumer
        return Delivered(
            body=record.value, headers=headers, raw_message=record, message_id=str(record.offset), consumer=consumer
        )

    @broker.subscriber(TOPIC, group_id=group, auto_offset_reset="earliest", ack_policy=AckPolicy.ACK, no_reply=True,
                       decoder=plain, parser=raw)  # fmt: skip
    async def take(body: bytes, message: KafkaMessage) -> None:
        nonlocal done, began
        began = began or time.perf_counter()
        headers = partner_headers(message.raw_message.headers)
        record = records.TalentRecord.FromString(body)
        report = Report.model_validate({name: getattr(record, name) for name in Report.model_fields})
        command = record_talent.RecordTalent(
            person=Person(*opener.session(PARTNER, headers).open_identity(record.identity)),
            by=partner(PARTNER),
            origin=Origin(PARTNER, headers.record_id, headers.revision),
            department=PARTNER,
            **report.model_dump(),
        )
        step = record_talent.step(command, keys=keys, today=clock.day())
        await asyncio.to_thread(store.write, step, Stamp(instant(clock.now())))
        done += 1
        if done >= count:
            over.set()

    await broker.start()
    async with asyncio.timeout(120):
        await over.wait()
    rate = done / (time.perf_counter() - began)
    await broker.stop()
    return rate


if __name__ == "__main__":
    _, place, servers, number, round_group, _ = sys.argv[1:]
    configure_logging("ERROR", service="registry")
    print(uvloop.run(main(Path(place), servers, int(number), round_group)))
