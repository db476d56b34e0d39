"""Merging two talents into one person, and undoing it: what each of the two keeps of it (docs/adr/0011)."""

from __future__ import annotations

import msgspec

from services.registry.domain import combine
from services.registry.domain.combine import TalentFacts
from services.registry.domain.reports import Report
from services.shared.kernel.errors import Invalid, RuleBroken


class MergedIntoItself(Invalid):
    reason = "MERGED_INTO_ITSELF"
    zh, en = "不能与自身合并", "A talent is not merged into itself"


class TalentMoved(RuleBroken):
    reason = "TALENT_MOVED"
    zh, en = "此人已并入他人", "The talent was merged into another one"
    fix_zh, fix_en = "请先撤销该合并，或选择合并后的人员", "Undo that merge first, or name the talent that goes on"


class TalentHasParts(RuleBroken):
    reason = "TALENT_HAS_PARTS"
    zh, en = "已有他人并入此人", "Others were merged into this talent"
    fix_zh, fix_en = "请选择此人为合并后的人员", "Let this talent be the one that goes on"


class NotMerged(RuleBroken):
    reason = "NOT_MERGED"
    zh, en = "此人未被合并", "The talent was not merged into another one"


class MergeKey(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The decision behind a merge: the case and its version. A decision is carried out once, however often told."""

    case: str
    number: int


NO_DECISION = MergeKey("", 0)


class Part(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A loser's reports as the winner mirrors them: those of the loser's `version`; 0 = expected, not here yet."""

    loser: str
    why: MergeKey
    version: int = 0
    birth_year: int = 0
    reports: tuple[Report, ...] = ()


class Merge(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Of a loser: where it moved, the version that the winner must mirror (0 = mirrored), and the decisions carried out,
    the last one last.

    Of a winner: the parts it took, by loser.
    """

    moved_to: str = ""
    moving: int = 0
    done: tuple[MergeKey, ...] = ()
    taken: tuple[Part, ...] = ()

    def facts(self, birth_year: int, reports: tuple[Report, ...]) -> TalentFacts:
        """A loser's are empty; a winner's are combined from all reports, the parts' after its own."""
        if self.moved_to:
            return TalentFacts(moved_to=self.moved_to, moving=bool(self.moving))
        born = birth_year or max((part.birth_year for part in self.taken), default=0)
        return combine.facts(born, sum((part.reports for part in self.taken), reports))

    def part(self, loser: str) -> Part | None:
        return next((part for part in self.taken if part.loser == loser), None)

    def is_done(self, why: MergeKey) -> bool:
        return any(held.case == why.case and held.number >= why.number for held in self.done)

    def with_part(self, part: Part) -> Merge:
        others = [held for held in self.taken if held.loser != part.loser]
        taken = tuple(sorted((*others, part), key=lambda held: held.loser))
        return msgspec.structs.replace(self, taken=taken)

    def without_part(self, loser: str) -> Merge:
        return msgspec.structs.replace(self, taken=tuple(held for held in self.taken if held.loser != loser))

    def moved(self, winner: str, why: MergeKey, *, version: int) -> Merge:
        others = [held for held in self.done if held.case != why.case]
        return Merge(winner, version, (*others, why), self.taken)
