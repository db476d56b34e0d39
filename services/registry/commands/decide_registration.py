"""DecideRegistration: a registration authority grants or refuses an application (登记决定, 民发〔2009〕44号).

What a grant needs (the window, the hours of education) is judged in domain/registrations.py.
"""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.person import Person, protect
from services.registry.domain.reach import must_reach
from services.registry.domain.registration_refusals import NotARegistrationAuthority, must_be_decidable
from services.registry.domain.reports import DecisionReport, NameSeen
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import RegistrationDecided
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import IntervalReversed
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class DecideRegistration(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    level: str
    received_on: str
    decided_on: str
    granted: bool
    etag: str
    by: Principal


class ReportDecision(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which may arrive before the application; it grants what the set justifies."""

    person: Person
    origin: Origin
    department: str
    level: str
    received_on: str
    decided_on: str
    granted: bool


def _checked(
    cmd: DecideRegistration | ReportDecision, origin: Origin, name: NameSeen | None, *, today: Day
) -> DecisionReport:
    if cmd.department not in codes.REGISTRATION_AUTHORITIES:
        raise NotARegistrationAuthority(field="department", department=cmd.department)
    level = text.code(cmd.level, codes.LEVELS, field="level")
    received_on = dates.day(cmd.received_on, field="received_on", not_after=today)
    decided_on = dates.day(cmd.decided_on, field="decided_on", not_after=today)
    if decided_on < received_on:
        raise IntervalReversed(field="decided_on", since=received_on, until=decided_on)
    return DecisionReport(origin, name, level, received_on, decided_on, cmd.granted)


def _event(report: DecisionReport) -> RegistrationDecided:
    return RegistrationDecided(report.level, report.received_on, report.decided_on, report.granted)


def step(cmd: ReportDecision, *, keys: KeyRing, today: Day) -> Step:
    unnamed = _checked(cmd, cmd.origin, None, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = msgspec.structs.replace(unnamed, name=who.name)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, _event(report))

    return Step(Talent, who.talent, change)


async def decide_registration(cmd: DecideRegistration, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises APPLICATION_NOT_FOUND, ALREADY_DECIDED, EDUCATION_HOURS_MISSING (with the minutes) and what an application
    raises.
    """
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    origin = Origin(cmd.by.name, f"decision/{cmd.level}/{cmd.received_on}")
    report = msgspec.structs.replace(_checked(cmd, origin, None, today=clock.day()), department=cmd.department)
    cmd.by.must_speak_for(cmd.department, field="department")

    def change(talent: Talent) -> None:
        must_reach(talent, cmd.by)
        talent.must_match(cmd.etag)
        must_be_decidable(talent.all_reports, report)
        talent.report(report, None, _event(report))

    return await lanes.update(Talent, talent_id, change, cause=cause)
