"""HoldSession and CancelSession: what became of a planned training; holding fixes its last day and minutes."""

from __future__ import annotations

import msgspec

from services.registry.commands.plan_session import minutes_of
from services.registry.domain.training import TrainingSession
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.errors import AmountInvalid, OutsideScope
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal


class HoldSession(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    session_id: str
    last_day: str
    minutes: int
    etag: str


class CancelSession(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    session_id: str
    reason: str
    etag: str


def own_session(session: str, by: Principal) -> str:
    """The id of a session of the caller's department. Raises OUTSIDE_SCOPE."""
    key = text.identifier(session, field="session_id")
    if key.partition("/")[0] != by.department:
        raise OutsideScope(field="session_id", department=key.partition("/")[0])
    return key


async def hold_session(cmd: HoldSession, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises SESSION_NOT_FOUND, SESSION_OVER, INTERVAL_REVERSED, MORE_THAN_A_DAY_HOLDS."""
    key = own_session(cmd.session_id, cmd.by)
    last_day = dates.day(cmd.last_day, field="last_day", not_after=clock.day())
    if cmd.minutes <= 0:
        raise AmountInvalid(field="minutes", minutes=cmd.minutes)

    def change(session: TrainingSession) -> None:
        planned = session.must_be_reported()
        cmd.by.must_reach(planned.venue, field="session_id")
        session.must_match(cmd.etag)
        minutes_of(cmd.minutes, since=planned.since, last_day=last_day)
        session.hold(system=cmd.by.name, last_day=last_day, minutes=cmd.minutes)

    return await lanes.update(TrainingSession, key, change, cause=cause)


async def cancel_session(cmd: CancelSession, *, lanes: Lanes, cause: Cause) -> Answer:
    """Raises SESSION_NOT_FOUND, SESSION_OVER."""
    key = own_session(cmd.session_id, cmd.by)
    reason = text.name(cmd.reason, field="reason")

    def change(session: TrainingSession) -> None:
        cmd.by.must_reach(session.must_be_reported().venue, field="session_id")
        session.must_match(cmd.etag)
        session.cancel(system=cmd.by.name, reason=reason)

    return await lanes.update(TrainingSession, key, change, cause=cause)
