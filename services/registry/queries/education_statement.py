"""EducationStatement: what a person learned, what of it counts, and what is still missing."""

from __future__ import annotations

from services.registry.domain import education_statement as domain
from services.registry.domain.reach import must_reach
from services.registry.domain.talent import Talent
from services.shared.kernel import dates, text
from services.shared.kernel.errors import OutsideScope
from services.shared.kernel.ports import Clock, Store
from services.shared.kernel.principal import Principal


async def education_statement(
    talent_id: str, *, on: str, by: Principal, store: Store, clock: Clock
) -> domain.EducationStatement:
    """Of a person in the caller's area. Raises TALENT_NOT_FOUND or OUTSIDE_SCOPE; `on` "" = today, never later."""
    key = text.identifier(talent_id, field="talent_id")
    talent = (await store.get_many(Talent, [key]))[key].aggregate
    must_reach(talent, by)
    return _statement(talent, on, clock)


async def my_education_statement(*, on: str, by: Principal, store: Store, clock: Clock) -> domain.EducationStatement:
    """Of the caller alone, with whom the caller was merged into."""
    if not by.talent:
        raise OutsideScope(field="talent_id")
    talent = (await store.get_many(Talent, [by.talent]))[by.talent].aggregate
    if winner := talent.moved_to:
        talent = (await store.get_many(Talent, [winner]))[winner].aggregate
    talent.must_exist()
    return _statement(talent, on, clock)


def _statement(talent: Talent, on: str, clock: Clock) -> domain.EducationStatement:
    today = clock.day()
    day = dates.day(on, field="on", required=False, not_after=today) or today
    return domain.education_statement(talent.all_reports, on=day)
