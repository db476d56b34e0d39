"""ResolveIdentityCase: a person says whether two are one; UndoMerge takes it back."""

from __future__ import annotations

import msgspec

from services.registry.domain.identity_case import RESOLUTIONS, SAME, IdentityCase
from services.registry.domain.merging import MergeKey, NotMerged
from services.registry.domain.talent import Talent
from services.shared.kernel import text
from services.shared.kernel.area import within
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.errors import OutsideScope, RuleBroken
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
    talent_id: str
    etag: str
    by: Principal


def must_reach_one(by: Principal, counties: set[str] | tuple[str, ...], *, field: str) -> None:
    """OUTSIDE_SCOPE unless one of the counties lies in the caller's subtree; without any, the province must."""
    if not any(within(county, by.area) for county in counties or ("510000",)):
        raise OutsideScope(field=field, scope=by.area)


async def resolve_identity_case(cmd: ResolveIdentityCase, *, store: Store, lanes: Lanes, cause: Cause) -> Answer:
    """`same` on two talents merges them. What this process leaves undone, the saga does (consumers/moving.py)."""
    case_id = text.identifier(cmd.case_id, field="case_id")
    resolution = text.code(cmd.resolution, RESOLUTIONS, field="resolution")
    winner = text.identifier(cmd.winner, field="winner", required=False)
    case = (await store.get_many(IdentityCase, [case_id]))[case_id].aggregate
    case.must_exist()
    must_reach_one(cmd.by, case.state.counties, field="case_id")
    winner = winner or case.state.talent
    loser = case.loser_to(winner) if resolution == SAME and case.state.other else ""
    if loser:
        await _must_be_possible(winner, loser, store=store)

    def change(it: IdentityCase) -> None:
        it.must_match(cmd.etag)
        it.resolve(resolution, by=cmd.by.name, winner=winner)

    answer = await lanes.update(IdentityCase, case_id, change, cause=cause)
    if loser:
        await _merge(winner, loser, MergeKey(case_id, answer.version), lanes=lanes)
    return answer


async def _must_be_possible(winner: str, loser: str, *, store: Store) -> None:
    """Tried on copies that are thrown away."""
    found = await store.get_many(Talent, [winner, loser])
    if found[loser].aggregate.moved_to != winner:
        trial = MergeKey("trial", 1)
        found[winner].apply(lambda it: it.expect(loser, trial))
        found[loser].apply(lambda it: it.move_into(winner, trial))


async def _merge(winner: str, loser: str, why: MergeKey, *, lanes: Lanes) -> None:
    await lanes.update(Talent, winner, lambda it: it.expect(loser, why), cause=None)
    try:
        await lanes.update(Talent, loser, lambda it: it.move_into(winner, why), cause=None)
    except RuleBroken:  # it took somebody meanwhile: nothing of this merge may stay
        await lanes.update(Talent, winner, lambda it: it.release(loser), cause=None)
        await lanes.update(IdentityCase, why.case, IdentityCase.reopen, cause=None)
        raise


async def undo_merge(cmd: UndoMerge, *, store: Store, lanes: Lanes, cause: Cause) -> Answer:
    """The winner gives the part back at once; the loser is itself again as soon as it hears of it."""
    loser_id = text.identifier(cmd.talent_id, field="talent_id")
    loser = (await store.get_many(Talent, [loser_id]))[loser_id].aggregate
    loser.must_exist()
    must_reach_one(cmd.by, loser.counties(), field="talent_id")
    why = _last(loser)
    case = (await store.get_many(IdentityCase, [why.case]))[why.case].aggregate
    winner = loser.moved_to or next((it for it in (case.state.talent, case.state.other) if it != loser_id), "")
    if loser.moved_to:
        loser.must_match(cmd.etag)
    else:
        await _must_be_a_repeat(winner, store=store, cause=cause)

    def change(it: Talent) -> dict[str, str]:
        it.release(loser_id)
        return {"winner": winner}

    answer = await lanes.update(Talent, winner, change, cause=cause)
    if case.state.loser == loser_id:
        await lanes.update(IdentityCase, why.case, lambda it: it.undo(by=cmd.by.name), cause=None)
    return answer


def _last(loser: Talent) -> MergeKey:
    """The decision that the loser's last merge followed from."""
    merge = loser.state.merge
    if merge is None or not merge.done:
        raise NotMerged(field="talent_id")
    return merge.done[-1]


async def _must_be_a_repeat(winner: str, *, store: Store, cause: Cause) -> None:
    """A talent that is itself again is no error for the one who asked for just that."""
    if cause.key not in (await store.get_many(Talent, [winner], {winner: [cause]}))[winner].answers:
        raise NotMerged(field="talent_id")
