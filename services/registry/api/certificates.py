"""CertificateService: certificates, registration and continuing education of talents."""

from __future__ import annotations

from typing import Any, TypeAlias

from services.registry.commands.annul_certificate import AnnulCertificate, annul_certificate
from services.registry.commands.apply_registration import ApplyRegistration, apply_registration
from services.registry.commands.decide_registration import DecideRegistration, decide_registration
from services.registry.commands.end_registration import EndRegistration, end_registration
from services.registry.commands.record_education import RecordEducation, record_education
from services.registry.commands.reverse_education import ReverseEducation, reverse_education
from services.registry.commands.review_senior import ReviewSenior, review_senior
from services.registry.publisher.education import education_account
from services.registry.queries.education_statement import education_statement, my_education_statement
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime.access import current_call
from services.shared.runtime.filled import filled
from swtalent.registry.v1 import certificate_service_pb2 as pb
from swtalent.registry.v1 import certificate_service_pb2_grpc as grpc_pb

Context: TypeAlias = Any  # grpc.aio.ServicerContext, which carries no types


class CertificateServicer(grpc_pb.CertificateServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(self, *, store: Store, lanes: Lanes, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._clock = clock

    async def ReviewSenior(self, request: pb.ReviewSeniorRequest, _: Context) -> pb.ReviewSeniorResponse:
        call = current_call()
        answer = await review_senior(
            filled(ReviewSenior, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.ReviewSeniorResponse(etag=answer.etag)

    async def AnnulCertificate(self, request: pb.AnnulCertificateRequest, _: Context) -> pb.AnnulCertificateResponse:
        call = current_call()
        answer = await annul_certificate(
            filled(AnnulCertificate, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.AnnulCertificateResponse(etag=answer.etag)

    async def ApplyRegistration(self, request: pb.ApplyRegistrationRequest, _: Context) -> pb.ApplyRegistrationResponse:
        call = current_call()
        answer = await apply_registration(
            filled(ApplyRegistration, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.ApplyRegistrationResponse(etag=answer.etag)

    async def DecideRegistration(
        self, request: pb.DecideRegistrationRequest, _: Context
    ) -> pb.DecideRegistrationResponse:
        call = current_call()
        answer = await decide_registration(
            filled(DecideRegistration, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.DecideRegistrationResponse(etag=answer.etag)

    async def EndRegistration(self, request: pb.EndRegistrationRequest, _: Context) -> pb.EndRegistrationResponse:
        call = current_call()
        answer = await end_registration(
            filled(EndRegistration, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.EndRegistrationResponse(etag=answer.etag)

    async def RecordEducation(self, request: pb.RecordEducationRequest, _: Context) -> pb.RecordEducationResponse:
        call = current_call()
        answer = await record_education(
            filled(RecordEducation, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.RecordEducationResponse(etag=answer.etag)

    async def ReverseEducation(self, request: pb.ReverseEducationRequest, _: Context) -> pb.ReverseEducationResponse:
        call = current_call()
        answer = await reverse_education(
            filled(ReverseEducation, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.ReverseEducationResponse(etag=answer.etag)

    async def EducationStatement(
        self, request: pb.EducationStatementRequest, _: Context
    ) -> pb.EducationStatementResponse:
        statement = await education_statement(
            request.talent_id, on=request.on, by=current_call().principal, store=self._store, clock=self._clock
        )
        return pb.EducationStatementResponse(account=education_account(request.talent_id, statement))

    async def MyEducationStatement(
        self, request: pb.MyEducationStatementRequest, _: Context
    ) -> pb.MyEducationStatementResponse:
        by = current_call().principal
        statement = await my_education_statement(on=request.on, by=by, store=self._store, clock=self._clock)
        return pb.MyEducationStatementResponse(account=education_account(by.talent, statement))
