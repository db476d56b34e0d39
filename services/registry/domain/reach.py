"""Whom a caller may change or read: people who work (without work: live) in the caller's area."""

from __future__ import annotations

from services.registry.domain.talent import Talent
from services.shared.kernel.area import PROVINCE, within
from services.shared.kernel.errors import OutsideScope
from services.shared.kernel.principal import Principal


def must_reach(talent: Talent, by: Principal) -> None:
    """Raises TALENT_NOT_FOUND or OUTSIDE_SCOPE. The whole province includes those of whom no county is known."""
    talent.must_exist()
    if by.area != PROVINCE and not any(within(county, by.area) for county in talent.counties()):
        raise OutsideScope(field="talent_id", scope=by.area)
