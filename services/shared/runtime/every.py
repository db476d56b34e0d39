"""A part that looks every few seconds whether there is something to do."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import structlog

from services.shared.kernel.ports import Clock
from services.shared.runtime.telemetry import frames_of

_log = structlog.stdlib.get_logger(__name__)


class Every:
    """Subclasses implement `look`. What it raises is logged without its text, and it looks again at the next turn."""

    every_s: ClassVar[float]

    def __init__(self, name: str, *, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Do what is to be done; may be called at any time, and again."""
        raise NotImplementedError

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(self.every_s)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - looked at again in a moment
                _log.warning("looked at again", part=self.name, **frames_of(error))
