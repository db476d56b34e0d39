"""Rules that a new document of a ministry may change: each with the days it holds for and where it comes from.

They are data (`services/registry/data/rules.json`): a new document closes the last line of a table and adds one, and a
restart takes it up. `RULES` is what holds in production; every function that asks takes the rules as an argument.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from importlib.resources import files
from typing import Protocol, TypeVar

import msgspec

from services.shared.kernel.area import within
from services.shared.kernel.dates import EARLIEST, NO_DAY, Day, holds, shift_month


class Dated(Protocol):
    @property
    def since(self) -> Day: ...

    @property
    def until(self) -> Day: ...


D = TypeVar("D", bound=Dated)


class RegistrationRule(msgspec.Struct, frozen=True):
    """登记: validity in years; first registration within so many years of passing; renewal in the last months."""

    since: Day
    until: Day
    years: int
    first_years: int
    renewal_months: int
    source: str


class WaiverRound(msgspec.Struct, frozen=True):
    """A round in which applications that come too late are received after all, in [since, until).

    `levels` empty = every level; `area` = root of the subtree in which the application is filed.
    """

    since: Day
    until: Day
    levels: tuple[str, ...]
    area: str
    source: str


class EducationRule(msgspec.Struct, frozen=True):
    """继续教育: minutes inside one registration period by the highest grade held at its start; a degree's minutes."""

    since: Day
    until: Day
    assistant: int
    intermediate: int
    senior: int
    degree: int
    source: str

    def needed(self, level: str) -> int:
        return {"assistant": self.assistant, "intermediate": self.intermediate, "senior": self.senior}[level]


class YearlyRule(msgspec.Struct, frozen=True):
    """Credit hours (学时) that a registered person learns in a calendar year."""

    since: Day
    until: Day
    credit_hours: int
    source: str


class SeniorRule(msgspec.Struct, frozen=True):
    """The senior level is granted by review within so many years of its examination."""

    since: Day
    until: Day
    years: int
    source: str


class UnitRule(msgspec.Struct, frozen=True):
    """What an hour (小时) and a credit hour (学时) are, in minutes."""

    since: Day
    until: Day
    minutes_per_hour: int
    minutes_per_credit_hour: int
    source: str


class Rules(msgspec.Struct, frozen=True):
    registration: tuple[RegistrationRule, ...]
    waivers: tuple[WaiverRound, ...]
    education: tuple[EducationRule, ...]
    yearly: tuple[YearlyRule, ...]
    senior: tuple[SeniorRule, ...]
    units: tuple[UnitRule, ...]

    def waiver(self, *, level: str, area: str, on: Day) -> bool:
        """True when some round receives applications for the level, filed in the area, on the day."""
        return any(
            holds(it.since, it.until, on) and within(area, it.area) and (not it.levels or level in it.levels)
            for it in self.waivers
        )


def read(text: bytes) -> Rules:
    """A rules file (data/README.md). Raises ValueError where a table leaves a day out or holds two lines of one day."""
    rules = msgspec.json.decode(text, type=Rules)
    for name in ("registration", "education", "yearly", "senior", "units"):
        lines: Sequence[Dated] = getattr(rules, name)
        days = [EARLIEST, *(line.until for line in lines)]
        if [line.since for line in lines] != days[:-1] or days[-1] != NO_DAY:
            raise ValueError(f"rules.{name}: the lines do not follow each other from {EARLIEST} on without end")
    return rules


def in_force(table: Sequence[D], on: Day) -> D:
    """The line of a table that holds on the day. Tables leave no day out."""
    return next(line for line in table if holds(line.since, line.until, on))


def months_before(day: Day, months: int) -> Day:
    """The same day of an earlier month; where that month is shorter, its last day (inferred)."""
    month = shift_month(day, -months)
    longest = calendar.monthrange(int(month[:4]), int(month[5:]))[1]
    return Day(f"{month}-{min(int(day[8:]), longest):02d}")


RULES = read(files("services.registry.data").joinpath("rules.json").read_bytes())
