"""RecordEnrolment: somebody takes part in a programme, left it or completed it (参加培养项目; plan §3.2, §3.3)."""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.person import Person, protect
from services.registry.domain.programme import Programme, known_id
from services.registry.domain.reach import must_reach
from services.registry.domain.reports import EnrolmentReport, NameSeen
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import NO_DAY, Day
from services.shared.kernel.errors import FieldMissing, IntervalReversed
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class RecordEnrolment(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    programme_id: str
    talent_id: str
    since: str
    until: str
    result: str
    etag: str


class ReportEnrolment(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which names the person by ID number and may arrive before the programme."""

    person: Person
    origin: Origin
    department: str
    programme_id: str
    since: str
    until: str
    result: str


def _checked(
    cmd: RecordEnrolment | ReportEnrolment, *, origin: Origin, name: NameSeen | None, department: str, today: Day
) -> EnrolmentReport:
    """Raises Invalid: what is over has a result, and what has a result is over."""
    programme = known_id(cmd.programme_id, field="programme_id")
    since = dates.day(cmd.since, field="since", not_after=today)
    result = text.code(cmd.result, codes.ENROLMENT_RESULTS, field="result", required=bool(cmd.until))
    if not result:
        return EnrolmentReport(origin, name, programme, since, NO_DAY, "", department)
    if not cmd.until:
        raise FieldMissing(field="until")
    until = dates.day(cmd.until, field="until", not_after=today)
    if until <= since:
        raise IntervalReversed(field="until", since=since, until=until)
    return EnrolmentReport(origin, name, programme, since, until, result, department)


def step(cmd: ReportEnrolment, *, keys: KeyRing, today: Day) -> Step:
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = _checked(cmd, origin=cmd.origin, name=who.name, department=cmd.department, today=today)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, PrivateChanged())

    return Step(Talent, who.talent, change)


async def record_enrolment(cmd: RecordEnrolment, *, store: Store, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises PROGRAMME_NOT_FOUND, OUTSIDE_PROGRAMME, TALENT_NOT_FOUND, OUTSIDE_SCOPE, and Invalid."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    origin = Origin(cmd.by.name, f"enrolment/{cmd.programme_id}/{cmd.since}")
    report = _checked(cmd, origin=origin, name=None, department=cmd.by.department, today=clock.day())
    programme = (await store.get_many(Programme, [report.programme]))[report.programme].aggregate

    def change(talent: Talent) -> None:
        programme.must_run_on(report.since, field="since")
        must_reach(talent, cmd.by)
        talent.must_match(cmd.etag)
        talent.report(report, None, PrivateChanged())

    return await lanes.update(Talent, talent_id, change, cause=cause)
