"""GetStatement: one statement by id, or the latest."""

from __future__ import annotations

from services.evaluation.domain.statement import Statement, StatementNotFound
from services.shared.kernel import text
from services.shared.kernel.ports import Store

_PAGE = 500


async def get_statement(statement_id: str, *, store: Store) -> Statement:
    """Raises STATEMENT_NOT_FOUND, ID_MALFORMED."""
    key = text.identifier(statement_id, field="statement_id", required=False) or await _latest(store)
    statement = (await store.get_many(Statement, [key]))[key].aggregate
    statement.published()
    return statement


async def _latest(store: Store) -> str:
    """The one that reaches furthest; the summary of each row is its reach (storage.py)."""
    best, after = (-1, ""), ""
    while True:
        rows = await store.page(Statement, view="", key="", after=after, limit=_PAGE)
        best = max([best, *((int(row.summary), row.id) for row in rows)])
        if len(rows) < _PAGE:
            break
        after = rows[-1].id
    if not best[1]:
        raise StatementNotFound(field="statement_id")
    return best[1]
