"""Designate: give a talent a title for a time (督导、高层次、领军、双师、双证; plan §3.2, §3.3)."""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.person import Person, protect
from services.registry.domain.reports import Designation, DesignationReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import Designated
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class Title(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    grade: str
    grantor_level: str
    since: str
    until: str


class Designate(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    title: Title
    etag: str
    by: Principal


class ReportDesignation(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which names the person by ID number."""

    person: Person
    origin: Origin
    department: str
    title: Title


def _checked(title: Title, *, today: Day) -> Designation:
    since, until = dates.interval(title.since, title.until, field="", not_after=today)
    return Designation(
        text.code(title.kind, codes.DESIGNATIONS, field="kind"),
        text.name(title.grade, field="grade", required=False),
        text.code(title.grantor_level, codes.GRANTOR_LEVELS, field="grantor_level"),
        since,
        until,
    )


def step(cmd: ReportDesignation, *, keys: KeyRing, today: Day) -> Step:
    designation = _checked(cmd.title, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = DesignationReport(cmd.origin, who.name, designation, cmd.department)
    event = Designated(designation.kind, designation.since)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, event)

    return Step(Talent, who.talent, change)


async def designate(cmd: Designate, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    cmd.by.must_speak_for(cmd.department, field="department")
    designation = _checked(cmd.title, today=clock.day())
    key = f"designation/{designation.kind}/{designation.grantor_level}/{designation.since}"
    report = DesignationReport(Origin(cmd.by.name, key), None, designation, cmd.department)

    def change(talent: Talent) -> None:
        talent.must_exist()
        talent.must_match(cmd.etag)
        talent.report(report, None, Designated(designation.kind, designation.since))

    return await lanes.update(Talent, talent_id, change, cause=cause)
