"""The whole check: log → trees → checkpoints; last facts → values → statement. Stops at the first difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from clients.evaluator import compare
from clients.evaluator.logs import CHECKPOINTS, TOPICS, Export, Exported, KafkaLog, LogUnreadable, Place
from clients.evaluator.notes import Verifier
from clients.evaluator.replay import Difference, Replay, Said
from clients.evaluator.tree import leaf_hash

# Where statements stand: read first, to know the cut.
_STATEMENTS = "evaluation.events.v1"


class Verdict(msgspec.Struct, kw_only=True):
    """`ok` = no difference, and there was a statement to compare.

    `unsigned`: entries after the last checkpoint of their partition. `statements`: those with a good signature over
    roots that the log has; `statement` is the one whose values were compared. `values` were computed here.
    """

    ok: bool = False
    entries: int = 0
    partitions: int = 0
    checkpoints: int = 0
    unsigned: int = 0
    statements: int = 0
    statement: str = ""
    month: str = ""
    indicators_equal: bool = False
    first_difference: str = ""
    roots: dict[str, str] = {}
    values: compare.Values = {}


async def verify_kafka(
    bootstrap_servers: str, verifier: Verifier, *, statement: str = "", export: Path | None = None, **options: Any
) -> Verdict:
    """Check the log as it is now; `export` also writes it to a folder. Raises LogUnreadable when nobody answers,
    OSError when the folder cannot be written.
    """
    async with KafkaLog.open(bootstrap_servers, **options) as log:
        verdict = Verdict()
        with _told(verdict):
            noted, ends = await _now(log)
            ahead = Replay(ends)
            async for entries in log.entries({place: end for place, end in ends.items() if place[0] == _STATEMENTS}):
                for entry in entries:
                    ahead.add(entry)
            chosen = _choose(ahead, statement)
            replay = Replay(ends, cut=compare.cut_of(chosen.facts) if chosen else None)
            written = Export(export, ends) if export else None
            try:
                async for entries in log.entries(ends):
                    for entry in entries:
                        leaf = replay.add(entry)
                        if written:
                            written.add(entry, leaf)
            finally:
                verdict.entries = replay.entries
                if written:
                    written.close(noted)
            _compare(verdict, replay, noted, ahead.statements(), chosen, verifier)
        return verdict


def verify_exported(folder: Path, verifier: Verifier, *, statement: str = "") -> Verdict:
    """The same of an exported log, without Kafka: its lists of leaf hashes tell which entry was altered. Raises OSError
    when a file cannot be read.
    """
    log = Exported(folder)
    verdict = Verdict()
    with _told(verdict):
        places, noted = log.places(), log.checkpoints()
        ahead = Replay(places)
        for place in places:
            if place[0] == _STATEMENTS:
                for entry in log.entries(place):
                    ahead.add(entry)
        chosen = _choose(ahead, statement)
        replay = Replay(places, cut=compare.cut_of(chosen.facts) if chosen else None)
        try:
            for place in places:
                for entry in log.entries(place):
                    replay.add(entry)
        finally:
            verdict.entries = replay.entries
        _compare(verdict, replay, noted, ahead.statements(), chosen, verifier)
    return verdict


async def export_kafka(bootstrap_servers: str, folder: Path, **options: Any) -> int:
    """Write the log as it is now to a folder, without checking it; gives the number of entries. Raises LogUnreadable,
    OSError.
    """
    async with KafkaLog.open(bootstrap_servers, **options) as log:
        noted, ends = await _now(log)
        written = Export(folder, ends)
        try:
            async for entries in log.entries(ends):
                for entry in entries:
                    written.add(entry, leaf_hash(entry.data))
        finally:
            written.close(noted)
    return sum(ends.values())


async def _now(log: KafkaLog) -> tuple[list[bytes], Mapping[Place, int]]:
    """Checkpoints, then the ends of the event topics: what the checkpoints speak of is then surely in the log."""
    noted = [note async for note in log.values(await log.ends((CHECKPOINTS,)))]
    return noted, await log.ends(TOPICS)


@contextmanager
def _told(verdict: Verdict) -> Iterator[None]:
    """What stops the check is the first difference."""
    try:
        yield
    except (Difference, LogUnreadable) as difference:
        verdict.first_difference = str(difference)


def _choose(ahead: Replay, wanted: str) -> Said | None:
    """The statement asked for, else the one whose cut reaches furthest."""
    said = ahead.statements()
    if wanted and wanted not in said:
        raise LogUnreadable(f"statement {wanted} is not in the log")
    if wanted:
        return said[wanted]
    return max(said.values(), key=lambda it: (sum(compare.cut_of(it.facts).values()), it.offset), default=None)


def _compare(
    verdict: Verdict,
    replay: Replay,
    noted: Iterable[bytes],
    published: Mapping[str, Said],
    chosen: Said | None,
    verifier: Verifier,
) -> None:
    trees = replay.trees
    verdict.partitions = len(trees)
    verdict.roots = {f"{topic}:{number}": tree.root().hex() for (topic, number), tree in sorted(trees.items())}
    noted = list(noted)
    signed = compare.checkpoints(trees, noted, verifier)
    verdict.checkpoints = len(noted)
    verdict.unsigned = sum(tree.size - signed.get(place, 0) for place, tree in trees.items())
    for said in published.values():
        compare.statement(trees, said, published, verifier)
    verdict.statements = len(published)
    if chosen is None:
        verdict.first_difference = "no statement has been published"
        return
    verdict.statement, verdict.month = chosen.id, chosen.facts.month
    verdict.values = compare.computed(replay, chosen)
    compare.equal(verdict.values, chosen)
    verdict.indicators_equal = verdict.ok = True


def as_object(verdict: Verdict) -> Mapping[str, object]:
    return msgspec.structs.asdict(verdict)
