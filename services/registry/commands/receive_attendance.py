"""ReceiveAttendance: up to 500 rows of an attendance list (签到表); consumers/sheets.py brings them to the talents."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.registry.commands.hold_session import own_session
from services.registry.commands.plan_session import MINUTES_OF_A_DAY
from services.registry.domain.person import Person, protect
from services.registry.domain.sheet import MOST_ROWS, MOST_SHEETS, Row, Sheet, SheetState, TooManyRows, row_of, sheet_id
from services.registry.domain.training import (
    MOST_ATTENDANCE,
    AttendanceFull,
    SessionNotFound,
    TrainingSession,
    session_key,
)
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import AmountInvalid, FieldMissing, Invalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step

LONGEST_SESSION_DAYS = 366


class AttendanceBeforeBirth(Invalid):
    reason = "ATTENDANCE_BEFORE_BIRTH"
    zh, en = "培训日期早于出生年份", "The session lies before the person's year of birth"


class LongerThanSession(Invalid):
    reason = "LONGER_THAN_SESSION"
    zh, en = "时长超过培训时长", "Longer than the session"


class Attended(msgspec.Struct, frozen=True):
    person: Person
    minutes: int


class ReceiveAttendance(msgspec.Struct, frozen=True, kw_only=True):
    department: str
    session_id: str
    number: int
    rows: Sequence[Attended]


def sheet_number(number: int) -> None:
    """Raises AMOUNT_INVALID."""
    if not 1 <= number <= MOST_SHEETS:
        raise AmountInvalid(field="number", number=number)


def must_be_sheet(number: int, rows: Sequence[object]) -> None:
    """Raises AMOUNT_INVALID, FIELD_MISSING, TOO_MANY_ROWS."""
    sheet_number(number)
    if not rows:
        raise FieldMissing(field="rows")
    if len(rows) > MOST_ROWS:
        raise TooManyRows(field="rows", rows=len(rows))


def step(cmd: ReceiveAttendance, *, keys: KeyRing, today: Day) -> Step:
    """Check every field and protect every person. Who is on the sheet twice counts once, with the fewest minutes."""
    must_be_sheet(cmd.number, cmd.rows)
    rows: dict[str, Row] = {}
    for at, given in enumerate(cmd.rows):
        if not 0 <= given.minutes <= LONGEST_SESSION_DAYS * MINUTES_OF_A_DAY:
            raise AmountInvalid(field=f"rows/{at}/minutes", minutes=given.minutes)
        who = protect(given.person, department=cmd.department, keys=keys, today=today, field=f"rows/{at}/identity.")
        row = row_of(who, minutes=given.minutes)
        held = rows.get(row.talent)
        if held is None or _whole(row.minutes) < _whole(held.minutes):
            rows[row.talent] = row
    parent = session_key(cmd.session_id)
    key = sheet_id(parent, cmd.number)
    state = SheetState("attendance", parent, cmd.number, cmd.department, tuple(rows.values()))

    def change(sheet: Sheet) -> dict[str, str]:
        sheet.receive(state)
        return {"sheet_id": key}

    return Step(Sheet, key, change)


def _whole(minutes: int) -> int:
    """0 = the session's, which is the longest."""
    return minutes or LONGEST_SESSION_DAYS * MINUTES_OF_A_DAY


async def receive_attendance(
    cmd: ReceiveAttendance, *, by: Principal, lanes: Lanes, store: Store, keys: KeyRing, clock: Clock, cause: Cause
) -> Answer:
    """For a known session. Raises SESSION_NOT_FOUND, SHEET_REUSED, LONGER_THAN_SESSION, ATTENDANCE_BEFORE_BIRTH …"""
    key = own_session(cmd.session_id, by)
    prepared = step(cmd, keys=keys, today=clock.day())
    session = (await store.get_many(TrainingSession, [key]))[key].aggregate
    present = session.present()
    if present is None:
        raise SessionNotFound(field="session_id")
    by.must_reach(present.venue, field="session_id")
    listed = sum(len(it.people) for it in session.state.sheets if it.number != cmd.number)
    if listed + len(cmd.rows) > MOST_ATTENDANCE:
        raise AttendanceFull(field="rows", most=MOST_ATTENDANCE)
    for at, given in enumerate(cmd.rows):
        if given.minutes > present.minutes:
            raise LongerThanSession(field=f"rows/{at}/minutes", most=present.minutes)
        born = given.person.id_number.strip()
        if len(born) == 18 and int(born[6:10]) > int(present.last_day[:4]):  # noqa: PLR2004 - a checked ID number
            raise AttendanceBeforeBirth(field=f"rows/{at}/identity.id_number", last_day=present.last_day)
    return await lanes.run(prepared, cause=cause)
