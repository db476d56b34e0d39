"""Who takes part in which programme (参加培养项目): read off talents, written down in sheets, added up by programmes.

A programme may have tens of thousands of members, so they are spread over sheets by their id.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import msgspec

from services.registry.domain.reports import EnrolmentReport
from services.registry.domain.talent import Talent
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import Day, holds

SHEETS = 64
# View of talents by the programmes that reports say they take part in.
BY_PROGRAMME = "programme"
COMPLETED = frozenset({"passed", "excellent"})


class Enrolled(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A talent takes part in [since, until); `result` "" while it does."""

    talent: str
    since: Day
    until: Day
    result: str


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """What one sheet adds up to at its version."""

    version: int = 0
    members: int = 0
    completed: int = 0


def enrolments_of(talent: Talent) -> dict[str, tuple[Enrolled, ...]]:
    """Programme → when the talent took part; nowhere when counted with another talent."""
    found: dict[str, set[Enrolled]] = {}
    if not talent.moved_to:
        for it in talent.all_reports:
            if isinstance(it, EnrolmentReport):
                found.setdefault(it.programme, set()).add(Enrolled(talent.id, it.since, it.until, it.result))
    return {programme: tuple(sorted(rows, key=msgspec.structs.astuple)) for programme, rows in found.items()}


def counted(rows: Iterable[Enrolled], since: Day, until: Day, *, version: int) -> Counted:
    """Each person once; only who began while the programme ran, [since, until), counts. `since` "" = not opened."""
    counting = [row for row in rows if since and holds(since, until, row.since)]
    return Counted(
        version,
        members=len({row.talent for row in counting}),
        completed=len({row.talent for row in counting if row.result in COMPLETED}),
    )


def sheet_number(talent: str) -> int:
    return zlib.crc32(talent.encode()) % SHEETS


def sheet_id(programme: str, number: int) -> str:
    return f"{programme}/{number:02d}"


class SheetWritten(msgspec.Struct, frozen=True):
    """Never published: who takes part is not public."""

    talent: str


class SheetState(msgspec.Struct, frozen=True):
    rows: tuple[Enrolled, ...] = ()
    # Of which version of a talent the saga wrote here last (kernel/follower.py).
    heard: dict[str, int] = {}


class MemberSheet(Aggregate[SheetState]):
    """The enrolments of those members of a programme whose id falls to this sheet. Id = "<programme>/<number>"."""

    kind = "member_sheet"
    __slots__ = ()

    @classmethod
    def blank(cls) -> SheetState:
        return SheetState()

    def write(self, talent: str, rows: tuple[Enrolled, ...]) -> None:
        """Say when a talent takes part, replacing what was said of it before."""
        kept = [row for row in self.state.rows if row.talent != talent]
        written = tuple(sorted((*kept, *rows), key=msgspec.structs.astuple))
        if written != self.state.rows:
            self._record(SheetWritten(talent), msgspec.structs.replace(self.state, rows=written))
