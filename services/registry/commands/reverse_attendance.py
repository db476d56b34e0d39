"""ReverseAttendance: takes back one person's attendance, or a whole sheet (冲销); counts fall in their own month."""

from __future__ import annotations

import msgspec

from services.registry.domain.sheet import Sheet
from services.shared.kernel import text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.principal import Principal


class ReverseAttendance(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    sheet_id: str
    talent_id: str
    reason: str
    etag: str


async def reverse_attendance(cmd: ReverseAttendance, *, lanes: Lanes, cause: Cause) -> Answer:
    """Raises SHEET_NOT_FOUND, ROW_NOT_FOUND, OUTSIDE_SCOPE, ETAG_MISMATCH."""
    key = text.identifier(cmd.sheet_id, field="sheet_id")
    talent = text.identifier(cmd.talent_id, field="talent_id", required=False)
    reason = text.name(cmd.reason, field="reason")

    def change(sheet: Sheet) -> None:
        if sheet.exists:
            cmd.by.must_speak_for(sheet.state.department, field="sheet_id")
        sheet.must_match(cmd.etag)
        sheet.reverse(talent, reason=reason)

    return await lanes.update(Sheet, key, change, cause=cause)
