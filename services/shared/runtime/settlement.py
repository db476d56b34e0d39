"""One window on its way into the store: rounds of load, plan and commit until every record is settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from services.shared.kernel.change import Change
from services.shared.kernel.errors import DomainError, StoreUnavailable
from services.shared.kernel.lanes import ClaimTaken
from services.shared.kernel.outcome import Clash, Outcome, Repeated, Stored, Taken, TooLarge
from services.shared.kernel.ports import Store
from services.shared.runtime.plan import Plan, Spot, Wanted
from services.shared.runtime.reader import Reader, Received
from services.shared.runtime.refusals import Defect, LimitReached, Refusal
from services.shared.runtime.stream_ports import Place
from services.shared.runtime.telemetry import frames_of

TRIES_ALONE = 3

# A store that answers so is down; nothing was learnt about the records.
_DOWN = (StoreUnavailable, OSError, TimeoutError)

_log = structlog.stdlib.get_logger()


class Settlement:
    """`todo` are the records still to be stored or refused, in order; `stopped` those behind a version gap.

    A clash repeats the records of the clashed aggregates only. A record whose claim is taken, and one that raises an
    unknown error, is found by running it alone.
    """

    plan: type[Plan] = Plan

    def __init__(self, reader: Reader, store: Store, records: Sequence[Received]) -> None:
        self.reader = reader
        self._store = store
        self._alone: dict[Spot, int] = {}
        self._condemned: dict[Spot, DomainError] = {}
        self.todo = list(records)
        self.stopped: list[Received] = []
        self.gaps: dict[Place, str] = {}
        self.refused = 0
        self.why = ""

    async def round(self) -> None:
        """One pass over the next records. Never raises."""
        batch, rest = self._next()
        plan = self.plan(self.reader, batch, self._condemned)
        try:
            await self._load(plan, plan.understand())
            for kind, claims in plan.claims().items():
                plan.found(kind, await self._store.holders(kind, claims))
            await self._load(plan, plan.want_more())
            plan.decide()
            again = await self._commit(plan, alone=len(batch) == 1)
        except _DOWN as error:
            self.why = f"store: {error}"
            return
        except Exception as error:  # noqa: BLE001 - one record's document may be what cannot be stored: find it
            for record in batch:
                self._suspect(record, error, alone=len(batch) == 1)
            return
        for record, unknown in plan.suspects:
            self._suspect(record, unknown, alone=len(batch) == 1)
        for record, postponed in plan.later:
            self._alone.pop(_spot(record), None)
            self.why = str(postponed)
        for place, (offset, gap) in plan.gaps.items():
            self.gaps[place] = str(gap)
            _log.error("stop partition", reader=self.reader.name, topic=place[0], partition=place[1], offset=offset)
        left = {id(record) for record in again}
        left.update(id(record) for record, _ in plan.suspects)
        left.update(id(record) for record, _ in plan.later)
        left.update(id(record) for record in plan.held)
        self._keep([record for record in batch if id(record) in left], plan, rest)

    def _next(self) -> tuple[list[Received], list[Received]]:
        """The records up to the first that has to run alone, or that one."""
        if self._alone:
            for at, record in enumerate(self.todo):
                if _spot(record) in self._alone:
                    return self.todo[: at or 1], self.todo[at or 1 :]
        return self.todo, []

    def _keep(self, left: list[Received], plan: Plan, rest: list[Received]) -> None:
        if plan.gaps:
            gap = {place: offset for place, (offset, _) in plan.gaps.items()}
            beyond = [r for r in self.todo if r.offset >= gap.get((r.topic, r.partition), r.offset + 1)]
            self.stopped.extend(beyond)
            out = {id(record) for record in beyond}
            left, rest = [r for r in left if id(r) not in out], [r for r in rest if id(r) not in out]
        self.todo = left + rest

    async def _load(self, plan: Plan, wanted: Wanted) -> None:
        for kind, ids in wanted.items():
            plan.loaded(kind, await self._store.get_many(kind, ids))

    async def _commit(self, plan: Plan, *, alone: bool) -> list[Received]:
        """Store what the plan decided; gives the records that have to run again.

        Followers go last and only if all that was derived from their events is stored: they say that it is done.
        """
        first, last = plan.changes()
        failed = await self._store_all(plan, first, alone=alone)
        again, withheld = plan.touching(failed) if failed else ([], set())
        if last := [change for change in last if id(change) not in withheld]:
            late = await self._store_all(plan, last, alone=alone)
            if late:
                again, _ = plan.touching([*failed, *late])
        return again

    async def _store_all(self, plan: Plan, changes: list[Change[Any]], *, alone: bool) -> list[Change[Any]]:
        failed: list[Change[Any]] = []
        if not changes:
            return failed
        for change, outcome in zip(changes, await self._store.commit(changes), strict=True):
            is_refusal = isinstance(change.aggregate, Refusal)
            if isinstance(outcome, Stored | Repeated):
                self.refused += is_refusal
                continue
            if is_refusal and isinstance(outcome, Clash):
                continue  # the record was refused when it came before
            failed.append(change)
            refusal = _refusal_of(outcome)
            if refusal is None:
                self.why = f"{change.aggregate.kind}: {type(outcome).__name__}"
                continue
            for record in plan.touching([change])[0]:
                if alone:
                    self._condemned[_spot(record)] = refusal
                else:
                    self._alone.setdefault(_spot(record), 0)
        return failed

    def _suspect(self, record: Received, error: Exception, *, alone: bool) -> None:
        spot = _spot(record)
        tries = self._alone.get(spot, 0) + alone
        self._alone[spot] = tries
        self.why = f"defect: {type(error).__name__}"
        if tries >= TRIES_ALONE:
            # The text of an unknown error may quote the record: only its frames are logged.
            _log.error(
                "refuse record as defect",
                reader=self.reader.name,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                **frames_of(error),
            )
            self._condemned[spot] = Defect()


def _refusal_of(outcome: Outcome) -> DomainError | None:
    """What refuses the record for good; None = the store may take it another time."""
    if isinstance(outcome, Taken):
        return ClaimTaken(holder=outcome.holder)
    if isinstance(outcome, TooLarge) and outcome.what != "unsent":
        return LimitReached(limit=outcome.what, size=outcome.size)
    return None


def _spot(record: Received) -> Spot:
    return record.topic, record.partition, record.offset
