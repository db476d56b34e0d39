"""Registration periods (登记) as the set of reports and the rules justify them; the order of arrival plays no part.

A decision grants a period only where everything dated up to that decision justifies it, so what is dated later never
changes a period but by ending it, and a report that arrives late takes its place (decision record 0010).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from services.registry.domain.certificates import certificates, held_since, highest, holder
from services.registry.domain.codes import RANKS
from services.registry.domain.education import entries, minutes_in
from services.registry.domain.reports import (
    ApplicationReport,
    Certificate,
    DecisionReport,
    Registration,
    RegistrationEndReport,
    Report,
)
from services.registry.domain.rules import RULES, EducationRule, Rules, in_force, months_before
from services.shared.kernel.dates import NO_DAY, Day, years_after

FIRST, RENEWAL, WAIVER = "first", "renewal", "waiver"


class Filed(msgspec.Struct, frozen=True):
    """One application, however often it was reported: a level and the day it was received."""

    level: str
    received_on: Day
    area: str
    # The decision that counts: the first; of one day the refusal. "" = pending.
    decided_on: Day = NO_DAY
    granted: bool = False


class Gap(msgspec.Struct, frozen=True):
    """Why an application does not lead to a period: the reason's code, the day and the minutes it speaks of."""

    reason: str
    on: Day = NO_DAY
    minutes: int = 0


class Derived(msgspec.Struct, frozen=True):
    """Periods by start; every granted application without a period with what it lacks."""

    periods: tuple[Registration, ...] = ()
    gaps: tuple[tuple[Filed, Gap], ...] = ()


class Grounds(msgspec.Struct, frozen=True):
    """What applications are judged by."""

    held: Sequence[Certificate]
    reports: Sequence[Report]
    rules: Rules


def grounds(reports: Sequence[Report], *, rules: Rules = RULES) -> Grounds:
    return Grounds(certificates(reports, rules=rules), reports, rules)


def derive(on: Grounds) -> Derived:
    """Registration periods of all levels; those of one level never overlap."""
    granted = [it for it in applications(on.reports) if it.granted]
    granted.sort(key=lambda it: (it.decided_on, it.received_on, it.level))
    periods: dict[str, list[Registration]] = {}
    gaps = []
    for filed in granted:
        of_level = periods.setdefault(filed.level, [])
        found = judge(filed, of_level, on)
        if isinstance(found, Gap):
            gaps.append((filed, found))
        elif (period := _until_ended(found, on)) is not None:
            of_level.append(period)
    rows = sorted((it for found in periods.values() for it in found), key=lambda it: (it.since, RANKS[it.level]))
    return Derived(tuple(rows), tuple(gaps))


def applications(reports: Iterable[Report]) -> list[Filed]:
    """By level and day of reception. A decision without its application waits for it."""
    filed: dict[tuple[str, Day], Filed] = {}
    decided: dict[tuple[str, Day], DecisionReport] = {}
    for report in reports:
        if isinstance(report, ApplicationReport):
            key = (report.level, report.received_on)
            # Two offices about one application: the smaller code, so that the order plays no part.
            if key not in filed or report.area < filed[key].area:
                filed[key] = Filed(report.level, report.received_on, report.area)
        elif isinstance(report, DecisionReport):
            key = (report.level, report.received_on)
            if key not in decided or _earlier(report, decided[key]):
                decided[key] = report
    return [
        msgspec.structs.replace(it, decided_on=decision.decided_on, granted=decision.granted)
        if (decision := decided.get(key)) is not None
        else it
        for key, it in sorted(filed.items())
    ]


def _earlier(one: DecisionReport, other: DecisionReport) -> bool:
    return (one.decided_on, one.granted) < (other.decided_on, other.granted)


def judge(filed: Filed, periods: Sequence[Registration], on: Grounds) -> Registration | Gap:
    """The period that the application leads to after the level's `periods`, or what it lacks.

    Without a decision (`decided_on` = "") everything but the hours of education is judged: they may still be learned.
    """
    holding = holder(on.held, filed.level, filed.received_on)
    if holding is None or (holding.annulled_on and filed.decided_on >= holding.annulled_on):
        return Gap("NOT_CERTIFIED")
    last = periods[-1] if periods else None
    rule = in_force(on.rules.registration, filed.received_on)
    if last is not None and filed.received_on < last.until:
        return _renewal(filed, last, on)
    end_of_first = years_after(held_since(holding), rule.first_years)
    if filed.received_on < end_of_first:
        return _period(filed, filed.decided_on, FIRST, on)
    if on.rules.waiver(level=filed.level, area=filed.area, on=filed.received_on):
        return _period(filed, filed.decided_on, WAIVER, on)
    return Gap("REGISTRATION_TOO_LATE", last.until if last is not None else end_of_first)


def _renewal(filed: Filed, last: Registration, on: Grounds) -> Registration | Gap:
    if last.ended_on:
        return Gap("REGISTRATION_ENDED", last.ended_on)
    if filed.received_on < last.since:
        return Gap("ALREADY_REGISTERED", last.until)
    opens_on = window_opens(last, on.rules)
    if filed.received_on < opens_on:
        return Gap("RENEWAL_WINDOW_NOT_OPEN", opens_on)
    if filed.decided_on:
        proven = entries(on.reports, rules=on.rules, on=filed.decided_on)
        missing = needed(last, on) - minutes_in(proven, last.since, last.until)
        if missing > 0:
            return Gap("EDUCATION_HOURS_MISSING", last.until, missing)
    return _period(filed, last.until, RENEWAL, on)


def _period(filed: Filed, since: Day, basis: str, on: Grounds) -> Registration:
    if not since:  # not decided yet
        return Registration(filed.level, NO_DAY, NO_DAY, basis)
    return Registration(filed.level, since, years_after(since, in_force(on.rules.registration, since).years), basis)


def _until_ended(period: Registration, on: Grounds) -> Registration | None:
    """Ended early by a report or by the certificate's annulment; None when it ended before it came into force."""
    ends = [it.ended_on for it in on.reports if isinstance(it, RegistrationEndReport) and it.level == period.level]
    before = [it.annulled_on for it in on.held if it.level == period.level and it.annulled_on]
    reached = [day for day in ends if period.since <= day < period.until]
    reached += [day for day in before if period.since <= day < period.until]
    if not reached:
        # The certificate may be annulled between the decision and the start of the period.
        return period if holder(on.held, period.level, period.since) is not None else None
    ended_on = min(reached)
    if ended_on == period.since:
        return None
    return msgspec.structs.replace(period, until=ended_on, ended_on=ended_on)


def window_opens(period: Registration, rules: Rules) -> Day:
    """The first day on which the renewal of the period is received."""
    return months_before(period.until, in_force(rules.registration, period.since).renewal_months)


def education_rule(period: Registration, rules: Rules) -> EducationRule:
    return in_force(rules.education, period.since)


def needed(period: Registration, on: Grounds) -> int:
    """Minutes to be learned inside the period: by the highest grade held when it began (inferred), at least its own."""
    grade = max(highest(on.held, period.since), period.level, key=lambda level: RANKS.get(level, 0))
    return education_rule(period, on.rules).needed(grade)


def running_out(periods: Iterable[Registration]) -> dict[str, Day]:
    """Level → the day on which its last period ends by itself; without periods that were ended early."""
    last = {period.level: period for period in periods}
    return {level: period.until for level, period in last.items() if not period.ended_on}


def lapsed(periods: Sequence[Registration], reports: Iterable[Report], *, on: Day, rules: Rules = RULES) -> list[str]:
    """The levels whose registration lapses on the day: it runs out and nothing that is still open was received."""
    pending = [it for it in applications(reports) if not it.decided_on]
    last = {period.level: period for period in periods}
    return sorted(
        level
        for level, until in running_out(periods).items()
        if until == on
        and not any(it.level == level and window_opens(last[level], rules) <= it.received_on < until for it in pending)
    )
