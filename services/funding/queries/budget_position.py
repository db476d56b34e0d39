"""BudgetPosition: the budget lines of an area subtree, of one fiscal year or of all, page by page."""

from __future__ import annotations

from services.funding.domain.budget_line import BY_AREA, BY_AREA_AND_YEAR, BudgetLine, year_key
from services.shared.kernel.area import COUNTY, TOWNSHIP, area
from services.shared.kernel.errors import AmountInvalid
from services.shared.kernel.paging import Page, page_after, page_limit, page_of
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal

LAST_YEAR = 9999


async def budget_position(
    subtree: str, *, fiscal_year: int, size: int, token: str, by: Principal, store: Store
) -> Page:
    """By ascending line id; `fiscal_year` 0 = all. Raises Invalid, OUTSIDE_SCOPE."""
    code = area(subtree or by.area, field="area", levels=(COUNTY, TOWNSHIP))
    by.must_reach(code, field="area")
    if not 0 <= fiscal_year <= LAST_YEAR:
        raise AmountInvalid(field="fiscal_year", year=fiscal_year)
    view, key = (BY_AREA_AND_YEAR, year_key(code, fiscal_year)) if fiscal_year else (BY_AREA, str(code))
    limit = page_limit(size)
    after = page_after(token, scope=key)
    rows = await store.page(BudgetLine, view=view, key=key, after=after, limit=limit)
    return page_of(rows, limit=limit, scope=key)
