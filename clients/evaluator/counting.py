"""What one aggregate counts for in a month, straight from its facts (docs/indicators.md): no sums are kept, so nothing
here can share a mistake with the platform's way of adding and subtracting.
"""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Amount = tuple[str, str, int]
"""Series, area code, amount."""

RULES = 2
"""The contributions version whose rules are written down here."""

_NEW_AGENCIES_SINCE = "2021-01-01"
_MANY_ELDERLY, _MANY_RESIDENTS = 1_000, 100
_TRAINED_SINCE = "2021-01-01"
_ENOUGH_MINUTES = 25 * 45  # a credit hour (学时) has 45 minutes
MOVING = "~moving"
"""Persons on their way between two talents: no indicator, and no statement may be made while there are any."""
_PROVINCE, _PROVINCE_DIGITS = "510000", "51"
_NO_TOWNSHIP = "4"  # seventh digit of forest bureaus, farms and the like
_BANDS = {"le_30000": 1, "le_50000": 2, "gt_50000": 3}


class Month:
    """The last day of YYYY-MM, and its year."""

    def __init__(self, month: str) -> None:
        year, number = int(month[:4]), int(month[5:7])
        self.text = month
        self.last = f"{month}-{calendar.monthrange(year, number)[1]:02d}"
        self.year = month[:4]

    def within(self, since: str, until: str) -> bool:
        return since <= self.last and (not until or self.last < until)

    def in_year(self, day: str) -> bool:
        """Dated January to this month."""
        return day[:4] == self.year and day[:7] <= self.text


def talent(_: str, facts: Any, month: Month) -> Iterator[Amount]:
    if facts.moving:
        yield MOVING, _PROVINCE, 1
    if facts.moved_to:
        return
    working = [it for it in facts.affiliations if month.within(it.since, it.until)]
    principal = min(working, key=lambda it: (not it.principal, it.since, it.id), default=None)
    if principal is not None:
        county, kind = principal.place[:6], principal.community_kind
    else:
        county, kind = _last_county(facts, month), ""
    recognised = any(month.within(it.since, it.until) for it in facts.recognitions)
    level = _highest_level(facts, month)
    if county or facts.home_county:
        yield from _certified(level, county or facts.home_county)
    yield from _of_the_year(facts, month)
    if not county:
        return
    if working and recognised:
        yield "1", county, 1
        if kind in ("urban", "rural"):
            yield ("7" if kind == "urban" else "8"), county, 1
    for series in _titles(facts, month):
        yield series, county, 1
    for series in _in_fields_and_roles(facts, working, principal, month, recognised=recognised, level=level):
        yield series, county, 1
    yield from _registered(facts, county, month)
    if month.text[5:] == "12" and working and recognised:
        yield from _paid(facts, county, month)


def _of_the_year(facts: Any, month: Month) -> Iterator[Amount]:
    """What happened in the months of the year, where the person was then."""
    first = min((it.since for it in facts.recognitions), default="")
    if first and month.in_year(first):
        yield from _at(facts, first[:7], "S17")
    for it in facts.learned:
        if month.in_year(it.month) and _is_registered(facts, Month(it.month)):
            yield from _at(facts, it.month, "12", it.minutes)


def _last_county(facts: Any, month: Month) -> str:
    ended = [it for it in facts.affiliations if it.until and it.until <= month.last and it.since <= month.last]
    if not ended:
        return ""
    latest = max(it.until for it in ended)
    return str(min((it for it in ended if it.until == latest), key=lambda it: it.id).place[:6])


def _at(facts: Any, text: str, series: str, amount: int = 1) -> Iterator[Amount]:
    """Counted where the person was in that month."""
    month = Month(text)
    working = [it for it in facts.affiliations if month.within(it.since, it.until)]
    principal = min(working, key=lambda it: (not it.principal, it.since, it.id), default=None)
    county = principal.place[:6] if principal is not None else _last_county(facts, month)
    if county:
        yield series, county, amount


def _highest_level(facts: Any, month: Month) -> str:
    """assistant, intermediate, senior or ""."""
    held = set()
    for it in facts.certificates:
        if it.passed_on > month.last or (it.annulled_on and it.annulled_on <= month.last):
            continue
        if it.level == "senior":
            held.add("senior" if it.granted_on and it.granted_on <= month.last else "intermediate")
        else:
            held.add(it.level)
    return next((level for level in ("senior", "intermediate", "assistant") if level in held), "")


def _certified(level: str, county: str) -> Iterator[Amount]:
    if level:
        yield "3", county, 1
        yield {"assistant": "3a", "intermediate": "3b", "senior": "3c"}[level], county, 1
        if level != "assistant":
            yield "4", county, 1


def _titles(facts: Any, month: Month) -> set[str]:
    now = [it for it in facts.designations if month.within(it.since, it.until)]
    found = {{"leading": "5a", "practice_supervisor": "6"}.get(it.kind, "") for it in now} - {""}
    if any(it.kind == "high_level" and it.grantor_level in ("national", "province") for it in now):
        found.add("5")
    return found


def _paid(facts: Any, county: str, month: Month) -> Iterator[Amount]:
    bands = [_BANDS[it.band] for it in facts.pay if str(it.year) == month.year and it.band in _BANDS]
    if bands:
        yield "S15d", county, 1
        if max(bands) <= 1:
            yield "S15a", county, 1
        if max(bands) <= 2:  # noqa: PLR2004 - the second band
            yield "S15b", county, 1


def _in_fields_and_roles(
    facts: Any, working: list[Any], principal: Any, month: Month, *, recognised: bool, level: str
) -> Iterator[str]:
    if principal is None:
        return
    if any(it.practitioner for it in working):
        yield from ["9d"] + ["9"] * bool(level)
    if recognised and principal.field == "elderly_care":
        yield "S4"
    if principal.field == "minors":
        yield from ["S5a"] * bool(level) + ["S5b"] * recognised
    trained = {it.category for it in facts.trained if _TRAINED_SINCE <= it.on <= month.last}
    roles = {it.role for it in working}
    if "child_welfare_supervisor" in roles or "child_welfare_director" in roles:
        yield from ["S6d"] + ["S6"] * ("exam_preparation" in trained)
    if "manager" not in roles:
        return
    degree = any(it.ground == "degree" and month.within(it.since, it.until) for it in facts.recognitions)
    if level or degree:
        yield from ["S14bd"] + ["S14b"] * ("manager" in trained)
    else:
        yield from ["S14ad"] + ["S14a"] * ("professional" in trained or "vocational" in trained)


def _is_registered(facts: Any, month: Month) -> bool:
    return any(it.since and it.until and month.within(it.since, it.until) for it in facts.registrations)


def _registered(facts: Any, county: str, month: Month) -> Iterator[Amount]:
    if not _is_registered(facts, month):
        return
    yield "12d", county, 1
    if month.text[5:] == "12":
        yield "S12d", county, 1
        if sum(it.minutes for it in facts.learned if it.month[:4] == month.year) >= _ENOUGH_MINUTES:
            yield "S12", county, 1


def organisation(_: str, facts: Any, month: Month) -> Iterator[Amount]:
    if not facts.known:
        return
    posts = [it for it in facts.posts if it.known]
    running = [it for it in posts if month.within(it.created_on, it.closed_on)]
    for post in posts:
        if month.in_year(post.created_on):
            yield "15", facts.county, 1
    if running:
        yield "15n", facts.county, len(running)
    if not month.within(facts.registered_on, facts.closed_on):
        return
    bases = {it.kind for it in facts.accreditations if month.within(it.since, it.until)}
    for _ in bases & {"training_base", "practice_base"}:
        yield "10", facts.county, 1
    holders = [it for post in running for it in post.holders if month.within(it.since, it.until)]
    if facts.kind == "private_agency":
        yield from _agency(facts, month)
    if facts.kind == "elderly_care_institution" and _latest(facts.residents, month) > _MANY_RESIDENTS:
        yield "S2d", facts.county, 1
        if holders or any(month.within(it.since, it.until) for it in facts.contracts):
            yield "S2", facts.county, 1
    if facts.kind == "public_institution" and facts.civil_affairs:
        yield "S19d", facts.county, 1
        if any(it.professional for it in holders):
            yield "S19", facts.county, 1


def _latest(counts: Iterable[Any], month: Month) -> int:
    """The latest count by the month, 0 before the first."""
    return int(max(((it.on, it.residents) for it in counts if it.on <= month.last), default=("", 0))[1])


def _agency(facts: Any, month: Month) -> Iterator[Amount]:
    """An open private agency."""
    if facts.registered_on >= _NEW_AGENCIES_SINCE:
        yield "16", facts.county, 1
    yield "17d", facts.county, 1
    if any(it.fits and month.within(it.since, it.until) for it in facts.party_cover):
        yield "17", facts.county, 1


def session(_: str, facts: Any, month: Month) -> Iterator[Amount]:
    if facts.status == "held" and facts.category in ("professional", "vocational") and month.in_year(facts.last_day):
        county = facts.venue[:6]
        yield "13", county, facts.minutes
        yield "S13a", county, facts.attendees
        yield "S13b", county, facts.person_minutes


def cohort(_: str, facts: Any, month: Month) -> Iterator[Amount]:
    college = facts.level in ("junior_college", "bachelor", "master", "doctor")
    if facts.major == "social_work" and college and month.in_year(facts.graduated_on):
        yield "11", facts.county[:6], facts.graduates


def station(_: str, facts: Any, month: Month) -> Iterator[Amount]:
    if any(it.status == "operating" and month.within(it.since, it.until) for it in facts.statuses):
        yield "18", facts.area[:6], 1


def township(code: str, facts: Any, month: Month) -> Iterator[Amount]:
    if code[6:7] != _NO_TOWNSHIP and any(month.within(it.since, it.until) for it in facts.served_by):
        yield "19", code[:6], 1


def community(code: str, facts: Any, month: Month) -> Iterator[Amount]:
    if not facts.known:
        return
    kinds = {it.kind for it in facts.kinds if month.within(it.since, it.until)}
    professional = any(it.professional and month.within(it.since, it.until) for it in facts.workers)
    for kind, series in (("urban", "7d"), ("rural", "8d")):
        if kind in kinds:
            yield series, code[:6], 1
    if "rural" in kinds and professional:
        yield "S18", code[:6], 1
    if kinds and _latest(facts.elderly, month) > _MANY_ELDERLY:
        yield "S3d", code[:6], 1
        if professional:
            yield "S3", code[:6], 1


def area(_: str, facts: Any, month: Month) -> Iterator[Amount]:
    townships = sum(it.kind != "statistical" for it in facts.townships)
    if townships and month.within(facts.since, facts.until):
        yield "19d", facts.code, townships


def population(_: str, facts: Any, month: Month) -> Iterator[Amount]:
    counts = [(it.on, it.residents) for it in facts.counts if it.on <= month.last]
    if counts:
        yield "2d", facts.code, max(counts)[1]


_COUNTED: dict[str, Callable[[str, Any, Month], Iterable[Amount]]] = {
    "TalentEvent": talent,
    "OrganisationEvent": organisation,
    "TrainingSessionEvent": session,
    "GraduateCohortEvent": cohort,
    "StationEvent": station,
    "TownshipEvent": township,
    "CommunityEvent": community,
    "AreaEvent": area,
    "PopulationEvent": population,
}
_AS_PUBLISHED = frozenset({"2d"})


def count(event: str, aggregate_id: str, facts: Any, month: Month) -> Iterable[Amount]:
    """`event` is the message's name, TalentEvent for example; one that counts for nothing gives nothing."""
    rule = _COUNTED.get(event)
    return rule(aggregate_id, facts, month) if rule else ()


def values(
    counts: Mapping[tuple[str, str], int], definitions: Mapping[str, Any], area_code: str
) -> dict[str, tuple[int, int]]:
    """Number → (numerator, denominator) of all fed indicators; 0 for a plain count's denominator."""
    prefix = _PROVINCE_DIGITS if area_code == _PROVINCE else area_code[:4] if area_code.endswith("00") else area_code
    sums: Counter[str] = Counter()
    for (series, code), amount in counts.items():
        if code == area_code if series in _AS_PUBLISHED else code.startswith(prefix):
            sums[series] += amount
    return {
        number: (sums[it.numerator], sums[it.denominator] if it.denominator else 0)
        for number, it in definitions.items()
        if it.fed
    }
