"""The whole check: log → trees → checkpoints; last facts → values → statement. Stops at the first difference."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from clients.evaluator.counting import values
from clients.evaluator.logs import CHECKPOINTS, TOPICS, Entry, Export, Exported, KafkaLog, LogUnreadable, Place
from clients.evaluator.notes import Checkpoint, NoteInvalid, Verifier
from clients.evaluator.replay import Difference, Replay
from clients.evaluator.tree import leaf_hash

_REFERENCE = ("evaluation.events.v1",)


class Verdict(msgspec.Struct, kw_only=True):
    """`ok` = no difference, and there was a statement to compare. `values`: number → (numerator, denominator)."""

    ok: bool = False
    entries: int = 0
    partitions: int = 0
    checkpoints: int = 0
    statement: str = ""
    month: str = ""
    indicators_equal: bool = False
    first_difference: str = ""
    roots: dict[str, str] = {}
    values: dict[str, tuple[int, int]] = {}


async def verify_kafka(
    bootstrap_servers: str, verifier: Verifier, *, statement: str = "", export: Path | None = None, **options: Any
) -> Verdict:
    """Check the log as it is now. `export` also writes it to a folder. Raises LogUnreadable when nobody answers."""
    async with KafkaLog.open(bootstrap_servers, **options) as log:
        # First the checkpoints: what they speak of is then surely in the log.
        noted = [note async for note in log.values(await log.ends((CHECKPOINTS,)))]
        ends = await log.ends(TOPICS)
        ahead = Replay(ends)
        verdict = Verdict(partitions=len(ends))
        try:
            async for entries in log.entries({place: end for place, end in ends.items() if place[0] in _REFERENCE}):
                for entry in entries:
                    ahead.add(entry)
            chosen = _choose(ahead, statement)
            replay = Replay(ends, cut=_cut(chosen[1]) if chosen else None)
            written = Export(export, ends) if export else None
            try:
                await _replay(replay, log.entries(ends), written)
            finally:
                if written:
                    written.close(noted)
            _compare(verdict, replay, noted, chosen, verifier)
        except (Difference, LogUnreadable) as difference:
            verdict.first_difference = str(difference)
        return verdict


def verify_exported(folder: Path, verifier: Verifier, *, statement: str = "") -> Verdict:
    """The same of an exported log, without Kafka. The files of leaf hashes tell which entry was altered."""
    log = Exported(folder)
    verdict = Verdict()
    try:
        ends = log.ends()
        verdict.partitions = len(ends)
        noted = log.checkpoints()
        for place in ends:
            _against_leaves(log, place)
        ahead = Replay(ends)
        for place in ends:
            if place[0] in _REFERENCE:
                for entry in log.entries(place):
                    ahead.add(entry)
        chosen = _choose(ahead, statement)
        replay = Replay(ends, cut=_cut(chosen[1]) if chosen else None)
        for place in ends:
            for entry in log.entries(place):
                replay.add(entry)
        _compare(verdict, replay, noted, chosen, verifier)
    except (Difference, LogUnreadable) as difference:
        verdict.first_difference = str(difference)
    except OSError as error:
        verdict.first_difference = f"{error.filename}: {error.strerror}"
    return verdict


async def _replay(replay: Replay, batches: AsyncIterator[list[Entry]], written: Export | None) -> None:
    async for entries in batches:
        for entry in entries:
            leaf = replay.add(entry)
            if written:
                written.add(entry, leaf)


def _against_leaves(log: Exported, place: Place) -> None:
    leaves = log.leaves(place)
    count = 0
    for entry in log.entries(place):
        if leaf_hash(entry.data) != leaves[32 * entry.offset : 32 * entry.offset + 32]:
            raise Difference(place, entry.offset, "was altered: its hash is not the one in the list of leaves")
        count += 1
    if count != len(leaves) // 32:
        raise Difference(place, count, f"is missing: {len(leaves) // 32} leaves are listed")


def _choose(replay: Replay, wanted: str) -> tuple[str, Any] | None:
    """The statement asked for, else the one whose cut reaches furthest."""
    found = replay.statements()
    if wanted:
        if wanted not in found:
            raise LogUnreadable(f"statement {wanted} is not in the log")
        return wanted, found[wanted]
    if not found:
        return None
    return max(found.items(), key=lambda item: (sum(_cut(item[1]).values()), item[0]))


def _cut(statement: Any) -> dict[Place, int]:
    return {(topic.topic, number): part.size for topic in statement.cut for number, part in enumerate(topic.partitions)}


def _compare(
    verdict: Verdict, replay: Replay, noted: Iterable[bytes], chosen: tuple[str, Any] | None, verifier: Verifier
) -> None:
    """Raises Difference at the first one."""
    verdict.entries = replay.entries
    verdict.roots = {f"{topic}:{number}": tree.root().hex() for (topic, number), tree in sorted(replay.trees.items())}
    verdict.checkpoints = _check_checkpoints(replay, noted, verifier)
    if chosen is None:
        verdict.first_difference = "no statement has been published"
        return
    verdict.statement, facts = chosen
    verdict.month = facts.month
    try:
        verifier.statement(verdict.statement, facts)
    except NoteInvalid as error:
        raise LogUnreadable(f"{verdict.statement}: {error}") from None
    _check_cut(replay, verdict.statement, facts)
    published = {value.number: (value.numerator, value.denominator) for value in facts.values}
    computed = values(replay.counts(facts.month), replay.definitions(), facts.area)
    verdict.values = {number: computed[number] for number in published if number in computed}
    for number, value in published.items():
        if computed.get(number) != value:
            raise LogUnreadable(f"{verdict.statement}: indicator {number} is {computed.get(number)}, not {value}")
    verdict.indicators_equal = True
    verdict.ok = True


def _check_checkpoints(replay: Replay, noted: Iterable[bytes], verifier: Verifier) -> int:
    count = 0
    agreed: dict[Place, int] = {}
    checkpoints: list[Checkpoint] = []
    for note in noted:
        try:
            checkpoints.append(verifier.checkpoint(note))
        except NoteInvalid as error:
            raise LogUnreadable(f"{CHECKPOINTS}: {error}") from None
    for checkpoint in sorted(checkpoints, key=lambda it: it[:3]):
        place = (checkpoint.topic, checkpoint.partition)
        tree = replay.trees.get(place)
        if tree is None or checkpoint.size > tree.size:
            raise Difference(place, checkpoint.size, "the log is shorter than a checkpoint says")
        if tree.root(checkpoint.size) != checkpoint.root:
            raise Difference(
                place, agreed.get(place, 0), f"or a later entry below {checkpoint.size} is not what was signed"
            )
        agreed[place] = checkpoint.size
        count += 1
    return count


def _check_cut(replay: Replay, statement: str, facts: Any) -> None:
    for topic in facts.cut:
        for number, part in enumerate(topic.partitions):
            tree = replay.trees.get((topic.topic, number))
            if tree is None or part.size > tree.size or tree.root(part.size) != part.root:
                raise Difference((topic.topic, number), part.size, f"root is not the one that {statement} names")
    missing = {place for place in replay.trees if place[0] in TOPICS} - set(_cut(facts))
    if missing:
        raise LogUnreadable(f"{statement} says nothing of {min(missing)}")


def as_object(verdict: Verdict) -> Mapping[str, object]:
    return msgspec.structs.asdict(verdict)
