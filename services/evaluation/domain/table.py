"""The cells of all series in memory: what every read of an indicator comes from."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from services.evaluation.domain.contributions.months import Cells
from services.evaluation.domain.contributions.reference import RESIDENTS
from services.shared.kernel.area import PROVINCE, prefecture_of

# Published for province and prefectures by themselves: the parts are not added up to the whole.
NOT_ADDED_UP = frozenset({RESIDENTS})


class Line:
    """One series in one area. Prefix sums are made at the first read after a change, so a read costs two bisections
    and a change the number of months, whatever the number of people behind them.
    """

    __slots__ = ("_months", "_sums", "cells")

    def __init__(self) -> None:
        self.cells: dict[str, int] = {}
        self._months: list[str] | None = None
        self._sums: list[int] = []

    def add(self, month: str, amount: int) -> None:
        total = self.cells.get(month, 0) + amount
        if total:
            self.cells[month] = total
        else:
            self.cells.pop(month, None)
        self._months = None

    def up_to(self, month: str) -> int:
        """Sum of the cells of this month and all before it."""
        months = self._months or self._summed()
        return self._sums[bisect_right(months, month)]

    def before(self, month: str) -> int:
        months = self._months or self._summed()
        return self._sums[bisect_left(months, month)]

    def _summed(self) -> list[str]:
        months = self._months = sorted(self.cells)
        total = 0
        self._sums = [0]
        for month in months:
            total += self.cells[month]
            self._sums.append(total)
        return months


_NOTHING = Line()


class Table:
    """Sums by series and area: county, its prefecture and the province move together, and watchers hear of it."""

    __slots__ = ("_lines", "_watchers")

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], Line] = {}
        self._watchers: set[News] = set()

    @contextmanager
    def watched(self) -> Iterator[News]:
        news = News()
        self._watchers.add(news)
        try:
            yield news
        finally:
            self._watchers.discard(news)

    def add(self, cells: Mapping[tuple[str, str, str], int]) -> None:
        lines = self._lines
        moved: set[tuple[str, str]] = set()
        for (series, county, month), amount in cells.items():
            for area in areas_of(series, county):
                key = (series, area)
                line = lines.get(key)
                if line is None:
                    line = lines[key] = Line()
                line.add(month, amount)
                moved.add(key)
        for news in self._watchers:
            news.tell(moved)

    def on(self, series: str, area: str, month: str) -> int:
        """A stock on the last day of the month."""
        return self._lines.get((series, area), _NOTHING).up_to(month)

    def in_year(self, series: str, area: str, month: str) -> int:
        """January to the month."""
        line = self._lines.get((series, area), _NOTHING)
        return line.up_to(month) - line.before(f"{month[:4]}-01")


_AREAS: dict[str, tuple[str, ...]] = {}


def areas_of(series: str, county: str) -> tuple[str, ...]:
    """The areas that a cell of this county counts in. A bucket of the province or of a prefecture is its own county."""
    if series in NOT_ADDED_UP:
        return (county,)
    found = _AREAS.get(county)
    if found is None:
        found = _AREAS[county] = tuple(dict.fromkeys((county, prefecture_of(county), str(PROVINCE))))
    return found


def differences(after: Cells, before: Cells) -> Cells:
    """What must be added to a sum that holds `before` so that it holds `after`."""
    moved = dict(after)
    for key, amount in before.items():
        left = moved.get(key, 0) - amount
        if left:
            moved[key] = left
        else:
            moved.pop(key, None)
    return moved


class News:
    """Tells one watcher which (series, area) moved since it last asked."""

    __slots__ = ("_moved", "_woken")

    def __init__(self) -> None:
        self._moved: set[tuple[str, str]] = set()
        self._woken = asyncio.Event()

    def tell(self, moved: Collection[tuple[str, str]]) -> None:
        self._moved.update(moved)
        self._woken.set()

    async def moved(self) -> set[tuple[str, str]]:
        """Waits until something moved."""
        await self._woken.wait()
        self._woken.clear()
        moved, self._moved = self._moved, set()
        return moved
