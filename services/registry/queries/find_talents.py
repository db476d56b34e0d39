"""FindTalents: the people of an area subtree, page by page."""

from __future__ import annotations

from services.registry.domain.talent import BY_AREA, Talent
from services.shared.kernel.area import COUNTY, PROVINCE, area
from services.shared.kernel.paging import Page, page_after, page_limit, page_of
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal


async def find_talents(subtree: str, *, size: int, token: str, by: Principal, store: Store) -> Page:
    """By ascending id, so that nobody who is there throughout is skipped or doubled. Raises OUTSIDE_SCOPE."""
    code = area(subtree or by.area, field="area", levels=(COUNTY,))
    by.must_reach(code, field="area")
    limit = page_limit(size)
    after = page_after(token, scope=code)
    view, key = ("", "") if code == PROVINCE else (BY_AREA, code)
    rows = await store.page(Talent, view=view, key=key, after=after, limit=limit)
    return page_of(rows, limit=limit, scope=code)
