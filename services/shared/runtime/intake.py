"""The shell of readers: takes windows from the source, settles them, then remembers the offsets. Never raises."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

import structlog

from services.shared.kernel.ports import Clock, Random, Store
from services.shared.runtime.metrics import METRICS, Counter, Histogram
from services.shared.runtime.reader import Reader, Received
from services.shared.runtime.settlement import Settlement
from services.shared.runtime.stream_ports import Place, Source, Tell, untold
from services.shared.runtime.trace import enter_span, trace_context

RETRY_FOR_S = 30.0
SHORTEST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 2.0

_log = structlog.stdlib.get_logger()
_records = Counter("swtalent_intake_records", "Records stored, refused or not ours", ["reader"], registry=METRICS)
_refused = Counter("swtalent_intake_refused", "Records refused", ["reader"], registry=METRICS)
_sought = Counter("swtalent_intake_sought_back", "Windows given up for now", ["reader"], registry=METRICS)
_seconds = Histogram("swtalent_intake_window_seconds", "From records in to stored", ["reader"], registry=METRICS)


class Intake:
    """Feeds readers of the same topics from one source, each window one reader after the other.

    A window is committed before its offsets are, so a crash repeats records and never loses one; readers make repeats
    change nothing. A store that is down or a clash is retried for 30 s, then the window is sought back and the part
    does not serve until it works again; neither ever refuses a record. A record that raises an unknown error is tried
    three times alone before it is refused as DEFECT. A version gap stops its partition at the gap; others go on. What
    one reader could not settle comes again for all.
    """

    settlement = Settlement

    def __init__(
        self,
        source: Source,
        readers: Sequence[Reader],
        store: Store,
        *,
        name: str,
        clock: Clock,
        random: Random,
        tell: Tell = untold,
    ) -> None:
        self.name = f"intake.{name}"
        self._group = name
        self._source = source
        self._readers = readers
        self._store = store
        self._clock = clock
        self._random = random
        self._tell = tell
        self._gaps: dict[Place, str] = {}
        self._leaving = 0
        self._task: asyncio.Task[None] | None = None
        self._committing: asyncio.Task[bool] | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._count = _records.labels(name)
        self._count_refused = _refused.labels(name)
        self._count_sought = _sought.labels(name)
        self._measure = _seconds.labels(name)

    async def start(self) -> None:
        await self._source.start(self)
        self._task = asyncio.create_task(self.run())

    async def stop(self) -> None:
        """Finish the running window and its offsets, then leave the group."""
        self._leaving += 1
        await self._rest()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._source.stop()

    async def run(self) -> None:
        while True:
            records = await self._source.window()
            self._idle.clear()
            try:
                await self.take(records)
            except Exception:  # noqa: BLE001 - whatever is wrong here, no record may be passed over
                _log.exception("seek back after defect", reader=self._group)
                self._source.seek(_starts(records))
                self._tell(False, "defect in the intake")
                await self._clock.sleep(LONGEST_PAUSE_S)
            finally:
                self._idle.set()

    async def assigned(self, places: Collection[Place]) -> None:
        self._forget(places)
        self._report("")

    async def revoked(self, places: Collection[Place]) -> None:
        """Wait for the running window, which is not retried any further, and its offsets; forget the partitions."""
        self._leaving += 1
        try:
            await self._rest()
        finally:
            self._leaving -= 1
        self._forget(places)

    async def take(self, records: Sequence[Received]) -> None:
        """Work through one window; its partitions go on behind what is settled."""
        began = self._clock.now()
        _continue_trace(records)
        if self._gaps:
            records = [r for r in records if (r.topic, r.partition) not in self._gaps]
        again: dict[Place, int] = {}
        stopped: dict[Place, int] = {}
        trouble, patient = "", True
        for reader in self._readers:
            settlement = self.settlement(reader, self._store, records)
            patient &= await self._settle(settlement)
            for place, why in settlement.gaps.items():
                self._gaps[place] = why
                self._source.pause(place)
            again = _earlier(again, _starts(settlement.todo))
            stopped = _earlier(stopped, _starts(settlement.stopped))
            trouble = trouble or (settlement.why if settlement.todo else "")
            self._count_refused.inc(settlement.refused)
        if again:
            self._source.seek(again)
            self._count_sought.inc()
        if patient:
            self._report(trouble)
        reached = _ends(records) | _earlier(stopped, again)
        self._count.inc(sum(record.offset < reached[record.topic, record.partition] for record in records))
        self._measure.observe((self._clock.now() - began).total_seconds())
        await self._remember(reached)

    async def _settle(self, settlement: Settlement) -> bool:
        """False when cut short by a rebalance or stop."""
        since = self._clock.now()
        attempt = 0
        while settlement.todo:
            before = len(settlement.todo)
            await settlement.round()
            if len(settlement.todo) < before:
                since, attempt = self._clock.now(), 0
                continue
            if self._leaving:
                return False
            if (self._clock.now() - since).total_seconds() >= RETRY_FOR_S:
                _log.warning(
                    "seek back", reader=settlement.reader.name, records=len(settlement.todo), why=settlement.why
                )
                return True
            await self._clock.sleep(self._random.fraction() * min(SHORTEST_PAUSE_S * 2**attempt, LONGEST_PAUSE_S))
            attempt += 1
        return True

    async def _remember(self, positions: Mapping[Place, int]) -> None:
        """Commit offsets while the next window runs; at most one such commit travels."""
        if self._committing is not None:
            await asyncio.wait([self._committing])
        self._committing = asyncio.create_task(self._source.commit(positions)) if positions else None

    async def _rest(self) -> None:
        await self._idle.wait()
        if self._committing is not None:
            await asyncio.wait([self._committing])

    def _forget(self, places: Collection[Place]) -> None:
        for place in places:
            self._gaps.pop(place, None)

    def _report(self, trouble: str) -> None:
        why = "; ".join(filter(None, [trouble, *self._gaps.values()]))
        self._tell(not why, why)


def _ends(records: Sequence[Received]) -> dict[Place, int]:
    return {(record.topic, record.partition): record.offset + 1 for record in records}


def _starts(records: Sequence[Received]) -> dict[Place, int]:
    return {(record.topic, record.partition): record.offset for record in reversed(records)}


def _earlier(one: dict[Place, int], other: dict[Place, int]) -> dict[Place, int]:
    return one | {place: min(at, one.get(place, at)) for place, at in other.items()}


def _continue_trace(records: Sequence[Received]) -> None:
    """A record that comes alone goes on with its sender's trace; a full window belongs to nobody's."""
    trace_context.set("")
    if len(records) == 1:
        parent = next((value for name, value in records[0].headers if name == "traceparent"), b"")
        if parent:
            enter_span(parent.decode("ascii", "ignore"))
