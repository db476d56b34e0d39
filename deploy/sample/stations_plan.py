"""Which stations and rooms open when, where, for how much and run by whom; pure, by index."""

from __future__ import annotations

from typing import NamedTuple

from deploy.sample.expected import BASE_YEAR, INSTITUTIONS, YEARS, Sums, year_of
from deploy.sample.network import line_of
from deploy.sample.organisations import Organisations
from deploy.sample.places import Places
from deploy.sample.spread import Spread
from services.shared.kernel.area import prefecture_of

_SERVED = 4  # townships of one station, its own included
_PATHS = ("provincial_grant", "governance_pilot", "civil_affairs_facility", "pooled_departments", "existing_venue")
_SOURCES = ("city", "provincial", "welfare_lottery")
_YUAN = 180_000


class PlannedStation(NamedTuple):
    """`line` "" = without contract: the venue is there, by agreement. Money in fen."""

    number: int
    kind: str
    name: str
    area: str
    also_serves: tuple[str, ...]
    path: str
    operator: str
    line: str
    fen: int
    planned_on: str
    signed_on: str
    since: str
    until: str
    opened_on: str

    @property
    def county(self) -> str:
        return self.area[:6]

    @property
    def townships(self) -> tuple[str, ...]:
        """Townships that it covers; a room covers none."""
        return (self.area, *self.also_serves) if self.kind == "station" else ()


class StationsPlan:
    def __init__(self, sums: Sums, places: Places, organisations: Organisations) -> None:
        self._sums, self._places = sums, places
        self._counties = Spread(len(places.counties), 61)
        self._operators = _operators(sums, organisations)
        self.count = sum(sums.stations)

    def station(self, index: int) -> PlannedStation:
        """One in seven is a room in a village; one in five has a venue by agreement instead of a contract."""
        year = year_of(index, self._sums.stations)
        county = self._places.counties[self._counties.at(index % self._counties.n)]
        turn, townships = index // self._counties.n, self._places.townships(county.code)
        first = turn * _SERVED % len(townships)
        own = townships[first]
        room = index % 7 == 6
        also = () if room else tuple(it.code for it in townships[first + 1 : first + _SERVED])
        path = _PATHS[index % len(_PATHS)]
        operators = self._operators[year]
        return PlannedStation(
            number=index,
            kind="room" if room else "station",
            name=f"{own.name}社会工作服务{'室' if room else '站'}",
            area=f"{own.code}{'001' if own.kind == '街道' else '201'}" if room else own.code,
            also_serves=also,
            path=path,
            operator=operators[index % len(operators)],
            line="" if path == "existing_venue" else line_of(year, prefecture_of(own.code), _SOURCES[index % 3]),
            fen=(_YUAN + index % 40 * 1_000) * 100,
            planned_on=f"{year}-03-{1 + index % 28:02d}",
            signed_on=f"{year}-04-{1 + index % 28:02d}",
            since=f"{year}-05-01",
            until=f"{year + 2}-05-01",
            opened_on=f"{year}-{6 + index % 6:02d}-{1 + index % 28:02d}",
        )

    def covered(self, year: int) -> set[str]:
        """Townships served at the end of a year."""
        count = 0 if year == BASE_YEAR else sum(self._sums.stations[: YEARS.index(year) + 1])
        return {township for index in range(count) for township in self.station(index).townships}


def _operators(sums: Sums, organisations: Organisations) -> dict[int, list[str]]:
    """Per year: private agencies that are open and had a post before it; where a small scale has none, institutions."""
    posts = [organisations.post(index) for index in range(sums.posts - sum(sums.closed_posts))]
    new = [organisations.new_post(index) for index in range(sum(sums.new_posts))]
    found = {}
    for year in YEARS:
        before = [it.organisation for it in (*posts, *new) if it.created_on < f"{year}-01-01"]
        agencies = {it.uscc for it in before if it.kind == "private_agency"}
        institutions = {organisations[index].uscc for index in range(INSTITUTIONS)} & {it.uscc for it in before}
        found[year] = sorted(agencies or institutions)
    return found
