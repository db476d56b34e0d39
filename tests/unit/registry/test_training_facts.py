"""Sessions and cohorts: facts depend on what was reported, never on the order."""

from __future__ import annotations

import itertools

import pytest

from services.registry.commands.plan_session import PlanSession, step
from services.registry.commands.report_graduates import ReportGraduates
from services.registry.commands.report_graduates import step as graduates_step
from services.registry.domain.cohort import GraduateCohort
from services.registry.domain.education import entries
from services.registry.domain.reports import EducationReport
from services.registry.domain.sheet import SheetState, entry_origin, taking_back
from services.registry.domain.training import AttendanceFull, Listed, TrainingSession
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import AmountInvalid, AreaUnknown, CodeUnknown, DateInFuture, OutsideScope
from services.shared.kernel.origin import RevisionReused
from services.shared.kernel.partner import partner
from services.shared.kernel.uscc import UsccInvalid
from tests.builders.registry import TODAY, a_uscc, an_origin


def a_plan(**changed):
    values = {
        "by": partner("civil_affairs"),
        "origin": an_origin("t"),
        "department": "civil_affairs",
        "session": "s-1",
        "provider": a_uscc(),
        "venue": "510104",
        "since": "2021-03-01",
        "last_day": "2021-03-02",
        "minutes": 480,
        "category": "professional",
        "audience": "",
        "title": "个案工作",
        "status": "planned",
    }
    return step(PlanSession(**{**values, **changed}), today=TODAY)


def a_cohort(**changed):
    values = {
        "by": partner("education"),
        "origin": an_origin("g", system="education"),
        "school": a_uscc(),
        "county": "510104",
        "major": "social_work",
        "level": "bachelor",
        "graduated_on": "2021-06-30",
        "graduates": 80,
    }
    return graduates_step(ReportGraduates(**{**values, **changed}), today=TODAY)


def listed(*people):
    return lambda session: session.count("sheet", people[0], tuple(Listed(*it) for it in people[1:]))


def test_facts_of_a_session_do_not_depend_on_the_order():
    changes = [
        a_plan().change,
        a_plan(origin=an_origin("t", revision=2), status="held", minutes=600).change,
        listed(1, ("a", 0, 1990), ("b", 100, 1990)),
        listed(2, ("a", 60, 1990), ("c", 900, 1990), ("d", 0, 2022)),
    ]
    found = set()
    for order in itertools.permutations(changes):
        session = TrainingSession.new("civil_affairs/s-1")
        for change in order:
            change(session)
            change(session)
        found.add((session.facts().status, session.facts().attendees, session.facts().person_minutes))

    assert found == {("held", 3, 60 + 100 + 600)}


def test_a_cancelled_session_counts_nobody():
    session = TrainingSession.new("civil_affairs/s-1")
    listed(1, ("a", 0, 1990))(session)
    a_plan().change(session)
    session.cancel(system="officer", reason="天气")

    assert (session.facts().status, session.facts().attendees) == ("cancelled", 0)


def test_a_session_has_at_most_five_thousand_rows():
    session = TrainingSession.new("civil_affairs/s-1")
    listed(1, *((str(it), 0, 1990) for it in range(5000)))(session)

    with pytest.raises(AttendanceFull):
        listed(2, ("x", 0, 1990))(session)


def test_of_two_reports_of_a_cohort_the_higher_revision_counts_in_any_order():
    steps = [a_cohort(), a_cohort(origin=an_origin("g", 2, "education"), graduates=82), a_cohort()]
    found = set()
    for order in itertools.permutations(steps):
        cohort = GraduateCohort.new(order[0].id)
        for each in order:
            each.change(cohort)
        found.add(cohort.facts().graduates)

    assert found == {82}


def test_a_cohort_s_revision_is_not_used_for_other_content():
    cohort = GraduateCohort.new(a_cohort().id)
    a_cohort().change(cohort)

    with pytest.raises(RevisionReused):
        a_cohort(graduates=81).change(cohort)


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"school": "x" * 65536}, UsccInvalid, "school"),
        ({"county": "519999"}, AreaUnknown, "county"),
        ({"by": partner("education-510700")}, OutsideScope, "county"),
        ({"major": "cooking"}, CodeUnknown, "major"),
        ({"level": "school"}, CodeUnknown, "level"),
        ({"graduated_on": "2031-06-30"}, DateInFuture, "graduated_on"),
        ({"graduates": -1}, AmountInvalid, "graduates"),
    ],
)
def test_a_cohort_that_cannot_be_is_refused(changed, error, field):
    with pytest.raises(error) as refusal:
        a_cohort(**changed)
    assert refusal.value.field == field


def test_a_session_that_was_held_lies_in_the_past():
    with pytest.raises(DateInFuture):
        a_plan(since="2031-01-01", last_day="", status="held")


def test_until_a_row_is_taken_back_it_counted_and_another_sheet_s_row_goes_on_counting():
    sheets = [SheetState("attendance", "session/s", number, "civil_affairs") for number in (1, 2)]
    reports = [
        EducationReport(
            entry_origin(sheet, "t"), None, "civil_affairs", "session/s", "training", "professional",
            Day("2021-03-01"), Day("2021-03-01"), minutes, a_uscc(),
        )
        for sheet, minutes in zip(sheets, (60, 90), strict=True)
    ]  # fmt: skip
    reports += [taking_back(sheets[0], "t", Day("2021-04-01")), taking_back(sheets[1], "t", Day("2021-05-01"))]

    def counted(on):
        return [(it.counted, it.reversed_on) for it in entries(reports, on=Day(on))]

    assert counted("2021-03-31") == [(60, "")]
    assert counted("2021-04-30") == [(90, "")]
    assert counted("2021-05-01") == [(0, "2021-05-01")]
