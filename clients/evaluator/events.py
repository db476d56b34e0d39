"""What a record on an event topic must be (docs/wire.md §2, §3): known type, own topic, own partition, headers that say
what the value says.
"""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from clients.evaluator.logs import PARTITIONS, Place
from clients.evaluator.tree import Unreadable, record_of
from swtalent.evaluation.v1 import events_pb2 as evaluation
from swtalent.funding.v1 import events_pb2 as funding
from swtalent.registry.v1 import events_pb2 as registry
from swtalent.stations.v1 import events_pb2 as stations

# ce_type → its topic, its message
_KNOWN: dict[str, tuple[str, Any]] = {
    message.full_name: (f"{message.full_name.split('.')[1]}.events.v1", getattr(module, name))
    for module in (registry, stations, funding, evaluation)
    for name, message in module.DESCRIPTOR.message_types_by_name.items()
    if name.endswith("Event")
}


class NotAnEvent(ValueError):
    """The text says what is wrong with the record."""


class Event(NamedTuple):
    """`type` is the full name of the message, `value` its bytes as they stand in the log."""

    type: str
    id: str
    version: int
    value: bytes


def event_of(place: Place, data: bytes) -> Event:
    """The event in an entry's leaf data. Raises NotAnEvent."""
    try:
        key, value, headers = record_of(data)
    except Unreadable as error:
        raise NotAnEvent(f"is no record: {error}") from None
    found = dict(reversed(headers))  # of a repeated name the first one
    type_ = (found.get("ce_type") or b"").decode("ascii", "replace")
    topic, message = _KNOWN.get(type_, ("", None))
    if message is None or value is None:
        raise NotAnEvent(f"is no known event: {type_ or 'no ce_type'}")
    if topic != place[0]:
        raise NotAnEvent(f"is a {type_}, which belongs on {topic}")
    try:
        body = message.FromString(value)
    except DecodeError:
        raise NotAnEvent(f"is no {type_}") from None
    id_, version = body.id, body.version
    name = f"{id_}:{version}".encode()
    if found.get("ce_id") != name or key is None or key != id_.encode():
        raise NotAnEvent(f"says {name.decode()}, its key and ce_id {key!r} and {found.get('ce_id')!r}")
    if zlib.crc32(key) % PARTITIONS != place[1]:
        raise NotAnEvent(f"of {id_} belongs in partition {zlib.crc32(key) % PARTITIONS}")
    return Event(type_, id_, version, value)


def decoded(type_: str, value: bytes) -> Any:
    """The message that `event_of` accepted before."""
    return _KNOWN[type_][1].FromString(value)
