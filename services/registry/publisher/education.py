"""The education statement on the wire: every length of time in minutes, hours and credit hours."""

from __future__ import annotations

from services.registry.domain.education_statement import EducationStatement
from services.registry.domain.rules import UnitRule
from swtalent.registry.v1 import certificate_service_pb2 as pb


def education_account(talent: str, statement: EducationStatement) -> pb.EducationAccount:
    units = statement.units
    return pb.EducationAccount(
        talent_id=talent,
        on=statement.on,
        periods=[
            pb.PeriodEducation(
                level=it.period.level,
                since=it.period.since,
                until=it.period.until,
                basis=it.period.basis,
                needed=_learning(it.needed, units),
                counted=_learning(it.counted, units),
                missing=_learning(it.missing, units),
                missing_until=it.period.until,
                renewal_from=it.renewal_from,
                source=it.source,
                evidence_ids=it.evidence_ids,
            )
            for it in statement.periods
        ],
        years=[
            pb.YearEducation(
                year=it.year,
                needed=_learning(it.needed, units),
                counted=_learning(it.counted, units),
                missing=_learning(it.missing, units),
                missing_until=it.missing_until,
                evidence_ids=it.evidence_ids,
            )
            for it in statement.years
        ],
        entries=[
            pb.EducationEntry(
                evidence_id=it.evidence_id,
                kind=it.kind,
                category=it.category,
                first_day=it.first_day,
                last_day=it.last_day,
                provider=it.provider,
                reported=_learning(it.minutes, units),
                counted=_learning(it.counted, units),
                reports=it.reports,
                reversed_on=it.reversed_on,
                why_not=it.why,
            )
            for it in statement.entries
        ],
        minutes_per_hour=units.minutes_per_hour,
        minutes_per_credit_hour=units.minutes_per_credit_hour,
    )


def _learning(minutes: int, units: UnitRule) -> pb.Learning:
    return pb.Learning(
        minutes=minutes,
        hours=minutes / units.minutes_per_hour,
        credit_hours=minutes / units.minutes_per_credit_hour,
    )
