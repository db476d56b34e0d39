"""Services for high-level talents: for whom, and not twice at a time."""

from __future__ import annotations

import pytest

from services.registry.domain import merge_steps
from services.registry.domain.enrolment import enrolments_of
from services.registry.domain.merging import MergeKey
from services.registry.domain.roster import in_force
from services.registry.domain.serving import (
    NotHighLevel,
    ServiceNotFound,
    ServiceOverlaps,
    designated,
    ended,
    must_be_offerable,
    services_of,
)
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import IntervalReversed
from tests.builders.programmes import PROGRAMME, an_enrolment
from tests.builders.roster import a_roster_report
from tests.builders.serving_talents import a_designation, a_high_level_talent, a_service


@pytest.mark.parametrize("kind", ["high_level", "leading"])
def test_who_is_designated_on_the_first_day_may_be_served(kind):
    talent = a_high_level_talent(designation=a_designation(kind, until="2024-01-01"))

    must_be_offerable(talent, a_service(since="2022-01-01"))
    must_be_offerable(talent, a_service(since="2023-12-31"))
    for since in ("2021-12-31", "2024-01-01"):
        with pytest.raises(NotHighLevel):
            must_be_offerable(talent, a_service(since=since))


def test_other_designations_do_not_count():
    talent = a_high_level_talent(designation=a_designation("practice_supervisor"))

    assert not designated(talent.facts(), Day("2023-01-01"))
    with pytest.raises(NotHighLevel):
        must_be_offerable(talent, a_service())
    with pytest.raises(NotHighLevel):
        must_be_offerable(Talent.new("t2"), a_service())


def test_one_department_does_one_thing_once_at_a_time():
    talent = a_high_level_talent(a_service(until="2024-01-01"))

    must_be_offerable(talent, a_service(until="2025-01-01"))
    must_be_offerable(talent, a_service(since="2024-01-01"))
    must_be_offerable(talent, a_service("schooling", since="2023-06-01"))
    must_be_offerable(talent, a_service(since="2023-06-01", department="health"))
    for since, until in (("2023-12-31", ""), ("2022-06-01", "2023-01-02"), ("2022-06-01", "")):
        with pytest.raises(ServiceOverlaps):
            must_be_offerable(talent, a_service(since=since, until=until))


def test_a_service_is_ended_by_its_own_department_after_it_began():
    talent = a_high_level_talent(a_service())
    with pytest.raises(IntervalReversed):
        ended(talent, department="human_resources", kind="housing", since=Day("2023-01-01"), until=Day("2023-01-01"))
    for department, kind, since in (
        ("health", "housing", "2023-01-01"),
        ("human_resources", "medical", "2023-01-01"),
        ("human_resources", "housing", "2023-01-02"),
    ):
        with pytest.raises(ServiceNotFound):
            ended(talent, department=department, kind=kind, since=Day(since), until=Day("2024-01-01"))

    end = ended(talent, department="human_resources", kind="housing", since=Day("2023-01-01"), until=Day("2024-01-01"))
    talent.report(end, None, PrivateChanged())

    assert [(it.since, it.until, it.text) for it in services_of(talent)] == [("2023-01-01", "2024-01-01", "index")]


def test_facts_do_not_tell_of_services():
    assert a_high_level_talent(a_service()).facts() == a_high_level_talent().facts()


def merged(loser):
    """The loser of the same person, and the winner that mirrors it."""
    why, winner = MergeKey("case", 1), a_high_level_talent(talent="t2")
    merge_steps.expect(winner, loser.id, why)
    merge_steps.move_into(loser, winner.id, why)
    merge_steps.take(winner, merge_steps.part_of(loser))
    return winner


def test_a_merged_person_keeps_its_services_and_they_are_ended_under_the_number_that_goes_on():
    loser = a_high_level_talent(a_service())
    winner = merged(loser)
    assert not designated(loser.facts(), Day("2023-06-01"))

    end = ended(winner, department="human_resources", kind="housing", since=Day("2023-01-01"), until=Day("2024-01-01"))
    winner.report(end, None, PrivateChanged())

    assert [(it.kind, it.until, it.text) for it in services_of(winner)] == [("housing", "2024-01-01", "index")]


def test_a_merged_person_takes_part_and_stands_on_the_roster_once():
    loser = a_high_level_talent()
    loser.report(an_enrolment(), None, PrivateChanged())
    loser.report(a_roster_report(), None, PrivateChanged())
    winner = merged(loser)

    assert (enrolments_of(loser), list(in_force(loser, area="510100", on=Day("2024-06-01")))) == ({}, [])
    assert [it.talent for it in enrolments_of(winner)[PROGRAMME]] == ["t2"]
    assert len(in_force(winner, area="510100", on=Day("2024-06-01"))) == 1
