"""Funding, composed: the only file that sees everything."""

from __future__ import annotations

from services.funding.api import FundingServicer
from services.funding.consumers import Departments, OwnCommitments
from services.funding.storage import KINDS
from services.shared.kernel.ports import Clock, Random
from services.shared.runtime.house import House, Streams
from services.shared.runtime.kafka_streams import KafkaStreams
from services.shared.runtime.lifecycle import App
from services.shared.runtime.settings import Settings
from swtalent.funding.v1.funding_service_pb2_grpc import add_FundingServiceServicer_to_server


async def compose(
    settings: Settings, *, streams: Streams | None = None, clock: Clock | None = None, random: Random | None = None
) -> App:
    """Tests give other ways to the log, another clock, other randomness."""
    house = await House.open(settings, KINDS, streams=streams or KafkaStreams(settings), clock=clock, random=random)
    house.serve(
        add_FundingServiceServicer_to_server,
        FundingServicer(store=house.store, lanes=house.lanes, clock=house.clock),
    )
    house.read(Departments(clock=house.clock).reader())
    house.read(OwnCommitments())
    return house.app()
