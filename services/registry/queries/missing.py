"""Who is missing in a complete list, as of now; and the lists of a department."""

from __future__ import annotations

from services.registry.domain.snapshot import (
    BY_DEPARTMENT,
    BY_EMPLOYER,
    Snapshot,
    SnapshotState,
    judged,
)
from services.registry.domain.talent import Talent
from services.shared.kernel.errors import Invalid
from services.shared.kernel.paging import Page, page_after, page_of
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal

CHUNK = 500
MOST_PER_PAGE = 20


class TooManyPerPage(Invalid):
    reason = "PAGE_SIZE_INVALID"
    zh, en = "每页条数无效", f"A page holds 1 to {MOST_PER_PAGE} lists"


async def missing(state: SnapshotState, *, store: Store) -> tuple[str, ...]:
    """Talents with work that the list would end, by id; not those listed under another number of theirs."""
    listed, after = frozenset(state.listed), ""
    found: list[str] = []
    key = f"{state.department}/{state.organisation}"
    while True:
        rows = await store.page(Talent, view=BY_EMPLOYER, key=key, after=after, limit=CHUNK)
        others = [row.id for row in rows if row.id not in listed]
        loaded = await store.get_many(Talent, others)
        there = [it for id_ in others if judged(it := loaded[id_].aggregate, state)]
        winners = await store.get_many(Talent, sorted({it.moved_to for it in there if it.moved_to}))
        for talent in there:
            person = winners[talent.moved_to].aggregate if talent.moved_to else talent
            if listed.isdisjoint(person.known_as):
                found.append(talent.id)
        if len(rows) < CHUNK:
            return tuple(found)
        after = rows[-1].id


async def list_snapshots(
    department: str, *, size: int, token: str, by: Principal, store: Store
) -> tuple[list[tuple[Snapshot, tuple[str, ...]]], str]:
    """Lists with whom they would end (reported) or end (confirmed), and the token of the next page."""
    by.must_speak_for(department, field="department")
    if not 0 <= size <= MOST_PER_PAGE:
        raise TooManyPerPage(field="page_size", size=size)
    limit, scope = size or MOST_PER_PAGE, f"snapshots/{department}"
    after = page_after(token, scope=scope)
    rows = await store.page(Snapshot, view=BY_DEPARTMENT, key=department, after=after, limit=limit)
    page: Page = page_of(rows, limit=limit, scope=scope)
    loaded = await store.get_many(Snapshot, [row.id for row in rows])
    found = []
    for row in rows:
        snapshot = loaded[row.id].aggregate
        state = snapshot.state
        whom = await missing(state, store=store) if state.status == "reported" else state.missing
        found.append((snapshot, whom))
    return found, page.next_token
