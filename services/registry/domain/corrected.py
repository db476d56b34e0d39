"""What two persons agreed on, put over what the reports say: part of combining (更正).

A correction holds as long as the reports say `old`: a report that says something newer is not overruled by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from services.registry.domain.reports import Affiliation, Certificate, CorrectionReport, Report
from services.shared.kernel.dates import Day

HOME_COUNTY, PASSED_ON = "home_county", "passed_on"
FLAGS = ("full_time", "practitioner", "principal")
OF_AFFILIATION = ("since", "until", "field", "place", *FLAGS)


def corrections(reports: Iterable[Report]) -> list[CorrectionReport]:
    """In the order of their approval."""
    found = [report for report in reports if isinstance(report, CorrectionReport)]
    return sorted(found, key=lambda it: (it.at, it.origin.record_id)) if found else found


def value_of(affiliation: Affiliation, field: str) -> str:
    """A correctable field as text: a flag is `true` or `false`."""
    value = getattr(affiliation, field)
    return str(value).lower() if isinstance(value, bool) else str(value)


def corrected_home(home: str, agreed: Sequence[CorrectionReport]) -> str:
    for it in agreed:
        if it.field == HOME_COUNTY and it.old == home:
            home = it.new
    return home


def corrected_pass(found: Certificate, agreed: Sequence[CorrectionReport]) -> Certificate:
    """One reported pass, before anything is derived from it."""
    for it in agreed:
        if it.field == PASSED_ON and it.target == found.level and it.old == found.passed_on:
            found = msgspec.structs.replace(found, passed_on=Day(it.new))
    return found


def corrected_affiliation(held: Affiliation, agreed: Sequence[CorrectionReport]) -> Affiliation:
    """A correction that would reverse the interval, because the other end was reported anew, does not hold."""
    for it in agreed:
        if it.target == held.id and it.field in OF_AFFILIATION and value_of(held, it.field) == it.old:
            value: str | bool = it.new == "true" if it.field in FLAGS else it.new
            changed = msgspec.structs.replace(held, **{it.field: value})
            if not changed.until or changed.since < changed.until:
                held = changed
    return held
