"""RecordPass: an examination authority reports a passed level (职业水平考试, 国人部发〔2006〕71号).

A pass of a person whom nobody knows creates a talent without affiliation.
"""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.person import Person, protect
from services.registry.domain.reports import Certificate, PassReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PassRecorded
from services.shared.kernel import dates, text
from services.shared.kernel.area import home
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Forbidden, IntervalReversed, Invalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.step import Step


class NotAnExamAuthority(Forbidden):
    reason = "NOT_AN_EXAM_AUTHORITY"
    zh, en = (
        "只有考试主管部门可以报送通过记录",
        "Only the examination authority reports passes",
    )


class ReviewOfOtherLevel(Invalid):
    """Only the senior level is granted by review (评审)."""

    reason = "GRANTED_ON_WITHOUT_REVIEW"
    zh, en = "该级别没有评审日期", "Only the senior level has a review date"


class RecordPass(msgspec.Struct, frozen=True, kw_only=True):
    person: Person
    origin: Origin
    department: str
    level: str
    passed_on: str
    granted_on: str
    issuing_province: str
    number: str
    home_county: str


def step(cmd: RecordPass, *, keys: KeyRing, today: Day) -> Step:
    """Check every field and prepare the change. Raises Invalid and Forbidden with the field's path."""
    if cmd.department not in codes.EXAM_AUTHORITIES:
        raise NotAnExamAuthority(field="department", department=cmd.department)
    level = text.code(cmd.level, codes.LEVELS, field="level")
    passed_on = dates.day(cmd.passed_on, field="passed_on", not_after=today)
    granted_on = dates.day(cmd.granted_on, field="granted_on", required=False, not_after=today)
    if granted_on and level != "senior":
        raise ReviewOfOtherLevel(field="granted_on")
    if granted_on and granted_on < passed_on:
        raise IntervalReversed(field="granted_on", since=passed_on, until=granted_on)
    certificate = Certificate(
        level,
        home(cmd.issuing_province, field="issuing_province"),
        passed_on,
        granted_on,
    )
    number = text.identifier(cmd.number, field="number", required=False)
    home_county = home(cmd.home_county, field="home_county")
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = PassReport(
        cmd.origin,
        who.name,
        home_county,
        certificate,
        keys.blind_index("certificate", number) if number else "",
    )
    event = PassRecorded(level, passed_on)
    values = {"talent_id": who.talent}

    def change(talent: Talent) -> dict[str, str]:
        talent.report(report, who.identity, event)
        return values

    return Step(Talent, who.talent, change)


async def record_pass(cmd: RecordPass, *, lanes: Lanes, keys: KeyRing, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, keys=keys, today=clock.day()), cause=cause)
