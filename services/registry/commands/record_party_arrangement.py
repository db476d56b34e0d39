"""RecordPartyArrangement: how the party's work is arranged in an organisation (党建工作安排; plan §3.1)."""

from __future__ import annotations

import msgspec

from services.registry.commands.on_organisation import on_organisation
from services.registry.domain import codes
from services.registry.domain.organisation_reports import ArrangementReport
from services.shared.kernel import dates, text
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


class OtherIsItself(Invalid):
    reason = "OTHER_IS_ITSELF"
    zh, en = "联合或带动机构不能是本机构", "An organisation is not joined to itself and does not lead itself"


class OtherNotNeeded(Invalid):
    reason = "OTHER_NOT_NEEDED"
    zh, en = "该安排不涉及其他机构", "This kind of arrangement names no other organisation"


class RecordPartyArrangement(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    organisation: str
    kind: str
    other: str
    responsible: str
    since: str
    until: str
    etag: str


def step(cmd: RecordPartyArrangement, *, today: Day) -> Step:
    """Check every field and prepare the change. Raises Invalid and Forbidden with the field's path."""
    code = uscc(cmd.organisation, field="organisation")
    kind, other = arrangement(cmd.kind, cmd.other, organisation=code)
    since, until = dates.interval(cmd.since, cmd.until, field="", not_after=today)
    report = ArrangementReport(cmd.origin, kind, other, text.name(cmd.responsible, field="responsible"), since, until)
    return on_organisation(code, lambda it: it.arrange_party_work(report), by=cmd.by, etag=cmd.etag)


def arrangement(kind: str, other: str, *, organisation: str) -> tuple[str, str]:
    """Kind and other organisation, which is named where the kind needs one and only there."""
    kind = text.code(kind, codes.PARTY_ARRANGEMENTS, field="kind")
    other = uscc(other, field="other", required=False)
    if kind not in codes.SHARED_ARRANGEMENTS:
        if other:
            raise OtherNotNeeded(field="other")
        return kind, ""
    if not other:
        raise FieldMissing(field="other")
    if other == organisation:
        raise OtherIsItself(field="other")
    return kind, other


async def record_party_arrangement(cmd: RecordPartyArrangement, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
