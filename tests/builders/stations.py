"""Valid by default; a test overrides what it is about. Agencies of area 519999 do not exist."""

from __future__ import annotations

from typing import Any

from services.shared.kernel.dates import Day
from services.shared.kernel.errors import NeighbourUnavailable, NotFound
from services.shared.kernel.origin import Origin
from services.shared.kernel.principal import Principal
from services.stations.commands.open_station import EvidenceGiven, OpenStation, StaffMember
from services.stations.commands.plan_station import PlanStation
from services.stations.commands.profile_community import ProfileCommunity
from services.stations.domain.community import Profile, Worker
from services.stations.domain.station import ContractSeen, Evidence, Opening, OperatorSeen, Staff, Station, StationFacts

COUNTY, TOWNSHIP, NEXT_TOWNSHIP, COMMUNITY = "510104", "510104017", "510104018", "510104017001"
OTHER_COUNTY, OTHER_TOWNSHIP = "510703", "510703001"
OPERATOR, OTHER_OPERATOR = "52519999000000019J", "52519999000000027D"
CONTRACT = "c" * 32
OFFICER = Principal("officer-510104", frozenset({"officer"}), area=COUNTY)
TALENT = "a1" * 16


def a_station(*, path: str = "provincial_grant", planned_on: str = "2025-02-01", **changed: Any) -> Station:
    """Planned; nothing pending."""
    station = Station.new("5" * 32)
    values = {"kind": "station", "area": TOWNSHIP, "path": path, "name": "锦官驿街道社会工作服务站"}
    station.plan(StationFacts(**{**values, **changed}), on=Day(planned_on))
    station.pending.clear()
    return station


def an_opening(**changed: Any) -> Opening:
    values: dict[str, Any] = {
        "on": Day("2025-05-01"),
        "operator": OPERATOR,
        "contract": CONTRACT,
        "staff": (some_staff(),),
        "evidence": (),
    }
    return Opening(**{**values, **changed})


def some_staff(**changed: Any) -> Staff:
    values: dict[str, Any] = {
        "talent": TALENT,
        "full_time": True,
        "certified": True,
        "since": Day("2025-04-01"),
        "until": Day(""),
    }
    return Staff(**{**values, **changed})


def an_agreement(**changed: Any) -> Evidence:
    values: dict[str, Any] = {
        "id": "agreement-1",
        "kind": "agreement",
        "sha256": bytes(32),
        "held_by": "锦官驿街道办事处",
        "issued_on": Day("2025-04-01"),
    }
    return Evidence(**{**values, **changed})


def a_contract_seen(**changed: Any) -> ContractSeen:
    values: dict[str, Any] = {
        "id": CONTRACT,
        "provider": OPERATOR,
        "since": Day("2025-04-01"),
        "until": Day("2026-04-01"),
        "version": 1,
    }
    return ContractSeen(**{**values, **changed})


def an_operator_seen(**changed: Any) -> OperatorSeen:
    return OperatorSeen(**{"open": True, "posts": 2, "version": 7, **changed})


def a_profile(**changed: Any) -> Profile:
    values: dict[str, Any] = {
        "origin": Origin("civil_affairs", "r1", 1),
        "name": "水井坊社区",
        "kind": "urban",
        "since": Day("2015-01-01"),
        "until": Day(""),
        "elderly": 0,
        "elderly_on": Day(""),
    }
    return Profile(**{**values, **changed})


def a_worker(**changed: Any) -> Worker:
    values: dict[str, Any] = {"talent": TALENT, "professional": True, "since": Day("2020-01-01"), "until": Day("")}
    return Worker(**{**values, **changed})


def a_plan_station(**changed: Any) -> PlanStation:
    values: dict[str, Any] = {
        "by": OFFICER,
        "request_id": "plan-1",
        "name": "锦官驿街道社会工作服务站",
        "kind": "station",
        "area": TOWNSHIP,
        "also_serves": [],
        "path": "provincial_grant",
        "on": "2025-02-01",
    }
    return PlanStation(**{**values, **changed})


def an_open_station(**changed: Any) -> OpenStation:
    values: dict[str, Any] = {
        "by": OFFICER,
        "station_id": "5" * 32,
        "operator": OPERATOR,
        "contract": CONTRACT,
        "staff": [a_staff_member()],
        "path_evidence": [],
        "on": "2025-05-01",
        "etag": "",
    }
    return OpenStation(**{**values, **changed})


def a_staff_member(**changed: Any) -> StaffMember:
    return StaffMember(**{"talent": TALENT, "full_time": True, "certified": True, "since": "2025-04-01", **changed})


def some_evidence(**changed: Any) -> EvidenceGiven:
    values: dict[str, Any] = {
        "id": "agreement-1",
        "kind": "agreement",
        "sha256": bytes(32),
        "held_by": "锦官驿街道办事处",
        "issued_on": "2025-04-01",
    }
    return EvidenceGiven(**{**values, **changed})


def a_profile_community(**changed: Any) -> ProfileCommunity:
    values: dict[str, Any] = {
        "by": OFFICER,
        "origin": Origin(OFFICER.name, "profile/2015-01-01"),
        "community": COMMUNITY,
        "name": "水井坊社区",
        "kind": "urban",
        "since": "2015-01-01",
        "until": "",
        "elderly": 1200,
        "elderly_on": "2020-11-01",
    }
    return ProfileCommunity(**{**values, **changed})


class KnownContracts:
    """Funding, as far as the commands see it: what is in `known`; down when `down`."""

    def __init__(self, *known: ContractSeen, down: bool = False) -> None:
        self.known = {it.id: it for it in known}
        self.down = down

    async def contract(self, contract: str, *, field: str) -> ContractSeen:
        if self.down:
            raise NeighbourUnavailable(neighbour="funding")
        if contract not in self.known:
            raise NotFound(field=field)
        return self.known[contract]


class KnownOperators:
    """The registry, as far as the commands see it; whom it does not know is not open."""

    def __init__(self, known: dict[str, OperatorSeen] | None = None, *, down: bool = False) -> None:
        self.known = known or {}
        self.down = down

    async def standing(self, uscc: str, *, on: Day) -> OperatorSeen:
        if self.down:
            raise NeighbourUnavailable(neighbour="registry")
        return self.known.get(uscc, OperatorSeen(open=False, posts=0, version=0))
