"""EndDesignation: a department ends a designation that it gave (取消、期满前退出)."""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.person import Person, protect
from services.registry.domain.reach import must_reach_own
from services.registry.domain.reports import DesignationEndReport, DesignationReport
from services.registry.domain.talent import OwnedByOtherDepartment, Talent
from services.registry.domain.talent_events import DesignationEnded
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import IntervalReversed, NotFound
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class DesignationNotFound(NotFound):
    reason = "DESIGNATION_NOT_FOUND"
    zh, en = "没有此称号记录", "No such designation"


class EndDesignation(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    kind: str
    since: str
    until: str
    etag: str
    by: Principal


class ReportDesignationEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which may arrive before the designation."""

    person: Person
    origin: Origin
    department: str
    kind: str
    since: str
    until: str


def _checked(kind: str, since: str, until: str, *, today: Day) -> tuple[str, Day, Day]:
    code = text.code(kind, codes.DESIGNATIONS, field="kind")
    start = dates.day(since, field="since", not_after=today)
    end = dates.day(until, field="until", not_after=today)
    if end <= start:
        raise IntervalReversed(field="until", since=start, until=end)
    return code, start, end


def step(cmd: ReportDesignationEnd, *, keys: KeyRing, today: Day) -> Step:
    kind, since, until = _checked(cmd.kind, cmd.since, cmd.until, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = DesignationEndReport(cmd.origin, who.name, cmd.department, kind, since, until)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, DesignationEnded(kind, until))

    return Step(Talent, who.talent, change)


async def end_designation(cmd: EndDesignation, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises DESIGNATION_NOT_FOUND, or OWNED_BY_OTHER_DEPARTMENT when only others gave such a one."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    cmd.by.must_speak_for(cmd.department, field="department")
    kind, since, until = _checked(cmd.kind, cmd.since, cmd.until, today=clock.day())
    origin = Origin(cmd.by.name, f"designation_end/{kind}/{since}")
    report = DesignationEndReport(origin, None, cmd.department, kind, since, until)

    def change(talent: Talent) -> None:
        must_reach_own(talent, cmd.by)
        talent.must_match(cmd.etag)
        _must_own(talent, kind, since, cmd.department)
        talent.report(report, None, DesignationEnded(kind, until))

    return await lanes.update(Talent, talent_id, change, cause=cause)


def _must_own(talent: Talent, kind: str, since: Day, department: str) -> None:
    givers = {
        it.department
        for it in talent.all_reports
        if isinstance(it, DesignationReport) and it.designation.kind == kind and it.designation.since == since
    }
    if not givers:
        raise DesignationNotFound(field="kind", kind=kind, since=since)
    if department not in givers:
        raise OwnedByOtherDepartment(field="kind", owner=min(givers))
