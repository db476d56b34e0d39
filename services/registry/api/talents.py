"""RegistryService: talents and organisations."""

from __future__ import annotations

from typing import Any, TypeAlias

from services.registry.commands.create_post import CreatePost, create_post
from services.registry.commands.designate import Designate, Title, designate
from services.registry.commands.end_affiliation import EndAffiliation, end_affiliation
from services.registry.commands.record_pass import RecordPass, record_pass
from services.registry.commands.record_pay import RecordPay, record_pay
from services.registry.commands.record_talent import RecordTalent, record_talent
from services.registry.commands.register_organisation import RegisterOrganisation, register_organisation
from services.registry.domain.person import Person
from services.registry.publisher import organisations as organisations_out
from services.registry.publisher import talents as talents_out
from services.registry.queries.find_talents import Filter, find_talents
from services.registry.queries.get_organisation import get_organisation
from services.registry.queries.get_talent import get_talent
from services.registry.queries.organisation_standing import organisation_standing
from services.shared.kernel import dates
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.runtime.access import current_call
from services.shared.runtime.filled import filled
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
            filled(
                RecordTalent,
                request,
                person=person_of(request.identity),
                by=call.principal,
                origin=Origin(call.principal.name, affiliation),
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
            filled(EndAffiliation, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.EndAffiliationResponse(etag=answer.etag)

    async def RecordPass(self, request: pb.RecordPassRequest, _: Context) -> pb.RecordPassResponse:
        call = current_call()
        call.principal.must_speak_for(request.department, field="department")
        answer = await record_pass(
            filled(
                RecordPass,
                request,
                person=person_of(request.identity),
                origin=Origin(call.principal.name, f"pass/{request.level}/{request.passed_on}"),
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
            filled(Designate, request, title=filled(Title, request), by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.DesignateResponse(etag=answer.etag)

    async def RecordPay(self, request: pb.RecordPayRequest, _: Context) -> pb.RecordPayResponse:
        call = current_call()
        answer = await record_pay(
            filled(RecordPay, request, by=call.principal),
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
            filled(
                RegisterOrganisation,
                request,
                by=call.principal,
                origin=Origin(call.principal.name, "registration"),
            ),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.RegisterOrganisationResponse(etag=answer.etag)

    async def CreatePost(self, request: pb.CreatePostRequest, _: Context) -> pb.CreatePostResponse:
        call = current_call()
        answer = await create_post(
            filled(
                CreatePost,
                request,
                by=call.principal,
                origin=Origin(call.principal.name, f"post/{request.post}"),
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
            answer = talents_out.talent_response(talent)
            self._answers.put(version, answer)
        return answer

    async def FindTalents(self, request: pb.FindTalentsRequest, _: Context) -> pb.FindTalentsResponse:
        page = await find_talents(
            filter_of(request.filter, area=request.area or request.filter.area),
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
            clock=self._clock,
            facts_of=facts_of,
        )
        return pb.FindTalentsResponse(
            talents=[pb.Talent.FromString(row.summary) for row in page.rows], next_page_token=page.next_token
        )

    async def GetOrganisation(self, request: pb.GetOrganisationRequest, _: Context) -> pb.GetOrganisationResponse:
        organisation = await get_organisation(request.uscc, store=self._store)
        return pb.GetOrganisationResponse(
            uscc=organisation.id,
            facts=organisations_out.organisation_facts(organisation.facts()),
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
            certified_staff=standing.certified_staff,
            credit=standing.credit,
            party_cover=organisations_out.party_cover(standing.party_cover),
            residents=standing.residents,
        )


def person_of(identity: pb.Identity) -> Person:
    return Person(identity.name, identity.id_number, identity.phone)


def filter_of(message: pb.TalentFilter, *, area: str) -> Filter:
    return filled(Filter, message, area=area)


def facts_of(summary: bytes) -> Any:
    """The facts of a row that FindTalents lists."""
    return pb.Talent.FromString(summary).facts
