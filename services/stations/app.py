"""The station network, composed: the only file that sees everything."""

from __future__ import annotations

from services.shared.kernel.ports import Clock, Random
from services.shared.runtime.house import House, Streams
from services.shared.runtime.issuer import ServiceToken
from services.shared.runtime.kafka_streams import KafkaStreams
from services.shared.runtime.lifecycle import App
from services.shared.runtime.neighbours import Neighbour
from services.shared.runtime.settings import Settings
from services.stations.api import StationsServicer
from services.stations.clients import FundingClient, RegistryClient
from services.stations.consumers import Departments, OwnStations, Talents
from services.stations.storage import KINDS
from swtalent.stations.v1.stations_service_pb2_grpc import add_StationsServiceServicer_to_server


async def compose(
    settings: Settings, *, streams: Streams | None = None, clock: Clock | None = None, random: Random | None = None
) -> App:
    """Tests give other ways to the log, another clock, other randomness."""
    house = await House.open(settings, KINDS, streams=streams or KafkaStreams(settings), clock=clock, random=random)
    token = ServiceToken(settings, house.clock)
    funding = Neighbour("funding", settings, tokens=token)
    registry = Neighbour("registry", settings, tokens=token)
    house.add(funding)
    house.add(registry)
    house.serve(
        add_StationsServiceServicer_to_server,
        StationsServicer(
            store=house.store,
            lanes=house.lanes,
            contracts=FundingClient(funding),
            operators=RegistryClient(registry),
            clock=house.clock,
        ),
    )
    house.read(Departments(clock=house.clock).reader())
    house.read(Talents())
    house.read(OwnStations())
    return house.app()
