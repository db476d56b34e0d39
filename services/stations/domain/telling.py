"""Lists in facts are bounded: what is left out of a long one never changes on which days the rest holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from services.shared.kernel.dates import Day

_OPEN = "9999-99-99"


class Interval(Protocol):
    @property
    def since(self) -> Day: ...

    @property
    def until(self) -> Day: ...


T = TypeVar("T", bound=Interval)


def covering(intervals: Sequence[T]) -> list[T]:
    """The fewest of them that hold on every day on which any of them holds, by `since`."""
    chosen: list[T] = []
    reach = ""
    left = sorted(intervals, key=lambda it: (it.since, it.until or _OPEN))
    at = 0
    while at < len(left):
        best = left[at]
        # Of all that begin before the days reached so far end, the one that lasts longest.
        limit = reach if reach and best.since <= reach else best.since
        while at < len(left) and left[at].since <= limit:
            best = max(best, left[at], key=lambda it: it.until or _OPEN)
            at += 1
        if (best.until or _OPEN) > reach:
            chosen.append(best)
            reach = best.until or _OPEN
    return chosen


def telling(items: Sequence[T], *, most: int, matters: Callable[[T], bool] = lambda _: True) -> list[T]:
    """At most `most` of them: first those that cover the days of the ones that matter, then the latest."""
    if len(items) <= most:
        return list(items)
    first = covering([it for it in items if matters(it)])[-most:]
    rest = sorted((it for it in items if it not in first), key=lambda it: it.since, reverse=True)
    kept = [*first, *rest[: most - len(first)]]
    return [it for it in items if it in kept]
