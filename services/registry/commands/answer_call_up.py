"""AnswerCallUp, RecordAnswer: somebody who was called up will come, or will not (应召)."""

from __future__ import annotations

import msgspec

from services.registry.domain.call_up import CallUp
from services.registry.domain.talent import Talent
from services.shared.kernel import text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.errors import OutsideScope
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal


class AnswerCallUp(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    call_up_id: str
    accepted: bool


class RecordAnswer(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    call_up_id: str
    talent_id: str
    accepted: bool


async def answer_call_up(cmd: AnswerCallUp, *, store: Store, lanes: Lanes, cause: Cause) -> Answer:
    """The caller's own answer, of a merged person under the number that goes on.

    Raises CALL_UP_NOT_FOUND, NOT_CALLED, CALL_UP_CLOSED, and Invalid.
    """
    key = text.identifier(cmd.call_up_id, field="call_up_id")
    if not cmd.by.talent:
        raise OutsideScope(field="talent_id")
    talent = (await store.get_many(Talent, [cmd.by.talent]))[cmd.by.talent].aggregate

    def change(call_up: CallUp) -> None:
        call_up.answer(talent.moved_to or talent.id, accepted=cmd.accepted)

    return await lanes.update(CallUp, key, change, cause=cause)


async def record_answer(cmd: RecordAnswer, *, lanes: Lanes, cause: Cause) -> Answer:
    """Entered by the department that issued it. Raises OUTSIDE_SCOPE, and what the person's own answer raises."""
    key = text.identifier(cmd.call_up_id, field="call_up_id")
    talent = text.identifier(cmd.talent_id, field="talent_id")

    def change(call_up: CallUp) -> None:
        cmd.by.must_speak_for(call_up.must_exist().department, field="call_up_id")
        call_up.answer(talent, accepted=cmd.accepted)

    return await lanes.update(CallUp, key, change, cause=cause)
