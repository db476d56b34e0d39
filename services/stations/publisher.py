"""OUT: domain event → Kafka record on stations.events.v1, and the wire form of facts that reads serve."""

from __future__ import annotations

from services.shared.runtime import envelope
from services.stations.domain.community import CommunityFacts
from services.stations.domain.station import StationFacts
from swtalent.stations.v1 import events_pb2 as pb


def station_facts(facts: StationFacts) -> pb.StationFacts:
    return envelope.message(pb.StationFacts, facts)


def community_facts(facts: CommunityFacts) -> pb.CommunityFacts:
    return envelope.message(pb.CommunityFacts, facts)


station_messages = envelope.messages("stations", pb.StationEvent)
township_messages = envelope.messages("stations", pb.TownshipEvent)
community_messages = envelope.messages("stations", pb.CommunityEvent)
