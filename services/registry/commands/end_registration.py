"""EndRegistration: a registration authority ends a running registration (注销登记); the certificate stays."""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.person import Person, protect
from services.registry.domain.reach import must_reach
from services.registry.domain.registration_refusals import NotARegistrationAuthority, must_be_running
from services.registry.domain.reports import RegistrationEndReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import RegistrationEnded
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class EndRegistration(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    level: str
    ended_on: str
    reason: str
    etag: str
    by: Principal


class ReportRegistrationEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which may arrive before the registration it ends."""

    person: Person
    origin: Origin
    department: str
    level: str
    ended_on: str
    reason: str


def _checked(cmd: EndRegistration | ReportRegistrationEnd, *, today: Day) -> tuple[str, Day, str]:
    if cmd.department not in codes.REGISTRATION_AUTHORITIES:
        raise NotARegistrationAuthority(field="department", department=cmd.department)
    return (
        text.code(cmd.level, codes.LEVELS, field="level"),
        dates.day(cmd.ended_on, field="ended_on", not_after=today),
        text.code(cmd.reason, codes.REGISTRATION_END_REASONS, field="reason"),
    )


def step(cmd: ReportRegistrationEnd, *, keys: KeyRing, today: Day) -> Step:
    level, ended_on, reason = _checked(cmd, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = RegistrationEndReport(cmd.origin, who.name, level, ended_on, reason)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, RegistrationEnded(level, ended_on, reason))

    return Step(Talent, who.talent, change)


async def end_registration(cmd: EndRegistration, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises NOT_REGISTERED unless a registration of the level holds on the day and began before it."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    level, ended_on, reason = _checked(cmd, today=clock.day())
    cmd.by.must_speak_for(cmd.department, field="department")
    origin = Origin(cmd.by.name, f"registration-end/{level}/{ended_on}")
    report = RegistrationEndReport(origin, None, level, ended_on, reason, cmd.department)

    def change(talent: Talent) -> None:
        must_reach(talent, cmd.by)
        talent.must_match(cmd.etag)
        must_be_running(talent.all_reports, level=level, on=ended_on)
        talent.report(report, None, RegistrationEnded(level, ended_on, reason))

    return await lanes.update(Talent, talent_id, change, cause=cause)
