"""ReviewSenior: the senior level is granted by review (评审, 人社部规〔2018〕2号), within years of the examination."""

from __future__ import annotations

import msgspec

from services.registry.commands.record_pass import NotAnExamAuthority
from services.registry.domain import codes
from services.registry.domain.person import Person, protect
from services.registry.domain.reach import must_reach
from services.registry.domain.registration_refusals import must_be_reviewable
from services.registry.domain.reports import ReviewReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import SeniorReviewed
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class ReviewSenior(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    granted_on: str
    etag: str
    by: Principal


class ReportReview(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which may arrive before the passes it rests on and counts when they are there."""

    person: Person
    origin: Origin
    department: str
    granted_on: str


def _checked(department: str, granted_on: str, *, today: Day) -> Day:
    if department not in codes.EXAM_AUTHORITIES:
        raise NotAnExamAuthority(field="department", department=department)
    return dates.day(granted_on, field="granted_on", not_after=today)


def step(cmd: ReportReview, *, keys: KeyRing, today: Day) -> Step:
    granted_on = _checked(cmd.department, cmd.granted_on, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = ReviewReport(cmd.origin, who.name, granted_on)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, SeniorReviewed(granted_on))

    return Step(Talent, who.talent, change)


async def review_senior(cmd: ReviewSenior, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises SENIOR_EXAM_NOT_PASSED, SENIOR_EXAM_EXPIRED or INTERMEDIATE_NOT_PASSED."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    granted_on = _checked(cmd.department, cmd.granted_on, today=clock.day())
    cmd.by.must_speak_for(cmd.department, field="department")
    report = ReviewReport(Origin(cmd.by.name, "review"), None, granted_on, cmd.department)

    def change(talent: Talent) -> None:
        must_reach(talent, cmd.by)
        talent.must_match(cmd.etag)
        must_be_reviewable(talent.all_reports, granted_on)
        talent.report(report, None, SeniorReviewed(granted_on))

    return await lanes.update(Talent, talent_id, change, cause=cause)
