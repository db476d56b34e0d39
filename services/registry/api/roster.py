"""RosterService: the roster of disaster social workers, call-ups and answers."""

from __future__ import annotations

from typing import Any, TypeAlias

from services.registry.commands.answer_call_up import AnswerCallUp, RecordAnswer, answer_call_up, record_answer
from services.registry.commands.close_call_up import CloseCallUp, close_call_up
from services.registry.commands.issue_call_up import IssueCallUp, issue_call_up
from services.registry.commands.record_roster_entry import RecordRosterEntry, record_roster_entry
from services.registry.publisher.call_ups import call_up_message
from services.registry.queries.call_ups import get_call_up, list_call_ups, my_call_ups
from services.registry.queries.roster import list_roster
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime.access import current_call
from services.shared.runtime.filled import filled
from swtalent.registry.v1 import roster_service_pb2 as pb
from swtalent.registry.v1 import roster_service_pb2_grpc as grpc_pb

Context: TypeAlias = Any  # grpc.aio.ServicerContext, which carries no types


class RosterServicer(grpc_pb.RosterServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(self, *, store: Store, lanes: Lanes, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._clock = clock

    async def RecordRosterEntry(self, request: pb.RecordRosterEntryRequest, _: Context) -> pb.RecordRosterEntryResponse:
        call = current_call()
        answer = await record_roster_entry(
            filled(RecordRosterEntry, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.RecordRosterEntryResponse(etag=answer.etag)

    async def IssueCallUp(self, request: pb.IssueCallUpRequest, _: Context) -> pb.IssueCallUpResponse:
        call = current_call()
        answer = await issue_call_up(
            filled(IssueCallUp, request, by=call.principal),
            store=self._store,
            lanes=self._lanes,
            cause=call.cause(request.request_id),
        )
        values = answer.values
        return pb.IssueCallUpResponse(call_up_id=values["call_up_id"], called=int(values["called"]), etag=answer.etag)

    async def AnswerCallUp(self, request: pb.AnswerCallUpRequest, _: Context) -> pb.AnswerCallUpResponse:
        call = current_call()
        command = filled(AnswerCallUp, request, by=call.principal)
        cause = call.cause(request.request_id)
        await answer_call_up(command, store=self._store, lanes=self._lanes, cause=cause)
        return pb.AnswerCallUpResponse()

    async def RecordAnswer(self, request: pb.RecordAnswerRequest, _: Context) -> pb.RecordAnswerResponse:
        call = current_call()
        command = filled(RecordAnswer, request, by=call.principal)
        answer = await record_answer(command, lanes=self._lanes, cause=call.cause(request.request_id))
        return pb.RecordAnswerResponse(etag=answer.etag)

    async def CloseCallUp(self, request: pb.CloseCallUpRequest, _: Context) -> pb.CloseCallUpResponse:
        call = current_call()
        command = filled(CloseCallUp, request, by=call.principal)
        answer = await close_call_up(command, lanes=self._lanes, cause=call.cause(request.request_id))
        return pb.CloseCallUpResponse(etag=answer.etag)

    async def ListRoster(self, request: pb.ListRosterRequest, _: Context) -> pb.ListRosterResponse:
        page = await list_roster(
            request.area,
            request.on,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
            clock=self._clock,
        )
        entries = [
            pb.ListRosterResponse.Entry(
                talent_id=talent.id,
                masked_name=talent.masked_name,
                area=entry.area,
                since=entry.since,
                until=entry.until,
            )
            for talent, entry in page.entries
        ]
        return pb.ListRosterResponse(entries=entries, next_page_token=page.next_token)

    async def GetCallUp(self, request: pb.GetCallUpRequest, _: Context) -> pb.GetCallUpResponse:
        page = await get_call_up(
            request.call_up_id,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
        )
        called = [
            pb.GetCallUpResponse.Called(talent_id=talent.id, masked_name=talent.masked_name, answer=it.answer)
            for talent, it in page.called
        ]
        return pb.GetCallUpResponse(
            call_up=call_up_message(page.call_up), called=called, next_page_token=page.next_token
        )

    async def ListCallUps(self, request: pb.ListCallUpsRequest, _: Context) -> pb.ListCallUpsResponse:
        page = await list_call_ups(
            request.area,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
        )
        found = [pb.CallUp.FromString(row.summary) for row in page.rows]
        return pb.ListCallUpsResponse(call_ups=found, next_page_token=page.next_token)

    async def MyCallUps(self, request: pb.MyCallUpsRequest, _: Context) -> pb.MyCallUpsResponse:
        page = await my_call_ups(
            size=request.page_size, token=request.page_token, by=current_call().principal, store=self._store
        )
        mine = [pb.MyCallUpsResponse.Mine(call_up=call_up_message(it), answer=said) for it, said in page.call_ups]
        return pb.MyCallUpsResponse(call_ups=mine, next_page_token=page.next_token)
