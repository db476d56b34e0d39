"""GetProgramme, ListProgrammes, ListEnrolments: programmes of an area or an agency, and who takes part."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.registry.domain import codes
from services.registry.domain.enrolment import BY_PROGRAMME, Enrolled, enrolments_of
from services.registry.domain.programme import BY_AGENCY, BY_AREA, Programme, known_id
from services.registry.domain.reach import reaches
from services.registry.domain.talent import Talent
from services.shared.kernel import text
from services.shared.kernel.area import COUNTY, area
from services.shared.kernel.paging import Page, page_after, page_limit, page_of
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal
from services.shared.kernel.uscc import uscc


class Enrolments(msgspec.Struct, frozen=True):
    """People with their rows, those of one person together."""

    rows: Sequence[tuple[Talent, Enrolled]]
    next_token: str


async def get_programme(programme: str, *, store: Store) -> Programme:
    """Raises PROGRAMME_NOT_FOUND, and Invalid."""
    key = known_id(programme, field="programme_id")
    found = (await store.get_many(Programme, [key]))[key].aggregate
    found.must_be_open()
    return found


async def list_programmes(
    subtree: str, kind: str, agency: str, *, size: int, token: str, by: Principal, store: Store
) -> Page:
    """By ascending id. With `agency`: those in which it is paired, wherever. Raises Invalid."""
    limit = page_limit(size)
    of = text.code(kind, codes.PROGRAMMES, field="kind", required=False)
    code = area(subtree or by.area, field="area", levels=(COUNTY,))
    view, key = BY_AREA, f"{code}/{of}" if of else str(code)
    if agency:
        view, key = BY_AGENCY, uscc(agency, field="agency")
    after = page_after(token, scope=f"{view}/{key}")
    rows = await store.page(Programme, view=view, key=key, after=after, limit=limit)
    return page_of(rows, limit=limit, scope=f"{view}/{key}")


async def list_enrolments(programme: str, *, size: int, token: str, by: Principal, store: Store) -> Enrolments:
    """By ascending talent id; whom the caller does not reach is left out. Raises PROGRAMME_NOT_FOUND, and Invalid."""
    limit = page_limit(size)
    key = (await get_programme(programme, store=store)).id
    after = page_after(token, scope=key)
    page = page_of(
        await store.page(Talent, view=BY_PROGRAMME, key=key, after=after, limit=limit), limit=limit, scope=key
    )
    talents = await store.get_many(Talent, [row.id for row in page.rows])
    found = [talents[row.id].aggregate for row in page.rows]
    rows = [(it, row) for it in found if reaches(it, by) for row in enrolments_of(it).get(key, ())]
    return Enrolments(rows, page.next_token)
