"""AnnounceSitting and ReceiveResults: an examination and the results file of it, 500 rows at a time (考试成绩)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from services.registry.commands.receive_attendance import must_be_sheet
from services.registry.commands.record_pass import NotAnExamAuthority
from services.registry.domain import codes
from services.registry.domain.person import Person, protect
from services.registry.domain.sheet import Row, Sheet, SheetState, row_of, sheet_id
from services.registry.domain.sitting import ExamSitting, SittingNotFound, sitting_id, sitting_key
from services.registry.domain.talent import Talent
from services.shared.kernel import dates, text
from services.shared.kernel.area import home
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import FieldMissing
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.kernel.step import Step


class AnnounceSitting(msgspec.Struct, frozen=True, kw_only=True):
    department: str
    level: str
    passed_on: str
    issuing_province: str


class Result(msgspec.Struct, frozen=True):
    person: Person
    certificate: str
    home_county: str


class ReceiveResults(msgspec.Struct, frozen=True, kw_only=True):
    department: str
    level: str
    passed_on: str
    issuing_province: str
    number: int
    rows: Sequence[Result]


def _sitting(cmd: AnnounceSitting | ReceiveResults, *, today: Day) -> str:
    if cmd.department not in codes.EXAM_AUTHORITIES:
        raise NotAnExamAuthority(field="department", department=cmd.department)
    province = home(cmd.issuing_province, field="issuing_province")
    if not province:
        raise FieldMissing(field="issuing_province")
    return sitting_id(
        level=text.code(cmd.level, codes.LEVELS, field="level"),
        passed_on=dates.day(cmd.passed_on, field="passed_on", not_after=today),
        issuing_province=province,
    )


def announcing(cmd: AnnounceSitting, *, today: Day) -> Step:
    key = _sitting(cmd, today=today)

    def change(sitting: ExamSitting) -> dict[str, str]:
        sitting.announce()
        return {"sitting_id": key}

    return Step(ExamSitting, key, change)


def step(cmd: ReceiveResults, *, keys: KeyRing, today: Day, holders: Mapping[str, str] = MappingProxyType({})) -> Step:
    """Check every field and protect every person; the same row twice is one. `holders`: claim → talent that has it."""
    must_be_sheet(cmd.number, cmd.rows)
    parent = sitting_key(_sitting(cmd, today=today))
    rows: dict[tuple[str, str, str], Row] = {}
    for at, given in enumerate(cmd.rows):
        number = text.identifier(given.certificate, field=f"rows/{at}/certificate", required=False)
        home_county = home(given.home_county, field=f"rows/{at}/home_county")
        who = protect(given.person, department=cmd.department, keys=keys, today=today, field=f"rows/{at}/identity.")
        index = keys.blind_index("certificate", number) if number else ""
        holder = holders.get(f"certificate/{index}", "")
        if holder == who.talent:
            holder = ""
        row = row_of(who, number_index=index, home_county=home_county, holder=holder)
        rows.setdefault((row.talent, row.name_index, index), row)
    key = sheet_id(parent, cmd.number)
    state = SheetState("results", parent, cmd.number, cmd.department, tuple(rows.values()))

    def change(sheet: Sheet) -> dict[str, str]:
        sheet.receive(state)
        return {"sheet_id": key}

    return Step(Sheet, key, change)


async def announce_sitting(cmd: AnnounceSitting, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(announcing(cmd, today=clock.day()), cause=cause)


def results_of(sitting: str, *, department: str, number: int, rows: Sequence[Result]) -> ReceiveResults:
    """The command for a sitting named by its id. Raises SITTING_NOT_FOUND when the id names none."""
    parts = text.identifier(sitting, field="sitting_id").split("/")
    if len(parts) != 3:  # noqa: PLR2004 - province, level, day
        raise SittingNotFound(field="sitting_id")
    return ReceiveResults(
        department=department, level=parts[1], passed_on=parts[2], issuing_province=parts[0], number=number, rows=rows
    )


async def receive_results(
    cmd: ReceiveResults, *, lanes: Lanes, store: Store, keys: KeyRing, clock: Clock, cause: Cause
) -> Answer:
    """For an announced sitting. A number that another talent has already is noted on its row, and becomes a case.

    Raises SITTING_NOT_FOUND, SHEET_REUSED, NOT_AN_EXAM_AUTHORITY …
    """
    key = _sitting(cmd, today=clock.day())
    sitting = (await store.get_many(ExamSitting, [key]))[key].aggregate
    if not sitting.state.announced:
        raise SittingNotFound(field="sitting_id")
    indexes = [keys.blind_index("certificate", row.certificate) for row in cmd.rows if row.certificate]
    holders = await store.holders(Talent, [f"certificate/{index}" for index in indexes])
    return await lanes.run(step(cmd, keys=keys, today=clock.day(), holders=holders), cause=cause)
