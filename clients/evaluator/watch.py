"""Follows the log and its checkpoints as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from heapq import heappop, heappush
from typing import Any

from aiokafka import TopicPartition

from clients.evaluator.logs import CHECKPOINTS, TOPICS, Entry, KafkaLog, Place
from clients.evaluator.notes import Checkpoint, NoteInvalid, Verifier
from clients.evaluator.replay import Difference, Replay
from clients.evaluator.tree import leaf_data

_PATIENCE_MS = 500
_PER_READ = 5_000


async def watch(bootstrap_servers: str, verifier: Verifier, **options: Any) -> AsyncIterator[Checkpoint]:
    """Each checkpoint that agrees, after the replay of all before it. Raises Difference at an entry or a checkpoint
    that does not, LogUnreadable when nobody answers.
    """
    async with KafkaLog.open(bootstrap_servers, **options) as log:
        ends = await log.ends((*TOPICS, CHECKPOINTS))
        watched = _Watched(Replay(place for place in ends if place[0] in TOPICS))
        places = [TopicPartition(*place) for place in ends]
        async for record in log.follow(places, per_read=_PER_READ, wait=_PATIENCE_MS):
            place = (record.topic, record.partition)
            if record.topic == CHECKPOINTS:
                try:
                    checkpoint = verifier.checkpoint(record.value or b"")
                except NoteInvalid as error:
                    raise Difference(place, record.offset, str(error)) from None
                place = watched.wait_for(checkpoint)
            else:
                watched.replay.add(Entry(place, record.offset, leaf_data(record.key, record.value, record.headers)))
            for checkpoint in watched.agreed(place):
                yield checkpoint


class _Watched:
    """The log so far, and the checkpoints that speak of more than has come yet, the smallest first."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self._waiting: dict[Place, list[Checkpoint]] = {place: [] for place in replay.trees}

    def wait_for(self, checkpoint: Checkpoint) -> Place:
        place = (checkpoint.topic, checkpoint.partition)
        if place not in self._waiting:
            raise Difference(place, checkpoint.size, "there is a checkpoint of it, and no such log")
        heappush(self._waiting[place], checkpoint)
        return place

    def agreed(self, place: Place) -> Iterator[Checkpoint]:
        """Those that the log has reached. Raises Difference."""
        waiting, tree = self._waiting[place], self.replay.trees[place]
        while waiting and waiting[0].size <= tree.size:
            checkpoint = heappop(waiting)
            if tree.root(checkpoint.size) != checkpoint.root:
                raise Difference(place, checkpoint.size, "a checkpoint does not agree with the log")
            yield checkpoint
