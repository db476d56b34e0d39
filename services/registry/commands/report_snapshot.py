"""ReportSnapshot and ConfirmSnapshot: a complete list of an organisation's people, and the end of other work there.

The list proposes; another person confirms; then each affiliation ends exactly once (consumers/snapshot_ends.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from services.registry.domain.identifiers import id_number
from services.registry.domain.snapshot import (
    MOST_LISTED,
    ListTooLong,
    MissingChanged,
    Snapshot,
    SnapshotState,
)
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import FieldMissing
from services.shared.kernel.ids import derived_id
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc

# Whose work a list would end as of now (queries/missing.py).
Missing = Callable[[SnapshotState], Awaitable[tuple[str, ...]]]


class ReportSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    department: str
    organisation: str
    as_of: str
    id_numbers: tuple[str, ...]
    by: Principal

    def __repr__(self) -> str:
        return f"ReportSnapshot({self.department}, …)"


class ReportList(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record."""

    origin: Origin
    department: str
    area: str
    organisation: str
    as_of: str
    id_numbers: tuple[str, ...]

    def __repr__(self) -> str:
        return f"ReportList({self.department}, …)"


class ConfirmSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """`missing` is how many the caller saw."""

    department: str
    snapshot_id: str
    missing: int
    etag: str
    by: Principal


def _checked(
    organisation: str, as_of: str, id_numbers: Sequence[str], *, keys: KeyRing, today: Day
) -> tuple[str, Day, tuple[str, ...]]:
    """Organisation, day and the talents listed. Raises ID_NUMBER_INVALID with the place in the list, LIST_TOO_LONG."""
    employer = uscc(organisation, field="organisation")
    day = dates.day(as_of, field="as_of", not_after=today)
    if not id_numbers:
        raise FieldMissing(field="id_numbers")
    if len(id_numbers) > MOST_LISTED:
        raise ListTooLong(field="id_numbers", count=len(id_numbers))
    listed = {
        keys.blind_index("talent-id", id_number(number, field=f"id_numbers[{place}]", today=today))
        for place, number in enumerate(id_numbers)
    }
    return employer, day, tuple(sorted(listed))


def step(cmd: ReportList, *, keys: KeyRing, today: Day) -> Step:
    employer, day, listed = _checked(cmd.organisation, cmd.as_of, cmd.id_numbers, keys=keys, today=today)
    origin = cmd.origin
    state = SnapshotState(
        cmd.department,
        employer,
        day,
        cmd.area,
        origin.system,
        listed,
        len(listed),
        "reported",
        revision=origin.revision,
    )
    return Step(Snapshot, derived_id(Snapshot.kind, origin.system, origin.record_id), lambda it: it.report(state))


async def report_snapshot(cmd: ReportSnapshot, *, lanes: Lanes, keys: KeyRing, clock: Clock, cause: Cause) -> Answer:
    """A person listed twice is listed once."""
    cmd.by.must_speak_for(cmd.department, field="department")
    employer, day, listed = _checked(cmd.organisation, cmd.as_of, cmd.id_numbers, keys=keys, today=clock.day())
    snapshot_id = derived_id(Snapshot.kind, cmd.by.name, cause.key)
    state = SnapshotState(cmd.department, employer, day, cmd.by.area, cmd.by.name, listed, len(listed), "reported")

    def change(snapshot: Snapshot) -> dict[str, str]:
        snapshot.report(state)
        return {"snapshot_id": snapshot_id}

    return await lanes.update(Snapshot, snapshot_id, change, cause=cause)


async def confirm_snapshot(
    cmd: ConfirmSnapshot, *, missing: Missing, store: Store, lanes: Lanes, cause: Cause
) -> Answer:
    """Fixes whose work ends. Raises MISSING_CHANGED when that is another number than the caller saw."""
    cmd.by.must_speak_for(cmd.department, field="department")
    key = text.identifier(cmd.snapshot_id, field="snapshot_id")
    held = (await store.get_many(Snapshot, [key]))[key].aggregate
    found = await missing(held.state) if held.state.status == "reported" else ()

    def change(snapshot: Snapshot) -> None:
        snapshot.must_be_confirmable(department=cmd.department, by=cmd.by.name)
        snapshot.must_match(cmd.etag)
        if len(found) != cmd.missing:
            raise MissingChanged(field="missing", missing=len(found))
        snapshot.confirm(found, department=cmd.department, by=cmd.by.name)

    return await lanes.update(Snapshot, key, change, cause=cause)
