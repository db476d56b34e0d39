"""Rules that a new document of a ministry may change: each value with the days it holds for and where it comes from."""

from __future__ import annotations

import msgspec

from services.shared.kernel.dates import Day, holds


class ContractPeriodRule(msgspec.Struct, frozen=True):
    """Longest period of one contract, in years, for contracts signed in [since, until)."""

    since: Day
    until: Day
    years: int
    source: str


# A new document closes the last line and adds one.
CONTRACT_PERIOD = (
    ContractPeriodRule(Day("1900-01-01"), Day(""), 3, "inferred; compare 政府购买服务管理办法 (财政部令第102号)"),
)


def longest_contract(signed_on: Day) -> ContractPeriodRule:
    """The rule in force on the day of signing."""
    return next(rule for rule in CONTRACT_PERIOD if holds(rule.since, rule.until, signed_on))
