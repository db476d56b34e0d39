"""ReportGraduates: how many graduated from a school in a major and level on a day (plan 表1-11)."""

from __future__ import annotations

import msgspec

from services.registry.domain import codes
from services.registry.domain.cohort import CohortReport, GraduateCohort, cohort_id
from services.shared.kernel import dates, text
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import AmountInvalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc

MOST_GRADUATES = 100_000


class ReportGraduates(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    school: str
    county: str
    major: str
    level: str
    graduated_on: str
    graduates: int


def step(cmd: ReportGraduates, *, today: Day) -> Step:
    """Check every field and prepare the change. 0 graduates takes a report back."""
    school = uscc(cmd.school, field="school")
    county = area(cmd.county, field="county", levels=(COUNTY,))
    cmd.by.must_reach(county, field="county")
    major = text.code(cmd.major, codes.MAJORS, field="major")
    level = text.code(cmd.level, codes.DEGREE_LEVELS, field="level")
    graduated_on = dates.day(cmd.graduated_on, field="graduated_on", not_after=today)
    if not 0 <= cmd.graduates <= MOST_GRADUATES:
        raise AmountInvalid(field="graduates", graduates=cmd.graduates)
    key = cohort_id(school=school, major=major, level=level, graduated_on=graduated_on)
    report = CohortReport(cmd.origin, school, county, major, level, graduated_on, cmd.graduates)

    def change(cohort: GraduateCohort) -> dict[str, str]:
        cohort.report(report)
        return {"cohort_id": key}

    return Step(GraduateCohort, key, change)


async def report_graduates(cmd: ReportGraduates, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
