"""Employers and their social-work posts, with invented but valid unified social credit codes of the area 519999."""

from __future__ import annotations

from typing import NamedTuple

from deploy.sample.expected import INSTITUTIONS, INSTITUTIONS_STAFFED, YEARS, Sums, scaled, year_of
from deploy.sample.places import Places, civil_affairs_of
from deploy.sample.spread import mixed

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

_SERVICE_KINDS = {
    "elderly": "养老服务中心",
    "disability": "残疾人服务中心",
    "child": "儿童福利院",
    "adoption": "收养服务站",
    "marriage_registration": "婚姻登记处",
    "women_children_aid": "妇女儿童援助中心",
    "assistance_management": "救助管理站",
    "veterans_care": "优抚医院",
}
_SERVICES = tuple(_SERVICE_KINDS)
# Registration authority and kind (GB 32100), name, department that employs there, practice field.
_KINDS = {
    "private_agency": ("52", "社会工作服务中心", "civil_affairs", "social_assistance"),
    "public_institution": ("12", "", "civil_affairs", "social_assistance"),
    "community_body": ("59", "社区服务中心", "political_legal", "community_governance"),
    "hospital": ("12", "人民医院", "health", "medical"),
    "school": ("12", "中学", "education", "school"),
    "association": ("51", "社会工作协会", "womens_federation", "family"),
    "elderly_care_institution": ("52", "养老院", "disabled_persons", "elderly_care"),
    "government": ("11", "司法局", "justice", "community_corrections"),
    "training_provider": ("52", "社会工作培训中心", "human_resources", "community_governance"),
}
# What a county has besides institutions and agencies: as many of these as the scale gives, in this order.
_OTHERS = (
    "community_body", "hospital", "school", "government", "association", "elderly_care_institution",
    "training_provider", "community_body", "school", "hospital", "community_body", "association", "government",
)  # fmt: skip
_INSTITUTION_FIELDS = {
    "elderly": "elderly_care",
    "disability": "disability",
    "child": "minors",
    "adoption": "minors",
    "women_children_aid": "family",
    "veterans_care": "veterans_care",
}


def uscc(kind: str, serial: int) -> str:
    """Authority and kind (2 characters), area 519999, organisation code with its own check (GB 11714), check."""
    base = f"MX{serial:06d}"
    total = sum(weight * int(character, 36) for weight, character in zip(_INNER_WEIGHTS, base, strict=True))
    first = f"{kind}519999{base}{'0X987654321'[total % 11]}"
    total = sum(weight * _VALUES[character] for weight, character in zip(_WEIGHTS, first, strict=True))
    return first + _ALPHABET[(31 - total % 31) % 31]


class Organisation(NamedTuple):
    uscc: str
    kind: str
    county: str
    partner: str  # the system that registers it and reports who holds its posts
    department: str
    field: str


class Post(NamedTuple):
    id: str
    organisation: Organisation
    created_on: str
    closed_on: str


class Organisations:
    """Organisations by index: institutions, agencies of before 2021, agencies since, then the others by county.

    Memory grows with the number of organisations (about 5,000), not of persons.
    """

    def __init__(self, sums: Sums, places: Places) -> None:
        self._sums, self._places = sums, places
        self.posts = sums.posts
        self._agencies = INSTITUTIONS
        self._new_agencies = INSTITUTIONS + sums.agencies
        self._others = self._new_agencies + sum(sums.new_agencies)
        self.per_county = max(1, scaled(len(_OTHERS), sums.scale))
        self.count = self._others + len(places.counties) * self.per_county
        self._all = [self._made(index) for index in range(self.count)]
        self._by_county: list[list[Organisation]] = [[] for _ in places.counties]
        county_index = {county.code: index for index, county in enumerate(places.counties)}
        for index, it in enumerate(self._all[: self._new_agencies]):
            if not self._closed(index):
                self._by_county[county_index[it.county]].append(it)
        self._hosts = self._post_hosts()

    def __getitem__(self, index: int) -> Organisation:
        return self._all[index]

    def _made(self, index: int) -> Organisation:
        kind = self._kind(index)
        if index >= self._others:
            county_index = (index - self._others) // self.per_county
        else:
            county_index = self._places.county(mixed(index + 77_000_000))
        county = self._places.counties[county_index].code
        authority, _, department, field = _KINDS[kind]
        if kind == "public_institution":
            field = _INSTITUTION_FIELDS.get(_SERVICES[index % len(_SERVICES)], field)
        partner = civil_affairs_of(county) if department == "civil_affairs" else department
        return Organisation(uscc(authority, index + 1), kind, county, partner, department, field)

    def _kind(self, index: int) -> str:
        if index < self._agencies:
            return "public_institution"
        if index < self._others:
            return "private_agency"
        return _OTHERS[(index - self._others) % self.per_county]

    def _closed(self, index: int) -> bool:
        if index < self._new_agencies:
            return 0 <= index - self._agencies < self._sums.agencies_closed_before
        return index - self._new_agencies < sum(self._sums.closed_agencies)

    def of_civil_affairs(self, county_index: int, bits: int) -> Organisation:
        """An institution or agency of before 2021 in the county that is still open; another employer where none is."""
        found = self._by_county[county_index]
        return found[bits % len(found)] if found else self.other(county_index, bits)

    def other(self, county_index: int, bits: int) -> Organisation:
        return self._all[self._others + county_index * self.per_county + bits % self.per_county]

    def record_fields(self, index: int) -> dict[str, object]:
        """Fields of the OrganisationRecord."""
        it = self._all[index]
        bits = mixed(index + 88_000_000)
        county = next(place.name for place in self._places.counties if place.code == it.county)
        service = _SERVICES[index % len(_SERVICES)] if it.kind == "public_institution" else ""
        label = _SERVICE_KINDS[service] if service else _KINDS[it.kind][1]
        since, until = f"{1985 + bits % 27}-{1 + (bits >> 8) % 12:02d}-{1 + (bits >> 16) % 28:02d}", ""
        if index < self._agencies or index >= self._others:
            pass
        elif index < self._new_agencies:
            since = f"{2008 + bits % 8}{since[4:]}"
            if self._closed(index):
                until = f"{2016 + bits % 4}-09-30"
        else:
            since = f"{year_of(index - self._new_agencies, self._sums.new_agencies)}{since[4:]}"
            if self._closed(index):
                closing = year_of(index - self._new_agencies, self._sums.closed_agencies)
                until = f"{closing}-{6 + bits % 6:02d}-15"
        return {
            "uscc": it.uscc,
            "name": f"{county}{label}（样例{index + 1}）",
            "kind": it.kind,
            "service_kind": service,
            "civil_affairs": it.kind == "public_institution",
            "county": it.county,
            "registered_on": since,
            "closed_on": until,
            "grade": f"{1 + bits % 5}A" if it.kind == "private_agency" and bits >> 24 & 1 else "",
        }

    def _post_hosts(self) -> list[int]:
        """Organisations that get a further post of 2016–2020, in turn; all registered before 2016 and open."""
        agencies = range(self._agencies + self._sums.agencies_closed_before, self._new_agencies)
        return [*range(INSTITUTIONS_STAFFED), *agencies, *range(self._others, self.count)]

    def post(self, index: int) -> Post:
        """A post of 2016–2020: one in each staffed institution, some in others, then in turn over all employers."""
        staffed, others = INSTITUTIONS_STAFFED, self._sums.posts_of_other_institutions
        at = index if index < staffed + others else self._hosts[(index - staffed - others) % len(self._hosts)]
        closed_on, left = "", self._sums.posts - index - 1
        if left < sum(self._sums.closed_posts):
            closed_on = f"{year_of(left, self._sums.closed_posts)}-{1 + index % 12:02d}-20"
        created = f"{2016 + index % 5}-{1 + index % 9:02d}-{1 + index % 28:02d}"
        return Post(f"SW-{index + 1:05d}", self._all[at], created, closed_on)

    def new_post(self, index: int) -> Post:
        """A post of 2021–2025: the first of each year in institutions that had none held by a professional."""
        year = year_of(index, self._sums.new_posts)
        at = YEARS.index(year)
        within = index - sum(self._sums.new_posts[:at])
        first = self._sums.staffed_later
        if within < first[at]:
            host = INSTITUTIONS_STAFFED + sum(first[:at]) + within
        else:
            host = self._hosts[mixed(index + 99_000_000) % len(self._hosts)]
            open_before = sum(self._sums.new_agencies[:at]) - sum(self._sums.closed_agencies)
            if open_before > 0 and index & 1:
                host = self._new_agencies + sum(self._sums.closed_agencies) + (index >> 1) % open_before
        created = f"{year}-{1 + index % 6:02d}-{1 + index % 28:02d}"
        return Post(f"SW-{self._sums.posts + index + 1:05d}", self._all[host], created, "")
