"""Where a talent works as a formal party member, and where as a certified person: dated facts of the organisations."""

from __future__ import annotations

from services.registry.domain.organisation_reports import Certified
from services.registry.domain.party import Member, Times, common, united
from services.registry.domain.reports import PartyReport
from services.registry.domain.talent import Talent
from services.shared.kernel.dates import Day


def formal_member(talent: Talent) -> Times:
    """The days on which the person is a formal party member (正式党员); probationary and recommended do not count."""
    return united(
        (it.since, it.until) for it in talent.all_reports if isinstance(it, PartyReport) and it.status == "formal"
    )


def working_times(talent: Talent) -> dict[str, Times]:
    """Organisation → the days on which the person works there; nowhere when counted with another talent."""
    facts = talent.facts()
    times: dict[str, list[tuple[Day, Day]]] = {}
    if not facts.moved_to:
        for it in facts.affiliations:
            times.setdefault(it.organisation, []).append((it.since, it.until))
    return {organisation: united(held) for organisation, held in times.items()}


def members_of(talent: Talent) -> dict[str, tuple[Member, ...]]:
    """Organisation → membership facts: formal membership and work there at the same time."""
    formal = formal_member(talent)
    if not formal:
        return {}
    return {
        organisation: tuple(Member(talent.id, since, until) for since, until in both)
        for organisation, times in working_times(talent).items()
        if (both := common(formal, times))
    }


def certified_of(talent: Talent) -> dict[str, tuple[Certified, ...]]:
    """Organisation → staff facts: holding a certificate (passed, not annulled) and work there at the same time."""
    facts = talent.facts()
    held = united(
        (it.passed_on, it.annulled_on)
        for it in facts.certificates
        if not it.annulled_on or it.passed_on < it.annulled_on
    )
    if not held or facts.moved_to:
        return {}
    return {
        organisation: tuple(Certified(talent.id, since, until) for since, until in both)
        for organisation, times in working_times(talent).items()
        if (both := common(held, times))
    }
