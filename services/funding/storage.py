"""OUT: aggregate ↔ document and views of procurement funding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from services.funding import publisher
from services.funding.domain.budget_line import BY_AREA, BY_AREA_AND_YEAR, BudgetLine, LineState, year_key
from services.funding.domain.contract import Contract, ContractTerms
from services.shared.kernel.follower import Followed, Follower
from services.shared.runtime.store.kind import Kind

_encode = msgspec.json.Encoder().encode


def _decoder(state: type[Any]) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(state).decode


def _line_rows(line: BudgetLine) -> list[tuple[str, str]]:
    year = line.state.terms.fiscal_year
    return [row for code in line.subtrees() for row in ((BY_AREA, code), (BY_AREA_AND_YEAR, year_key(code, year)))]


KINDS = (
    Kind(
        aggregate=BudgetLine,
        encode=_encode,
        decode=_decoder(LineState),
        rows=_line_rows,
        summary=publisher.line_summary,
        messages=publisher.line_messages,
    ),
    Kind(
        aggregate=Contract,
        encode=_encode,
        decode=_decoder(ContractTerms),
        messages=publisher.contract_messages,
    ),
    Kind(aggregate=Follower, encode=_encode, decode=_decoder(Followed)),
)
