"""GetIndicator and ListIndicators: values as the table holds them, at a cost that does not depend on the data."""

from __future__ import annotations

from services.evaluation.domain.indicator import COMPANION, MonthInFuture, MonthInvalid, Reading, reading
from services.evaluation.domain.reference import Catalogue
from services.evaluation.domain.table import Table
from services.shared.kernel.area import COUNTY, PROVINCE, area
from services.shared.kernel.dates import is_month, month_of, shift_month
from services.shared.kernel.errors import Invalid
from services.shared.kernel.ports import Clock

LONGEST_TREND = 120


class TrendInvalid(Invalid):
    reason = "TREND_INVALID"
    zh, en = "趋势月数无效", f"A trend has 0 to {LONGEST_TREND} months"


def asked_area(code: str) -> str:
    return area(code or PROVINCE, field="area", levels=(COUNTY,))


def asked_month(month: str, *, clock: Clock) -> str:
    """The last full month where none is named. Known ends of later months are not for reading yet."""
    present = month_of(clock.day())
    if not month:
        return shift_month(present, -1)
    if not is_month(month):
        raise MonthInvalid(field="month")
    if month > present:
        raise MonthInFuture(field="month", present=present)
    return month


def get_indicator(
    number: str, *, code: str, month: str, trend_months: int, catalogue: Catalogue, table: Table, clock: Clock
) -> Reading:
    """Raises INDICATOR_NOT_FOUND, AREA_UNKNOWN, MONTH_INVALID, MONTH_IN_FUTURE, TREND_INVALID."""
    if not 0 <= trend_months <= LONGEST_TREND:
        raise TrendInvalid(field="trend_months", months=trend_months)
    where, when = asked_area(code), asked_month(month, clock=clock)
    return reading(catalogue, number, where, when, table, trend_months=trend_months)


def list_indicators(
    *, code: str, month: str, with_companions: bool, catalogue: Catalogue, table: Table, clock: Clock
) -> list[Reading]:
    where, when = asked_area(code), asked_month(month, clock=clock)
    return [
        reading(catalogue, number, where, when, table)
        for number, definition in catalogue.indicators.items()
        if with_companions or definition.nature != COMPANION
    ]
