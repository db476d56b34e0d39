"""ProposeCorrection, ApproveCorrection, RejectCorrection, ProposeErasure, EraseIdentity: always two persons."""

from __future__ import annotations

import msgspec

from services.registry.commands.record_pass import NotAnExamAuthority
from services.registry.commands.record_talent import CommunityKindContradicts
from services.registry.domain import codes
from services.registry.domain.corrected import FLAGS, HOME_COUNTY, OF_AFFILIATION, PASSED_ON
from services.registry.domain.correction import (
    FIELDS,
    IDENTITY,
    UNAPPLIED,
    Correction,
    CorrectionState,
    NothingToCorrect,
    told,
)
from services.registry.domain.objection import OF_TALENT, Objection
from services.registry.domain.reach import must_reach_one
from services.registry.domain.reports import Affiliation, department_of
from services.registry.domain.talent import Talent
from services.shared.kernel import dates, text
from services.shared.kernel.area import COMMUNITY, area, home
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.codes import PRACTICE_FIELDS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import FieldMissing, IntervalReversed
from services.shared.kernel.ids import derived_id
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.kernel.principal import Principal


class ProposeCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """`request_id` makes the correction's id."""

    request_id: str
    talent_id: str
    target: str
    field: str
    new_value: str
    reason: str
    etag: str
    by: Principal


class DecideCorrection(msgspec.Struct, frozen=True, kw_only=True):
    correction_id: str
    etag: str
    by: Principal


async def propose_correction(
    cmd: ProposeCorrection, *, store: Store, lanes: Lanes, clock: Clock, cause: Cause
) -> Answer:
    """Raises NOTHING_TO_CORRECT, AFFILIATION_NOT_FOUND, AFFILIATION_OF_PART, OUTSIDE_SCOPE or ETAG_MISMATCH."""
    text.code(cmd.field, FIELDS, field="field")
    target = _target(cmd)
    new = _value(cmd.field, cmd.new_value, today=clock.day())
    _must_speak(cmd.by, cmd.field, target)
    if cmd.field == "place":
        cmd.by.must_reach(new, field="new_value")
    return await _propose(cmd, target, new, store=store, lanes=lanes, cause=cause)


async def propose_erasure(cmd: ProposeCorrection, *, store: Store, lanes: Lanes, cause: Cause) -> Answer:
    """Raises TALENT_MOVED: with whom the person was merged into, all of a person is erased. Raises IDENTITY_ERASED."""
    return await _propose(cmd, "", "", store=store, lanes=lanes, cause=cause)


async def _propose(
    cmd: ProposeCorrection, target: str, new: str, *, store: Store, lanes: Lanes, cause: Cause
) -> Answer:
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    reason = text.name(cmd.reason, field="reason")
    if not cmd.etag:
        raise FieldMissing(field="etag")
    correction = derived_id("correction", cmd.by.name, cmd.request_id)
    before = (await store.get_many(Correction, [correction], {correction: [cause]}))[correction]
    if not before.aggregate.exists:
        talent = (await store.get_many(Talent, [talent_id]))[talent_id].aggregate
        talent.must_exist()
        must_reach_one(cmd.by, talent.counties(), field="talent_id")
        talent.must_match(cmd.etag)
        old = _old_value(talent, target, cmd.field, new)
        counties = tuple(sorted(talent.counties()))
        proposed = CorrectionState(
            talent_id, target, cmd.field, old, new, reason, requester=cmd.by.name, counties=counties
        )
    else:
        proposed = before.aggregate.state

    def change(it: Correction) -> dict[str, str]:
        it.propose(proposed)
        return {"correction_id": it.id}

    return await lanes.update(Correction, correction, change, cause=cause)


async def approve(
    cmd: DecideCorrection, *, erasure: bool, store: Store, lanes: Lanes, clock: Clock, cause: Cause
) -> Answer:
    """Approve it, then carry it out; what a lost process leaves undone is done by the day's turn. Raises SELF_APPROVAL,
    CORRECTION_DECIDED, CORRECTION_OUTDATED or CORRECTION_OF_OTHER_KIND.
    """
    correction_id = text.identifier(cmd.correction_id, field="correction_id")
    correction = await _reached(correction_id, by=cmd.by, store=store)
    talent = (await store.get_many(Talent, [correction.state.talent]))[correction.state.talent].aggregate
    correction.must_fit(talent.own_facts())
    at = dates.instant(clock.now())

    def change(it: Correction) -> None:
        it.must_match(cmd.etag)
        it.approve(by=cmd.by.name, at=at, erasure=erasure)

    answer = await lanes.update(Correction, correction_id, change, cause=cause)
    await _carry_out(correction_id, store=store, lanes=lanes)
    return answer


async def reject(cmd: DecideCorrection, *, store: Store, lanes: Lanes, cause: Cause) -> Answer:
    correction_id = text.identifier(cmd.correction_id, field="correction_id")
    await _reached(correction_id, by=cmd.by, store=store)

    def change(it: Correction) -> None:
        it.must_match(cmd.etag)
        it.reject(by=cmd.by.name)

    return await lanes.update(Correction, correction_id, change, cause=cause)


async def _reached(correction_id: str, *, by: Principal, store: Store) -> Correction:
    correction = (await store.get_many(Correction, [correction_id]))[correction_id].aggregate
    correction.must_exist()
    must_reach_one(by, correction.state.counties, field="correction_id")
    _must_speak(by, correction.state.field, correction.state.target)
    return correction


async def finish_corrections(*, store: Store, lanes: Lanes) -> None:
    """Carry out what was approved by a process that was lost before it did."""
    for row in await store.page(Correction, view=UNAPPLIED, key=UNAPPLIED, after="", limit=500):
        await _carry_out(row.id, store=store, lanes=lanes)


async def _carry_out(correction_id: str, *, store: Store, lanes: Lanes) -> None:
    correction = (await store.get_many(Correction, [correction_id]))[correction_id].aggregate
    talent_id = correction.state.talent
    await lanes.update(Talent, talent_id, correction.apply_to, cause=None)
    if correction.state.field == IDENTITY:
        talent = (await store.get_many(Talent, [talent_id]))[talent_id].aggregate
        for one in talent.known_as:
            await lanes.update(Talent, one, correction.apply_to, cause=None)
            for row in await store.page(Objection, view=OF_TALENT, key=one, after="", limit=500):
                await lanes.update(Objection, row.id, Objection.forget, cause=None)
    await lanes.update(Correction, correction_id, Correction.applied, cause=None)


def _target(cmd: ProposeCorrection) -> str:
    if cmd.field == HOME_COUNTY:
        return ""
    if cmd.field == PASSED_ON:
        return text.code(cmd.target, codes.LEVELS, field="target")
    return text.name(cmd.target, field="target")


def _must_speak(by: Principal, field: str, target: str) -> None:
    """An officer of a department corrects what it owns: its affiliations, an examination authority the passes."""
    if by.department and field in OF_AFFILIATION:
        by.must_speak_for(department_of(target), field="target")
    if by.department and field == PASSED_ON and by.department not in codes.EXAM_AUTHORITIES:
        raise NotAnExamAuthority(field="field", department=by.department)


def _value(field: str, value: str, *, today: Day) -> str:
    """Checked as the report that first gave it."""
    name = "new_value"
    if field in FLAGS:
        return text.code(value, ("true", "false"), field=name)
    if field == "field":
        return text.code(value, PRACTICE_FIELDS, field=name)
    if field == "place":
        return area(value, field=name)
    if field == HOME_COUNTY:
        return home(value, field=name)
    if field == "until":
        return dates.day(value, field=name, required=False)
    return dates.day(value, field=name, not_after=today)


def _old_value(talent: Talent, target: str, field: str, new: str) -> str:
    if field == IDENTITY:
        talent.must_be_itself()
        talent.must_be_known()
        return ""
    if field in OF_AFFILIATION:
        _must_fit(talent.affiliation(target, field="target"), field, new)
    old = told(talent.own_facts(), target, field)
    if old is None or old == new:
        raise NothingToCorrect(field="target" if old is None else "new_value")
    return old


def _must_fit(held: Affiliation, field: str, new: str) -> None:
    """The new value beside the other fields, as when it is reported."""
    if field == "place" and (len(held.place) == COMMUNITY) != (len(new) == COMMUNITY):
        raise CommunityKindContradicts(field="new_value", place=new)
    since, until = {"since": (new, held.until), "until": (held.since, new)}.get(field, ("", ""))
    if until and until <= since:
        raise IntervalReversed(field="new_value", since=since, until=until)
