"""FindTalents: the people of an area subtree who fit a filter, page by page or all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from services.registry.domain import codes
from services.registry.domain.snapshot import BY_EMPLOYER
from services.registry.domain.talent import BY_AREA, BY_LAPSE, Talent
from services.shared.kernel import text
from services.shared.kernel.area import COUNTY, PROVINCE, area, prefecture_of, within
from services.shared.kernel.codes import DEPARTMENTS, PRACTICE_FIELDS
from services.shared.kernel.dates import Day, holds
from services.shared.kernel.errors import AmountInvalid
from services.shared.kernel.paging import MOST, Page, page_after, page_limit, page_of, token_after
from services.shared.kernel.ports import Clock, Row, Store
from services.shared.kernel.principal import Principal
from services.shared.kernel.uscc import uscc

# Rows that one call looks at; a page that finds too few among them is shorter and has a token.
MOST_SCANNED = 5_000
LONGEST_AHEAD = 366
# Up to so many days ahead registrations are looked up by the day on which they run out, beyond by its month.
MOST_DAYS = 31

# The facts of a summary, as published.
FactsOf = Callable[[bytes], Any]


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Empty text and 0 = any. All that is given must hold on the day of the call."""

    area: str = ""
    department: str = ""
    field: str = ""
    employer: str = ""
    level: str = ""
    designation: str = ""
    lapses_within_days: int = 0


class _Query(msgspec.Struct, frozen=True):
    """A checked filter with the view that narrows it most."""

    filter: Filter
    view: str
    keys: tuple[str, ...]
    today: Day
    # Whether the view alone answers.
    exact: bool

    @property
    def scope(self) -> str:
        return msgspec.json.encode(self.filter).decode()

    def fits(self, facts: Any) -> bool:
        """Judges what a summary tells; work, certificates, titles and registrations as of today."""
        wanted = self.filter
        return (
            (self.view == BY_AREA or _within(facts, wanted.area))
            and (not (wanted.department or wanted.field or wanted.employer) or self._works(facts))
            and (not wanted.level or any(it.level == wanted.level and not it.annulled_on for it in facts.certificates))
            and (not wanted.designation or self._designated(facts))
            and (not wanted.lapses_within_days or self._lapses(facts))
        )

    def _works(self, facts: Any) -> bool:
        wanted = self.filter
        return any(
            (not wanted.department or it.department == wanted.department)
            and (not wanted.field or it.field == wanted.field)
            and (not wanted.employer or it.organisation == wanted.employer)
            and holds(it.since, it.until, self.today)
            for it in facts.affiliations
        )

    def _designated(self, facts: Any) -> bool:
        kind = self.filter.designation
        return any(it.kind == kind and holds(it.since, it.until, self.today) for it in facts.designations)

    def _lapses(self, facts: Any) -> bool:
        """The last registration of a level runs out within the days, and was not ended before."""
        last: dict[str, Any] = {}
        for it in facts.registrations:
            held = last.get(it.level)
            if held is None or held.until < it.until:
                last[it.level] = it
        limit = _days_after(self.today, self.filter.lapses_within_days)
        return any(not it.ended_on and self.today <= it.until <= limit for it in last.values())


def _days_after(day: Day, days: int) -> Day:
    return Day((date.fromisoformat(day) + timedelta(days=days)).isoformat())


def _lapse_keys(today: Day, days: int) -> tuple[str, ...]:
    """At most 32 days, or 13 months, that hold every one of the `days` from today on."""
    every = [_days_after(today, ahead) for ahead in range(days + 1)]
    return tuple(every) if days <= MOST_DAYS else tuple(dict.fromkeys(day[:7] for day in every))


def _within(facts: Any, code: str) -> bool:
    """Works or worked there; without any work, lives there."""
    if code == PROVINCE:
        return True
    if facts.affiliations:
        return any(within(it.place, code) for it in facts.affiliations)
    return bool(facts.home_county) and within(facts.home_county, code)


def _checked(asked: Filter, *, by: Principal, today: Day) -> _Query:
    """Raises AREA_UNKNOWN, OUTSIDE_SCOPE, CODE_UNKNOWN, USCC_INVALID, AMOUNT_INVALID with the field's path."""
    code = area(asked.area or by.area, field="area", levels=(COUNTY,))
    by.must_reach(code, field="area")
    if not 0 <= asked.lapses_within_days <= LONGEST_AHEAD:
        raise AmountInvalid(field="filter.lapses_within_days", days=asked.lapses_within_days)
    wanted = Filter(
        area=code,
        department=text.code(asked.department, DEPARTMENTS, field="filter.department", required=False),
        field=text.code(asked.field, PRACTICE_FIELDS, field="filter.field", required=False),
        employer=uscc(asked.employer, field="filter.employer") if asked.employer else "",
        level=text.code(asked.level, codes.LEVELS, field="filter.level", required=False),
        designation=text.code(asked.designation, codes.DESIGNATIONS, field="filter.designation", required=False),
        lapses_within_days=asked.lapses_within_days,
    )
    if wanted.department and wanted.employer:
        return _Query(wanted, BY_EMPLOYER, (f"{wanted.department}/{wanted.employer}",), today, exact=False)
    if wanted.lapses_within_days and prefecture_of(code) == code:  # of a county there are fewer
        return _Query(wanted, BY_LAPSE, _lapse_keys(today, wanted.lapses_within_days), today, exact=False)
    exact = wanted == Filter(area=code)
    if code == PROVINCE:
        return _Query(wanted, "", ("",), today, exact=exact)
    return _Query(wanted, BY_AREA, (code,), today, exact=exact)


async def find_talents(
    asked: Filter, *, size: int, token: str, by: Principal, store: Store, clock: Clock, facts_of: FactsOf
) -> Page:
    """By ascending id, so that nobody who is there throughout is skipped or doubled. Looks at 5,000 rows at most: a
    page may be shorter than asked for, or empty, and have a token all the same. A token is good for its query only.
    What lapses on is looked up day by day: one corrected to an earlier day in that very moment may be missed.
    """
    query = _checked(asked, by=by, today=clock.day())
    limit = page_limit(size)
    after = page_after(token, scope=query.scope)
    if query.exact:
        rows = await _rows(query, after=after, limit=limit, store=store)
        return Page(_listed(rows), page_of(rows, limit=limit, scope=query.scope).next_token)
    found: list[Row] = []
    for _ in range(MOST_SCANNED // MOST):
        rows = await _rows(query, after=after, limit=MOST, store=store)
        for row in rows:
            after = row.id
            if row.summary and query.fits(facts_of(row.summary)):
                found.append(row)
                if len(found) == limit:
                    return Page(found, token_after(after, scope=query.scope))
        if len(rows) < MOST:
            return Page(found, "")
    return Page(found, token_after(after, scope=query.scope))


async def all_talents(
    asked: Filter, *, by: Principal, store: Store, clock: Clock, facts_of: FactsOf
) -> AsyncIterator[Sequence[Row]]:
    """Everybody, by ascending id, 500 rows at a time: memory does not grow with their number."""
    query = _checked(asked, by=by, today=clock.day())
    after = ""
    while True:
        rows = await _rows(query, after=after, limit=MOST, store=store)
        found = _listed(rows)
        if not query.exact:
            found = [row for row in found if query.fits(facts_of(row.summary))]
        if found:
            yield found
        if len(rows) < MOST:
            return
        after = rows[-1].id


def _listed(rows: Sequence[Row]) -> list[Row]:
    """Without talents that were merged into others: they are listed with those."""
    return [row for row in rows if row.summary]


async def _rows(query: _Query, *, after: str, limit: int, store: Store) -> Sequence[Row]:
    """By ascending id whatever the number of keys: a row that goes from one key to another keeps its place."""
    parts = [await store.page(Talent, view=query.view, key=key, after=after, limit=limit) for key in query.keys]
    if len(parts) == 1:
        return parts[0]
    merged = {row.id: row for part in parts for row in part}
    return [merged[id_] for id_ in sorted(merged)[:limit]]
