"""A change made ready to be written: what every store adapter shares before it touches its medium."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.change import Answer, Change, Remembered
from services.shared.kernel.dates import instant
from services.shared.kernel.outcome import TooLarge
from services.shared.kernel.ports import Clock, Message
from services.shared.runtime.store.kind import LARGEST_DOCUMENT, LARGEST_FACTS, Kind, Stamp, publishes
from services.shared.runtime.trace import trace_context

A = TypeVar("A", bound=Aggregate[Any])

SEPARATOR = "\x1f"

pack_message = msgspec.msgpack.Encoder().encode
unpack_message = msgspec.msgpack.Decoder(Message).decode
_pack = msgspec.msgpack.Encoder().encode
_values = msgspec.msgpack.Decoder(dict[str, str]).decode
_held = msgspec.msgpack.Decoder(tuple[tuple[str, ...], tuple[str, ...]]).decode

NOTHING: tuple[str, ...] = ()


class NewCause(msgspec.Struct, frozen=True, gc=False):
    """A cause to be remembered with its packed answer."""

    key: str
    digest: bytes
    version: int
    values: bytes

    def remembered(self) -> Remembered:
        return Remembered(self.digest, Answer(self.version, _values(self.values)))


class Prepared(msgspec.Struct, frozen=True):
    """All bytes of one change. `claims` and `buckets` are the whole sets after it; messages are packed."""

    kind: Kind[Any]
    id: str
    expected: int
    version: int
    state: Any
    document: bytes
    summary: bytes
    claims: tuple[str, ...]
    buckets: tuple[str, ...]
    causes: Sequence[NewCause]
    messages: Sequence[bytes]

    @property
    def key(self) -> tuple[str, str]:
        return (self.kind.name, self.id)


def joined(first: str, second: str) -> str:
    return first + SEPARATOR + second


def bucket(view: str, key: str) -> str:
    """View and key as one string, the prefix under which a page finds its rows."""
    return joined(view, key)


def past(prefix: str) -> str:
    """The first string after all that begin with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def pack_held(claims: tuple[str, ...], buckets: tuple[str, ...]) -> bytes:
    return _pack((claims, buckets)) if claims or buckets else b""


def unpack_held(packed: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return _held(packed) if packed else (NOTHING, NOTHING)


def stamp_of(clock: Clock) -> Stamp:
    return Stamp(instant(clock.now()), trace_context.get())


def refuse_doubles(changes: Sequence[Change[Any]]) -> None:
    """▲ One commit call names an aggregate once: its outcomes could not be told apart otherwise."""
    if len({(change.aggregate.kind, change.aggregate.id) for change in changes}) != len(changes):
        raise ValueError("two changes of one aggregate in one commit")


def prepare(kind: Kind[Any], change: Change[Any], stamp: Stamp) -> Prepared | TooLarge:
    """Encode a dirty change. The headers of its events are fixed here, so a repeat is byte-identical."""
    aggregate = change.aggregate
    document = kind.encode(aggregate.state)
    if len(document) > LARGEST_DOCUMENT:
        return TooLarge("document", len(document))
    causes = []
    messages = []
    speaks = publishes(kind)
    aggregate_id = aggregate.id
    for entry in change.entries:
        why = entry.cause
        if why is not None:
            causes.append(NewCause(why.key, why.digest, entry.answer.version, _pack(entry.answer.values)))
        if speaks:
            for recorded in entry.recorded:
                for message in kind.messages(aggregate_id, recorded, stamp):
                    if len(message.value) > LARGEST_FACTS:
                        return TooLarge("facts", len(message.value))
                    messages.append(pack_message(message))
    rows = kind.rows(aggregate)
    return Prepared(
        kind,
        aggregate_id,
        change.expected,
        aggregate.version,
        aggregate.state,
        document,
        kind.summary(aggregate),
        _once(kind.claims(aggregate)),
        _once([view + SEPARATOR + key for view, key in rows]) if rows else NOTHING,
        causes,
        messages,
    )


def _once(strings: Collection[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(strings)) if len(strings) > 1 else tuple(strings)


def difference(before: Iterable[str], after: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """What is gone and what is new."""
    old, new = set(before), set(after)
    return [one for one in before if one not in new], [one for one in after if one not in old]


class Kinds:
    """The kinds of one service by aggregate class and by name; an unknown one is a defect of its storage.py."""

    def __init__(self, kinds: Sequence[Kind[Any]]) -> None:
        self._by_class = {kind.aggregate: kind for kind in kinds}
        self._by_name = {kind.name: kind for kind in kinds}
        if not len(self._by_class) == len(self._by_name) == len(kinds):
            raise ValueError("two kinds of one name or class")

    def of(self, aggregate: type[Aggregate[Any]]) -> Kind[Any]:
        return self._by_class[aggregate]

    def named(self, name: str) -> Kind[Any]:
        return self._by_name[name]

    def __iter__(self) -> Any:
        return iter(self._by_class.values())
