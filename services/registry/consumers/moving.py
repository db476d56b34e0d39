"""Saga on the registry's own events: what a merge, or its undoing, still has to do at the other of the two talents.

Every step looks at what is stored now, not at what the event said, and may be told late or repeatedly; a step that was
lost with its process is done when the event is delivered again (docs/adr/0011).
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from services.registry.domain import merge_steps
from services.registry.domain.identity_case import DIFFERENT, IdentityCase, candidate_id
from services.registry.domain.merging import MergeKey
from services.registry.domain.talent import Talent
from services.shared.kernel.errors import RuleBroken
from services.shared.runtime.envelope import EVENT_TOPICS, header
from services.shared.runtime.reader import Changes, Received, Ref, Task
from swtalent.registry.v1 import events_pb2 as events

# moved_to (an id of 32 characters), part_taken, part_released, moved_back: what a record without any of these is not
# worth decoding for. A match that is none costs a decoding.
_OF_A_MERGE = re.compile(rb"\x4a\x20[0-9a-f]{32}|\xe2\x01|\xea\x01|\xf2\x01").search
_TALENT = events.TalentEvent.DESCRIPTOR.full_name.encode()
_CASE = events.IdentityCaseEvent.DESCRIPTOR.full_name.encode()


class _Pair(msgspec.Struct, frozen=True):
    winner: str
    loser: str


class Moving:
    """A loser's part reaches its winner, the loser hears of it; a released one comes back; what a case says is done."""

    name = "moving"
    topics = (EVENT_TOPICS["registry"],)

    def read(self, record: Received) -> Task | None:
        kind = header(record.headers, "ce_type")
        if kind == _TALENT and _OF_A_MERGE(record.value or b""):
            pairs = _pairs(events.TalentEvent.FromString(record.value or b""))
            needs: list[Ref] = []
            for it in pairs:
                case = candidate_id(it.winner, it.loser)
                needs += [(Talent, it.winner), (Talent, it.loser), (IdentityCase, case)]
            return Task(needs, pairs) if pairs else None
        if kind == _CASE:
            event = events.IdentityCaseEvent.FromString(record.value or b"")
            if event.after.resolution and event.after.other:
                return Task(((IdentityCase, event.id),), event.id)
        return None

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        if isinstance(task.content, tuple):
            return ()
        state = changes(IdentityCase, task.content).aggregate.state
        return [(Talent, state.winner)] if state.winner else ()

    def apply(self, task: Task, changes: Changes) -> None:
        if isinstance(task.content, tuple):
            for pair in task.content:
                _go_on(pair, changes)
        else:
            _carry_out(task.content, changes)


def _pairs(event: events.TalentEvent) -> tuple[_Pair, ...]:
    """What the change is about, and the merge that the talent is in the middle of: they may be two, when a winner whose
    part came back moves itself.
    """
    pairs: list[_Pair] = []
    change = event.WhichOneof("change")
    if change == "part_taken":
        pairs.append(_Pair(event.id, event.part_taken.loser))
    elif change == "part_released":
        pairs.append(_Pair(event.id, event.part_released.loser))
    elif change == "moved_back":
        pairs.append(_Pair(event.moved_back.winner, event.id))
    if event.after.moving and event.after.moved_to:
        pairs.append(_Pair(event.after.moved_to, event.id))
    return tuple(pairs)


def _go_on(pair: _Pair, changes: Changes) -> None:
    winner, loser = changes(Talent, pair.winner), changes(Talent, pair.loser)
    part, moved = winner.aggregate.merge.part(pair.loser), loser.aggregate.merge
    if part is None:
        # Nobody moves before being expected: who moved for a decision that the winner knows was released since.
        if moved.moved_to == pair.winner and winner.aggregate.merge.is_done(moved.why):
            loser.apply(lambda it: merge_steps.move_back(it, pair.winner))
        elif moved.moved_to != pair.winner and not loser.dirty:  # else its own commit tells of it again
            winner.apply(lambda it: merge_steps.settle(it, pair.loser))
    elif moved.moved_to != pair.winner:
        try:
            loser.apply(lambda it: merge_steps.move_into(it, pair.winner, part.why))
        except RuleBroken:
            _give_up(part.why, pair, changes)
    elif moved.to_mirror > part.version:
        if not loser.dirty:  # else its own commit tells of it again: remove before add
            newer = merge_steps.part_of(loser.aggregate)
            winner.apply(lambda it: merge_steps.take(it, newer))
    else:
        loser.apply(lambda it: merge_steps.arrive(it, part.version))


def _carry_out(case_id: str, changes: Changes) -> None:
    """The command does this too; here it is made up for when its process was lost."""
    case = changes(IdentityCase, case_id).aggregate
    why, pair = MergeKey(case_id, case.version), _Pair(case.state.winner, case.state.loser)
    if case.merged:
        try:
            changes(Talent, pair.winner).apply(lambda it: merge_steps.expect(it, pair.loser, why))
        except RuleBroken:
            _give_up(why, pair, changes)
    elif pair.winner and case.state.resolution == DIFFERENT:
        changes(Talent, pair.winner).apply(lambda it: merge_steps.release(it, pair.loser, why))


def _give_up(why: MergeKey, pair: _Pair, changes: Changes) -> None:
    """One of the two took part in another merge meanwhile: nothing of this one may stay."""
    changes(Talent, pair.winner).apply(lambda it: merge_steps.release(it, pair.loser, why))
    changes(IdentityCase, why.case).apply(lambda it: it.reopen(why.number))
