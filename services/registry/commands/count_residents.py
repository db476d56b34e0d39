"""CountResidents: how many live in an institution on a day (在院人数; plan §4.1, series S2)."""

from __future__ import annotations

import msgspec

from services.registry.commands.on_organisation import on_organisation
from services.registry.domain.organisation_reports import ResidentsReport
from services.shared.kernel import dates
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import AmountInvalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc

# More is a slip of the pen.
MOST_RESIDENTS = 100_000


class CountResidents(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    organisation: str
    on: str
    residents: int
    etag: str


def step(cmd: CountResidents, *, today: Day) -> Step:
    """Raises AMOUNT_INVALID below 0 or above 100,000, and Invalid with the field's path. 0 = nobody lives there."""
    code = uscc(cmd.organisation, field="organisation")
    on = dates.day(cmd.on, field="on", not_after=today)
    if not 0 <= cmd.residents <= MOST_RESIDENTS:
        raise AmountInvalid(field="residents", residents=cmd.residents)
    report = ResidentsReport(cmd.origin, on, cmd.residents)
    return on_organisation(code, lambda it: it.count_residents(report), by=cmd.by, etag=cmd.etag)


async def count_residents(cmd: CountResidents, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
