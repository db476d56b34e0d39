"""RecordPay: what an employer paid a talent in a calendar year (薪酬; plan §1.1, §6.1)."""

from __future__ import annotations

import msgspec

from services.registry.commands.record_talent import pay_of
from services.registry.domain.person import Person, protect
from services.registry.domain.reports import PayReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PayRecorded
from services.shared.kernel import text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc


class RecordPay(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    organisation: str
    year: int
    fen: int
    etag: str
    by: Principal


class ReportPay(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which names the person by ID number."""

    person: Person
    origin: Origin
    department: str
    organisation: str
    year: int
    fen: int


def step(cmd: ReportPay, *, keys: KeyRing, today: Day) -> Step:
    pay = pay_of(cmd.year, cmd.fen, uscc(cmd.organisation, field="organisation"), today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = PayReport(cmd.origin, who.name, pay, cmd.fen)
    event = PayRecorded(pay.year, pay.band)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, event)

    return Step(Talent, who.talent, change)


async def record_pay(cmd: RecordPay, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    cmd.by.must_speak_for(cmd.department, field="department")
    pay = pay_of(
        cmd.year,
        cmd.fen,
        uscc(cmd.organisation, field="organisation"),
        today=clock.day(),
    )
    report = PayReport(Origin(cmd.by.name, f"pay/{pay.year}/{pay.organisation}"), None, pay, cmd.fen, cmd.department)

    def change(talent: Talent) -> None:
        talent.must_exist()
        talent.must_match(cmd.etag)
        talent.report(report, None, PayRecorded(pay.year, pay.band))

    return await lanes.update(Talent, talent_id, change, cause=cause)
