"""ExamSitting (考试): one sitting of the professional examination, and who holds which certificate number."""

from __future__ import annotations

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import NO_DAY, Day
from services.shared.kernel.errors import NotFound


class SittingNotFound(NotFound):
    reason = "SITTING_NOT_FOUND"
    zh, en = "没有此考试", "No such sitting"
    fix_zh, fix_en = "请先登记考试", "Announce it first"


class SittingState(msgspec.Struct, frozen=True):
    announced: bool = False
    level: str = ""
    passed_on: Day = NO_DAY
    issuing_province: str = ""
    # (number, results) of every sheet.
    sheets: tuple[tuple[int, int], ...] = ()


class ExamSittingFacts(msgspec.Struct, frozen=True):
    level: str = ""
    passed_on: Day = NO_DAY
    issuing_province: str = ""
    results: int = 0
    sheets: int = 0


class SittingAnnounced(msgspec.Struct, frozen=True):
    pass


class ResultsCounted(msgspec.Struct, frozen=True):
    sheet: str


class ExamSitting(Aggregate[SittingState]):
    """Id = `<province>/<level>/<day of passing>`, so that every report of a sitting meets here. Plan §3.2."""

    kind = "exam_sitting"
    __slots__ = ()

    @classmethod
    def blank(cls) -> SittingState:
        return SittingState()

    def facts(self) -> ExamSittingFacts:
        it = self.state
        return ExamSittingFacts(
            it.level, it.passed_on, it.issuing_province, sum(results for _, results in it.sheets), len(it.sheets)
        )

    def announce(self) -> None:
        """Without effect when it is announced."""
        if not self.state.announced:
            province, level, passed_on = self.id.split("/")
            self._record(
                SittingAnnounced(),
                msgspec.structs.replace(
                    self.state, announced=True, level=level, passed_on=Day(passed_on), issuing_province=province
                ),
            )

    def count(self, sheet: str, number: int, results: int) -> None:
        """Count a sheet's results once, however often it is told."""
        sheets = tuple(sorted({**dict(self.state.sheets), number: results}.items()))
        if sheets != self.state.sheets:
            self._record(ResultsCounted(sheet), msgspec.structs.replace(self.state, sheets=sheets))


class NumberHeld(msgspec.Struct, frozen=True):
    """Event and state at once; never published."""

    talent: str = ""


class CertificateNumber(Aggregate[NumberHeld]):
    """A certificate number (its keyed pseudonym) of a results file: it belongs to the person who had it first."""

    kind = "certificate_number"
    __slots__ = ()

    @classmethod
    def blank(cls) -> NumberHeld:
        return NumberHeld()

    def hold(self, talent: str) -> None:
        if not self.state.talent:
            self._record(NumberHeld(talent), NumberHeld(talent))


def sitting_id(*, level: str, passed_on: Day, issuing_province: str) -> str:
    return f"{issuing_province}/{level}/{passed_on}"


def sitting_key(sitting: str) -> str:
    """How sheets and passes name a sitting: system of the origin."""
    return f"sitting/{sitting}"
