"""EndPairing: an agency no longer supports another one (解除结对)."""

from __future__ import annotations

import msgspec

from services.registry.domain.programme import Programme, known_id
from services.shared.kernel import dates
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import uscc


class EndPairing(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    programme_id: str
    supporter: str
    supported: str
    until: str
    etag: str


def step(cmd: EndPairing) -> Step:
    """Raises PROGRAMME_NOT_FOUND, PAIRING_NOT_FOUND, OUTSIDE_SCOPE, and Invalid with the field's path."""
    key = known_id(cmd.programme_id, field="programme_id")
    supporter = uscc(cmd.supporter, field="supporter")
    supported = uscc(cmd.supported, field="supported")
    until = dates.day(cmd.until, field="until")

    def change(programme: Programme) -> None:
        cmd.by.must_reach(programme.must_be_open().area, field="programme_id")
        programme.must_match(cmd.etag)
        programme.end_pairing(supporter, supported, until)

    return Step(Programme, key, change)


async def end_pairing(cmd: EndPairing, *, lanes: Lanes, cause: Cause) -> Answer:
    return await lanes.run(step(cmd), cause=cause)
