"""RecordRosterEntry: somebody can be called up for disasters, or no longer (进入、退出灾害社工名册; plan §3.4)."""

from __future__ import annotations

import msgspec

from services.registry.domain.person import Person, protect
from services.registry.domain.reach import must_reach
from services.registry.domain.reports import NameSeen, RosterReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged
from services.shared.kernel import dates, text
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class RecordRosterEntry(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    talent_id: str
    area: str
    since: str
    until: str
    etag: str


class ReportRosterEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which names the person by ID number."""

    person: Person
    origin: Origin
    department: str
    area: str
    since: str
    until: str


def _checked(
    cmd: RecordRosterEntry | ReportRosterEntry, *, origin: Origin, name: NameSeen | None, department: str, today: Day
) -> RosterReport:
    place = area(cmd.area, field="area", levels=(COUNTY,))
    since, until = dates.interval(cmd.since, cmd.until, field="", not_after=today)
    return RosterReport(origin, name, place, since, until, department)


def step(cmd: ReportRosterEntry, *, keys: KeyRing, today: Day) -> Step:
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = _checked(cmd, origin=cmd.origin, name=who.name, department=cmd.department, today=today)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, PrivateChanged())

    return Step(Talent, who.talent, change)


async def record_roster_entry(cmd: RecordRosterEntry, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises TALENT_NOT_FOUND, OUTSIDE_SCOPE, ETAG_MISMATCH, and Invalid with the field's path."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    origin = Origin(cmd.by.name, f"roster/{cmd.area}/{cmd.since}")
    report = _checked(cmd, origin=origin, name=None, department=cmd.by.department, today=clock.day())

    def change(talent: Talent) -> None:
        must_reach(talent, cmd.by)
        talent.must_match(cmd.etag)
        talent.report(report, None, PrivateChanged())

    return await lanes.update(Talent, talent_id, change, cause=cause)
