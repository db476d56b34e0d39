"""Saga on the registry's own talent events: who holds which post, and whose name is reported differently."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import msgspec

from services.registry.consumers.told import talent_event
from services.registry.domain.holding import held_posts
from services.registry.domain.identity_case import IdentityCase
from services.registry.domain.organisation import Holder, Organisation
from services.shared.kernel.area import COUNTY
from services.shared.kernel.follower import Follower, hear
from services.shared.runtime.envelope import EVENT_TOPICS
from services.shared.runtime.reader import Changes, Received, Ref, Task
from swtalent.registry.v1 import events_pb2 as events


class _TalentSeen(msgspec.Struct, frozen=True):
    follower: str
    event: events.TalentEvent


class OwnTalents:
    """Saga on the registry's own talent events: who holds which post, and whose name is reported differently."""

    name = "own-talents"
    topics = (EVENT_TOPICS["registry"],)

    def read(self, record: Received) -> Task | None:
        event = talent_event(record)
        if event is None:
            return None
        if event.version == 1 and not any(it.post for it in event.after.affiliations):
            return None  # nobody before it, nothing to do for it: nearly all
        follower = f"posts/{event.id}"
        return Task(((Follower, follower),), _TalentSeen(follower, event))

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        seen: _TalentSeen = task.content
        before = changes(Follower, seen.follower).aggregate.state.written_to
        named = {it.organisation for it in seen.event.after.affiliations if it.post}
        needs: list[Ref] = [(Organisation, uscc) for uscc in named.union(before)]
        if seen.event.WhichOneof("change") == "identity_disputed":
            needs.append((IdentityCase, seen.event.identity_disputed.identity_case))
        return needs

    def apply(self, task: Task, changes: Changes) -> None:
        seen: _TalentSeen = task.content
        event = seen.event
        follower = changes(Follower, seen.follower)
        disputed = event.WhichOneof("change") == "identity_disputed"
        if not (follower.aggregate.exists or disputed or any(it.post for it in event.after.affiliations)):
            return
        if not follower.aggregate.is_next(event.version):
            return
        held = held_posts(
            event.id,
            [(it.organisation, it.post, it.since, it.until) for it in event.after.affiliations if it.post],
            [(it.since, it.until) for it in event.after.recognitions],
        )
        for uscc in held.keys() | set(follower.aggregate.state.written_to):
            hold = partial(_hold, talent=event.id, entries=held.get(uscc, ()))
            hear(changes(Organisation, uscc), seen.follower, event.version, hold)
        if disputed:
            why = event.identity_disputed
            changes(IdentityCase, why.identity_case).apply(
                lambda it: it.open(
                    talent=event.id,
                    differing="name",
                    departments=(why.department,),
                    counties={work.place[:COUNTY] for work in event.after.affiliations},
                )
            )
        follower.apply(lambda it: it.see(event.version, tuple(sorted(held))))


def _hold(organisation: Organisation, *, talent: str, entries: tuple[tuple[str, Holder], ...]) -> None:
    organisation.hold_posts(talent, entries)
