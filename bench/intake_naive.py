"""The naive arm of B2: FastStream, one record per call, pydantic, one SELECT, upsert and commit each, fsync each.

The same rules and keys as the registry's; only the way of working differs. Called like bench.intake_arm.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import uvloop
from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from faststream.kafka.message import KafkaMessage as Delivered
from pydantic import BaseModel

from bench.records import TOPIC
from services.registry.domain.identifiers import id_number
from services.shared.kernel.dates import Day
from services.shared.runtime.envelope import partner_headers
from services.shared.runtime.sealing import LocalKeyRing, SealOpener
from services.shared.runtime.telemetry import configure_logging
from swtalent.partner.v1 import records_pb2 as records

TODAY = Day("2026-11-24")


class Affiliation(BaseModel):
    department: str
    organisation: str
    role: str
    field: str
    place: str
    since: str
    until: str
    full_time: bool
    practitioner: bool
    principal: bool


class Person(BaseModel):
    id: str
    name: str
    sealed: str
    affiliations: list[Affiliation]


async def main(folder: Path, bootstrap: str, count: int, group: str) -> float:
    folder.mkdir(parents=True)
    keys = LocalKeyRing.from_files(folder.parent / "keys")
    opener = SealOpener.from_files(folder.parent / "keys", deployment="local")
    database = sqlite3.connect(folder / "naive.sqlite", isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE person (id TEXT PRIMARY KEY, body TEXT)")
    database.execute("CREATE TABLE event (id TEXT PRIMARY KEY, body TEXT)")
    done, began, over = 0, 0.0, asyncio.Event()
    broker = KafkaBroker(bootstrap, allow_auto_create_topics=False, logger=None)

    def write(person: Person) -> None:
        found = database.execute("SELECT body FROM person WHERE id = ?", (person.id,)).fetchone()
        if found:
            held = Person.model_validate_json(found[0])
            person = person.model_copy(update={"affiliations": [*held.affiliations, *person.affiliations]})
        body = person.model_dump_json()
        database.execute("BEGIN")
        database.execute("INSERT INTO person VALUES (?,?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                         (person.id, body))  # fmt: skip
        database.execute("INSERT OR IGNORE INTO event VALUES (?,?)", (f"{person.id}:1", body))
        database.execute("COMMIT")

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
        sealed = opener.session("civil_affairs", headers)
        name, number, phone = sealed.open_identity(record.identity)
        talent = keys.blind_index("talent-id", id_number(number, field="id_number", today=TODAY))
        kept = keys.seal(origin=talent, fields={"name": name, "id_number": number, "phone": phone})
        affiliation = Affiliation.model_validate(
            {field: getattr(record, field) for field in Affiliation.model_fields if field != "department"}
            | {"department": "civil_affairs"}
        )
        person = Person(id=talent, name=json.dumps(name[:1]), sealed=kept.hex(), affiliations=[affiliation])
        await asyncio.to_thread(write, person)
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
    _, place, servers, number, round_group = sys.argv[1:]
    configure_logging("ERROR", service="registry")
    print(uvloop.run(main(Path(place), servers, int(number), round_group)))
