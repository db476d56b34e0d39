"""RecordDeparture: somebody died, or left the province or the field, on a day (死亡、离川、离岗).

Ends every affiliation and designation in force on that day, whichever department reported it and in whatever order;
certificates stay.
"""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.person import Person, must_be_born, protect
from services.registry.domain.reach import must_reach_own
from services.registry.domain.reports import DepartureReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import TalentDeparted
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class RecordDeparture(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    departure: str
    on: str
    etag: str
    by: Principal


class ReportDeparture(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which names the person by ID number."""

    person: Person
    origin: Origin
    department: str
    departure: str
    on: str


def _checked(departure: str, on: str, *, today: Day) -> tuple[str, Day]:
    return text.code(departure, codes.DEPARTURES, field="departure"), dates.day(on, field="on", not_after=today)


def step(cmd: ReportDeparture, *, keys: KeyRing, today: Day) -> Step:
    departure, on = _checked(cmd.departure, cmd.on, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    must_be_born(on, who.identity.birth_year, field="on")
    report = DepartureReport(cmd.origin, who.name, departure, on)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, TalentDeparted(departure, on))

    return Step(Talent, who.talent, change)


async def record_departure(cmd: RecordDeparture, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """One departure per caller and kind: a second one corrects the day."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    cmd.by.must_speak_for(cmd.department, field="department")
    departure, on = _checked(cmd.departure, cmd.on, today=clock.day())
    report = DepartureReport(Origin(cmd.by.name, f"departure/{departure}"), None, departure, on, cmd.department)

    def change(talent: Talent) -> None:
        must_reach_own(talent, cmd.by)
        talent.must_match(cmd.etag)
        must_be_born(on, talent.state.birth_year, field="on")
        talent.report(report, None, TalentDeparted(departure, on))

    return await lanes.update(Talent, talent_id, change, cause=cause)
