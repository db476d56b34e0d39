"""Part: ends the work of whoever is missing in a confirmed list. Each end may be repeated and counts once."""

from __future__ import annotations

import asyncio
from functools import partial

from services.registry.domain.snapshot import UNDER_WAY, Snapshot, end_missing
from services.registry.domain.talent import Talent
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime.every import Every

AT_ONCE = 100


class SnapshotEnds(Every):
    """The list is marked as applied after its last end is stored: a crash in between repeats ends, without effect."""

    every_s = 2.0

    def __init__(self, store: Store, lanes: Lanes, *, clock: Clock) -> None:
        super().__init__("snapshot ends", clock=clock)
        self._store = store
        self._lanes = lanes

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
