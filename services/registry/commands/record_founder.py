"""RecordFounder: who founded an organisation (举办者): a talent or another organisation; never published."""

from __future__ import annotations

import msgspec

from services.registry.commands.on_organisation import on_organisation
from services.registry.domain.organisation_reports import FounderReport
from services.shared.kernel import text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import FieldMissing, Invalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc


class FoundersTwo(Invalid):
    reason = "FOUNDER_TWICE"
    zh, en = "举办者只能是个人或机构之一", "The founder is a talent or an organisation, not both"
    fix_zh, fix_en = "请只填写其中一项，另一举办者另行登记", "Give one of the two; record another founder by itself"


class RecordFounder(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    organisation: str
    founder_talent: str
    founder_organisation: str
    etag: str


def step(cmd: RecordFounder, *, today: Day) -> Step:  # noqa: ARG001 - called like every other step
    """Raises FOUNDER_TWICE, FIELD_MISSING when none is given, and Invalid with the field's path."""
    code = uscc(cmd.organisation, field="organisation")
    talent = text.identifier(cmd.founder_talent, field="founder_talent", required=False)
    founder = uscc(cmd.founder_organisation, field="founder_organisation", required=False)
    if talent and founder:
        raise FoundersTwo(field="founder_organisation")
    if not talent and not founder:
        raise FieldMissing(field="founder_talent")
    report = FounderReport(cmd.origin, talent, founder)
    return on_organisation(code, lambda it: it.founded_by(report), by=cmd.by, etag=cmd.etag)


async def record_founder(cmd: RecordFounder, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
