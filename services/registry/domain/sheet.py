"""Sheet: up to 500 rows of an attendance list (签到表) or of an examination's results (成绩名单)."""

from __future__ import annotations

import msgspec

from services.registry.domain.person import Protected
from services.registry.domain.reports import EducationReversalReport, NameSeen
from services.registry.domain.talent import Identity
from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Duplicate, Invalid, NotFound
from services.shared.kernel.origin import Origin

MOST_ROWS = 500
MOST_SHEETS = 1_000


class SheetNotFound(NotFound):
    reason = "SHEET_NOT_FOUND"
    zh, en = "没有此名单", "No such sheet"


class RowNotFound(NotFound):
    reason = "ROW_NOT_FOUND"
    zh, en = "名单中没有此人", "The person is not on the sheet"


class SheetReused(Duplicate):
    reason = "SHEET_REUSED"
    zh, en = "该名单编号已用于其他内容", "The sheet number was used for other rows"
    fix_zh, fix_en = "请换用新的名单编号", "Use another number"


class TooManyRows(Invalid):
    reason = "TOO_MANY_ROWS"
    zh, en = f"名单超过{MOST_ROWS}行", f"A sheet holds at most {MOST_ROWS} rows"
    fix_zh, fix_en = "请拆分名单", "Split it into several sheets"


class Row(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """`sealed` is cleared once the talent holds the identity. `holder`: another talent that has the certificate."""

    talent: str
    name_index: str
    phone_index: str
    masked: str
    birth_year: int
    sealed: bytes
    minutes: int = 0
    number_index: str = ""
    home_county: str = ""
    holder: str = ""

    @property
    def identity(self) -> Identity:
        return Identity(self.name_index, self.phone_index, self.masked, self.birth_year, self.sealed)


class SheetState(msgspec.Struct, frozen=True):
    kind: str = ""
    parent: str = ""
    number: int = 0
    department: str = ""
    rows: tuple[Row, ...] = ()
    # Talents whose rows were taken back, and on which day.
    struck: dict[str, Day] = {}
    applied: bool = False


class SheetFacts(msgspec.Struct, frozen=True):
    kind: str = ""
    parent: str = ""
    number: int = 0
    rows: int = 0
    status: str = ""


class SheetReceived(msgspec.Struct, frozen=True):
    pass


class SheetApplied(msgspec.Struct, frozen=True):
    pass


class SheetReversed(msgspec.Struct, frozen=True):
    reason: str


class Sheet(Aggregate[SheetState]):
    """Id = `<kind of parent>/<parent>/<number>`. Invariants: a sheet's rows never change, they are only taken back;
    identities stay sealed and leave as soon as the talents have them. Plan §3.2.
    """

    kind = "sheet"
    __slots__ = ()

    @classmethod
    def blank(cls) -> SheetState:
        return SheetState()

    def facts(self) -> SheetFacts:
        state = self.state
        left = sum(row.talent not in state.struck for row in state.rows)
        status = "reversed" if state.rows and not left else "applied" if state.applied else "received"
        return SheetFacts(state.kind, state.parent, state.number, left, status)

    def receive(self, state: SheetState) -> None:
        """Take the rows, once; what was taken back before they came stays so. Raises SHEET_REUSED when they are others
        than before.
        """
        if not self.state.rows:
            self._record(SheetReceived(), msgspec.structs.replace(state, struck=self.state.struck))
        elif self.state.kind != state.kind or _told(self.state.rows) != _told(state.rows):
            raise SheetReused(field="number", number=state.number)

    def bring_again(self) -> None:
        """The session changed: the rows have to reach the talents once more."""
        self._record(SheetReceived(), msgspec.structs.replace(self.state, applied=False))

    def apply(self, settled: frozenset[str] = frozenset()) -> None:
        """The talents have their rows; drop the sealed identities of those in `settled`."""
        state = self.state
        rows = tuple(
            msgspec.structs.replace(row, sealed=b"") if row.sealed and row.talent in settled else row
            for row in state.rows
        )
        if not state.applied or rows != state.rows:
            self._record(SheetApplied(), msgspec.structs.replace(state, rows=rows, applied=True))

    def listed(self, talent: str) -> list[str]:
        """The talents of an attendance list, or the one that is named. Raises SHEET_NOT_FOUND, ROW_NOT_FOUND."""
        if not self.state.rows or self.state.kind != "attendance":
            raise SheetNotFound(field="sheet_id")
        everybody = [row.talent for row in self.state.rows]
        if talent and talent not in everybody:
            raise RowNotFound(field="talent_id")
        return [talent] if talent else everybody

    def reverse(self, talent: str, *, on: Day, reason: str) -> None:
        """Take back one person's row, or all ("" = all). Raises SHEET_NOT_FOUND, ROW_NOT_FOUND."""
        self._strike(self.state, dict.fromkeys(self.listed(talent), on), reason)

    def take_back(self, state: SheetState, talent: str, *, on: Day) -> None:
        """The same for one person by a system, also before the list: `state` is then what is known of it."""
        self._strike(self.state if self.exists else state, {talent: on}, "")

    def _strike(self, state: SheetState, days: dict[str, Day], reason: str) -> None:
        """Of two days the earlier one counts."""
        struck = state.struck | {it: min(on, state.struck.get(it, on)) for it, on in days.items()}
        if struck != state.struck:
            self._record(SheetReversed(reason), msgspec.structs.replace(state, struck=dict(sorted(struck.items()))))


def row_of(who: Protected, *, minutes: int = 0, number_index: str = "", home_county: str = "", holder: str = "") -> Row:
    it = who.identity
    return Row(
        who.talent, it.name_index, it.phone_index, it.masked, it.birth_year, it.sealed, minutes, number_index,
        home_county, holder,
    )  # fmt: skip


def entry_origin(sheet: SheetState, talent: str) -> Origin:
    """Of the education entry that a row makes."""
    return Origin(sheet.parent, f"{sheet.number}/{talent}")


def taking_back(sheet: SheetState, talent: str, on: Day) -> EducationReversalReport:
    """Takes back what this row said; the same person's row on another sheet still counts."""
    entry = entry_origin(sheet, talent)
    origin = Origin(entry.system, f"{entry.record_id}/reversed")
    return EducationReversalReport(origin, None, sheet.department, sheet.parent, on, entry.record_id)


def name_seen(row: Row, department: str) -> NameSeen:
    return NameSeen(row.name_index, department)


def sheet_id(parent: str, number: int) -> str:
    return f"{parent}/{number}"


def _told(rows: tuple[Row, ...]) -> list[tuple[str, str, int, str, str]]:
    """What a sheet says, in whatever order; every sealing of the same differs."""
    return sorted((row.talent, row.name_index, row.minutes, row.number_index, row.home_county) for row in rows)
