"""One window of an intake without Kafka: read, load twice, apply, commit; and records to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message as Protobuf

from services.shared.kernel.outcome import Outcome
from services.shared.kernel.ports import Message
from services.shared.runtime.envelope import PARTNER_TYPE, records_topic
from services.shared.runtime.reader import Reader, Received


async def window(store: Any, reader: Reader, records: Sequence[Received]) -> list[Outcome]:
    tasks = [task for record in records if (task := reader.read(record)) is not None]
    changes: dict[tuple[Any, str], Any] = {}

    async def load(refs: Any) -> None:
        for kind, one in refs:
            if (kind, one) not in changes:
                changes[(kind, one)] = (await store.get_many(kind, [one]))[one]

    for task in tasks:
        await load(task.needs)
    for task in tasks:
        await load(reader.also_needs(task, lambda kind, one: changes[(kind, one)]))
        reader.apply(task, lambda kind, one: changes[(kind, one)])
    return await store.commit([change for change in changes.values() if change.dirty])


async def said(store: Any) -> list[Received]:
    """Everything in the store's outbox, in order, as it would come out of Kafka."""
    return [a_received(it.message, offset) for offset, it in enumerate(await store.outbox.unsent(100_000))]


def a_received(message: Message, offset: int = 0) -> Received:
    return Received(message.topic, 0, offset, message.key, message.value, message.headers, 0)


def a_partner_message(
    body: Protobuf, *, partner: str = "civil_affairs", record_id: str = "r1", revision: int = 1
) -> Message:
    """A partner's record without sealed fields."""
    headers = (
        ("content-type", b"application/protobuf"),
        ("ce_specversion", b"1.0"),
        ("ce_id", f"{record_id}:{revision}".encode()),
        ("ce_source", f"partner/{partner}".encode()),
        ("ce_type", f"{PARTNER_TYPE}{body.DESCRIPTOR.name}".encode()),
        ("ce_time", b"2025-06-30T04:00:00.000Z"),
    )
    return Message(records_topic(partner), record_id.encode(), headers, body.SerializeToString())


def a_partner_record(body: Protobuf, *, offset: int = 0, **given: Any) -> Received:
    return a_received(a_partner_message(body, **given), offset)
