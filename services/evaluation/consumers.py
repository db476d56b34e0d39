"""IN: records of the four event topics → fold. No rules here: what a record contributes is in domain/contributions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import structlog
from google.protobuf.message import DecodeError

from services.evaluation.commands.fold_records import Fold, PositionLost
from services.evaluation.commands.publish_checkpoints import Checkpoints
from services.evaluation.domain.contributions import network, organisation, reference, talent, training
from services.evaluation.domain.contributions.months import Cells
from services.evaluation.domain.folded import Place, subject_id
from services.evaluation.domain.merkle import Record
from services.evaluation.domain.partition import DEFECT, TREE_FORKED, Event, Unread
from services.evaluation.ports import Log, LogUnavailable
from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.ports import Clock
from services.shared.runtime.envelope import EVENT_TOPICS
from services.shared.runtime.metrics import METRICS, Counter, Gauge, Histogram
from services.shared.runtime.stream_ports import Tell, untold
from swtalent.evaluation.v1 import events_pb2 as evaluation_pb
from swtalent.funding.v1 import events_pb2 as funding_pb
from swtalent.registry.v1 import events_pb2 as registry_pb
from swtalent.stations.v1 import events_pb2 as stations_pb

STORE_AFTER_S = 1.0
STORE_AFTER_RECORDS = 20_000
_READ_FOR_S = 0.5
_PAUSE_S = 0.5

_log = structlog.stdlib.get_logger(__name__)
_folded = Counter("swtalent_fold_records_total", "Records folded", ["topic"], registry=METRICS)
_stopped = Gauge("swtalent_fold_stopped", "Partitions stopped: alarm", ["why"], registry=METRICS)
_storing = Histogram("swtalent_fold_store_seconds", "From the first shard to the last position", registry=METRICS)


def _nothing(_: str, __: object) -> Cells:
    return {}


_CONTRIBUTIONS: dict[str, Sequence[tuple[Any, Callable[[str, Any], Cells]]]] = {
    "registry": (
        (registry_pb.TalentEvent, talent.contributions),
        (registry_pb.OrganisationEvent, organisation.contributions),
        (registry_pb.IdentityCaseEvent, _nothing),
        (registry_pb.TrainingSessionEvent, training.session),
        (registry_pb.SheetEvent, _nothing),
        (registry_pb.ExamSittingEvent, _nothing),
        (registry_pb.GraduateCohortEvent, training.cohort),
        (registry_pb.ProgrammeEvent, _nothing),
        (registry_pb.CatalogueEvent, _nothing),
        (registry_pb.CallUpEvent, _nothing),
    ),
    "stations": (
        (stations_pb.StationEvent, network.station),
        (stations_pb.TownshipEvent, network.township),
        (stations_pb.CommunityEvent, network.community),
    ),
    "funding": (
        (funding_pb.BudgetLineEvent, _nothing),
        (funding_pb.ContractEvent, _nothing),
    ),
    "evaluation": (
        (evaluation_pb.AreaEvent, reference.area),
        (evaluation_pb.PopulationEvent, reference.population),
        (evaluation_pb.IndicatorEvent, _nothing),
        (evaluation_pb.TargetEvent, _nothing),
        (evaluation_pb.StatementEvent, _nothing),
    ),
}
# (topic, ce_type) → parse, prefix of the subject's id, contributions
_EVENTS = {
    (EVENT_TOPICS[service], event.DESCRIPTOR.full_name.encode()): (
        event.FromString,
        subject_id(event.DESCRIPTOR.name, ""),
        contributions,
    )
    for service, events in _CONTRIBUTIONS.items()
    for event, contributions in events
}


def decode(place: Place, record: Record) -> Event | Unread:
    """Only id, version and facts of an event matter here."""
    type_ = b""
    for name, value in record.headers:
        if name == "ce_type":
            type_ = value or b""
            break
    known = _EVENTS.get((place[0], type_))
    name = type_[:128].decode("ascii", "replace")
    if known is None or record.value is None:
        return Unread(name or "(no ce_type)")
    parse, prefix, contributions = known
    try:
        body = parse(record.value)
    except DecodeError:
        return Unread(f"{name} (does not decode)")
    aggregate_id = body.id
    if not aggregate_id or not body.version:
        return Unread(f"{name} (no id or version)")
    return Event(prefix + aggregate_id, body.version, partial(contributions, aggregate_id, body.after))


class FoldLoop:
    """Reads the log from where the store stands, folds, stores after a second or 20,000 records, shows the offsets.

    Never passes over a record: a store that is down or a clash makes it load anew and read again from the stored size;
    a partition with a gap, another past or a defect stops, and the others go on.
    """

    name = "fold"

    def __init__(self, *, fold: Fold, log: Log, clock: Clock, tell: Tell = untold) -> None:
        self._fold = fold
        self._log = log
        self._clock = clock
        self._tell = tell
        self._since: float | None = None
        self._task: asyncio.Task[None] | None = None
        self._showing: asyncio.Task[None] | None = None
        self._stopping = False
        self._waiting = False
        self._shown: dict[Place, int] = {}

    async def start(self) -> None:
        """Raises when the log cannot be reached."""
        await self._log.start()
        try:
            async with self._fold.lock:
                await self.check()
        except BaseException:
            await self._log.stop()
            raise
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Finish the running turn, store what was folded, let go of the log."""
        self._stopping = True
        if self._task is not None:
            await asyncio.wait([self._task])
        async with self._fold.lock:
            try:
                await self._store()
            except (PositionLost, StoreUnavailable) as error:
                _log.warning("fold again after the next start", error=type(error).__name__)
        if self._showing is not None:
            await asyncio.wait([self._showing])
        await self._log.stop()

    async def check(self) -> None:
        """▲ Before the first fold: the log begins at 0 and still holds what was folded. Then read on from there, one
        record earlier, so that the last one is compared too.
        """
        bounds = await self._log.bounds()
        for place, partition in self._fold.partitions.items():
            first, end = bounds.get(place, (0, 0))
            if first != 0 or end < partition.size:
                self._stop(place, TREE_FORKED, first=first, end=end, size=partition.size)
            else:
                self._log.seek(place, max(partition.size - 1, 0))
        self._report()

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self.turn()
                if self._waiting:
                    self._waiting = False
                    self._report()
            except (PositionLost, StoreUnavailable, LogUnavailable) as error:
                _log.warning("fold waits", error=type(error).__name__, why=str(error))
                self._waiting = True
                self._tell(False, str(error))
                await self._clock.sleep(_PAUSE_S)
            except Exception:  # noqa: BLE001 - it must outlive any single failure
                _log.exception("fold failed")
                await self._clock.sleep(_PAUSE_S)

    async def turn(self) -> None:
        """Recover what was lost, read once, fold, store when it is time."""
        fold = self._fold
        if fold.lost:
            async with fold.lock:
                for place in sorted(fold.lost):
                    partition = await fold.load(place)
                    self._log.seek(place, max(partition.size - 1, 0))
            self._report()
        records = await self._log.read(wait_s=self._patience())
        async with fold.lock:
            todo = set(records)
            try:
                for place, batch in records.items():
                    if place not in fold.lost:
                        await self._fold_batch(place, batch)
                    todo.discard(place)
            except StoreUnavailable:
                fold.lost |= todo
                raise
            if records and self._since is None:
                self._since = self._seconds()
            if self._due():
                await self._store()

    async def _fold_batch(self, place: Place, batch: Sequence[Record]) -> None:
        partition = self._fold.partitions[place]
        if partition.stopped:
            return
        try:
            why = await self._fold.fold(place, batch)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 - a record that cannot be folded must not be passed over, nor stop the others
            _log.exception("fold stops", topic=place[0], partition=place[1], after=partition.size)
            why = DEFECT
        _folded.labels(place[0]).inc(len(batch))
        if why:
            self._stop(place, why, size=partition.size)
            self._report()

    async def _store(self) -> None:
        dirty = [place for place, partition in self._fold.partitions.items() if partition.dirty]
        self._since = None
        if not dirty:
            return
        with _storing.time():
            await self._fold.commit(dirty)
        await self._show()

    async def _show(self) -> None:
        """Offsets travel while the next records are folded; at most one such commit at a time."""
        if self._showing is not None:
            await asyncio.wait([self._showing])
        stored = {place: it.position.size for place, it in self._fold.partitions.items()}
        news = {place: size for place, size in stored.items() if size != self._shown.get(place, 0)}
        self._shown.update(news)
        self._showing = asyncio.create_task(self._log.commit(news))

    def _stop(self, place: Place, why: str, **details: int) -> None:
        self._fold.partitions[place].stopped = why
        self._log.pause(place)
        _log.error("partition stopped", topic=place[0], partition=place[1], why=why, **details)

    def _report(self) -> None:
        stopped = {place: it.stopped for place, it in self._fold.partitions.items() if it.stopped}
        for why in ("EVENT_GAP", TREE_FORKED, DEFECT):
            _stopped.labels(why).set(sum(it == why for it in stopped.values()))
        reasons = "; ".join(f"{topic}/{number}: {why}" for (topic, number), why in sorted(stopped.items()))
        self._tell(not reasons, reasons)

    def _seconds(self) -> float:
        # Not the clock's: a correction of the time of day is no reason to store early or late.
        return asyncio.get_running_loop().time()

    def _patience(self) -> float:
        if self._since is None:
            return _READ_FOR_S
        return min(max(self._since + STORE_AFTER_S - self._seconds(), 0.0), _READ_FOR_S)

    def _due(self) -> bool:
        if self._since is None:
            return False
        if self._seconds() >= self._since + STORE_AFTER_S:
            return True
        return any(it.size - it.position.size >= STORE_AFTER_RECORDS for it in self._fold.partitions.values())


class CheckpointLoop:
    """Publishes checkpoints as soon as positions are stored, and again until they are acknowledged."""

    name = "checkpoints"

    def __init__(
        self, checkpoints: Checkpoints, *, stored: asyncio.Event, stop_sink: Callable[[], Awaitable[None]], clock: Clock
    ) -> None:
        self._checkpoints = checkpoints
        self._stored = stored
        self._stop_sink = stop_sink
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._stored.set()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._checkpoints.publish()
        await self._stop_sink()

    async def _run(self) -> None:
        while True:
            await self._stored.wait()
            self._stored.clear()
            if not await self._checkpoints.publish():
                self._stored.set()
                await self._clock.sleep(_PAUSE_S)
