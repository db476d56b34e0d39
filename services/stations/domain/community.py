"""Community (社区、村): its kind, its elderly residents, and who works there."""

from __future__ import annotations

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import Day
from services.shared.kernel.origin import Origin, held_for, put, supersedes
from services.stations.domain.telling import telling

# Facts stay below 4 KiB: workers take 65 bytes each, the others 30.
MOST_WORKERS, MOST_KINDS, MOST_COUNTS = 40, 8, 16


class Profile(msgspec.Struct, frozen=True):
    """A community as one system reports it: of a kind in [since, until); elderly 0 = not counted."""

    origin: Origin
    name: str
    kind: str
    since: Day
    until: Day
    elderly: int
    elderly_on: Day


class Worker(msgspec.Struct, frozen=True):
    """A talent whose place of work is this community in [since, until); professional = recognised in that time."""

    talent: str
    professional: bool
    since: Day
    until: Day


class KindInForce(msgspec.Struct, frozen=True):
    kind: str
    since: Day
    until: Day


class ElderlyCount(msgspec.Struct, frozen=True):
    on: Day
    residents: int


class CommunityFacts(msgspec.Struct, frozen=True):
    """A long list of workers keeps those that cover the days on which a professional works here, then the latest."""

    known: bool
    name: str
    kinds: tuple[KindInForce, ...]
    elderly: tuple[ElderlyCount, ...]
    workers: tuple[Worker, ...]


class CommunityState(msgspec.Struct, frozen=True):
    profiles: tuple[Profile, ...] = ()
    workers: tuple[Worker, ...] = ()
    # Of which version of its subject a saga wrote here last (kernel/follower.py).
    heard: dict[str, int] = {}


class CommunityProfiled(msgspec.Struct, frozen=True):
    kind: str


class CommunityWorkersChanged(msgspec.Struct, frozen=True):
    talent: str


class Community(Aggregate[CommunityState]):
    """Id = area code, twelve digits. Exists as a stub (`known` false) as soon as somebody works there.

    Invariants: facts do not depend on the order in which profiles and workers arrive; two kinds never overlap: the
    later one ends the earlier. Plan §4.2, table 1 numbers 7 and 8.
    """

    kind = "community"
    __slots__ = ()

    @classmethod
    def blank(cls) -> CommunityState:
        return CommunityState()

    def facts(self) -> CommunityFacts:
        state = self.state
        profiles = sorted(state.profiles, key=_precedence)
        workers = telling(state.workers, most=MOST_WORKERS, matters=lambda it: it.professional)
        return CommunityFacts(
            bool(profiles),
            profiles[-1].name if profiles else "",
            _kinds(profiles)[-MOST_KINDS:],
            _counts(profiles)[-MOST_COUNTS:],
            tuple(workers),
        )

    def profile(self, profile: Profile) -> None:
        """Take a profile; without effect when it is a repeat. Raises REVISION_REUSED."""
        state = self.state
        if supersedes(profile, held_for(state.profiles, profile.origin)):
            profiles = put(state.profiles, profile)
            self._record(CommunityProfiled(profile.kind), msgspec.structs.replace(state, profiles=profiles))

    def employ(self, talent: str, work: tuple[Worker, ...]) -> None:
        """Say when a talent works here, in place of what was said of it before; nothing = it does not, or no more."""
        others = (it for it in self.state.workers if it.talent != talent)
        workers = tuple(sorted((*others, *work), key=lambda it: (it.talent, it.since)))
        if workers != self.state.workers:
            self._record(CommunityWorkersChanged(talent), msgspec.structs.replace(self.state, workers=workers))


def _precedence(profile: Profile) -> tuple[str, int, str, str]:
    """The last one counts."""
    return profile.since, profile.origin.revision, profile.origin.system, profile.origin.record_id


def _kinds(profiles: list[Profile]) -> tuple[KindInForce, ...]:
    """By `since`, one per day of beginning; a later one ends the earlier; what goes on unchanged is one."""
    starts = {it.since: it for it in profiles}
    kinds: list[KindInForce] = []
    for since, it in starts.items():
        if kinds and (not kinds[-1].until or kinds[-1].until >= since):
            if kinds[-1].kind == it.kind:
                kinds[-1] = KindInForce(it.kind, kinds[-1].since, it.until)
                continue
            kinds[-1] = KindInForce(kinds[-1].kind, kinds[-1].since, since)
        kinds.append(KindInForce(it.kind, since, it.until))
    return tuple(kinds)


def _counts(profiles: list[Profile]) -> tuple[ElderlyCount, ...]:
    counts = {it.elderly_on: it.elderly for it in profiles if it.elderly_on}
    return tuple(ElderlyCount(on, residents) for on, residents in sorted(counts.items()))
