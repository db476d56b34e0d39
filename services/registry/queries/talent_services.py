"""ListHighLevelTalents, ListServices, MyServices: what is done for high-level talents, and for whom nothing is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.registry.domain import codes
from services.registry.domain.reach import must_reach
from services.registry.domain.reports import Designation, ServiceReport
from services.registry.domain.serving import BY_HIGH_LEVEL, designated, services_of
from services.registry.domain.talent import Talent
from services.shared.kernel import dates, text
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.dates import holds
from services.shared.kernel.errors import OutsideScope
from services.shared.kernel.paging import page_after, page_limit, page_of
from services.shared.kernel.ports import Clock, KeyRing, Store
from services.shared.kernel.principal import Principal


class Served(msgspec.Struct, frozen=True):
    talent: Talent
    designations: Sequence[Designation]
    services: Sequence[ServiceReport]


class ServedPage(msgspec.Struct, frozen=True):
    talents: Sequence[Served]
    next_token: str


class Detailed(msgspec.Struct, frozen=True):
    """`detail` in clear, for the person's own eyes; "" when it was destroyed."""

    service: ServiceReport
    detail: str

    def __repr__(self) -> str:
        return "Detailed(…)"


async def list_high_level(
    subtree: str, on: str, without: str, *, size: int, token: str, by: Principal, store: Store, clock: Clock
) -> ServedPage:
    """By ascending talent id; with `without` only those for whom nothing of that kind is done on the day.

    Raises OUTSIDE_SCOPE, and Invalid.
    """
    limit = page_limit(size)
    code = area(subtree or by.area, field="area", levels=(COUNTY,))
    by.must_reach(code, field="area")
    day = dates.day(on, field="on", required=False) or clock.day()
    lacking = text.code(without, codes.TALENT_SERVICES, field="without", required=False)
    scope = f"{code}/{day}/{lacking}"
    after = page_after(token, scope=scope)
    rows = await store.page(Talent, view=BY_HIGH_LEVEL, key=code, after=after, limit=limit)
    page = page_of(rows, limit=limit, scope=scope)
    talents = await store.get_many(Talent, [row.id for row in page.rows])
    found = []
    for row in page.rows:
        talent = talents[row.id].aggregate
        titles = designated(talent.facts(), day)
        services = [it for it in services_of(talent) if holds(it.since, it.until, day)]
        if titles and (not lacking or all(it.kind != lacking for it in services)):
            found.append(Served(talent, titles, services))
    return ServedPage(found, page.next_token)


async def list_services(talent_id: str, *, by: Principal, store: Store) -> tuple[Talent, Sequence[ServiceReport]]:
    """Raises TALENT_NOT_FOUND, OUTSIDE_SCOPE."""
    key = text.identifier(talent_id, field="talent_id")
    talent = (await store.get_many(Talent, [key]))[key].aggregate
    must_reach(talent, by)
    return talent, services_of(talent)


async def my_services(*, by: Principal, store: Store, keys: KeyRing) -> Sequence[Detailed]:
    """Of all numbers of a merged person. Raises TALENT_NOT_FOUND."""
    if not by.talent:
        raise OutsideScope(field="talent_id")
    talent = (await store.get_many(Talent, [by.talent]))[by.talent].aggregate
    talent.must_exist()
    if talent.moved_to:
        talent = (await store.get_many(Talent, [talent.moved_to]))[talent.moved_to].aggregate
    services = services_of(talent)
    wanted = {it.text for it in services}
    numbers = await store.get_many(Talent, talent.known_as)
    texts = {
        it.index: keys.unseal(it.sealed, origin=one)["text"]
        for one, found in numbers.items()
        for it in found.aggregate.state.texts
        if it.index in wanted
    }
    return [Detailed(it, texts.get(it.text, "")) for it in services]
