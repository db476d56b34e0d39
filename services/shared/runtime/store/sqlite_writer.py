"""The one thread that writes to SQLite: whatever waits goes into one transaction, and is answered after COMMIT."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence

from services.shared.kernel.outcome import Outcome, StoreDown
from services.shared.runtime.store.sqlite_transaction import Transaction, Write

_LARGEST_GROUP = 8_000
_PROBE_S = 1.0


class Job:
    """The changes of one commit call, or a new position of the relay (0 = none).

    `stale`: the caller saw a version that is not the expected one, so that checking comes first. Once decided,
    `outcomes` has one for each write, `failed` says why the transaction as a whole failed ("" = it did not), and
    `newest` is the last sequence number in the outbox.
    """

    __slots__ = ("done", "failed", "newest", "outcomes", "position", "stale", "writes")

    def __init__(self, writes: Sequence[Write] = (), *, stale: bool = False, position: int = 0) -> None:
        self.done: asyncio.Future[Job] | None = None
        self.writes = writes
        self.stale = stale
        self.position = position
        self.outcomes: Sequence[Outcome] = ()
        self.failed = ""
        self.newest = 0


class Writer:
    """`submit` from the event loop; `deliver` is called in the thread with the jobs of each finished transaction."""

    def __init__(self, transaction: Transaction, deliver: Callable[[list[Job]], None]) -> None:
        self._transaction = transaction
        self._deliver = deliver
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._open = True
        self.healthy = True
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, job: Job) -> None:
        self._jobs.put(job)

    def stop(self) -> None:
        """Finish what was submitted, then end. Blocks."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while self._open:
            if group := self._next_group():
                self._commit(group)
                self._deliver(group)
            elif not self.healthy:
                self._recover()

    def _next_group(self) -> list[Job]:
        """Everything that waits. Two jobs may name one aggregate: then the second of them finds its guard broken."""
        group: list[Job] = []
        size = 0
        while size < _LARGEST_GROUP:
            job = self._take(wait=not group)
            if job is None:
                break
            size += len(job.writes)
            group.append(job)
        return group

    def _take(self, *, wait: bool) -> Job | None:
        try:
            job = self._jobs.get(block=wait and self._open, timeout=None if self.healthy else _PROBE_S)
        except queue.Empty:
            return None
        if job is None:
            self._open = False
        return job

    def _commit(self, group: list[Job]) -> None:
        writes = [write for job in group for write in job.writes]
        position = max(job.position for job in group)
        failed = ""
        try:
            outcomes = self._transaction.run(writes, position, stale=any(job.stale for job in group))
            self.healthy = True
        except Exception as error:  # noqa: BLE001 - the thread outlives whatever the disk does
            # ▲ Nothing of the group may be acknowledged; what of it is stored will be read from the file.
            failed = f"{type(error).__name__}: {error}"
            outcomes = [StoreDown(failed)] * len(writes)
            self._recover()
        start = 0
        for job in group:
            job.outcomes = outcomes[start : start + len(job.writes)]
            job.failed = failed
            job.newest = self._transaction.seq
            start += len(job.writes)

    def _recover(self) -> None:
        """Try until the file takes a commit again: nobody else would while health says that it does not."""
        try:
            self._transaction.recover()
            self.healthy = True
        except sqlite3.Error:
            self.healthy = False
