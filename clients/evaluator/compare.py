"""What was signed, held against what a replay came to. Each raises Difference at the first that does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clients.evaluator.counting import MOVING, RULES, Month, values
from clients.evaluator.logs import CHECKPOINTS, Place
from clients.evaluator.notes import Checkpoint, NoteInvalid, Verifier
from clients.evaluator.replay import Difference, Replay, Said
from clients.evaluator.tree import Tree

Values = dict[str, tuple[int, int]]
"""Number → (numerator, denominator)."""


def cut_of(statement: Any) -> dict[Place, int]:
    """StatementFacts → size per partition."""
    return {(topic.topic, number): part.size for topic in statement.cut for number, part in enumerate(topic.partitions)}


def checkpoints(trees: Mapping[Place, Tree], notes: Iterable[bytes], verifier: Verifier) -> dict[Place, int]:
    """Size of each partition's last checkpoint; all of them were good."""
    found: list[Checkpoint] = []
    for offset, note in enumerate(notes):
        try:
            found.append(verifier.checkpoint(note))
        except NoteInvalid as error:
            raise Difference((CHECKPOINTS, 0), offset, str(error)) from None
    agreed: dict[Place, int] = {}
    for checkpoint in sorted(found):
        place = (checkpoint.topic, checkpoint.partition)
        tree = trees.get(place)
        if tree is None or checkpoint.size > tree.size:
            raise Difference(place, checkpoint.size, "the log is shorter than a checkpoint says")
        if tree.root(checkpoint.size) != checkpoint.root:
            what = f"or a later entry below {checkpoint.size} is not what was signed"
            raise Difference(place, agreed.get(place, 0), what)
        agreed[place] = checkpoint.size
    return agreed


def statement(trees: Mapping[Place, Tree], said: Said, published: Mapping[str, Said], verifier: Verifier) -> None:
    """Signature, the roots of its cut, and that it stands after its own cut."""
    try:
        verifier.statement(said.id, said.facts)
    except NoteInvalid as error:
        raise Difference(said.place, said.offset, f"{said.id}: {error}") from None
    cut = cut_of(said.facts)
    if set(cut) != set(trees) or cut[said.place] > said.offset:
        raise Difference(said.place, said.offset, f"{said.id} has a cut that cannot be")
    for topic in said.facts.cut:
        for number, part in enumerate(topic.partitions):
            tree = trees[topic.topic, number]
            if part.size > tree.size or tree.root(part.size) != part.root:
                raise Difference((topic.topic, number), part.size, f"root is not the one that {said.id} names")
    if said.facts.restates and said.facts.restates not in published:
        raise Difference(said.place, said.offset, f"{said.id} restates {said.facts.restates}, which is not in the log")


def computed(replay: Replay, said: Said) -> Values:
    """All fed indicators at a replay up to the statement's cut, in the statement's order. At the cut nobody may be on
    the way between two talents: such a person is counted twice or not at all.
    """
    facts = said.facts
    if facts.contributions_version != RULES:
        what = f"{said.id} counts by rules {facts.contributions_version}, this evaluator by {RULES}"
        raise Difference(said.place, said.offset, what)
    try:
        month = Month(facts.month)
    except ValueError:
        raise Difference(said.place, said.offset, f"{said.id} is of no month: {facts.month!r}") from None
    counts = replay.counts(month)
    moving = sum(amount for (series, _), amount in counts.items() if series == MOVING)
    if moving:
        raise Difference(said.place, said.offset, f"{said.id} was made while {moving} talents were being moved")
    found = values(counts, replay.definitions(), facts.area)
    return {value.number: found[value.number] for value in facts.values if value.number in found} | found


def equal(found: Values, said: Said) -> None:
    """What was published is what was computed: each of them, and all of them."""
    for value in said.facts.values:
        published = (value.numerator, value.denominator)
        if found.get(value.number) != published:
            what = f"{said.id}: indicator {value.number} is {found.get(value.number)}, not {published}"
            raise Difference(said.place, said.offset, what)
    untold = found.keys() - {value.number for value in said.facts.values}
    if untold:
        raise Difference(said.place, said.offset, f"{said.id} leaves out indicator {min(untold)}")
