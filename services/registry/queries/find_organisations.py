"""FindOrganisations: the registered organisations of an area subtree, of one kind or all, page by page."""

from __future__ import annotations

from services.registry.domain import codes
from services.registry.domain.organisation import BY_AREA, Organisation
from services.shared.kernel import text
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.paging import Page, page_after, page_limit, page_of
from services.shared.kernel.ports import Store


async def find_organisations(subtree: str, kind: str, *, size: int, token: str, store: Store) -> Page:
    """By ascending code, so that none that is there throughout is skipped or doubled. Raises Invalid."""
    code = area(subtree, field="area", levels=(COUNTY,))
    of = text.code(kind, codes.ORGANISATION_KINDS, field="kind", required=False)
    key = f"{code}/{of}" if of else code
    limit = page_limit(size)
    rows = await store.page(Organisation, view=BY_AREA, key=key, after=page_after(token, scope=key), limit=limit)
    return page_of(rows, limit=limit, scope=key)
