"""Refusals of known principals as audit events on audit.access.v1, counted per principal, method, reason and minute.

A thin path: they are added up in memory and written once a minute (and at stop) as aggregates through the service's
own store and relay. What is lost with a killed process is at most the counts of its last minute.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from functools import partial

import msgspec
import structlog

from services.shared.kernel.aggregate import Aggregate, Recorded
from services.shared.kernel.change import cause
from services.shared.kernel.dates import instant
from services.shared.kernel.errors import DomainError
from services.shared.kernel.ids import derived_id, event_id
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Message, Random
from services.shared.kernel.principal import Principal
from services.shared.runtime.envelope import ACCESS_AUDIT, event_headers
from services.shared.runtime.metrics import METRICS
from services.shared.runtime.metrics import Counter as Metric
from services.shared.runtime.store.kind import Stamp, json_kind
from services.shared.runtime.telemetry import frames_of
from swtalent.common.v1 import audit_pb2

EVERY_S = 60.0
MOST_KEYS = 10_000

_DROPPED = Metric(
    "swtalent_access_audit_dropped_total", "Refusals beyond the keys that one minute may hold", registry=METRICS
)
_log = structlog.stdlib.get_logger(__name__)


class Noted(msgspec.Struct, frozen=True):
    service: str = ""
    principal: str = ""
    method: str = ""
    reason: str = ""
    minute: str = ""
    count: int = 0


class Refused(msgspec.Struct, frozen=True):
    """The only event of a note."""

    count: int


class AccessNote(Aggregate[Noted]):
    """Refusals of one principal for one method and reason within one minute. Invariant: the count only grows."""

    kind = "access_note"
    __slots__ = ()

    @classmethod
    def blank(cls) -> Noted:
        return Noted()

    def facts(self) -> Noted:
        return self.state

    def add(self, what: Noted) -> None:
        """Add `what.count` refusals; the rest of `what` says of whom."""
        self._record(Refused(what.count), msgspec.structs.replace(what, count=self.state.count + what.count))


class AccessAudit:
    """Part and `Refusals`: `refused` only counts; the writing happens once a minute."""

    name = "access audit"

    def __init__(self, service: str, lanes: Lanes, *, clock: Clock, random: Random) -> None:
        self._service = service
        self._lanes = lanes
        self._clock = clock
        self._writer = random.bytes(8).hex()
        self._batch = 0
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._unwritten: list[tuple[str, Noted]] = []
        self._loop: asyncio.Task[None] | None = None

    def refused(self, principal: Principal, method: str, reason: str) -> None:
        minute = f"{instant(self._clock.now())[:16]}:00Z"
        key = (principal.name, method, reason, minute)
        if key not in self._counts and len(self._counts) >= MOST_KEYS:
            _DROPPED.inc()
            return
        self._counts[key] += 1

    async def start(self) -> None:
        self._loop = asyncio.create_task(self._write_regularly())

    async def stop(self) -> None:
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        await self.write()

    async def write(self) -> None:
        """Write what was counted so far. What the store does not take now is kept for the next time."""
        self._batch += 1
        counts, self._counts = self._counts, Counter()
        for (principal, method, reason, minute), count in counts.items():
            noted = Noted(self._service, principal, method, reason, minute, count)
            if len(self._unwritten) >= MOST_KEYS:
                _DROPPED.inc(count)
                continue
            self._unwritten.append((f"{self._writer}:{self._batch}", noted))
        while self._unwritten:
            batch, noted = self._unwritten[0]
            which = f"{noted.method}|{noted.reason}|{noted.minute}"
            note_id = derived_id(AccessNote.kind, f"{noted.service}/{noted.principal}", which)
            # A commit whose outcome stayed unknown is repeated with the same cause, so it counts once.
            why = cause(noted.principal, AccessNote.kind, f"{batch}:{note_id}", msgspec.json.encode(noted))
            try:
                await self._lanes.update(AccessNote, note_id, partial(AccessNote.add, what=noted), cause=why)
            except DomainError as error:
                _log.warning("access audit waits for the store", waiting=len(self._unwritten), reason=error.reason)
                return
            del self._unwritten[0]

    async def _write_regularly(self) -> None:
        while True:
            await self._clock.sleep(EVERY_S)
            try:
                await self.write()
            except Exception as error:  # noqa: BLE001 - auditing must not end; it is tried again in a minute
                _log.error("access audit failed", **frames_of(error))


def _messages(note_id: str, recorded: Recorded, stamp: Stamp) -> Sequence[Message]:
    facts: Noted = recorded.facts
    body = audit_pb2.AccessEvent(
        id=note_id,
        version=recorded.version,
        after=audit_pb2.AccessFacts(**msgspec.structs.asdict(facts)),
        access_refused=audit_pb2.AccessRefused(count=recorded.event.count),
    )
    headers = event_headers(facts.service, event_id(note_id, recorded.version), body, stamp)
    return (Message(ACCESS_AUDIT, note_id.encode(), headers, body.SerializeToString()),)


# Held by every service's store (house.py).
ACCESS_NOTE = json_kind(AccessNote, Noted, messages=_messages)
