"""IN: gRPC request → command or query → response. No rules here; errors are mapped by the server's interceptor."""

from __future__ import annotations

from typing import Any, TypeAlias

from services.registry import publisher
from services.registry.commands.create_post import CreatePost, create_post
from services.registry.commands.designate import Designate, Title, designate
from services.registry.commands.end_affiliation import EndAffiliation, end_affiliation
from services.registry.commands.record_pass import RecordPass, record_pass
from services.registry.commands.record_pay import RecordPay, record_pay
from services.registry.commands.record_talent import RecordTalent, record_talent
from services.registry.commands.register_organisation import RegisterOrganisation, register_organisation
from services.registry.domain.person import Person
from services.registry.queries.find_talents import find_talents
from services.registry.queries.get_organisation import get_organisation
from services.registry.queries.get_talent import get_talent
from services.registry.queries.organisation_standing import organisation_standing
from services.shared.kernel import dates
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.runtime.access import current_call
from services.shared.runtime.lru import Lru
from swtalent.registry.v1 import registry_service_pb2 as pb
from swtalent.registry.v1 import registry_service_pb2_grpc as grpc_pb

Context: TypeAlias = Any  # grpc.aio.ServicerContext, which carries no types


class RegistryServicer(grpc_pb.RegistryServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(self, *, store: Store, lanes: Lanes, keys: KeyRing, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._keys = keys
        self._clock = clock
        # GetTalent's answer of a version, which never changes.
        self._answers: Lru[tuple[str, int], bytes] = Lru("talent-answers", 8_000)

    async def RecordTalent(self, request: pb.RecordTalentRequest, _: Context) -> pb.RecordTalentResponse:
        call = current_call()
        call.principal.must_speak_for(request.department, field="department")
        affiliation = f"work/{request.department}/{request.organisation}/{request.role}"
        answer = await record_talent(
            RecordTalent(
                person=_person(request.identity),
                by=call.principal,
                origin=Origin(call.principal.name, affiliation),
                department=request.department,
                as_of=request.as_of,
                home_county=request.home_county,
                organisation=request.organisation,
                role=request.role,
                post=request.post,
                field=request.field,
                place=request.place,
                community_kind=request.community_kind,
                full_time=request.full_time,
                practitioner=request.practitioner,
                principal=request.principal,
                since=request.since,
                until=request.until,
                recognised_ground=request.recognised_ground,
                recognised_since=request.recognised_since,
                recognised_until=request.recognised_until,
                pay_year=request.pay_year,
                pay_fen=request.pay_fen,
            ),
            lanes=self._lanes,
            keys=self._keys,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.RecordTalentResponse(**answer.values, etag=answer.etag)

    async def EndAffiliation(self, request: pb.EndAffiliationRequest, _: Context) -> pb.EndAffiliationResponse:
        call = current_call()
        answer = await end_affiliation(
            EndAffiliation(
                talent_id=request.talent_id,
                affiliation_id=request.affiliation_id,
                department=request.department,
                until=request.until,
                reason=request.reason,
                etag=request.etag,
                by=call.principal,
            ),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.EndAffiliationResponse(etag=answer.etag)

    async def RecordPass(self, request: pb.RecordPassRequest, _: Context) -> pb.RecordPassResponse:
        call = current_call()
        call.principal.must_speak_for(request.department, field="department")
        answer = await record_pass(
            RecordPass(
                person=_person(request.identity),
                origin=Origin(call.principal.name, f"pass/{request.level}/{request.passed_on}"),
                department=request.department,
                level=request.level,
                passed_on=request.passed_on,
                granted_on=request.granted_on,
                issuing_province=request.issuing_province,
                number=request.number,
                home_county=request.home_county,
            ),
            lanes=self._lanes,
            keys=self._keys,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.RecordPassResponse(**answer.values, etag=answer.etag)

    async def Designate(self, request: pb.DesignateRequest, _: Context) -> pb.DesignateResponse:
        call = current_call()
        answer = await designate(
            Designate(
                talent_id=request.talent_id,
                department=request.department,
                title=Title(
                    kind=request.kind,
                    grade=request.grade,
                    grantor_level=request.grantor_level,
                    since=request.since,
                    until=request.until,
                ),
                etag=request.etag,
                by=call.principal,
            ),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.DesignateResponse(etag=answer.etag)

    async def RecordPay(self, request: pb.RecordPayRequest, _: Context) -> pb.RecordPayResponse:
        call = current_call()
        answer = await record_pay(
            RecordPay(
                talent_id=request.talent_id,
                department=request.department,
                organisation=request.organisation,
                year=request.year,
                fen=request.fen,
                etag=request.etag,
                by=call.principal,
            ),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.RecordPayResponse(etag=answer.etag)

    async def RegisterOrganisation(
        self, request: pb.RegisterOrganisationRequest, _: Context
    ) -> pb.RegisterOrganisationResponse:
        call = current_call()
        answer = await register_organisation(
            RegisterOrganisation(
                by=call.principal,
                origin=Origin(call.principal.name, "registration"),
                uscc=request.uscc,
                name=request.name,
                kind=request.kind,
                service_kind=request.service_kind,
                civil_affairs=request.civil_affairs,
                county=request.county,
                registered_on=request.registered_on,
                closed_on=request.closed_on,
                grade=request.grade,
            ),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.RegisterOrganisationResponse(etag=answer.etag)

    async def CreatePost(self, request: pb.CreatePostRequest, _: Context) -> pb.CreatePostResponse:
        call = current_call()
        answer = await create_post(
            CreatePost(
                by=call.principal,
                origin=Origin(call.principal.name, f"post/{request.post}"),
                organisation=request.organisation,
                post=request.post,
                title=request.title,
                field=request.field,
                created_on=request.created_on,
                closed_on=request.closed_on,
            ),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.CreatePostResponse(etag=answer.etag)

    async def GetTalent(self, request: pb.GetTalentRequest, _: Context) -> bytes:  # type: ignore[override]  # served as is
        talent = await get_talent(request.talent_id, by=current_call().principal, store=self._store)
        version = (talent.id, talent.version)
        answer = self._answers.get(version)
        if answer is None:
            answer = publisher.talent_response(talent)
            self._answers.put(version, answer)
        return answer

    async def FindTalents(self, request: pb.FindTalentsRequest, _: Context) -> pb.FindTalentsResponse:
        page = await find_talents(
            request.area,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
        )
        return pb.FindTalentsResponse(
            talents=[pb.Talent.FromString(row.summary) for row in page.rows], next_page_token=page.next_token
        )

    async def GetOrganisation(self, request: pb.GetOrganisationRequest, _: Context) -> pb.GetOrganisationResponse:
        organisation = await get_organisation(request.uscc, store=self._store)
        return pb.GetOrganisationResponse(
            uscc=organisation.id,
            facts=publisher.organisation_facts(organisation.facts()),
            etag=str(organisation.version),
        )

    async def OrganisationStanding(
        self, request: pb.OrganisationStandingRequest, _: Context
    ) -> pb.OrganisationStandingResponse:
        organisation, standing = await organisation_standing(
            request.uscc, on=request.on, store=self._store, clock=self._clock
        )
        return pb.OrganisationStandingResponse(
            uscc=organisation.id,
            known=organisation.facts().known,
            open=standing.open,
            posts=standing.posts,
            filled_posts=standing.filled_posts,
            grade=standing.grade,
            as_of=dates.instant(self._clock.now()),
            version=organisation.version,
            reasons=standing.reasons,
        )


def _person(identity: pb.Identity) -> Person:
    return Person(identity.name, identity.id_number, identity.phone)
