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


def area_facts(facts: Any) -> pb.AreaFacts:
    return pb.AreaFacts(
        **{**envelope.fields_of(facts), "townships": [pb.Township(**envelope.fields_of(it)) for it in facts.townships]}
    )


def population_facts(facts: Any) -> pb.PopulationFacts:
    return pb.PopulationFacts(
        code=facts.code, counts=[pb.PopulationCount(**envelope.fields_of(it)) for it in facts.counts]
    )


def indicator_facts(facts: Any) -> pb.IndicatorFacts:
    return pb.IndicatorFacts(**envelope.fields_of(facts))


def target_facts(facts: Any) -> pb.TargetFacts:
    return pb.TargetFacts(
        number=facts.number, versions=[pb.TargetVersion(**envelope.fields_of(it)) for it in facts.versions]
    )


_REFERENCE: dict[type[Reference], tuple[Callable[..., Any], Callable[[Any], Any]]] = {
    Area: (pb.AreaEvent, area_facts),
    Population: (pb.PopulationEvent, population_facts),
    Indicator: (pb.IndicatorEvent, indicator_facts),
    Target: (pb.TargetEvent, target_facts),
}


def reference_messages(kind: type[Reference]) -> Callable[[str, Recorded, Stamp], tuple[Message]]:
    event, facts = _REFERENCE[kind]

    def messages(aggregate_id: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
        body = event(
            id=aggregate_id,
            version=recorded.version,
            after=facts(recorded.facts),
            reference_set=pb.ReferenceSet(**envelope.fields_of(recorded.event)),
        )
        return (envelope.event("evaluation", aggregate_id, recorded.version, body, stamp),)

    return messages


def statement_facts(facts: StatementFacts) -> pb.StatementFacts:
    return pb.StatementFacts(
        month=facts.month,
        area=facts.area,
        cut=[
            pb.TopicCut(
                topic=topic.topic, partitions=[pb.PartitionCut(**envelope.fields_of(it)) for it in topic.partitions]
            )
            for topic in facts.cut
        ],
        values=[pb.StatementValue(**envelope.fields_of(it)) for it in facts.values],
        contributions_version=facts.contributions_version,
        restates=facts.restates,
        signature=facts.signature,
        published_on=facts.published_on,
    )


def statement_messages(statement_id: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
    body = pb.StatementEvent(
        id=statement_id,
        version=recorded.version,
        after=statement_facts(recorded.facts),
        statement_published=pb.StatementPublished(by=recorded.event.by),
    )
    return (envelope.event("evaluation", statement_id, recorded.version, body, stamp),)


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
