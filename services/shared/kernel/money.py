"""Money is a whole number of fen (分, 1/100 yuan), CNY."""

from __future__ import annotations

from typing import NewType

from services.shared.kernel.errors import AmountInvalid

Fen = NewType("Fen", int)

NOTHING = Fen(0)
MOST = 10**15  # ten trillion yuan: above any budget, below int64


def fen(amount: int, *, field: str) -> Fen:
    """A positive amount; AMOUNT_INVALID otherwise."""
    if not 0 < amount <= MOST:
        raise AmountInvalid(field=field, fen=amount)
    return Fen(amount)


def yuan(amount: int) -> Fen:
    return Fen(amount * 100)
