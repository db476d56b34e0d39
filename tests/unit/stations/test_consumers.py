from datetime import UTC, datetime
from itertools import permutations

import pytest

from services.shared.kernel.dates import Day
from services.shared.kernel.errors import DomainError
from services.shared.kernel.follower import EventGapError
from services.shared.runtime import envelope
from services.shared.runtime.store.kind import Stamp
from services.shared.runtime.store.memory import MemoryStore
from services.stations.consumers import Departments, OwnStations, Talents
from services.stations.domain.community import Community
from services.stations.domain.station import Station
from services.stations.domain.township import ServedBy, Township
from services.stations.storage import KINDS
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import events_pb2 as registry
from tests.builders.serving import SetClock
from tests.builders.stations import (
    COMMUNITY,
    NEXT_TOWNSHIP,
    TALENT,
    TOWNSHIP,
    a_contract_seen,
    a_station,
    a_worker,
    an_opening,
    an_operator_seen,
)
from tests.builders.window import a_partner_record, a_received, said, window

CLOCK = SetClock(datetime(2025, 6, 30, 4, tzinfo=UTC))
OTHER = "510104018001"


@pytest.fixture
def store():
    return MemoryStore(KINDS, clock=CLOCK)


async def one(store, kind, aggregate_id):
    return (await store.get_many(kind, [aggregate_id]))[aggregate_id].aggregate


def a_talent(version, *places, talent=TALENT, recognised="2020-01-01"):
    """The registry's event of a talent who works at these places since 2020."""
    event = registry.TalentEvent(
        id=talent,
        version=version,
        after=registry.TalentFacts(
            affiliations=[
                registry.Affiliation(id=f"civil_affairs/{place}/worker", place=place, since="2020-01-01")
                for place in places
            ],
            recognitions=[registry.Recognition(ground="degree", since=recognised)] if recognised else [],
        ),
    )
    return a_received(envelope.event("registry", talent, version, event, Stamp("2025-06-30T04:00:00.000Z")))


async def test_a_talent_at_work_makes_a_stub_of_the_community(store):
    await window(store, Talents(), [a_talent(1, COMMUNITY)])

    facts = (await one(store, Community, COMMUNITY)).facts()
    assert (facts.known, facts.workers) == (False, (a_worker(),))


async def test_a_talent_who_moves_is_taken_out_of_the_community_left_behind(store):
    await window(store, Talents(), [a_talent(1, COMMUNITY)])

    await window(store, Talents(), [a_talent(2, OTHER)])

    assert (await one(store, Community, COMMUNITY)).facts().workers == ()
    assert (await one(store, Community, OTHER)).facts().workers == (a_worker(),)


async def test_moves_inside_one_window_end_where_the_last_one_says(store):
    third = "510104019001"

    await window(store, Talents(), [a_talent(1, COMMUNITY), a_talent(2, OTHER), a_talent(3, third)])

    workers = [(await one(store, Community, code)).facts().workers for code in (COMMUNITY, OTHER, third)]
    assert workers == [(), (), (a_worker(),)]


async def test_a_talent_without_lists_any_more_works_nowhere(store):
    """A merge empties the loser's facts."""
    await window(store, Talents(), [a_talent(1, COMMUNITY, OTHER)])

    await window(store, Talents(), [a_talent(2, recognised="")])

    for code in (COMMUNITY, OTHER):
        assert (await one(store, Community, code)).facts().workers == ()


async def test_a_talent_told_again_changes_nothing(store):
    events = [a_talent(1, COMMUNITY), a_talent(2, OTHER)]
    await window(store, Talents(), events)
    version = (await one(store, Community, COMMUNITY)).version

    assert await window(store, Talents(), events) == []
    assert (await one(store, Community, COMMUNITY)).version == version


async def test_a_missing_version_of_a_talent_stops(store):
    with pytest.raises(EventGapError):
        await window(store, Talents(), [a_talent(1, COMMUNITY), a_talent(3, OTHER)])


async def test_other_events_of_the_registry_are_passed_over(store):
    organisation = registry.OrganisationEvent(id="o", version=1)
    record = a_received(envelope.event("registry", "o", 1, organisation, Stamp("2025-06-30T04:00:00.000Z")))

    assert Talents().read(record) is None


async def test_townships_learn_from_the_stations_who_serves_them(store):
    station = a_station(also_serves=(NEXT_TOWNSHIP,))
    change = (await store.get_many(Station, [station.id]))[station.id]
    change.apply(lambda it: it.plan(station.state, on=Day("2025-02-01")))
    await store.commit([change])
    await window(store, OwnStations(), await said(store))
    assert (await one(store, Township, TOWNSHIP)).facts().served_by == ()

    change = (await store.get_many(Station, [station.id]))[station.id]
    change.apply(lambda it: it.open(an_opening(), contract=a_contract_seen(), operator=an_operator_seen()))
    await store.commit([change])
    await window(store, OwnStations(), await said(store))

    for code in (TOWNSHIP, NEXT_TOWNSHIP):
        township = await one(store, Township, code)
        assert township.facts().served_by == (ServedBy(station.id, Day("2025-05-01"), Day("")),)
        assert township.version == 2


def a_community(**changed):
    values = {
        "community": COMMUNITY,
        "name": "水井坊社区",
        "kind": "urban",
        "since": "2015-01-01",
        "elderly": 1200,
        "elderly_on": "2020-11-01",
    }
    return records.CommunityRecord(**{**values, **changed})


async def test_partners_profiles_converge_in_any_order(store):
    sent = [
        a_partner_record(a_community()),
        a_partner_record(a_community(name="新名"), revision=2),
        a_partner_record(a_community(kind="rural", since="2010-01-01"), record_id="r2"),
    ]
    seen = set()
    for order in permutations(sent):
        store = MemoryStore(KINDS, clock=CLOCK)
        reader = Departments(clock=CLOCK).reader()
        for record in (*order, *order):
            await window(store, reader, [record])
        seen.add((await one(store, Community, COMMUNITY)).facts())

    assert len(seen) == 1
    assert seen.pop().name == "新名"


async def test_one_revision_says_one_thing(store):
    reader = Departments(clock=CLOCK).reader()
    await window(store, reader, [a_partner_record(a_community())])

    with pytest.raises(DomainError) as refused:
        await window(store, reader, [a_partner_record(a_community(name="别名"))])

    assert refused.value.reason == "REVISION_REUSED"


async def test_one_record_is_about_one_community(store):
    reader = Departments(clock=CLOCK).reader()
    await window(store, reader, [a_partner_record(a_community())])

    (outcome,) = await window(store, reader, [a_partner_record(a_community(community=OTHER), revision=2)])

    assert (outcome.claim, outcome.holder) == ("record/civil_affairs/r1", COMMUNITY)
