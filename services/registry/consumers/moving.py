"""Saga on the registry's own events: what a merge, or its undoing, still has to do at the other of the two talents.

Every step looks at what is stored now, not at what the event said, and changes one talent: so it may be told late or
repeatedly, and a step that was lost with its process is done when the event is delivered again (docs/adr/0011).
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from services.registry.domain.identity_case import SAME, IdentityCase
from services.registry.domain.merging import MergeKey
from services.registry.domain.talent import Talent
from services.shared.runtime.envelope import EVENT_TOPICS, header
from services.shared.runtime.reader import Changes, Received, Ref, Task
from swtalent.registry.v1 import events_pb2 as events

# moved_to (an id of 32 characters), part_taken, part_released: what a record without any of these is not worth
# decoding for. A match that is none costs a decoding.
_OF_A_MERGE = re.compile(rb"\x4a\x20[0-9a-f]{32}|\xe2\x01|\xea\x01").search
_TALENT = events.TalentEvent.DESCRIPTOR.full_name.encode()
_CASE = events.IdentityCaseEvent.DESCRIPTOR.full_name.encode()


class _Pair(msgspec.Struct, frozen=True):
    winner: str
    loser: str
    released: bool


class _Decided(msgspec.Struct, frozen=True):
    case: str
    version: int


class Moving:
    """A loser's part reaches its winner, the loser hears of it; a released one comes back; a decided merge is made."""

    name = "moving"
    topics = (EVENT_TOPICS["registry"],)

    def read(self, record: Received) -> Task | None:
        kind = header(record.headers, "ce_type")
        if kind == _TALENT and _OF_A_MERGE(record.value or b""):
            pair = _pair(events.TalentEvent.FromString(record.value or b""))
            return Task(((Talent, pair.winner), (Talent, pair.loser)), pair) if pair else None
        if kind == _CASE:
            event = events.IdentityCaseEvent.FromString(record.value or b"")
            if event.after.resolution == SAME and event.after.other:
                return Task(((IdentityCase, event.id),), _Decided(event.id, event.version))
        return None

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        if not isinstance(task.content, _Decided):
            return ()
        state = changes(IdentityCase, task.content.case).aggregate.state
        return [(Talent, talent) for talent in (state.winner, state.loser) if talent]

    def apply(self, task: Task, changes: Changes) -> None:
        if isinstance(task.content, _Decided):
            _begin(task.content, changes)
            return
        pair: _Pair = task.content
        winner, loser = changes(Talent, pair.winner), changes(Talent, pair.loser)
        part = winner.aggregate.state.merge.part(pair.loser) if winner.aggregate.state.merge else None
        if part is None:
            if pair.released:
                loser.apply(lambda it: it.move_back(pair.winner))
        elif loser.aggregate.moved_to != pair.winner:
            loser.apply(lambda it: it.move_into(pair.winner, part.why))
        elif loser.aggregate.state.merge.moving > part.version:
            newer = loser.aggregate.part_of()
            winner.apply(lambda it: it.take(newer))
        else:
            loser.apply(lambda it: it.arrive(part.version))


def _pair(event: events.TalentEvent) -> _Pair | None:
    change = event.WhichOneof("change")
    if change == "part_taken":
        return _Pair(event.id, event.part_taken.loser, released=False)
    if change == "part_released":
        return _Pair(event.id, event.part_released.loser, released=True)
    if event.after.moving:
        return _Pair(event.after.moved_to, event.id, released=False)
    return None


def _begin(decided: _Decided, changes: Changes) -> None:
    """The command does this too; here it is made up for when its process was lost."""
    case = changes(IdentityCase, decided.case).aggregate
    state, why = case.state, MergeKey(decided.case, decided.version)
    if case.version != decided.version or not state.winner:
        return
    loser = changes(Talent, state.loser).aggregate
    if loser.state.merge is None or not loser.state.merge.is_done(why):
        changes(Talent, state.winner).apply(lambda it: it.expect(state.loser, why))
