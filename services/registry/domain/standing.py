"""What a purchaser or a station asks of an organisation on a day (承接资格; plan §3.1, §4.1)."""

from __future__ import annotations

import msgspec

from services.registry.domain.credit_rules import credit_rule
from services.registry.domain.organisation import Organisation, OrganisationFacts
from services.registry.domain.organisation_reports import credit_events
from services.registry.domain.party import PartyCover, cover_on
from services.shared.kernel.dates import Day, holds


class Standing(msgspec.Struct, frozen=True):
    """What a purchaser or a station asks of an organisation on a day (plan §4.1)."""

    open: bool
    posts: int
    filled_posts: int
    grade: str
    reasons: tuple[str, ...]


def standing(facts: OrganisationFacts, *, on: Day) -> Standing:
    """Reasons against a contract: NOT_REGISTERED, CLOSED, NO_SOCIAL_WORK_POST."""
    is_open = facts.known and holds(facts.registered_on, facts.closed_on, on)
    posts = [post for post in facts.posts if post.known and holds(post.created_on, post.closed_on, on)]
    filled = [post for post in posts if any(holds(holder.since, holder.until, on) for holder in post.holders)]
    reasons = []
    if not facts.known or on < facts.registered_on:
        reasons.append("NOT_REGISTERED")
    elif not is_open:
        reasons.append("CLOSED")
    if not posts:
        reasons.append("NO_SOCIAL_WORK_POST")
    return Standing(is_open, len(posts), len(filled), facts.grade if is_open else "", tuple(reasons))


class FullStanding(msgspec.Struct, frozen=True):
    """`reasons` stand against a contract; party cover and other credit events are shown and exclude nothing.

    `certified_staff` are counted, not named; `residents` = the last count until that day, 0 = none.
    """

    open: bool
    posts: int
    filled_posts: int
    grade: str
    reasons: tuple[str, ...]
    certified_staff: int
    credit: tuple[str, ...]
    party_cover: PartyCover | None
    residents: int


def full_standing(organisation: Organisation, *, on: Day) -> FullStanding:
    """The reasons of `standing` and those of credit events in force, by the rule of that day (credit_rules.py)."""
    state, facts = organisation.state, organisation.facts()
    plain = standing(facts, on=on)
    credit = sorted({it.kind for it in credit_events(state.credit) if holds(it.since, it.until, on)})
    excludes = credit_rule(on).excludes
    counted = [it.residents for it in facts.residents if it.on <= on]
    return FullStanding(
        plain.open,
        plain.posts,
        plain.filled_posts,
        plain.grade,
        (*plain.reasons, *(excludes[kind] for kind in credit if kind in excludes)),
        len({it.talent for it in state.staff if holds(it.since, it.until, on)}),
        tuple(credit),
        cover_on(organisation.party_cover(), on),
        counted[-1] if counted else 0,
    )
