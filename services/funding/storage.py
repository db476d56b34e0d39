"""OUT: aggregate ↔ document and views of procurement funding."""

from __future__ import annotations

from services.funding import publisher
from services.funding.domain.budget_line import BY_AREA, BY_AREA_AND_YEAR, BudgetLine, LineState, year_key
from services.funding.domain.contract import Contract, ContractTerms
from services.shared.kernel.follower import Followed, Follower
from services.shared.runtime.store.kind import json_kind


def _line_rows(line: BudgetLine) -> list[tuple[str, str]]:
    year = line.state.terms.fiscal_year
    return [row for code in line.subtrees() for row in ((BY_AREA, code), (BY_AREA_AND_YEAR, year_key(code, year)))]


KINDS = (
    json_kind(
        BudgetLine,
        LineState,
        rows=_line_rows,
        summary=publisher.line_summary,
        messages=publisher.line_messages,
    ),
    json_kind(
        Contract,
        ContractTerms,
        messages=publisher.contract_messages,
    ),
    json_kind(Follower, Followed),
)
