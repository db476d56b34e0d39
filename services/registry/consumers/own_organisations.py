"""Saga on the registry's own organisation events: what a party arrangement depends on of the other organisation.

Arrangements are private, so an event says only that something changed: both organisations are read from the store.
Every step writes what the states say now, so an event that comes late or again changes nothing; the other one's
version guards its list of dependants, so that no change of it slips between reading it and being told of the next.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from services.registry.domain.organisation import Organisation
from services.registry.domain.party import Neighbour
from services.shared.kernel.follower import hear
from services.shared.runtime.envelope import EVENT_TOPICS, header
from services.shared.runtime.reader import Changes, Received, Ref, Task
from swtalent.registry.v1 import events_pb2 as events

_ELSEWHERE = frozenset({"post_held", "accredited", "residents_counted", "service_contracted"})


class OwnOrganisations:
    """Writes the others of its arrangements into an organisation, and the organisation into whom depends on it."""

    name = "own-organisations"
    topics = (EVENT_TOPICS["registry"],)

    def read(self, record: Received) -> Task | None:
        if header(record.headers, "ce_type") != events.OrganisationEvent.DESCRIPTOR.full_name.encode():
            return None
        event = events.OrganisationEvent.FromString(record.value or b"")
        if event.WhichOneof("change") in _ELSEWHERE:
            return None
        return Task(((Organisation, event.id),), event.id)

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        organisation: Organisation = changes(Organisation, task.content).aggregate
        left = {it.organisation for it in organisation.state.neighbours}
        named = {*organisation.others(), *left, *organisation.state.dependants}
        return [(Organisation, uscc) for uscc in sorted(named)]

    def apply(self, task: Task, changes: Changes) -> None:
        change = changes(Organisation, task.content)
        organisation: Organisation = change.aggregate
        others = organisation.others()
        for uscc in sorted(others | {it.organisation for it in organisation.state.neighbours}):
            changes(Organisation, uscc).apply(partial(_depend, organisation=organisation.id, depends=uscc in others))
        neighbours = tuple(changes(Organisation, uscc).aggregate.as_neighbour() for uscc in sorted(others))
        change.apply(partial(_beside, neighbours=neighbours))
        tell = partial(_tell, neighbour=organisation.as_neighbour())
        for uscc in organisation.state.dependants:
            hear(changes(Organisation, uscc), organisation.id, organisation.version, tell)


def _depend(other: Organisation, *, organisation: str, depends: bool) -> None:
    other.depended_on(organisation, depends=depends)


def _beside(organisation: Organisation, *, neighbours: tuple[Neighbour, ...]) -> None:
    organisation.beside(neighbours)


def _tell(dependant: Organisation, *, neighbour: Neighbour) -> None:
    if neighbour.organisation in dependant.others():
        kept = tuple(it for it in dependant.state.neighbours if it.organisation != neighbour.organisation)
        dependant.beside((*kept, neighbour))
