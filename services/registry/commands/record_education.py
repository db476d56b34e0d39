"""RecordEducation: continuing education that a document proves (继续教育, 民发〔2009〕123号).

Which entries count and how is said in domain/education.py. One document is one entry, whoever reports it.
"""

from __future__ import annotations

from datetime import date

import msgspec

from services.registry.domain import codes
from services.registry.domain.education import entries
from services.registry.domain.person import Person, protect
from services.registry.domain.reach import must_reach
from services.registry.domain.reports import EducationReport, NameSeen
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import EducationRecorded
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day, month_of
from services.shared.kernel.errors import AmountInvalid, Duplicate, IntervalReversed, Invalid, RuleBroken
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc

MINUTES_OF_A_DAY = 24 * 60


class MoreThanADayHolds(Invalid):
    reason = "MORE_THAN_A_DAY_HOLDS"
    zh, en = "每天超过24小时", "More than 24 hours for each day"


class EducationBeforeBirth(Invalid):
    reason = "EDUCATION_BEFORE_BIRTH"
    zh, en = "日期早于出生年份", "The education lies before the person's year of birth"


class EvidenceDiffers(Duplicate):
    reason = "EVIDENCE_DIFFERS"
    zh, en = "该证明材料已登记为其他内容", "The document was recorded with other content"
    fix_zh, fix_en = "请先冲销，或使用新的材料编号", "Reverse it, or use the id of another document"


class EvidenceReversed(RuleBroken):
    reason = "EVIDENCE_REVERSED"
    zh, en = "该证明材料已冲销", "The document's entry was reversed; it no longer counts"
    fix_zh, fix_en = "请使用新的材料编号", "Use the id of another document"


class RecordEducation(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    evidence_id: str
    kind: str
    category: str
    first_day: str
    last_day: str
    minutes: int
    provider: str
    etag: str
    by: Principal


class ReportEducation(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which names the person by ID number."""

    person: Person
    origin: Origin
    department: str
    evidence_id: str
    kind: str
    category: str
    first_day: str
    last_day: str
    minutes: int
    provider: str


def _checked(
    cmd: RecordEducation | ReportEducation, origin: Origin, name: NameSeen | None, *, today: Day
) -> EducationReport:
    """`last_day` may be left out for one day; the minutes of a degree may be left out, because the rule counts it."""
    kind = text.code(cmd.kind, codes.EDUCATION_KINDS, field="kind")
    first_day = dates.day(cmd.first_day, field="first_day", not_after=today)
    last_day = dates.day(cmd.last_day, field="last_day", required=False, not_after=today) or first_day
    if last_day < first_day:
        raise IntervalReversed(field="last_day", since=first_day, until=last_day)
    days = (date.fromisoformat(last_day) - date.fromisoformat(first_day)).days + 1
    if cmd.minutes < 0 or (cmd.minutes == 0 and kind != "degree"):
        raise AmountInvalid(field="minutes", minutes=cmd.minutes)
    if cmd.minutes > days * MINUTES_OF_A_DAY:
        raise MoreThanADayHolds(field="minutes", minutes=cmd.minutes, days=days)
    return EducationReport(
        origin,
        name,
        cmd.department,
        text.identifier(cmd.evidence_id, field="evidence_id"),
        kind,
        text.code(cmd.category, codes.TRAINING_CATEGORIES, field="category", required=kind == "training"),
        first_day,
        last_day,
        cmd.minutes,
        uscc(cmd.provider, field="provider"),
    )


def _must_be_born(report: EducationReport, birth_year: int) -> None:
    if int(report.first_day[:4]) < birth_year:
        raise EducationBeforeBirth(field="first_day", first_day=report.first_day)


def _event(report: EducationReport) -> EducationRecorded:
    return EducationRecorded(report.kind, month_of(report.last_day))


def step(cmd: ReportEducation, *, keys: KeyRing, today: Day) -> Step:
    unnamed = _checked(cmd, cmd.origin, None, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    _must_be_born(unnamed, who.identity.birth_year)
    report = msgspec.structs.replace(unnamed, name=who.name)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, _event(report))

    return Step(Talent, who.talent, change)


async def record_education(cmd: RecordEducation, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises EVIDENCE_DIFFERS when the document is known with other content, EVIDENCE_REVERSED when it was reversed."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    origin = Origin(cmd.by.name, f"education/{cmd.evidence_id}")
    report = _checked(cmd, origin, None, today=clock.day())
    cmd.by.must_speak_for(cmd.department, field="department")

    def change(talent: Talent) -> None:
        must_reach(talent, cmd.by)
        talent.must_match(cmd.etag)
        _must_be_born(report, talent.state.birth_year)
        for held in talent.all_reports:
            if isinstance(held, EducationReport) and held.evidence_id == report.evidence_id:
                _must_agree(held, report)
        for entry in entries(talent.all_reports):
            if entry.evidence_id == report.evidence_id and entry.reversed_on:
                raise EvidenceReversed(field="evidence_id", reversed_on=entry.reversed_on)
        talent.report(report, None, _event(report))

    return await lanes.update(Talent, talent_id, change, cause=cause)


def _must_agree(held: EducationReport, report: EducationReport) -> None:
    told = msgspec.structs.replace(held, origin=report.origin, name=report.name, department=report.department)
    if told != report:
        raise EvidenceDiffers(field="evidence_id", last_day=held.last_day)
