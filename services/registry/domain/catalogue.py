"""RegionalCatalogue (区域社会工作专业人才重点培养目录): which talents an area wants in a year, by field and level."""

from __future__ import annotations

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Invalid, NotFound

# View of catalogues by year and area or an area above it: "2025/510100".
BY_YEAR_AND_AREA = "year-area"
FIRST_YEAR = 2016
# A catalogue looks ahead, at most as far as the next plan (五年规划; inferred).
YEARS_AHEAD = 5


class CatalogueNotFound(NotFound):
    reason = "CATALOGUE_NOT_FOUND"
    zh, en = "该地区该年度尚无重点培养目录", "The area has no catalogue of that year"


class YearInvalid(Invalid):
    reason = "YEAR_INVALID"
    zh, en = "年度无效", "No year of a catalogue"
    fix_zh, fix_en = "请填写 2016 年至今后五年", "Give a year from 2016 to five years ahead"


class CatalogueRow(msgspec.Struct, frozen=True):
    field: str
    level: str
    wanted: int


class CatalogueFacts(msgspec.Struct, frozen=True):
    area: str = ""
    year: int = 0
    rows: tuple[CatalogueRow, ...] = ()


class CatalogueRevised(msgspec.Struct, frozen=True):
    pass


def known_year(value: int, *, today: Day) -> int:
    """Raises YEAR_INVALID."""
    if not FIRST_YEAR <= value <= int(today[:4]) + YEARS_AHEAD:
        raise YearInvalid(field="year", year=value)
    return value


def catalogue_id(area: str, year: int) -> str:
    return f"{area}/{year}"


class RegionalCatalogue(Aggregate[CatalogueFacts]):
    """Id = "<area>/<year>". What the area has is counted when it is asked for (headcount.py). Plan §3.3."""

    kind = "catalogue"
    __slots__ = ()

    @classmethod
    def blank(cls) -> CatalogueFacts:
        return CatalogueFacts()

    def facts(self) -> CatalogueFacts:
        return self.state

    def revise(self, revised: CatalogueFacts) -> bool:
        """Put the whole catalogue in place of the one before; False when it is the same."""
        if revised == self.state:
            return False
        self._record(CatalogueRevised(), revised)
        return True
