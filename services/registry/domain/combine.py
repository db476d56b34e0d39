"""facts = combine(reports): pure and order-free, so that any arrival of the same reports gives the same person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from services.registry.domain import departing
from services.registry.domain.certificates import certificates
from services.registry.domain.corrected import corrected_affiliation, corrected_home, corrections
from services.registry.domain.education import entries, learned, trained
from services.registry.domain.registrations import derive, grounds
from services.registry.domain.reports import (
    Affiliation,
    Certificate,
    CorrectionReport,
    DecisionReport,
    Designation,
    EducationReport,
    EndReport,
    Learned,
    PassReport,
    Pay,
    PayReport,
    Recognition,
    Registration,
    Report,
    Trained,
    WorkReport,
)
from services.shared.kernel.area import subtree_prefix
from services.shared.kernel.dates import NO_DAY, Day

T = TypeVar("T", bound=msgspec.Struct)


class TalentFacts(msgspec.Struct, frozen=True, gc=False):
    """What outsiders may know of a person. Lists are in an order that does not depend on arrival."""

    birth_band: str = ""
    home_county: str = ""
    affiliations: tuple[Affiliation, ...] = ()
    recognitions: tuple[Recognition, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    designations: tuple[Designation, ...] = ()
    pay: tuple[Pay, ...] = ()
    disputed: bool = False
    moved_to: str = ""
    registrations: tuple[Registration, ...] = ()
    learned: tuple[Learned, ...] = ()
    trained: tuple[Trained, ...] = ()
    departure: str = ""
    departed_on: Day = NO_DAY
    moving: bool = False


def facts(birth_year: int, reports: tuple[Report, ...]) -> TalentFacts:
    band = birth_band(birth_year)
    if len(reports) == 1 and isinstance(reports[0], WorkReport):  # nearly everybody, nearly always
        work = reports[0]
        return TalentFacts(
            band,
            work.home_county,
            (work.affiliation,),
            (work.recognition,) if work.recognition else (),
            (),
            (),
            (work.pay,) if work.pay else (),
        )
    works = [report for report in reports if isinstance(report, WorkReport)]
    passes = [report for report in reports if isinstance(report, PassReport)]
    departure = departing.departure(reports, [work.affiliation.since for work in works])
    affiliations = _affiliations(works, [report for report in reports if isinstance(report, EndReport)])
    told = {type(report) for report in reports}
    counted = entries(reports) if EducationReport in told else ()
    agreed = corrections(reports) if CorrectionReport in told else ()
    return TalentFacts(
        birth_band=band,
        home_county=corrected_home(_home(works, passes), agreed),
        affiliations=tuple(corrected_affiliation(held, agreed) for held in departure.end(affiliations)),
        recognitions=_distinct(work.recognition for work in works if work.recognition),
        certificates=certificates(reports),
        designations=departure.end(_distinct(departing.designations(reports))),
        pay=_pay(reports),
        disputed=len({report.name.index for report in reports if report.name}) > 1,
        registrations=derive(grounds(reports)).periods if DecisionReport in told else (),
        learned=learned(counted),
        trained=trained(counted),
        departure=departure.kind,
        departed_on=departure.on,
    )


def birth_band(year: int) -> str:
    """Five years: 1985–1989."""
    return f"{year - year % 5}-{year - year % 5 + 4}" if year else ""


def _distinct(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(sorted(set(values), key=msgspec.structs.astuple))


def _affiliations(works: list[WorkReport], ends: list[EndReport]) -> tuple[Affiliation, ...]:
    """Where two systems of a department report the same one, the later `as_of` wins, then the smaller area."""
    best: dict[str, WorkReport] = {}
    for work in works:
        held = best.get(work.affiliation.id)
        if held is None or _precedence(work) < _precedence(held):
            best[work.affiliation.id] = work
    affiliations = []
    for work in best.values():
        affiliation = work.affiliation
        until = min(
            (end.until for end in ends if end.affiliation == affiliation.id and end.until > affiliation.since),
            default=NO_DAY,
        )
        if until and (not affiliation.until or until < affiliation.until):
            affiliation = msgspec.structs.replace(affiliation, until=until)
        affiliations.append(affiliation)
    return tuple(sorted(affiliations, key=lambda affiliation: affiliation.id))


def _precedence(work: WorkReport) -> tuple[int, int, str, str]:
    """Smallest wins: latest `as_of`, then the smaller area, then the record."""
    return (
        -int(work.as_of.replace("-", "")),
        -len(subtree_prefix(work.area)),
        work.origin.system,
        work.origin.record_id,
    )


def _pay(reports: tuple[Report, ...]) -> tuple[Pay, ...]:
    """One per year and employer: the highest that was reported."""
    best: dict[tuple[int, str], tuple[int, Pay]] = {}
    for report in reports:
        if isinstance(report, WorkReport | PayReport) and report.pay:
            key = (report.pay.year, report.pay.organisation)
            if key not in best or report.pay_fen > best[key][0]:
                best[key] = (report.pay_fen, report.pay)
    return tuple(pay for _, (_, pay) in sorted(best.items()))


def _home(works: list[WorkReport], passes: list[PassReport]) -> str:
    """The latest report's home county: work by `as_of`, a pass by its date; the smaller code breaks a tie."""
    dated: list[tuple[Day, str]] = [(work.as_of, work.home_county) for work in works if work.home_county]
    dated += [(report.certificate.passed_on, report.home_county) for report in passes if report.home_county]
    if not dated:
        return ""
    latest = max(day for day, _ in dated)
    return min(home for day, home in dated if day == latest)
