"""The steps of a merge and of its undoing, each a change of one talent; without effect when it was done before.

In order: `expect` (winner), `move_into` (loser), `take` (winner), `arrive` (loser); back: `release` (winner),
`move_back` (loser), `settle` (winner). Decision record 0011.
"""

from __future__ import annotations

import msgspec

from services.registry.domain.merging import (
    NO_DECISION,
    MergedIntoItself,
    MergeKey,
    MovedBack,
    MovedInto,
    Part,
    PartReleased,
    PartTaken,
    TalentHasParts,
)
from services.registry.domain.talent import Talent


def expect(winner: Talent, loser: str, why: MergeKey) -> None:
    """From now on the winner cannot move itself, so that merges never form chains or rings. Raises TALENT_MOVED."""
    if loser == winner.id:
        raise MergedIntoItself(field="winner")
    merge = winner.merge
    if not merge.is_done(why):
        winner.must_be_itself()
        winner.step(PartTaken(loser), merge.with_part(Part(loser, why)).decided(why))


def move_into(loser: Talent, winner: str, why: MergeKey) -> None:
    """The loser's facts are empty from here on. Raises TALENT_MOVED, TALENT_HAS_PARTS."""
    if winner == loser.id:
        raise MergedIntoItself(field="winner")
    merge = loser.merge
    if merge.is_done(why):
        return
    loser.must_be_itself()
    if merge.taken:
        raise TalentHasParts(field="talent_id", talent=loser.id)
    moved = msgspec.structs.replace(merge.decided(why), moved_to=winner, why=why)
    loser.step(MovedInto(winner), moved.mirrored_from(loser.version + 1))


def part_of(loser: Talent) -> Part:
    """What the winner is to mirror."""
    state = loser.state
    return Part(loser.id, NO_DECISION, loser.version, state.birth_year, state.reports)


def take(winner: Talent, part: Part) -> None:
    """Mirror a loser's part, unless it was released meanwhile or a newer one is here."""
    held = winner.merge.part(part.loser)
    if held is not None and part.version > held.version:
        taken = msgspec.structs.replace(part, why=held.why)
        winner.step(PartTaken(part.loser), winner.merge.with_part(taken).settled(part.loser))


def arrive(loser: Talent, mirrored: int) -> None:
    """The winner mirrors the loser's version `mirrored`."""
    merge = loser.merge
    if merge.moved_to and not merge.arrived and merge.to_mirror <= mirrored:
        loser.step(MovedInto(merge.moved_to), msgspec.structs.replace(merge, arrived=True))


def release(winner: Talent, loser: str, why: MergeKey) -> None:
    """Undoing begins with the winner, so that nobody is counted twice meanwhile. A later merge is left alone."""
    merge = winner.merge
    part = merge.part(loser)
    if merge.is_done(why) if part is None else part.why.number > why.number:
        return
    given_back = merge if part is None else merge.without_part(loser).awaiting(loser)
    winner.step(PartReleased(loser), given_back.decided(why))


def move_back(loser: Talent, winner: str) -> None:
    """The loser is a person of its own again."""
    merge = loser.merge
    if winner and merge.moved_to == winner:
        own = msgspec.structs.replace(merge, moved_to="", why=NO_DECISION, to_mirror=0, arrived=False)
        loser.step(MovedBack(winner), own)


def settle(winner: Talent, loser: str) -> None:
    """The loser, whose part was given back, stands for itself."""
    if loser in winner.merge.returning:
        winner.step(PartReleased(loser), winner.merge.settled(loser))
