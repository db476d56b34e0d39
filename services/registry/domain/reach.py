"""Whom a caller may change or read: people who work (without work: live) in the caller's area."""

from __future__ import annotations

from collections.abc import Collection

from services.registry.domain.talent import Talent
from services.shared.kernel.area import PROVINCE, within
from services.shared.kernel.errors import OutsideScope
from services.shared.kernel.principal import Principal


def reaches_one(by: Principal, counties: Collection[str]) -> bool:
    """The whole province includes what lies in no known county."""
    return by.area == PROVINCE or any(within(county, by.area) for county in counties)


def must_reach_one(by: Principal, counties: Collection[str], *, field: str) -> None:
    """OUTSIDE_SCOPE unless one of the counties lies in the caller's area."""
    if not reaches_one(by, counties):
        raise OutsideScope(field=field, scope=by.area)


def reaches(talent: Talent, by: Principal) -> bool:
    return reaches_one(by, talent.counties())


def must_reach(talent: Talent, by: Principal) -> None:
    """Raises TALENT_NOT_FOUND, TALENT_MOVED or OUTSIDE_SCOPE."""
    talent.must_be_itself()
    must_reach_one(by, talent.counties(), field="talent_id")


def must_reach_own(talent: Talent, by: Principal) -> None:
    """For what is a number's own even after it was merged into another. Raises TALENT_NOT_FOUND or OUTSIDE_SCOPE."""
    talent.must_exist()
    must_reach_one(by, talent.counties(), field="talent_id")
