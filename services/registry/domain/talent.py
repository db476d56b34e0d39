"""Talent (入库人员): one person, counted once, however many departments know them."""

from __future__ import annotations

from typing import NoReturn

import msgspec

from services.registry.domain import combine
from services.registry.domain.combine import TalentFacts
from services.registry.domain.merging import Merge, MergeEvent, TalentMoved
from services.registry.domain.registrations import lapsed
from services.registry.domain.reports import (
    TEXTUAL,
    Affiliation,
    CorrectionReport,
    EndReport,
    PassReport,
    Report,
    Withdrawn,
    WorkReport,
    department_of,
)
from services.registry.domain.talent_events import (
    AffiliationEnded,
    IdentityDisputed,
    IdentityErased,
    RecordWithdrawn,
    RegistrationLapsed,
    TalentChange,
)
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.area import county_of
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Forbidden, IntervalReversed, NotFound, RuleBroken
from services.shared.kernel.origin import Origin, held_for, put, supersedes

# View of talents by county and prefecture (Talent.counties).
BY_AREA = "area"
# View of talents by pseudonym of name, birth and employer.
BY_MATCH = "match"
# View of talents by the day, and by the month, in which a registration runs out, if nothing renews it (storage.py).
BY_LAPSE = "lapse"


class TalentNotFound(NotFound):
    reason = "TALENT_NOT_FOUND"
    zh, en = "人才库中没有此人", "No such talent"


class AffiliationNotFound(NotFound):
    reason = "AFFILIATION_NOT_FOUND"
    zh, en = "没有此从业记录", "No such affiliation"


class RecordNotFound(NotFound):
    reason = "RECORD_NOT_FOUND"
    zh, en = "没有此记录", "No such record"


class OwnedByOtherDepartment(Forbidden):
    reason = "OWNED_BY_OTHER_DEPARTMENT"
    zh, en = "该从业记录属于其他部门", "The affiliation belongs to another department"
    fix_zh, fix_en = "请由所属部门提交", "Let the department that owns it report it"


class AffiliationOfPart(RuleBroken):
    reason = "AFFILIATION_OF_PART"
    zh, en = "该从业记录属于并入此人的人员", "The affiliation is one of a talent that was merged into this one"
    fix_zh, fix_en = "请以原人员编号提交", "Name the talent that it was reported for"


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


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """Free text about a person: reports name it by its keyed pseudonym, the text itself lies under a key of its own."""

    index: str
    sealed: bytes


class TalentState(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    birth_year: int = 0
    # The identities that reports refer to, by name index; more than one = disputed.
    identities: tuple[Identity, ...] = ()
    reports: tuple[Report, ...] = ()
    # Titles of honours, reasons and grounds that reports refer to, by index.
    texts: tuple[Sealed, ...] = ()
    # Set once the talent took part in a merge.
    merge: Merge | None = None
    # Name, number and phone were destroyed; `birth_year` is then the first of its band.
    erased: bool = False


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

    @property
    def all_reports(self) -> tuple[Report, ...]:
        """Its own and those of the talents merged into it: what the person is judged by."""
        state = self.state
        return state.reports if state.merge is None else state.merge.all_reports(state.reports)

    def own_facts(self) -> TalentFacts:
        """As if never merged: what commands on this talent are about."""
        return combine.facts(self.state.birth_year, self.state.reports)

    def report(
        self, report: Report, identity: Identity | None, event: TalentChange, text: Sealed | None = None
    ) -> bool:
        """Take a department's report; False when it is a repeat. Raises REVISION_REUSED.

        `identity` comes with every report by ID number; one whose name differs from what is known makes the talent
        disputed: counted once all the same, and a case is opened. `text` is what the report refers to by index.
        """
        state = self.state
        replaced = held_for(state.reports, report.origin)
        if not supersedes(report, replaced):
            return False
        if state.erased and (identity is not None or text is not None):
            raise IdentityErasedBefore(field="identity", talent=self.id)
        identities = state.identities
        known = not identities
        if identity is not None:
            identities = _keep(identities, identity)
            known = known or any(held.name_index == identity.name_index for held in state.identities)
        reports = put(state.reports, report)
        if replaced is not None and replaced.name != report.name:
            identities = _named(identities, reports)
        self._record(
            event,
            TalentState(
                birth_year=state.birth_year if identity is None else identity.birth_year,
                identities=identities,
                reports=reports,
                texts=_texts(state.texts, text, reports),
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

    def withdraw(self, department: str, system: str, record_id: str, revision: int) -> None:
        """Take the record back: a tombstone of this revision stands in its place, and what only it said is gone.

        Revision 0 = one higher than what is held. A repeat, or a higher revision held, changes nothing. Raises
        NotFound.
        """
        held = held_for(self.state.reports, Origin(system, record_id))
        if held is None:
            raise RecordNotFound(field="record_id")
        if not revision:
            if isinstance(held, Withdrawn):
                return
            revision = held.origin.revision + 1
        before = self.state
        tombstone = Withdrawn(Origin(system, record_id, revision), None, department)
        if not supersedes(tombstone, held):
            return
        reports = put(before.reports, tombstone)
        self._record(
            RecordWithdrawn(department),
            msgspec.structs.replace(
                before,
                identities=_named(before.identities, reports),
                reports=reports,
                texts=_texts(before.texts, None, reports),
                merge=self._to_mirror(),
            ),
        )

    def affiliation(self, affiliation: str, *, field: str = "affiliation_id") -> Affiliation:
        """Raises TALENT_NOT_FOUND, AFFILIATION_NOT_FOUND, or AFFILIATION_OF_PART naming whose it is."""
        self.must_exist()
        for held in self.own_facts().affiliations:
            if held.id == affiliation:
                return held
        for part in self.merge.taken:
            if any(isinstance(it, WorkReport) and it.affiliation.id == affiliation for it in part.reports):
                raise AffiliationOfPart(field="talent_id", talent=part.loser)
        raise AffiliationNotFound(field=field, affiliation=affiliation)

    def lapse(self, on: Day) -> None:
        """Say which levels' registrations lapse on the day; the certificates are held all the same."""
        for level in lapsed(self.facts().registrations, self.all_reports, on=on):
            self._record(RegistrationLapsed(level, on), self.state)

    def forget(self, origin: Origin, event: TalentChange) -> None:
        """Drop what was reported under this origin, as if it had never been; without effect when there is nothing."""
        held = held_for(self.state.reports, origin)
        if held is not None:
            reports = tuple(report for report in self.state.reports if report is not held)
            self._record(event, msgspec.structs.replace(self.state, reports=reports, merge=self._to_mirror()))

    def counties(self) -> set[str]:
        """Where the person works or worked; without any work, the home counties reported with passes."""
        reports = self.all_reports
        counties: set[str] = {county_of(it.affiliation.place) for it in reports if isinstance(it, WorkReport)}
        counties |= {county_of(it.new) for it in reports if isinstance(it, CorrectionReport) and it.field == "place"}
        return counties or {it.home_county for it in reports if isinstance(it, PassReport) and it.home_county}

    @property
    def moved_to(self) -> str:
        return self.state.merge.moved_to if self.state.merge else ""

    def must_be_itself(self) -> None:
        """Raises TALENT_NOT_FOUND or TALENT_MOVED."""
        self.must_exist()
        if self.moved_to:
            raise TalentMoved(field="talent_id", talent=self.id, moved_to=self.moved_to)

    def must_be_known(self) -> None:
        """IDENTITY_ERASED: nobody can say any more who the person is."""
        if self.state.erased:
            raise IdentityErasedBefore(field="talent_id", talent=self.id)

    def erase(self) -> None:
        """Destroy name, number, phone and texts with the keys that open them; facts stay as they are, keyed pseudonyms
        too, so that `disputed` stays and repeats are known. Without effect the second time.
        """
        self.must_exist()
        state = self.state
        if state.erased:
            return
        born = state.birth_year - state.birth_year % 5
        self._record(
            IdentityErased(),
            msgspec.structs.replace(
                state, birth_year=born, identities=(), texts=(), merge=self._to_mirror(), erased=True
            ),
        )

    @property
    def merge(self) -> Merge:
        """What it keeps of merges."""
        return self.state.merge or Merge()

    def _to_mirror(self) -> Merge | None:
        """A moved talent's change has to reach its winner."""
        merge = self.state.merge
        return merge and merge.mirrored_from(self.version + 1)

    def step(self, event: MergeEvent, merge: Merge) -> None:
        """One step of a merge, or of its undoing (domain/merge_steps.py)."""
        self._record(event, msgspec.structs.replace(self.state, merge=merge))

    @property
    def known_as(self) -> tuple[str, ...]:
        """Its own id and those of the talents merged into it: one person."""
        return (self.id, *(part.loser for part in self.merge.taken))

    @property
    def masked_name(self) -> str:
        identities = self.state.identities
        return identities[0].masked if identities else ""

    def must_exist(self) -> None:
        if not self.exists:
            _missing()


def _missing() -> NoReturn:
    raise TalentNotFound(field="talent_id")


def _texts(texts: tuple[Sealed, ...], text: Sealed | None, reports: tuple[Report, ...]) -> tuple[Sealed, ...]:
    """Sealed once per text; what no report refers to any more is destroyed."""
    if text is None and not texts:
        return texts
    held = {it.index: it for it in texts}
    if text is not None:
        held.setdefault(text.index, text)
    used = {it.text for it in reports if isinstance(it, TEXTUAL)}
    return tuple(held[index] for index in sorted(held.keys() & used))


def _named(identities: tuple[Identity, ...], reports: tuple[Report, ...]) -> tuple[Identity, ...]:
    """What no report refers to any more is destroyed."""
    named = {it.name.index for it in reports if it.name}
    return tuple(it for it in identities if it.name_index in named)


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
