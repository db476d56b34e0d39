"""SignContract: buy services from a provider with earmarked money (签订购买服务合同).

Two aggregates, so two commits: the line commits the money and says so with the contract's terms, then the contract
is written from them. A crash in between loses nothing: the saga on the line's event writes it too (consumers.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.funding.domain.budget_line import BudgetLine, line_id
from services.funding.domain.contract import Contract, ContractTerms, Leg, Milestone, must_be_signable
from services.shared.kernel import dates, money, text
from services.shared.kernel.area import COUNTY, TOWNSHIP, area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.codes import DEPARTMENTS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import FieldMissing
from services.shared.kernel.ids import derived_id
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc

# Characters; an event with the terms and the line's facts stays below 4 KiB.
LONGEST_TITLE = 100
LONGEST_MILESTONE_ID = 16
LONGEST_MILESTONE_TITLE = 40
# Signing is a contract's first event.
SIGNED = 1


class PlannedMilestone(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str
    due: str
    fen: int


class SignContract(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    request_id: str
    line: str
    earmark: str
    purchaser: str
    area: str
    provider: str
    title: str
    value: int
    signed_on: str
    since: str
    until: str
    milestones: Sequence[PlannedMilestone]


def write(contract: str, terms: ContractTerms) -> Step:
    """Write the contract that a line has committed money to; without effect when it is written."""

    def change(it: Contract) -> None:
        it.sign(terms)

    return Step(Contract, contract, change)


async def sign_contract(cmd: SignContract, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Answers the contract's id. Raises Invalid, OUTSIDE_SCOPE and what `BudgetLine.commit` raises.

    UNAVAILABLE between the two commits leaves the money committed; the same request again, or the saga, completes it.
    """
    terms = _checked(cmd, today=clock.day())
    contract = derived_id("contract", cmd.by.name, cmd.request_id)

    def change(line: BudgetLine) -> dict[str, str]:
        line.must_exist()
        cmd.by.must_reach(line.state.terms.area, field="line")
        line.commit(terms, contract=contract, earmark=terms.legs[0].earmark)
        return {"contract": contract}

    committed = await lanes.update(BudgetLine, terms.legs[0].line, change, cause=cause)
    await lanes.run(write(contract, terms), cause=None)
    return Answer(SIGNED, committed.values)


def _checked(cmd: SignContract, *, today: Day) -> ContractTerms:
    value = money.fen(cmd.value, field="value")
    since, until = dates.interval(cmd.since, cmd.until, field="")
    if not until:
        raise FieldMissing(field="until")
    signed_on = dates.day(cmd.signed_on, field="signed_on", not_after=today)
    terms = ContractTerms(
        purchaser=text.code(cmd.purchaser, DEPARTMENTS, field="purchaser"),
        area=area(cmd.area, field="area", levels=(COUNTY, TOWNSHIP)),
        provider=uscc(cmd.provider, field="provider"),
        title=text.name(cmd.title, field="title", longest=LONGEST_TITLE),
        value=value,
        signed_on=signed_on,
        since=since,
        until=until,
        legs=(Leg(line_id(cmd.line, field="line"), text.identifier(cmd.earmark, field="earmark"), value),),
        milestones=tuple(_milestone(it, index) for index, it in enumerate(cmd.milestones)),
    )
    must_be_signable(terms)
    return terms


def _milestone(planned: PlannedMilestone, index: int) -> Milestone:
    path = f"milestones[{index}]"
    return Milestone(
        text.identifier(text.name(planned.id, field=f"{path}.id", longest=LONGEST_MILESTONE_ID), field=f"{path}.id"),
        text.name(planned.title, field=f"{path}.title", longest=LONGEST_MILESTONE_TITLE),
        dates.day(planned.due, field=f"{path}.due"),
        money.fen(planned.fen, field=f"{path}.fen"),
    )
