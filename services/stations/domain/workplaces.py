"""Where a person works by the community, and since when as a professional: from the registry's facts of the person."""

from __future__ import annotations

from collections.abc import Sequence

from services.shared.kernel.area import COMMUNITY
from services.shared.kernel.dates import Day, split
from services.stations.domain.community import Worker

Times = Sequence[tuple[str, str]]


def communities_of(
    talent: str, affiliations: Sequence[tuple[str, str, str]], *, recognised: Times
) -> dict[str, tuple[Worker, ...]]:
    """Community → work there, from affiliations (place, since, until), split where recognition begins or ends.

    Two affiliations at one place at the same time are one person there.
    """
    times: dict[str, list[tuple[str, str]]] = {}
    for place, since, until in affiliations:
        if len(place) == COMMUNITY:
            times.setdefault(place, []).append((since, until))
    return {
        place: tuple(
            Worker(talent, professional, start, end)
            for whole in _joined(at)
            for start, end, professional in split(whole, recognised)
        )
        for place, at in times.items()
    }


def _joined(times: Times) -> list[tuple[Day, Day]]:
    """The same days as intervals that neither overlap nor touch."""
    joined: list[tuple[Day, Day]] = []
    for since, until in sorted(times):
        if joined and (not joined[-1][1] or since <= joined[-1][1]):
            start, end = joined.pop()
            joined.append((start, Day(max(end, until) if end and until else "")))
        else:
            joined.append((Day(since), Day(until)))
    return joined
