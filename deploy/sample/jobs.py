"""What every person works at: at a post, in a community or anywhere in a county; by index, without memory.

Persons by index: professionals of 2020 (post holders first, those who leave later last), practitioners recognised
later, other practitioners (the last of them hold posts), persons who left before 2020-12, newcomers of 2021–2025.
"""

from __future__ import annotations

from typing import NamedTuple

from deploy.sample.expected import INSTITUTIONS_STAFFED, YEARS, InCommunities, Sums, year_of
from deploy.sample.organisations import Organisation, Organisations, Post
from deploy.sample.places import Places, civil_affairs_of
from deploy.sample.spread import mixed

# Departments whose one system covers the province, with the practice fields that they report.
WIDE = {
    "youth_league": ("youth", "minors"),
    "health": ("medical", "mental_health", "public_health"),
    "human_resources": ("social_assistance", "community_governance"),
    "disabled_persons": ("disability",),
    "justice": ("community_corrections", "mediation"),
    "education": ("school", "minors"),
    "trade_union": ("trade_union",),
    "public_security": ("drug_control",),
    "political_legal": ("mediation", "community_governance"),
    "womens_federation": ("family", "minors"),
}
_FIELDS = {**WIDE, "civil_affairs": ("elderly_care", "social_assistance", "minors", "disaster_relief", "rural")}
_ELSEWHERE = (
    "civil_affairs " * 13 + "health " * 3 + "education " * 3 + "justice " * 2 + "disabled_persons " * 2
    + "youth_league " * 2 + "womens_federation " * 2 + "trade_union public_security political_legal human_resources "
    + "health"
).split()  # fmt: skip
_IN_COMMUNITIES = (
    "civil_affairs " * 21 + "political_legal " * 3 + "womens_federation " * 2 + "youth_league " * 2
    + "public_security justice disabled_persons trade_union"
).split()  # fmt: skip
_COMMUNITY_ROLES = ("worker", "committee_member", "worker", "child_welfare_director")
_ROLES = {"school": "teacher", "government": "official"}


class Job(NamedTuple):
    partner: str
    department: str
    organisation: Organisation
    role: str
    post: str
    post_since: str
    field: str
    place: str
    community_kind: str


class Jobs:
    def __init__(self, sums: Sums, places: Places, organisations: Organisations) -> None:
        self._sums, self._places, self._organisations = sums, places, organisations
        self.county_index = {county.code: index for index, county in enumerate(places.counties)}
        self.staying = sums.professionals - sum(sums.departed)
        self.unrecognised = sums.professionals + sum(sums.later_recognised)
        self.newcomers = sums.practitioners + sums.left_before
        self._other_holders = (sums.posts_of_other_institutions + 1) // 2

    def of(self, person: int) -> Job:
        """The work that a person's first department reports."""
        sums = self._sums
        if person < sums.professionals:
            if person < sums.posts_held:
                skipped = 0 if person < INSTITUTIONS_STAFFED else sums.posts_of_other_institutions
                return _holding(self._organisations.post(person + skipped))
            if person < self.staying:
                return self._placed(person, sums.professionals_in_communities, person - sums.posts_held)
        elif person < self.unrecognised:
            return self._placed(person, sums.later_in_communities, person - sums.professionals)
        elif person < sums.practitioners:
            last = sums.practitioners - 1 - person
            if last < self._other_holders:
                return _holding(self._organisations.post(INSTITUTIONS_STAFFED + 2 * last))
            return self._placed(person, sums.unrecognised_in_communities, person - self.unrecognised)
        elif person >= self.newcomers:
            newcomer = person - self.newcomers
            at = YEARS.index(year_of(newcomer, sums.new_professionals))
            within = newcomer - sum(sums.new_professionals[:at])
            held = sums.new_posts_held
            if within < held[at]:
                return _holding(self._organisations.new_post(sum(sums.new_posts[:at]) + within))
            return self._placed(person, sums.new_in_communities, newcomer - sum(held[: at + 1]))
        return self._elsewhere(mixed(person))

    def _placed(self, person: int, group: InCommunities, at: int) -> Job:
        """In a community when it is this one's turn in its group, else at an employer of a county."""
        bits, both = mixed(person), group.urban + group.rural
        turn = at * both // group.size
        if (at + 1) * both // group.size == turn:
            return self._elsewhere(bits)
        urban = turn * group.urban // both
        if (turn + 1) * group.urban // both > urban:
            kind, place = "urban", self._places.urban_code(urban % self._places.urban)
        else:
            kind, place = "rural", self._places.rural_code(self._rural(group, turn - urban))
        county = self.county_index[place[:6]]
        department = _IN_COMMUNITIES[bits >> 24 & 31]
        fields = _FIELDS[department]
        return Job(
            civil_affairs_of(place) if department == "civil_affairs" else department,
            department,
            self._organisations.other(county, 0),
            _COMMUNITY_ROLES[bits >> 32 & 3],
            "",
            "",
            "community_governance" if bits >> 34 & 1 else fields[(bits >> 35) % len(fields)],
            place,
            kind,
        )

    def _rural(self, group: InCommunities, turn: int) -> int:
        """Rural community of a group's turn-th rural worker.

        Professionals of 2020 reach the first communities, later ones the next; the others are anywhere.
        """
        sums = self._sums
        first, later = sums.rural_reached, sums.rural_reached_later
        if group is sums.professionals_in_communities:
            return turn % first
        if group is sums.later_in_communities:
            return first + turn % (later - first)
        if group is sums.new_in_communities:
            return first + (sums.later_in_communities.rural + turn) % (later - first)
        return turn * 7 % self._places.rural

    def _elsewhere(self, bits: int) -> Job:
        county_index = self._places.county(bits)
        county = self._places.counties[county_index].code
        department = _ELSEWHERE[(bits >> 24) % len(_ELSEWHERE)]
        if department == "civil_affairs":
            organisation = self._organisations.of_civil_affairs(county_index, bits >> 30)
            partner = civil_affairs_of(county)
        else:
            organisation = self._organisations.other(county_index, bits >> 30)
            partner = department
        role = _ROLES.get(organisation.kind, "manager" if bits >> 40 & 15 == 0 else "worker")
        fields = _FIELDS[department]
        townships = self._places.townships(county)
        place = townships[(bits >> 44) % len(townships)].code if bits >> 43 & 1 else county
        return Job(partner, department, organisation, role, "", "", fields[(bits >> 50) % len(fields)], place, "")


def _holding(post: Post) -> Job:
    it = post.organisation
    return Job(it.partner, it.department, it, "worker", post.id, post.created_on, it.field, it.county, "")
