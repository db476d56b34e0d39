"""OfferService: a department does something for a high-level talent (联系服务; plan §3.1, §6.3). Never published."""

from __future__ import annotations

import msgspec

from services.registry.commands.sealed_text import sealed_text
from services.registry.domain import codes
from services.registry.domain.reach import must_reach
from services.registry.domain.reports import ServiceReport
from services.registry.domain.serving import must_be_offerable
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal


class OfferService(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    talent_id: str
    department: str
    kind: str
    detail: str
    since: str
    until: str
    etag: str


async def offer_service(cmd: OfferService, *, lanes: Lanes, keys: KeyRing, clock: Clock, cause: Cause) -> Answer:
    """The same kind and first day told again replaces what was said. Raises NOT_A_HIGH_LEVEL_TALENT,
    SERVICE_OVERLAPS, TALENT_NOT_FOUND, OUTSIDE_SCOPE, and Invalid with the field's path.
    """
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    cmd.by.must_speak_for(cmd.department, field="department")
    kind = text.code(cmd.kind, codes.TALENT_SERVICES, field="kind")
    since, until = dates.interval(cmd.since, cmd.until, field="", not_after=clock.day())
    detail = sealed_text(cmd.detail, talent=talent_id, field="detail", keys=keys)
    # A department's, not a caller's: colleagues refresh and end one another's.
    origin = Origin(f"department/{cmd.department}", f"service/{kind}/{since}")
    report = ServiceReport(origin, None, cmd.department, kind, detail.index, since, until)

    def change(talent: Talent) -> None:
        must_reach(talent, cmd.by)
        talent.must_match(cmd.etag)
        must_be_offerable(talent, report)
        talent.report(report, None, PrivateChanged(), detail)

    return await lanes.update(Talent, talent_id, change, cause=cause)
