"""GetCallUp, ListCallUps, MyCallUps: mandates, who is called and what they answered."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.registry.domain.call_up import BY_AREA, BY_CALLED, Called, CallUp
from services.registry.domain.talent import Talent
from services.shared.kernel import text
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.errors import OutsideScope
from services.shared.kernel.paging import Page, page_after, page_limit, page_of, token_after
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal


class CallUpPage(msgspec.Struct, frozen=True):
    """A call-up with some of those whom it calls."""

    call_up: CallUp
    called: Sequence[tuple[Talent, Called]]
    next_token: str


class Mine(msgspec.Struct, frozen=True):
    """Call-ups with the caller's own answer."""

    call_ups: Sequence[tuple[CallUp, str]]
    next_token: str


async def get_call_up(call_up: str, *, size: int, token: str, by: Principal, store: Store) -> CallUpPage:
    """By ascending talent id. Raises CALL_UP_NOT_FOUND, OUTSIDE_SCOPE, and Invalid."""
    limit = page_limit(size)
    key = text.identifier(call_up, field="call_up_id")
    found = (await store.get_many(CallUp, [key]))[key].aggregate
    by.must_reach(found.must_exist().area, field="call_up_id")
    after = page_after(token, scope=key)
    called = [it for it in found.state.called if it.talent > after][:limit]
    talents = await store.get_many(Talent, [it.talent for it in called])
    more = len(called) == limit
    return CallUpPage(
        found,
        [(talents[it.talent].aggregate, it) for it in called],
        token_after(called[-1].talent, scope=key) if more else "",
    )


async def list_call_ups(subtree: str, *, size: int, token: str, by: Principal, store: Store) -> Page:
    """Raises OUTSIDE_SCOPE, and Invalid."""
    limit = page_limit(size)
    code = area(subtree or by.area, field="area", levels=(COUNTY,))
    by.must_reach(code, field="area")
    rows = await store.page(CallUp, view=BY_AREA, key=code, after=page_after(token, scope=code), limit=limit)
    return page_of(rows, limit=limit, scope=code)


async def my_call_ups(*, size: int, token: str, by: Principal, store: Store) -> Mine:
    """Open ones that call the caller, of a merged person under the number that goes on, by ascending id."""
    if not by.talent:
        raise OutsideScope(field="talent_id")
    limit = page_limit(size)
    talent = (await store.get_many(Talent, [by.talent]))[by.talent].aggregate
    me = talent.moved_to or talent.id
    after = page_after(token, scope=me)
    page = page_of(await store.page(CallUp, view=BY_CALLED, key=me, after=after, limit=limit), limit=limit, scope=me)
    found = await store.get_many(CallUp, [row.id for row in page.rows])
    mine = [found[row.id].aggregate for row in page.rows]
    return Mine([(it, it.answer_of(me)) for it in mine], page.next_token)
