"""A refused record as an aggregate: stored in the commit of its window, fed to the sender and to the dead letter."""

from __future__ import annotations

import hashlib
import re

import msgspec

from services.shared.kernel.aggregate import Aggregate, Recorded
from services.shared.kernel.errors import DomainError, RuleBroken
from services.shared.kernel.ids import event_id
from services.shared.kernel.ports import Message
from services.shared.kernel.text import LONGEST_ID
from services.shared.runtime.envelope import (
    PARTNER_TYPE,
    dead_letter_topic,
    event_headers,
    partner_of,
    rejections_topic,
)
from services.shared.runtime.reader import Received
from services.shared.runtime.store.kind import Kind, Stamp, json_kind
from swtalent.common.v1 import refusal_pb2

VIEW = "refusals"

# Ids and codes are given back to the sender; anything that could be a name or an identity number is not.
_PLAIN = re.compile(r"[A-Za-z0-9._:/+\[\] -]*").fullmatch
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])"
_PERSONAL = re.compile(
    rf"(?<!\d)(?:\d{{6}}(?:18|19|20)\d{{2}}{_MONTH_DAY}\d{{3}}[\dXx]|\d{{8}}{_MONTH_DAY}\d{{3}}|1[3-9]\d{{9}})(?!\d)"
)
_MASK = "…"


class Defect(DomainError):
    """Alone, three times, a record raised an error that is not a refusal: the fault is ours, not the sender's."""

    reason = "DEFECT"
    zh, en = "平台处理该消息时出错", "The platform failed on this record"
    fix_zh, fix_en = "无需重发；平台修复后会重新处理", "Do not send it again; it is replayed once repaired"


class LimitReached(RuleBroken):
    reason = "LIMIT_REACHED"
    zh, en = "数据超出存储上限", "What the record adds to has reached its limit"
    fix_zh, fix_en = "请联系平台", "Ask the platform"


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why and where; of the record itself only its id, type and hash."""

    topic: str
    partition: int
    offset: int
    record_id: str
    record_type: str
    reason: str
    field: str
    explanation_zh: str
    explanation_en: str
    next_step_zh: str
    next_step_en: str
    metadata: dict[str, str]
    sha256: bytes


class Refusal(Aggregate[Refused | None]):
    """A record that left the stream (拒收). Id = topic:partition:offset:hash. Invariant: one per record, however
    often it is delivered. Never holds content of the record. Domain §7.
    """

    kind = "refusal"
    __slots__ = ()

    @classmethod
    def blank(cls) -> None:
        return None

    def refuse(self, refused: Refused) -> None:
        if not self.exists:
            self._record(refused, refused)


def refusal_id(record: Received) -> str:
    return f"{record.topic}:{record.partition}:{record.offset}:{_digest(record)[:4].hex()}"


def refused(record: Received, error: DomainError) -> Refused:
    headers: dict[str, bytes] = {}
    for name, value in record.headers:
        headers.setdefault(name, value)
    record_id = _plain(headers.get("ce_id"))
    return Refused(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        record_id=record_id.rpartition(":")[0] or record_id or _plain(record.key),
        record_type=_plain(headers.get("ce_type")).removeprefix(PARTNER_TYPE),
        reason=error.reason,
        field=_masked(error.field),
        explanation_zh=error.zh,
        explanation_en=error.en,
        next_step_zh=error.fix_zh,
        next_step_en=error.fix_en,
        metadata={name: _masked(value) for name, value in error.meta.items()},
        sha256=_digest(record),
    )


def refusal_kind(service: str) -> Kind[Refusal]:
    """Refusals of one service; view "refusals" lists them by partner (or by topic, where no partner sent it)."""

    def messages(aggregate_id: str, recorded: Recorded, stamp: Stamp) -> tuple[Message, ...]:
        return _messages(service, aggregate_id, recorded, stamp)

    return json_kind(Refusal, Refused | None, rows=_rows, summary=_summary, messages=messages)


def _rows(refusal: Refusal) -> tuple[tuple[str, str], ...]:
    return ((VIEW, _sender(refusal.state.topic)),) if refusal.state else ()


def _summary(refusal: Refusal) -> bytes:
    return _body(refusal.id, refusal.state).SerializeToString() if refusal.state else b""


def _messages(service: str, aggregate_id: str, recorded: Recorded, stamp: Stamp) -> tuple[Message, ...]:
    event: Refused = recorded.event
    body = _body(aggregate_id, event)
    body.refused_at = stamp.time
    value = body.SerializeToString()
    headers = event_headers(service, event_id(aggregate_id, recorded.version), body, stamp)
    key = (event.record_id or aggregate_id).encode()
    notice = Message(dead_letter_topic(service), key, headers, value)
    if _sender(event.topic) == event.topic:
        return (notice,)
    return (Message(rejections_topic(_sender(event.topic)), key, headers, value), notice)


def _body(aggregate_id: str, why: Refused) -> refusal_pb2.Refusal:
    return refusal_pb2.Refusal(id=aggregate_id, **msgspec.structs.asdict(why))


def _sender(topic: str) -> str:
    """The partner of a records topic; any other topic stands for itself."""
    if topic.startswith("partner.") and topic.endswith(".records.v1"):
        return partner_of(topic)
    return topic


def _digest(record: Received) -> bytes:
    return hashlib.sha256(record.value or b"").digest()


def _plain(value: bytes | None) -> str:
    """Text of a header or key if it is an id as the wire allows; "" otherwise."""
    text = (value or b"").decode("utf-8", "replace")
    return _masked(text) if len(text) <= 2 * LONGEST_ID and " " not in text and _PLAIN(text) else ""


def _masked(text: str) -> str:
    return _PERSONAL.sub(_MASK, text) if _PLAIN(text) else _MASK
