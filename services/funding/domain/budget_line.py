"""BudgetLine (预算项目): money set aside for a purpose in a fiscal year, and how much of it is promised."""

from __future__ import annotations

import re

import msgspec

from services.funding.domain.contract import ContractTerms
from services.shared.kernel import text
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.area import PROVINCE, county_of, prefecture_of, within
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Duplicate, Invalid, NotFound, RuleBroken
from services.shared.kernel.ids import derived_id
from services.shared.kernel.money import MOST, Fen

# Every reference is kept for as long as the line is, inside one document of at most 256 KiB.
MOST_MOVEMENTS = 1_000
BY_AREA, BY_AREA_AND_YEAR = "area", "area_year"


class LineNotFound(NotFound):
    reason = "LINE_NOT_FOUND"
    zh, en = "没有此预算项目", "No such budget line"


class EarmarkNotFound(NotFound):
    reason = "EARMARK_NOT_FOUND"
    zh, en = "没有此未用完的指定用途资金", "The line has no open earmark of this id"


class LineDiffers(Duplicate):
    """A line is opened once; money is added under the same attributes only."""

    reason = "LINE_DIFFERS"
    zh, en = "预算项目已存在且属性不同", "The line exists with another attribute"


class ReferenceReused(Duplicate):
    reason = "REFERENCE_REUSED"
    zh, en = "凭证号已用于其他资金变动", "The reference was used for another movement"
    fix_zh, fix_en = "请为新的资金变动使用新的凭证号", "Give each movement a reference of its own"


class NotEnoughAppropriated(RuleBroken):
    reason = "NOT_ENOUGH_APPROPRIATED"
    zh, en = "可指定金额不足", "More than what is appropriated and still free"
    fix_zh, fix_en = "请减少金额或先安排预算", "Ask for less, or appropriate first"


class NotEnoughEarmarked(RuleBroken):
    reason = "NOT_ENOUGH_EARMARKED"
    zh, en = "指定用途资金余额不足", "More than what is left of the earmark"
    fix_zh, fix_en = "请减少合同金额或另行指定资金", "Sign for less, or earmark more"


class LineAmountTooLarge(RuleBroken):
    reason = "LINE_AMOUNT_TOO_LARGE"
    zh, en = "预算项目总额超出上限", "The line would hold more than a line can"
    fix_zh, fix_en = "请核对金额单位（分）", "Check the unit (fen)"


class LineFull(RuleBroken):
    reason = "LINE_FULL"
    zh, en = "该预算项目的资金变动过多", f"A line takes {MOST_MOVEMENTS} movements"
    fix_zh, fix_en = "请另设预算项目", "Open a further line"


class ContractAreaOutsideLine(Invalid):
    reason = "CONTRACT_OUTSIDE_LINE"
    zh, en = "合同地区不在预算项目的地区内", "The contract's area does not lie in the line's area"


class LineIdReserved(Invalid):
    """Lines and contracts share a topic: a line must not be able to take a contract's id."""

    reason = "LINE_ID_RESERVED"
    zh, en = "预算项目编号不能是32位十六进制数", "32 hexadecimal digits are kept for ids that the platform derives"
    fix_zh, fix_en = "请使用财政部门的预算项目编码", "Use the finance department's code of the line"


class LineTerms(msgspec.Struct, frozen=True):
    """What a line is for; fixed when it is opened."""

    fiscal_year: int = 0
    source: str = ""
    owner: str = ""
    area: str = ""
    purpose: str = ""
    basis: str = ""


class Movement(msgspec.Struct, frozen=True, array_like=True):
    """Money that came in or was earmarked, under its reference (凭证号)."""

    reference: str
    kind: str
    fen: Fen
    on: Day


class Earmarking(msgspec.Struct, frozen=True, array_like=True):
    """An open earmark: what is left of it. A used-up one is history."""

    id: str
    left: Fen


class LineState(msgspec.Struct, frozen=True):
    terms: LineTerms = LineTerms()
    appropriated: Fen = Fen(0)
    earmarked: Fen = Fen(0)
    committed: Fen = Fen(0)
    disbursed: Fen = Fen(0)
    movements: tuple[Movement, ...] = ()
    earmarks: tuple[Earmarking, ...] = ()


class LineFacts(msgspec.Struct, frozen=True):
    fiscal_year: int
    source: str
    owner: str
    area: str
    purpose: str
    basis: str
    appropriated: Fen
    earmarked: Fen
    committed: Fen
    disbursed: Fen


class Appropriated(msgspec.Struct, frozen=True):
    reference: str
    fen: Fen
    on: Day


class Earmarked(msgspec.Struct, frozen=True):
    earmark: str
    reference: str
    fen: Fen
    on: Day


class Committed(msgspec.Struct, frozen=True):
    """Carries the terms, so that the contract can be written from the event alone."""

    earmark: str
    contract: str
    fen: Fen
    terms: ContractTerms


class BudgetLine(Aggregate[LineState]):
    """Invariants: appropriated ≥ earmarked ≥ committed ≥ disbursed ≥ 0 at every moment; what is left of the open
    earmarks is earmarked − committed; one movement per reference. Plan §7.2.
    """

    kind = "budget_line"
    __slots__ = ()

    @classmethod
    def blank(cls) -> LineState:
        return LineState()

    def facts(self) -> LineFacts:
        state = self.state
        terms = state.terms
        return LineFacts(
            terms.fiscal_year,
            terms.source,
            terms.owner,
            terms.area,
            terms.purpose,
            terms.basis,
            state.appropriated,
            state.earmarked,
            state.committed,
            state.disbursed,
        )

    @property
    def free(self) -> Fen:
        """Appropriated and not earmarked."""
        return Fen(self.state.appropriated - self.state.earmarked)

    def appropriate(self, terms: LineTerms, *, reference: str, fen: Fen, on: Day) -> None:
        """Put money in; the first time opens the line. Raises LINE_DIFFERS, REFERENCE_REUSED, LINE_FULL."""
        state = self.state
        if self.exists:
            _must_equal(state.terms, terms)
        movement = Movement(reference, "appropriation", fen, on)
        if self._known(movement):
            return
        if state.appropriated + fen > MOST:
            raise LineAmountTooLarge(field="fen", appropriated=state.appropriated, asked=fen, most=MOST)
        self._record(
            Appropriated(reference, fen, on),
            msgspec.structs.replace(
                state,
                terms=terms,
                appropriated=Fen(state.appropriated + fen),
                movements=(*state.movements, movement),
            ),
        )

    def earmark(self, *, reference: str, fen: Fen, on: Day) -> str:
        """Set free money aside; the earmark's id, which the reference alone decides.

        Raises LINE_NOT_FOUND, REFERENCE_REUSED, NOT_ENOUGH_APPROPRIATED, LINE_FULL.
        """
        self.must_exist()
        state = self.state
        earmark = earmark_id(line=self.id, reference=reference)
        movement = Movement(reference, "earmark", fen, on)
        if self._known(movement):
            return earmark
        if fen > self.free:
            raise NotEnoughAppropriated(field="fen", appropriated=state.appropriated, free=self.free, asked=fen)
        self._record(
            Earmarked(earmark, reference, fen, on),
            msgspec.structs.replace(
                state,
                earmarked=Fen(state.earmarked + fen),
                movements=(*state.movements, movement),
                earmarks=(*state.earmarks, Earmarking(earmark, fen)),
            ),
        )
        return earmark

    def commit(self, terms: ContractTerms, *, contract: str, earmark: str) -> None:
        """Promise the contract's value out of the earmark.

        Raises LINE_NOT_FOUND, EARMARK_NOT_FOUND, NOT_ENOUGH_EARMARKED, CONTRACT_OUTSIDE_LINE.
        """
        self.must_exist()
        state = self.state
        if not within(terms.area, state.terms.area):
            raise ContractAreaOutsideLine(field="area", area=terms.area, line_area=state.terms.area)
        left = self._left(earmark)
        if terms.value > left:
            raise NotEnoughEarmarked(field="value", left=left, asked=terms.value)
        rest = Earmarking(earmark, Fen(left - terms.value))
        held = (rest if it.id == earmark else it for it in state.earmarks)
        self._record(
            Committed(earmark, contract, terms.value, terms),
            msgspec.structs.replace(
                state,
                committed=Fen(state.committed + terms.value),
                earmarks=tuple(it for it in held if it.left),
            ),
        )

    def subtrees(self) -> set[str]:
        """The areas from the line's own up to the province."""
        own = self.state.terms.area
        return {own, county_of(own), prefecture_of(own), PROVINCE}

    def must_exist(self) -> None:
        if not self.exists:
            raise LineNotFound(field="line")

    def _left(self, earmark: str) -> Fen:
        for held in self.state.earmarks:
            if held.id == earmark:
                return held.left
        raise EarmarkNotFound(field="earmark")

    def _known(self, movement: Movement) -> bool:
        """True for a repeat of a movement; room for one more otherwise."""
        for held in self.state.movements:
            if held.reference == movement.reference:
                if held != movement:
                    raise ReferenceReused(field="reference", reference=movement.reference)
                return True
        if len(self.state.movements) >= MOST_MOVEMENTS:
            raise LineFull(field="line", movements=MOST_MOVEMENTS)
        return False


_derived = re.compile(r"[0-9a-f]{32}").fullmatch


def line_id(value: str, *, field: str) -> str:
    """The finance department's own code of a line. Raises Invalid."""
    if _derived(value):
        raise LineIdReserved(field=field)
    return text.identifier(value, field=field)


def year_key(area: str, fiscal_year: int) -> str:
    return f"{area}/{fiscal_year}"


def earmark_id(*, line: str, reference: str) -> str:
    return derived_id("earmark", line, reference)


def _must_equal(held: LineTerms, asked: LineTerms) -> None:
    for name in LineTerms.__struct_fields__:
        if getattr(held, name) != getattr(asked, name):
            raise LineDiffers(field=name)
