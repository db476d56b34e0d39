"""GetContract: a signed contract, for its parties and for neighbours who rely on it."""

from __future__ import annotations

from services.funding.domain.contract import Contract
from services.shared.kernel import text
from services.shared.kernel.ports import Store


async def get_contract(contract: str, *, store: Store) -> Contract:
    """Raises CONTRACT_NOT_FOUND."""
    key = text.identifier(contract, field="contract")
    found = (await store.get_many(Contract, [key]))[key].aggregate
    found.must_exist()
    return found
