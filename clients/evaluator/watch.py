"""Follows the log and its checkpoints as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiokafka import TopicPartition

from clients.evaluator.logs import CHECKPOINTS, TOPICS, Entry, KafkaLog, Place
from clients.evaluator.notes import Checkpoint, Verifier
from clients.evaluator.replay import Difference, Replay
from clients.evaluator.tree import leaf_data

_PATIENCE_MS = 500
_PER_READ = 5_000


async def watch(bootstrap_servers: str, verifier: Verifier, **options: Any) -> AsyncIterator[Checkpoint]:
    """Each checkpoint that agrees, after the replay of all before it. Raises Difference at one that does not,
    NoteInvalid for one that is not signed, LogUnreadable when nobody answers.
    """
    async with KafkaLog.open(bootstrap_servers, **options) as log:
        ends = await log.ends((*TOPICS, CHECKPOINTS))
        replay = Replay(place for place in ends if place[0] in TOPICS)
        waiting: dict[Place, list[Checkpoint]] = {}
        async for record in log.follow(
            [TopicPartition(*place) for place in ends], per_read=_PER_READ, wait=_PATIENCE_MS
        ):
            place = (record.topic, record.partition)
            if record.topic == CHECKPOINTS:
                checkpoint = verifier.checkpoint(record.value or b"")
                waiting.setdefault((checkpoint.topic, checkpoint.partition), []).append(checkpoint)
                place = (checkpoint.topic, checkpoint.partition)
            else:
                replay.add(Entry(place, record.offset, leaf_data(record.key, record.value, record.headers)))
            for checkpoint in _settle(replay, waiting, place):
                yield checkpoint


def _settle(replay: Replay, waiting: dict[Place, list[Checkpoint]], place: Place) -> list[Checkpoint]:
    tree = replay.trees.get(place)
    agreed = []
    for checkpoint in [it for it in waiting.get(place, ()) if tree is None or it.size <= tree.size]:
        if tree is None or tree.root(checkpoint.size) != checkpoint.root:
            raise Difference(place, checkpoint.size, "a checkpoint does not agree with the log")
        waiting[place].remove(checkpoint)
        agreed.append(checkpoint)
    return agreed
