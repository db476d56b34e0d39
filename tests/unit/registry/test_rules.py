"""Rules are data: a file that leaves a day without a rule is refused."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from services.registry.domain.rules import RULES, in_force, read
from services.shared.kernel.dates import Day

TEXT = files("services.registry.data").joinpath("rules.json").read_bytes()


def changed(table, lines):
    return json.dumps({**json.loads(TEXT), table: lines}).encode()


def a_line(since, until, **fields):
    return {**json.loads(TEXT)["yearly"][0], "since": since, "until": until, **fields}


def test_what_is_shipped_holds_on_every_day():
    assert read(TEXT) == RULES
    assert in_force(RULES.registration, Day("2021-03-15")).years == 3
    assert in_force(RULES.education, Day("2021-03-15")).needed("intermediate") == 90 * 60


def test_a_new_document_is_a_new_line():
    lines = [a_line("1900-01-01", "2027-01-01"), a_line("2027-01-01", "", credit_hours=30)]
    rules = read(changed("yearly", lines))

    assert in_force(rules.yearly, Day("2026-12-31")).credit_hours == 25
    assert in_force(rules.yearly, Day("2027-01-01")).credit_hours == 30


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [a_line("2000-01-01", "")],
        [a_line("1900-01-01", "2027-01-01")],
        [a_line("1900-01-01", "2027-01-01"), a_line("2027-02-01", "")],
        [a_line("1900-01-01", "2027-02-01"), a_line("2027-01-01", "")],
    ],
)
def test_a_table_that_leaves_a_day_out_or_doubles_it_is_refused(lines):
    with pytest.raises(ValueError, match=r"rules\.yearly"):
        read(changed("yearly", lines))
