"""Plays the prefectures' officers through gRPC: money set aside, contracts signed, stations planned and opened.

Every call carries a request id that follows from the station's number, so a second run gets the first answers again.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from deploy.sample.feed import Advance
from deploy.sample.memory import Memory
from deploy.sample.province import Province
from deploy.sample.stations_plan import PlannedStation
from services.shared.kernel.area import prefecture_of
from swtalent.common.v1 import evidence_pb2
from swtalent.funding.v1 import events_pb2 as funding_events
from swtalent.funding.v1 import funding_service_pb2 as funding_pb
from swtalent.funding.v1.funding_service_pb2_grpc import FundingServiceStub
from swtalent.registry.v1 import registry_service_pb2 as registry_pb
from swtalent.registry.v1.registry_service_pb2_grpc import RegistryServiceStub
from swtalent.stations.v1 import stations_service_pb2 as stations_pb
from swtalent.stations.v1.stations_service_pb2_grpc import StationsServiceStub

_PARALLEL = 16
_BETWEEN_NOTES = 64
_PAGE = 500
_ENOUGH_CERTIFIED = 12
_PATIENCE_S = 10.0
_TRIES = 10
_AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.ABORTED)
# Where a small scale leaves a prefecture without certified people, staff comes from here.
_CAPITAL = "510100"
_OPEN_ALREADY = ("ALREADY_OPERATING", "CAUSE_REUSED")


class Addresses(NamedTuple):
    registry: str
    stations: str
    funding: str


class Worker(NamedTuple):
    """Somebody with full-time work in [since, until); `certified_on` "" = without certificate."""

    talent: str
    since: str
    until: str
    certified_on: str

    def there(self, on: str) -> bool:
        return self.since <= on and (not self.until or on < self.until)

    def certified(self, on: str) -> bool:
        return "" < self.certified_on <= on


async def play_stations(
    addresses: Addresses,
    tokens: Mapping[str, str],
    *,
    scale: float = 1.0,
    cluster: str = "",
    memory: Path | None = None,
    progress: Callable[[Advance], None] | None = None,
) -> int:
    """Open the sample's stations; gives how many are open. `tokens`: one of an officer per prefecture code.

    The registry must have taken all records before: staff is chosen among whom it knows. With `memory` it goes on where
    the last run on the Kafka `cluster` stopped; to open everything again changes nothing either.
    """
    plan = Province(scale).stations()
    remembered = Memory(memory)
    fed = remembered.recall(cluster=cluster, scale=scale)
    async with AsyncExitStack() as stack:
        registry, stations, funding = [
            await stack.enter_async_context(grpc.aio.insecure_channel(address)) for address in addresses
        ]
        officers = Officers(registry, stations, funding, tokens)
        for first in range(fed.stations, plan.count, _BETWEEN_NOTES):
            upto = min(plan.count, first + _BETWEEN_NOTES)
            async with asyncio.TaskGroup() as group:
                for index in range(first, upto):
                    group.create_task(officers.open(plan.station(index)))
            fed.stations = upto
            remembered.keep(fed)
            if progress is not None:
                progress(Advance(upto, plan.count))
    return plan.count


class Officers:
    """One officer per prefecture, at most 16 at work at once."""

    def __init__(self, registry: Any, stations: Any, funding: Any, tokens: Mapping[str, str]) -> None:
        self._registry = RegistryServiceStub(registry)
        self._stations = StationsServiceStub(stations)
        self._funding = FundingServiceStub(funding)
        self._metadata = {prefecture: (("authorization", f"Bearer {token}"),) for prefecture, token in tokens.items()}
        self._free = asyncio.Semaphore(_PARALLEL)
        self._workers: dict[str, asyncio.Task[list[Worker]]] = {}

    async def open(self, it: PlannedStation) -> None:
        async with self._free:
            prefecture = prefecture_of(it.county)
            planned = await self._call(prefecture, self._stations.PlanStation, _plan_request(it))
            contract = await self._contract(prefecture, it) if it.line else ""
            request = _open_request(it, planned.station_id, contract, await self._staff(it))
            try:
                await self._call(prefecture, self._stations.OpenStation, request)
            except grpc.aio.AioRpcError as error:
                if not _is_open_already(error):
                    raise

    async def _contract(self, prefecture: str, it: PlannedStation) -> str:
        earmarked = await self._call(
            prefecture,
            self._funding.Earmark,
            funding_pb.EarmarkRequest(
                request_id=f"sample-earmark-{it.number}",
                line=it.line,
                fen=it.fen,
                reference=f"station-{it.number}",
                on=it.planned_on,
            ),
        )
        signed = await self._call(prefecture, self._funding.SignContract, _contract_request(it, earmarked.earmark))
        return str(signed.contract)

    async def _staff(self, it: PlannedStation) -> list[stations_pb.StaffMember]:
        """One certified person of the county (else of the prefecture, else of the capital), and a colleague."""
        for area in (it.county, prefecture_of(it.county), _CAPITAL):
            there = [worker for worker in await self._workers_of(area) if worker.there(it.opened_on)]
            certified = [worker for worker in there if worker.certified(it.opened_on)]
            if certified:
                first = certified[it.number % len(certified)]
                others = [worker for worker in there if worker is not first]
                colleagues = others[it.number % len(others) :][:1] if others else []
                return [
                    stations_pb.StaffMember(
                        talent=worker.talent,
                        full_time=True,
                        certified=worker.certified(it.opened_on),
                        since=max(worker.since, it.signed_on),
                    )
                    for worker in (first, *colleagues)
                ]
        raise LookupError(f"nobody certified works in {it.county}, its prefecture or {_CAPITAL}")

    async def _workers_of(self, area: str) -> list[Worker]:
        if area not in self._workers:
            self._workers[area] = asyncio.create_task(self._find(area))
        return await self._workers[area]

    async def _find(self, area: str) -> list[Worker]:
        """By ascending talent id, until enough of them are certified: the same people in every run."""
        found: list[Worker] = []
        token = ""
        while True:
            request = registry_pb.FindTalentsRequest(area=area, page_size=_PAGE, page_token=token)
            page = await self._call(prefecture_of(area), self._registry.FindTalents, request)
            found += [worker for talent in page.talents if (worker := _worker(talent))]
            token = page.next_page_token
            if not token or sum(bool(worker.certified_on) for worker in found) >= _ENOUGH_CERTIFIED:
                return found

    async def _call(self, prefecture: str, rpc: Any, request: Any) -> Any:
        """Asks again, with growing pauses, while a service does not answer."""
        for attempt in range(_TRIES):
            try:
                return await rpc(request, metadata=self._metadata[prefecture], timeout=_PATIENCE_S)
            except grpc.aio.AioRpcError as error:
                if error.code() not in _AGAIN or attempt == _TRIES - 1:
                    raise
            await asyncio.sleep(min(5.0, 0.1 * 2**attempt) * (0.5 + random.random()))
        raise AssertionError


def _worker(talent: Any) -> Worker | None:
    full_time = [it for it in talent.facts.affiliations if it.full_time and it.principal]
    if not full_time:
        return None
    it = full_time[0]
    return Worker(talent.id, it.since, it.until, min((its.passed_on for its in talent.facts.certificates), default=""))


def _plan_request(it: PlannedStation) -> Any:
    return stations_pb.PlanStationRequest(
        request_id=f"sample-plan-{it.number}",
        name=it.name,
        kind=it.kind,
        area=it.area,
        also_serves=it.also_serves,
        path=it.path,
        on=it.planned_on,
    )


def _contract_request(it: PlannedStation, earmark: str) -> Any:
    first = it.fen * 4 // 10
    return funding_pb.SignContractRequest(
        request_id=f"sample-contract-{it.number}",
        line=it.line,
        earmark=earmark,
        purchaser="civil_affairs",
        area=it.county,
        provider=it.operator,
        title=f"{it.name}服务项目",
        value=it.fen,
        signed_on=it.signed_on,
        since=it.since,
        until=it.until,
        milestones=[
            funding_events.Milestone(id="m1", title="需求调查和服务方案", due=it.opened_on, fen=first),
            funding_events.Milestone(id="m2", title="服务完成和评估", due=it.until, fen=it.fen - first),
        ],
    )


def _open_request(it: PlannedStation, station_id: str, contract: str, staff: list[Any]) -> Any:
    agreement = evidence_pb2.Evidence(
        id=f"agreement-{it.number}",
        kind="agreement",
        sha256=hashlib.sha256(it.name.encode()).digest(),
        held_by="县（市、区）民政局",
        issued_on=it.signed_on,
    )
    return stations_pb.OpenStationRequest(
        request_id=f"sample-open-{it.number}",
        station_id=station_id,
        operator=it.operator,
        contract=contract,
        staff=staff,
        path_evidence=() if contract else (agreement,),
        on=it.opened_on,
    )


def _is_open_already(error: grpc.aio.AioRpcError) -> bool:
    """An earlier run, cut off before the registry knew everybody, opened it with other staff."""
    status = rpc_status.from_call(error)
    info = error_details_pb2.ErrorInfo()
    return any(detail.Unpack(info) and info.reason in _OPEN_ALREADY for detail in (status.details if status else ()))
