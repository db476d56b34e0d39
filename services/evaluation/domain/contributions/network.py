"""Stations 18, townships served 19, communities 7 and 8 (denominators), S3, S18. Plan §4.2, §4.3, §5."""

from __future__ import annotations

from services.evaluation.domain.contributions.months import Cells, above, add_stock, common, in_province, span
from services.evaluation.domain.facts import CommunityFacts, StationFacts, TownshipFacts

OPERATING = "18"
TOWNSHIPS_SERVED = "19"
URBAN_COMMUNITIES, RURAL_COMMUNITIES = "7d", "8d"
ELDERLY_WITH_PROFESSIONAL, ELDERLY_COMMUNITIES = "S3", "S3d"
RURAL_WITH_PROFESSIONAL = "S18"

MANY_ELDERLY = 1000
_TOWNSHIP_TYPE, _NOT_A_TOWNSHIP = 6, "4"
_TOWNSHIP_DIGITS, _COMMUNITY_DIGITS = 9, 12


def station(_: str, facts: StationFacts) -> Cells:
    cells: Cells = {}
    county = facts.area[:6]
    if in_province(county):
        add_stock(
            cells, OPERATING, county, [span(it.since, it.until) for it in facts.statuses if it.status == "operating"]
        )
    return cells


def township(township_id: str, facts: TownshipFacts) -> Cells:
    """Forest bureaus, farms and the like (seventh digit 4) are no townships and count on neither side."""
    code = township_id.rpartition("/")[2]
    cells: Cells = {}
    if len(code) == _TOWNSHIP_DIGITS and in_province(code) and code[_TOWNSHIP_TYPE] != _NOT_A_TOWNSHIP:
        add_stock(cells, TOWNSHIPS_SERVED, code[:6], [span(it.since, it.until) for it in facts.served_by])
    return cells


def community(community_id: str, facts: CommunityFacts) -> Cells:
    """One that nobody has profiled has no kind and counts nowhere, whoever works there."""
    code = community_id.rpartition("/")[2]
    if not facts.known or len(code) != _COMMUNITY_DIGITS or not in_province(code):
        return {}
    county = code[:6]
    cells: Cells = {}
    kinds = [(it.kind, span(it.since, it.until)) for it in facts.kinds]
    urban = [held for kind, held in kinds if kind == "urban"]
    rural = [held for kind, held in kinds if kind == "rural"]
    add_stock(cells, URBAN_COMMUNITIES, county, urban)
    add_stock(cells, RURAL_COMMUNITIES, county, rural)
    professionals = [span(it.since, it.until) for it in facts.workers if it.professional]
    add_stock(cells, RURAL_WITH_PROFESSIONAL, county, common(rural, professionals))
    elderly = common(above(facts.elderly, MANY_ELDERLY), [held for _, held in kinds])
    add_stock(cells, ELDERLY_COMMUNITIES, county, elderly)
    add_stock(cells, ELDERLY_WITH_PROFESSIONAL, county, common(elderly, professionals))
    return cells
