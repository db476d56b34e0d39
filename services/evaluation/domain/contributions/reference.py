"""Denominators from reference data: legal townships of a county (19), published residents of an area (2)."""

from __future__ import annotations

from services.evaluation.domain.contributions.months import OPEN, Cells, add, in_province, span
from services.evaluation.domain.facts import AreaFacts, PopulationFacts

TOWNSHIPS = "19d"
RESIDENTS = "2d"


def area(_: str, facts: AreaFacts) -> Cells:
    cells: Cells = {}
    legal = sum(it.kind != "statistical" for it in facts.townships)
    if legal and in_province(facts.code):
        start, end = span(facts.since, facts.until)
        add(cells, TOWNSHIPS, facts.code, start, legal)
        if end != OPEN:
            add(cells, TOWNSHIPS, facts.code, end, -legal)
    return cells


def population(_: str, facts: PopulationFacts) -> Cells:
    """The latest published count holds from its month on."""
    cells: Cells = {}
    if not in_province(facts.code):
        return cells
    before = 0
    for on, residents in sorted((it.on, it.residents) for it in facts.counts):
        add(cells, RESIDENTS, facts.code, on[:7], residents - before)
        before = residents
    return cells
