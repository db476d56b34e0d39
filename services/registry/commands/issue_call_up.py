"""IssueCallUp: a department calls up who can be sent to a disaster by the roster (调派灾害社工; plan §3.4)."""

from __future__ import annotations

import msgspec

from services.registry.domain.call_up import MOST_CALLED, CallUp, Mandate
from services.registry.domain.roster import BY_ROSTER, covering, in_force
from services.registry.domain.talent import Talent
from services.shared.kernel import dates, text
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.ids import derived_id
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal

PAGE = 500


class IssueCallUp(msgspec.Struct, frozen=True, kw_only=True):
    by: Principal
    request_id: str
    department: str
    area: str
    disaster: str
    since: str
    until: str


async def issue_call_up(cmd: IssueCallUp, *, store: Store, lanes: Lanes, cause: Cause) -> Answer:
    """Values: call_up_id, called. Raises NOBODY_TO_CALL, LIMIT_REACHED, OUTSIDE_SCOPE, and Invalid."""
    cmd.by.must_speak_for(cmd.department, field="department")
    place = area(cmd.area, field="area", levels=(COUNTY,))
    cmd.by.must_reach(place, field="area")
    since, until = dates.interval(cmd.since, cmd.until, field="")
    mandate = Mandate(cmd.department, place, text.name(cmd.disaster, field="disaster"), since, until)
    talents = await _available(mandate, store)
    key = derived_id(CallUp.kind, cmd.by.name, cmd.request_id)

    def change(call_up: CallUp) -> dict[str, str]:
        call_up.issue(mandate, talents)
        return {"call_up_id": key, "called": str(len(talents))}

    return await lanes.update(CallUp, key, change, cause=cause)


async def _available(mandate: Mandate, store: Store) -> list[str]:
    """Who can be sent there on the first day; one more than can be called is enough to know."""
    found: set[str] = set()
    for place in covering(mandate.area):
        after = ""
        while len(found) <= MOST_CALLED:
            rows = await store.page(Talent, view=BY_ROSTER, key=place, after=after, limit=PAGE)
            talents = await store.get_many(Talent, [row.id for row in rows])
            found |= {one for one, it in talents.items() if in_force(it.aggregate, area=place, on=mandate.since)}
            if len(rows) < PAGE:
                break
            after = rows[-1].id
    return sorted(found)
