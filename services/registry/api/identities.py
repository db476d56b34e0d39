"""IdentityService: cases, merges and their undoing, corrections, erasure."""

from __future__ import annotations

from typing import Any, TypeAlias

from services.registry.commands import correct
from services.registry.commands.propose_cases import propose_cases
from services.registry.commands.resolve_identity_case import (
    ResolveIdentityCase,
    UndoMerge,
    resolve_identity_case,
    undo_merge,
)
from services.registry.domain.correction import IDENTITY, Correction
from services.registry.domain.identity_case import IdentityCase
from services.registry.publisher import identity as identity_out
from services.registry.queries.identity_cases import get_case, waiting
from services.shared.kernel.change import Answer
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime.access import current_call
from services.shared.runtime.filled import filled
from swtalent.registry.v1 import identity_service_pb2 as pb
from swtalent.registry.v1 import identity_service_pb2_grpc as grpc_pb

Context: TypeAlias = Any  # grpc.aio.ServicerContext, which carries no types


class IdentityServicer(grpc_pb.IdentityServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(self, *, store: Store, lanes: Lanes, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._clock = clock

    async def ProposeCases(self, request: pb.ProposeCasesRequest, _: Context) -> pb.ProposeCasesResponse:
        current_call().cause(request.request_id)
        return pb.ProposeCasesResponse(opened=await propose_cases(store=self._store, lanes=self._lanes))

    async def ListCases(self, request: pb.ListCasesRequest, _: Context) -> pb.ListCasesResponse:
        page = await waiting(
            IdentityCase,
            request.area,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
        )
        return pb.ListCasesResponse(
            cases=[pb.IdentityCase.FromString(row.summary) for row in page.rows], next_page_token=page.next_token
        )

    async def GetCase(self, request: pb.GetCaseRequest, _: Context) -> pb.GetCaseResponse:
        case, sides, differing = await get_case(request.case_id, by=current_call().principal, store=self._store)
        return pb.GetCaseResponse(
            case=identity_out.identity_case(case),
            sides=[identity_out.case_side(side) for side in sides],
            differing=differing,
        )

    async def ResolveIdentityCase(
        self, request: pb.ResolveIdentityCaseRequest, _: Context
    ) -> pb.ResolveIdentityCaseResponse:
        call = current_call()
        answer = await resolve_identity_case(
            filled(ResolveIdentityCase, request, by=call.principal),
            store=self._store,
            lanes=self._lanes,
            cause=call.cause(request.request_id),
        )
        return pb.ResolveIdentityCaseResponse(etag=answer.etag)

    async def UndoMerge(self, request: pb.UndoMergeRequest, _: Context) -> pb.UndoMergeResponse:
        call = current_call()
        answer = await undo_merge(
            filled(UndoMerge, request, by=call.principal),
            store=self._store,
            lanes=self._lanes,
            cause=call.cause(request.request_id),
        )
        return pb.UndoMergeResponse(etag=answer.etag)

    async def ProposeCorrection(self, request: pb.ProposeCorrectionRequest, _: Context) -> pb.ProposeCorrectionResponse:
        call = current_call()
        answer = await correct.propose_correction(
            filled(correct.ProposeCorrection, request, by=call.principal),
            store=self._store,
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.ProposeCorrectionResponse(**answer.values, etag=answer.etag)

    async def ApproveCorrection(self, request: pb.ApproveCorrectionRequest, _: Context) -> pb.ApproveCorrectionResponse:
        return pb.ApproveCorrectionResponse(etag=(await self._approve(request, erasure=False)).etag)

    async def RejectCorrection(self, request: pb.RejectCorrectionRequest, _: Context) -> pb.RejectCorrectionResponse:
        call = current_call()
        answer = await correct.reject(
            filled(correct.DecideCorrection, request, by=call.principal),
            store=self._store,
            lanes=self._lanes,
            cause=call.cause(request.request_id),
        )
        return pb.RejectCorrectionResponse(etag=answer.etag)

    async def ListCorrections(self, request: pb.ListCorrectionsRequest, _: Context) -> pb.ListCorrectionsResponse:
        page = await waiting(
            Correction,
            request.area,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
        )
        return pb.ListCorrectionsResponse(
            corrections=[pb.Correction.FromString(row.summary) for row in page.rows], next_page_token=page.next_token
        )

    async def ProposeErasure(self, request: pb.ProposeErasureRequest, _: Context) -> pb.ProposeErasureResponse:
        call = current_call()
        answer = await correct.propose_erasure(
            filled(correct.ProposeCorrection, request, by=call.principal, field=IDENTITY, target="", new_value=""),
            store=self._store,
            lanes=self._lanes,
            cause=call.cause(request.request_id),
        )
        return pb.ProposeErasureResponse(**answer.values, etag=answer.etag)

    async def EraseIdentity(self, request: pb.EraseIdentityRequest, _: Context) -> pb.EraseIdentityResponse:
        return pb.EraseIdentityResponse(etag=(await self._approve(request, erasure=True)).etag)

    async def _approve(
        self, request: pb.ApproveCorrectionRequest | pb.EraseIdentityRequest, *, erasure: bool
    ) -> Answer:
        call = current_call()
        return await correct.approve(
            filled(correct.DecideCorrection, request, by=call.principal),
            erasure=erasure,
            store=self._store,
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
