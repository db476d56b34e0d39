"""The roster of disaster social workers (灾害社工名册): who can be sent where, and when (plan §3.4)."""

from __future__ import annotations

from collections.abc import Sequence

from services.registry.domain.reports import RosterReport
from services.registry.domain.talent import Talent
from services.shared.kernel.area import PROVINCE, prefecture_of
from services.shared.kernel.dates import Day, holds

# View of talents by the areas of their roster entries.
BY_ROSTER = "roster"


def entries_of(talent: Talent) -> tuple[RosterReport, ...]:
    """None when counted with another talent."""
    if talent.moved_to:
        return ()
    return tuple(it for it in talent.all_reports if isinstance(it, RosterReport))


def in_force(talent: Talent, *, area: str, on: Day) -> Sequence[RosterReport]:
    """The entries of exactly this area that hold on the day; none of somebody who departed by then."""
    departed_on = talent.facts().departed_on
    if departed_on and departed_on <= on:
        return []
    return [it for it in entries_of(talent) if it.area == area and holds(it.since, it.until, on)]


def covering(area: str) -> list[str]:
    """The areas whose entries include the whole of `area`: itself and those above it, the widest first."""
    return list(dict.fromkeys((PROVINCE, prefecture_of(area), area)))
