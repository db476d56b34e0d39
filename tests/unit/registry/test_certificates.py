"""Certificates, education and their statement: what counts, what is refused field by field."""

from __future__ import annotations

import msgspec
import pytest

from services.registry.commands import (
    annul_certificate,
    apply_registration,
    decide_registration,
    end_registration,
    record_education,
    reverse_education,
    review_senior,
)
from services.registry.domain.certificates import certificates, highest
from services.registry.domain.codes import TRAINING_CATEGORIES
from services.registry.domain.education import entries, learned, trained
from services.registry.domain.education_statement import education_statement
from services.registry.domain.registrations import derive, grounds, running_out
from services.registry.domain.rules import RULES, EducationRule, in_force, months_before
from services.registry.domain.talent import Talent
from services.registry.publisher.talents import talent_facts
from services.registry.storage import KINDS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import DomainError
from services.shared.kernel.partner import partner
from services.shared.runtime.store.kind import LARGEST_FACTS
from tests.builders.certificates import a_story, an_education
from tests.builders.registry import KEYS, PERSON, TODAY, a_uscc, an_origin

HUGE = "x" * 65_536
FUTURE = "2031-01-01"

RIGHT = {
    review_senior.ReportReview: {"department": "human_resources", "granted_on": "2022-01-10"},
    annul_certificate.ReportAnnulment: {
        "department": "human_resources",
        "level": "assistant",
        "annulled_on": "2022-05-05",
        "reason": "fraud",
    },
    apply_registration.ReportApplication: {
        "department": "civil_affairs",
        "by": partner("civil_affairs"),
        "level": "assistant",
        "received_on": "2021-03-15",
        "area": "510104",
    },
    decide_registration.ReportDecision: {
        "department": "civil_affairs",
        "level": "assistant",
        "received_on": "2021-03-15",
        "decided_on": "2021-03-20",
        "granted": True,
    },
    end_registration.ReportRegistrationEnd: {
        "department": "civil_affairs",
        "level": "assistant",
        "ended_on": "2022-01-01",
        "reason": "own_request",
    },
    record_education.ReportEducation: {
        "department": "health",
        "evidence_id": "e1",
        "kind": "training",
        "category": "professional",
        "first_day": "2022-05-01",
        "last_day": "2022-05-02",
        "minutes": 600,
        "provider": a_uscc(),
    },
    reverse_education.ReportEducationReversal: {
        "department": "health",
        "evidence_id": "e1",
        "reversed_on": "2022-06-01",
    },
}
STEPS = {
    review_senior.ReportReview: review_senior.step,
    annul_certificate.ReportAnnulment: annul_certificate.step,
    apply_registration.ReportApplication: apply_registration.step,
    decide_registration.ReportDecision: decide_registration.step,
    end_registration.ReportRegistrationEnd: end_registration.step,
    record_education.ReportEducation: record_education.step,
    reverse_education.ReportEducationReversal: reverse_education.step,
}


def step_of(command, **changed):
    values = {"person": PERSON, "origin": an_origin("r1"), **RIGHT[command], **changed}
    return STEPS[command](command(**values), keys=KEYS, today=TODAY)


def wrong_fields():
    for command, fields in RIGHT.items():
        for field, value in fields.items():
            if field in ("department", "by", "granted"):
                continue
            if field.endswith(("_on", "_day")):
                bad = {"2022-02-30": "DATE_INVALID", FUTURE: "DATE_IN_FUTURE", HUGE: "DATE_INVALID"}
                if field != "last_day":
                    bad[""] = "FIELD_MISSING"
            elif field == "minutes":
                bad = {-1: "AMOUNT_INVALID", 0: "AMOUNT_INVALID", 2 * 1440 + 1: "MORE_THAN_A_DAY_HOLDS"}
            elif field == "provider":
                bad = {"": "FIELD_MISSING", "x": "USCC_INVALID", HUGE: "USCC_INVALID"}
            elif field == "evidence_id":
                bad = {"": "FIELD_MISSING", "材料": "ID_MALFORMED", HUGE: "FIELD_TOO_LONG"}
            elif field == "area":
                bad = {"": "FIELD_MISSING", "519999": "AREA_UNKNOWN", HUGE: "AREA_UNKNOWN"}
            else:
                assert isinstance(value, str)
                bad = {"": "FIELD_MISSING", "nothing": "CODE_UNKNOWN", HUGE: "FIELD_TOO_LONG"}
            for wrong, reason in bad.items():
                yield pytest.param(command, field, wrong, reason, id=f"{command.__name__}-{field}-{reason}")


@pytest.mark.parametrize(("command", "field", "wrong", "reason"), list(wrong_fields()))
def test_each_wrong_field_is_refused_with_its_code_and_path(command, field, wrong, reason):
    with pytest.raises(DomainError) as refused:
        step_of(command, **{field: wrong})

    assert (refused.value.reason, refused.value.field) == (reason, field)
    assert HUGE[:300] not in str(refused.value)


@pytest.mark.parametrize(
    ("command", "changed", "reason", "field"),
    [
        (review_senior.ReportReview, {"department": "civil_affairs"}, "NOT_AN_EXAM_AUTHORITY", "department"),
        (annul_certificate.ReportAnnulment, {"department": "health"}, "NOT_AN_EXAM_AUTHORITY", "department"),
        (
            apply_registration.ReportApplication,
            {"department": "health"},
            "NOT_A_REGISTRATION_AUTHORITY",
            "department",
        ),
        (
            apply_registration.ReportApplication,
            {"by": partner("civil_affairs-510700")},
            "OUTSIDE_SCOPE",
            "area",
        ),
        (decide_registration.ReportDecision, {"decided_on": "2021-03-14"}, "INTERVAL_REVERSED", "decided_on"),
        (record_education.ReportEducation, {"last_day": "2022-04-30"}, "INTERVAL_REVERSED", "last_day"),
        (record_education.ReportEducation, {"first_day": "1995-12-31"}, "EDUCATION_BEFORE_BIRTH", "first_day"),
    ],
)
def test_the_wrong_authority_area_or_interval_is_refused(command, changed, reason, field):
    if "first_day" in changed:
        changed = {**changed, "last_day": changed["first_day"]}

    with pytest.raises(DomainError) as refused:
        step_of(command, **changed)

    assert (refused.value.reason, refused.value.field) == (reason, field)


@pytest.mark.parametrize("command", STEPS)
def test_a_record_delivered_again_changes_nothing(command):
    step = step_of(command)
    talent = Talent.new(step.id)

    step.change(talent)
    step.change(talent)

    assert talent.version == 1
    assert KINDS[0].decode(KINDS[0].encode(talent.state)) == talent.state


def test_a_degree_needs_no_minutes_and_no_category():
    step = step_of(record_education.ReportEducation, kind="degree", category="", minutes=0)
    talent = Talent.new(step.id)
    step.change(talent)

    assert [(it.month, it.minutes) for it in talent.facts().learned] == [("2022-05", 5400)]


def counted(text):
    reports, rules = a_story(text)
    return [(it.evidence_id, it.counted, it.why) for it in entries(reports, rules=rules)]


def test_one_document_is_one_entry_whoever_reports_it():
    reports = (
        an_education("e1", "2022-05-01", 600),
        an_education("e1", "2022-05-01", 480, origin=an_origin("x", system="health"), department="health"),
    )

    [entry] = entries(reports)

    assert (entry.counted, entry.reports) == (480, 2)  # they contradict each other: what both agree on


def test_the_first_degree_counts_at_its_diploma_and_a_reversed_one_makes_room():
    assert counted("degree d2 2022-06-30; degree d1 2020-06-30") == [
        ("d1", 5400, ""),
        ("d2", 0, "DEGREE_COUNTED_BEFORE"),
    ]
    assert counted("degree d2 2022-06-30; degree d1 2020-06-30; reverse d1 2021-01-01") == [
        ("d1", 0, "REVERSED"),
        ("d2", 5400, ""),
    ]


def test_unfinished_study_counts_its_passed_courses():
    assert counted("study s1 2022-06-30 40h; learn e1 2022-07-01 2h") == [("s1", 2400, ""), ("e1", 120, "")]


def test_only_a_department_that_reported_the_document_takes_it_back():
    reports, _ = a_story("learn e1 2022-05-01 10h; reverse e1 2022-06-01")
    others = msgspec.structs.replace(reports[1], department="health")

    assert [it.counted for it in entries((reports[0], others))] == [600]
    assert [it.counted for it in entries(reports)] == [0]


def test_facts_tell_the_latest_ten_years_and_stay_small():
    reports = tuple(
        an_education(
            f"e{year}-{month}-{category}", f"{year}-{month:02d}-15", 60, category=category,
            origin=an_origin(f"{year}-{month}-{category}"),
        )
        for year in range(2005, 2025)
        for month in range(1, 13)
        for category in TRAINING_CATEGORIES
    )  # fmt: skip
    talent = Talent("t", Talent.blank(), 0)
    talent.state = msgspec.structs.replace(talent.state, reports=reports)
    facts = talent.facts()

    assert (facts.learned[0].month, len(facts.learned)) == ("2015-01", 120)
    assert len(facts.trained) == 10 * len(TRAINING_CATEGORIES)
    assert len(talent_facts(facts)) < LARGEST_FACTS


def test_training_that_was_reversed_was_not_a_first_day():
    reports, _ = a_story("learn e1 2022-03-01 1h; learn e2 2022-05-01 1h; reverse e1 2022-06-01")

    assert [(it.category, it.on) for it in trained(entries(reports))] == [("professional", "2022-05-01")]
    assert [(it.month, it.minutes) for it in learned(entries(reports))] == [("2022-05", 60)]


def test_the_senior_examination_alone_counts_as_intermediate():
    reports, _ = a_story("pass intermediate 2015-06-20; pass senior 2020-06-20; review 2022-01-10")
    held = certificates(reports)

    assert [highest(held, Day(on)) for on in ("2015-06-19", "2020-06-20", "2022-01-09", "2022-01-10")] == [
        "",
        "intermediate",
        "intermediate",
        "senior",
    ]


def test_an_annulled_certificate_and_a_later_pass_are_two():
    reports, _ = a_story("pass assistant 2019-01-01; annul assistant 2020-05-05; pass assistant 2021-06-20")

    assert [(it.passed_on, it.annulled_on) for it in certificates(reports)] == [
        ("2019-01-01", "2020-05-05"),
        ("2021-06-20", ""),
    ]


def test_a_new_document_of_the_ministry_is_a_new_line_of_the_rules():
    old = RULES.education[0]
    changed = Day("2022-01-01")
    rules = msgspec.structs.replace(
        RULES,
        education=(
            msgspec.structs.replace(old, until=changed),
            EducationRule(changed, Day(""), 60, 120, 120, 90, "a test's own"),
        ),
    )
    reports, _ = a_story(
        "pass assistant 2022-01-01; apply assistant 2022-03-15; grant assistant 2022-03-15 2022-03-15;"
        "learn e1 2023-05-01 1h; apply assistant 2025-01-10; grant assistant 2025-01-10 2025-01-20"
    )

    assert len(derive(grounds(reports, rules=rules)).periods) == 2
    assert len(derive(grounds(reports)).periods) == 1


@pytest.mark.parametrize("table", ["registration", "education", "yearly", "senior", "units"])
def test_every_table_of_rules_leaves_no_day_out_and_names_its_source(table):
    lines = getattr(RULES, table)

    assert [line.since for line in lines][1:] == [line.until for line in lines][:-1]
    assert (lines[0].since, lines[-1].until) == ("1900-01-01", "")
    assert all(line.source for line in lines)
    assert in_force(lines, TODAY) is lines[-1]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2024-03-15", "2023-12-15"),
        ("2024-05-31", "2024-02-29"),
        ("2023-05-31", "2023-02-28"),
        ("2023-03-01", "2022-12-01"),
    ],
)
def test_three_months_before(day, expected):
    assert months_before(Day(day), 3) == expected


REGISTERED = "pass assistant 2021-01-01; apply assistant 2021-03-15; grant assistant 2021-03-15 2021-03-15;"


def test_the_statement_shows_the_period_beside_the_calendar_year():
    reports, rules = a_story(f"{REGISTERED} learn e1 2021-05-01 72h; learn e0 2020-12-31 1.5h")

    statement = education_statement(reports, on=Day("2022-06-30"), rules=rules)

    [period] = statement.periods
    assert (period.needed, period.counted, period.missing, period.renewal_from) == (4320, 4320, 0, "2023-12-15")
    assert [(it.year, it.needed, it.counted, it.missing) for it in statement.years] == [
        (2020, 0, 90, 0),
        (2021, 1125, 4320, 0),
        (2022, 1125, 0, 1125),
    ]
    assert [it.why for it in statement.entries] == ["OUTSIDE_EVERY_PERIOD", ""]


def test_a_statement_of_an_earlier_day_knows_nothing_dated_later():
    reports, rules = a_story(f"{REGISTERED} learn e1 2021-05-01 10h; learn e2 2022-05-01 10h; reverse e1 2023-01-01")

    statement = education_statement(reports, on=Day("2021-12-31"), rules=rules)

    assert [(it.evidence_id, it.counted) for it in statement.entries] == [("e1", 600)]


def test_the_last_period_of_a_level_runs_out_unless_it_was_ended():
    reports, _ = a_story(REGISTERED)
    ended, _ = a_story(f"{REGISTERED} end assistant 2022-01-01")

    assert running_out(derive(grounds(reports)).periods) == {"assistant": "2024-03-15"}
    assert running_out(derive(grounds(ended)).periods) == {}
