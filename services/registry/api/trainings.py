"""TrainingService: sessions with attendance, sittings with results, graduates."""

from __future__ import annotations

from typing import Any, TypeAlias

from services.registry.api.talents import person_of
from services.registry.commands.hold_session import CancelSession, HoldSession, cancel_session, hold_session
from services.registry.commands.plan_session import PlanSession, plan_session
from services.registry.commands.receive_attendance import Attended, ReceiveAttendance, receive_attendance
from services.registry.commands.receive_results import (
    AnnounceSitting,
    Result,
    announce_sitting,
    receive_results,
    results_of,
)
from services.registry.commands.report_graduates import ReportGraduates, report_graduates
from services.registry.commands.reverse_attendance import ReverseAttendance, reverse_attendance
from services.registry.publisher import training
from services.registry.queries.trainings import get_session, get_sheet, get_sitting, list_sessions
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.runtime.access import Call, current_call
from services.shared.runtime.filled import filled
from swtalent.registry.v1 import training_service_pb2 as pb
from swtalent.registry.v1 import training_service_pb2_grpc as grpc_pb

Context: TypeAlias = Any  # grpc.aio.ServicerContext, which carries no types


def _own(request: Any) -> Call:
    """The call, once the request's department is the caller's own."""
    call = current_call()
    call.principal.must_speak_for(request.department, field="department")
    return call


class TrainingServicer(grpc_pb.TrainingServiceServicer):
    def __init__(self, *, store: Store, lanes: Lanes, keys: KeyRing, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._keys = keys
        self._clock = clock

    async def PlanSession(self, request: pb.PlanSessionRequest, _: Context) -> pb.PlanSessionResponse:
        call = _own(request)
        cmd = filled(
            PlanSession, request, by=call.principal, origin=Origin(call.principal.name, "planned"), status="planned"
        )
        cause = call.cause(request.request_id)
        answer = await plan_session(cmd, lanes=self._lanes, clock=self._clock, cause=cause)
        return pb.PlanSessionResponse(**answer.values, etag=answer.etag)

    async def HoldSession(self, request: pb.HoldSessionRequest, _: Context) -> pb.HoldSessionResponse:
        call = _own(request)
        cmd = filled(HoldSession, request, by=call.principal)
        cause = call.cause(request.request_id)
        answer = await hold_session(cmd, lanes=self._lanes, clock=self._clock, cause=cause)
        return pb.HoldSessionResponse(etag=answer.etag)

    async def CancelSession(self, request: pb.CancelSessionRequest, _: Context) -> pb.CancelSessionResponse:
        call = _own(request)
        cmd = filled(CancelSession, request, by=call.principal)
        answer = await cancel_session(cmd, lanes=self._lanes, cause=call.cause(request.request_id))
        return pb.CancelSessionResponse(etag=answer.etag)

    async def ReceiveAttendance(self, request: pb.ReceiveAttendanceRequest, _: Context) -> pb.ReceiveAttendanceResponse:
        call = _own(request)
        rows = [Attended(person_of(row.identity), row.minutes) for row in request.rows]
        answer = await receive_attendance(
            filled(ReceiveAttendance, request, rows=rows),
            by=call.principal,
            lanes=self._lanes,
            store=self._store,
            keys=self._keys,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.ReceiveAttendanceResponse(**answer.values, etag=answer.etag)

    async def ReverseAttendance(self, request: pb.ReverseAttendanceRequest, _: Context) -> pb.ReverseAttendanceResponse:
        call = _own(request)
        cmd = filled(ReverseAttendance, request, by=call.principal)
        cause = call.cause(request.request_id)
        answer = await reverse_attendance(cmd, lanes=self._lanes, store=self._store, clock=self._clock, cause=cause)
        return pb.ReverseAttendanceResponse(etag=answer.etag)

    async def AnnounceSitting(self, request: pb.AnnounceSittingRequest, _: Context) -> pb.AnnounceSittingResponse:
        call = _own(request)
        cmd = filled(AnnounceSitting, request)
        cause = call.cause(request.request_id)
        answer = await announce_sitting(cmd, lanes=self._lanes, clock=self._clock, cause=cause)
        return pb.AnnounceSittingResponse(**answer.values, etag=answer.etag)

    async def ReceiveResults(self, request: pb.ReceiveResultsRequest, _: Context) -> pb.ReceiveResultsResponse:
        call = _own(request)
        rows = [Result(person_of(row.identity), row.certificate, row.home_county) for row in request.rows]
        answer = await receive_results(
            results_of(request.sitting_id, department=request.department, number=request.number, rows=rows),
            lanes=self._lanes,
            store=self._store,
            keys=self._keys,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.ReceiveResultsResponse(**answer.values, etag=answer.etag)

    async def ReportGraduates(self, request: pb.ReportGraduatesRequest, _: Context) -> pb.ReportGraduatesResponse:
        call = _own(request)
        cmd = filled(ReportGraduates, request, by=call.principal, origin=Origin(call.principal.name, "graduates"))
        cause = call.cause(request.request_id)
        answer = await report_graduates(cmd, lanes=self._lanes, clock=self._clock, cause=cause)
        return pb.ReportGraduatesResponse(**answer.values, etag=answer.etag)

    async def GetSession(self, request: pb.GetSessionRequest, _: Context) -> pb.GetSessionResponse:
        session = await get_session(request.session_id, store=self._store)
        return pb.GetSessionResponse(session=training.session_message(session))

    async def ListSessions(self, request: pb.ListSessionsRequest, _: Context) -> pb.ListSessionsResponse:
        page = await list_sessions(request.area, size=request.page_size, token=request.page_token, store=self._store)
        sessions = [pb.TrainingSession.FromString(row.summary) for row in page.rows]
        return pb.ListSessionsResponse(sessions=sessions, next_page_token=page.next_token)

    async def GetSitting(self, request: pb.GetSittingRequest, _: Context) -> pb.GetSittingResponse:
        return training.sitting_response(await get_sitting(request.sitting_id, store=self._store))

    async def GetSheet(self, request: pb.GetSheetRequest, _: Context) -> pb.GetSheetResponse:
        sheet = await get_sheet(request.sheet_id, by=current_call().principal, store=self._store)
        return training.sheet_response(sheet)
