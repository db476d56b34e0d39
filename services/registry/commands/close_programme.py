"""CloseProgramme: a programme no longer runs from a day on (结束培养项目)."""

from __future__ import annotations

import msgspec

from services.registry.domain.programme import Programme, known_id
from services.shared.kernel import dates
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class CloseProgramme(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    programme_id: str
    until: str
    etag: str


def step(cmd: CloseProgramme) -> Step:
    """Raises PROGRAMME_NOT_FOUND, PROGRAMME_CLOSED, OUTSIDE_SCOPE, and Invalid with the field's path."""
    key = known_id(cmd.programme_id, field="programme_id")
    until = dates.day(cmd.until, field="until")

    def change(programme: Programme) -> None:
        cmd.by.must_reach(programme.must_be_open().area, field="programme_id")
        programme.must_match(cmd.etag)
        programme.close(until)

    return Step(Programme, key, change)


async def close_programme(cmd: CloseProgramme, *, lanes: Lanes, cause: Cause) -> Answer:
    return await lanes.run(step(cmd), cause=cause)
