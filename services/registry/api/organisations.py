"""OrganisationService: accreditations, residents, founders, party work and credit of organisations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

import msgspec

from services.registry.commands.accredit import Accredit, accredit
from services.registry.commands.count_residents import CountResidents, count_residents
from services.registry.commands.end_accreditation import EndAccreditation, end_accreditation
from services.registry.commands.end_party_arrangement import EndPartyArrangement, end_party_arrangement
from services.registry.commands.record_founder import RecordFounder, record_founder
from services.registry.commands.record_organisation_credit import RecordOrganisationCredit, record_organisation_credit
from services.registry.commands.record_party_arrangement import RecordPartyArrangement, record_party_arrangement
from services.registry.commands.reveal_organisation import RevealOrganisation, reveal_organisation
from services.registry.domain.organisation_reports import CreditReport
from services.registry.queries.find_organisations import find_organisations
from services.shared.kernel import dates
from services.shared.kernel.change import Answer
from services.shared.kernel.dates import holds
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime.access import current_call
from services.shared.runtime.filled import filled
from swtalent.registry.v1 import organisation_service_pb2 as pb
from swtalent.registry.v1 import organisation_service_pb2_grpc as grpc_pb

Context: TypeAlias = Any  # grpc.aio.ServicerContext, which carries no types
C = TypeVar("C", bound=msgspec.Struct)


class OrganisationServicer(grpc_pb.OrganisationServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(self, *, store: Store, lanes: Lanes, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._clock = clock

    async def Accredit(self, request: pb.AccreditRequest, _: Context) -> pb.AccreditResponse:
        record = f"accreditation/{request.kind}/{request.grantor}/{request.since}"
        return pb.AccreditResponse(etag=(await self._run(accredit, Accredit, request, record)).etag)

    async def EndAccreditation(self, request: pb.EndAccreditationRequest, _: Context) -> pb.EndAccreditationResponse:
        record = f"accreditation-end/{request.kind}/{request.grantor}/{request.until}"
        return pb.EndAccreditationResponse(
            etag=(await self._run(end_accreditation, EndAccreditation, request, record)).etag
        )

    async def CountResidents(self, request: pb.CountResidentsRequest, _: Context) -> pb.CountResidentsResponse:
        answer = await self._run(count_residents, CountResidents, request, f"residents/{request.on}")
        return pb.CountResidentsResponse(etag=answer.etag)

    async def RecordFounder(self, request: pb.RecordFounderRequest, _: Context) -> pb.RecordFounderResponse:
        record = f"founder/{request.founder_talent or request.founder_organisation}"
        return pb.RecordFounderResponse(etag=(await self._run(record_founder, RecordFounder, request, record)).etag)

    async def RecordPartyArrangement(
        self, request: pb.RecordPartyArrangementRequest, _: Context
    ) -> pb.RecordPartyArrangementResponse:
        record = f"party/{request.kind}/{request.other}/{request.since}"
        answer = await self._run(record_party_arrangement, RecordPartyArrangement, request, record)
        return pb.RecordPartyArrangementResponse(etag=answer.etag)

    async def EndPartyArrangement(
        self, request: pb.EndPartyArrangementRequest, _: Context
    ) -> pb.EndPartyArrangementResponse:
        record = f"party-end/{request.kind}/{request.other}/{request.until}"
        answer = await self._run(end_party_arrangement, EndPartyArrangement, request, record)
        return pb.EndPartyArrangementResponse(etag=answer.etag)

    async def RecordOrganisationCredit(
        self, request: pb.RecordOrganisationCreditRequest, _: Context
    ) -> pb.RecordOrganisationCreditResponse:
        current_call().principal.must_speak_for(request.department, field="department")
        record = f"credit/{request.department}/{request.event}"
        answer = await self._run(record_organisation_credit, RecordOrganisationCredit, request, record)
        return pb.RecordOrganisationCreditResponse(etag=answer.etag)

    async def RevealOrganisation(
        self, request: pb.RevealOrganisationRequest, _: Context
    ) -> pb.RevealOrganisationResponse:
        call = current_call()
        found = await reveal_organisation(
            filled(RevealOrganisation, request, method=call.method, by=call.principal),
            store=self._store,
            lanes=self._lanes,
            clock=self._clock,
        )
        return pb.RevealOrganisationResponse(
            founders=[
                pb.Founder(
                    talent_id=it.talent, masked_name=masked, organisation=it.organisation, system=it.origin.system
                )
                for it, masked in found.founders
            ],
            credit=[_credit(it) for it in found.credit],
            etag=found.etag,
        )

    async def FindOrganisations(self, request: pb.FindOrganisationsRequest, _: Context) -> pb.FindOrganisationsResponse:
        page = await find_organisations(
            request.area or current_call().principal.area,
            request.kind,
            size=request.page_size,
            token=request.page_token,
            store=self._store,
        )
        return pb.FindOrganisationsResponse(
            organisations=[pb.Organisation.FromString(row.summary) for row in page.rows],
            next_page_token=page.next_token,
        )

    async def ListUncovered(self, request: pb.ListUncoveredRequest, _: Context) -> pb.ListUncoveredResponse:
        """A page is a page of private agencies, of which those not covered are shown: it may be short, or empty, and
        still have another one after it.
        """
        on = dates.day(request.on, field="on", required=False) or self._clock.day()
        page = await find_organisations(
            request.area or current_call().principal.area,
            "private_agency",
            size=request.page_size,
            token=request.page_token,
            store=self._store,
        )
        agencies = [pb.Organisation.FromString(row.summary) for row in page.rows]
        found = [
            pb.Uncovered(uscc=it.uscc, name=it.facts.name, county=it.facts.county, party_cover=cover)
            for it in agencies
            for cover in it.facts.party_cover
            if not cover.fits and holds(cover.since, cover.until, on)
        ]
        return pb.ListUncoveredResponse(uncovered=found, next_page_token=page.next_token)

    async def _run(self, command: Callable[..., Awaitable[Answer]], kind: type[C], request: Any, record: str) -> Answer:
        """`record` = the caller's own record that is refreshed when the same thing is said again."""
        call = current_call()
        return await command(
            filled(kind, request, by=call.principal, origin=Origin(call.principal.name, record)),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )


def _credit(report: CreditReport) -> pb.OrganisationCreditEvent:
    return pb.OrganisationCreditEvent(
        department=report.department,
        event=report.event,
        kind=report.kind,
        since=report.since,
        until=report.until,
        appealed_on=report.appealed_on,
        appeal=report.appeal,
        decided_on=report.decided_on,
    )
