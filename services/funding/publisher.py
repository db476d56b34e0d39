"""OUT: domain event → Kafka record on funding.events.v1, and the prepared bytes that reads serve."""

from __future__ import annotations

from services.funding.domain.budget_line import BudgetLine, LineFacts
from services.funding.domain.contract import ContractTerms
from services.shared.runtime import envelope
from swtalent.funding.v1 import events_pb2 as pb
from swtalent.funding.v1 import funding_service_pb2 as service_pb


def line_facts(facts: LineFacts) -> pb.BudgetLineFacts:
    return envelope.message(pb.BudgetLineFacts, facts)


def contract_facts(terms: ContractTerms) -> pb.ContractFacts:
    return envelope.message(pb.ContractFacts, terms)


line_messages = envelope.messages("funding", pb.BudgetLineEvent)
contract_messages = envelope.messages("funding", pb.ContractEvent)


def line_summary(line: BudgetLine) -> bytes:
    """The BudgetLine message of BudgetPosition."""
    return service_pb.BudgetLine(
        id=line.id, facts=line_facts(line.facts()), free=line.free, etag=str(line.version)
    ).SerializeToString()
