"""Township (乡镇、街道): which stations serve it, and since when."""

from __future__ import annotations

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import Day, holds
from services.stations.domain.telling import telling

# Entries of 60 bytes; facts stay below 4 KiB.
MOST_SERVED_BY = 40


class ServedBy(msgspec.Struct, frozen=True):
    """The station operates for the township in [since, until)."""

    station: str
    since: Day
    until: Day


class Service(msgspec.Struct, frozen=True):
    """A station that names the township; it has no times while it is only planned."""

    station: str
    times: tuple[ServedBy, ...]


class TownshipFacts(msgspec.Struct, frozen=True):
    served_by: tuple[ServedBy, ...]


class TownshipState(msgspec.Struct, frozen=True):
    services: tuple[Service, ...] = ()
    # Of which version of its subject a saga wrote here last (kernel/follower.py).
    heard: dict[str, int] = {}


class TownshipServiceChanged(msgspec.Struct, frozen=True):
    station: str


class Township(Aggregate[TownshipState]):
    """Id = area code, nine digits. Fed by the stations' own events (consumers.py). Plan §5.1, table 1 number 19.

    Invariant: depends on the last facts of the stations only, not on the order in which they are told.
    """

    kind = "township"
    __slots__ = ()

    @classmethod
    def blank(cls) -> TownshipState:
        return TownshipState()

    def facts(self) -> TownshipFacts:
        times = sorted(
            (it for service in self.state.services for it in service.times), key=lambda it: (it.since, it.station)
        )
        return TownshipFacts(tuple(telling(times, most=MOST_SERVED_BY)))

    def serve(self, station: str, times: tuple[ServedBy, ...] | None) -> None:
        """Say when a station serves the township, in place of what was said before; None = it does not name it."""
        others = tuple(it for it in self.state.services if it.station != station)
        named = () if times is None else (Service(station, times),)
        services = tuple(sorted((*others, *named), key=lambda it: it.station))
        if services != self.state.services:
            self._record(TownshipServiceChanged(station), msgspec.structs.replace(self.state, services=services))


class Coverage(msgspec.Struct, frozen=True):
    """Whether a township is served on a day, by whom, and why not: NO_STATION, NOT_YET_OPERATING or CLOSED."""

    township: str
    covered: bool
    stations: tuple[str, ...]
    reason: str


def coverage(township: Township, *, on: Day) -> Coverage:
    """Not covered but once served = CLOSED, even when another station is planned."""
    services = township.state.services
    serving = tuple(
        service.station for service in services if any(holds(it.since, it.until, on) for it in service.times)
    )
    if serving:
        return Coverage(township.id, True, serving, "")
    named = tuple(service.station for service in services)
    if any(it.since <= on for service in services for it in service.times):
        return Coverage(township.id, False, named, "CLOSED")
    return Coverage(township.id, False, named, "NOT_YET_OPERATING" if named else "NO_STATION")
