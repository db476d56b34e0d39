"""Appropriate: put money into a budget line (预算安排); a new id opens the line."""

from __future__ import annotations

import msgspec

from services.funding.domain import codes
from services.funding.domain.budget_line import BudgetLine, LineTerms, line_id
from services.shared.kernel import dates, money, text
from services.shared.kernel.area import COUNTY, TOWNSHIP, area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.codes import DEPARTMENTS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Invalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step

FIRST_YEAR = 2000
LONGEST_PURPOSE = 100


class FiscalYearInvalid(Invalid):
    reason = "FISCAL_YEAR_INVALID"
    zh, en = "预算年度无效", f"A fiscal year from {FIRST_YEAR} to next year"
    fix_zh, fix_en = "请核对预算年度", "Check the fiscal year"


class Appropriate(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    line: str
    fiscal_year: int
    source: str
    owner: str
    area: str
    purpose: str
    basis: str
    fen: int
    reference: str
    on: str


def step(cmd: Appropriate, *, today: Day) -> Step:
    """Check every field and prepare the change. Raises Invalid and Forbidden with the field's path."""
    line = line_id(cmd.line, field="line")
    if not FIRST_YEAR <= cmd.fiscal_year <= int(today[:4]) + 1:
        raise FiscalYearInvalid(field="fiscal_year", year=cmd.fiscal_year)
    terms = LineTerms(
        cmd.fiscal_year,
        text.code(cmd.source, codes.SOURCES, field="source"),
        text.code(cmd.owner, DEPARTMENTS, field="owner"),
        area(cmd.area, field="area", levels=(COUNTY, TOWNSHIP)),
        text.name(cmd.purpose, field="purpose", longest=LONGEST_PURPOSE),
        text.code(cmd.basis, codes.BASES, field="basis"),
    )
    cmd.by.must_reach(terms.area, field="area")
    amount = money.fen(cmd.fen, field="fen")
    reference = text.identifier(cmd.reference, field="reference")
    on = dates.day(cmd.on, field="on", not_after=today)

    def change(budget: BudgetLine) -> None:
        budget.appropriate(terms, reference=reference, fen=amount, on=on)

    return Step(BudgetLine, line, change)


async def appropriate(cmd: Appropriate, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
