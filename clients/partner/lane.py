"""One partition's way to Kafka: records gather in a batch, full batches wait in order, each is sent until held."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

Header = tuple[str, bytes]

# A second batch may wait while one is under way; a third makes the sender of records wait.
_WAITING = 2
LINGER_S = 0.05


class _Record(NamedTuple):
    timestamp: int
    key: bytes
    value: bytes
    headers: list[Header]


class Batch:
    """Records in Kafka's own form, and as they came in case they must be put in that form once more."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder
        self.records: list[_Record] = []

    def append(self, record: _Record) -> bool:
        timestamp, key, value, headers = record
        if self.builder.append(timestamp=timestamp, key=key, value=value, headers=headers) is None:
            return False
        self.records.append(record)
        return True

    def rebuilt(self, builder: Any) -> Batch:
        """For another producer: a batch that was sent once cannot take another producer's numbers."""
        again = Batch(builder)
        for record in self.records:
            again.append(record)
        return again


class Lane:
    """`new_builder` gives an empty batch of the present producer; `deliver` sends one and returns when it is held."""

    def __init__(
        self,
        *,
        new_builder: Callable[[], Any],
        deliver: Callable[[Any], Awaitable[None]],
        failed: Callable[[Exception], Awaitable[None]],
        held: Callable[[int], None],
    ) -> None:
        self._new_builder, self._deliver, self._failed, self._held = new_builder, deliver, failed, held
        self._open: Batch | None = None
        self._full: deque[Batch] = deque()
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, timestamp: int, key: bytes, value: bytes, headers: list[Header]) -> None:
        """Returns when the record is buffered; waits while as much is under way as may be."""
        record = _Record(timestamp, key, value, headers)
        while True:
            batch = self._open
            if batch is None:
                while not self._room.is_set():
                    await self._room.wait()
                if self._open is None:
                    batch = self._open = Batch(self._new_builder())
                    asyncio.get_running_loop().call_later(LINGER_S, self._close, batch)
                continue
            if batch.append(record):
                return
            self._close(batch)
            await asyncio.sleep(0)  # lets the sending start before more is gathered

    def close_open(self) -> None:
        """Send what there is."""
        if self._open is not None:
            self._close(self._open)

    def _close(self, batch: Batch) -> None:
        if self._open is not batch:
            return  # it was full before its time
        self._open = None
        self._full.append(batch)
        self._work.set()
        if len(self._full) >= _WAITING:
            self._room.clear()

    async def run(self) -> None:
        """Send batches in order until cancelled; a batch leaves only when the broker acknowledged it."""
        while True:
            await self._work.wait()
            while self._full:
                batch = self._full[0]
                fresh = True
                while True:
                    try:
                        await self._deliver(batch.builder if fresh else batch.rebuilt(self._new_builder()).builder)
                        break
                    except Exception as error:  # noqa: BLE001 - whatever it was, nothing that was accepted is dropped
                        fresh = False
                        await self._failed(error)
                self._full.popleft()
                if len(self._full) < _WAITING:
                    self._room.set()
                self._held(len(batch.records))
            self._work.clear()
