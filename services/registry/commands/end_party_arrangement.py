"""EndPartyArrangement: a branch is dissolved, an instructor withdrawn, a lead given up (plan §3.1)."""

from __future__ import annotations

import msgspec

from services.registry.commands.on_organisation import on_organisation
from services.registry.commands.record_party_arrangement import arrangement
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


class EndPartyArrangement(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    organisation: str
    kind: str
    other: str
    until: str
    reason: str
    etag: str


def step(cmd: EndPartyArrangement, *, today: Day) -> Step:
    """Raises ARRANGEMENT_NOT_FOUND, INTERVAL_REVERSED, and Invalid with the field's path."""
    code = uscc(cmd.organisation, field="organisation")
    kind, other = arrangement(cmd.kind, cmd.other, organisation=code)
    end = Ended(
        cmd.origin,
        f"{kind}/{other}",
        dates.day(cmd.until, field="until", not_after=today),
        text.name(cmd.reason, field="reason", required=False),
    )
    return on_organisation(code, lambda it: it.end_arrangement(end), by=cmd.by, etag=cmd.etag)


async def end_party_arrangement(cmd: EndPartyArrangement, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
