"""Once a day: whose registration runs out today without a renewal received in time (登记失效; plan §3.2)."""

from __future__ import annotations

import hashlib

from services.registry.domain.talent import BY_LAPSE, Talent
from services.shared.kernel.change import Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Store

PAGE = 500


class LapseRegistrations:
    """Handler of the day's turn. Called again for a day it changes nothing: each talent remembers the day's cause."""

    def __init__(self, *, store: Store, lanes: Lanes) -> None:
        self._store = store
        self._lanes = lanes

    async def __call__(self, day: Day) -> None:
        cause = Cause(f"lapse/{day}", hashlib.sha256(day.encode()).digest())
        after = ""
        while True:
            rows = await self._store.page(Talent, view=BY_LAPSE, key=day, after=after, limit=PAGE)
            for row in rows:
                await self._lanes.update(Talent, row.id, lambda talent: talent.lapse(day), cause=cause)
            if len(rows) < PAGE:
                return
            after = rows[-1].id
