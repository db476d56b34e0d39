"""ProgrammeService: programmes, who takes part in them, and paired agencies."""

from __future__ import annotations

from typing import Any, TypeAlias

from services.registry.commands.close_programme import CloseProgramme, close_programme
from services.registry.commands.end_pairing import EndPairing, end_pairing
from services.registry.commands.open_programme import OpenProgramme, open_programme
from services.registry.commands.pair_agencies import PairAgencies, pair_agencies
from services.registry.commands.record_enrolment import RecordEnrolment, record_enrolment
from services.registry.publisher.programmes import programme_message
from services.registry.queries.programmes import get_programme, list_enrolments, list_programmes
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime import envelope
from services.shared.runtime.access import current_call
from services.shared.runtime.filled import filled
from swtalent.registry.v1 import events_pb2
from swtalent.registry.v1 import programme_service_pb2 as pb
from swtalent.registry.v1 import programme_service_pb2_grpc as grpc_pb

Context: TypeAlias = Any  # grpc.aio.ServicerContext, which carries no types


class ProgrammeServicer(grpc_pb.ProgrammeServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(self, *, store: Store, lanes: Lanes, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._clock = clock

    async def OpenProgramme(self, request: pb.OpenProgrammeRequest, _: Context) -> pb.OpenProgrammeResponse:
        call = current_call()
        command = filled(OpenProgramme, request, by=call.principal)
        answer = await open_programme(command, lanes=self._lanes, cause=call.cause(request.request_id))
        return pb.OpenProgrammeResponse(**answer.values, etag=answer.etag)

    async def CloseProgramme(self, request: pb.CloseProgrammeRequest, _: Context) -> pb.CloseProgrammeResponse:
        call = current_call()
        command = filled(CloseProgramme, request, by=call.principal)
        answer = await close_programme(command, lanes=self._lanes, cause=call.cause(request.request_id))
        return pb.CloseProgrammeResponse(etag=answer.etag)

    async def RecordEnrolment(self, request: pb.RecordEnrolmentRequest, _: Context) -> pb.RecordEnrolmentResponse:
        call = current_call()
        answer = await record_enrolment(
            filled(RecordEnrolment, request, by=call.principal),
            store=self._store,
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.RecordEnrolmentResponse(etag=answer.etag)

    async def PairAgencies(self, request: pb.PairAgenciesRequest, _: Context) -> pb.PairAgenciesResponse:
        call = current_call()
        answer = await pair_agencies(
            filled(PairAgencies, request, by=call.principal),
            store=self._store,
            lanes=self._lanes,
            cause=call.cause(request.request_id),
        )
        return pb.PairAgenciesResponse(etag=answer.etag)

    async def EndPairing(self, request: pb.EndPairingRequest, _: Context) -> pb.EndPairingResponse:
        call = current_call()
        command = filled(EndPairing, request, by=call.principal)
        answer = await end_pairing(command, lanes=self._lanes, cause=call.cause(request.request_id))
        return pb.EndPairingResponse(etag=answer.etag)

    async def GetProgramme(self, request: pb.GetProgrammeRequest, _: Context) -> pb.GetProgrammeResponse:
        programme = await get_programme(request.programme_id, store=self._store)
        return pb.GetProgrammeResponse(
            programme=programme_message(programme),
            pairings=[envelope.message(events_pb2.Pairing, it) for it in programme.state.pairings],
        )

    async def ListProgrammes(self, request: pb.ListProgrammesRequest, _: Context) -> pb.ListProgrammesResponse:
        page = await list_programmes(
            request.area,
            request.kind,
            request.agency,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
        )
        return pb.ListProgrammesResponse(
            programmes=[pb.Programme.FromString(row.summary) for row in page.rows], next_page_token=page.next_token
        )

    async def ListEnrolments(self, request: pb.ListEnrolmentsRequest, _: Context) -> pb.ListEnrolmentsResponse:
        page = await list_enrolments(
            request.programme_id,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
        )
        return pb.ListEnrolmentsResponse(
            enrolments=[
                pb.Enrolment(
                    talent_id=talent.id,
                    masked_name=talent.masked_name,
                    since=row.since,
                    until=row.until,
                    result=row.result,
                )
                for talent, row in page.rows
            ],
            next_page_token=page.next_token,
        )
