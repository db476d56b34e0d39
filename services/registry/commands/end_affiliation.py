"""EndAffiliation: a department ends an affiliation that it reported before (离职)."""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.person import Person, protect
from services.registry.domain.reports import EndReport, affiliation_id
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import AffiliationEnded
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc


class EndAffiliation(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    affiliation_id: str
    department: str
    until: str
    reason: str
    etag: str
    by: Principal


class ReportEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which names the person by ID number and may arrive before the affiliation."""

    person: Person
    origin: Origin
    department: str
    organisation: str
    role: str
    until: str
    reason: str


def step(cmd: ReportEnd, *, keys: KeyRing, today: Day) -> Step:
    organisation = uscc(cmd.organisation, field="organisation")
    role = text.code(cmd.role, codes.ROLES, field="role")
    until = dates.day(cmd.until, field="until", not_after=today)
    reason = text.name(cmd.reason, field="reason", required=False)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    affiliation = affiliation_id(department=cmd.department, organisation=organisation, role=role)
    report = EndReport(cmd.origin, who.name, affiliation, cmd.department, until, reason)
    event = AffiliationEnded(affiliation, until, reason)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, event)

    return Step(Talent, who.talent, change)


async def end_affiliation(cmd: EndAffiliation, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    affiliation = text.name(cmd.affiliation_id, field="affiliation_id")
    until = dates.day(cmd.until, field="until", not_after=clock.day())
    reason = text.name(cmd.reason, field="reason", required=False)
    cmd.by.must_speak_for(cmd.department, field="department")
    origin = Origin(cmd.by.name, f"end/{affiliation}")
    end = EndReport(origin, None, affiliation, cmd.department, until, reason)

    def change(talent: Talent) -> None:
        cmd.by.must_reach(talent.affiliation(affiliation).place, field="talent_id")
        talent.must_match(cmd.etag)
        talent.end_affiliation(end)

    return await lanes.update(Talent, talent_id, change, cause=cause)
