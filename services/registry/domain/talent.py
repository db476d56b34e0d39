"""Talent (入库人员): one person, counted once, however many departments know them."""

from __future__ import annotations

from typing import NoReturn

import msgspec

from services.registry.domain import combine
from services.registry.domain.combine import TalentFacts
from services.registry.domain.registrations import lapsed
from services.registry.domain.reports import (
    Affiliation,
    EndReport,
    PassReport,
    Report,
    WorkReport,
    department_of,
)
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.area import county_of
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Forbidden, IntervalReversed, NotFound
from services.shared.kernel.origin import Origin, held_for, put, supersedes

# View of talents by county and prefecture (Talent.counties).
BY_AREA = "area"
# View of talents by the day on which a registration runs out, if nothing renews it (storage.py).
BY_LAPSE = "lapse"


class TalentNotFound(NotFound):
    reason = "TALENT_NOT_FOUND"
    zh, en = "人才库中没有此人", "No such talent"


class AffiliationNotFound(NotFound):
    reason = "AFFILIATION_NOT_FOUND"
    zh, en = "没有此从业记录", "No such affiliation"


class OwnedByOtherDepartment(Forbidden):
    reason = "OWNED_BY_OTHER_DEPARTMENT"
    zh, en = "该从业记录属于其他部门", "The affiliation belongs to another department"
    fix_zh, fix_en = "请由所属部门提交", "Let the department that owns it report it"


class Identity(msgspec.Struct, frozen=True, gc=False):
    """A reported identity, protected before it gets here: `sealed` holds the clear fields under a key of its own."""

    name_index: str
    phone_index: str
    # 李** : all that a page shows of a name.
    masked: str
    birth_year: int
    sealed: bytes


class TalentState(msgspec.Struct, frozen=True, gc=False):
    birth_year: int = 0
    # The identities that reports refer to, by name index; more than one = disputed.
    identities: tuple[Identity, ...] = ()
    reports: tuple[Report, ...] = ()


class TalentReported(msgspec.Struct, frozen=True, gc=False):
    affiliation: str
    department: str


class AffiliationEnded(msgspec.Struct, frozen=True, gc=False):
    affiliation: str
    until: Day
    reason: str


class PassRecorded(msgspec.Struct, frozen=True, gc=False):
    level: str
    passed_on: Day


class Designated(msgspec.Struct, frozen=True, gc=False):
    kind: str
    since: Day


class PayRecorded(msgspec.Struct, frozen=True, gc=False):
    year: int
    band: str


class SeniorReviewed(msgspec.Struct, frozen=True, gc=False):
    granted_on: Day


class CertificateAnnulled(msgspec.Struct, frozen=True, gc=False):
    level: str
    annulled_on: Day


class RegistrationApplied(msgspec.Struct, frozen=True, gc=False):
    level: str
    received_on: Day


class RegistrationDecided(msgspec.Struct, frozen=True, gc=False):
    level: str
    received_on: Day
    decided_on: Day
    granted: bool


class RegistrationEnded(msgspec.Struct, frozen=True, gc=False):
    level: str
    ended_on: Day
    reason: str


class RegistrationLapsed(msgspec.Struct, frozen=True, gc=False):
    level: str
    on: Day


class EducationRecorded(msgspec.Struct, frozen=True, gc=False):
    kind: str
    month: str


class EducationReversed(msgspec.Struct, frozen=True, gc=False):
    # Of the entry that is taken back; "" when it has not been reported yet.
    month: str


class IdentityDisputed(msgspec.Struct, frozen=True, gc=False):
    department: str
    identity_case: str


class PrivateChanged(msgspec.Struct, frozen=True, gc=False):
    """Something changed that facts do not tell: party membership, honours, credit, contact."""


TalentChange = (
    TalentReported
    | AffiliationEnded
    | PassRecorded
    | Designated
    | PayRecorded
    | IdentityDisputed
    | SeniorReviewed
    | CertificateAnnulled
    | RegistrationApplied
    | RegistrationDecided
    | RegistrationEnded
    | RegistrationLapsed
    | EducationRecorded
    | EducationReversed
    | PrivateChanged
)


class Talent(Aggregate[TalentState]):
    """Id = keyed pseudonym of the ID number, so that every department's report of a person meets here.

    Invariants: facts depend on the set of reports, never on their order; an affiliation is changed by its own
    department only; a report of one record id is kept in its highest revision. Plan §1.1, §3.2, §6.1.
    """

    kind = "talent"
    __slots__ = ()

    @classmethod
    def blank(cls) -> TalentState:
        return TalentState()

    def facts(self) -> TalentFacts:
        return combine.facts(self.state.birth_year, self.state.reports)

    def report(self, report: Report, identity: Identity | None, event: TalentChange) -> bool:
        """Take a department's report; False when it is a repeat. Raises REVISION_REUSED.

        `identity` comes with every report by ID number; one whose name differs from what is known makes the talent
        disputed: counted once all the same, and a case is opened.
        """
        state = self.state
        if not supersedes(report, held_for(state.reports, report.origin)):
            return False
        identities = state.identities
        known = not identities
        if identity is not None:
            identities = _keep(identities, identity)
            known = known or any(held.name_index == identity.name_index for held in state.identities)
        reports = put(state.reports, report)
        self._record(
            event,
            TalentState(
                birth_year=state.birth_year if identity is None else identity.birth_year,
                identities=identities,
                reports=reports,
            ),
        )
        if not known and report.name is not None:
            self._record(IdentityDisputed(report.name.department, case_id(self.id)), self.state)
        return True

    def end_affiliation(self, end: EndReport) -> None:
        """End an affiliation that the same department reported before. Raises NotFound, OWNED_BY_OTHER_DEPARTMENT
        or INTERVAL_REVERSED.
        """
        if department_of(end.affiliation) != end.department:
            raise OwnedByOtherDepartment(field="affiliation_id", owner=department_of(end.affiliation))
        held = self.affiliation(end.affiliation)
        if end.until <= held.since:
            raise IntervalReversed(field="until", since=held.since, until=end.until)
        self.report(end, None, AffiliationEnded(end.affiliation, end.until, end.reason))

    def affiliation(self, affiliation: str) -> Affiliation:
        self.must_exist()
        for held in self.facts().affiliations:
            if held.id == affiliation:
                return held
        raise AffiliationNotFound(field="affiliation_id", affiliation=affiliation)

    def lapse(self, on: Day) -> None:
        """Say which levels' registrations lapse on the day; the certificates are held all the same."""
        reports = self.state.reports
        for level in lapsed(self.facts().registrations, reports, on=on):
            self._record(RegistrationLapsed(level, on), self.state)

    def forget(self, origin: Origin, event: TalentChange) -> None:
        """Drop what was reported under this origin, as if it had never been; without effect when there is nothing."""
        held = held_for(self.state.reports, origin)
        if held is not None:
            reports = tuple(report for report in self.state.reports if report is not held)
            self._record(event, msgspec.structs.replace(self.state, reports=reports))

    def counties(self) -> set[str]:
        """Where the person works or worked; without any work, the home counties reported with passes."""
        reports = self.state.reports
        counties: set[str] = {county_of(it.affiliation.place) for it in reports if isinstance(it, WorkReport)}
        return counties or {it.home_county for it in reports if isinstance(it, PassReport) and it.home_county}

    @property
    def masked_name(self) -> str:
        identities = self.state.identities
        return identities[0].masked if identities else ""

    def must_exist(self) -> None:
        if not self.exists:
            _missing()


def _missing() -> NoReturn:
    raise TalentNotFound(field="talent_id")


def _keep(identities: tuple[Identity, ...], identity: Identity) -> tuple[Identity, ...]:
    """Seal once per name: a report with a known name keeps what is there, unless it brings a phone that was missing."""
    for held in identities:
        if held.name_index == identity.name_index:
            if held.phone_index or not identity.phone_index:
                return identities
            return tuple(identity if other is held else other for other in identities)
    return tuple(sorted((*identities, identity), key=lambda held: held.name_index))


def case_id(talent: str) -> str:
    """One identity case per talent whose name is reported differently."""
    return f"name/{talent}"
