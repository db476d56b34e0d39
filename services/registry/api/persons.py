"""PersonService: one person beyond work and certificates, whole lists, and the person's own view."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any, TypeAlias

from services.registry.api.talents import facts_of, filter_of
from services.registry.commands.appeal_credit import AppealCredit, DecideAppeal, appeal_credit, decide_appeal
from services.registry.commands.end_designation import EndDesignation, end_designation
from services.registry.commands.grant_honour import GrantHonour, grant_honour
from services.registry.commands.object_to_record import (
    AnswerObjection,
    ObjectToRecord,
    answer_objection,
    object_to_record,
)
from services.registry.commands.record_credit_event import RecordCreditEvent, record_credit_event
from services.registry.commands.record_departure import RecordDeparture, record_departure
from services.registry.commands.record_party_membership import RecordPartyMembership, record_party_membership
from services.registry.commands.report_snapshot import (
    ConfirmSnapshot,
    ReportSnapshot,
    confirm_snapshot,
    report_snapshot,
)
from services.registry.commands.reveal_identity import RevealIdentity, reveal_identity
from services.registry.commands.withdraw_record import WithdrawRecord, withdraw_record
from services.registry.domain.objection import Objection
from services.registry.publisher import persons as out
from services.registry.queries.find_talents import all_talents
from services.registry.queries.list_objections import list_objections
from services.registry.queries.missing import list_snapshots, missing
from services.registry.queries.my_record import my_record
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.runtime.access import current_call
from services.shared.runtime.filled import filled
from swtalent.registry.v1 import person_service_pb2 as pb
from swtalent.registry.v1 import person_service_pb2_grpc as grpc_pb
from swtalent.registry.v1 import registry_service_pb2 as talents_pb

Context: TypeAlias = Any  # grpc.aio.ServicerContext, which carries no types


class PersonServicer(grpc_pb.PersonServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(self, *, store: Store, lanes: Lanes, keys: KeyRing, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._keys = keys
        self._clock = clock

    async def RecordDeparture(self, request: pb.RecordDepartureRequest, _: Context) -> pb.RecordDepartureResponse:
        call = current_call()
        answer = await record_departure(
            filled(RecordDeparture, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.RecordDepartureResponse(etag=answer.etag)

    async def EndDesignation(self, request: pb.EndDesignationRequest, _: Context) -> pb.EndDesignationResponse:
        call = current_call()
        answer = await end_designation(
            filled(EndDesignation, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.EndDesignationResponse(etag=answer.etag)

    async def RecordPartyMembership(
        self, request: pb.RecordPartyMembershipRequest, _: Context
    ) -> pb.RecordPartyMembershipResponse:
        call = current_call()
        answer = await record_party_membership(
            filled(RecordPartyMembership, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.RecordPartyMembershipResponse(etag=answer.etag)

    async def GrantHonour(self, request: pb.GrantHonourRequest, _: Context) -> pb.GrantHonourResponse:
        call = current_call()
        answer = await grant_honour(
            filled(GrantHonour, request, by=call.principal),
            lanes=self._lanes,
            keys=self._keys,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.GrantHonourResponse(etag=answer.etag)

    async def RecordCreditEvent(self, request: pb.RecordCreditEventRequest, _: Context) -> pb.RecordCreditEventResponse:
        call = current_call()
        answer = await record_credit_event(
            filled(RecordCreditEvent, request, by=call.principal),
            lanes=self._lanes,
            keys=self._keys,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.RecordCreditEventResponse(**answer.values, etag=answer.etag)

    async def AppealCredit(self, request: pb.AppealCreditRequest, _: Context) -> pb.AppealCreditResponse:
        call = current_call()
        answer = await appeal_credit(
            filled(AppealCredit, request, by=call.principal),
            lanes=self._lanes,
            keys=self._keys,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.AppealCreditResponse(etag=answer.etag)

    async def DecideAppeal(self, request: pb.DecideAppealRequest, _: Context) -> pb.DecideAppealResponse:
        call = current_call()
        answer = await decide_appeal(
            filled(DecideAppeal, request, by=call.principal),
            lanes=self._lanes,
            keys=self._keys,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.DecideAppealResponse(etag=answer.etag)

    async def WithdrawRecord(self, request: pb.WithdrawRecordRequest, _: Context) -> pb.WithdrawRecordResponse:
        call = current_call()
        answer = await withdraw_record(
            filled(WithdrawRecord, request, by=call.principal),
            store=self._store,
            lanes=self._lanes,
            cause=call.cause(request.request_id),
        )
        return pb.WithdrawRecordResponse(**answer.values, etag=answer.etag)

    async def ReportSnapshot(self, request: pb.ReportSnapshotRequest, _: Context) -> pb.ReportSnapshotResponse:
        call = current_call()
        answer = await report_snapshot(
            filled(ReportSnapshot, request, id_numbers=tuple(request.id_numbers), by=call.principal),
            lanes=self._lanes,
            keys=self._keys,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.ReportSnapshotResponse(**answer.values, etag=answer.etag)

    async def ConfirmSnapshot(self, request: pb.ConfirmSnapshotRequest, _: Context) -> pb.ConfirmSnapshotResponse:
        call = current_call()
        answer = await confirm_snapshot(
            filled(ConfirmSnapshot, request, by=call.principal),
            missing=partial(missing, store=self._store),
            store=self._store,
            lanes=self._lanes,
            cause=call.cause(request.request_id),
        )
        return pb.ConfirmSnapshotResponse(etag=answer.etag)

    async def ListSnapshots(self, request: pb.ListSnapshotsRequest, _: Context) -> pb.ListSnapshotsResponse:
        found, token = await list_snapshots(
            request.department,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
        )
        return pb.ListSnapshotsResponse(
            snapshots=[out.snapshot_shown(snapshot, whom) for snapshot, whom in found], next_page_token=token
        )

    async def ExportTalents(
        self, request: pb.ExportTalentsRequest, _: Context
    ) -> AsyncIterator[pb.ExportTalentsResponse]:
        everybody = all_talents(
            filter_of(request.filter, area=request.filter.area),
            by=current_call().principal,
            store=self._store,
            clock=self._clock,
            facts_of=facts_of,
        )
        async for rows in everybody:
            yield pb.ExportTalentsResponse(talents=[talents_pb.Talent.FromString(row.summary) for row in rows])

    async def RevealIdentity(self, request: pb.RevealIdentityRequest, _: Context) -> pb.RevealIdentityResponse:
        call = current_call()
        found = await reveal_identity(
            filled(RevealIdentity, request, method=call.method, by=call.principal),
            store=self._store,
            lanes=self._lanes,
            keys=self._keys,
            clock=self._clock,
        )
        return pb.RevealIdentityResponse(
            identities=[talents_pb.Identity(name=it.name, id_number=it.id_number, phone=it.phone) for it in found]
        )

    async def MyRecord(self, request: pb.MyRecordRequest, _: Context) -> pb.MyRecordResponse:
        record = await my_record(by=current_call().principal, store=self._store, keys=self._keys)
        return out.record_shown(record, [self._objection(it) for it in record.objections])

    async def ObjectToRecord(self, request: pb.ObjectToRecordRequest, _: Context) -> pb.ObjectToRecordResponse:
        call = current_call()
        answer = await object_to_record(
            filled(ObjectToRecord, request, by=call.principal),
            store=self._store,
            lanes=self._lanes,
            keys=self._keys,
            cause=call.cause(request.request_id),
        )
        return pb.ObjectToRecordResponse(**answer.values)

    async def ListObjections(self, request: pb.ListObjectionsRequest, _: Context) -> pb.ListObjectionsResponse:
        found, token = await list_objections(
            request.department,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
        )
        return pb.ListObjectionsResponse(objections=[self._objection(it) for it in found], next_page_token=token)

    async def AnswerObjection(self, request: pb.AnswerObjectionRequest, _: Context) -> pb.AnswerObjectionResponse:
        call = current_call()
        answer = await answer_objection(
            filled(AnswerObjection, request, by=call.principal),
            lanes=self._lanes,
            keys=self._keys,
            cause=call.cause(request.request_id),
        )
        return pb.AnswerObjectionResponse(etag=answer.etag)

    def _objection(self, objection: Objection) -> pb.Objection:
        text, answer = (
            self._keys.unseal(sealed, origin=objection.id)["text"] if sealed else ""
            for sealed in (objection.state.text, objection.state.answer)
        )
        return out.objection_shown(objection, text=text, answer=answer)
