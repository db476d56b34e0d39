"""Which credit events of an organisation stand against a contract: dated data, since a new document may change it."""

from __future__ import annotations

import msgspec

from services.shared.kernel.dates import NO_DAY, Day, holds


class CreditRule(msgspec.Struct, frozen=True):
    """In [since, until): kind of credit event → what it says in the standing; others are shown and exclude nothing."""

    since: Day
    until: Day
    excludes: dict[str, str]
    source: str


# A new document closes the last line and adds one.
CREDIT_RULES = (
    CreditRule(
        Day("1900-01-01"),
        NO_DAY,
        {"abnormal_activity": "CREDIT_ABNORMAL_ACTIVITY", "seriously_unlawful": "CREDIT_SERIOUSLY_UNLAWFUL"},
        "inferred; compare 社会组织信用信息管理办法 (民政部令第60号)",
    ),
)


def credit_rule(on: Day) -> CreditRule:
    """The rule in force on a day."""
    return next(rule for rule in CREDIT_RULES if holds(rule.since, rule.until, on))
