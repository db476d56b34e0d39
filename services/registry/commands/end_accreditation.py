"""EndAccreditation: a base is no longer one (撤销基地)."""

from __future__ import annotations

import msgspec

from services.registry.commands.on_organisation import on_organisation
from services.registry.domain import codes
from services.registry.domain.organisation_reports import Ended
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


class EndAccreditation(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    organisation: str
    kind: str
    grantor: str
    until: str
    reason: str
    etag: str


def step(cmd: EndAccreditation, *, today: Day) -> Step:
    """Raises ACCREDITATION_NOT_FOUND, INTERVAL_REVERSED, and Invalid with the field's path."""
    code = uscc(cmd.organisation, field="organisation")
    kind = text.code(cmd.kind, codes.ACCREDITATIONS, field="kind")
    grantor = text.code(cmd.grantor, codes.GRANTOR_LEVELS, field="grantor")
    end = Ended(
        cmd.origin,
        f"{kind}/{grantor}",
        dates.day(cmd.until, field="until", not_after=today),
        text.name(cmd.reason, field="reason", required=False),
    )
    return on_organisation(code, lambda it: it.end_accreditation(end), by=cmd.by, etag=cmd.etag)


async def end_accreditation(cmd: EndAccreditation, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
