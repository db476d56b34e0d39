"""The table of registration_cases.txt, asked of the derivation and of the commands' guards, in any order of reports."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from services.registry.domain.registration_refusals import (
    must_be_decidable,
    must_be_receivable,
    must_be_reviewable,
)
from services.registry.domain.registrations import Filed, derive, grounds, lapsed
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import DomainError
from services.shared.kernel.origin import put
from tests.builders.certificates import a_story, report_of

CASES = [
    tuple(cell.strip() for cell in line.split("|"))
    for line in Path(__file__).with_name("registration_cases.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]


def told(periods):
    return ", ".join(f"{it.level} {it.basis} {it.since}..{it.until}" for it in periods) or "-"


def answer(reports, rules, asked):
    verb, *words = asked.split()
    if verb == "periods":
        return told(derive(grounds(reports, rules=rules)).periods)
    if verb == "lapse":
        periods = derive(grounds(reports, rules=rules)).periods
        return ", ".join(lapsed(periods, reports, on=Day(words[0]), rules=rules)) or "-"
    report = report_of(asked, 999)
    try:
        if verb == "apply":
            must_be_receivable(reports, Filed(report.level, report.received_on, report.area), rules=rules)
            return "received"
        if verb == "review":
            must_be_reviewable(reports, report.granted_on, rules=rules)
            return "held"
        must_be_decidable(reports, report, rules=rules)
    except DomainError as refused:
        return " ".join([refused.reason, *(refused.meta[it] for it in ("on", "missing_minutes") if it in refused.meta)])
    before = derive(grounds(reports, rules=rules)).periods
    after = derive(grounds(put(reports, report), rules=rules)).periods
    return f"decided: {told([it for it in after if it not in before])}"


def test_the_table_is_long_and_every_case_has_its_name():
    assert len(CASES) >= 60
    assert len({case[0] for case in CASES}) == len(CASES)
    assert {len(case) for case in CASES} == {4}


@pytest.mark.parametrize(("known", "asked", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_registration_rules_are_those_of_the_table(known, asked, expected):
    reports, rules = a_story(known)

    for order in range(3):
        shuffled = list(reports)
        random.Random(order).shuffle(shuffled)
        assert answer(tuple(shuffled), rules, asked) == expected


@pytest.mark.parametrize(
    ("known", "asked", "expected"),
    [case[1:] for case in CASES if case[2].startswith("grant")],
    ids=[case[0] for case in CASES if case[2].startswith("grant")],
)
def test_a_grant_that_is_refused_to_an_officer_gives_no_period_when_a_partner_reports_it(known, asked, expected):
    reports, rules = a_story(known)
    before = derive(grounds(reports, rules=rules)).periods
    after = derive(grounds((*reports, report_of(asked, 999)), rules=rules)).periods

    assert (after != before) == expected.startswith("decided:")
