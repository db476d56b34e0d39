"""Saga on funding's contract events: purchased-service contracts that serve an organisation (plan §4.1, series S2).

A contract's purchaser is a department and its provider an organisation, so the contract that runs for an institution
is the one whose provider it is (inferred): the place of service is not named in a contract.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import msgspec

from services.registry.domain.organisation import Organisation
from services.registry.domain.organisation_reports import ServiceContract
from services.shared.kernel.dates import Day
from services.shared.kernel.follower import Follower, hear
from services.shared.runtime.envelope import EVENT_TOPICS, header
from services.shared.runtime.reader import Changes, Received, Ref, Task
from swtalent.funding.v1 import events_pb2 as funding


class _ContractSeen(msgspec.Struct, frozen=True):
    follower: str
    event: funding.ContractEvent


class Contracts:
    """A provider that changes loses the contract, which the follower remembers."""

    name = "contracts"
    topics = (EVENT_TOPICS["funding"],)

    def read(self, record: Received) -> Task | None:
        if header(record.headers, "ce_type") != funding.ContractEvent.DESCRIPTOR.full_name.encode():
            return None
        event = funding.ContractEvent.FromString(record.value or b"")
        follower = f"contracts/{event.id}"
        return Task(((Follower, follower),), _ContractSeen(follower, event))

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        seen: _ContractSeen = task.content
        before = changes(Follower, seen.follower).aggregate.state.written_to
        return [(Organisation, uscc) for uscc in _serves(seen.event).keys() | set(before)]

    def apply(self, task: Task, changes: Changes) -> None:
        seen: _ContractSeen = task.content
        event = seen.event
        follower = changes(Follower, seen.follower)
        if not follower.aggregate.is_next(event.version):
            return
        serves = _serves(event)
        for uscc in sorted(serves.keys() | set(follower.aggregate.state.written_to)):
            write = partial(_contract, contract=event.id, held=serves.get(uscc))
            hear(changes(Organisation, uscc), seen.follower, event.version, write)
        follower.apply(lambda it: it.see(event.version, tuple(serves)))


def _serves(event: funding.ContractEvent) -> dict[str, ServiceContract]:
    """Provider → the contract; nobody when it ended before it began."""
    after = event.after
    if not after.provider or (after.until and after.until <= after.since):
        return {}
    return {after.provider: ServiceContract(event.id, Day(after.since), Day(after.until))}


def _contract(organisation: Organisation, *, contract: str, held: ServiceContract | None) -> None:
    organisation.contracted(contract, held)
