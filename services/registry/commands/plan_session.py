"""PlanSession: a department announces a training, or its system reports one as it stands (培训; plan §3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from services.registry.domain import codes
from services.registry.domain.training import SessionOver, SessionReport, TrainingSession
from services.shared.kernel import dates, text
from services.shared.kernel.area import area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import AmountInvalid, FieldTooLong, IntervalReversed, Invalid
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.partner import Partner
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc

STATUSES = ("planned", "held", "cancelled")
LONGEST_SESSION_ID = 64
MOST_LECTURERS = 20
MINUTES_OF_A_DAY = 24 * 60


class SessionTooLong(Invalid):
    reason = "MORE_THAN_A_DAY_HOLDS"
    zh, en = "每天超过24小时", "More than 24 hours for each day"


class PlanSession(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal | Partner
    origin: Origin
    department: str
    session: str
    provider: str
    venue: str
    since: str
    last_day: str
    minutes: int
    category: str
    audience: str
    title: str
    lecturers: Sequence[str] = ()
    status: str = "planned"


def session_id(department: str, session: str) -> str:
    own = text.identifier(session, field="session")
    if len(own) > LONGEST_SESSION_ID:
        raise FieldTooLong(field="session", longest=LONGEST_SESSION_ID)
    return f"{department}/{own}"


def minutes_of(minutes: int, *, since: str, last_day: str) -> int:
    """At most 24 hours for each day. Raises AMOUNT_INVALID, MORE_THAN_A_DAY_HOLDS."""
    if minutes <= 0:
        raise AmountInvalid(field="minutes", minutes=minutes)
    days = (date.fromisoformat(last_day) - date.fromisoformat(since)).days + 1
    if minutes > max(days, 1) * MINUTES_OF_A_DAY:
        raise SessionTooLong(field="minutes", minutes=minutes, days=days)
    return minutes


def step(cmd: PlanSession, *, today: Day) -> Step:
    """Check every field and prepare the change. A session that was held lies in the past."""
    key = session_id(cmd.department, cmd.session)
    provider = uscc(cmd.provider, field="provider")
    venue = area(cmd.venue, field="venue")
    cmd.by.must_reach(venue, field="venue")
    status = text.code(cmd.status, STATUSES, field="status")
    limit = today if status == "held" else dates.NO_DAY
    since = dates.day(cmd.since, field="since", not_after=limit)
    last_day = dates.day(cmd.last_day, field="last_day", required=False, not_after=limit) or since
    if last_day < since:
        raise IntervalReversed(field="last_day", since=since, until=last_day)
    if len(cmd.lecturers) > MOST_LECTURERS:
        raise FieldTooLong(field="lecturers", longest=MOST_LECTURERS)
    report = SessionReport(
        cmd.origin,
        provider,
        venue,
        since,
        last_day,
        minutes_of(cmd.minutes, since=since, last_day=last_day),
        text.code(cmd.category, codes.TRAINING_CATEGORIES, field="category"),
        text.name(cmd.audience, field="audience", required=False),
        text.name(cmd.title, field="title"),
        tuple(text.identifier(it, field=f"lecturers/{at}") for at, it in enumerate(cmd.lecturers)),
        status,
    )
    interactive = cmd.origin.revision == 0

    def change(session: TrainingSession) -> dict[str, str]:
        present = session.present()
        if interactive and present is not None and present.status != "planned":
            raise SessionOver(field="session", status=present.status)
        session.report(report)
        return {"session_id": key}

    return Step(TrainingSession, key, change)


async def plan_session(cmd: PlanSession, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Also replaces a plan that was neither held nor cancelled. Raises SESSION_OVER."""
    return await lanes.run(step(cmd, today=clock.day()), cause=cause)
