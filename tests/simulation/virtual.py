"""An event loop whose time passes only when nobody can run: a minute of retries takes no time, and a run replays."""

import asyncio
from datetime import UTC, datetime, timedelta

from services.shared.kernel.dates import Day, today

_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


class VirtualLoop(asyncio.BaseEventLoop):
    def __init__(self) -> None:
        super().__init__()
        self._elapsed = 0.0
        self._selector = self

    def time(self) -> float:
        return self._elapsed

    def select(self, timeout: float | None) -> list[object]:
        if timeout is None:
            raise RuntimeError("everybody waits for ever")
        self._elapsed += timeout
        return []

    def _process_events(self, events: list[object]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class VirtualClock:
    def now(self) -> datetime:
        return _BEGAN + timedelta(seconds=asyncio.get_running_loop().time())

    def day(self) -> Day:
        return today(self.now())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
