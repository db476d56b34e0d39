"""Stations as their callers meet them: the real service, real neighbours, real sockets."""

from __future__ import annotations

import grpc
import pytest

from services.shared.kernel.money import yuan
from swtalent.funding.v1 import events_pb2 as funding_events
from swtalent.funding.v1 import funding_service_pb2 as funding
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import registry_service_pb2 as registry
from swtalent.stations.v1 import events_pb2 as events
from swtalent.stations.v1 import stations_service_pb2 as pb
from tests.builders.registry import PERSON, a_uscc
from tests.builders.running import refused
from tests.builders.stations import COMMUNITY, COUNTY, NEXT_TOWNSHIP, TALENT, TOWNSHIP
from tests.builders.window import a_partner_message

AGENCY = a_uscc(19)


async def an_agency(network) -> None:
    await network.registry(
        "RegisterOrganisation",
        registry.RegisterOrganisationRequest(
            uscc=AGENCY, name="天府社工服务中心", kind="private_agency", county=COUNTY, registered_on="2018-01-01"
        ),
    )
    await network.registry(
        "CreatePost",
        registry.CreatePostRequest(
            organisation=AGENCY, post="p-1", field="community_governance", created_on="2019-01-01"
        ),
    )


async def a_contract(network) -> str:
    line = "line-510104-2025"
    await network.funding(
        "Appropriate",
        funding.AppropriateRequest(
            line=line,
            fiscal_year=2025,
            source="county",
            owner="civil_affairs",
            area=COUNTY,
            purpose="购买社会工作服务",
            basis="annual",
            fen=yuan(1_000_000),
            reference="budget-2025",
            on="2025-01-10",
        ),
    )
    earmarked = await network.funding(
        "Earmark", funding.EarmarkRequest(line=line, fen=yuan(300_000), reference="station", on="2025-02-01")
    )
    signed = await network.funding(
        "SignContract",
        funding.SignContractRequest(
            line=line,
            earmark=earmarked.earmark,
            purchaser="civil_affairs",
            area=COUNTY,
            provider=AGENCY,
            title="社会工作服务站服务",
            value=yuan(300_000),
            signed_on="2025-03-01",
            since="2025-03-01",
            until="2026-03-01",
            milestones=[funding_events.Milestone(id="m1", title="全年服务", due="2026-02-28", fen=yuan(300_000))],
        ),
    )
    return signed.contract


async def a_planned_station(network) -> str:
    planned = await network.stations(
        "PlanStation",
        pb.PlanStationRequest(
            name="锦官驿街道社会工作服务站",
            kind="station",
            area=TOWNSHIP,
            also_serves=[NEXT_TOWNSHIP],
            path="governance_pilot",
            on="2025-02-01",
        ),
    )
    return planned.station_id


def an_opening(station: str, contract: str = "", **changed) -> pb.OpenStationRequest:
    values = {
        "station_id": station,
        "operator": AGENCY,
        "contract": contract,
        "staff": [pb.StaffMember(talent=TALENT, full_time=True, certified=True, since="2025-05-01")],
        "on": "2025-05-01",
    }
    return pb.OpenStationRequest(**{**values, **changed})


async def status_of(network, station: str) -> list[str]:
    answer = await network.stations("GetStation", pb.GetStationRequest(station_id=station))
    return [it.status for it in answer.facts.statuses]


async def covered(network) -> dict[str, str]:
    answer = await network.stations("TownshipCoverage", pb.TownshipCoverageRequest(area=COUNTY, on="2025-06-01"))
    return {it.township: it.reason for it in answer.townships if it.township in (TOWNSHIP, NEXT_TOWNSHIP)}


async def test_a_station_with_contract_operator_and_staff_opens_and_serves_its_townships(network):
    await an_agency(network)
    contract = await a_contract(network)
    station = await a_planned_station(network)
    await network.settled()
    assert await covered(network) == {TOWNSHIP: "NOT_YET_OPERATING", NEXT_TOWNSHIP: "NOT_YET_OPERATING"}

    await network.stations("OpenStation", an_opening(station, contract))
    await network.settled()

    assert await status_of(network, station) == ["planned", "operating"]
    assert await covered(network) == {TOWNSHIP: "", NEXT_TOWNSHIP: ""}


@pytest.mark.parametrize(
    ("changed", "code", "reason"),
    [
        ({"contract": "f" * 32}, grpc.StatusCode.NOT_FOUND, "NOT_KNOWN_TO_NEIGHBOUR"),
        ({"staff": []}, grpc.StatusCode.FAILED_PRECONDITION, "NO_CERTIFIED_STAFF"),
        ({"operator": a_uscc(20)}, grpc.StatusCode.FAILED_PRECONDITION, None),
        ({"on": "2025-02-30"}, grpc.StatusCode.INVALID_ARGUMENT, "DATE_INVALID"),
    ],
)
async def test_what_is_not_in_order_does_not_open(network, changed, code, reason):
    await an_agency(network)
    contract = await a_contract(network)
    station = await a_planned_station(network)

    found = await refused(network.stations("OpenStation", an_opening(station, **{"contract": contract, **changed})))

    assert found[0] == code
    assert reason in (None, found[1])
    assert await status_of(network, station) == ["planned"]


async def test_a_neighbour_that_is_down_means_unavailable_and_nothing_changed(network):
    await an_agency(network)
    contract = await a_contract(network)
    station = await a_planned_station(network)
    await network.apps["funding"].server.stop()

    found = await refused(network.stations("OpenStation", an_opening(station, contract)))

    assert found[:2] == (grpc.StatusCode.UNAVAILABLE, "NEIGHBOUR_UNAVAILABLE")
    assert await status_of(network, station) == ["planned"]


async def test_a_talent_who_works_in_a_community_is_its_worker_and_leaves_it_when_moving(network):
    profile = records.CommunityRecord(community=COMMUNITY, name="锦官驿社区", kind="urban", since="2015-01-01")
    await network.streams.append([a_partner_message(profile, record_id="c-1")])

    def working(place, kind):
        return registry.RecordTalentRequest(
            identity=registry.Identity(name=PERSON.name, id_number=PERSON.id_number),
            department="civil_affairs",
            as_of="2025-01-01",
            organisation=AGENCY,
            role="worker",
            field="community_governance",
            place=place,
            community_kind=kind,
            full_time=True,
            practitioner=True,
            principal=True,
            since="2020-01-01",
            recognised_ground="training",
            recognised_since="2021-01-01",
        )

    department = network.registry.as_(role="department_officer", department="civil_affairs", area="510000")

    async def workers():
        await network.settled()
        found = [it for it in network.streams.of("stations.events.v1") if it.key == COMMUNITY.encode()]
        after = events.CommunityEvent.FromString(found[-1].value).after
        return [(it.professional, it.since, it.until) for it in after.workers]

    await department("RecordTalent", working(COMMUNITY, "urban"))
    assert await workers() == [(False, "2020-01-01", "2021-01-01"), (True, "2021-01-01", "")]

    await department("RecordTalent", working(COUNTY, ""))
    assert await workers() == []
