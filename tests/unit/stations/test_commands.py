"""Every field of every command: what is wrong, where, and that nothing changed."""

from datetime import UTC, datetime

import pytest

from services.shared.kernel.change import cause
from services.shared.kernel.errors import DomainError, NeighbourUnavailable
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.partner import partner
from services.shared.kernel.principal import Principal
from services.shared.runtime.clock import SystemRandom
from services.shared.runtime.store.memory import MemoryStore
from services.stations.commands.open_station import MOST_STAFF, open_station
from services.stations.commands.plan_station import plan_station
from services.stations.commands.profile_community import profile_community
from services.stations.domain.community import Community
from services.stations.domain.station import Station
from services.stations.storage import KINDS
from tests.builders.serving import SetClock
from tests.builders.stations import (
    COMMUNITY,
    CONTRACT,
    NEXT_TOWNSHIP,
    OPERATOR,
    OTHER_COUNTY,
    OTHER_OPERATOR,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    KnownContracts,
    KnownOperators,
    a_contract_seen,
    a_plan_station,
    a_profile_community,
    a_staff_member,
    an_open_station,
    an_operator_seen,
    some_evidence,
)

LONG = "x" * 65536
STRANGER = Principal("officer-510703", frozenset({"officer"}), area=OTHER_COUNTY)


class Service:
    """The commands on a store in memory, with neighbours that know one contract and one operator."""

    def __init__(self):
        self.clock = SetClock(datetime(2025, 6, 30, 4, tzinfo=UTC))
        self.store = MemoryStore(KINDS, clock=self.clock)
        self.lanes = Lanes(self.store, clock=self.clock, random=SystemRandom())
        self.contracts = KnownContracts(a_contract_seen())
        self.operators = KnownOperators({OPERATOR: an_operator_seen()})

    async def __call__(self, command, cmd, request_id="r-1", **ports):
        why = cause("officer", command.__name__, request_id, repr(cmd).encode())
        return await command(cmd, lanes=self.lanes, clock=self.clock, cause=why, **ports)

    async def plan(self, **changed):
        answer = await self(plan_station, a_plan_station(**changed))
        return answer.values["station_id"]

    async def open(self, station, request_id="r-1", **changed):
        cmd = an_open_station(station_id=station, **changed)
        return await self(open_station, cmd, request_id, contracts=self.contracts, operators=self.operators)

    async def station(self, station_id):
        return (await self.store.get_many(Station, [station_id]))[station_id].aggregate

    async def rows(self, kind):
        return await self.store.page(kind, view="", key="", after="", limit=10)


@pytest.fixture
def service():
    return Service()


IDS = [("", "FIELD_MISSING"), (LONG, "FIELD_TOO_LONG"), ("a b", "ID_MALFORMED")]
DAYS = [("", "FIELD_MISSING"), ("2025-02-30", "DATE_INVALID"), (LONG, "DATE_INVALID"), ("2025-07-01", "DATE_IN_FUTURE")]
CODES = [("", "FIELD_MISSING"), ("nonsense", "CODE_UNKNOWN"), (LONG, "FIELD_TOO_LONG")]
TEXTS = [("", "FIELD_MISSING"), (" ", "FIELD_MISSING"), (LONG, "FIELD_TOO_LONG")]


def cases(field, values):
    return [(field, value, reason) for value, reason in values]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        *cases("name", [*TEXTS, ("站" * 101, "FIELD_TOO_LONG")]),
        *cases("kind", CODES),
        *cases(
            "area",
            [
                ("", "FIELD_MISSING"),
                ("510104", "AREA_UNKNOWN"),
                (COMMUNITY, "AREA_UNKNOWN"),
                ("510104999", "AREA_UNKNOWN"),
                (LONG, "AREA_UNKNOWN"),
                (OTHER_TOWNSHIP, "OUTSIDE_SCOPE"),
            ],
        ),
        *cases("path", CODES),
        *cases("on", DAYS),
        *cases("also_serves", [([NEXT_TOWNSHIP] * 11, "TOWNSHIPS_TOO_MANY")]),
    ],
)
async def test_plan_station_names_the_wrong_field(service, field, value, reason):
    with pytest.raises(DomainError) as refused:
        await service.plan(**{field: value})

    assert (refused.value.reason, refused.value.field) == (reason, field)
    assert await service.rows(Station) == []


@pytest.mark.parametrize(
    ("also_serves", "reason"),
    [
        ([NEXT_TOWNSHIP, "510104"], "AREA_UNKNOWN"),
        ([NEXT_TOWNSHIP, ""], "FIELD_MISSING"),
        ([NEXT_TOWNSHIP, TOWNSHIP], "TOWNSHIP_REPEATED"),
        ([NEXT_TOWNSHIP, NEXT_TOWNSHIP], "TOWNSHIP_REPEATED"),
        ([NEXT_TOWNSHIP, OTHER_TOWNSHIP], "OUTSIDE_SCOPE"),
    ],
)
async def test_a_wrong_further_township_is_named_by_its_place(service, also_serves, reason):
    with pytest.raises(DomainError) as refused:
        await service.plan(also_serves=also_serves)

    assert (refused.value.reason, refused.value.field) == (reason, "also_serves[1]")


async def test_a_room_belongs_to_a_community_and_serves_no_townships(service):
    with pytest.raises(DomainError) as refused:
        await service.plan(kind="room", area=TOWNSHIP)
    assert refused.value.reason == "AREA_UNKNOWN"

    with pytest.raises(DomainError) as refused:
        await service.plan(kind="room", area=COMMUNITY, also_serves=[NEXT_TOWNSHIP])
    assert refused.value.reason == "ROOM_SERVES_ITS_COMMUNITY"

    assert (await service.station(await service.plan(kind="room", area=COMMUNITY))).exists


async def test_the_same_plan_again_is_the_same_station(service):
    assert await service.plan() == await service.plan()
    assert len(await service.rows(Station)) == 1


async def test_a_station_opens_when_funding_and_the_registry_agree(service):
    station = await service.plan()

    answer = await service.open(station, etag="1")

    assert answer.etag == "2"
    assert (await service.station(station)).facts().statuses[-1].status == "operating"


@pytest.mark.parametrize(
    ("field", "value", "reason", "path"),
    [
        *[("station_id", value, reason, "station_id") for value, reason in [*IDS, ("f" * 32, "STATION_NOT_FOUND")]],
        ("operator", "", "FIELD_MISSING", "operator"),
        ("operator", LONG, "USCC_INVALID", "operator"),
        ("operator", OTHER_OPERATOR, "CONTRACT_OF_OTHER_PROVIDER", "operator"),
        ("contract", "", "NO_CONTRACT", "contract"),
        ("contract", LONG, "FIELD_TOO_LONG", "contract"),
        ("contract", "d" * 32, "NOT_FOUND", "contract"),
        *[("on", value, reason, "on") for value, reason in DAYS],
        ("on", "2025-01-31", "INTERVAL_REVERSED", "on"),
        ("on", "2025-03-31", "CONTRACT_NOT_IN_FORCE", "on"),
        ("etag", "7", "ETAG_MISMATCH", "etag"),
        ("etag", LONG, "ETAG_MISMATCH", "etag"),
        ("by", STRANGER, "OUTSIDE_SCOPE", "station_id"),
        ("staff", [], "NO_CERTIFIED_STAFF", "staff"),
        ("staff", [a_staff_member(talent=f"t{n}") for n in range(MOST_STAFF + 1)], "STAFF_TOO_MANY", "staff"),
        ("staff", [a_staff_member()] * 2, "STAFF_REPEATED", "staff[1].talent"),
        *[("staff", [a_staff_member(talent=value)], reason, "staff[0].talent") for value, reason in IDS],
        *[("staff", [a_staff_member(since=value)], reason, "staff[0].since") for value, reason in DAYS],
        ("path_evidence", [some_evidence()] * 4, "EVIDENCE_TOO_MUCH", "path_evidence"),
        *[("path_evidence", [some_evidence(id=value)], reason, "path_evidence[0].id") for value, reason in IDS],
        *[("path_evidence", [some_evidence(kind=value)], reason, "path_evidence[0].kind") for value, reason in CODES],
        *[
            ("path_evidence", [some_evidence(sha256=value)], "SHA256_MALFORMED", "path_evidence[0].sha256")
            for value in (b"", bytes(31), bytes(65536))
        ],
        *[
            ("path_evidence", [some_evidence(held_by=value)], reason, "path_evidence[0].held_by")
            for value, reason in TEXTS
        ],
        *[
            ("path_evidence", [some_evidence(issued_on=value)], reason, "path_evidence[0].issued_on")
            for value, reason in DAYS
        ],
    ],
)
async def test_open_station_names_the_wrong_field(service, field, value, reason, path):
    station = await service.plan()

    with pytest.raises(DomainError) as refused:
        await service.open(**{"station": station, "station" if field == "station_id" else field: value})

    assert (refused.value.reason, refused.value.field) == (reason, path)
    assert (await service.station(station)).version == 1


@pytest.mark.parametrize("neighbour", ["contracts", "operators"])
async def test_a_neighbour_that_is_down_changes_nothing_and_the_same_request_succeeds_later(service, neighbour):
    station = await service.plan()
    getattr(service, neighbour).down = True

    with pytest.raises(NeighbourUnavailable):
        await service.open(station)
    assert (await service.station(station)).version == 1

    getattr(service, neighbour).down = False
    assert (await service.open(station)).etag == "2"


async def test_an_operator_that_nobody_registered_opens_nothing(service):
    station = await service.plan()
    service.operators.known.clear()

    with pytest.raises(DomainError) as refused:
        await service.open(station)

    assert refused.value.reason == "OPERATOR_NOT_OPEN"


async def test_a_venue_needs_no_contract_and_funding_is_not_asked(service):
    station = await service.plan(path="existing_venue")
    service.contracts.down = True

    await service.open(station, contract="", path_evidence=[some_evidence()])

    assert (await service.station(station)).facts().path_evidence[0].kind == "agreement"


async def test_the_same_opening_again_gets_the_first_answer(service):
    station = await service.plan()

    assert await service.open(station) == await service.open(station)
    with pytest.raises(DomainError) as refused:
        await service.open(station, "r-2")
    assert refused.value.reason == "ALREADY_OPERATING"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        *cases(
            "community",
            [
                ("", "FIELD_MISSING"),
                (TOWNSHIP, "AREA_UNKNOWN"),
                ("510104999001", "AREA_UNKNOWN"),
                ("51010401700x", "AREA_UNKNOWN"),
                (LONG, "AREA_UNKNOWN"),
                (f"{OTHER_TOWNSHIP}001", "OUTSIDE_SCOPE"),
            ],
        ),
        *cases("name", TEXTS),
        *cases("kind", CODES),
        *cases("since", DAYS),
        *cases(
            "until", [("2015-01-01", "INTERVAL_REVERSED"), ("2014-01-01", "INTERVAL_REVERSED"), (LONG, "DATE_INVALID")]
        ),
        *cases("elderly", [(value, "AMOUNT_INVALID") for value in (-1, 0, -(2**31), 1_000_001, 2**31 - 1)]),
        *cases("elderly_on", DAYS),
    ],
)
async def test_profile_community_names_the_wrong_field(service, field, value, reason):
    with pytest.raises(DomainError) as refused:
        await service(profile_community, a_profile_community(**{field: value}))

    assert (refused.value.reason, refused.value.field) == (reason, field)
    assert await service.rows(Community) == []


async def test_a_partner_profiles_communities_of_its_subtree_only(service):
    with pytest.raises(DomainError) as refused:
        await service(profile_community, a_profile_community(by=partner("civil_affairs-510700")))

    assert (refused.value.reason, refused.value.field) == ("OUTSIDE_SCOPE", "community")


async def test_the_latest_profile_of_a_caller_counts(service):
    await service(profile_community, a_profile_community())
    await service(profile_community, a_profile_community(name="新名"), "r-2")

    community = (await service.store.get_many(Community, [COMMUNITY]))[COMMUNITY].aggregate
    assert (community.version, community.facts().name) == (2, "新名")


def test_the_contract_of_the_builders_is_the_one_asked_for():
    assert a_contract_seen().id == CONTRACT
