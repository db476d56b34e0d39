"""ObjectToRecord and AnswerObjection: the person objects to a record, the department that sent it answers."""

from __future__ import annotations

import msgspec

from services.registry.domain.objection import Objection
from services.registry.domain.reports import reported_by
from services.registry.domain.talent import RecordNotFound, Talent
from services.shared.kernel import text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.codes import DEPARTMENTS
from services.shared.kernel.ids import derived_id
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin, held_for
from services.shared.kernel.ports import KeyRing, Store
from services.shared.kernel.principal import Principal

LONGEST = 1000


class ObjectToRecord(msgspec.Struct, frozen=True, kw_only=True):
    """About a record of the caller's own."""

    system: str
    record_id: str
    text: str
    by: Principal


class AnswerObjection(msgspec.Struct, frozen=True, kw_only=True):
    department: str
    objection_id: str
    accepted: bool
    answer: str
    etag: str
    by: Principal


async def object_to_record(cmd: ObjectToRecord, *, store: Store, lanes: Lanes, keys: KeyRing, cause: Cause) -> Answer:
    """Opens an item for the department that made the record. Raises RECORD_NOT_FOUND."""
    words = text.name(cmd.text, field="text", longest=LONGEST)
    system = text.name(cmd.system, field="system")
    record_id = text.name(cmd.record_id, field="record_id")
    talent_id = cmd.by.talent
    talent = (await store.get_many(Talent, [talent_id]))[talent_id].aggregate
    talent.must_exist()
    if talent.moved_to:
        talent = (await store.get_many(Talent, [talent.moved_to]))[talent.moved_to].aggregate
    held = held_for(talent.all_reports, Origin(system, record_id))
    department = reported_by(held) if held is not None else ""
    if department not in DEPARTMENTS:
        raise RecordNotFound(field="record_id")
    objection_id = derived_id(Objection.kind, cmd.by.name, cause.key)
    sealed = keys.seal(origin=objection_id, fields={"text": words})

    def change(objection: Objection) -> dict[str, str]:
        objection.open(talent=talent_id, department=department, system=system, record_id=record_id, text=sealed)
        return {"objection_id": objection_id}

    return await lanes.update(Objection, objection_id, change, cause=cause)


async def answer_objection(cmd: AnswerObjection, *, lanes: Lanes, keys: KeyRing, cause: Cause) -> Answer:
    """Raises OBJECTION_NOT_FOUND, OWNED_BY_OTHER_DEPARTMENT, OBJECTION_ANSWERED. The record itself is corrected, or
    withdrawn, by the department's own means.
    """
    cmd.by.must_speak_for(cmd.department, field="department")
    objection_id = text.identifier(cmd.objection_id, field="objection_id")
    words = text.name(cmd.answer, field="answer", longest=LONGEST)
    sealed = keys.seal(origin=objection_id, fields={"text": words})

    def change(objection: Objection) -> None:
        objection.must_match(cmd.etag)
        objection.answer(department=cmd.department, accepted=cmd.accepted, text=sealed, by=cmd.by.name)

    return await lanes.update(Objection, objection_id, change, cause=cause)
