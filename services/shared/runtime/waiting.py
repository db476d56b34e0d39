"""Records whose parent has not arrived: they wait in the store, are applied once it is there, or are refused in time.

Architecture §3: unknown parents wait, then go to the dead letter with the reason after a set time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import structlog

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import instant
from services.shared.kernel.errors import DomainError, NotFound
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Row, Store
from services.shared.kernel.step import ClaimStep
from services.shared.runtime.every import Every
from services.shared.runtime.metrics import METRICS, Counter
from services.shared.runtime.plan import REFUSING
from services.shared.runtime.reader import Reader, Received
from services.shared.runtime.refusals import Defect, Refusal, refusal_id, refused
from services.shared.runtime.store.kind import json_kind
from services.shared.runtime.telemetry import frames_of

VIEW, OPEN = "waiting", "open"
CHUNK = 500

_log = structlog.stdlib.get_logger(__name__)
_ended = Counter("swtalent_waiting_ended", "Waiting records applied or refused", ["how"], registry=METRICS)


class ParentUnknown(NotFound):
    """What the record is about has not been reported within the time that a record waits."""

    reason = "PARENT_UNKNOWN"
    zh, en = "所指对象在规定时间内未报送", "What the record refers to was not reported in time"
    fix_zh, fix_en = (
        "请先报送所指对象，再以更高版本号重新提交",
        "Report that first, then send this with a higher revision",
    )


class Claimed(msgspec.Struct, frozen=True):
    """A record about whoever holds a claim, with the record itself in case that nobody does yet."""

    step: ClaimStep
    record: Received


class Held(msgspec.Struct, frozen=True):
    """The record as it came; None once it has been dealt with. `since` = RFC 3339 UTC, "" = not looked at yet."""

    record: Received | None = None
    since: str = ""


class Waits(msgspec.Struct, frozen=True):
    """Events of a waiting record; never published."""


class LookedAt(msgspec.Struct, frozen=True):
    since: str


class DealtWith(msgspec.Struct, frozen=True):
    pass


class Waiting(Aggregate[Held]):
    """One record that waits for its parent. Id = topic:partition:offset. Invariant: a record waits once; dealt with,
    it never waits again, however often it is delivered, and nothing of it is kept.
    """

    kind = "waiting"
    __slots__ = ()

    @classmethod
    def blank(cls) -> Held:
        return Held()

    def wait(self, record: Received) -> None:
        if not self.exists:
            self._record(Waits(), Held(record))

    def look(self, since: str) -> None:
        """The time runs from the first look."""
        if self.state.record is not None and not self.state.since:
            self._record(LookedAt(since), Held(self.state.record, since))

    def deal(self) -> None:
        if self.state.record is not None:
            self._record(DealtWith(), Held(None, self.state.since))


def waiting_id(record: Received) -> str:
    return f"{record.topic}:{record.partition}:{record.offset}"


def _rows(waiting: Waiting) -> tuple[tuple[str, str], ...]:
    return ((VIEW, OPEN),) if waiting.state.record is not None else ()


# Held by every service's store (house.py).
WAITING = json_kind(Waiting, Held, rows=_rows)


class WaitingRoom(Every):
    """Part: looks at what waits every few seconds.

    Applied first, dealt with afterwards, and both may be repeated: a crash in between, or a second process, changes
    nothing. Refused after `longest_s`, once: the refusal has the id of the record. One that raises an unknown error is
    refused as DEFECT.
    """

    every_s = 3.0

    def __init__(self, reader: Reader, store: Store, lanes: Lanes, *, clock: Clock, longest_s: float) -> None:
        super().__init__(f"waiting.{reader.name}", clock=clock)
        self._reader = reader
        self._store = store
        self._lanes = lanes
        self._longest_s = longest_s

    async def look(self) -> None:
        """Deal with everything whose parent has come or whose time is over. Raises what the store raises."""
        after = ""
        while True:
            rows: Sequence[Row] = await self._store.page(Waiting, view=VIEW, key=OPEN, after=after, limit=CHUNK)
            found = await self._store.get_many(Waiting, [row.id for row in rows])
            for change in found.values():
                if change.aggregate.state.record is not None:
                    await self._look_at(change.aggregate)
            if len(rows) < CHUNK:
                return
            after = rows[-1].id

    async def _look_at(self, waiting: Waiting) -> None:
        record, since = waiting.state.record, waiting.state.since
        assert record is not None  # noqa: S101 - the caller asked for open ones
        now = self._clock.now()
        try:
            applied = await self._apply(record)
        except REFUSING as error:
            await self._refuse(waiting.id, record, error)
            return
        except (DomainError, OSError, TimeoutError):
            raise  # not now: all of it is looked at again
        except Exception as error:  # noqa: BLE001 - no record may keep those behind it waiting
            _log.error("refuse waiting record as defect", reader=self._reader.name, **frames_of(error))
            await self._refuse(waiting.id, record, Defect())
            return
        if applied:
            await self._lanes.update(Waiting, waiting.id, Waiting.deal, cause=None)
            _ended.labels("applied").inc()
        elif not since:
            await self._lanes.update(Waiting, waiting.id, partial(Waiting.look, since=instant(now)), cause=None)
        elif (now - datetime.fromisoformat(since)).total_seconds() >= self._longest_s:
            await self._refuse(waiting.id, record, ParentUnknown(field="value"))

    async def _apply(self, record: Received) -> bool:
        """False when the parent is still unknown. Raises what the record's step raises."""
        task = self._reader.read(record)
        if task is None:
            return True
        claimed: Claimed = task.content
        step = claimed.step
        holder = (await self._store.holders(step.kind, [step.claim])).get(step.claim)
        if holder is None:
            return False
        await self._lanes.update(step.kind, holder, step.change, cause=None)
        return True

    async def _refuse(self, key: str, record: Received, error: DomainError) -> None:
        refuse: Any = partial(Refusal.refuse, refused=refused(record, error))
        await self._lanes.update(Refusal, refusal_id(record), refuse, cause=None)
        await self._lanes.update(Waiting, key, Waiting.deal, cause=None)
        _ended.labels("refused").inc()
