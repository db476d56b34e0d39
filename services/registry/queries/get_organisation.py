"""GetOrganisation: an organisation with its posts."""

from __future__ import annotations

from services.registry.domain.organisation import Organisation, OrganisationNotFound
from services.shared.kernel.ports import Store
from services.shared.kernel.uscc import uscc


async def get_organisation(code: str, *, store: Store) -> Organisation:
    """Stubs are answered too, with `known` false. Raises USCC_INVALID, ORGANISATION_NOT_FOUND."""
    key = uscc(code, field="uscc")
    organisation = (await store.get_many(Organisation, [key]))[key].aggregate
    if not organisation.exists:
        raise OrganisationNotFound(field="uscc")
    return organisation
