"""Accredit: a level of government names a base (培训基地、实践基地、创新空间; plan §3.2, series 10)."""

from __future__ import annotations

import msgspec

from services.registry.commands.on_organisation import on_organisation
from services.registry.domain import codes
from services.registry.domain.organisation_reports import AccreditationReport
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc


class Accredit(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    organisation: str
    kind: str
    grantor: str
    since: str
    until: str
    etag: str


def step(cmd: Accredit, *, today: Day) -> Step:
    """Check every field and prepare the change. Raises Invalid and Forbidden with the field's path."""
    code = uscc(cmd.organisation, field="organisation")
    since, until = dates.interval(cmd.since, cmd.until, field="", not_after=today)
    report = AccreditationReport(
        cmd.origin,
        text.code(cmd.kind, codes.ACCREDITATIONS, field="kind"),
        text.code(cmd.grantor, codes.GRANTOR_LEVELS, field="grantor"),
        since,
        until,
    )
    return on_organisation(code, lambda it: it.accredit(report), by=cmd.by, etag=cmd.etag)


async def accredit(cmd: Accredit, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
