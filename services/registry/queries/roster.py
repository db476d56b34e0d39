"""ListRoster: who can be sent to a mission in an area on a day."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.registry.domain.reports import RosterReport
from services.registry.domain.roster import BY_ROSTER, covering, in_force
from services.registry.domain.talent import Talent
from services.shared.kernel import dates
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.paging import page_after, page_limit, token_after
from services.shared.kernel.ports import Clock, Store
from services.shared.kernel.principal import Principal


class Roster(msgspec.Struct, frozen=True):
    entries: Sequence[tuple[Talent, RosterReport]]
    next_token: str


async def list_roster(
    place: str, on: str, *, size: int, token: str, by: Principal, store: Store, clock: Clock
) -> Roster:
    """Those for the province first, then for the prefecture and the county, each by ascending id. Raises Invalid."""
    limit = page_limit(size)
    code = area(place or by.area, field="area", levels=(COUNTY,))
    by.must_reach(code, field="area")
    day = dates.day(on, field="on", required=False) or clock.day()
    scope = f"{code}/{day}"
    places = covering(code)
    at, _, after = page_after(token, scope=scope).partition("/")
    index = places.index(at) if at in places else 0
    rows = await store.page(Talent, view=BY_ROSTER, key=places[index], after=after, limit=limit)
    talents = await store.get_many(Talent, [row.id for row in rows])
    found = [talents[row.id].aggregate for row in rows]
    entries = [(it, entry) for it in found for entry in in_force(it, area=places[index], on=day)]
    if len(rows) == limit:
        return Roster(entries, token_after(f"{places[index]}/{rows[-1].id}", scope=scope))
    more = index + 1 < len(places)
    return Roster(entries, token_after(f"{places[index + 1]}/", scope=scope) if more else "")
