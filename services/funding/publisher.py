"""OUT: domain event → Kafka record on funding.events.v1, and the prepared bytes that reads serve."""

from __future__ import annotations

from services.funding.domain import budget_line
from services.funding.domain.budget_line import BudgetLine, LineFacts
from services.funding.domain.contract import ContractTerms
from services.shared.kernel.aggregate import Recorded
from services.shared.kernel.ports import Message
from services.shared.runtime import envelope
from services.shared.runtime.store.kind import Stamp
from swtalent.funding.v1 import events_pb2 as pb
from swtalent.funding.v1 import funding_service_pb2 as service_pb


def line_facts(facts: LineFacts) -> pb.BudgetLineFacts:
    return pb.BudgetLineFacts(**envelope.fields_of(facts))


def contract_facts(terms: ContractTerms) -> pb.ContractFacts:
    fields = envelope.fields_of(terms)
    fields["legs"] = [pb.ContractLeg(**envelope.fields_of(it)) for it in terms.legs]
    fields["milestones"] = [pb.Milestone(**envelope.fields_of(it)) for it in terms.milestones]
    return pb.ContractFacts(**fields)


def line_messages(line: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
    body = pb.BudgetLineEvent(id=line, version=recorded.version, after=line_facts(recorded.facts))
    event = recorded.event
    if isinstance(event, budget_line.Appropriated):
        body.appropriated.CopyFrom(pb.Appropriated(**envelope.fields_of(event)))
    elif isinstance(event, budget_line.Earmarked):
        body.earmarked.CopyFrom(pb.Earmarked(**envelope.fields_of(event)))
    else:
        body.committed.CopyFrom(pb.Committed(**{**envelope.fields_of(event), "terms": contract_facts(event.terms)}))
    return (envelope.event("funding", line, recorded.version, body, stamp),)


def contract_messages(contract: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
    body = pb.ContractEvent(
        id=contract,
        version=recorded.version,
        after=contract_facts(recorded.facts),
        contract_signed=pb.ContractSigned(on=recorded.event.on),
    )
    return (envelope.event("funding", contract, recorded.version, body, stamp),)


def line_summary(line: BudgetLine) -> bytes:
    """The BudgetLine message of BudgetPosition."""
    return service_pb.BudgetLine(
        id=line.id, facts=line_facts(line.facts()), free=line.free, etag=str(line.version)
    ).SerializeToString()
