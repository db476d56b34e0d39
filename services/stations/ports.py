"""What the commands need of neighbours; clients.py asks them by gRPC."""

from __future__ import annotations

from typing import Protocol

from services.shared.kernel.dates import Day
from services.stations.domain.station import ContractSeen, OperatorSeen


class Contracts(Protocol):
    async def contract(self, contract: str, *, field: str) -> ContractSeen:
        """Funding's contract, with its version. Raises NotFound about `field`, and NEIGHBOUR_UNAVAILABLE when
        funding does not answer in time: nothing was learnt then.
        """


class Operators(Protocol):
    async def standing(self, uscc: str, *, on: Day) -> OperatorSeen:
        """The registry's view of an organisation on a day, with its version; one that nobody registered is not open.
        Raises NEIGHBOUR_UNAVAILABLE when the registry does not answer in time.
        """
