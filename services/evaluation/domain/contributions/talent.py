"""A talent (入库人员): series 1, 3–9 of people, S4–S6 and S14 of fields and roles, S15 pay, S17 new professionals; 12
in learning.py. Plan 表1, §3.3, §3.4; domain §0 and §4.
"""

from __future__ import annotations

from collections.abc import Iterable

from services.evaluation.domain.contributions.learning import (
    REGISTERED,
    add_learning,
    registered_spans,
    trained_in,
    trainings,
)
from services.evaluation.domain.contributions.months import (
    OPEN,
    Cells,
    Span,
    at,
    in_province,
)
from services.evaluation.domain.contributions.works import Work, county_on, last_ended
from services.evaluation.domain.facts import Dated, Recognition, TalentFacts
from services.shared.kernel.area import PROVINCE

PROFESSIONALS = "1"
CERTIFIED = "3"
BY_LEVEL = ("", "3a", "3b", "3c")
INTERMEDIATE_OR_ABOVE = "4"
HIGH_LEVEL, LEADING, SUPERVISORS = "5", "5a", "6"
IN_URBAN_COMMUNITIES, IN_RURAL_COMMUNITIES = "7", "8"
PRACTITIONERS_CERTIFIED, PRACTITIONERS = "9", "9d"
IN_ELDERLY_CARE = "S4"
MINORS_CERTIFIED, MINORS_PROFESSIONALS = "S5a", "S5b"
CHILD_WELFARE_TRAINED, CHILD_WELFARE = "S6", "S6d"
MANAGERS_TAUGHT, MANAGERS_UNVERSED = "S14a", "S14ad"
MANAGERS_IMPROVED, MANAGERS_VERSED = "S14b", "S14bd"
PAID_UP_TO_30000, PAID_UP_TO_50000, PAID = "S15a", "S15b", "S15d"
NEWLY_RECOGNISED = "S17"
# Persons whose part is on its way to or from another talent: shown to nobody, a statement waits for them (domain §0).
MOVING = "~moving"

ASSISTANT, INTERMEDIATE, SENIOR = 1, 2, 3
_RANKS = {"assistant": ASSISTANT, "intermediate": INTERMEDIATE, "senior": SENIOR}
_PAY_BANDS = {"le_30000": 1, "le_50000": 2, "gt_50000": 3}
_IN_COMMUNITIES = {"urban": IN_URBAN_COMMUNITIES, "rural": IN_RURAL_COMMUNITIES}
_PROVINCIAL = frozenset({"national", "province"})
_CHILD_WELFARE_ROLES = frozenset({"child_welfare_supervisor", "child_welfare_director"})
_MANAGER = "manager"
_DEGREE = "degree"

# [start, end) in months with the rank of a certificate, the series of a title.
_Held = list[tuple[str, str, int]]
_Titles = list[tuple[str, str, str]]


def contributions(_: str, facts: TalentFacts) -> Cells:
    """A person counts once, however many affiliations, and where the principal one in force is (domain §0)."""
    cells: Cells = {}
    if facts.moving:
        cells[MOVING, PROVINCE, ""] = 1
    if facts.moved_to:  # counted with the talent that took the reports over
        return cells
    works: list[Work] = []
    months: set[str] = set()
    roled = False
    for it in facts.affiliations:
        since, until = it.since, it.until
        start, end = since[:7], until[:7] or OPEN
        role = it.role
        roled = roled or role == _MANAGER or role in _CHILD_WELFARE_ROLES
        months.add(start)
        months.add(end)
        works.append(
            Work(
                not it.principal, since, it.id, until, start, end,
                it.place[:6], it.practitioner, it.community_kind, it.field, role,
            )
        )  # fmt: skip
    works.sort()
    recognised = _spans(facts.recognitions, months)
    held = _certificates(facts, months)
    titles = _titles(facts, months)
    registered = registered_spans(facts.registrations, months)
    trained = trainings(facts.trained, months) if roled else []
    degrees = _degrees(facts.recognitions) if roled else []
    home = facts.home_county

    before: set[tuple[str, str]] = set()
    months.discard(OPEN)
    for month in sorted(months):
        in_force = [work for work in works if work.start <= month < work.end]
        rank = max([level for start, end, level in held if start <= month < end], default=0)
        now = _counted(works, in_force, rank, recognised, titles, home, month)
        if registered and at(registered, month) and (county := county_on(works, month)):
            now.add((REGISTERED, county))
        if roled and in_force and in_province(in_force[0].county):
            now |= _by_role(in_force, bool(rank) or at(degrees, month), trained_in(trained, month))
        for series, county in now - before:
            cells[series, county, month] = 1
        for series, county in before - now:
            cells[series, county, month] = -1
        before = now
    if recognised:
        first = min(recognised)[0]
        county = county_on(works, first)
        if county:
            cells[NEWLY_RECOGNISED, county, first] = 1
    _add_pay(cells, facts, works, recognised)
    if registered:
        add_learning(cells, facts.learned, works, registered)
    return cells


def _spans(intervals: Iterable[Dated], months: set[str]) -> list[Span]:
    spans = []
    for it in intervals:
        start, end = it.since[:7], it.until[:7] or OPEN
        months.add(start)
        months.add(end)
        spans.append((start, end))
    return spans


def _degrees(recognitions: Iterable[Recognition]) -> list[Span]:
    return [(it.since[:7], it.until[:7] or OPEN) for it in recognitions if it.ground == _DEGREE]


def _certificates(facts: TalentFacts, months: set[str]) -> _Held:
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


def _titles(facts: TalentFacts, months: set[str]) -> _Titles:
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
    works: list[Work],
    in_force: list[Work],
    rank: int,
    recognised: list[Span],
    titles: _Titles,
    home: str,
    month: str,
) -> set[tuple[str, str]]:
    """The series that the person counts in on the last day of the month, each with its county."""
    county = in_force[0].county if in_force else last_ended(works, month)
    now = _with_certificate(rank, county or home)
    if not in_province(county):
        return now
    for start, end, series in titles:
        if start <= month < end:
            now.add((series, county))
    if not in_force:
        return now
    principal = in_force[0]
    if any(work.practitioner for work in in_force):
        now.add((PRACTITIONERS, county))
        if rank:
            now.add((PRACTITIONERS_CERTIFIED, county))
    minors = principal.field == "minors"
    if minors and rank:
        now.add((MINORS_CERTIFIED, county))
    if at(recognised, month):
        now.add((PROFESSIONALS, county))
        community = _IN_COMMUNITIES.get(principal.community_kind)
        if community:
            now.add((community, county))
        if minors:
            now.add((MINORS_PROFESSIONALS, county))
        elif principal.field == "elderly_care":
            now.add((IN_ELDERLY_CARE, county))
    return now


def _with_certificate(rank: int, county: str) -> set[tuple[str, str]]:
    if not rank or not in_province(county):
        return set()
    now = {(CERTIFIED, county), (BY_LEVEL[rank], county)}
    if rank >= INTERMEDIATE:
        now.add((INTERMEDIATE_OR_ABOVE, county))
    return now


def _by_role(in_force: list[Work], versed: bool, trained: set[str]) -> set[tuple[str, str]]:
    """Child welfare supervisors and directors (儿童督导员、儿童主任) and managers of agencies, and who was trained."""
    county = in_force[0].county
    roles = {work.role for work in in_force}
    found: set[str] = set()
    if roles & _CHILD_WELFARE_ROLES:
        found.add(CHILD_WELFARE)
        if "exam_preparation" in trained:
            found.add(CHILD_WELFARE_TRAINED)
    if _MANAGER in roles:
        found.add(MANAGERS_VERSED if versed else MANAGERS_UNVERSED)
        if versed and "manager" in trained:
            found.add(MANAGERS_IMPROVED)
        if not versed and trained & {"professional", "vocational"}:
            found.add(MANAGERS_TAUGHT)
    return {(series, county) for series in found}


def _add_pay(cells: Cells, facts: TalentFacts, works: list[Work], recognised: list[Span]) -> None:
    """Pay of a year is judged in December; of several employers' the highest band counts (inferred)."""
    bands: dict[int, int] = {}
    for it in facts.pay:
        bands[it.year] = max(bands.get(it.year, 0), _PAY_BANDS.get(it.band, 0))
    for year, band in bands.items():
        month = f"{year:04d}-12"
        if not band or not at(recognised, month):
            continue
        county = next((work.county for work in works if work.start <= month < work.end), "")
        if not in_province(county):
            continue
        cells[PAID, county, month] = 1
        if band == 1:
            cells[PAID_UP_TO_30000, county, month] = 1
        if band <= 2:  # noqa: PLR2004 - up to 30,000 is up to 50,000 too
            cells[PAID_UP_TO_50000, county, month] = 1
