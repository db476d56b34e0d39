"""Talent (入库人员): one person, counted once, however many departments know them."""

from __future__ import annotations

from typing import NoReturn

import msgspec

from services.registry.domain import combine
from services.registry.domain.combine import TalentFacts
from services.registry.domain.merging import (
    NO_DECISION,
    Merge,
    MergedIntoItself,
    MergeKey,
    Part,
    TalentHasParts,
    TalentMoved,
)
from services.registry.domain.reports import (
    Affiliation,
    CorrectionReport,
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
from services.shared.kernel.origin import held_for, put, supersedes

# View of talents by county and prefecture (Talent.counties).
BY_AREA = "area"
# View of talents by pseudonym of name, birth and employer.
BY_MATCH = "match"


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


class IdentityErasedBefore(Forbidden):
    reason = "IDENTITY_ERASED"
    zh, en = "此人的身份信息已删除", "The identity of this person was erased"
    fix_zh, fix_en = "不再接收含身份信息的记录", "Reports with an identity are not taken any more"


class Identity(msgspec.Struct, frozen=True, gc=False):
    """A reported identity, protected before it gets here: `sealed` holds the clear fields under a key of its own."""

    name_index: str
    phone_index: str
    # 李** : all that a page shows of a name.
    masked: str
    birth_year: int
    sealed: bytes


class TalentState(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    birth_year: int = 0
    # The identities that reports refer to, by name index; more than one = disputed.
    identities: tuple[Identity, ...] = ()
    reports: tuple[Report, ...] = ()
    # Set once the talent took part in a merge.
    merge: Merge | None = None
    # Name, number and phone were destroyed; `birth_year` is then the first of its band.
    erased: bool = False


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


class IdentityDisputed(msgspec.Struct, frozen=True, gc=False):
    department: str
    identity_case: str


class MovedInto(msgspec.Struct, frozen=True, gc=False):
    winner: str


class PartTaken(msgspec.Struct, frozen=True, gc=False):
    loser: str


class PartReleased(msgspec.Struct, frozen=True, gc=False):
    loser: str


class MovedBack(msgspec.Struct, frozen=True, gc=False):
    winner: str


class IdentityErased(msgspec.Struct, frozen=True, gc=False):
    pass


class TalentCorrected(msgspec.Struct, frozen=True, gc=False):
    correction: str
    field: str


TalentChange = (
    TalentReported | AffiliationEnded | PassRecorded | Designated | PayRecorded | IdentityDisputed | TalentCorrected
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
        state = self.state
        if state.merge is None:
            return combine.facts(state.birth_year, state.reports)
        return state.merge.facts(state.birth_year, state.reports)

    def own_facts(self) -> TalentFacts:
        """As if never merged: what commands on this talent are about."""
        return combine.facts(self.state.birth_year, self.state.reports)

    def report(self, report: Report, identity: Identity | None, event: TalentChange) -> bool:
        """Take a department's report; False when it is a repeat. Raises REVISION_REUSED.

        `identity` comes with every report by ID number; one whose name differs from what is known makes the talent
        disputed: counted once all the same, and a case is opened.
        """
        state = self.state
        if not supersedes(report, held_for(state.reports, report.origin)):
            return False
        if state.erased and identity is not None:
            raise IdentityErasedBefore(field="identity")
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
                merge=self._to_mirror(),
                erased=state.erased,
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
        for held in self.own_facts().affiliations:
            if held.id == affiliation:
                return held
        raise AffiliationNotFound(field="affiliation_id", affiliation=affiliation)

    def counties(self) -> set[str]:
        """Where the person works or worked; without any work, the home counties reported with passes."""
        state = self.state
        reports = state.reports if state.merge is None else sum((it.reports for it in state.merge.taken), state.reports)
        counties: set[str] = {county_of(it.affiliation.place) for it in reports if isinstance(it, WorkReport)}
        counties |= {county_of(it.new) for it in reports if isinstance(it, CorrectionReport) and it.field == "place"}
        return counties or {it.home_county for it in reports if isinstance(it, PassReport) and it.home_county}

    @property
    def moved_to(self) -> str:
        return self.state.merge.moved_to if self.state.merge else ""

    def must_be_itself(self) -> None:
        """Raises TALENT_NOT_FOUND, TALENT_MOVED or IDENTITY_ERASED."""
        self.must_exist()
        if self.moved_to:
            raise TalentMoved(field="talent_id", talent=self.id, moved_to=self.moved_to)
        if self.state.erased:
            raise IdentityErasedBefore(field="talent_id", talent=self.id)

    def expect(self, loser: str, why: MergeKey) -> None:
        """The winner's first step: from now on it cannot move itself, so that merges never form chains or rings."""
        if loser == self.id:
            raise MergedIntoItself(field="winner")
        merge = self._merge
        if merge.part(loser) is None:
            self.must_be_itself()
            self._merged(PartTaken(loser), merge.with_part(Part(loser, why)))

    def move_into(self, winner: str, why: MergeKey) -> None:
        """The loser's step: its facts are empty from here on. Without effect for a decision carried out before."""
        merge = self._merge
        if merge.is_done(why):
            return
        if winner == self.id:
            raise MergedIntoItself(field="winner")
        self.must_be_itself()
        if merge.taken:
            raise TalentHasParts(field="talent_id", talent=self.id)
        self._merged(MovedInto(winner), merge.moved(winner, why, version=self.version + 1))

    def take(self, part: Part) -> None:
        """Mirror a loser's part, unless it was released meanwhile or a newer one is here."""
        held = self._merge.part(part.loser)
        if held is not None and part.version > held.version:
            taken = msgspec.structs.replace(part, why=held.why)
            self._merged(PartTaken(part.loser), self._merge.with_part(taken))

    def arrive(self, mirrored: int) -> None:
        """The winner mirrors this talent's version `mirrored`."""
        merge = self._merge
        if merge.moved_to and 0 < merge.moving <= mirrored:
            self._merged(MovedInto(merge.moved_to), msgspec.structs.replace(merge, moving=0))

    def release(self, loser: str) -> None:
        """Undoing begins with the winner, so that nobody is counted twice meanwhile."""
        if self._merge.part(loser) is not None:
            self._merged(PartReleased(loser), self._merge.without_part(loser))

    def move_back(self, winner: str) -> None:
        merge = self._merge
        if winner and merge.moved_to == winner:
            self._merged(MovedBack(winner), msgspec.structs.replace(merge, moved_to="", moving=0))

    def part_of(self) -> Part:
        """What the winner is to mirror."""
        state = self.state
        return Part(self.id, NO_DECISION, self.version, state.birth_year, state.reports)

    def erase(self) -> None:
        """Destroy name, number and phone; facts stay as they are. Without effect the second time."""
        self.must_exist()
        state = self.state
        if state.erased:
            return
        born = state.birth_year - state.birth_year % 5
        erased = msgspec.structs.replace(state, birth_year=born, identities=(), merge=self._to_mirror(), erased=True)
        self._record(IdentityErased(), erased)

    @property
    def _merge(self) -> Merge:
        return self.state.merge or Merge()

    def _to_mirror(self) -> Merge | None:
        """A moved talent's change has to reach its winner."""
        merge = self.state.merge
        if merge is None or not merge.moved_to:
            return merge
        return msgspec.structs.replace(merge, moving=self.version + 1)

    def _merged(self, event: MovedInto | PartTaken | PartReleased | MovedBack, merge: Merge) -> None:
        self._record(event, msgspec.structs.replace(self.state, merge=merge))

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
