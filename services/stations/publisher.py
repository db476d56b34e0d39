"""OUT: domain event → Kafka record on stations.events.v1, and the wire form of facts that reads serve."""

from __future__ import annotations

from services.shared.kernel.aggregate import Recorded
from services.shared.kernel.ports import Message
from services.shared.runtime import envelope
from services.shared.runtime.store.kind import Stamp
from services.stations.domain import community, station
from services.stations.domain.community import CommunityFacts
from services.stations.domain.station import StationFacts
from services.stations.domain.township import TownshipFacts
from swtalent.common.v1 import evidence_pb2
from swtalent.stations.v1 import events_pb2 as pb


def station_facts(facts: StationFacts) -> pb.StationFacts:
    fields = envelope.fields_of(facts)
    fields["statuses"] = [pb.StationStatus(**envelope.fields_of(it)) for it in facts.statuses]
    fields["staff"] = [pb.StationStaff(**envelope.fields_of(it)) for it in facts.staff]
    fields["path_evidence"] = [evidence_pb2.Evidence(**envelope.fields_of(it)) for it in facts.path_evidence]
    return pb.StationFacts(**fields)


def township_facts(facts: TownshipFacts) -> pb.TownshipFacts:
    return pb.TownshipFacts(served_by=[pb.ServedBy(**envelope.fields_of(it)) for it in facts.served_by])


def community_facts(facts: CommunityFacts) -> pb.CommunityFacts:
    return pb.CommunityFacts(
        known=facts.known,
        name=facts.name,
        kinds=[pb.CommunityKind(**envelope.fields_of(it)) for it in facts.kinds],
        elderly=[pb.ElderlyCount(**envelope.fields_of(it)) for it in facts.elderly],
        workers=[pb.CommunityWorker(**envelope.fields_of(it)) for it in facts.workers],
    )


def station_messages(station_id: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
    body = pb.StationEvent(id=station_id, version=recorded.version, after=station_facts(recorded.facts))
    if isinstance(recorded.event, station.StationPlanned):
        body.station_planned.CopyFrom(pb.StationPlanned(**envelope.fields_of(recorded.event)))
    else:
        body.station_opened.CopyFrom(pb.StationOpened(**envelope.fields_of(recorded.event)))
    return (envelope.event("stations", station_id, recorded.version, body, stamp),)


def township_messages(township: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
    body = pb.TownshipEvent(
        id=township,
        version=recorded.version,
        after=township_facts(recorded.facts),
        township_service_changed=pb.TownshipServiceChanged(**envelope.fields_of(recorded.event)),
    )
    return (envelope.event("stations", township, recorded.version, body, stamp),)


def community_messages(code: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
    body = pb.CommunityEvent(id=code, version=recorded.version, after=community_facts(recorded.facts))
    if isinstance(recorded.event, community.CommunityProfiled):
        body.community_profiled.CopyFrom(pb.CommunityProfiled(**envelope.fields_of(recorded.event)))
    else:
        body.community_workers_changed.CopyFrom(pb.CommunityWorkersChanged(**envelope.fields_of(recorded.event)))
    return (envelope.event("stations", code, recorded.version, body, stamp),)
