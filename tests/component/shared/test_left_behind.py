"""A replica that lost its partition, and wakes up between two loads, never writes older facts over newer ones."""

from datetime import UTC, datetime

import pytest

from services.registry import storage as registry_storage
from services.registry.consumers.contracts import Contracts
from services.registry.consumers.own_headcounts import OwnHeadcounts
from services.registry.consumers.own_talents import OwnTalents
from services.registry.domain.headcount import Headcount, headcount_id
from services.registry.domain.organisation import Organisation
from services.shared.kernel.follower import Follower
from services.shared.runtime.reader import Received
from services.shared.runtime.settlement import Settlement
from services.shared.runtime.store.memory import MemoryStore
from services.stations import storage as stations_storage
from services.stations.consumers import OwnStations, Talents
from services.stations.domain.community import Community
from services.stations.domain.township import Township
from swtalent.funding.v1 import events_pb2 as funding
from swtalent.registry.v1 import events_pb2 as registry
from swtalent.stations.v1 import events_pb2 as stations
from tests.builders.partner import A_USCC
from tests.builders.serving import SetClock
from tests.builders.stations import TOWNSHIP

CLOCK = SetClock(datetime(2025, 6, 30, 4, tzinfo=UTC))
COMMUNITY_CODE = TOWNSHIP + "001"
COUNTY = TOWNSHIP[:6]


def in_post(version, until):
    work = registry.Affiliation(organisation=A_USCC, post="p1", since="2020-01-01", until=until)
    return registry.TalentEvent(id="t1", version=version, after=registry.TalentFacts(affiliations=[work]))


def counting(version, until):
    work = registry.Affiliation(place=COUNTY, since="2020-01-01", until=until)
    held = registry.Certificate(level="assistant", passed_on="2019-06-16")
    facts = registry.TalentFacts(affiliations=[work], certificates=[held])
    return registry.TalentEvent(id="t1", version=version, after=facts)


def in_community(version, until):
    work = registry.Affiliation(place=COMMUNITY_CODE, since="2020-01-01", until=until)
    return registry.TalentEvent(id="t1", version=version, after=registry.TalentFacts(affiliations=[work]))


def under_contract(version, until):
    facts = funding.ContractFacts(provider=A_USCC, since="2020-01-01", until=until)
    return funding.ContractEvent(id="c1", version=version, after=facts)


def operating(version, until):
    status = stations.StationStatus(status="operating", since="2020-01-01", until=until)
    facts = stations.StationFacts(kind="station", area=TOWNSHIP, statuses=[status])
    return stations.StationEvent(id="s1", version=version, after=facts)


SAGAS = {
    "headcounts": (OwnHeadcounts, registry_storage.KINDS, counting, Headcount, headcount_id(COUNTY, "t1")),
    "posts": (OwnTalents, registry_storage.KINDS, in_post, Organisation, A_USCC),
    "contracts": (Contracts, registry_storage.KINDS, under_contract, Organisation, A_USCC),
    "workers": (Talents, stations_storage.KINDS, in_community, Community, COMMUNITY_CODE),
    "townships": (OwnStations, stations_storage.KINDS, operating, Township, TOWNSHIP),
}


def received(event):
    headers = (("ce_type", event.DESCRIPTOR.full_name.encode()),)
    return Received("", 0, event.version, event.id.encode(), event.SerializeToString(), headers, 0)


async def settle(reader, store, *events):
    settlement = Settlement(reader, store, [received(event) for event in events])
    while settlement.todo:
        await settlement.round()
    assert not settlement.refused


class Asleep:
    """The store as seen by the one that falls asleep once it has read how far its reader is."""

    def __init__(self, store, meanwhile):
        self._store, self._meanwhile = store, meanwhile
        self.commit = store.commit

    async def get_many(self, kind, ids, causes=None):
        loaded = await self._store.get_many(kind, ids, causes)
        if kind is Follower and self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            await meanwhile
        return loaded


@pytest.mark.parametrize("saga", SAGAS)
async def test_older_facts_are_not_written_over_newer_ones(saga):
    reader, kinds, event, target, target_id = SAGAS[saga]
    store = MemoryStore(kinds, clock=CLOCK)
    first, older, newer = event(1, ""), event(2, "2022-01-01"), event(3, "2023-01-01")

    async def written():
        return (await store.get_many(target, [target_id]))[target_id].aggregate.state

    await settle(reader(), store, first)
    before = await written()
    await settle(reader(), Asleep(store, settle(reader(), store, older, newer)), older)

    assert await written() != before
    assert "2023-01-01" in repr(await written())
    assert "2022-01-01" not in repr(await written())
