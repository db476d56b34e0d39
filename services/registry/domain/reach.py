"""Whom a caller may change or read: people who work (without work: live) in the caller's area."""

from __future__ import annotations

from services.registry.domain.talent import Talent
from services.shared.kernel.area import PROVINCE, within
from services.shared.kernel.errors import OutsideScope
from services.shared.kernel.principal import Principal


def reaches(talent: Talent, by: Principal) -> bool:
    """The whole province includes those of whom no county is known."""
    return by.area == PROVINCE or any(within(county, by.area) for county in talent.counties())


def must_reach(talent: Talent, by: Principal) -> None:
    """Raises TALENT_NOT_FOUND or OUTSIDE_SCOPE."""
    talent.must_exist()
    if not reaches(talent, by):
        raise OutsideScope(field="talent_id", scope=by.area)
