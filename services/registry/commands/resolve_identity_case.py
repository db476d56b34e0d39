"""ResolveIdentityCase: a person says whether two are one; UndoMerge takes it back (身份核查)."""

from __future__ import annotations

import msgspec

from services.registry.domain import merge_steps
from services.registry.domain.identity_case import DIFFERENT, RESOLUTIONS, SAME, IdentityCase
from services.registry.domain.merging import MergeKey
from services.registry.domain.reach import must_reach_one
from services.registry.domain.talent import Talent
from services.shared.kernel import text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.errors import RuleBroken
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal


class ResolveIdentityCase(msgspec.Struct, frozen=True, kw_only=True):
    case_id: str
    resolution: str
    winner: str
    etag: str
    by: Principal


class UndoMerge(msgspec.Struct, frozen=True, kw_only=True):
    case_id: str
    etag: str
    by: Principal


async def resolve_identity_case(cmd: ResolveIdentityCase, *, store: Store, lanes: Lanes, cause: Cause) -> Answer:
    """`same` on two talents merges them. Raises IDENTITY_CASE_NOT_FOUND, WINNER_NOT_OF_CASE, IDENTITY_CASE_MERGED,
    TALENT_MOVED, TALENT_HAS_PARTS or IDENTITY_ERASED.
    """
    case_id = text.identifier(cmd.case_id, field="case_id")
    resolution = text.code(cmd.resolution, RESOLUTIONS, field="resolution")
    winner = text.identifier(cmd.winner, field="winner", required=False)
    case = await _reached(case_id, by=cmd.by, store=store)
    winner = winner or case.state.talent
    if resolution == SAME and case.state.other:
        loser = case.loser_to(winner)
        if not case.merged:
            await _must_be_possible(winner, loser, store=store)

    def change(it: IdentityCase) -> None:
        it.must_match(cmd.etag)
        it.resolve(resolution, by=cmd.by.name, winner=winner)

    answer = await lanes.update(IdentityCase, case_id, change, cause=cause)
    await _carry_out(case_id, store=store, lanes=lanes)
    return answer


async def undo_merge(cmd: UndoMerge, *, store: Store, lanes: Lanes, cause: Cause) -> Answer:
    """The winner gives the part back at once; the loser is itself again as soon as it hears. Raises NOT_MERGED."""
    case_id = text.identifier(cmd.case_id, field="case_id")
    await _reached(case_id, by=cmd.by, store=store)

    def change(it: IdentityCase) -> None:
        it.must_match(cmd.etag)
        it.undo(by=cmd.by.name)

    answer = await lanes.update(IdentityCase, case_id, change, cause=cause)
    await _carry_out(case_id, store=store, lanes=lanes)
    return answer


async def _reached(case_id: str, *, by: Principal, store: Store) -> IdentityCase:
    case = (await store.get_many(IdentityCase, [case_id]))[case_id].aggregate
    case.must_exist()
    must_reach_one(by, case.state.counties, field="case_id")
    return case


async def _must_be_possible(winner: str, loser: str, *, store: Store) -> None:
    """Tried on copies that are thrown away."""
    found = await store.get_many(Talent, [winner, loser])
    trial = MergeKey("trial", 1)
    for talent in found.values():
        talent.aggregate.must_be_itself()
        talent.aggregate.must_be_known()
    found[loser].apply(lambda it: merge_steps.move_into(it, winner, trial))


async def _carry_out(case_id: str, *, store: Store, lanes: Lanes) -> None:
    """What the case says now. What a lost process leaves undone, the saga does (consumers/moving.py)."""
    case = (await store.get_many(IdentityCase, [case_id]))[case_id].aggregate
    winner, loser, why = case.state.winner, case.state.loser, MergeKey(case_id, case.version)
    if case.merged:
        await _merge(winner, loser, why, lanes=lanes)
    elif winner and case.state.resolution == DIFFERENT:
        await lanes.update(Talent, winner, lambda it: merge_steps.release(it, loser, why), cause=None)


async def _merge(winner: str, loser: str, why: MergeKey, *, lanes: Lanes) -> None:
    try:
        await lanes.update(Talent, winner, lambda it: merge_steps.expect(it, loser, why), cause=None)
        await lanes.update(Talent, loser, lambda it: merge_steps.move_into(it, winner, why), cause=None)
    except RuleBroken:  # one of them took part in another merge meanwhile: nothing of this one may stay
        await lanes.update(Talent, winner, lambda it: merge_steps.release(it, loser, why), cause=None)
        await lanes.update(IdentityCase, why.case, lambda it: it.reopen(why.number), cause=None)
        raise
