"""CloseCallUp: the mission of a call-up is over (结束调派)."""

from __future__ import annotations

import msgspec

from services.registry.domain.call_up import CallUp
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.principal import Principal


class CloseCallUp(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    call_up_id: str
    until: str
    etag: str


async def close_call_up(cmd: CloseCallUp, *, lanes: Lanes, cause: Cause) -> Answer:
    """Raises CALL_UP_NOT_FOUND, CALL_UP_CLOSED, OUTSIDE_SCOPE, INTERVAL_REVERSED, and Invalid."""
    key = text.identifier(cmd.call_up_id, field="call_up_id")
    until = dates.day(cmd.until, field="until")

    def change(call_up: CallUp) -> None:
        cmd.by.must_speak_for(call_up.must_exist().department, field="call_up_id")
        call_up.must_match(cmd.etag)
        call_up.close(until)

    return await lanes.update(CallUp, key, change, cause=cause)
