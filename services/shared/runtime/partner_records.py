"""Reader of partners' records: every service takes the types that partner/v1 says it owns, each as one step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec
from google.protobuf.message import DecodeError

from services.shared.kernel.errors import CodeUnknown, DomainError, Invalid
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner, partner
from services.shared.kernel.step import ClaimStep, Step
from services.shared.runtime.envelope import PARTNER_TYPE, PartnerHeaders, header, partner_headers, partner_of
from services.shared.runtime.reader import Changes, Received, Ref, Task
from services.shared.runtime.waiting import Claimed, Waiting, waiting_id
from swtalent.common.v1 import access_pb2
from swtalent.partner.v1 import records_pb2

# Begins with ^: a pattern, so that a partner registered tomorrow is read without a restart.
PARTNER_TOPICS = r"^partner\..*\.records\.v1$"


class RecordUndecodable(Invalid):
    reason = "RECORD_UNDECODABLE"
    zh, en = "记录内容无法解析", "The value is not a message of the type that ce_type names"
    fix_zh, fix_en = "请按 partner/v1 的定义编码", "Encode it as partner/v1 defines it"


class Sender(msgspec.Struct, frozen=True):
    """Who sent a record, and which one it is. Department and area come from the topic, never from a field."""

    partner: Partner
    headers: PartnerHeaders

    @property
    def origin(self) -> Origin:
        return Origin(self.partner.name, self.headers.record_id, self.headers.revision)


Handler = Callable[[Any, Sender], Step | ClaimStep]


def owners() -> dict[str, str]:
    """Type → service, from the option record_type of partner/v1."""
    return {
        name: message.GetOptions().Extensions[access_pb2.record_type].owner
        for name, message in records_pb2.DESCRIPTOR.message_types_by_name.items()
        if message.GetOptions().HasExtension(access_pb2.record_type)
    }


class PartnerRecords:
    """A record that nobody could own (headers unreadable, type unknown) is refused once, by `first_owner` only."""

    name = "partner-records"
    topics = (PARTNER_TOPICS,)

    def __init__(self, service: str, handlers: Mapping[str, Handler], *, first_owner: bool = False) -> None:
        self._owners = owners()
        owned = {name for name, owner in self._owners.items() if owner == service}
        if owned != set(handlers):
            raise ValueError(f"{service} owns {sorted(owned)} and handles {sorted(handlers)}")
        self._handlers = {name: (getattr(records_pb2, name), handle) for name, handle in handlers.items()}
        self._types = {f"{PARTNER_TYPE}{name}".encode() for name in handlers}
        self._first_owner = first_owner

    def read(self, record: Received) -> Task | None:
        if not self._first_owner and header(record.headers, "ce_type") not in self._types:
            return None  # what most records are to most services
        try:
            headers = partner_headers(record.headers)
        except DomainError:
            if self._first_owner:
                raise
            return None
        handler = self._handlers.get(headers.type)
        if handler is None:
            if self._first_owner and headers.type not in self._owners:
                raise CodeUnknown(field="headers.ce_type", code=headers.type[:64])
            return None
        sender = Sender(partner(partner_of(record.topic)), headers)
        try:
            body = handler[0].FromString(record.value or b"")
        except DecodeError:
            raise RecordUndecodable(field="value", type=headers.type) from None
        step = handler[1](body, sender)
        if isinstance(step, ClaimStep):
            return Task((), Claimed(step, record), ((step.kind, step.claim),))
        return Task(((step.kind, step.id),), step)

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        if not isinstance(task.content, Claimed):
            return ()
        step, record = task.content.step, task.content.record
        holder = changes.holder(step.kind, step.claim)
        return ((step.kind, holder),) if holder else ((Waiting, waiting_id(record)),)

    def apply(self, task: Task, changes: Changes) -> None:
        """What is about somebody whom nobody has reported yet waits (waiting.py)."""
        if not isinstance(task.content, Claimed):
            step: Step = task.content
            changes(step.kind, step.id).apply(step.change)
            return
        claimed: ClaimStep = task.content.step
        record = task.content.record
        holder = changes.holder(claimed.kind, claimed.claim)
        if holder:
            changes(claimed.kind, holder).apply(claimed.change)
        else:
            changes(Waiting, waiting_id(record)).apply(lambda it: it.wait(record))
