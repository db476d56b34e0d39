"""RecordOrganisationCredit: a credit event of an organisation and what became of an appeal (信用记录); private."""

from __future__ import annotations

import msgspec

from services.registry.commands.on_organisation import on_organisation
from services.registry.domain import codes
from services.registry.domain.organisation_reports import CreditReport
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import FieldMissing, IntervalReversed
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc


class RecordOrganisationCredit(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    organisation: str
    department: str
    event: str
    kind: str
    since: str
    until: str
    appealed_on: str
    appeal: str
    decided_on: str
    etag: str


def step(cmd: RecordOrganisationCredit, *, today: Day) -> Step:
    """Check every field and prepare the change. Raises Invalid and Forbidden with the field's path."""
    code = uscc(cmd.organisation, field="organisation")
    event = text.identifier(cmd.event, field="event")
    kind = text.code(cmd.kind, codes.CREDIT_EVENTS, field="kind")
    since, until = dates.interval(cmd.since, cmd.until, field="", not_after=today)
    appealed_on, appeal, decided_on = _appeal(cmd, since=since, today=today)
    report = CreditReport(cmd.origin, cmd.department, event, kind, since, until, appealed_on, appeal, decided_on)
    return on_organisation(code, lambda it: it.note_credit(report), by=cmd.by, etag=cmd.etag)


def _appeal(cmd: RecordOrganisationCredit, *, since: Day, today: Day) -> tuple[Day, str, Day]:
    """An appeal is received after the event began and decided after it was received; a decision has its day."""
    appealed_on = dates.day(cmd.appealed_on, field="appealed_on", required=False, not_after=today)
    appeal = text.code(cmd.appeal, codes.APPEALS, field="appeal", required=False)
    decided_on = dates.day(cmd.decided_on, field="decided_on", required=bool(appeal), not_after=today)
    if appealed_on and appealed_on < since:
        raise IntervalReversed(field="appealed_on", since=since, until=appealed_on)
    if decided_on and not appeal:
        raise FieldMissing(field="appeal")
    if appeal and not appealed_on:
        raise FieldMissing(field="appealed_on")
    if decided_on and decided_on < appealed_on:
        raise IntervalReversed(field="decided_on", since=appealed_on, until=decided_on)
    return appealed_on, appeal, decided_on


async def record_organisation_credit(
    cmd: RecordOrganisationCredit, *, lanes: Lanes, clock: Clock, cause: Cause
) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
