"""GetTalent: one person as most callers may see it, masked."""

from __future__ import annotations

from services.registry.domain.talent import Talent
from services.shared.kernel import text
from services.shared.kernel.area import within
from services.shared.kernel.errors import OutsideScope
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal


async def get_talent(talent_id: str, *, by: Principal, store: Store) -> Talent:
    """Raises TALENT_NOT_FOUND, or OUTSIDE_SCOPE when the person works (without work: lives) nowhere in the subtree."""
    key = text.identifier(talent_id, field="talent_id")
    talent = (await store.get_many(Talent, [key]))[key].aggregate
    talent.must_exist()
    if not any(within(county, by.area) for county in talent.counties()):
        raise OutsideScope(field="talent_id", scope=by.area)
    return talent
