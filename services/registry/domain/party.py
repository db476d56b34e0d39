"""Party coverage (党建覆盖): whether an organisation's arrangement fits its formal members, as adjoining intervals.

Pure: it depends on dated facts that the organisation holds, never on the order in which they came. Plan §3.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Protocol

import msgspec

from services.registry.domain.party_rules import (
    INSTRUCTOR,
    JOINT_BRANCH,
    LEAD,
    OWN_BRANCH,
    PARTY_RULES,
    PartyRule,
)
from services.shared.kernel.area import prefecture_of
from services.shared.kernel.dates import NO_DAY, Day, holds

# Intervals that events carry; with the rest of the facts they stay below 4 KiB.
MOST_TOLD = 24
_FITTING = frozenset({"OWN_BRANCH", "JOINT_BRANCH", "INSTRUCTOR", "LEAD_ORGANISATION"})

Times = tuple[tuple[Day, Day], ...]


class Dated(Protocol):
    @property
    def since(self) -> Day: ...
    @property
    def until(self) -> Day: ...


class Arrangement(msgspec.Struct, frozen=True):
    """How the party's work is arranged in [since, until); `other` = USCC of the joint branch's or lead organisation."""

    kind: str
    other: str
    since: Day
    until: Day


class Member(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A formal party member works here in [since, until)."""

    talent: str
    since: Day
    until: Day


class Branch(msgspec.Struct, frozen=True, gc=False, array_like=True):
    kind: str
    since: Day
    until: Day


class Neighbour(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The other organisation of an arrangement as far as coverage depends on it, written down here by a saga.

    Open in [since, until), "" = nobody has registered it; `branches` = its own arrangements with a branch.
    """

    organisation: str
    county: str
    fields: tuple[str, ...]
    since: Day
    until: Day
    branches: tuple[Branch, ...]


class Place(msgspec.Struct, frozen=True):
    """The organisation itself: where, in which fields, and open in [since, until)."""

    county: str
    fields: tuple[str, ...]
    since: Day
    until: Day


class PartyCover(msgspec.Struct, frozen=True):
    fits: bool
    since: Day
    until: Day
    reason: str


def party_cover(
    place: Place,
    members: Iterable[Member],
    arrangements: Sequence[Arrangement],
    neighbours: Iterable[Neighbour],
    *,
    rules: Sequence[PartyRule] = PARTY_RULES,
) -> tuple[PartyCover, ...]:
    """Adjoining intervals from the day of registration until the organisation closes, each with its reason."""
    others = {it.organisation: it for it in neighbours}
    counts = _counts(members, most=max(rule.own_branch_from for rule in rules))
    cuts = {place.since, *(day for day, _ in counts)}
    dated: list[Dated] = [*arrangements, *rules, *others.values()]
    for other in others.values():
        dated += other.branches
    cuts |= {day for it in dated for day in (it.since, it.until)}
    days = sorted(day for day in cuts if day >= place.since and (not place.until or day < place.until))
    cover: list[PartyCover] = []
    at, count = 0, 0
    for day, end in pairwise([*days, place.until]):
        while at < len(counts) and counts[at][0] <= day:
            count = counts[at][1]
            at += 1
        rule = next(rule for rule in rules if holds(rule.since, rule.until, day))
        reason = _reason(count, [it for it in arrangements if holds(it.since, it.until, day)], place, others, rule, day)
        since = cover.pop().since if cover and cover[-1].reason == reason else day
        cover.append(PartyCover(reason in _FITTING, since, end, reason))
    return tuple(cover)


def told(cover: Sequence[PartyCover], *, most: int = MOST_TOLD) -> tuple[PartyCover, ...]:
    """At most `most` intervals: of a longer history the oldest neighbours of one answer become one interval first, so
    that whether it fitted stays true for every day; only then is the oldest left out.
    """
    kept = list(cover)
    at = 1
    while len(kept) > most and at < len(kept):
        first, second = kept[at - 1], kept[at]
        if first.fits == second.fits:
            kept[at - 1 : at + 1] = [PartyCover(second.fits, first.since, second.until, second.reason)]
        else:
            at += 1
    return tuple(kept[-most:])


def cover_on(cover: Iterable[PartyCover], day: Day) -> PartyCover | None:
    return next((it for it in cover if holds(it.since, it.until, day)), None)


def _counts(members: Iterable[Member], *, most: int) -> list[tuple[Day, int]]:
    """From which day on how many persons, up to `most`: more make no difference."""
    changes: dict[Day, int] = {}
    persons: dict[str, list[tuple[Day, Day]]] = {}
    for member in members:
        persons.setdefault(member.talent, []).append((member.since, member.until))
    for times in persons.values():
        for since, until in united(times):
            changes[since] = changes.get(since, 0) + 1
            if until:
                changes[until] = changes.get(until, 0) - 1
    counts: list[tuple[Day, int]] = []
    total = 0
    for day in sorted(changes):
        total += changes[day]
        if not counts or counts[-1][1] != min(total, most):
            counts.append((day, min(total, most)))
    return counts


def _reason(
    count: int,
    held: Sequence[Arrangement],
    place: Place,
    others: dict[str, Neighbour],
    rule: PartyRule,
    day: Day,
) -> str:
    """Why the arrangements of a day do or do not fit so many formal members."""
    kinds = {it.kind for it in held}
    if not kinds:
        return "NO_ARRANGEMENT"
    if count and OWN_BRANCH in kinds:
        return "OWN_BRANCH"
    if count >= rule.own_branch_from:
        return "OWN_BRANCH_NEEDED"
    if count:
        joint = (others.get(it.other) for it in held if it.kind == JOINT_BRANCH)
        near = any(other is not None and _near(place, other, rule, day) for other in joint)
        return "JOINT_BRANCH" if near else "JOINT_BRANCH_NEEDED"
    if INSTRUCTOR in kinds:
        return "INSTRUCTOR"
    leads = (others.get(it.other) for it in held if it.kind == LEAD)
    if any(other is not None and _leads(other, rule, day) for other in leads):
        return "LEAD_ORGANISATION"
    return "LEAD_WITHOUT_BRANCH" if LEAD in kinds else "INSTRUCTOR_NEEDED"


def _open(other: Neighbour, day: Day) -> bool:
    return bool(other.since) and holds(other.since, other.until, day)


def _near(place: Place, other: Neighbour, rule: PartyRule, day: Day) -> bool:
    """The other one is open and of the same county, prefecture or field."""
    return _open(other, day) and (
        ("county" in rule.near_by and place.county == other.county)
        or ("prefecture" in rule.near_by and prefecture_of(place.county) == prefecture_of(other.county))
        or ("field" in rule.near_by and not set(place.fields).isdisjoint(other.fields))
    )


def _leads(other: Neighbour, rule: PartyRule, day: Day) -> bool:
    """The other one is open and has a branch of the kind that a lead must have."""
    return _open(other, day) and any(
        it.kind in rule.lead_needs and holds(it.since, it.until, day) for it in other.branches
    )


def united(times: Iterable[tuple[Day, Day]]) -> Times:
    """The days of all of them as intervals that neither overlap nor touch, oldest first."""
    whole: list[tuple[Day, Day]] = []
    for since, until in sorted(times):
        if whole and (not whole[-1][1] or since <= whole[-1][1]):
            first, last = whole[-1]
            whole[-1] = (first, NO_DAY if not last or not until else max(last, until))
        else:
            whole.append((since, until))
    return tuple(whole)


def common(first: Iterable[tuple[Day, Day]], second: Sequence[tuple[Day, Day]]) -> Times:
    """The days that are in both."""
    both: list[tuple[Day, Day]] = []
    for since, until in first:
        for start, end in second:
            begin = max(since, start)
            finish = min((it for it in (until, end) if it), default=NO_DAY)
            if not finish or begin < finish:
                both.append((begin, finish))
    return united(both)
