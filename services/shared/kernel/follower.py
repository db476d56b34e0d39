"""How far a service has read another aggregate's events, and what it derived from them (architecture §3, versions)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.change import Change


class EventGapError(Exception):
    """EVENT_GAP: a version is missing in front of this event; the partition stops until somebody looks."""

    def __init__(self, subject: str, last: int, found: int) -> None:
        super().__init__(f"EVENT_GAP {subject}: version {found} follows {last}")
        self.subject, self.last, self.found = subject, last, found


class Followed(msgspec.Struct, frozen=True):
    last: int = 0
    # Ids of own aggregates into which the subject's last facts were written.
    written_to: tuple[str, ...] = ()


class Seen(msgspec.Struct, frozen=True):
    """The only event of a follower; never published."""

    last: int


class Follower(Aggregate[Followed]):
    """One aggregate of a neighbour (or of ourselves) as seen from here. Id = "<reader>/<subject id>".

    Invariant: from the first one that concerns the reader on, versions are applied without a gap, each once.
    """

    kind = "follower"
    __slots__ = ()

    @classmethod
    def blank(cls) -> Followed:
        return Followed()

    def is_next(self, version: int) -> bool:
        """False for a repeat; raises EventGapError when a version between is missing.

        A subject is followed from the first event that concerns the reader; facts are whole, so any version will do
        for a beginning.
        """
        if version <= self.state.last:
            return False
        if self.exists and version != self.state.last + 1:
            raise EventGapError(self.id, self.state.last, version)
        return True

    def see(self, version: int, written_to: tuple[str, ...]) -> None:
        """Take note of `version`; call after `is_next`."""
        self._record(Seen(version), Followed(version, written_to))


def hear(change: Change[Any], subject: str, version: int, write: Callable[[Any], object]) -> None:
    """Write what was derived from `subject` at `version` into an aggregate; without effect once it heard a later one.

    The follower alone cannot guard this: a replica that lost its partition may have read it long ago and still write
    older facts over newer ones, for which no event comes again. So the aggregate's state carries `heard` (subject →
    version), kept for subjects that left it, too. Decision record 0012.
    """

    def once(aggregate: Any) -> None:
        before = aggregate.state
        if version <= before.heard.get(subject, 0):
            return
        write(aggregate)
        if aggregate.state is not before:
            heard = {**before.heard, subject: version}
            aggregate.state = msgspec.structs.replace(aggregate.state, heard=heard)

    change.apply(once)
