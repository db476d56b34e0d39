"""OUT: questions to neighbours by gRPC, with deadline and retries (services/shared/runtime/neighbours.py)."""

from __future__ import annotations

from services.shared.kernel.dates import Day
from services.shared.runtime.neighbours import Neighbour
from services.stations.domain.station import ContractSeen, OperatorSeen
from swtalent.funding.v1 import funding_service_pb2 as funding_pb
from swtalent.funding.v1.funding_service_pb2_grpc import FundingServiceStub
from swtalent.registry.v1 import registry_service_pb2 as registry_pb
from swtalent.registry.v1.registry_service_pb2_grpc import RegistryServiceStub


class FundingClient:
    """Contracts, as funding answers them."""

    def __init__(self, funding: Neighbour) -> None:
        self._funding = funding
        self._stub = FundingServiceStub(funding.channel)

    async def contract(self, contract: str, *, field: str) -> ContractSeen:
        request = funding_pb.GetContractRequest(contract=contract)
        answer = await self._funding.ask(self._stub.GetContract, request, field=field)
        facts = answer.facts
        return ContractSeen(answer.contract, facts.provider, Day(facts.since), Day(facts.until), answer.version)


class RegistryClient:
    """Operators, as the registry answers them."""

    def __init__(self, registry: Neighbour) -> None:
        self._registry = registry
        self._stub = RegistryServiceStub(registry.channel)

    async def standing(self, uscc: str, *, on: Day) -> OperatorSeen:
        request = registry_pb.OrganisationStandingRequest(uscc=uscc, on=on)
        answer = await self._registry.ask(self._stub.OrganisationStanding, request)
        return OperatorSeen(answer.open, answer.posts, answer.version)
