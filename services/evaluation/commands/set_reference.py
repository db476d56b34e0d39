"""SetReference: reference data as files give it → events, written at each start; what is there already adds nothing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.evaluation.domain.reference import Catalogue, Indicator, Reference, Target
from services.shared.kernel.change import Change
from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.outcome import Clash, Stored
from services.shared.kernel.ports import Store

_CHUNK = 500


class SetReference(msgspec.Struct, frozen=True):
    """One row of reference data: the kind of aggregate, its id, its facts, why and from when it holds."""

    kind: type[Reference]
    id: str
    facts: msgspec.Struct
    reason: str
    effective_from: str


async def set_reference(rows: Sequence[SetReference], *, store: Store) -> int:
    """Gives how many changed. Raises StoreUnavailable; what was stored by then stays and is not written again."""
    changed = 0
    by_kind: dict[type[Reference], list[SetReference]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    for kind, own in by_kind.items():
        for start in range(0, len(own), _CHUNK):
            part = own[start : start + _CHUNK]
            loaded = await store.get_many(kind, [row.id for row in part])
            changes = [_change(loaded[row.id], row) for row in part]
            for outcome in await store.commit([change for change in changes if change.dirty]):
                if not isinstance(outcome, Stored | Clash):  # Clash: another process starts with the same files
                    raise StoreUnavailable(why=str(outcome))
                changed += isinstance(outcome, Stored)
    return changed


def _change(change: Change[Reference], row: SetReference) -> Change[Reference]:
    def write(aggregate: Reference) -> None:
        aggregate.set(row.facts, reason=row.reason, effective_from=row.effective_from)

    change.apply(write)
    return change


async def catalogue(rows: Sequence[SetReference], *, store: Store) -> Catalogue:
    """Definitions and targets as stored, in the order of the rows."""
    numbers = [row.id for row in rows if row.kind is Indicator]
    indicators = await store.get_many(Indicator, numbers)
    targets = await store.get_many(Target, [row.id for row in rows if row.kind is Target])
    return Catalogue(
        {(facts := indicators[number].aggregate.facts()).number: facts for number in numbers},
        {(facts := change.aggregate.facts()).number: facts for change in targets.values()},
    )
