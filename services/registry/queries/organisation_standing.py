"""OrganisationStanding: what procurement and stations ask of an organisation on a day (plan §4.1)."""

from __future__ import annotations

from services.registry.domain.organisation import Organisation
from services.registry.domain.standing import FullStanding, full_standing
from services.shared.kernel import dates
from services.shared.kernel.ports import Clock, Store
from services.shared.kernel.uscc import uscc


async def organisation_standing(code: str, *, on: str, store: Store, clock: Clock) -> tuple[Organisation, FullStanding]:
    """An organisation that nobody knows has a standing too: NOT_REGISTERED. Raises USCC_INVALID, DATE_INVALID."""
    key = uscc(code, field="uscc")
    day = dates.day(on, field="on", required=False) or clock.day()
    organisation = (await store.get_many(Organisation, [key]))[key].aggregate
    return organisation, full_standing(organisation, on=day)
