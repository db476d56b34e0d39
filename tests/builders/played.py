"""The registry's readers over aggregates in memory, without store or Kafka: what a record tells is heard at once."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from typing import Any
from unicodedata import normalize

import msgspec

from clients.partner.builders import BUILDERS
from deploy.sample.record import Record
from services.registry.consumers.contracts import Contracts
from services.registry.consumers.departments import Departments
from services.registry.consumers.moving import Moving
from services.registry.consumers.own_headcounts import OwnHeadcounts
from services.registry.consumers.own_memberships import OwnMemberships
from services.registry.consumers.own_organisations import OwnOrganisations
from services.registry.consumers.own_programmes import OwnProgrammes
from services.registry.consumers.own_talents import OwnTalents
from services.registry.consumers.sheets import Sheets
from services.registry.domain.person import normalised
from services.registry.storage import KINDS
from services.shared.kernel.change import Change
from services.shared.kernel.follower import Follower
from services.shared.runtime.envelope import PARTNER_TYPE, records_topic
from services.shared.runtime.reader import Reader, Received
from services.shared.runtime.store.kind import Stamp
from swtalent.partner.v1 import records_pb2 as records
from tests.builders.registry import PlainKeys
from tests.builders.serving import SetClock

_KINDS = {kind.aggregate: kind for kind in KINDS}
_TYPES = {builder.__name__: kind for builder, kind in BUILDERS.values()}
_STAMP = Stamp("2026-11-24T04:00:00.000Z")
_IDENTITY = ("name", "id_number", "phone")


class SameSeal(PlainKeys):
    """Seals whom it is about, not how the name was spelt: a seal of the same text twice is never the same bytes."""

    def seal(self, *, origin: str, fields: dict[str, str]) -> bytes:
        return super().seal(origin=origin, fields={**fields, "name": normalised(fields["name"]), "id_number": ""})


class PlainOpener:
    """In the place of SealOpener, for records whose sealed fields hold their text in clear."""

    def session(self, partner: str, headers: Any) -> PlainOpener:
        return self

    def open(self, field: str, sealed: bytes) -> str:
        return normalize("NFC", sealed.decode())

    def open_identity(self, identity: records.SealedIdentity) -> tuple[str, ...]:
        return tuple(self.open(name, getattr(identity, name)) for name in _IDENTITY)


def as_received(record: Record) -> Received:
    """The sample's record on its partner's topic, unsealed."""
    kind, fields = _TYPES[record.type], dict(record.fields)
    clear = {name: record.personal.get(name, "").encode() for name in kind.sealed}
    if clear:
        fields["identity"] = records.SealedIdentity(**{name: clear.pop(name) for name in _IDENTITY})
    body = kind.message(**fields, **clear) if record.type != "appropriation" else records.AppropriationRecord()
    headers = (
        ("content-type", b"application/protobuf"),
        ("ce_specversion", b"1.0"),
        ("ce_id", f"{record.record_id}:{record.revision}".encode()),
        ("ce_source", f"partner/{record.partner}".encode()),
        ("ce_type", f"{PARTNER_TYPE}{kind.name}".encode()),
        ("ce_time", b"2026-11-24T04:00:00.000Z"),
    )
    topic = records_topic(record.partner)
    return Received(topic, 0, 0, record.record_id.encode(), body.SerializeToString(), headers, 0)


class Played:
    """Aggregates by kind and id. `tell` is given every event in the order in which it was stored."""

    def __init__(self, *, tell: Callable[[Received], None] | None = None) -> None:
        self.aggregates: dict[tuple[Any, str], Any] = {}
        self._departments = Departments(keys=SameSeal(), opener=PlainOpener(), clock=SetClock()).reader()  # type: ignore[arg-type]
        self._readers: tuple[Reader, ...] = (
            OwnTalents(),
            Moving(),
            OwnMemberships(),
            OwnOrganisations(),
            OwnProgrammes(),
            OwnHeadcounts(),
            Sheets(),
            Contracts(),
        )
        self._tell = tell
        self._events: deque[Received] = deque()

    def deliver(self, record: Record) -> None:
        self._read(self._departments, as_received(record))
        while self._events:
            event = self._events.popleft()
            if self._tell:
                self._tell(event)
            for reader in self._readers:
                self._read(reader, event)

    def _read(self, reader: Reader, record: Received) -> None:
        task = reader.read(record)
        if task is None:
            return
        changes: dict[tuple[Any, str], Change[Any]] = {}

        def load(ref: tuple[Any, str]) -> None:
            if ref not in changes:
                held = self.aggregates.get(ref)
                changes[ref] = Change(ref[0].new(ref[1]) if held is None else held)

        for ref in task.needs:
            load(ref)
        for ref in reader.also_needs(task, lambda kind, one: changes[kind, one]):
            load(ref)
        reader.apply(task, lambda kind, one: changes[kind, one])
        for ref, change in changes.items():
            aggregate = change.aggregate
            if not aggregate.pending:
                continue
            kind = _KINDS[ref[0]]
            if kind.messages is not None:
                for recorded in aggregate.pending:
                    self._events += [
                        Received(it.topic, 0, 0, it.key, it.value, it.headers, 0)
                        for it in kind.messages(aggregate.id, recorded, _STAMP)
                    ]
            aggregate.pending.clear()
            self.aggregates[ref] = aggregate

    def documents(self) -> dict[tuple[str, str], bytes]:
        """SHA-256 of what the store would hold of each aggregate, apart from versions; followers hold nothing else. One
        that is empty again is as good as none.
        """
        found = {}
        for (kind, id_), aggregate in self.aggregates.items():
            if kind is Follower:
                continue
            state = aggregate.state
            if hasattr(state, "heard"):
                state = msgspec.structs.replace(state, heard={})
            if state != kind.blank():
                found[kind.kind, id_] = hashlib.sha256(_KINDS[kind].encode(state)).digest()
        return found
