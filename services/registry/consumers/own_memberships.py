"""Saga on the registry's own talent events: where whom works as a formal party member, and where as certified.

Party membership is private, so an event says only that something changed: the talent's state is read from the store.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import msgspec

from services.registry.consumers.told import ELSEWHERE, talent_event
from services.registry.domain.membership import Employment, employment
from services.registry.domain.organisation import Organisation
from services.registry.domain.organisation_reports import Certified
from services.registry.domain.party import Member
from services.registry.domain.talent import Talent
from services.shared.kernel.follower import Follower, hear
from services.shared.runtime.envelope import EVENT_TOPICS
from services.shared.runtime.reader import Changes, Received, Ref, Task


class _TalentSeen(msgspec.Struct):
    talent: str
    follower: str
    version: int
    # What the state that was read says; asked for twice, and the state is mostly the same.
    state: object = None
    found: Employment | None = None

    def employment(self, talent: Talent) -> Employment:
        if self.found is None or self.state is not talent.state:
            self.state, self.found = talent.state, employment(talent)
        return self.found


class OwnMemberships:
    """The follower remembers up to which version the talent was read and into which organisations it was written."""

    name = "own-memberships"
    topics = (EVENT_TOPICS["registry"],)

    def read(self, record: Received) -> Task | None:
        event = talent_event(record)
        if event is None:
            return None
        change = event.WhichOneof("change")
        if change in ELSEWHERE:
            return None
        if event.version == 1 and change == "talent_reported" and not event.after.certificates:
            return None  # work alone: nearly everybody, nearly always
        follower = f"memberships/{event.id}"
        return Task(((Follower, follower), (Talent, event.id)), _TalentSeen(event.id, follower, event.version))

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        seen: _TalentSeen = task.content
        followed = changes(Follower, seen.follower).aggregate.state
        if seen.version <= followed.last:
            return ()
        found = seen.employment(changes(Talent, seen.talent).aggregate)
        return [(Organisation, uscc) for uscc in {*found.members, *found.certified, *followed.written_to}]

    def apply(self, task: Task, changes: Changes) -> None:
        seen: _TalentSeen = task.content
        follower = changes(Follower, seen.follower)
        followed = follower.aggregate.state
        if seen.version <= followed.last:
            return  # the state read at a later version held this one too
        talent = changes(Talent, seen.talent).aggregate
        members, certified = seen.employment(talent)
        version = max(seen.version, talent.version)
        named = members.keys() | certified.keys()
        if not named and not followed.written_to:
            return
        for uscc in sorted(named | set(followed.written_to)):
            employ = partial(_employ, talent=talent.id, members=members.get(uscc, ()), staff=certified.get(uscc, ()))
            hear(changes(Organisation, uscc), seen.follower, version, employ)
        follower.apply(lambda it: it.see(version, tuple(sorted(named))))


def _employ(
    organisation: Organisation, *, talent: str, members: tuple[Member, ...], staff: tuple[Certified, ...]
) -> None:
    organisation.employ(talent, members, staff)
