"""Time as indicators see it: the last day of each month.

A half-open interval [since, until) contains the last day of month M exactly when month(since) ≤ M < month(until), so
intervals of days become spans of months without a calendar: until on the last day of a month ends before it, an
interval inside one month is empty, 29 February needs no case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from services.evaluation.domain.facts import Count

# (series, county, month) → amount
Cells = dict[tuple[str, str, str], int]
# [start, end) in months; end OPEN = without end. An empty `since` starts before every month.
Span = tuple[str, str]

OPEN = "9999-99"
PROVINCE_DIGITS = "51"


def span(since: str, until: str) -> Span:
    return since[:7], until[:7] or OPEN


def in_province(code: str) -> bool:
    """Codes of other provinces are accepted for homes and operators and contribute to nothing."""
    return code.startswith(PROVINCE_DIGITS)


def at(spans: Iterable[Span], month: str) -> bool:
    """Is the last day of the month in any of them?"""
    return any(start <= month < end for start, end in spans)


def common(first: Iterable[Span], second: Sequence[Span]) -> list[Span]:
    """The months that lie in a span of both."""
    return [(max(a, c), min(b, d)) for a, b in first for c, d in second if max(a, c) < min(b, d)]


def above(counts: Iterable[Count], number: int) -> list[Span]:
    """Where more than `number` are counted (超过 excludes the number); a count holds until the next one."""
    sorted_ = sorted((it.on, it.residents) for it in counts)
    months = [*(on[:7] for on, _ in sorted_), OPEN]
    return [held for (_, residents), held in zip(sorted_, pairwise(months), strict=True) if residents > number]


def add(cells: Cells, series: str, county: str, month: str, amount: int) -> None:
    key = (series, county, month)
    total = cells.get(key, 0) + amount
    if total:
        cells[key] = total
    else:
        cells.pop(key, None)


def add_stock(cells: Cells, series: str, county: str, spans: Iterable[Span]) -> None:
    """One in each month that lies in any of the spans."""
    reached = ""
    started = False
    for start, end in sorted(spans):
        if end <= start:
            continue
        if started and start <= reached:
            if end > reached:
                _end(cells, series, county, reached, -1)
                _end(cells, series, county, end, 1)
                reached = end
            continue
        add(cells, series, county, start, 1)
        _end(cells, series, county, end, 1)
        reached, started = end, True


def _end(cells: Cells, series: str, county: str, month: str, times: int) -> None:
    if month != OPEN:
        add(cells, series, county, month, -times)
