"""ReverseEducation: a department takes back an entry that it reported (冲销); it is subtracted in its own month."""

from __future__ import annotations

import msgspec

from services.registry.domain.person import Person, protect
from services.registry.domain.reach import must_reach
from services.registry.domain.registration_refusals import must_leave_registrations
from services.registry.domain.reports import EducationReport, EducationReversalReport
from services.registry.domain.talent import OwnedByOtherDepartment, Talent
from services.registry.domain.talent_events import EducationReversed
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day, month_of
from services.shared.kernel.errors import IntervalReversed, NotFound
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class EducationNotFound(NotFound):
    reason = "EDUCATION_NOT_FOUND"
    zh, en = "没有该证明材料的继续教育记录", "No education is recorded for the document"


class ReverseEducation(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    evidence_id: str
    reversed_on: str
    etag: str
    by: Principal


class ReportEducationReversal(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which may arrive before the entry it takes back."""

    person: Person
    origin: Origin
    department: str
    evidence_id: str
    reversed_on: str


def step(cmd: ReportEducationReversal, *, keys: KeyRing, today: Day) -> Step:
    evidence = text.identifier(cmd.evidence_id, field="evidence_id")
    reversed_on = dates.day(cmd.reversed_on, field="reversed_on", not_after=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = EducationReversalReport(cmd.origin, who.name, cmd.department, evidence, reversed_on)

    def change(talent: Talent) -> None:
        month = min((month_of(it.last_day) for it in _told(talent, evidence)), default="")
        talent.report(report, who.identity, EducationReversed(month))

    return Step(Talent, who.talent, change)


async def reverse_education(cmd: ReverseEducation, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises EDUCATION_NOT_FOUND, OWNED_BY_OTHER_DEPARTMENT, INTERVAL_REVERSED, or REGISTRATION_RESTS_ON_IT when the
    day lies before a decision that rests on the entry.
    """
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    evidence = text.identifier(cmd.evidence_id, field="evidence_id")
    reversed_on = dates.day(cmd.reversed_on, field="reversed_on", not_after=clock.day())
    cmd.by.must_speak_for(cmd.department, field="department")
    origin = Origin(cmd.by.name, f"education-reversal/{evidence}")
    report = EducationReversalReport(origin, None, cmd.department, evidence, reversed_on)

    def change(talent: Talent) -> None:
        must_reach(talent, cmd.by)
        talent.must_match(cmd.etag)
        told = _told(talent, evidence)
        if not told:
            raise EducationNotFound(field="evidence_id")
        own = [it for it in told if it.department == cmd.department]
        if not own:
            raise OwnedByOtherDepartment(field="evidence_id", owner=told[0].department)
        last_day = min(it.last_day for it in told)
        if reversed_on < last_day:
            raise IntervalReversed(field="reversed_on", since=last_day, until=reversed_on)
        must_leave_registrations(talent.all_reports, report, field="reversed_on")
        talent.report(report, None, EducationReversed(month_of(last_day)))

    return await lanes.update(Talent, talent_id, change, cause=cause)


def _told(talent: Talent, evidence: str) -> list[EducationReport]:
    return [it for it in talent.all_reports if isinstance(it, EducationReport) and it.evidence_id == evidence]
