"""Earmark: set free money of a budget line aside for a purchase (指定用途)."""

from __future__ import annotations

import msgspec

from services.funding.domain.budget_line import BudgetLine, line_id
from services.shared.kernel import dates, money, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal


class Earmark(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    line: str
    fen: int
    reference: str
    on: str


async def earmark(cmd: Earmark, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Answers the earmark's id. Raises Invalid, OUTSIDE_SCOPE and what `BudgetLine.earmark` raises."""
    line = line_id(cmd.line, field="line")
    amount = money.fen(cmd.fen, field="fen")
    reference = text.identifier(cmd.reference, field="reference")
    on = dates.day(cmd.on, field="on", not_after=clock.day())

    def change(budget: BudgetLine) -> dict[str, str]:
        budget.must_exist()
        cmd.by.must_reach(budget.state.terms.area, field="line")
        return {"earmark": budget.earmark(reference=reference, fen=amount, on=on)}

    return await lanes.update(BudgetLine, line, change, cause=cause)
