"""An organisation (机构): 15 posts, 16 private agencies, S19 institutions with a professional in a post. Plan §4.1."""

from __future__ import annotations

from services.evaluation.domain.contributions.months import Cells, Span, add, add_stock, common, in_province, span
from services.evaluation.domain.facts import OrganisationFacts

POSTS_CREATED, POSTS = "15", "15n"
PRIVATE_AGENCIES = "16"
INSTITUTIONS_WITH_PROFESSIONAL, INSTITUTIONS = "S19", "S19d"
PLAN_BEGAN = "2021-01-01"


def contributions(_: str, facts: OrganisationFacts) -> Cells:
    """Counted where it is registered; one that nobody has registered has no county and counts nowhere."""
    county = facts.county
    if not facts.known or not in_province(county):
        return {}
    cells: Cells = {}
    filled: list[Span] = []
    for post in facts.posts:
        if not post.known:
            continue
        created, closed = span(post.created_on, post.closed_on)
        add(cells, POSTS_CREATED, county, created, 1)
        add_stock(cells, POSTS, county, [(created, closed)])
        filled += common([(created, closed)], [span(it.since, it.until) for it in post.holders if it.professional])
    open_ = span(facts.registered_on, facts.closed_on)
    if facts.kind == "private_agency" and facts.registered_on >= PLAN_BEGAN:
        add_stock(cells, PRIVATE_AGENCIES, county, [open_])
    if facts.kind == "public_institution" and facts.civil_affairs:
        add_stock(cells, INSTITUTIONS, county, [open_])
        add_stock(cells, INSTITUTIONS_WITH_PROFESSIONAL, county, common(filled, [open_]))
    return cells
