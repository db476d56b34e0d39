"""An organisation (机构): 10 bases, 15 posts, 16 private agencies, 17 their party cover, S2 elderly-care institutions,
S19 institutions with a professional in a post. Plan §3.1, §3.3 box 1, §4.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from services.evaluation.domain.contributions.months import (
    Cells,
    Span,
    above,
    add,
    add_stock,
    common,
    in_province,
    span,
)
from services.evaluation.domain.facts import OrganisationFacts, Post

BASES = "10"
POSTS_CREATED, POSTS = "15", "15n"
PRIVATE_AGENCIES = "16"
AGENCIES_COVERED, AGENCIES = "17", "17d"
ELDERLY_CARE_SERVED, ELDERLY_CARE = "S2", "S2d"
INSTITUTIONS_WITH_PROFESSIONAL, INSTITUTIONS = "S19", "S19d"
PLAN_BEGAN = "2021-01-01"
MANY_RESIDENTS = 100
_BASES = ("training_base", "practice_base")


def contributions(_: str, facts: OrganisationFacts) -> Cells:
    """Counted where it is registered; one that nobody has registered has no county and counts nowhere."""
    county = facts.county
    if not facts.known or not in_province(county):
        return {}
    cells: Cells = {}
    open_ = [span(facts.registered_on, facts.closed_on)]
    posts = [it for it in facts.posts if it.known]
    for post in posts:
        created, closed = span(post.created_on, post.closed_on)
        add(cells, POSTS_CREATED, county, created, 1)
        add_stock(cells, POSTS, county, [(created, closed)])
    for kind in _BASES:
        held = [span(it.since, it.until) for it in facts.accreditations if it.kind == kind]
        add_stock(cells, BASES, county, common(held, open_))
    if facts.kind == "private_agency":
        if facts.registered_on >= PLAN_BEGAN:
            add_stock(cells, PRIVATE_AGENCIES, county, open_)
        add_stock(cells, AGENCIES, county, open_)
        covered = [span(it.since, it.until) for it in facts.party_cover if it.fits]
        add_stock(cells, AGENCIES_COVERED, county, common(covered, open_))
    if facts.kind == "elderly_care_institution":
        large = common(above(facts.residents, MANY_RESIDENTS), open_)
        served = _filled(posts) + [span(it.since, it.until) for it in facts.contracts]
        add_stock(cells, ELDERLY_CARE, county, large)
        add_stock(cells, ELDERLY_CARE_SERVED, county, common(large, served))
    if facts.kind == "public_institution" and facts.civil_affairs:
        add_stock(cells, INSTITUTIONS, county, open_)
        add_stock(cells, INSTITUTIONS_WITH_PROFESSIONAL, county, common(_filled(posts, professional=True), open_))
    return cells


def _filled(posts: Iterable[Post], *, professional: bool = False) -> list[Span]:
    """When somebody (with `professional`: a professional) held one of the posts."""
    return [
        held
        for post in posts
        for held in common(
            [span(post.created_on, post.closed_on)],
            [span(it.since, it.until) for it in post.holders if it.professional or not professional],
        )
    ]
