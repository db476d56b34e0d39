"""How many people an area has in a field and at a level: written down by county from talents, counted on any day.

A person counts where the principal affiliation of the day is (domain §0), at the highest level held on that day.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from services.registry.domain.certificates import highest
from services.registry.domain.reports import Affiliation, Certificate
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.area import county_of
from services.shared.kernel.dates import NO_DAY, Day, holds

# View of headcounts by county and the areas above it.
BY_AREA = "area"
# A county's people are spread over so many aggregates by their id.
SHARDS = 16


class Worked(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Somebody works in [since, until) in the field, holding the level."""

    field: str
    level: str
    since: Day
    until: Day


class Counting(msgspec.Struct, frozen=True, gc=False, array_like=True):
    talent: str
    worked: Worked


def principal(affiliations: Iterable[Affiliation], on: Day) -> Affiliation | None:
    """The affiliation in force that is flagged principal, else the earliest; a tie goes by id."""
    in_force = [it for it in affiliations if holds(it.since, it.until, on)]
    return min(in_force, key=lambda it: (not it.principal, it.since, it.id), default=None)


def worked(affiliations: Sequence[Affiliation], certificates: Sequence[Certificate]) -> dict[str, tuple[Worked, ...]]:
    """County → when the person counts there, in which field and at which level; oldest first."""
    cuts = {day for it in affiliations for day in (it.since, it.until)}
    cuts |= {day for it in certificates for day in (it.passed_on, it.granted_on, it.annulled_on)}
    starts = sorted(cuts - {""})
    found: dict[str, list[Worked]] = {}
    for start, end in pairwise([*starts, NO_DAY]):
        work, level = principal(affiliations, start), highest(certificates, start)
        if work is None or not level:
            continue
        times = found.setdefault(county_of(work.place), [])
        last = times[-1] if times else None
        if last and (last.field, last.level, last.until) == (work.field, level, start):
            times[-1] = Worked(work.field, level, last.since, end)
        else:
            times.append(Worked(work.field, level, start, end))
    return {county: tuple(times) for county, times in found.items()}


def headcount_id(county: str, talent: str) -> str:
    return f"{county}/{zlib.crc32(talent.encode()) % SHARDS:02d}"


class HeadcountState(msgspec.Struct, frozen=True):
    people: tuple[Counting, ...] = ()
    # Of which version of a talent the saga wrote here last (kernel/follower.py).
    heard: dict[str, int] = {}


class HeadcountWritten(msgspec.Struct, frozen=True):
    """Never published: it repeats what talents' facts say."""

    talent: str


class Headcount(Aggregate[HeadcountState]):
    """The people of one county whose id falls to this shard. Id = "<county>/<shard>"."""

    kind = "headcount"
    __slots__ = ()

    @classmethod
    def blank(cls) -> HeadcountState:
        return HeadcountState()

    def write(self, talent: str, times: Iterable[Worked]) -> None:
        """Say when a talent counts here, replacing what was said of it before."""
        kept = [it for it in self.state.people if it.talent != talent]
        written = (*kept, *(Counting(talent, it) for it in times))
        people = tuple(sorted(written, key=lambda it: (it.talent, it.worked.since)))
        if people != self.state.people:
            self._record(HeadcountWritten(talent), msgspec.structs.replace(self.state, people=people))


def summary(headcount: Headcount) -> bytes:
    """The times without the people: what counting needs of a shard."""
    return msgspec.json.encode([it.worked for it in headcount.state.people])


def count(summaries: Iterable[bytes], on: Day) -> dict[tuple[str, str], int]:
    """(field, level) → people on the day."""
    have: dict[tuple[str, str], int] = {}
    for body in summaries:
        for it in _TIMES.decode(body):
            if holds(it.since, it.until, on):
                have[it.field, it.level] = have.get((it.field, it.level), 0) + 1
    return have


_TIMES = msgspec.json.Decoder(list[Worked])
