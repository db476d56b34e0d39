"""RegisterOrganisation: enter or refresh an organisation (机构登记)."""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.organisation import Organisation, Registration
from services.shared.kernel import dates, text
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import IntervalReversed
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc


class RegisterOrganisation(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    uscc: str
    name: str
    kind: str
    service_kind: str
    civil_affairs: bool
    county: str
    registered_on: str
    closed_on: str
    grade: str


def step(cmd: RegisterOrganisation, *, today: Day) -> Step:
    """Check every field and prepare the change. Raises Invalid and Forbidden with the field's path."""
    code = uscc(cmd.uscc, field="uscc")
    county = area(cmd.county, field="county", levels=(COUNTY,))
    cmd.by.must_reach(county, field="county")
    registered_on = dates.day(cmd.registered_on, field="registered_on", not_after=today)
    closed_on = dates.day(cmd.closed_on, field="closed_on", required=False)
    if closed_on and closed_on <= registered_on:
        raise IntervalReversed(field="closed_on", since=registered_on, until=closed_on)
    registration = Registration(
        cmd.origin,
        text.name(cmd.name, field="name"),
        text.code(cmd.kind, codes.ORGANISATION_KINDS, field="kind"),
        text.code(cmd.service_kind, codes.SERVICE_KINDS, field="service_kind", required=False),
        cmd.civil_affairs,
        county,
        registered_on,
        closed_on,
        text.code(cmd.grade, codes.GRADES, field="grade", required=False),
    )

    def change(organisation: Organisation) -> None:
        organisation.register(registration)

    return Step(Organisation, code, change)


async def register_organisation(cmd: RegisterOrganisation, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
