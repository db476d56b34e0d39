"""Commands of one aggregate wait in one lane: loaded once, applied in turn, committed once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.change import Answer, Cause, Change
from services.shared.kernel.errors import (
    Clash,
    DomainError,
    Duplicate,
    Exhausted,
    StoreUnavailable,
)
from services.shared.kernel.outcome import Clash as Clashed
from services.shared.kernel.outcome import Repeated, Stored, Taken, TooLarge
from services.shared.kernel.ports import Clock, Random, Store
from services.shared.kernel.step import Step

A = TypeVar("A", bound=Aggregate[Any])
Function = Callable[[Any], Mapping[str, str] | None]

ATTEMPTS = 20


class ClaimTaken(Duplicate):
    """Another aggregate of the kind holds a key that this one needs for itself."""

    reason = "CLAIM_TAKEN"
    zh, en = "编号已被其他对象占用", "The key belongs to another one"


class _Waiting:
    __slots__ = ("done", "function", "why")

    def __init__(self, function: Function, why: Cause | None) -> None:
        self.function = function
        self.why = why
        self.done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()


class Lanes:
    """`update` gives the answer of the caller's own function, after the commit that contains it.

    The cause is looked for before the function is called, so a repeat answers as the first time. A function that
    raises changes nothing and does not disturb the others of its lane. A clash with another process re-runs the lane.
    """

    def __init__(self, store: Store, *, clock: Clock, random: Random) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._waiting: dict[tuple[str, str], list[_Waiting]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, step: Step, *, cause: Cause | None) -> Answer:
        return await self.update(step.kind, step.id, step.change, cause=cause)

    async def update(
        self,
        kind: type[A],
        aggregate_id: str,
        function: Callable[[A], Mapping[str, str] | None],
        *,
        cause: Cause | None,
    ) -> Answer:
        waiting = _Waiting(function, cause)
        key = (kind.kind, aggregate_id)
        queue = self._waiting.get(key)
        if queue is None:
            self._waiting[key] = [waiting]
            task = asyncio.create_task(self._drain(kind, aggregate_id))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        else:
            queue.append(waiting)
        return await waiting.done

    async def _drain(self, kind: type[A], aggregate_id: str) -> None:
        key = (kind.kind, aggregate_id)
        while batch := self._waiting[key]:
            self._waiting[key] = []
            try:
                await self._serve(kind, aggregate_id, batch)
            except Exception as error:  # noqa: BLE001 - every caller of the lane must get an answer
                for waiting in batch:
                    _fail(waiting, error)
        del self._waiting[key]

    async def _serve(self, kind: type[A], aggregate_id: str, batch: list[_Waiting]) -> None:
        for attempt in range(ATTEMPTS):
            open_ = [waiting for waiting in batch if not waiting.done.done()]
            if not open_:
                return
            causes = {aggregate_id: [waiting.why for waiting in open_ if waiting.why is not None]}
            change = (await self._store.get_many(kind, [aggregate_id], causes))[aggregate_id]
            answers = [(waiting, answer) for waiting in open_ if (answer := _try(change, waiting)) is not None]
            if not change.dirty:
                _answer(answers)
                return
            outcome = (await self._store.commit([change]))[0]
            if isinstance(outcome, Stored):
                _answer(answers)
                return
            if isinstance(outcome, Taken | TooLarge):
                if len(answers) > 1:  # find out whose claim or size it is
                    for waiting, _ in answers:
                        await self._serve_alone(kind, aggregate_id, waiting)
                    return
                raise _refusal(outcome)
            if not isinstance(outcome, Clashed | Repeated):  # both find on loading again what was stored meanwhile
                raise StoreUnavailable
            await self._clock.sleep(self._random.fraction() * min(0.002 * 2**attempt, 0.2))
        raise Clash

    async def _serve_alone(self, kind: type[A], aggregate_id: str, waiting: _Waiting) -> None:
        try:
            await self._serve(kind, aggregate_id, [waiting])
        except Exception as error:  # noqa: BLE001 - it is this caller's, and the next one has its own turn
            _fail(waiting, error)


def _refusal(outcome: Taken | TooLarge) -> DomainError:
    if isinstance(outcome, Taken):
        return ClaimTaken(holder=outcome.holder)
    return Exhausted(limit=outcome.what, size=outcome.size)


def _try(change: Change[Any], waiting: _Waiting) -> Answer | None:
    if waiting.done.done():  # a cancelled caller has left
        return None
    try:
        return change.apply(waiting.function, waiting.why)
    except Exception as error:  # noqa: BLE001 - a refusal or a defect, it is this caller's alone
        _fail(waiting, error)
        return None


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)


def _answer(answers: list[tuple[_Waiting, Answer]]) -> None:
    for waiting, answer in answers:
        if not waiting.done.done():  # a cancelled caller has left
            waiting.done.set_result(answer)
