"""ListObjections: what people object to and a department has not answered yet."""

from __future__ import annotations

from services.registry.domain.objection import BY_DEPARTMENT, OF_TALENT, Objection
from services.shared.kernel.paging import page_after, page_limit, page_of
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal

MOST_OF_ONE = 100


async def list_objections(
    department: str, *, size: int, token: str, by: Principal, store: Store
) -> tuple[list[Objection], str]:
    """Open ones, by id, and the token of the next page. Raises OUTSIDE_SCOPE."""
    by.must_speak_for(department, field="department")
    limit, scope = page_limit(size), f"objections/{department}"
    after = page_after(token, scope=scope)
    rows = await store.page(Objection, view=BY_DEPARTMENT, key=department, after=after, limit=limit)
    loaded = await store.get_many(Objection, [row.id for row in rows])
    return [loaded[row.id].aggregate for row in rows], page_of(rows, limit=limit, scope=scope).next_token


async def objections_of(talent: str, *, store: Store) -> list[Objection]:
    """A person's own, answered or not; the first hundred by id."""
    rows = await store.page(Objection, view=OF_TALENT, key=talent, after="", limit=MOST_OF_ONE)
    loaded = await store.get_many(Objection, [row.id for row in rows])
    return [loaded[row.id].aggregate for row in rows]
