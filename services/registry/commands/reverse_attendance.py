"""ReverseAttendance: takes back one person's attendance, or a whole sheet (冲销); counts fall in their own month.

A department's system reports it for one person at a time, also before the list.
"""

from __future__ import annotations

import msgspec

from services.registry.commands.plan_session import session_id
from services.registry.commands.receive_attendance import sheet_number
from services.registry.domain.person import Person, protect
from services.registry.domain.registration_refusals import must_leave_registrations
from services.registry.domain.sheet import Sheet, SheetState, sheet_id, taking_back
from services.registry.domain.talent import Talent
from services.registry.domain.training import session_key
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class ReverseAttendance(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    sheet_id: str
    talent_id: str
    reason: str
    etag: str


class ReportAttendanceReversal(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which may arrive before the list."""

    person: Person
    department: str
    session: str
    number: int
    reversed_on: str


def step(cmd: ReportAttendanceReversal, *, keys: KeyRing, today: Day) -> Step:
    """Check every field and prepare the change."""
    parent = session_key(session_id(cmd.department, cmd.session))
    sheet_number(cmd.number)
    reversed_on = dates.day(cmd.reversed_on, field="reversed_on", not_after=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    known = SheetState("attendance", parent, cmd.number, cmd.department)
    return Step(Sheet, sheet_id(parent, cmd.number), lambda it: it.take_back(known, who.talent, on=reversed_on))


async def reverse_attendance(
    cmd: ReverseAttendance, *, lanes: Lanes, store: Store, clock: Clock, cause: Cause
) -> Answer:
    """Raises SHEET_NOT_FOUND, ROW_NOT_FOUND, OUTSIDE_SCOPE, ETAG_MISMATCH, or REGISTRATION_RESTS_ON_IT when a
    registration was granted on the strength of it today.
    """
    key = text.identifier(cmd.sheet_id, field="sheet_id")
    talent = text.identifier(cmd.talent_id, field="talent_id", required=False)
    reason = text.name(cmd.reason, field="reason")
    today = clock.day()
    sheet = (await store.get_many(Sheet, [key]))[key].aggregate
    if sheet.exists:
        cmd.by.must_speak_for(sheet.state.department, field="sheet_id")
    people = await store.get_many(Talent, sheet.listed(talent))
    for id_, held in people.items():
        back = taking_back(sheet.state, id_, sheet.state.struck.get(id_, today))
        must_leave_registrations(held.aggregate.all_reports, back, field="talent_id")

    def change(sheet: Sheet) -> None:
        sheet.must_match(cmd.etag)
        sheet.reverse(talent, on=today, reason=reason)

    return await lanes.update(Sheet, key, change, cause=cause)
