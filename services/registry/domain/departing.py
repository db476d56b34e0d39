"""What departures and ends do to affiliations and designations: pure, whatever the order in which they are reported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from services.registry.domain.reports import (
    Affiliation,
    DepartureReport,
    Designation,
    DesignationEndReport,
    DesignationReport,
    Report,
)
from services.shared.kernel.dates import NO_DAY, Day

T = TypeVar("T", Affiliation, Designation)

DEATH = "death"


class Departure(msgspec.Struct, frozen=True):
    """What is told of a departure, and the days that end what is in force on them."""

    kind: str = ""
    on: Day = NO_DAY
    days: tuple[Day, ...] = ()

    def end(self, held: Iterable[T]) -> tuple[T, ...]:
        """`held` with everything ended that a departure ends. What would begin with or after a death never was."""
        if not self.days:
            return tuple(held)
        died = self.on if self.kind == DEATH else NO_DAY
        return tuple(_ended(it, self.days) for it in held if not died or it.since < died)


def departure(reports: Iterable[Report], begun: Iterable[Day]) -> Departure:
    """The first death, or else the last departure; nothing is told of one after which work began (`begun`) again."""
    left = [(it.on, it.departure) for it in reports if isinstance(it, DepartureReport)]
    if not left:
        return Departure()
    days = tuple(sorted({on for on, _ in left}))
    deaths = [on for on, kind in left if kind == DEATH]
    if deaths:
        return Departure(DEATH, min(deaths), days)
    last = days[-1]
    if any(since >= last for since in begun):
        return Departure(days=days)
    return Departure(min(kind for on, kind in left if on == last), last, days)


def designations(reports: Iterable[Report]) -> set[Designation]:
    """Each as given, ended by the first end that its own department reported."""
    reports = tuple(reports)
    ends = [it for it in reports if isinstance(it, DesignationEndReport)]
    found = set()
    for report in reports:
        if not isinstance(report, DesignationReport):
            continue
        held = report.designation
        days = tuple(
            sorted(
                end.until
                for end in ends
                if end.kind == held.kind and end.since == held.since and end.department == report.department
            )
        )
        found.add(_ended(held, days))
    return found


def _ended(held: T, days: tuple[Day, ...]) -> T:
    """Ended on the first of the days (ascending) that lies inside the interval."""
    for day in days:
        if held.since < day and (not held.until or day < held.until):
            return msgspec.structs.replace(held, until=day)
    return held
