"""AppealCredit and DecideAppeal: the person objects to a credit event, and somebody else of the department decides."""

from __future__ import annotations

import msgspec

from services.registry.commands.sealed_text import sealed_text
from services.registry.domain import credit
from services.registry.domain.reach import must_reach_own
from services.registry.domain.reports import AppealDecision, AppealReport
from services.registry.domain.talent import Talent
from services.shared.kernel import text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal


class AppealCredit(msgspec.Struct, frozen=True, kw_only=True):
    """About the caller's own record."""

    credit_id: str
    grounds: str
    by: Principal


class DecideAppeal(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    credit_id: str
    granted: bool
    reason: str
    etag: str
    by: Principal


async def appeal_credit(cmd: AppealCredit, *, lanes: Lanes, keys: KeyRing, clock: Clock, cause: Cause) -> Answer:
    """Raises CREDIT_EVENT_NOT_FOUND, ALREADY_APPEALED."""
    key = text.identifier(cmd.credit_id, field="credit_id")
    grounds = sealed_text(cmd.grounds, talent=cmd.by.talent, field="grounds", keys=keys)
    report = AppealReport(Origin(cmd.by.name, f"appeal/{key}"), None, key, grounds.index, clock.day())

    def change(talent: Talent) -> None:
        credit.appeal(talent, report, grounds)

    return await lanes.update(Talent, cmd.by.talent, change, cause=cause)


async def decide_appeal(cmd: DecideAppeal, *, lanes: Lanes, keys: KeyRing, clock: Clock, cause: Cause) -> Answer:
    """Raises CREDIT_EVENT_NOT_FOUND, NOT_APPEALED, APPEAL_DECIDED, DECIDED_BY_RECORDER, OWNED_BY_OTHER_DEPARTMENT."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    key = text.identifier(cmd.credit_id, field="credit_id")
    cmd.by.must_speak_for(cmd.department, field="department")
    why = sealed_text(cmd.reason, talent=talent_id, field="reason", keys=keys)
    origin = Origin(cmd.by.name, f"appeal_decision/{key}")
    decision = AppealDecision(origin, None, key, cmd.granted, why.index, clock.day())

    def change(talent: Talent) -> None:
        must_reach_own(talent, cmd.by)
        talent.must_match(cmd.etag)
        credit.decide(talent, decision, why, department=cmd.department)

    return await lanes.update(Talent, talent_id, change, cause=cause)
