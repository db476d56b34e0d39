"""Which certificates a person holds and since when: from passes, reviews and annulments, in any order (plan §3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from services.registry.domain.codes import RANKS
from services.registry.domain.corrected import corrected_pass, corrections
from services.registry.domain.reports import AnnulmentReport, Certificate, PassReport, Report, ReviewReport
from services.registry.domain.rules import RULES, Rules, in_force
from services.shared.kernel.dates import NO_DAY, Day, holds, years_after

SENIOR, INTERMEDIATE = "senior", "intermediate"


def certificates(reports: Iterable[Report], *, rules: Rules = RULES) -> tuple[Certificate, ...]:
    """The earliest pass of a level counts (首次通过), after an annulment the earliest later one.

    A review date is shown when it is justified: within the years of the examination, and intermediate passed earlier.
    """
    told = tuple(reports)
    agreed = corrections(told)
    passes: list[Certificate] = []
    annulled: dict[str, list[Day]] = {}
    reviews: list[Day] = []
    for report in told:
        if isinstance(report, PassReport):
            passes.append(corrected_pass(report.certificate, agreed))
            if report.certificate.granted_on:
                reviews.append(report.certificate.granted_on)
        elif isinstance(report, AnnulmentReport):
            annulled.setdefault(report.level, []).append(report.annulled_on)
        elif isinstance(report, ReviewReport):
            reviews.append(report.granted_on)
    best: dict[tuple[str, Day], Certificate] = {}
    for found in passes:
        end = min((day for day in annulled.get(found.level, ()) if day >= found.passed_on), default=NO_DAY)
        certificate = msgspec.structs.replace(found, granted_on=NO_DAY, annulled_on=end)
        held = best.get((found.level, end))
        if held is None or _first(certificate) < _first(held):
            best[found.level, end] = certificate
    whole = tuple(sorted(best.values(), key=lambda it: (it.passed_on, it.level, it.annulled_on)))
    if not reviews:
        return whole
    return tuple(_reviewed(it, reviews, whole, rules=rules) if it.level == SENIOR else it for it in whole)


def _first(certificate: Certificate) -> tuple[Day, str]:
    return certificate.passed_on, certificate.issuing_province


def _reviewed(exam: Certificate, reviews: Sequence[Day], held: Sequence[Certificate], *, rules: Rules) -> Certificate:
    granted = min((day for day in reviews if review_gap(exam, day, held, rules=rules) == ""), default=NO_DAY)
    return msgspec.structs.replace(exam, granted_on=granted) if granted else exam


def review_gap(exam: Certificate | None, granted_on: Day, held: Sequence[Certificate], *, rules: Rules) -> str:
    """What a review on the day lacks: SENIOR_EXAM_NOT_PASSED, SENIOR_EXAM_EXPIRED, INTERMEDIATE_NOT_PASSED or ""."""
    if exam is None or granted_on < exam.passed_on or (exam.annulled_on and granted_on >= exam.annulled_on):
        return "SENIOR_EXAM_NOT_PASSED"
    if granted_on >= review_until(exam, rules=rules):
        return "SENIOR_EXAM_EXPIRED"
    if not any(
        it.level == INTERMEDIATE and it.passed_on < granted_on and holds(it.passed_on, it.annulled_on, granted_on)
        for it in held
    ):
        return "INTERMEDIATE_NOT_PASSED"
    return ""


def review_until(exam: Certificate, *, rules: Rules) -> Day:
    """The first day on which a review comes too late for the examination."""
    return years_after(exam.passed_on, in_force(rules.senior, exam.passed_on).years)


def held_since(certificate: Certificate) -> Day:
    """The day from which the level itself is held; "" for a senior examination without review."""
    return certificate.granted_on if certificate.level == SENIOR else certificate.passed_on


def holder(held: Iterable[Certificate], level: str, on: Day) -> Certificate | None:
    """The certificate by which the level is held on the day."""
    for certificate in held:
        since = held_since(certificate)
        if certificate.level == level and since and holds(since, certificate.annulled_on, on):
            return certificate
    return None


def highest(held: Iterable[Certificate], on: Day) -> str:
    """The highest level held on the day, "" = none; the senior examination alone counts as intermediate."""
    levels = [
        it.level if it.level != SENIOR or (it.granted_on and it.granted_on <= on) else INTERMEDIATE
        for it in held
        if holds(it.passed_on, it.annulled_on, on)
    ]
    return max(levels, key=RANKS.__getitem__, default="")
