"""Merging two talents into one person: what each of the two keeps of it, refusals and events (docs/adr/0011)."""

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
    fix_zh, fix_en = "请使用合并后的人员，或先撤销该合并", "Name the talent that goes on, or undo that merge first"


class TalentHasParts(RuleBroken):
    reason = "TALENT_HAS_PARTS"
    zh, en = "已有他人并入此人", "Others were merged into this talent"
    fix_zh, fix_en = "请选择此人为合并后的人员", "Let this talent be the one that goes on"


class MovedInto(msgspec.Struct, frozen=True, gc=False):
    winner: str


class PartTaken(msgspec.Struct, frozen=True, gc=False):
    loser: str


class PartReleased(msgspec.Struct, frozen=True, gc=False):
    loser: str


class MovedBack(msgspec.Struct, frozen=True, gc=False):
    winner: str


MergeEvent = MovedInto | PartTaken | PartReleased | MovedBack


class MergeKey(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A decision: the case and its version. It is carried out once, however often and late it is told."""

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
    """What a talent keeps of the merges it took part in.

    A loser: whom it moved to and by which decision, from which of its versions on the winner is to mirror it, and
    whether the winner does. A winner: the parts it took, by loser, and the losers whose parts it gave back and who do
    not stand for themselves yet. Both: the latest decision of each case.
    """

    moved_to: str = ""
    why: MergeKey = NO_DECISION
    to_mirror: int = 0
    arrived: bool = False
    done: tuple[MergeKey, ...] = ()
    taken: tuple[Part, ...] = ()
    returning: tuple[str, ...] = ()

    def facts(self, birth_year: int, reports: tuple[Report, ...]) -> TalentFacts:
        """A loser's are empty; a winner's are combined from all reports."""
        if self.moved_to:
            return TalentFacts(moved_to=self.moved_to, moving=not self.arrived or bool(self.returning))
        born = birth_year or max((part.birth_year for part in self.taken), default=0)
        facts = combine.facts(born, self.all_reports(reports))
        return msgspec.structs.replace(facts, moving=True) if self.returning else facts

    def all_reports(self, own: tuple[Report, ...]) -> tuple[Report, ...]:
        """A winner's own and, after them, those of its parts."""
        return sum((part.reports for part in self.taken), own)

    def part(self, loser: str) -> Part | None:
        return next((part for part in self.taken if part.loser == loser), None)

    def is_done(self, why: MergeKey) -> bool:
        """Whether the decision, or a later one of its case, was carried out."""
        return any(held.case == why.case and held.number >= why.number for held in self.done)

    def decided(self, why: MergeKey) -> Merge:
        others = [held for held in self.done if held.case != why.case]
        return self if self.is_done(why) else msgspec.structs.replace(self, done=(*others, why))

    def with_part(self, part: Part) -> Merge:
        others = self.without_part(part.loser).taken
        return msgspec.structs.replace(self, taken=tuple(sorted((*others, part), key=lambda held: held.loser)))

    def without_part(self, loser: str) -> Merge:
        return msgspec.structs.replace(self, taken=tuple(held for held in self.taken if held.loser != loser))

    def awaiting(self, loser: str) -> Merge:
        """The part was given back: until the loser is itself again, the person is in nobody's count."""
        return msgspec.structs.replace(self, returning=tuple(sorted({*self.returning, loser})))

    def settled(self, loser: str) -> Merge:
        if loser not in self.returning:
            return self
        return msgspec.structs.replace(self, returning=tuple(it for it in self.returning if it != loser))

    def mirrored_from(self, version: int) -> Merge:
        """The loser changed in this version, which has to reach the winner."""
        return msgspec.structs.replace(self, to_mirror=version, arrived=False) if self.moved_to else self
