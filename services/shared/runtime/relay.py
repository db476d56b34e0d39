"""Moves stored events to Kafka: woken, not polled; marked as sent only after the broker acknowledged them."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.ports import Clock, Outbox, Unsent
from services.shared.runtime.metrics import METRICS, Counter
from services.shared.runtime.stream_ports import Publisher, Tell, untold

CHUNK = 2000
UNREACHABLE_AFTER_S = 5.0
# Reading keeps the loop busy: a chunk's batches should be on the wire before.
LET_IT_LEAVE_S = 0.001
SHORTEST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0

_log = structlog.stdlib.get_logger()
_sent = Counter("swtalent_relay_sent", "Events acknowledged by Kafka", registry=METRICS)
_unknown = Counter("swtalent_relay_unknown", "Events whose fate was unknown; sent again", registry=METRICS)


class Relay:
    """Sends what the outbox holds, lowest first, again and again until acknowledged.

    So events of one aggregate reach Kafka in the order of their versions; they may be repeated, byte-identical, and
    none is missing before another. A broker that is away only delays: commands and reads go on.
    """

    name = "relay"

    def __init__(
        self,
        outbox: Outbox,
        publisher: Publisher,
        *,
        clock: Clock,
        tell: Tell = untold,
        drain_s: float = 5.0,
        chunk: int = CHUNK,
    ) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._clock = clock
        self._tell = tell
        self._drain_s = drain_s
        self._chunk = chunk
        self._serving = False
        self._mark: asyncio.Task[None] | None = None
        self._marking: frozenset[Any] = frozenset()
        self._read_ahead: list[Unsent] = []
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self.run())

    async def stop(self) -> None:
        """Send what is there for `drain_s` at most, then leave; the rest is sent after the next start."""
        if self._task is not None:
            emptied = asyncio.create_task(self._emptied(self._task))
            await asyncio.wait([emptied], timeout=self._drain_s)
            for task in (emptied, self._task):
                task.cancel()
            await asyncio.wait([emptied, self._task])
        await self._publisher.stop()

    async def run(self) -> None:
        failing_since = None
        pause = SHORTEST_PAUSE_S
        while True:
            began = self._clock.now()
            done = await self._step()
            if done is None:
                await self._outbox.woken()
            elif done:
                failing_since, pause = None, SHORTEST_PAUSE_S
                self._serve(True)
            else:
                failing_since = failing_since or began
                if (self._clock.now() - failing_since).total_seconds() >= UNREACHABLE_AFTER_S:
                    self._serve(False)
                await self._clock.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _step(self) -> bool | None:
        """As `once`; with nothing to send, the broker must have answered once before the relay rests."""
        try:
            done = await self.once()
            if done is None and not self._serving:
                done = await self._publisher.ready()
        except StoreUnavailable:
            return False
        except Exception:  # noqa: BLE001 - it must outlive any single failure
            _log.exception("relay failed")
            return False
        return done

    def _serve(self, serving: bool) -> None:
        self._serving = serving
        self._tell(serving, "" if serving else "Kafka does not acknowledge")

    async def once(self) -> bool | None:
        """Send one chunk: None = nothing to send, True = all acknowledged, False = some to be sent again.

        While the broker works on a chunk the next one is read, and the one before is marked.
        """
        unsent, self._read_ahead = self._read_ahead, []
        if not unsent:
            await self._marked()
            unsent = await self._outbox.unsent(self._chunk)
        if not unsent:
            return None
        sending = asyncio.create_task(self._publisher.publish([item.message for item in unsent]))
        try:
            if len(unsent) == self._chunk:
                await self._clock.sleep(LET_IT_LEAVE_S)
                under_way = self._marking.union([item.token for item in unsent])
                self._read_ahead = await self._outbox.unsent(self._chunk, besides=under_way)
        finally:
            acknowledged = await sending
        await self._marked()
        tokens = [item.token for item, acked in zip(unsent, acknowledged, strict=True) if acked]
        if tokens:
            self._marking = frozenset(tokens)
            self._mark = asyncio.create_task(self._outbox.sent(tokens))
            _sent.inc(len(tokens))
        if len(tokens) == len(unsent):
            return True
        # Later versions of what was not acknowledged may have been read: all of it is read again.
        self._read_ahead = []
        _unknown.inc(len(unsent) - len(tokens))
        return False

    async def _marked(self) -> None:
        """Wait for the mark under way. If it fails, those events are sent once more."""
        mark, self._mark = self._mark, None
        try:
            if mark is not None:
                await mark
        finally:
            self._marking = frozenset()

    async def _emptied(self, running: asyncio.Task[None]) -> None:
        """Returns when nothing is unsent."""
        while not running.done() and await self._outbox.unsent(1):
            await self._clock.sleep(SHORTEST_PAUSE_S)
