"""GetCatalogue, ListCatalogues: what areas want, what they have, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.registry.domain import headcount
from services.registry.domain.catalogue import (
    BY_YEAR_AND_AREA,
    CatalogueNotFound,
    RegionalCatalogue,
    catalogue_id,
    known_year,
)
from services.registry.domain.headcount import Headcount
from services.shared.kernel import dates
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.dates import Day
from services.shared.kernel.paging import MOST, Page, page_after, page_limit, page_of
from services.shared.kernel.ports import Clock, Store


class Compared(msgspec.Struct, frozen=True):
    field: str
    level: str
    wanted: int
    have: int
    # Never below 0.
    gap: int


class CatalogueOn(msgspec.Struct, frozen=True):
    catalogue: RegionalCatalogue
    on: Day
    rows: Sequence[Compared]


async def get_catalogue(code: str, of: int, *, on: str, store: Store, clock: Clock) -> CatalogueOn:
    """Compared with the people of a day, `on` "" = today, never later. Raises CATALOGUE_NOT_FOUND, and Invalid."""
    today = clock.day()
    place = area(code, field="area", levels=(COUNTY,))
    key = catalogue_id(place, known_year(of, today=today))
    day = dates.day(on, field="on", required=False, not_after=today) or today
    catalogue = (await store.get_many(RegionalCatalogue, [key]))[key].aggregate
    if not catalogue.exists:
        raise CatalogueNotFound(field="area", area=place, year=of)
    have = headcount.count(await _summaries(place, store), day)
    rows = []
    for row in catalogue.state.rows:
        found = have.get((row.field, row.level), 0)
        rows.append(Compared(row.field, row.level, row.wanted, found, max(row.wanted - found, 0)))
    return CatalogueOn(catalogue, day, rows)


async def list_catalogues(subtree: str, of: int, *, size: int, token: str, store: Store, clock: Clock) -> Page:
    """Of one year, by ascending area. Raises Invalid."""
    limit = page_limit(size)
    place = area(subtree, field="area", levels=(COUNTY,))
    key = f"{known_year(of, today=clock.day())}/{place}"
    after = page_after(token, scope=key)
    rows = await store.page(RegionalCatalogue, view=BY_YEAR_AND_AREA, key=key, after=after, limit=limit)
    return page_of(rows, limit=limit, scope=key)


async def _summaries(place: str, store: Store) -> list[bytes]:
    found: list[bytes] = []
    after = ""
    while True:
        rows = await store.page(Headcount, view=headcount.BY_AREA, key=place, after=after, limit=MOST)
        found += [row.summary for row in rows]
        if len(rows) < MOST:
            return found
        after = rows[-1].id
