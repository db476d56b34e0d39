from __future__ import annotations

import csv
from pathlib import Path

import pytest

from services.registry.domain.identifiers import IdNumberInvalid, id_number, is_id_number
from services.shared.kernel.uscc import is_uscc
from tests.builders.registry import TODAY

with (Path(__file__).parent / "identifiers.csv").open(encoding="utf-8", newline="") as file:
    VECTORS = list(csv.DictReader(file))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda it: f"{it['kind']}-{it['reason'][:40]}")
def test_every_vector_holds(vector):
    judge = (lambda value: is_id_number(value, today=TODAY)) if vector["kind"] == "GB11643" else is_uscc

    assert judge(vector["value"]) == (vector["valid"] == "1")


def test_fifteen_digits_become_eighteen():
    assert id_number("519999900101001", field="id", today=TODAY)[:17] == "51999919900101001"


@pytest.mark.parametrize("vector", [it for it in VECTORS if it["kind"] == "GB11643" and it["valid"] == "1"])
def test_the_old_number_of_fifteen_digits_is_the_same_person(vector):
    number = vector["value"]
    if number[6:8] == "19":  # others had none
        assert id_number(number[:6] + number[8:17], field="id", today=TODAY) == number


@pytest.mark.parametrize(
    "number", ["５１９９９９１９９６０２２９００５０", " 519999199602290050\u3000", "519999960229005"]
)
def test_one_number_has_one_spelling(number):
    assert id_number(number, field="id", today=TODAY) == "519999199602290050"


@pytest.mark.parametrize(
    "number", ["519999960230005", "51999996022900", "5199999602290055", "999999960229005", "①" * 15]
)
def test_no_other_fifteen_characters_are_upgraded(number):
    with pytest.raises(IdNumberInvalid):
        id_number(number, field="id", today=TODAY)


def test_a_lower_case_check_character_is_raised():
    number = next(it["value"] for it in VECTORS if it["valid"] == "1" and it["value"].endswith("X"))

    for spelling in (number.lower(), number[:17] + "ｘ", number[:17] + "Ｘ"):
        assert id_number(spelling, field="id", today=TODAY) == number


def test_nobody_is_born_tomorrow():
    with pytest.raises(IdNumberInvalid):
        id_number("519999199602290050", field="id", today="1996-02-28")
