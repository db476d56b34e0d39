"""The one bounded cache of the platform: least recently used goes first; each names itself in the metrics."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from services.shared.runtime.metrics import METRICS, Counter

K = TypeVar("K")
V = TypeVar("V")

_EVICTED = Counter("swtalent_cache_evicted_total", "Entries dropped for want of room", ["cache"], registry=METRICS)


class Lru(Generic[K, V]):
    """At most `entries` values. `get` gives None for what is not there, so None is no value."""

    __slots__ = ("_entries", "_evicted", "_held")

    def __init__(self, name: str, entries: int) -> None:
        self._entries = entries
        self._held: OrderedDict[K, V] = OrderedDict()
        self._evicted = _EVICTED.labels(name)

    def get(self, key: K) -> V | None:
        value = self._held.get(key)
        if value is not None:
            self._held.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        held = self._held
        held[key] = value
        held.move_to_end(key)
        if len(held) > self._entries:
            held.popitem(last=False)
            self._evicted.inc()

    def drop(self, key: K) -> None:
        self._held.pop(key, None)

    def clear(self) -> None:
        self._held.clear()

    def __len__(self) -> int:
        return len(self._held)
