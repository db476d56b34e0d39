"""IN: gRPC request → command or query → response. No rules here; errors are mapped by the server."""

from __future__ import annotations

from typing import Any, TypeAlias

import grpc

from services.funding import publisher
from services.funding.commands.appropriate import Appropriate, appropriate
from services.funding.commands.earmark import Earmark, earmark
from services.funding.commands.sign_contract import PlannedMilestone, SignContract, sign_contract
from services.funding.queries.budget_position import budget_position
from services.funding.queries.get_contract import get_contract
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime.access import current_call
from services.shared.runtime.filled import filled
from swtalent.funding.v1 import funding_service_pb2 as pb
from swtalent.funding.v1 import funding_service_pb2_grpc as grpc_pb

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


class FundingServicer(grpc_pb.FundingServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(self, *, store: Store, lanes: Lanes, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._clock = clock

    async def Appropriate(self, request: pb.AppropriateRequest, _: Context) -> pb.AppropriateResponse:
        call = current_call()
        answer = await appropriate(
            filled(Appropriate, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.AppropriateResponse(etag=answer.etag)

    async def Earmark(self, request: pb.EarmarkRequest, _: Context) -> pb.EarmarkResponse:
        call = current_call()
        answer = await earmark(
            filled(Earmark, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.EarmarkResponse(**answer.values, etag=answer.etag)

    async def SignContract(self, request: pb.SignContractRequest, _: Context) -> pb.SignContractResponse:
        call = current_call()
        answer = await sign_contract(
            filled(
                SignContract,
                request,
                by=call.principal,
                milestones=[filled(PlannedMilestone, it) for it in request.milestones],
            ),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.SignContractResponse(**answer.values, etag=answer.etag)

    async def BudgetPosition(self, request: pb.BudgetPositionRequest, _: Context) -> pb.BudgetPositionResponse:
        page = await budget_position(
            request.area,
            fiscal_year=request.fiscal_year,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
        )
        return pb.BudgetPositionResponse(
            lines=[pb.BudgetLine.FromString(row.summary) for row in page.rows], next_page_token=page.next_token
        )

    async def GetContract(self, request: pb.GetContractRequest, _: Context) -> pb.GetContractResponse:
        contract = await get_contract(request.contract, store=self._store)
        return pb.GetContractResponse(
            contract=contract.id,
            facts=publisher.contract_facts(contract.facts()),
            version=contract.version,
            etag=str(contract.version),
        )
