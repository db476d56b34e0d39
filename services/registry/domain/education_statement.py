"""EducationStatement (继续教育情况): what counted, what not and why, what is missing until when, in minutes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.registry.domain.education import Entry, entries, minutes_in
from services.registry.domain.registrations import Grounds, derive, education_rule, grounds, needed, window_opens
from services.registry.domain.reports import Registration, Report
from services.registry.domain.rules import RULES, Rules, UnitRule, in_force
from services.shared.kernel.dates import Day


class PeriodEducation(msgspec.Struct, frozen=True):
    """One registration period: what a renewal needs inside it. `missing` counts until `period.until`."""

    period: Registration
    needed: int
    counted: int
    missing: int
    renewal_from: Day
    source: str
    evidence_ids: tuple[str, ...]


class YearEducation(msgspec.Struct, frozen=True):
    """One calendar year. Only who is registered in it needs anything."""

    year: int
    needed: int
    counted: int
    missing: int
    missing_until: Day
    evidence_ids: tuple[str, ...]


class EducationStatement(msgspec.Struct, frozen=True):
    on: Day
    periods: tuple[PeriodEducation, ...]
    years: tuple[YearEducation, ...]
    entries: tuple[Entry, ...]
    units: UnitRule


def education_statement(reports: Sequence[Report], *, on: Day, rules: Rules = RULES) -> EducationStatement:
    """As of the day `on`: nothing dated later is counted. Periods that were granted and have begun, all years so far.

    `why` of an entry: REVERSED, DEGREE_COUNTED_BEFORE, or OUTSIDE_EVERY_PERIOD when it counts for its year alone.
    """
    because = grounds(reports, rules=rules)
    counted = entries(reports, rules=rules, on=on)
    periods = [it for it in derive(because).periods if it.since <= on]
    return EducationStatement(
        on,
        tuple(_of_period(period, counted, because) for period in periods),
        tuple(_of_year(year, counted, periods, rules) for year in _years(counted, periods, on)),
        tuple(_explained(it, periods) for it in counted),
        in_force(rules.units, on),
    )


def _of_period(period: Registration, counted: Sequence[Entry], because: Grounds) -> PeriodEducation:
    wanted, got = needed(period, because), minutes_in(counted, period.since, period.until)
    return PeriodEducation(
        period,
        wanted,
        got,
        max(wanted - got, 0),
        window_opens(period, because.rules),
        education_rule(period, because.rules).source,
        _evidence(counted, period.since, period.until),
    )


def _years(counted: Sequence[Entry], periods: Sequence[Registration], on: Day) -> list[int]:
    years = {int(it.last_day[:4]) for it in counted}
    for period in periods:
        years.update(range(int(period.since[:4]), min(int(period.until[:4]), int(on[:4])) + 1))
    return sorted(years)


def _of_year(year: int, counted: Sequence[Entry], periods: Sequence[Registration], rules: Rules) -> YearEducation:
    first, until = Day(f"{year:04d}-01-01"), Day(f"{year + 1:04d}-01-01")
    registered = any(it.since < until and first < it.until for it in periods)
    units = in_force(rules.units, first)
    wanted = in_force(rules.yearly, first).credit_hours * units.minutes_per_credit_hour if registered else 0
    got = minutes_in(counted, first, until)
    return YearEducation(year, wanted, got, max(wanted - got, 0), until, _evidence(counted, first, until))


def _evidence(counted: Sequence[Entry], since: Day, until: Day) -> tuple[str, ...]:
    return tuple(it.evidence_id for it in counted if it.counted and since <= it.last_day < until)


def _explained(entry: Entry, periods: Sequence[Registration]) -> Entry:
    if entry.why or any(it.since <= entry.last_day < it.until for it in periods):
        return entry
    return msgspec.structs.replace(entry, why="OUTSIDE_EVERY_PERIOD")
