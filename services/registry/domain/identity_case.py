"""IdentityCase: one number under two names, or two numbers that may be one person; a person has to look."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.errors import Invalid, NotFound, RuleBroken

# View of what waits for somebody, by area.
TO_DO = "to-do"
OPEN, RESOLVED = "open", "resolved"
SAME, DIFFERENT = "same", "different"
RESOLUTIONS = (SAME, DIFFERENT)
CANDIDATE = "candidate"


class CaseNotFound(NotFound):
    reason = "IDENTITY_CASE_NOT_FOUND"
    zh, en = "没有此身份核查事项", "No such identity case"


class CaseMerged(RuleBroken):
    reason = "IDENTITY_CASE_MERGED"
    zh, en = "双方已合并", "The two were merged"
    fix_zh, fix_en = "请先撤销合并", "Undo the merge instead"


class NotMerged(RuleBroken):
    reason = "NOT_MERGED"
    zh, en = "双方未合并", "The two are not merged"


class WinnerNotOfCase(Invalid):
    reason = "WINNER_NOT_OF_CASE"
    zh, en = "合并后的人员不属于该事项", "The winner is not one of the two of this case"


class IdentityCaseFacts(msgspec.Struct, frozen=True):
    talent: str = ""
    differing: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    status: str = ""
    other: str = ""
    resolution: str = ""


class IdentityCaseState(IdentityCaseFacts, frozen=True):
    """`winner` and `loser` are those of the last merge that was decided, undone or not."""

    counties: tuple[str, ...] = ()
    resolved_by: str = ""
    winner: str = ""
    loser: str = ""


class IdentityCaseOpened(msgspec.Struct, frozen=True):
    talent: str


class IdentityCaseResolved(msgspec.Struct, frozen=True):
    resolution: str
    by: str


class IdentityCase(Aggregate[IdentityCaseState]):
    """Invariant: one case per talent (or pair) and kind of difference; detection never opens a resolved one again."""

    kind = "identity_case"
    __slots__ = ()

    @classmethod
    def blank(cls) -> IdentityCaseState:
        return IdentityCaseState()

    def facts(self) -> IdentityCaseFacts:
        it = self.state
        return IdentityCaseFacts(it.talent, it.differing, it.departments, it.status, it.other, it.resolution)

    def open(
        self,
        *,
        talent: str,
        differing: str,
        departments: Collection[str],
        counties: Collection[str] = (),
        other: str = "",
    ) -> None:
        """Open it, or add the departments that also differ; without effect when all are known. Two talents about whom
        somebody decided are left alone; one number about which another department differs is looked at again.
        """
        state = self.state
        if state.status == RESOLVED and (other or set(departments) <= set(state.departments)):
            return
        opened = IdentityCaseState(
            talent=talent,
            differing=tuple(sorted({*state.differing, differing})),
            departments=tuple(sorted({*state.departments, *departments})),
            status=OPEN,
            other=other,
            counties=tuple(sorted({*state.counties, *counties})),
        )
        if opened != state:
            self._record(IdentityCaseOpened(talent), opened)

    def resolve(self, resolution: str, *, by: str, winner: str = "") -> None:
        """A person decided; without effect when it was decided so before. A decision may be changed by another one, a
        merge by `undo` only.
        """
        self.must_exist()
        state = self.state
        loser = self.loser_to(winner) if resolution == SAME and state.other else ""
        if self.merged and (resolution, loser) != (SAME, state.loser):
            raise CaseMerged(field="resolution", winner=state.winner)
        if state.resolution != resolution:
            self._resolved(resolution, by=by, winner=winner if loser else "", loser=loser)

    def undo(self, *, by: str) -> None:
        """The two are different after all. Raises NOT_MERGED."""
        self.must_exist()
        if not self.merged:
            raise NotMerged(field="case_id")
        self._resolved(DIFFERENT, by=by, winner=self.state.winner, loser=self.state.loser)

    def reopen(self, number: int) -> None:
        """The merge that was decided in this version could not be made after all."""
        if self.version == number and self.merged:
            reopened = msgspec.structs.replace(self.state, status=OPEN, resolution="", winner="", loser="")
            self._record(IdentityCaseOpened(self.state.talent), reopened)

    @property
    def merged(self) -> bool:
        return self.state.resolution == SAME and self.state.other != ""

    def loser_to(self, winner: str) -> str:
        """The other one of the two. Raises WINNER_NOT_OF_CASE."""
        pair = (self.state.talent, self.state.other)
        if winner not in pair:
            raise WinnerNotOfCase(field="winner")
        return pair[1 - pair.index(winner)]

    def must_exist(self) -> None:
        if not self.exists:
            raise CaseNotFound(field="case_id")

    def _resolved(self, resolution: str, *, by: str, winner: str, loser: str) -> None:
        resolved = msgspec.structs.replace(
            self.state, status=RESOLVED, resolution=resolution, resolved_by=by, winner=winner, loser=loser
        )
        self._record(IdentityCaseResolved(resolution, by), resolved)


def candidate_id(one: str, other: str) -> str:
    """One case per pair of talents, whichever is named first."""
    return f"{CANDIDATE}/{min(one, other)}/{max(one, other)}"
