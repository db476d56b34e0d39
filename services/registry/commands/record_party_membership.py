"""RecordPartyMembership: whether and as what somebody belongs to the Party (党员身份; plan §3.1). Never published."""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.person import Person, must_be_born, protect
from services.registry.domain.reach import must_reach_own
from services.registry.domain.reports import PartyReport, WorkReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Forbidden
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class NotAPartyDepartment(Forbidden):
    reason = "NOT_A_PARTY_DEPARTMENT"
    zh, en = (
        "只有组织部门或其从业单位的主管部门可以登记党员身份",
        "Only the organisation department or a department that the person works for reports party membership",
    )


class RecordPartyMembership(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    status: str
    since: str
    until: str
    etag: str
    by: Principal


class ReportPartyMembership(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record; it may arrive before the work, so any department's is kept."""

    person: Person
    origin: Origin
    department: str
    status: str
    since: str
    until: str


def _checked(status: str, since: str, until: str, *, today: Day) -> tuple[str, Day, Day]:
    return (
        text.code(status, codes.PARTY_STATUSES, field="status"),
        *dates.interval(since, until, field="", not_after=today),
    )


def step(cmd: ReportPartyMembership, *, keys: KeyRing, today: Day) -> Step:
    status, since, until = _checked(cmd.status, cmd.since, cmd.until, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    must_be_born(since, who.identity.birth_year, field="since")
    report = PartyReport(cmd.origin, who.name, status, since, until)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, PrivateChanged())

    return Step(Talent, who.talent, change)


async def record_party_membership(cmd: RecordPartyMembership, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """A membership is named by its status and first day; the same again with `until` ends it."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    cmd.by.must_speak_for(cmd.department, field="department")
    status, since, until = _checked(cmd.status, cmd.since, cmd.until, today=clock.day())
    origin = Origin(cmd.by.name, f"party/{status}/{since}")
    report = PartyReport(origin, None, status, since, until, cmd.department)

    def change(talent: Talent) -> None:
        must_reach_own(talent, cmd.by)
        talent.must_match(cmd.etag)
        must_be_born(since, talent.state.birth_year, field="since")
        employers = {it.affiliation.department for it in talent.all_reports if isinstance(it, WorkReport)}
        if cmd.department not in codes.PARTY_DEPARTMENTS | employers:
            raise NotAPartyDepartment(field="department", department=cmd.department)
        talent.report(report, None, PrivateChanged())

    return await lanes.update(Talent, talent_id, change, cause=cause)
