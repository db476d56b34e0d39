"""Contract (购买服务合同): what a department buys from a provider, for how much and until when."""

from __future__ import annotations

import msgspec

from services.funding.domain.rules import longest_contract
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import Day, years_after
from services.shared.kernel.errors import Duplicate, FieldMissing, Invalid, NotFound, RuleBroken
from services.shared.kernel.money import Fen

# One a quarter for three years, so that the facts stay below 4 KiB.
MOST_MILESTONES = 12


class ContractNotFound(NotFound):
    reason = "CONTRACT_NOT_FOUND"
    zh, en = "没有此合同", "No such contract"


class PeriodTooLong(RuleBroken):
    reason = "CONTRACT_PERIOD_TOO_LONG"
    zh, en = "合同期限超过上限", "The contract's period is longer than the rule of its day of signing allows"
    fix_zh, fix_en = "请缩短合同期限", "Shorten the period"


class MilestonesDifferFromValue(Invalid):
    reason = "MILESTONES_NOT_VALUE"
    zh, en = "各里程碑金额之和不等于合同金额", "The milestones do not sum exactly to the value"
    fix_zh, fix_en = "请核对里程碑金额", "Check the milestones' amounts"


class MilestonesTooMany(Invalid):
    reason = "MILESTONES_TOO_MANY"
    zh, en = "里程碑过多", f"A contract has at most {MOST_MILESTONES} milestones"
    fix_zh, fix_en = "请合并里程碑", "Join milestones"


class MilestoneRepeated(Invalid):
    reason = "MILESTONE_REPEATED"
    zh, en = "里程碑编号重复", "Two milestones have the same id"


class SignedAfterEnd(Invalid):
    reason = "SIGNED_AFTER_END"
    zh, en = "签订日期不早于合同期满", "The contract was signed when its period was over"
    fix_zh, fix_en = "请核对日期", "Check the dates"


class ContractDiffers(Duplicate):
    reason = "CONTRACT_DIFFERS"
    zh, en = "合同已按其他条款签订", "The contract was signed on other terms"


class Leg(msgspec.Struct, frozen=True):
    """The part of a contract's money that one earmark of one budget line pays."""

    line: str
    earmark: str
    fen: Fen


class Milestone(msgspec.Struct, frozen=True):
    """A deliverable and what is paid for it; never a payment per head (养事不养人)."""

    id: str
    title: str
    due: Day
    fen: Fen


class ContractTerms(msgspec.Struct, frozen=True):
    """What was signed; public. Invariants: Σ milestones = Σ legs = value; the period [since, until) is closed."""

    purchaser: str = ""
    area: str = ""
    provider: str = ""
    title: str = ""
    value: Fen = Fen(0)
    signed_on: Day = Day("")
    since: Day = Day("")
    until: Day = Day("")
    legs: tuple[Leg, ...] = ()
    milestones: tuple[Milestone, ...] = ()


def must_be_signable(terms: ContractTerms) -> None:
    """What no contract may be without, whoever pays. Raises Invalid and CONTRACT_PERIOD_TOO_LONG."""
    if terms.signed_on >= terms.until:
        raise SignedAfterEnd(field="signed_on", until=terms.until)
    years = longest_contract(terms.signed_on).years
    if terms.until > (latest := years_after(terms.since, years)):
        raise PeriodTooLong(field="until", years=years, latest=latest)
    if not terms.milestones:
        raise FieldMissing(field="milestones")
    if len(terms.milestones) > MOST_MILESTONES:
        raise MilestonesTooMany(field="milestones", most=MOST_MILESTONES)
    if len({it.id for it in terms.milestones}) < len(terms.milestones):
        raise MilestoneRepeated(field="milestones")
    if (total := sum(it.fen for it in terms.milestones)) != terms.value:
        raise MilestonesDifferFromValue(field="milestones", milestones=total, value=terms.value)


class ContractSigned(msgspec.Struct, frozen=True):
    on: Day


class Contract(Aggregate[ContractTerms]):
    """Id = derived from who signed and the request. Exists only for money that a budget line has committed: it is
    written from the terms in the line's own event. Plan §4.1, §7.2.
    """

    kind = "contract"
    __slots__ = ()

    @classmethod
    def blank(cls) -> ContractTerms:
        return ContractTerms()

    def facts(self) -> ContractTerms:
        return self.state

    def sign(self, terms: ContractTerms) -> None:
        """Write the contract; without effect when it is there. Raises CONTRACT_DIFFERS."""
        if not self.exists:
            self._record(ContractSigned(terms.signed_on), terms)
        elif self.state != terms:
            raise ContractDiffers(field="contract")

    def must_exist(self) -> None:
        if not self.exists:
            raise ContractNotFound(field="contract")
