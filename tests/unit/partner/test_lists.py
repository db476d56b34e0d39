"""Whole lists in the SDK: each number is checked, and sealed by itself."""

from __future__ import annotations

import pytest

from clients.partner import records
from clients.partner.checks import faults_of
from tests.builders.registry import a_uscc, an_id_number


def codes(numbers):
    fields = {"record_id": "s-1", "organisation": a_uscc(), "as_of": "2021-01-01", "id_numbers": numbers}
    return [(fault.code, fault.field) for fault in faults_of(records.SNAPSHOT.rules, fields)]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (" ".join(an_id_number(sequence=number) for number in range(1, 500)), []),
        ("", [("FIELD_MISSING", "id_numbers")]),
        ("519999199001011238", [("ID_NUMBER_INVALID", "id_numbers")]),
        (" ".join([an_id_number()] * 5001), [("FIELD_TOO_LONG", "id_numbers")]),
    ],
)
def test_a_list_of_id_numbers(numbers, expected):
    assert codes(numbers) == expected
