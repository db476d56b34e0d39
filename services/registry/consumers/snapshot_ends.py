"""Part: ends the work of whoever is missing in a confirmed list. Each end may be repeated and counts once."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

import structlog

from services.registry.domain.snapshot import UNDER_WAY, Snapshot, end_missing
from services.registry.domain.talent import Talent
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime.telemetry import frames_of

EVERY_S = 2.0
AT_ONCE = 100

_log = structlog.stdlib.get_logger(__name__)


class SnapshotEnds:
    """The list is marked as applied after its last end is stored: a crash in between repeats ends, without effect."""

    name = "snapshot ends"

    def __init__(self, store: Store, lanes: Lanes, *, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(EVERY_S)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - looked at again in a moment
                _log.warning("confirmed lists are looked at again", **frames_of(error))

    async def look(self) -> None:
        """Finish every confirmed list."""
        rows = await self._store.page(Snapshot, view=UNDER_WAY, key=UNDER_WAY, after="", limit=AT_ONCE)
        for row in rows:
            await self._finish(row.id)

    async def _finish(self, key: str) -> None:
        state = (await self._store.get_many(Snapshot, [key]))[key].aggregate.state
        for first in range(0, len(state.missing), AT_ONCE):
            await asyncio.gather(
                *(
                    self._lanes.update(Talent, talent, partial(end_missing, state=state), cause=None)
                    for talent in state.missing[first : first + AT_ONCE]
                )
            )
        await self._lanes.update(Snapshot, key, Snapshot.applied, cause=None)
