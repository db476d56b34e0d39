"""TownshipCoverage: which townships of a subtree a station serves on a day, and why the others are not (plan §5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from services.shared.kernel import dates
from services.shared.kernel.area import COUNTY, TOWNSHIP, area, areas, within
from services.shared.kernel.paging import page_after, page_limit, token_after
from services.shared.kernel.ports import Clock, Store
from services.stations.domain.township import Coverage, Township, coverage


class CoveragePage(msgspec.Struct, frozen=True):
    """`covered` of `total` counts the whole subtree, not the page."""

    townships: Sequence[Coverage]
    covered: int
    total: int
    next_token: str


async def township_coverage(
    subtree: str, *, on: str, size: int, token: str, store: Store, clock: Clock
) -> CoveragePage:
    """By area code. Counts townships proper: farms, forest bureaus and the like (statistical areas) are none.

    Raises Invalid.
    """
    code = area(subtree, field="area", levels=(COUNTY, TOWNSHIP))
    day = dates.day(on, field="on", required=False) or clock.day()
    limit = page_limit(size)
    scope = f"{code}/{day}"
    after = page_after(token, scope=scope)
    codes = townships_of(code)
    loaded = await store.get_many(Township, codes)
    seen = [coverage(loaded[one].aggregate, on=day) for one in codes]
    left = [it for it in seen if it.township > after]
    page = left[:limit]
    return CoveragePage(
        page,
        sum(it.covered for it in seen),
        len(seen),
        token_after(page[-1].township, scope=scope) if len(left) > limit else "",
    )


@lru_cache(maxsize=256)
def townships_of(subtree: str) -> tuple[str, ...]:
    """Codes of the townships proper, ascending."""
    return tuple(sorted(one.code for one in areas().values() if one.legal_township and within(one.code, subtree)))
