"""Saga on the registry's own talent events: who counts in which county, field and level (domain/headcount.py)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

import msgspec

from services.registry.consumers.told import ELSEWHERE, talent_event
from services.registry.domain.headcount import Headcount, Worked, headcount_id, worked
from services.registry.domain.reports import Affiliation, Certificate
from services.shared.kernel.follower import Follower, hear
from services.shared.runtime.envelope import EVENT_TOPICS
from services.shared.runtime.filled import filled
from services.shared.runtime.reader import Changes, Received, Ref, Task

# Changes that touch neither work nor certificates.
_ELSEWHERE = ELSEWHERE | {"private_changed"}
# After these, who has no certificate had none before: most people, most of the time.
_ADDING = frozenset({"talent_reported", "affiliation_ended", "talent_departed"})


class _TalentSeen(msgspec.Struct, frozen=True):
    talent: str
    follower: str
    version: int
    # Headcount → when the talent counts there.
    worked: dict[str, tuple[Worked, ...]]


class OwnHeadcounts:
    """Only people with a certificate count; an event carries all that is needed of them."""

    name = "own-headcounts"
    topics = (EVENT_TOPICS["registry"],)

    def read(self, record: Received) -> Task | None:
        event = talent_event(record)
        if event is None:
            return None
        change, after = event.WhichOneof("change"), event.after
        if change in _ELSEWHERE or (change in _ADDING and not after.certificates):
            return None
        counties = worked(
            [filled(Affiliation, it) for it in after.affiliations],
            [filled(Certificate, it) for it in after.certificates],
        )
        found = {headcount_id(county, event.id): times for county, times in counties.items()}
        follower = f"headcounts/{event.id}"
        return Task(((Follower, follower),), _TalentSeen(event.id, follower, event.version, found))

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        seen: _TalentSeen = task.content
        before = changes(Follower, seen.follower).aggregate.state.written_to
        return [(Headcount, one) for one in sorted({*seen.worked, *before})]

    def apply(self, task: Task, changes: Changes) -> None:
        seen: _TalentSeen = task.content
        follower = changes(Follower, seen.follower)
        followed = follower.aggregate.state
        if seen.version <= followed.last or not (seen.worked or followed.written_to):
            return
        for one in sorted({*seen.worked, *followed.written_to}):
            write = partial(_write, talent=seen.talent, times=seen.worked.get(one, ()))
            hear(changes(Headcount, one), seen.talent, seen.version, write)
        follower.apply(lambda it: it.see(seen.version, tuple(sorted(seen.worked))))


def _write(headcount: Headcount, *, talent: str, times: Iterable[Worked]) -> None:
    headcount.write(talent, times)
