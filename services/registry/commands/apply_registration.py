"""ApplyRegistration: an application for registration is received (登记受理, 民发〔2009〕44号).

First within a year of passing, renewal in the last three months of the period, later in a waiver round only:
domain/registrations.py says which, domain/rules.py how long.
"""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.person import Person, protect
from services.registry.domain.reach import must_reach
from services.registry.domain.registration_refusals import NotARegistrationAuthority, must_be_receivable
from services.registry.domain.registrations import Filed
from services.registry.domain.reports import ApplicationReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import RegistrationApplied
from services.shared.kernel import dates, text
from services.shared.kernel.area import area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class ApplyRegistration(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    level: str
    received_on: str
    area: str
    etag: str
    by: Principal


class ReportApplication(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record; it is taken whatever it leads to, and leads to what the whole set justifies."""

    person: Person
    origin: Origin
    department: str
    by: Partner
    level: str
    received_on: str
    area: str


def _checked(cmd: ApplyRegistration | ReportApplication, *, today: Day) -> Filed:
    if cmd.department not in codes.REGISTRATION_AUTHORITIES:
        raise NotARegistrationAuthority(field="department", department=cmd.department)
    filed = Filed(
        text.code(cmd.level, codes.LEVELS, field="level"),
        dates.day(cmd.received_on, field="received_on", not_after=today),
        area(cmd.area, field="area"),
    )
    cmd.by.must_reach(filed.area, field="area")
    return filed


def step(cmd: ReportApplication, *, keys: KeyRing, today: Day) -> Step:
    filed = _checked(cmd, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = ApplicationReport(cmd.origin, who.name, filed.level, filed.received_on, filed.area)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, RegistrationApplied(filed.level, filed.received_on))

    return Step(Talent, who.talent, change)


async def apply_registration(cmd: ApplyRegistration, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises NOT_CERTIFIED, REGISTRATION_TOO_LATE, RENEWAL_WINDOW_NOT_OPEN, ALREADY_REGISTERED, REGISTRATION_ENDED or
    APPLICATION_PENDING.
    """
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    filed = _checked(cmd, today=clock.day())
    cmd.by.must_speak_for(cmd.department, field="department")
    origin = Origin(cmd.by.name, f"application/{filed.level}/{filed.received_on}")
    report = ApplicationReport(origin, None, filed.level, filed.received_on, filed.area, cmd.department)

    def change(talent: Talent) -> None:
        must_reach(talent, cmd.by)
        talent.must_match(cmd.etag)
        must_be_receivable(talent.all_reports, filed)
        talent.report(report, None, RegistrationApplied(filed.level, filed.received_on))

    return await lanes.update(Talent, talent_id, change, cause=cause)
