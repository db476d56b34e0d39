"""IN: Kafka → commands. Partners' appropriations become steps on budget lines; the lines' own commitments become
contracts (saga). No rules here.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from services.funding.commands import appropriate, sign_contract
from services.funding.domain.contract import ContractTerms, Leg, Milestone
from services.shared.kernel.dates import Day
from services.shared.kernel.follower import Follower
from services.shared.kernel.money import Fen
from services.shared.kernel.ports import Clock
from services.shared.kernel.step import Step
from services.shared.runtime.envelope import EVENT_TOPICS, header
from services.shared.runtime.filled import filled
from services.shared.runtime.partner_records import PartnerRecords, Sender
from services.shared.runtime.reader import Changes, Received, Ref, Task
from swtalent.funding.v1 import events_pb2 as events
from swtalent.partner.v1 import records_pb2 as records


class Departments:
    """Each record type of partner/v1 that funding owns, as the command of the same name."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def reader(self) -> PartnerRecords:
        return PartnerRecords("funding", {"AppropriationRecord": self.appropriation})

    def appropriation(self, record: records.AppropriationRecord, sender: Sender) -> Step:
        return appropriate.step(
            filled(appropriate.Appropriate, record, by=sender.partner, owner=sender.partner.department),
            today=self._clock.day(),
        )


class _LineSeen(msgspec.Struct, frozen=True):
    follower: str
    version: int
    write: Step | None


class OwnCommitments:
    """Saga on funding's own events: every contract that a line has committed money to gets written.

    Usually the command has written it already; then there is nothing left to do.
    """

    name = "own-commitments"
    topics = (EVENT_TOPICS["funding"],)

    def read(self, record: Received) -> Task | None:
        if header(record.headers, "ce_type") != events.BudgetLineEvent.DESCRIPTOR.full_name.encode():
            return None
        event = events.BudgetLineEvent.FromString(record.value or b"")
        follower = f"contracts/{event.id}"
        needs: list[Ref] = [(Follower, follower)]
        write = None
        if event.WhichOneof("change") == "committed":
            write = sign_contract.write(event.committed.contract, _terms(event.committed.terms))
            needs.append((write.kind, write.id))
        return Task(needs, _LineSeen(follower, event.version, write))

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        return ()

    def apply(self, task: Task, changes: Changes) -> None:
        seen: _LineSeen = task.content
        follower = changes(Follower, seen.follower)
        if not follower.aggregate.is_next(seen.version):
            return
        if seen.write is not None:
            changes(seen.write.kind, seen.write.id).apply(seen.write.change)
        follower.apply(lambda it: it.see(seen.version, ()))


def _terms(facts: events.ContractFacts) -> ContractTerms:
    return ContractTerms(
        facts.purchaser,
        facts.area,
        facts.provider,
        facts.title,
        Fen(facts.value),
        Day(facts.signed_on),
        Day(facts.since),
        Day(facts.until),
        tuple(Leg(it.line, it.earmark, Fen(it.fen)) for it in facts.legs),
        tuple(Milestone(it.id, it.title, Day(it.due), Fen(it.fen)) for it in facts.milestones),
    )
