"""CloudEvents 1.0, binary mode on Kafka: the headers of our events and of partners' records (docs/wire.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from google.protobuf import message_factory
from google.protobuf.message import Message as Protobuf

from services.shared.kernel.aggregate import Recorded
from services.shared.kernel.errors import FieldMissing, FieldTooLong, Invalid
from services.shared.kernel.ids import event_id
from services.shared.kernel.ports import Message
from services.shared.kernel.text import LONGEST_ID
from services.shared.runtime.store.kind import Stamp

M = TypeVar("M", bound=Protobuf)

EVENT_TOPICS = {
    "registry": "registry.events.v1",
    "stations": "stations.events.v1",
    "funding": "funding.events.v1",
    "evaluation": "evaluation.events.v1",
}
CHECKPOINTS = "evaluation.checkpoints.v1"
ACCESS_AUDIT = "audit.access.v1"
PARTNER_TYPE = "swtalent.partner.v1."
Headers = tuple[tuple[str, bytes], ...]
_FIXED = (("content-type", b"application/protobuf"), ("ce_specversion", b"1.0"))


def records_topic(partner: str) -> str:
    return f"partner.{partner}.records.v1"


def rejections_topic(partner: str) -> str:
    return f"partner.{partner}.rejections.v1"


def dead_letter_topic(service: str) -> str:
    return f"{service}.dead-letter.v1"


def partner_of(topic: str) -> str:
    """The partner whose records topic this is."""
    return topic.removeprefix("partner.").removesuffix(".records.v1")


def event_headers(service: str, ce_id: str, body: Protobuf, stamp: Stamp) -> Headers:
    """CloudEvents attributes of a record that the service writes, in the order of docs/wire.md."""
    return _headers(f"swtalent/{service}".encode(), body.DESCRIPTOR.full_name.encode(), ce_id, stamp)


def _headers(source: bytes, type_: bytes, ce_id: str, stamp: Stamp) -> Headers:
    headers: Headers = (
        *_FIXED,
        ("ce_id", ce_id.encode()),
        ("ce_source", source),
        ("ce_type", type_),
        ("ce_time", stamp.time.encode()),
    )
    return (*headers, ("traceparent", stamp.trace.encode())) if stamp.trace else headers


def event(service: str, aggregate_id: str, version: int, body: Protobuf, stamp: Stamp) -> Message:
    """The Kafka record of one domain event; its key is the aggregate id."""
    headers = event_headers(service, event_id(aggregate_id, version), body, stamp)
    return Message(EVENT_TOPICS[service], aggregate_id.encode(), headers, body.SerializeToString())


def fields_of(value: Any) -> dict[str, Any]:
    """The fields of a struct by name, for the message whose fields are named the same."""
    return {name: getattr(value, name) for name in value.__struct_fields__}


def message(kind: type[M], value: Any) -> M:
    """A struct as the message whose fields are named the same, structs inside it included."""
    fields = fields_of(value)
    for name, (of, repeated) in _inner_of(kind).items():
        if (held := fields.get(name)) is not None:
            fields[name] = [message(of, it) for it in held] if repeated else message(of, held)
    return kind(**fields)


def embedded(number: int, body: bytes) -> bytes:
    """A field that holds a message or text, as protobuf writes it, so that encoded parts are not encoded again."""
    return varint(number << 3 | 2) + varint(len(body)) + body


def varint(value: int) -> bytes:
    if value < 128:  # noqa: PLR2004 - one byte, nearly always
        return _BYTE[value]
    some = bytearray()
    while value > 127:  # noqa: PLR2004 - seven bits a byte
        some.append(value & 127 | 128)
        value >>= 7
    some.append(value)
    return bytes(some)


def messages(
    service: str, kind: type[Protobuf], facts: Callable[[Any], bytes] | None = None
) -> Callable[[str, Recorded, Stamp], tuple[Message]]:
    """Domain event → its one record: `after` are the facts, and the member of `oneof change` is named as the event.

    `facts` gives them encoded; the record's value is what protobuf would write of the whole.
    """
    after = _inner_of(kind)["after"][0]
    told = facts or (lambda public: message(after, public).SerializeToString())
    change_of: Any = kind.DESCRIPTOR.oneofs_by_name["change"]
    changes = {
        field.message_type.name: (field.number, message_factory.GetMessageClass(field.message_type))
        for field in change_of.fields
    }
    topic, source, type_ = EVENT_TOPICS[service], f"swtalent/{service}".encode(), kind.DESCRIPTOR.full_name.encode()

    def recorded_as(aggregate_id: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
        number, change = changes[type(recorded.event).__name__]
        key = aggregate_id.encode()
        value = b"".join(
            (
                embedded(1, key),
                _VERSION + varint(recorded.version),
                embedded(3, told(recorded.facts)),
                embedded(number, message(change, recorded.event).SerializeToString()),
            )
        )
        return (Message(topic, key, _headers(source, type_, event_id(aggregate_id, recorded.version), stamp), value),)

    return recorded_as


_BYTE = tuple(bytes((value,)) for value in range(128))
_VERSION = varint(2 << 3)  # field 2, a number


def _inner_of(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Fields that are messages themselves: their class, and whether there are many."""
    known = _INNER.get(kind)
    if known is None:
        known = _INNER[kind] = {
            field.name: (message_factory.GetMessageClass(field.message_type), field.is_repeated)
            for field in kind.DESCRIPTOR.fields
            if field.message_type is not None
        }
    return known


# One entry per message type of the contracts.
_INNER: dict[Any, dict[str, tuple[Any, bool]]] = {}


def header(headers: Sequence[tuple[str, bytes]], name: str) -> bytes:
    """The first header of this name; b"" when there is none."""
    for found, value in headers:
        if found == name:
            return value
    return b""


class HeaderInvalid(Invalid):
    reason = "HEADER_INVALID"
    zh, en = "消息头无效", "A header is not valid"
    fix_zh, fix_en = "请按接入文档设置 CloudEvents 消息头", "Set the CloudEvents headers as docs/partners.md says"


class PartnerHeaders(msgspec.Struct, frozen=True):
    """`type` is the name within swtalent.partner.v1, for example TalentRecord."""

    type: str
    record_id: str
    revision: int
    seal: bytes
    trace: str


def partner_headers(headers: Sequence[tuple[str, bytes]]) -> PartnerHeaders:
    """Read the headers of a partner's record. The first of a repeated name counts.

    Raises FIELD_MISSING, FIELD_TOO_LONG or HEADER_INVALID with the header's name as the field.
    """
    found: dict[str, bytes] = {}
    for name, value in headers:
        found.setdefault(name, value)
    kind = _ascii(found, "ce_type")
    if not kind.startswith(PARTNER_TYPE):
        raise HeaderInvalid(field="headers.ce_type")
    record_id, _, revision = _ascii(found, "ce_id").rpartition(":")
    if not record_id or not revision.isdigit() or not 0 < int(revision) < 2**63:
        raise HeaderInvalid(field="headers.ce_id")
    if len(record_id) > LONGEST_ID:
        raise FieldTooLong(field="headers.ce_id", longest=LONGEST_ID)
    trace = found.get("traceparent", b"")
    return PartnerHeaders(
        kind[len(PARTNER_TYPE) :],
        record_id,
        int(revision),
        found.get("swtalent-seal", b""),
        trace.decode("ascii", "ignore") if trace and len(trace) <= LONGEST_ID else "",
    )


def _ascii(found: dict[str, bytes], name: str) -> str:
    value = found.get(name)
    if not value:
        raise FieldMissing(field=f"headers.{name}")
    if len(value) > 2 * LONGEST_ID:
        raise FieldTooLong(field=f"headers.{name}", longest=2 * LONGEST_ID)
    try:
        return value.decode("ascii")
    except UnicodeDecodeError:
        raise HeaderInvalid(field=f"headers.{name}") from None
