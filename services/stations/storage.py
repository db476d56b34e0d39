"""OUT: aggregate ↔ document and claims of the station network."""

from __future__ import annotations

from services.shared.kernel.follower import Followed, Follower
from services.shared.runtime.store.kind import json_kind
from services.stations import publisher
from services.stations.domain.community import Community, CommunityState
from services.stations.domain.station import Station, StationFacts
from services.stations.domain.township import Township, TownshipState


def _community_claims(community: Community) -> list[str]:
    """A partner's record is about one community."""
    origins = (it.origin for it in community.state.profiles)
    return [f"record/{origin.system}/{origin.record_id}" for origin in origins if origin.revision]


KINDS = (
    json_kind(
        Station,
        StationFacts,
        messages=publisher.station_messages,
    ),
    json_kind(
        Township,
        TownshipState,
        messages=publisher.township_messages,
    ),
    json_kind(
        Community,
        CommunityState,
        claims=_community_claims,
        messages=publisher.community_messages,
    ),
    json_kind(Follower, Followed),
)
