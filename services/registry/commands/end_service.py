"""EndService: a department no longer does something for a high-level talent (结束服务)."""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.reach import must_reach
from services.registry.domain.serving import ended
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal


class EndService(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    talent_id: str
    department: str
    kind: str
    since: str
    until: str
    etag: str


async def end_service(cmd: EndService, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises SERVICE_NOT_FOUND, INTERVAL_REVERSED, TALENT_NOT_FOUND, OUTSIDE_SCOPE, and Invalid."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    cmd.by.must_speak_for(cmd.department, field="department")
    kind = text.code(cmd.kind, codes.TALENT_SERVICES, field="kind")
    since = dates.day(cmd.since, field="since")
    until = dates.day(cmd.until, field="until", not_after=clock.day())

    def change(talent: Talent) -> None:
        must_reach(talent, cmd.by)
        talent.must_match(cmd.etag)
        end = ended(talent, department=cmd.department, kind=kind, since=since, until=until)
        talent.report(end, None, PrivateChanged())

    return await lanes.update(Talent, talent_id, change, cause=cause)
