"""Continuing education (继续教育): which entries count, their minutes by month, what a period needs and still lacks."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from services.registry.domain.reports import EducationReport, EducationReversalReport, Learned, Report, Trained
from services.registry.domain.rules import RULES, Rules, in_force
from services.shared.kernel.dates import NO_DAY, Day, month_of

# Public facts hold the latest years only; the entries themselves are all kept.
YEARS_TOLD = 10


class Entry(msgspec.Struct, frozen=True):
    """One document's education. `counted` minutes count on `last_day`; `why` says why not all of `minutes` do."""

    evidence_id: str
    kind: str
    category: str
    first_day: Day
    last_day: Day
    minutes: int
    provider: str
    # How many reports name it.
    reports: int
    reversed_on: Day
    counted: int
    # "", REVERSED or DEGREE_COUNTED_BEFORE.
    why: str


def entries(reports: Iterable[Report], *, rules: Rules = RULES, on: Day = NO_DAY) -> tuple[Entry, ...]:
    """By last day. With `on`, as it stood on that day: nothing later is learned, reversed or counted.

    Reports that contradict each other about one document: the one with the fewest minutes, then the earliest days.
    """
    told: dict[str, list[EducationReport]] = {}
    reversals: dict[str, list[EducationReversalReport]] = {}
    for report in reports:
        if isinstance(report, EducationReport):
            if not on or report.last_day <= on:
                told.setdefault(report.evidence_id, []).append(report)
        elif isinstance(report, EducationReversalReport) and (not on or report.reversed_on <= on):
            reversals.setdefault(report.evidence_id, []).append(report)
    found = sorted(
        (_entry(reported, reversals.get(evidence, [])) for evidence, reported in told.items()),
        key=lambda it: (it.last_day, it.evidence_id),
    )
    counted, degree = [], False
    for entry in found:
        counted.append(_counted(entry, degree=degree, rules=rules))
        degree = degree or (entry.kind == "degree" and not entry.reversed_on)
    return tuple(counted)


def _entry(reported: list[EducationReport], reversals: list[EducationReversalReport]) -> Entry:
    """What single records say is taken back one by one; the document is, once nothing of it stands."""
    taken = {(back.origin.system, back.record_id): back.reversed_on for back in reversals if back.record_id}
    standing = [it for it in reported if _record(it) not in taken]
    it = min(
        standing or reported, key=lambda it: (it.minutes, it.first_day, it.last_day, it.kind, it.category, it.provider)
    )
    departments = {report.department for report in reported}
    days = [back.reversed_on for back in reversals if not back.record_id and back.department in departments]
    if not standing:
        days.append(max(taken[_record(it)] for it in reported))
    reversed_on = min(days, default=NO_DAY)
    return Entry(
        it.evidence_id,
        it.kind,
        it.category,
        it.first_day,
        it.last_day,
        it.minutes,
        it.provider,
        len(reported),
        reversed_on,
        0,
        "",
    )


def _record(report: EducationReport) -> tuple[str, str]:
    return report.origin.system, report.origin.record_id


def _counted(entry: Entry, *, degree: bool, rules: Rules) -> Entry:
    """A completed degree counts once in a life, whatever its courses took (民发〔2009〕123号)."""
    if entry.reversed_on:
        return msgspec.structs.replace(entry, why="REVERSED")
    if entry.kind != "degree":
        return msgspec.structs.replace(entry, counted=entry.minutes)
    if degree:
        return msgspec.structs.replace(entry, why="DEGREE_COUNTED_BEFORE")
    return msgspec.structs.replace(entry, counted=in_force(rules.education, entry.last_day).degree)


def minutes_in(counted: Iterable[Entry], since: Day, until: Day) -> int:
    """Minutes that count inside [since, until)."""
    return sum(it.counted for it in counted if since <= it.last_day < until)


def learned(counted: Iterable[Entry]) -> tuple[Learned, ...]:
    """Minutes by month of the latest ten calendar years that have any."""
    months: dict[str, int] = {}
    for entry in counted:
        if entry.counted:
            month = month_of(entry.last_day)
            months[month] = months.get(month, 0) + entry.counted
    latest = int(max(months, default="0000")[:4])
    return tuple(Learned(m, minutes) for m, minutes in sorted(months.items()) if int(m[:4]) > latest - YEARS_TOLD)


def trained(counted: Iterable[Entry]) -> tuple[Trained, ...]:
    """The first day of training of each category in each of the latest ten calendar years that have any."""
    first: dict[tuple[str, str], Day] = {}
    for entry in counted:
        if entry.kind == "training" and entry.counted:
            key = (entry.last_day[:4], entry.category)
            first[key] = min(first.get(key, entry.last_day), entry.last_day)
    latest = int(max((year for year, _ in first), default="0"))
    told = [(day, category) for (year, category), day in first.items() if int(year) > latest - YEARS_TOLD]
    return tuple(Trained(category, day) for day, category in sorted(told))
