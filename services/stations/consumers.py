"""IN: Kafka → commands. Partners profile communities; the registry's talents become their workers; the stations' own
events say which townships are served. No rules here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from services.shared.kernel.area import COMMUNITY
from services.shared.kernel.dates import Day
from services.shared.kernel.follower import Follower, hear
from services.shared.kernel.ports import Clock
from services.shared.kernel.step import Step
from services.shared.runtime.envelope import EVENT_TOPICS, header
from services.shared.runtime.filled import filled
from services.shared.runtime.partner_records import PartnerRecords, Sender
from services.shared.runtime.reader import Changes, Received, Ref, Task
from services.stations.commands import profile_community
from services.stations.domain.community import Community, Worker
from services.stations.domain.station import townships_served
from services.stations.domain.township import ServedBy, Township
from services.stations.domain.workplaces import communities_of
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import events_pb2 as registry
from swtalent.stations.v1 import events_pb2 as stations


class Departments:
    """Each record type of partner/v1 that the station network owns, as the command of the same name."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def reader(self) -> PartnerRecords:
        return PartnerRecords("stations", {"CommunityRecord": self.community})

    def community(self, record: records.CommunityRecord, sender: Sender) -> Step:
        return profile_community.step(
            filled(profile_community.ProfileCommunity, record, by=sender.partner, origin=sender.origin),
            today=self._clock.day(),
        )


class _TalentSeen(msgspec.Struct, frozen=True):
    follower: str
    event: registry.TalentEvent


class Talents:
    """The registry's talents: who works in which community. One who moves is taken out of the community left behind,
    which the follower remembers.
    """

    name = "talents"
    topics = (EVENT_TOPICS["registry"],)

    def read(self, record: Received) -> Task | None:
        if header(record.headers, "ce_type") != registry.TalentEvent.DESCRIPTOR.full_name.encode():
            return None
        event = registry.TalentEvent.FromString(record.value or b"")
        if event.version == 1 and not _in_communities(event):
            return None  # nobody before it, nothing to do for it: most
        follower = f"workers/{event.id}"
        return Task(((Follower, follower),), _TalentSeen(follower, event))

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        seen: _TalentSeen = task.content
        before = changes(Follower, seen.follower).aggregate.state.written_to
        places = {it.place for it in seen.event.after.affiliations if len(it.place) == COMMUNITY}
        return [(Community, code) for code in places.union(before)]

    def apply(self, task: Task, changes: Changes) -> None:
        seen: _TalentSeen = task.content
        event = seen.event
        follower = changes(Follower, seen.follower)
        if not (follower.aggregate.exists or _in_communities(event)):
            return
        if not follower.aggregate.is_next(event.version):
            return
        work = communities_of(
            event.id,
            [(it.place, it.since, it.until) for it in event.after.affiliations],
            recognised=[(it.since, it.until) for it in event.after.recognitions],
        )
        for code in work.keys() | set(follower.aggregate.state.written_to):
            hear(changes(Community, code), event.id, event.version, _employ(event.id, work.get(code, ())))
        follower.apply(lambda it: it.see(event.version, tuple(sorted(work))))


class _StationSeen(msgspec.Struct, frozen=True):
    follower: str
    event: stations.StationEvent
    serves: tuple[str, ...]


class OwnStations:
    """Saga on the stations' own events: which townships each of them serves, and since when."""

    name = "own-stations"
    topics = (EVENT_TOPICS["stations"],)

    def read(self, record: Received) -> Task | None:
        if header(record.headers, "ce_type") != stations.StationEvent.DESCRIPTOR.full_name.encode():
            return None
        event = stations.StationEvent.FromString(record.value or b"")
        follower = f"served/{event.id}"
        after = event.after
        serves = townships_served(kind=after.kind, area=after.area, also_serves=after.also_serves)
        return Task(((Follower, follower),), _StationSeen(follower, event, serves))

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        seen: _StationSeen = task.content
        before = changes(Follower, seen.follower).aggregate.state.written_to
        return [(Township, code) for code in {*seen.serves, *before}]

    def apply(self, task: Task, changes: Changes) -> None:
        seen: _StationSeen = task.content
        event = seen.event
        follower = changes(Follower, seen.follower)
        if not follower.aggregate.is_next(event.version):
            return
        times = tuple(
            ServedBy(event.id, Day(it.since), Day(it.until)) for it in event.after.statuses if it.status == "operating"
        )
        for code in {*seen.serves, *follower.aggregate.state.written_to}:
            serve = _serve(event.id, times if code in seen.serves else None)
            hear(changes(Township, code), event.id, event.version, serve)
        follower.apply(lambda it: it.see(event.version, seen.serves))


def _in_communities(event: registry.TalentEvent) -> bool:
    return any(len(it.place) == COMMUNITY for it in event.after.affiliations)


def _employ(talent: str, work: tuple[Worker, ...]) -> Callable[[Community], None]:
    return lambda community: community.employ(talent, work)


def _serve(station: str, times: tuple[ServedBy, ...] | None) -> Callable[[Township], None]:
    return lambda township: township.serve(station, times)
