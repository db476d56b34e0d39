"""Correction: one person proposes, another one decides; an erasure is decided the same way."""

from __future__ import annotations

import msgspec

from services.registry.domain.combine import TalentFacts
from services.registry.domain.corrected import HOME_COUNTY, OF_AFFILIATION, PASSED_ON, value_of
from services.registry.domain.reports import CorrectionReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import TalentCorrected
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.errors import Forbidden, Invalid, NotFound, RuleBroken
from services.shared.kernel.origin import Origin

WAITING, APPROVED, APPLIED, REJECTED = "waiting", "approved", "applied", "rejected"
# View of what is approved and not yet carried out.
UNAPPLIED = "unapplied"
# The field of an erasure.
IDENTITY = "identity"
FIELDS = (*OF_AFFILIATION, PASSED_ON, HOME_COUNTY)


class CorrectionNotFound(NotFound):
    reason = "CORRECTION_NOT_FOUND"
    zh, en = "没有此更正申请", "No such correction"


class SelfApproval(Forbidden):
    reason = "SELF_APPROVAL"
    zh, en = "申请人不得自行审批", "Nobody approves what he proposed himself"
    fix_zh, fix_en = "请由另一人审批", "Let somebody else approve it"


class AlreadyDecided(RuleBroken):
    reason = "CORRECTION_DECIDED"
    zh, en = "该申请已有结论", "It was decided before"


class NothingToCorrect(Invalid):
    reason = "NOTHING_TO_CORRECT"
    zh, en = "没有可更正的内容", "There is no such field, or it has this value already"


class CorrectionOutdated(RuleBroken):
    reason = "CORRECTION_OUTDATED"
    zh, en = "原值已改变", "The old value is not what the facts say any more"
    fix_zh, fix_en = "请重新提出更正", "Propose it again"


class OfOtherKind(RuleBroken):
    reason = "CORRECTION_OF_OTHER_KIND"
    zh, en = "该申请属于其他类型", "An erasure is approved by EraseIdentity, a correction by ApproveCorrection"


class CorrectionState(msgspec.Struct, frozen=True):
    talent: str = ""
    target: str = ""
    field: str = ""
    old: str = ""
    new: str = ""
    reason: str = ""
    requester: str = ""
    approver: str = ""
    status: str = ""
    at: str = ""
    counties: tuple[str, ...] = ()


class CorrectionChanged(msgspec.Struct, frozen=True):
    """Event of a correction; not published: what follows from it is, as TalentCorrected."""

    status: str


class Correction(Aggregate[CorrectionState]):
    """waiting → approved → applied, or waiting → rejected. Invariant: requester and approver are two persons."""

    kind = "correction"
    __slots__ = ()

    @classmethod
    def blank(cls) -> CorrectionState:
        return CorrectionState()

    def propose(self, proposed: CorrectionState) -> None:
        if not self.exists:
            self._to(msgspec.structs.replace(proposed, status=WAITING))

    def approve(self, *, by: str, at: str, erasure: bool) -> None:
        self._must_wait()
        if erasure != (self.state.field == IDENTITY):
            raise OfOtherKind(field="correction_id")
        if by == self.state.requester:
            raise SelfApproval(field="correction_id")
        self._to(msgspec.structs.replace(self.state, status=APPROVED, approver=by, at=at))

    def reject(self, *, by: str) -> None:
        """Whoever proposed it may take it back."""
        self._must_wait()
        self._to(msgspec.structs.replace(self.state, status=REJECTED, approver=by))

    def applied(self) -> None:
        if self.state.status == APPROVED:
            self._to(msgspec.structs.replace(self.state, status=APPLIED))

    def apply_to(self, talent: Talent) -> None:
        """Carry out what was approved; without effect the second time."""
        it = self.state
        if it.field == IDENTITY:
            talent.erase()
            return
        report = CorrectionReport(
            Origin("correction", f"correction/{self.id}"), None, it.target, it.field, it.old, it.new, it.at
        )
        talent.report(report, None, TalentCorrected(self.id, it.field))

    def must_fit(self, facts: TalentFacts) -> None:
        """Raises CORRECTION_OUTDATED when the facts no longer say what was seen."""
        it = self.state
        if it.status == WAITING and it.field != IDENTITY and told(facts, it.target, it.field) != it.old:
            raise CorrectionOutdated(field="correction_id")

    def must_exist(self) -> None:
        if not self.exists:
            raise CorrectionNotFound(field="correction_id")

    def _must_wait(self) -> None:
        self.must_exist()
        if self.state.status != WAITING:
            raise AlreadyDecided(field="correction_id", status=self.state.status)

    def _to(self, state: CorrectionState) -> None:
        self._record(CorrectionChanged(state.status), state)


def told(facts: TalentFacts, target: str, field: str) -> str | None:
    """What the facts say of a correctable field, as text; None when there is no such thing."""
    if field == HOME_COUNTY:
        return facts.home_county
    if field == PASSED_ON:
        return next((held.passed_on for held in facts.certificates if held.level == target), None)
    return next((value_of(held, field) for held in facts.affiliations if held.id == target), None)
