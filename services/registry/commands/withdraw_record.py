"""WithdrawRecord: a department takes back what one of its systems sent, by the system's own record id."""

from __future__ import annotations

from functools import partial

import msgspec

from services.registry.domain.reach import must_reach_own
from services.registry.domain.talent import RecordNotFound, Talent
from services.shared.kernel import text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.errors import AmountInvalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import partner
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import ClaimStep


class WithdrawRecord(msgspec.Struct, frozen=True, kw_only=True):
    department: str
    system: str
    record_id: str
    by: Principal


class ReportWithdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """The same by the system itself; the record may not have arrived yet."""

    origin: Origin
    department: str
    withdrawn_id: str
    withdrawn_revision: int


def record_claim(system: str, record_id: str) -> str:
    """The claim of whoever a partner's record is about."""
    return f"record/{system}/{record_id}"


def step(cmd: ReportWithdrawal) -> ClaimStep:
    record_id = text.identifier(cmd.withdrawn_id, field="withdrawn_id")
    if cmd.withdrawn_revision < 2:  # noqa: PLR2004 - the first revision is 1
        raise AmountInvalid(field="withdrawn_revision")
    system = cmd.origin.system

    def change(talent: Talent) -> None:
        talent.withdraw(cmd.department, system, record_id, cmd.withdrawn_revision)

    return ClaimStep(Talent, record_claim(system, record_id), change)


async def withdraw_record(cmd: WithdrawRecord, *, store: Store, lanes: Lanes, cause: Cause) -> Answer:
    """Raises RECORD_NOT_FOUND, PARTNER_UNKNOWN, OUTSIDE_SCOPE. Withdrawn already = no change."""
    cmd.by.must_speak_for(cmd.department, field="department")
    text.identifier(cmd.system, field="system")
    record_id = text.identifier(cmd.record_id, field="record_id")
    sender = partner(cmd.system)
    cmd.by.must_speak_for(sender.department, field="system")
    claim = record_claim(sender.name, record_id)
    talent_id = (await store.holders(Talent, [claim])).get(claim)
    if talent_id is None:
        raise RecordNotFound(field="record_id")
    change = partial(_withdraw, cmd=cmd, talent_id=talent_id)
    return await lanes.update(Talent, talent_id, change, cause=cause)


def _withdraw(talent: Talent, *, cmd: WithdrawRecord, talent_id: str) -> dict[str, str]:
    must_reach_own(talent, cmd.by)
    talent.withdraw(cmd.department, cmd.system, cmd.record_id, 0)
    return {"talent_id": talent_id}
