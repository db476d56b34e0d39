"""The MongoDB documents of the store: one per aggregate, guarded updates of it, and what a re-read document tells.

_id        the aggregate's id
version    number of its events; 0 = only answers are remembered
document   the state, encoded by its kind                    summary   bytes prepared for pages
claims     [own mark, claim…] under a plain unique index; the own mark keeps two empty lists apart
rows       [bucket…] under one index (rows, _id)
causes     the last answers, oldest first; older ones are in the collection `history`
commits    tokens of the last commits: how a writer that lost the answer knows its own work again
pending    [{n, message}…] events not yet known to be in Kafka, oldest first
since      when the newest pending event was stored; absent when nothing is pending
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.shared.kernel.outcome import Clash, Outcome, Repeated, Stored, TooLarge
from services.shared.runtime.store.prepared import NewCause, Prepared, joined

Document = dict[str, Any]

KEPT_CAUSES = 64
KEPT_COMMITS = 64
MOST_PENDING = 256
# Messages of one commit are numbered from (expected version) times this, so that numbers ascend over all commits.
_NUMBERS = 1_000

# What deciding needs of a document that is read again.
DECISIVE = {"version": 1, "causes": 1, "commits": 1, "pending.n": 1}


def own_mark(aggregate_id: str) -> str:
    """First element of `claims`; no claim begins with the separator."""
    return joined("", aggregate_id)


def history_id(kind: str, aggregate_id: str, cause: str) -> str:
    return joined(joined(kind, aggregate_id), cause)


def guard(ready: Prepared) -> Document:
    """Matches the document only while the change may be written."""
    found: Document = {"_id": ready.id, "version": ready.expected}
    if ready.causes:
        found["causes.key"] = {"$nin": [why.key for why in ready.causes]}
    if ready.messages:
        found[f"pending.{MOST_PENDING - len(ready.messages)}"] = {"$exists": False}
    return found


def update(ready: Prepared, token: bytes, now: datetime) -> Document:
    """All of the change in one document: state, claims, rows, answers and events."""
    pushed: Document = {"commits": {"$each": [token], "$slice": -KEPT_COMMITS}}
    if ready.causes:
        pushed["causes"] = {"$each": [_cause_document(why) for why in ready.causes]}
    claims = [own_mark(ready.id), *ready.claims]
    if ready.version == ready.expected:
        return {"$push": pushed, "$setOnInsert": {"claims": claims, "rows": []}}
    state: Document = {
        "version": ready.version,
        "document": ready.document,
        "summary": ready.summary,
        "claims": claims,
        "rows": list(ready.buckets),
    }
    if ready.messages:
        first = ready.expected * _NUMBERS
        numbered = [{"n": first + place, "message": message} for place, message in enumerate(ready.messages)]
        pushed["pending"] = {"$each": numbered}
        state["since"] = now
    return {"$set": state, "$push": pushed}


def _cause_document(why: NewCause) -> Document:
    return {"key": why.key, "digest": why.digest, "version": why.version, "values": why.values}


def cause_of(document: Mapping[str, Any]) -> NewCause:
    return NewCause(document["key"], document["digest"], document["version"], document["values"])


def repeated_or_clash(ready: Prepared, known: Sequence[NewCause], found: int) -> Outcome | None:
    """What causes that are stored already make of the change; None when none of its causes is."""
    stored = {why.key: why for why in known}
    for why in ready.causes:
        before = stored.get(why.key)
        if before is not None:
            if len(ready.causes) == 1 and before.digest == why.digest:
                return Repeated(before.remembered().answer)
            return Clash(found)
    return None


def decided(
    ready: Prepared, token: bytes, document: Mapping[str, Any] | None, history: Sequence[NewCause]
) -> Outcome | None:
    """▲ What became of a change whose write was not counted, by its document read again; None when that tells nothing.

    The own token proves that it was stored; a cause, that it was stored by whomever; another version, that it never
    will be.
    """
    found: int = document["version"] if document else 0
    if document and token in document["commits"]:
        return Stored(ready.version)
    causes = [cause_of(one) for one in document.get("causes", ())] if document else []
    outcome = repeated_or_clash(ready, [*causes, *history], found)
    if outcome is None and found != ready.expected:
        return Clash(found)
    waiting = len(document.get("pending", ())) if document else 0
    if outcome is None and ready.messages and waiting + len(ready.messages) > MOST_PENDING:
        return TooLarge("unsent", waiting)
    return outcome
