"""Snapshot (全员名单): a department's complete list of its people in one organisation as of a day."""

from __future__ import annotations

import msgspec

from services.registry.domain.reports import Affiliation, EndReport
from services.registry.domain.talent import OwnedByOtherDepartment, Talent
from services.registry.domain.talent_events import AffiliationEnded
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.area import within
from services.shared.kernel.dates import NO_DAY, Day, holds
from services.shared.kernel.errors import Forbidden, Invalid, NotFound, RuleBroken
from services.shared.kernel.origin import Origin, RevisionReused

# View of talents by "<department>/<organisation>" (storage.py).
BY_EMPLOYER = "employer"
# Views: all of a department; those whose ends are under way.
BY_DEPARTMENT, UNDER_WAY = "snapshots", "snapshots_under_way"
MOST_LISTED = 5_000
WHY = "missing in the complete list"


class SnapshotNotFound(NotFound):
    reason = "SNAPSHOT_NOT_FOUND"
    zh, en = "没有此名单", "No such list"


class ListTooLong(Invalid):
    reason = "LIST_TOO_LONG"
    zh, en = "名单超过上限", f"A list holds at most {MOST_LISTED} persons"


class SnapshotConfirmed(RuleBroken):
    reason = "SNAPSHOT_CONFIRMED"
    zh, en = "名单已确认", "The list is confirmed already"


class MissingChanged(RuleBroken):
    reason = "MISSING_CHANGED"
    zh, en = "名单以外的人员已有变化", "Other persons are missing than the caller saw"
    fix_zh, fix_en = "请重新查看名单后再确认", "Look at the list again, then confirm"


class ConfirmedByReporter(Forbidden):
    reason = "CONFIRMED_BY_REPORTER"
    zh, en = "报送人不得确认名单", "Who reported the list does not confirm it"
    fix_zh, fix_en = "请由本部门其他人员确认", "Let somebody else of the department confirm"


class SnapshotState(msgspec.Struct, frozen=True):
    """Talent ids only. `listed` is dropped on confirmation, when `missing` is fixed; status: reported, confirmed,
    applied.
    """

    department: str = ""
    organisation: str = ""
    as_of: Day = NO_DAY
    # Subtree of whoever reported: only work there is judged.
    area: str = ""
    reported_by: str = ""
    listed: tuple[str, ...] = ()
    count: int = 0
    status: str = ""
    missing: tuple[str, ...] = ()
    confirmed_by: str = ""
    # Of a partner's record; 0 = given interactively.
    revision: int = 0


class Reported(msgspec.Struct, frozen=True):
    """Never published, as the other events of a list."""


class Confirmed(msgspec.Struct, frozen=True):
    missing: int


class Applied(msgspec.Struct, frozen=True):
    pass


class Snapshot(Aggregate[SnapshotState]):
    """Invariants: nobody's work ends before another person than the reporter has confirmed; confirmed once."""

    kind = "snapshot"
    __slots__ = ()

    @classmethod
    def blank(cls) -> SnapshotState:
        return SnapshotState()

    def report(self, state: SnapshotState) -> None:
        """A higher revision replaces the list until it is confirmed. Raises REVISION_REUSED, SNAPSHOT_CONFIRMED."""
        held = self.state
        if self.exists:
            if state.revision < held.revision or state == held:
                return
            if state.revision == held.revision:
                if held.status != "reported":  # the list itself is no longer kept: a repeat
                    return
                raise RevisionReused(field="headers.ce_id", revision=state.revision)
            if held.status != "reported":
                raise SnapshotConfirmed(field="headers.ce_id")
        self._record(Reported(), state)

    def must_be_confirmable(self, *, department: str, by: str) -> None:
        """Raises SNAPSHOT_NOT_FOUND, OWNED_BY_OTHER_DEPARTMENT, CONFIRMED_BY_REPORTER, SNAPSHOT_CONFIRMED."""
        if not self.exists:
            raise SnapshotNotFound(field="snapshot_id")
        if self.state.department != department:
            raise OwnedByOtherDepartment(field="department", owner=self.state.department)
        if self.state.reported_by == by:
            raise ConfirmedByReporter(field="snapshot_id")
        if self.state.status != "reported":
            raise SnapshotConfirmed(field="snapshot_id")

    def confirm(self, missing: tuple[str, ...], *, department: str, by: str) -> None:
        self.must_be_confirmable(department=department, by=by)
        state = msgspec.structs.replace(self.state, listed=(), status="confirmed", missing=missing, confirmed_by=by)
        self._record(Confirmed(len(missing)), state)

    def applied(self) -> None:
        """Every affiliation is ended; without effect when that is known."""
        if self.state.status == "confirmed":
            self._record(Applied(), msgspec.structs.replace(self.state, status="applied"))

    def rows(self) -> list[tuple[str, str]]:
        rows = [(BY_DEPARTMENT, self.state.department)]
        if self.state.status == "confirmed":
            rows.append((UNDER_WAY, UNDER_WAY))
        return rows


def judged(talent: Talent, state: SnapshotState) -> list[Affiliation]:
    """What the list would end: work of its department there, begun before the day and in force on it.

    Of a merged person each number is judged by itself, so that un-merging finds both ended.
    """
    return [
        it
        for it in talent.own_facts().affiliations
        if it.department == state.department
        and it.organisation == state.organisation
        and it.since < state.as_of
        and holds(it.since, it.until, state.as_of)
        and within(it.place, state.area)
    ]


def end_missing(talent: Talent, state: SnapshotState) -> None:
    """End that work as of the list's day. A repeat finds nothing in force any more."""
    for held in judged(talent, state):
        origin = Origin(state.confirmed_by, f"end/{held.id}")
        end = EndReport(origin, None, held.id, state.department, state.as_of, WHY)
        talent.report(end, None, AffiliationEnded(held.id, state.as_of, WHY))
