"""A talent (入库人员): series 1, 3–9 of people, S15 pay, S17 new professionals. Plan 表1; domain §0 and §4."""

from __future__ import annotations

from collections.abc import Iterable

from services.evaluation.domain.contributions.months import OPEN, Cells, Span, in_province
from services.evaluation.domain.facts import Dated, TalentFacts

PROFESSIONALS = "1"
CERTIFIED = "3"
BY_LEVEL = ("", "3a", "3b", "3c")
INTERMEDIATE_OR_ABOVE = "4"
HIGH_LEVEL, LEADING, SUPERVISORS = "5", "5a", "6"
IN_URBAN_COMMUNITIES, IN_RURAL_COMMUNITIES = "7", "8"
PRACTITIONERS_CERTIFIED, PRACTITIONERS = "9", "9d"
PAID_UP_TO_30000, PAID_UP_TO_50000, PAID = "S15a", "S15b", "S15d"
NEWLY_RECOGNISED = "S17"

ASSISTANT, INTERMEDIATE, SENIOR = 1, 2, 3
_RANKS = {"assistant": ASSISTANT, "intermediate": INTERMEDIATE, "senior": SENIOR}
_PAY_BANDS = {"le_30000": 1, "le_50000": 2, "gt_50000": 3}
_IN_COMMUNITIES = {"urban": IN_URBAN_COMMUNITIES, "rural": IN_RURAL_COMMUNITIES}
_PROVINCIAL = frozenset({"national", "province"})

# principal flag first, then the earliest, then the id; then end day, months, county, practitioner, community kind
_Work = tuple[bool, str, str, str, str, str, str, bool, str]


def contributions(_: str, facts: TalentFacts) -> Cells:
    """A person counts once, however many affiliations, and where the principal one in force is (domain §0)."""
    if facts.moved_to:  # counted with the talent that took the reports over
        return {}
    works: list[_Work] = []
    months: set[str] = set()
    for it in facts.affiliations:
        since, until = it.since, it.until
        start, end = since[:7], until[:7] or OPEN
        months.add(start)
        months.add(end)
        works.append(
            (not it.principal, since, it.id, until, start, end, it.place[:6], it.practitioner, it.community_kind)
        )
    works.sort()
    recognised = _spans(facts.recognitions, months)
    held = _certificates(facts, months)
    titles = _titles(facts, months)
    home = facts.home_county

    cells: Cells = {}
    before: set[tuple[str, str]] = set()
    months.discard(OPEN)
    for month in sorted(months):
        now = _counted(works, recognised, held, titles, home, month)
        for series, county in now - before:
            cells[series, county, month] = 1
        for series, county in before - now:
            cells[series, county, month] = -1
        before = now
    if recognised:
        first = min(recognised)[0]
        county = _county(works, first)
        if county:
            cells[NEWLY_RECOGNISED, county, first] = 1
    _add_pay(cells, facts, works, recognised)
    return cells


def _spans(intervals: Iterable[Dated], months: set[str]) -> list[Span]:
    spans = []
    for it in intervals:
        start, end = it.since[:7], it.until[:7] or OPEN
        months.add(start)
        months.add(end)
        spans.append((start, end))
    return spans


def _certificates(facts: TalentFacts, months: set[str]) -> list[tuple[str, str, int]]:
    """(start, end, rank). The exam for the senior level counts as intermediate until the review grants it."""
    held = []
    for it in facts.certificates:
        rank, passed, granted = _RANKS.get(it.level, 0), it.passed_on[:7], it.granted_on[:7]
        end = it.annulled_on[:7] or OPEN
        months.add(end)
        if rank == SENIOR:
            if granted:
                months.add(granted)
                held.append((granted, end, SENIOR))
            rank = INTERMEDIATE
        if rank and passed:
            months.add(passed)
            held.append((passed, end, rank))
    return held


def _titles(facts: TalentFacts, months: set[str]) -> list[tuple[str, str, str]]:
    """(start, end, series)."""
    titles = []
    for it in facts.designations:
        kind = it.kind
        if kind == "practice_supervisor":
            series = SUPERVISORS
        elif kind == "leading":
            series = LEADING
        elif kind == "high_level" and it.grantor_level in _PROVINCIAL:
            series = HIGH_LEVEL
        else:
            continue
        start, end = it.since[:7], it.until[:7] or OPEN
        months.add(start)
        months.add(end)
        titles.append((start, end, series))
    return titles


def _counted(
    works: list[_Work],
    recognised: list[Span],
    held: list[tuple[str, str, int]],
    titles: list[tuple[str, str, str]],
    home: str,
    month: str,
) -> set[tuple[str, str]]:
    """The series that the person counts in on the last day of the month, each with its county."""
    in_force = [work for work in works if work[4] <= month < work[5]]
    county = in_force[0][6] if in_force else _last_ended(works, month)
    rank = max([level for start, end, level in held if start <= month < end], default=0)
    now = _with_certificate(rank, county or home)
    if not in_province(county):
        return now
    for start, end, series in titles:
        if start <= month < end:
            now.add((series, county))
    if any(work[7] for work in in_force):
        now.add((PRACTITIONERS, county))
        if rank:
            now.add((PRACTITIONERS_CERTIFIED, county))
    if in_force and any(start <= month < end for start, end in recognised):
        now.add((PROFESSIONALS, county))
        community = _IN_COMMUNITIES.get(in_force[0][8])
        if community:
            now.add((community, county))
    return now


def _with_certificate(rank: int, county: str) -> set[tuple[str, str]]:
    if not rank or not in_province(county):
        return set()
    now = {(CERTIFIED, county), (BY_LEVEL[rank], county)}
    if rank >= INTERMEDIATE:
        now.add((INTERMEDIATE_OR_ABOVE, county))
    return now


def _last_ended(works: list[_Work], month: str) -> str:
    """County of the affiliation that ended last; where two ended on one day, of the smaller id."""
    county = last = smallest = ""
    for work in works:
        if work[5] <= month and (work[3] > last or (work[3] == last and work[2] < smallest)):
            last, smallest, county = work[3], work[2], work[6]
    return county


def _county(works: list[_Work], month: str) -> str:
    """County of the person on the last day of the month; "" = none inside the province."""
    for work in works:
        if work[4] <= month < work[5]:
            return work[6] if in_province(work[6]) else ""
    county = _last_ended(works, month)
    return county if in_province(county) else ""


def _add_pay(cells: Cells, facts: TalentFacts, works: list[_Work], recognised: list[Span]) -> None:
    """Pay of a year is judged in December; of several employers' the highest band counts (inferred)."""
    bands: dict[int, int] = {}
    for it in facts.pay:
        bands[it.year] = max(bands.get(it.year, 0), _PAY_BANDS.get(it.band, 0))
    for year, band in bands.items():
        month = f"{year:04d}-12"
        if not band or not any(start <= month < end for start, end in recognised):
            continue
        county = next((work[6] for work in works if work[4] <= month < work[5]), "")
        if not in_province(county):
            continue
        cells[PAID, county, month] = 1
        if band == 1:
            cells[PAID_UP_TO_30000, county, month] = 1
        if band <= 2:  # noqa: PLR2004 - up to 30,000 is up to 50,000 too
            cells[PAID_UP_TO_50000, county, month] = 1
