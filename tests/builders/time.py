"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from services.shared.kernel.dates import Day, today


class FixedClock:
    """Noon of the day in Asia/Shanghai; `sleep` passes at once."""

    def __init__(self, day: str) -> None:
        self._now = datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def day(self) -> Day:
        return today(self._now)

    async def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        await asyncio.sleep(0)
