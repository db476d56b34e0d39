"""GetSession, ListSessions, GetSitting, GetSheet."""

from __future__ import annotations

from services.registry.domain.sheet import Sheet, SheetNotFound
from services.registry.domain.sitting import ExamSitting, SittingNotFound
from services.registry.domain.training import BY_AREA, SessionNotFound, TrainingSession
from services.shared.kernel import text
from services.shared.kernel.area import COUNTY, PROVINCE, area
from services.shared.kernel.paging import Page, page_after, page_limit, page_of
from services.shared.kernel.ports import Store
from services.shared.kernel.principal import Principal


async def get_session(session_id: str, *, store: Store) -> TrainingSession:
    """Stubs are answered too, with an empty status. Raises SESSION_NOT_FOUND."""
    key = text.identifier(session_id, field="session_id")
    session = (await store.get_many(TrainingSession, [key]))[key].aggregate
    if not session.exists:
        raise SessionNotFound(field="session_id")
    return session


async def list_sessions(subtree: str, *, size: int, token: str, store: Store) -> Page:
    """By ascending id; "" = the province."""
    code = area(subtree or PROVINCE, field="area", levels=(COUNTY,))
    limit = page_limit(size)
    after = page_after(token, scope=code)
    view, key = ("", "") if code == PROVINCE else (BY_AREA, code)
    rows = await store.page(TrainingSession, view=view, key=key, after=after, limit=limit)
    return page_of(rows, limit=limit, scope=code)


async def get_sitting(sitting_id: str, *, store: Store) -> ExamSitting:
    """Raises SITTING_NOT_FOUND."""
    key = text.identifier(sitting_id, field="sitting_id")
    sitting = (await store.get_many(ExamSitting, [key]))[key].aggregate
    if not sitting.exists:
        raise SittingNotFound(field="sitting_id")
    return sitting


async def get_sheet(sheet_id: str, *, by: Principal, store: Store) -> Sheet:
    """For the department that sent it. Raises SHEET_NOT_FOUND, OUTSIDE_SCOPE."""
    key = text.identifier(sheet_id, field="sheet_id")
    sheet = (await store.get_many(Sheet, [key]))[key].aggregate
    if not sheet.exists:
        raise SheetNotFound(field="sheet_id")
    by.must_speak_for(sheet.state.department, field="sheet_id")
    return sheet
