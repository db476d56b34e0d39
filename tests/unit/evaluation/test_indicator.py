from __future__ import annotations

from fractions import Fraction

import pytest

from services.evaluation.data import reference_rows
from services.evaluation.domain.indicator import decimal, reading
from services.evaluation.domain.reference import Catalogue, Indicator, Target, TargetFacts, TargetVersion
from services.evaluation.domain.table import Table

ROWS = reference_rows()
CATALOGUE = Catalogue(
    {row.facts.number: row.facts for row in ROWS if row.kind is Indicator},
    {row.facts.number: row.facts for row in ROWS if row.kind is Target},
)


def a_table(*cells) -> Table:
    table = Table()
    table.add({(series, county, month): amount for series, county, month, amount in cells})
    return table


PLAN = a_table(
    ("1", "510107", "2018-01", 100_000),
    ("1", "513423", "2020-12", 24_000),
    ("1", "510107", "2021-01", 500),
    ("2d", "510000", "2020-11", 83_674_866),
    ("9", "510107", "2019-01", 28_000),
    ("9d", "510107", "2018-01", 149_973),
    ("15", "510107", "2020-02", 30),
    ("15", "510107", "2020-12", 20),
    ("15", "510107", "2021-01", 7),
    ("19", "510107", "2020-01", 1550),
    ("19d", "510107", "", 3101),
)


def read(number: str, month: str = "2020-12", area: str = "510000", **given):
    return reading(CATALOGUE, number, area, month, PLAN, **given)


def test_values_are_those_of_the_plan():
    assert read("1").point.value == "12.4"
    assert read("9").point.value == "18.67"
    assert read("2").point.value == "1.4819"
    assert read("19").point.value == "49.9839"


def test_a_per_year_series_starts_again_each_january():
    assert [read("15", month).point.value for month in ("2020-01", "2020-02", "2020-12", "2021-01")] == [
        "0", "30", "50", "7",
    ]  # fmt: skip


def test_a_sum_of_the_year_over_a_stock_on_its_last_day():
    table = a_table(
        ("12", "510107", "2020-12", 99_999),
        ("12", "510107", "2021-01", 1_350),
        ("12", "510107", "2021-03", 900),
        ("12d", "510107", "2019-05", 3),
        ("12d", "510107", "2021-03", -1),
    )
    points = [reading(CATALOGUE, "12", "510000", month, table).point for month in ("2021-01", "2021-02", "2021-03")]
    assert [(it.numerator, it.denominator, it.value) for it in points] == [
        (1_350, 3, "10"),
        (1_350, 3, "10"),
        (2_250, 2, "25"),
    ]


def test_no_denominator_is_a_reason_and_never_zero():
    now = read("9", "2017-12").point
    assert (now.value, now.reason, now.numerator, now.denominator) == ("", "NO_DENOMINATOR", 0, 0)
    assert read("2", area="510100").point.reason == "NO_DENOMINATOR"
    assert read("9", "2017-12").share_of_target == ""


def test_what_no_service_publishes_says_so():
    assert read("14").point.reason == "NO_DATA_YET"
    assert read("14").target == "100"


def test_the_path_runs_from_december_2020_to_december_2025():
    assert [read("1", month).path_value for month in ("2020-12", "2021-01", "2023-06", "2025-12", "2026-03")] == [
        "12.4", "12.4767", "14.7", "17", "17",
    ]  # fmt: skip


def test_without_a_printed_baseline_the_path_starts_at_the_computed_value():
    assert read("19", "2020-12").path_value == "49.9839"
    assert read("19", "2025-12").path_value == "100"


@pytest.mark.parametrize("number", ["10", "16", "18"])
def test_what_is_added_in_the_period_starts_at_zero(number):
    assert read(number).path_value == "0"


def test_a_per_year_target_grows_by_a_twelfth_each_month():
    assert [read("15", month).path_value for month in ("2021-01", "2021-06", "2021-12")] == ["83.3333", "500", "1000"]


def test_the_share_of_the_target_is_of_the_whole_target():
    assert read("1").share_of_target == "72.94"
    assert read("1", "2020-11").target == ""  # the plan did not hold yet


def test_a_month_is_judged_by_the_target_then_in_force():
    def version(value: str, since: str) -> TargetVersion:
        return TargetVersion(
            value=value, baseline="12.4", path="linear", effective_from=since, reason="", approver="", area="510000"
        )

    adjusted = TargetFacts("1", (version("17", "2020-12-01"), version("18", "2023-06-30")))
    catalogue = Catalogue(CATALOGUE.indicators, {"1": adjusted})
    assert [reading(catalogue, "1", "510000", month, PLAN).target for month in ("2023-05", "2023-06")] == ["17", "18"]


def test_an_area_without_a_target_of_its_own_has_none():
    now = read("1", area="510100")
    assert (now.target, now.path_value, now.share_of_target) == ("", "", "")


def test_the_trend_is_the_months_before():
    assert [(it.month, it.value) for it in read("1", "2021-01", trend_months=2).trend] == [
        ("2020-11", "10"),
        ("2020-12", "12.4"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(1, 3), "0.3333"), (Fraction(2, 3), "0.6667"), (Fraction(1, 20000), "0.0001"), (Fraction(0), "0"),
     (Fraction(12, 1), "12"), (Fraction(-1, 4), "-0.25"), (Fraction(1, 30000), "0")],
)  # fmt: skip
def test_decimals_are_rounded_half_up_to_four_places(value, text):
    assert decimal(value) == text


def test_every_indicator_of_the_plan_is_defined_and_the_population_adds_up():
    numbers = list(CATALOGUE.indicators)
    assert [number for number in numbers if number.isdigit()] == [str(n) for n in range(1, 20)]
    companions = {"S2", "S3", "S4", "S5a", "S5b", "S6", "S14a", "S14b", "S17"}
    assert set(CATALOGUE.targets) == {str(n) for n in range(1, 20)} | companions
    counts = {row.facts.code: row.facts.counts[-1].residents for row in ROWS if row.id.startswith("population/")}
    assert sum(n for code, n in counts.items() if code != "510000") == counts["510000"]
    assert len(counts) == 22


def test_ids_name_each_row_once():
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert sum(row.id.startswith("area/") for row in ROWS) == 1 + 21 + 183
