"""HighLevelService: what departments do for high-level talents."""

from __future__ import annotations

from typing import Any, TypeAlias

from services.registry.commands.end_service import EndService, end_service
from services.registry.commands.offer_service import OfferService, offer_service
from services.registry.domain.reports import ServiceReport
from services.registry.queries.talent_services import list_high_level, list_services, my_services
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.runtime import envelope
from services.shared.runtime.access import current_call
from services.shared.runtime.filled import filled
from swtalent.registry.v1 import events_pb2
from swtalent.registry.v1 import high_level_service_pb2 as pb
from swtalent.registry.v1 import high_level_service_pb2_grpc as grpc_pb

Context: TypeAlias = Any  # grpc.aio.ServicerContext, which carries no types


class HighLevelServicer(grpc_pb.HighLevelServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(self, *, store: Store, lanes: Lanes, keys: KeyRing, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._keys = keys
        self._clock = clock

    async def OfferService(self, request: pb.OfferServiceRequest, _: Context) -> pb.OfferServiceResponse:
        call = current_call()
        answer = await offer_service(
            filled(OfferService, request, by=call.principal),
            lanes=self._lanes,
            keys=self._keys,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.OfferServiceResponse(etag=answer.etag)

    async def EndService(self, request: pb.EndServiceRequest, _: Context) -> pb.EndServiceResponse:
        call = current_call()
        answer = await end_service(
            filled(EndService, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.EndServiceResponse(etag=answer.etag)

    async def ListHighLevelTalents(
        self, request: pb.ListHighLevelTalentsRequest, _: Context
    ) -> pb.ListHighLevelTalentsResponse:
        page = await list_high_level(
            request.area,
            request.on,
            request.without,
            size=request.page_size,
            token=request.page_token,
            by=current_call().principal,
            store=self._store,
            clock=self._clock,
        )
        talents = [
            pb.ListHighLevelTalentsResponse.Served(
                talent_id=it.talent.id,
                masked_name=it.talent.masked_name,
                designations=[envelope.message(events_pb2.Designation, title) for title in it.designations],
                services=[_service(service) for service in it.services],
            )
            for it in page.talents
        ]
        return pb.ListHighLevelTalentsResponse(talents=talents, next_page_token=page.next_token)

    async def ListServices(self, request: pb.ListServicesRequest, _: Context) -> pb.ListServicesResponse:
        talent, services = await list_services(request.talent_id, by=current_call().principal, store=self._store)
        return pb.ListServicesResponse(services=[_service(it) for it in services], etag=str(talent.version))

    async def MyServices(self, _request: pb.MyServicesRequest, _: Context) -> pb.MyServicesResponse:
        mine = await my_services(by=current_call().principal, store=self._store, keys=self._keys)
        return pb.MyServicesResponse(
            services=[pb.MyServicesResponse.Mine(service=_service(it.service), detail=it.detail) for it in mine]
        )


def _service(it: ServiceReport) -> pb.OfferedService:
    return pb.OfferedService(department=it.department, kind=it.kind, since=it.since, until=it.until)
