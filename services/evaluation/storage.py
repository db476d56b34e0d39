"""OUT: aggregate ↔ document and views of evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from services.evaluation import publisher
from services.evaluation.domain.folded import (
    BY_PARTITION,
    PartitionPosition,
    PartitionState,
    Shard,
    ShardState,
    Subject,
    SubjectState,
    Tile,
    TileState,
)
from services.evaluation.domain.reference import Area, Indicator, Population, Reference, Target
from services.evaluation.domain.statement import Statement, StatementFacts, reach
from services.shared.runtime.store.kind import Kind, json_kind

# Written by the thousand and read by nobody: the compact form.
_msgpack = msgspec.msgpack.Encoder().encode


def _reference(kind: type[Reference]) -> Kind[Any]:
    return json_kind(kind, kind.facts_type, messages=publisher.reference_messages(kind))


def _packed(kind: type[Any], state: type[Any], rows: Callable[[Any], list[tuple[str, str]]] | None = None) -> Kind[Any]:
    decode = msgspec.msgpack.Decoder(state).decode
    if rows is None:
        return Kind(aggregate=kind, encode=_msgpack, decode=decode)
    return Kind(aggregate=kind, encode=_msgpack, decode=decode, rows=rows)


def _reach(statement: Statement) -> bytes:
    return str(reach(statement.published())).encode()


KINDS = (
    *(_reference(kind) for kind in (Area, Population, Indicator, Target)),
    json_kind(
        Statement,
        StatementFacts,
        summary=_reach,
        messages=publisher.statement_messages,
    ),
    _packed(Subject, SubjectState),
    _packed(Shard, ShardState, lambda shard: [(BY_PARTITION, shard.partition)]),
    _packed(PartitionState, PartitionPosition),
    _packed(Tile, TileState),
)
