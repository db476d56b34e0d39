"""From sums to an indicator's value, its target and where the path stands. Exact integers until the last digit."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from services.evaluation.domain.reference import Catalogue, IndicatorFacts, TargetVersion
from services.evaluation.domain.table import Table
from services.shared.kernel.dates import shift_month
from services.shared.kernel.errors import Invalid, NotFound

BASELINE, PLAN_MONTHS = "2020-12", 60
PLACES = 4
COMPANION = "companion"

NO_DATA_YET, NO_DENOMINATOR = "NO_DATA_YET", "NO_DENOMINATOR"


class IndicatorNotFound(NotFound):
    reason = "INDICATOR_NOT_FOUND"
    zh, en = "没有此指标", "No such indicator"
    fix_zh, fix_en = "指标编号为 1 至 19 或 S 系列", "Indicators are numbered 1 to 19, companions S1 and so on"


class MonthInvalid(Invalid):
    reason = "MONTH_INVALID"
    zh, en = "月份无效", "Not a month YYYY-MM"
    fix_zh, fix_en = "请按年-月填写", "Write it as YYYY-MM"


class MonthInFuture(Invalid):
    reason = "MONTH_IN_FUTURE"
    zh, en = "月份尚未到来", "The month has not begun"
    fix_zh, fix_en = "请选择本月或以前的月份", "Choose the present month or an earlier one"


class Point(msgspec.Struct, frozen=True):
    """Both parts and the quotient on one month; "" with a reason where there is no value."""

    month: str
    numerator: int
    denominator: int
    value: str
    reason: str = ""


class Reading(msgspec.Struct, frozen=True):
    """An indicator in one area and month as it is shown. Decimal texts; "" = none."""

    definition: IndicatorFacts
    area: str
    point: Point
    target: str
    path_value: str
    share_of_target: str
    trend: tuple[Point, ...]


def decimal(value: Fraction, places: int = PLACES) -> str:
    """Rounded half up, without zeros at the end."""
    scale = 10**places
    units = (2 * value.numerator * scale + value.denominator) // (2 * value.denominator)
    sign, units = ("-", -units) if units < 0 else ("", units)
    whole, rest = divmod(units, scale)
    return f"{sign}{whole}.{rest:0{places}d}".rstrip("0").rstrip(".")


def parts(definition: IndicatorFacts, area: str, month: str, table: Table) -> tuple[int, int]:
    """Numerator and denominator; the denominator of a plain count is 0. What accumulates as `year_per_stock` has a
    sum of January to the month over a stock on its last day.
    """
    above, below = definition.accumulation in ("year", "year_per_stock"), definition.accumulation == "year"
    return (
        (table.in_year if above else table.on)(definition.numerator, area, month),
        (table.in_year if below else table.on)(definition.denominator, area, month) if definition.denominator else 0,
    )


def point(definition: IndicatorFacts, area: str, month: str, table: Table) -> Point:
    if not definition.fed:
        return Point(month, 0, 0, "", NO_DATA_YET)
    numerator, denominator = parts(definition, area, month, table)
    value = quotient(definition, numerator, denominator)
    if value is None:
        return Point(month, numerator, denominator, "", NO_DENOMINATOR)
    return Point(month, numerator, denominator, decimal(value))


def quotient(definition: IndicatorFacts, numerator: int, denominator: int) -> Fraction | None:
    """None = no denominator, which is a value of its own and never 0."""
    if not definition.denominator:
        denominator = 1
    if denominator <= 0:
        return None
    return Fraction(numerator * definition.scale_numerator, denominator * definition.scale_denominator)


def reading(
    catalogue: Catalogue, number: str, area: str, month: str, table: Table, *, trend_months: int = 0
) -> Reading:
    definition = catalogue.indicators.get(number)
    if definition is None:
        raise IndicatorNotFound(field="number", number=number)
    now = point(definition, area, month, table)
    targets = catalogue.targets.get(number)
    target = targets.in_force(area, month) if targets else None
    goal = Fraction(target.value) if target else None
    return Reading(
        definition,
        area,
        now,
        target.value if target else "",
        _path(definition, target, area, month, table) if target else "",
        decimal(100 * Fraction(now.value) / goal, 2) if goal and now.value else "",
        tuple(point(definition, area, shift_month(month, -back), table) for back in range(trend_months, 0, -1)),
    )


def _path(definition: IndicatorFacts, target: TargetVersion, area: str, month: str, table: Table) -> str:
    """Linear from 2020-12 to 2025-12; per year n twelfths of the whole in month n. Before and after it stands still."""
    goal = Fraction(target.value)
    if target.path == "per_year":
        return decimal(goal * int(month[5:7]) / 12)
    baseline = target.baseline or point(definition, area, BASELINE, table).value
    if not baseline:
        return ""
    start = Fraction(baseline)
    passed = min(max(_months(month) - _months(BASELINE), 0), PLAN_MONTHS)
    return decimal(start + (goal - start) * passed / PLAN_MONTHS)


def _months(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7])
