"""What became of one change in a commit call."""

from __future__ import annotations

import msgspec

from services.shared.kernel.change import Answer


class Stored(msgspec.Struct, frozen=True, gc=False):
    """Durable, with its events in the outbox."""

    version: int


class Repeated(msgspec.Struct, frozen=True):
    """The change's only cause was stored before; nothing was written."""

    answer: Answer


class Clash(msgspec.Struct, frozen=True):
    """Another commit changed the aggregate first; nothing was written."""

    found: int


class Taken(msgspec.Struct, frozen=True):
    """Another aggregate of the kind holds the claim; nothing was written."""

    claim: str
    holder: str


class TooLarge(msgspec.Struct, frozen=True):
    """A limit of the store is exceeded; nothing was written.

    `what`: document or facts (bytes; it will never fit), or unsent (events; it fits once the relay has caught up).
    """

    what: str
    size: int


class StoreDown(msgspec.Struct, frozen=True):
    """The store did not answer, so nothing is known; nothing may be acknowledged."""

    why: str


Outcome = Stored | Repeated | Clash | Taken | TooLarge | StoreDown
