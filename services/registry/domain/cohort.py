"""GraduateCohort (毕业生): how many graduated from a school in a major and level on a day."""

from __future__ import annotations

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import NO_DAY, Day
from services.shared.kernel.ids import derived_id
from services.shared.kernel.origin import Origin, held_for, put, supersedes


class CohortReport(msgspec.Struct, frozen=True):
    origin: Origin
    school: str
    county: str
    major: str
    level: str
    graduated_on: Day
    graduates: int


class CohortState(msgspec.Struct, frozen=True):
    reports: tuple[CohortReport, ...] = ()


class GraduateCohortFacts(msgspec.Struct, frozen=True):
    school: str = ""
    county: str = ""
    major: str = ""
    level: str = ""
    graduated_on: Day = NO_DAY
    graduates: int = 0


class GraduatesReported(msgspec.Struct, frozen=True):
    pass


class GraduateCohort(Aggregate[CohortState]):
    """Id derives from school, major, level and day: two reports of one cohort are one, the higher revision counts,
    then the later name of the system. Invariant: facts do not depend on the order of reports. Plan 表1-11.
    """

    kind = "graduate_cohort"
    __slots__ = ()

    @classmethod
    def blank(cls) -> CohortState:
        return CohortState()

    def facts(self) -> GraduateCohortFacts:
        it = max(self.state.reports, key=lambda held: (held.origin.revision, held.origin.system, held.origin.record_id))
        return GraduateCohortFacts(it.school, it.county, it.major, it.level, it.graduated_on, it.graduates)

    def report(self, report: CohortReport) -> None:
        """Without effect when it is a repeat. Raises REVISION_REUSED."""
        if supersedes(report, held_for(self.state.reports, report.origin)):
            self._record(GraduatesReported(), CohortState(put(self.state.reports, report)))


def cohort_id(*, school: str, major: str, level: str, graduated_on: Day) -> str:
    return derived_id("graduate_cohort", school, f"{major}/{level}/{graduated_on}")
