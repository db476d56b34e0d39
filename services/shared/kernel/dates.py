"""Legal dates and months. A day is the text YYYY-MM-DD (Asia/Shanghai), which orders as it reads; "" = none."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import NewType

from services.shared.kernel.errors import (
    DateInFuture,
    DateInvalid,
    FieldMissing,
    IntervalReversed,
)

Day = NewType("Day", str)
Month = NewType("Month", str)

NO_DAY = Day("")
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
EARLIEST = Day("1900-01-01")


@lru_cache(maxsize=65536)
def is_calendar_day(text: str) -> bool:
    """True for a day of the calendar, of any year, written YYYY-MM-DD."""
    if len(text) != 10 or not text.isascii():  # noqa: PLR2004 - the length of YYYY-MM-DD
        return False
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def day(text: str, *, field: str, required: bool = True, not_after: Day = NO_DAY) -> Day:
    """Parse a day of 1900 or later; with `not_after`, later days are refused as DATE_IN_FUTURE."""
    if not text:
        if required:
            raise FieldMissing(field=field)
        return NO_DAY
    if text < EARLIEST or not is_calendar_day(text):
        raise DateInvalid(field=field)
    if not_after and text > not_after:
        raise DateInFuture(field=field, not_after=not_after)
    return Day(text)


def interval(since: str, until: str, *, field: str, not_after: Day = NO_DAY) -> tuple[Day, Day]:
    """Parse [since, until); `until` may be open ("") and may lie in the future."""
    start = day(since, field=f"{field}since", not_after=not_after)
    end = day(until, field=f"{field}until", required=False)
    if end and end <= start:
        raise IntervalReversed(field=f"{field}until", since=start, until=end)
    return start, end


def holds(since: str, until: str, on: str) -> bool:
    """True when [since, until) contains the day `on`."""
    return since <= on and (not until or on < until)


def split(whole: tuple[str, str], parts: Sequence[tuple[str, str]]) -> list[tuple[Day, Day, bool]]:
    """Cut the interval `whole` where it enters or leaves any of `parts`: (since, until, inside a part)."""
    since, until = whole
    cuts = sorted({cut for part in parts for cut in part if cut > since and (not until or cut < until)})
    pieces: list[tuple[Day, Day, bool]] = []
    for start, end in zip([since, *cuts], [*cuts, until], strict=True):
        inside = any(holds(first, last, start) for first, last in parts)
        before = pieces.pop() if pieces and pieces[-1][2] == inside else None
        pieces.append((before[0] if before else Day(start), Day(end), inside))
    return pieces


@lru_cache(maxsize=65536)
def years_after(start: Day, years: int) -> Day:
    """The first day that no longer belongs to the period: 3 years from 2021-03-15 end before 2024-03-15,
    from 29 February before 1 March.
    """
    year, month_number, day_number = (
        int(start[:4]) + years,
        int(start[5:7]),
        int(start[8:10]),
    )
    if month_number == 2 and day_number == 29 and not calendar.isleap(year):  # noqa: PLR2004 - 29 February
        return Day(f"{year:04d}-03-01")
    return Day(f"{year:04d}{start[4:]}")


def month_of(day_: str) -> Month:
    return Month(day_[:7])


@lru_cache(maxsize=4096)
def last_day(month: str) -> Day:
    year, number = int(month[:4]), int(month[5:7])
    return Day(f"{month}-{calendar.monthrange(year, number)[1]:02d}")


@lru_cache(maxsize=4096)
def shift_month(month: str, by: int) -> Month:
    ordinal = int(month[:4]) * 12 + int(month[5:7]) - 1 + by
    return Month(f"{ordinal // 12:04d}-{ordinal % 12 + 1:02d}")


def is_month(text: str) -> bool:
    return len(text) == 7 and is_calendar_day(f"{text}-01")  # noqa: PLR2004 - the length of YYYY-MM


def today(now: datetime) -> Day:
    """The legal day of an instant."""
    return Day(now.astimezone(SHANGHAI).date().isoformat())


def instant(now: datetime) -> str:
    """RFC 3339 UTC with milliseconds, as in `ce_time`."""
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
