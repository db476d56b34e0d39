"""Evaluation, composed: the only file that sees everything."""

from __future__ import annotations

from services.evaluation.api import EvaluationServicer
from services.evaluation.commands.fold_records import Fold
from services.evaluation.commands.publish_checkpoints import Checkpoints
from services.evaluation.commands.set_reference import catalogue, set_reference
from services.evaluation.consumers import CheckpointLoop, FoldLoop, decode
from services.evaluation.data import reference_rows
from services.evaluation.domain.table import Table
from services.evaluation.ports import Log, LogUnavailable
from services.evaluation.publisher import CheckpointTopic, EvidenceKey
from services.evaluation.storage import KINDS
from services.shared.kernel.ports import Clock, Random
from services.shared.runtime import keys
from services.shared.runtime.envelope import EVENT_TOPICS
from services.shared.runtime.house import House, Streams
from services.shared.runtime.kafka import connection_of
from services.shared.runtime.kafka_log import KafkaLog
from services.shared.runtime.kafka_streams import KafkaStreams
from services.shared.runtime.lifecycle import App, Persistent
from services.shared.runtime.settings import Settings
from swtalent.evaluation.v1.evaluation_service_pb2_grpc import add_EvaluationServiceServicer_to_server

# Of every event topic, for ever: growth is another topic with a recorded cut (deploy/topics.yaml).
PARTITIONS = 12


async def compose(
    settings: Settings,
    *,
    streams: Streams | None = None,
    log: Log | None = None,
    clock: Clock | None = None,
    random: Random | None = None,
) -> App:
    """Tests give other ways to the log, another clock, other randomness."""
    notary = EvidenceKey(keys.load(settings.keys_dir, "evidence"))
    streams = streams or KafkaStreams(settings)
    house = await House.open(settings, KINDS, streams=streams, clock=clock, random=random)
    rows = reference_rows()
    await set_reference(rows, store=house.store)
    definitions = await catalogue(rows, store=house.store)
    log = log or KafkaLog(
        connection_of(settings),
        topics=list(EVENT_TOPICS.values()),
        partitions=PARTITIONS,
        group="evaluation.fold",
        unavailable=LogUnavailable,
    )
    fold = Fold(store=house.store, decode=decode, table=Table())
    for topic in EVENT_TOPICS.values():
        for number in range(PARTITIONS):
            await fold.load((topic, number))
    sink = CheckpointTopic(streams.publisher(), clock=house.clock)
    checkpoints = CheckpointLoop(
        Checkpoints(fold=fold, notary=notary, sink=sink, deployment=settings.deployment),
        stored=fold.stored,
        stop_sink=sink.stop,
        clock=house.clock,
    )
    loop = FoldLoop(
        fold=fold,
        log=log,
        clock=house.clock,
        tell=lambda serving, why: house.health.mark("intake", serving, why=why),
    )
    house.add(checkpoints)
    house.add(Persistent(loop, started=lambda: None, clock=house.clock, random=house.random))
    house.serve(
        add_EvaluationServiceServicer_to_server,
        EvaluationServicer(
            fold=fold,
            log=log,
            catalogue=definitions,
            notary=notary,
            deployment=settings.deployment,
            store=house.store,
            lanes=house.lanes,
            clock=house.clock,
        ),
    )
    return house.app()
