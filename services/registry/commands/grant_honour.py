"""GrantHonour: an honour given to a talent (荣誉; plan 565 荣誉激励). Never published."""

from __future__ import annotations

import msgspec

from services.registry.commands.sealed_text import sealed_text
from services.registry.domain import codes
from services.registry.domain.person import Person, must_be_born, protect
from services.registry.domain.reach import must_reach_own
from services.registry.domain.reports import HonourReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class GrantHonour(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    title: str
    grantor_level: str
    on: str
    etag: str
    by: Principal


class ReportHonour(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which names the person by ID number."""

    person: Person
    origin: Origin
    department: str
    title: str
    grantor_level: str
    on: str


def _checked(grantor_level: str, on: str, *, today: Day) -> tuple[str, Day]:
    return (
        text.code(grantor_level, codes.GRANTOR_LEVELS, field="grantor_level"),
        dates.day(on, field="on", not_after=today),
    )


def step(cmd: ReportHonour, *, keys: KeyRing, today: Day) -> Step:
    level, on = _checked(cmd.grantor_level, cmd.on, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    must_be_born(on, who.identity.birth_year, field="on")
    title = sealed_text(cmd.title, talent=who.talent, field="title", keys=keys)
    report = HonourReport(cmd.origin, who.name, title.index, level, on)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, PrivateChanged(), title)

    return Step(Talent, who.talent, change)


async def grant_honour(cmd: GrantHonour, *, lanes: Lanes, keys: KeyRing, clock: Clock, cause: Cause) -> Answer:
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    cmd.by.must_speak_for(cmd.department, field="department")
    level, on = _checked(cmd.grantor_level, cmd.on, today=clock.day())
    title = sealed_text(cmd.title, talent=talent_id, field="title", keys=keys)
    origin = Origin(cmd.by.name, f"honour/{on}/{title.index}")
    report = HonourReport(origin, None, title.index, level, on, cmd.department)

    def change(talent: Talent) -> None:
        must_reach_own(talent, cmd.by)
        talent.must_match(cmd.etag)
        must_be_born(on, talent.state.birth_year, field="on")
        talent.report(report, None, PrivateChanged(), title)

    return await lanes.update(Talent, talent_id, change, cause=cause)
