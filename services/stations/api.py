"""IN: gRPC request → command or query → response. No rules here; errors are mapped by the server."""

from __future__ import annotations

from typing import Any, TypeAlias

import grpc

from services.shared.kernel.area import areas
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime.access import current_call
from services.shared.runtime.filled import filled
from services.stations import publisher
from services.stations.commands.open_station import EvidenceGiven, OpenStation, StaffMember, open_station
from services.stations.commands.plan_station import PlanStation, plan_station
from services.stations.commands.profile_community import ProfileCommunity, profile_community
from services.stations.ports import Contracts, Operators
from services.stations.queries.get_station import get_station
from services.stations.queries.township_coverage import township_coverage
from swtalent.stations.v1 import stations_service_pb2 as pb
from swtalent.stations.v1 import stations_service_pb2_grpc as grpc_pb

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


class StationsServicer(grpc_pb.StationsServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(self, *, store: Store, lanes: Lanes, contracts: Contracts, operators: Operators, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._contracts = contracts
        self._operators = operators
        self._clock = clock

    async def PlanStation(self, request: pb.PlanStationRequest, _: Context) -> pb.PlanStationResponse:
        call = current_call()
        answer = await plan_station(
            filled(PlanStation, request, by=call.principal),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.PlanStationResponse(**answer.values, etag=answer.etag)

    async def OpenStation(self, request: pb.OpenStationRequest, _: Context) -> pb.OpenStationResponse:
        call = current_call()
        answer = await open_station(
            filled(
                OpenStation,
                request,
                by=call.principal,
                staff=[filled(StaffMember, it) for it in request.staff],
                path_evidence=[filled(EvidenceGiven, it) for it in request.path_evidence],
            ),
            lanes=self._lanes,
            contracts=self._contracts,
            operators=self._operators,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.OpenStationResponse(etag=answer.etag)

    async def ProfileCommunity(self, request: pb.ProfileCommunityRequest, _: Context) -> pb.ProfileCommunityResponse:
        call = current_call()
        answer = await profile_community(
            filled(
                ProfileCommunity,
                request,
                by=call.principal,
                origin=Origin(call.principal.name, f"profile/{request.since}"),
            ),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.ProfileCommunityResponse(etag=answer.etag)

    async def GetStation(self, request: pb.GetStationRequest, _: Context) -> pb.GetStationResponse:
        station = await get_station(request.station_id, store=self._store)
        return pb.GetStationResponse(
            station_id=station.id, facts=publisher.station_facts(station.facts()), etag=str(station.version)
        )

    async def TownshipCoverage(self, request: pb.TownshipCoverageRequest, _: Context) -> pb.TownshipCoverageResponse:
        page = await township_coverage(
            request.area,
            on=request.on,
            size=request.page_size,
            token=request.page_token,
            store=self._store,
            clock=self._clock,
        )
        names = areas()
        return pb.TownshipCoverageResponse(
            townships=[
                pb.CoveredTownship(
                    township=it.township,
                    name=names[it.township].name,
                    covered=it.covered,
                    stations=it.stations,
                    reason=it.reason,
                )
                for it in page.townships
            ],
            covered=page.covered,
            total=page.total,
            next_page_token=page.next_token,
        )
