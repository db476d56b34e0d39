"""Registered persons and their continuing education (继续教育): 12 and S12; who was trained, for S6 and S14. Plan §3.2.

Minutes of a month count while the person is registered on its last day; S12 is judged in December by all minutes of the
calendar year (inferred). One credit hour (学时) is 45 minutes (inferred); sums stay minutes, definitions divide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.evaluation.domain.contributions.months import Cells, Span, add, at
from services.evaluation.domain.contributions.works import Work, county_on
from services.evaluation.domain.facts import Dated, Learned, Trained

MINUTES_LEARNED, REGISTERED = "12", "12d"
LEARNED_ENOUGH, REGISTERED_IN_DECEMBER = "S12", "S12d"
MINUTES_PER_CREDIT_HOUR = 45
ENOUGH_MINUTES = 25 * MINUTES_PER_CREDIT_HOUR

TRAINED_SINCE = "2021-01-01"


def registered_spans(registrations: Iterable[Dated], months: set[str]) -> list[Span]:
    """Periods that were granted have both ends; one without an end counts nowhere."""
    spans = []
    for it in registrations:
        start, end = it.since[:7], it.until[:7]
        if start and start < end:
            months.add(start)
            months.add(end)
            spans.append((start, end))
    return spans


def add_learning(cells: Cells, learned: Iterable[Learned], works: Sequence[Work], registered: Sequence[Span]) -> None:
    by_year: dict[str, int] = {}
    for it in learned:
        year = it.month[:4]
        by_year[year] = by_year.get(year, 0) + it.minutes
        if at(registered, it.month) and (county := county_on(works, it.month)):
            add(cells, MINUTES_LEARNED, county, it.month, it.minutes)
    decembers = {f"{year:04d}-12" for start, end in registered for year in range(int(start[:4]), int(end[:4]) + 1)}
    for month in decembers:
        county = county_on(works, month)
        if not county or not at(registered, month):
            continue
        cells[REGISTERED_IN_DECEMBER, county, month] = 1
        if by_year.get(month[:4], 0) >= ENOUGH_MINUTES:
            cells[LEARNED_ENOUGH, county, month] = 1


def trainings(trained: Iterable[Trained], months: set[str]) -> list[tuple[str, str]]:
    """(month, category) since the plan began."""
    found = [(it.on[:7], it.category) for it in trained if it.on >= TRAINED_SINCE]
    months.update(month for month, _ in found)
    return found


def trained_in(trained: Iterable[tuple[str, str]], month: str) -> set[str]:
    """Categories that somebody was trained in by the last day of the month."""
    return {category for on, category in trained if on <= month}
