"""The sample's records in any order, once or often: the same aggregates, the same sums, the plan's figures."""

from __future__ import annotations

import random
from array import array

import pytest

from deploy.sample.province import Province
from tests.builders.counted import Counted, read
from tests.builders.played import Played

SERVED_BY_OTHERS = {"2", "7", "8", "18", "S18"}  # populations, communities and stations are not the registry's


def delivered(province: Province, order, *, counted: Counted | None = None) -> Played:
    played = Played(tell=counted.take if counted else None)
    for index in order:
        played.deliver(province.item(index))
    return played


def shuffled(distinct: int, *, most: int, seed: int) -> array:
    """Every index once to `most` times, in any order."""
    draw = random.Random(seed)
    order = array("I", (index for index in range(distinct) for _ in range(draw.randint(1, most))))
    draw.shuffle(order)
    return order


def province_of(counted: Counted, month: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for (series, _), amount in read(counted.folded(), month).items():
        sums[series] = sums.get(series, 0) + amount
    return sums


def test_any_order_and_repetition_gives_the_same_documents_and_the_plans_figures():
    province = Province(0.01)
    first, again = Counted(), Counted()
    expected = delivered(province, range(province.distinct), counted=first).documents()

    order = shuffled(province.distinct, most=3, seed=1)
    documents = delivered(province, order, counted=again).documents()

    assert documents == expected
    first.must_agree(("2020-12",))
    assert again.folded() == first.folded() == again.anew()
    for year in (2020, 2023, 2025):
        sums = province_of(again, f"{year}-12")
        for number, value in province.sums.indicators(year).items():
            if number not in SERVED_BY_OTHERS:
                assert sums.get(number, 0) == value.numerator, (year, number)
    trained = [it.fields["category"] for it in map(province.item, range(province.distinct)) if it.type == "education"]
    assert 0 < sums["S6"] == trained.count("exam_preparation") < sums["S6d"]
    managers = {name: sums.get(name, 0) for name in ("S14a", "S14ad", "S14b", "S14bd")}
    taught = managers["S14a"] + managers["S14b"]
    assert 0 < taught == trained.count("manager") < managers["S14ad"] + managers["S14bd"]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_million_deliveries_in_any_order_give_the_documents_of_one_in_order():
    province = Province(1.0)
    expected = delivered(province, range(province.distinct)).documents()
    order = shuffled(province.distinct, most=5, seed=2)
    assert len(order) > 1_000_000

    assert delivered(province, order).documents() == expected
