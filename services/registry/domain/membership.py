"""Where a talent works as a formal party member, and where as a certified person: dated facts of the organisations."""

from __future__ import annotations

from typing import NamedTuple

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


class Employment(NamedTuple):
    """Where, and when, a talent works as a formal party member and as a certified person, by organisation."""

    members: dict[str, tuple[Member, ...]]
    certified: dict[str, tuple[Certified, ...]]


def employment(talent: Talent) -> Employment:
    """Formal membership, or a certificate (passed, not annulled), and work there at the same time; nowhere when counted
    with another talent.
    """
    formal = formal_member(talent)
    facts = talent.facts()
    held = united(
        (it.passed_on, it.annulled_on)
        for it in facts.certificates
        if not it.annulled_on or it.passed_on < it.annulled_on
    )
    if facts.moved_to or not (formal or held):
        return Employment({}, {})
    times: dict[str, list[tuple[Day, Day]]] = {}
    for it in facts.affiliations:
        times.setdefault(it.organisation, []).append((it.since, it.until))
    found = Employment({}, {})
    for organisation, worked in times.items():
        there = united(worked)
        if both := common(formal, there):
            found.members[organisation] = tuple(Member(talent.id, since, until) for since, until in both)
        if both := common(held, there):
            found.certified[organisation] = tuple(Certified(talent.id, since, until) for since, until in both)
    return found
