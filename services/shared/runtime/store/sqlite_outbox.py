"""The outbox of the SQLite store: rows in the order of commits, and one position behind which all is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

from services.shared.kernel.ports import Unsent
from services.shared.runtime.store.prepared import unpack_message

_AFTER = "SELECT seq, message FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?"
_SEQS_AFTER = "SELECT seq FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?"


class SqliteOutbox:
    """Tokens are sequence numbers, ascending in the order of commits.

    What is marked as sent ahead of a gap is remembered in the process only; after a restart it is sent once more.
    """

    def __init__(
        self, read: Callable[[str, tuple[int, int]], list[tuple[Any, ...]]], move: Callable[[int], Awaitable[None]]
    ) -> None:
        self._read = read
        self._move = move
        self._position = 0
        self._newest = 0
        self._ahead: set[int] = set()
        self._news = asyncio.Event()

    def resume(self, position: int, newest: int) -> None:
        self._position, self._newest = position, newest
        self._ahead.clear()

    def announce(self, newest: int) -> None:
        """A commit has returned; `newest` is the last sequence number there is."""
        if newest > self._newest:
            self._newest = newest
            self._news.set()

    async def unsent(self, limit: int, *, besides: Collection[Any] = ()) -> list[Unsent]:
        ahead = self._ahead.union(besides) if besides else self._ahead
        start = _behind_all(self._position, ahead)
        rows = self._read(_AFTER, (start, limit + len(ahead) - (start - self._position)))
        return [Unsent(seq, unpack_message(message)) for seq, message in rows if seq not in ahead][:limit]

    async def sent(self, tokens: Iterable[Any]) -> None:
        """Raises StoreUnavailable when the position could not be written; the tokens count as sent all the same."""
        self._ahead.update(token for token in tokens if token > self._position)
        position = self._behind_all_sent()
        if position > self._position:
            await self._move(position)
            self._position = max(self._position, position)
            self._ahead = {token for token in self._ahead if token > position}

    def _behind_all_sent(self) -> int:
        """The last number up to which nothing is unsent; known without reading while the numbers have no hole."""
        position = _behind_all(self._position, self._ahead)
        if max(self._ahead, default=0) > position:
            for (seq,) in self._read(_SEQS_AFTER, (position, len(self._ahead))):
                if seq not in self._ahead:
                    break
                position = seq
        return position

    async def woken(self) -> None:
        while self._newest <= self._position or len(self._ahead) >= self._newest - self._position:
            self._news.clear()
            await self._news.wait()


def _behind_all(position: int, tokens: Collection[int]) -> int:
    """The last of the numbers that follow `position` without a hole."""
    while position + 1 in tokens:
        position += 1
    return position
