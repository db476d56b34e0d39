"""OUT: aggregate ↔ document and claims of the station network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from services.shared.kernel.follower import Followed, Follower
from services.shared.runtime.store.kind import Kind
from services.stations import publisher
from services.stations.domain.community import Community, CommunityState
from services.stations.domain.station import Station, StationFacts
from services.stations.domain.township import Township, TownshipState

_encode = msgspec.json.Encoder().encode


def _decoder(state: type[Any]) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(state).decode


def _community_claims(community: Community) -> list[str]:
    """A partner's record is about one community."""
    origins = (it.origin for it in community.state.profiles)
    return [f"record/{origin.system}/{origin.record_id}" for origin in origins if origin.revision]


KINDS = (
    Kind(
        aggregate=Station,
        encode=_encode,
        decode=_decoder(StationFacts),
        messages=publisher.station_messages,
    ),
    Kind(
        aggregate=Township,
        encode=_encode,
        decode=_decoder(TownshipState),
        messages=publisher.township_messages,
    ),
    Kind(
        aggregate=Community,
        encode=_encode,
        decode=_decoder(CommunityState),
        claims=_community_claims,
        messages=publisher.community_messages,
    ),
    Kind(aggregate=Follower, encode=_encode, decode=_decoder(Followed)),
)
