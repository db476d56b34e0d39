"""OUT: domain event → Kafka record on evaluation.events.v1, signed checkpoints, and the wire form that reads serve."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.evaluation.domain.folded import Place
from services.evaluation.domain.indicator import Point, Reading
from services.evaluation.domain.reference import Area, Indicator, Population, Reference, Target
from services.evaluation.domain.statement import StatementFacts
from services.shared.kernel.aggregate import Recorded
from services.shared.kernel.dates import instant
from services.shared.kernel.ports import Clock, Message
from services.shared.runtime import envelope
from services.shared.runtime.keys import Key
from services.shared.runtime.store.kind import Stamp
from services.shared.runtime.stream_ports import Publisher
from swtalent.evaluation.v1 import evaluation_service_pb2 as service_pb
from swtalent.evaluation.v1 import events_pb2 as pb

_CHECKPOINT_TYPE = b"swtalent.evaluation.v1.Checkpoint"


def statement_facts(facts: StatementFacts) -> pb.StatementFacts:
    return envelope.message(pb.StatementFacts, facts)


_REFERENCE: dict[type[Reference], Any] = {
    Area: pb.AreaEvent,
    Population: pb.PopulationEvent,
    Indicator: pb.IndicatorEvent,
    Target: pb.TargetEvent,
}


def reference_messages(kind: type[Reference]) -> Callable[[str, Recorded, Stamp], tuple[Message]]:
    return envelope.messages("evaluation", _REFERENCE[kind])


statement_messages = envelope.messages("evaluation", pb.StatementEvent)


def indicator_value(reading: Reading) -> service_pb.IndicatorValue:
    definition, now = reading.definition, reading.point
    return service_pb.IndicatorValue(
        number=definition.number,
        name_zh=definition.name_zh,
        name_en=definition.name_en,
        area=reading.area,
        month=now.month,
        value=now.value,
        numerator=now.numerator,
        denominator=now.denominator,
        has_denominator=bool(definition.denominator),
        unit=definition.unit,
        target=reading.target,
        path_value=reading.path_value,
        share_of_target=reading.share_of_target,
        nature=definition.nature,
        reason=now.reason,
        trend=[_trend(it) for it in reading.trend],
        shape=definition.shape,
    )


def _trend(it: Point) -> service_pb.TrendPoint:
    return service_pb.TrendPoint(month=it.month, value=it.value, numerator=it.numerator, denominator=it.denominator)


class EvidenceKey:
    """The Notary of this deployment: Ed25519, C2SP signature lines (docs/wire.md §6)."""

    def __init__(self, key: Key) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(key.secret)
        self._public = key.public
        self._ids: dict[str, bytes] = {}

    def sign(self, text: str, *, name: str) -> str:
        key_id = self._ids.get(name)
        if key_id is None:
            key_id = hashlib.sha256(name.encode() + b"\n\x01" + self._public).digest()[:4]
            self._ids[name] = key_id
        return f"— {name} {base64.b64encode(key_id + self._private.sign(text.encode())).decode()}"


class CheckpointTopic:
    """Checkpoints on evaluation.checkpoints.v1, one record each (docs/wire.md §6)."""

    def __init__(self, publisher: Publisher, *, clock: Clock) -> None:
        self._publisher = publisher
        self._clock = clock

    async def publish(self, notes: Sequence[tuple[Place, int, str]]) -> list[bool]:
        time = instant(self._clock.now()).encode()
        return await self._publisher.publish([_checkpoint(place, size, text, time) for place, size, text in notes])

    async def stop(self) -> None:
        await self._publisher.stop()


def _checkpoint(place: Place, size: int, text: str, time: bytes) -> Message:
    key = f"{place[0]}/{place[1]}"
    headers = (
        ("content-type", b"text/plain; charset=utf-8"),
        ("ce_specversion", b"1.0"),
        ("ce_id", f"{key}:{size}".encode()),
        ("ce_source", b"swtalent/evaluation"),
        ("ce_type", _CHECKPOINT_TYPE),
        ("ce_time", time),
    )
    return Message(envelope.CHECKPOINTS, key.encode(), headers, text.encode())
