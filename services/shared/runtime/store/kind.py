"""How one kind of aggregate is stored and published. Each service's storage.py lists its kinds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from services.shared.kernel.aggregate import Aggregate, Recorded
from services.shared.kernel.ports import Message

A = TypeVar("A", bound=Aggregate[Any])


class Stamp(msgspec.Struct, frozen=True):
    """What a commit adds to every event of it: the instant (RFC 3339 UTC) and the trace it belongs to ("" = none)."""

    time: str
    trace: str = ""


def _none(_: Any) -> tuple[()]:
    return ()


def _no_summary(_: Any) -> bytes:
    return b""


def _silent(_id: str, _recorded: Recorded, _stamp: Stamp) -> tuple[()]:
    return ()


class Kind(msgspec.Struct, Generic[A], frozen=True):
    """`encode`/`decode` turn the state into a document and back (decode also reads documents of older releases).

    `claims`: strings that at most one aggregate of the kind may hold. `rows`: (view, key) pairs under which a page
    finds it. `summary`: bytes prepared for those pages. `messages`: the Kafka records of one event.
    """

    aggregate: type[A]
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    claims: Callable[[A], Collection[str]] = _none
    rows: Callable[[A], Collection[tuple[str, str]]] = _none
    summary: Callable[[A], bytes] = _no_summary
    messages: Callable[[str, Recorded, Stamp], Sequence[Message]] = _silent

    @property
    def name(self) -> str:
        return self.aggregate.kind


_encode = msgspec.json.Encoder().encode


def json_kind(aggregate: type[A], state: Any, **given: Any) -> Kind[A]:
    """A kind whose documents are its state as JSON; `given` are the other fields of `Kind`."""
    return Kind(aggregate, encode=_encode, decode=msgspec.json.Decoder(state).decode, **given)


def publishes(kind: Kind[Any]) -> bool:
    return kind.messages is not _silent


# Bytes; a commit of more gives the outcome TooLarge before anything is written (architecture §2).
LARGEST_DOCUMENT = 256 * 1024
LARGEST_FACTS = 4 * 1024
