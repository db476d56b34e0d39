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

RULES = 1
"""The contributions version whose rules are written down here."""

_NEW_AGENCIES_SINCE = "2021-01-01"
_MANY_ELDERLY = 1_000
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
    if not county:
        return
    if working and recognised:
        yield "1", county, 1
        if kind in ("urban", "rural"):
            yield ("7" if kind == "urban" else "8"), county, 1
    if any(it.practitioner for it in working):
        yield "9d", county, 1
        if level:
            yield "9", county, 1
    for series in _titles(facts, month):
        yield series, county, 1
    first = min((it.since for it in facts.recognitions), default="")
    if first and month.in_year(first):
        yield from _at(facts, first[:7], "S17")
    if month.text[5:] == "12" and working and recognised:
        yield from _paid(facts, county, month)


def _last_county(facts: Any, month: Month) -> str:
    ended = [it for it in facts.affiliations if it.until and it.until <= month.last and it.since <= month.last]
    if not ended:
        return ""
    latest = max(it.until for it in ended)
    return str(min((it for it in ended if it.until == latest), key=lambda it: it.id).place[:6])


def _at(facts: Any, text: str, series: str) -> Iterator[Amount]:
    """Counted where the person was in that month."""
    month = Month(text)
    working = [it for it in facts.affiliations if month.within(it.since, it.until)]
    principal = min(working, key=lambda it: (not it.principal, it.since, it.id), default=None)
    county = principal.place[:6] if principal is not None else _last_county(facts, month)
    if county:
        yield series, county, 1


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
    if facts.kind == "private_agency" and facts.registered_on >= _NEW_AGENCIES_SINCE:
        yield "16", facts.county, 1
    if facts.kind == "public_institution" and facts.civil_affairs:
        yield "S19d", facts.county, 1
        if any(it.professional and month.within(it.since, it.until) for post in running for it in post.holders):
            yield "S19", facts.county, 1


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
    counted = max(((it.on, it.residents) for it in facts.elderly if it.on <= month.last), default=("", 0))
    if kinds and counted[1] > _MANY_ELDERLY:
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
