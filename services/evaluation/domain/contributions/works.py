"""Where a person works, month by month (domain §0: county of a person)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.evaluation.domain.contributions.months import in_province


class Work(NamedTuple):
    """An affiliation. Sorted: principal flag first, then the earliest, then the smallest id. In [start, end) months."""

    not_principal: bool
    since: str
    id: str
    until: str
    start: str
    end: str
    county: str
    practitioner: bool
    community_kind: str
    field: str
    role: str


def last_ended(works: Sequence[Work], month: str) -> str:
    """County of the affiliation that ended last; where two ended on one day, of the smaller id."""
    county = last = smallest = ""
    for work in works:
        if work.end <= month and (work.until > last or (work.until == last and work.id < smallest)):
            last, smallest, county = work.until, work.id, work.county
    return county


def county_on(works: Sequence[Work], month: str) -> str:
    """County of the person on the last day of the month; "" = none inside the province."""
    for work in works:
        if work.start <= month < work.end:
            return work.county if in_province(work.county) else ""
    county = last_ended(works, month)
    return county if in_province(county) else ""
