"""The real clock and the real randomness, behind the kernel's ports."""

from __future__ import annotations

import asyncio
import os
import random
from datetime import UTC, datetime

from services.shared.kernel.dates import Day, today


class SystemClock:
    """Clock of the machine, in UTC; the legal day is that of Asia/Shanghai."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def day(self) -> Day:
        return today(datetime.now(UTC))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SystemRandom:
    """`bytes` are fit for keys; `fraction` only spreads retries."""

    def bytes(self, count: int) -> bytes:
        return os.urandom(count)

    def fraction(self) -> float:
        return random.random()  # noqa: S311 - spreads retries, protects nothing
