from __future__ import annotations

import itertools

import msgspec
import pytest

from services.registry.commands import designate, end_affiliation, record_pass, record_pay, record_talent
from services.registry.domain.person import Person, normalised
from services.registry.domain.reports import EndReport
from services.registry.domain.talent import AffiliationNotFound, OwnedByOtherDepartment, Talent, TalentNotFound
from services.registry.domain.talent_events import IdentityDisputed
from services.shared.kernel.errors import (
    AmountInvalid,
    AreaUnknown,
    CodeUnknown,
    DateInFuture,
    DateInvalid,
    FieldMissing,
    FieldTooLong,
    IntervalReversed,
    OutsideScope,
)
from services.shared.kernel.origin import RevisionReused
from services.shared.kernel.partner import partner
from services.shared.kernel.uscc import UsccInvalid
from tests.builders.registry import KEYS, PERSON, TODAY, a_record_pass, a_record_talent, a_uscc, an_origin

OTHER_NAME = Person("李鸣", PERSON.id_number)


def reported(*steps):
    talent = Talent.new(steps[0].id)
    for step in steps:
        assert step.id == talent.id
        step.change(talent)
    return talent


def work(**changed):
    return record_talent.step(a_record_talent(**changed), keys=KEYS, today=TODAY)


def passed(**changed):
    return record_pass.step(a_record_pass(**changed), keys=KEYS, today=TODAY)


def ended(until="2020-06-30", record_id="e1"):
    return end_affiliation.step(
        end_affiliation.ReportEnd(
            person=PERSON,
            origin=an_origin(record_id),
            department="civil_affairs",
            organisation=a_uscc(),
            role="worker",
            until=until,
            reason="",
        ),
        keys=KEYS,
        today=TODAY,
    )


def test_the_same_person_of_two_departments_is_one_talent_with_two_affiliations():
    talent = reported(
        work(),
        work(
            by=partner("health"),
            department="health",
            origin=an_origin("h1", system="health"),
            person=Person(" 李 明", PERSON.id_number),
        ),
    )

    assert [it.department for it in talent.facts().affiliations] == ["civil_affairs", "health"]
    assert not talent.facts().disputed


def test_facts_do_not_depend_on_the_order_of_reports():
    steps = [
        work(),
        work(origin=an_origin("r1", revision=2), place="510105"),
        work(by=partner("civil_affairs-510100"), origin=an_origin("c7", system="civil_affairs-510100")),
        work(person=OTHER_NAME, by=partner("health"), department="health", origin=an_origin("h1", system="health")),
        passed(),
        ended(),
    ]
    facts = {msgspec.json.encode(reported(*order).facts()) for order in itertools.permutations(steps)}

    assert len(facts) == 1


def test_of_two_systems_of_one_department_the_later_as_of_wins_then_the_smaller_area():
    city = {"by": partner("civil_affairs-510100"), "origin": an_origin("c1", system="civil_affairs-510100")}

    older = reported(work(as_of="2020-12-31", field="youth"), work(**city, as_of="2020-11-30", field="family"))
    level = reported(work(as_of="2020-12-31", field="youth"), work(**city, as_of="2020-12-31", field="family"))

    assert [it.field for it in older.facts().affiliations] == ["youth"]
    assert [it.field for it in level.facts().affiliations] == ["family"]


def test_a_repeated_record_records_nothing():
    talent = reported(work(), work())

    assert talent.version == 1


def test_a_higher_revision_replaces_and_a_lower_one_is_a_repeat():
    talent = reported(work(origin=an_origin(revision=2), field="youth"), work(field="family"))

    assert [it.field for it in talent.facts().affiliations] == ["youth"]
    assert talent.version == 1


def test_a_revision_with_other_content_is_refused_and_leaves_nothing():
    talent = reported(work())

    with pytest.raises(RevisionReused):
        work(field="youth").change(talent)

    assert talent.version == 1


def test_another_name_on_the_same_number_is_counted_once_and_disputed():
    talent = reported(work(), work(person=OTHER_NAME, origin=an_origin("r2"), role="manager"))

    assert talent.facts().disputed
    assert [type(it.event) for it in talent.pending][-1] is IdentityDisputed


def test_an_end_that_arrives_first_ends_the_affiliation_all_the_same():
    talent = reported(ended("2020-06-30"), work())

    assert [it.until for it in talent.facts().affiliations] == ["2020-06-30"]


def test_an_affiliation_that_began_again_later_is_not_ended_by_the_earlier_end():
    talent = reported(ended("2018-01-01"), work(since="2018-03-01"))

    assert [it.until for it in talent.facts().affiliations] == [""]


def test_only_the_owning_department_ends_an_affiliation():
    talent = reported(work())
    affiliation = talent.facts().affiliations[0].id

    with pytest.raises(OwnedByOtherDepartment):
        talent.end_affiliation(EndReport(an_origin("x"), None, affiliation, "health", "2021-01-01", ""))
    with pytest.raises(IntervalReversed):
        talent.end_affiliation(EndReport(an_origin("x"), None, affiliation, "civil_affairs", "2018-03-01", ""))
    with pytest.raises(AffiliationNotFound):
        talent.end_affiliation(EndReport(an_origin("x"), None, "health/x/y", "health", "2021-01-01", ""))
    with pytest.raises(TalentNotFound):
        Talent.new("nobody").affiliation(affiliation)

    assert talent.version == 1


def test_a_pass_of_an_unknown_person_makes_a_talent_without_affiliation():
    facts = reported(passed(level="intermediate")).facts()

    assert [it.level for it in facts.certificates] == ["intermediate"]
    assert facts.affiliations == ()


def test_pay_is_shown_as_a_band_whose_bound_is_included():
    bands = [reported(work(pay_fen=fen)).facts().pay[0].band for fen in (3_000_000, 3_000_001, 5_000_000, 5_000_001)]

    assert bands == ["le_30000", "le_50000", "le_50000", "gt_50000"]


def test_facts_hold_no_personal_data():
    shown = msgspec.json.encode(reported(work(), passed()).facts()).decode()

    assert PERSON.name not in shown
    assert PERSON.id_number not in shown
    assert PERSON.phone not in shown
    assert "1996-02-29" not in shown
    assert "1995-1999" in shown


def test_a_person_does_not_show_itself():
    assert repr(PERSON) == "Person(…)"


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"place": ""}, FieldMissing, "place"),
        ({"place": "519999"}, AreaUnknown, "place"),
        ({"place": "510104" * 20000}, AreaUnknown, "place"),
        ({"by": partner("civil_affairs-510100"), "place": "510703"}, OutsideScope, "place"),
        ({"organisation": ""}, FieldMissing, "organisation"),
        ({"organisation": "525100000000000000"}, UsccInvalid, "organisation"),
        ({"role": "astronaut"}, CodeUnknown, "role"),
        ({"role": "x" * 65536}, FieldTooLong, "role"),
        ({"field": ""}, FieldMissing, "field"),
        ({"since": "2026-11-25"}, DateInFuture, "since"),
        ({"since": "2018-02-30"}, DateInvalid, "since"),
        ({"until": "2018-03-01"}, IntervalReversed, "until"),
        ({"as_of": ""}, FieldMissing, "as_of"),
        ({"as_of": "2027-01-01"}, DateInFuture, "as_of"),
        ({"community_kind": "urban"}, record_talent.CommunityKindContradicts, "community_kind"),
        ({"home_county": "51x104"}, AreaUnknown, "home_county"),
        ({"recognised_ground": ""}, FieldMissing, "recognised_ground"),
        ({"recognised_ground": "luck"}, CodeUnknown, "recognised_ground"),
        ({"recognised_until": "2019-06-01"}, IntervalReversed, "recognised_until"),
        ({"pay_year": 0}, AmountInvalid, "pay_year"),
        ({"pay_fen": -1}, AmountInvalid, "pay_fen"),
        ({"post": "p" * 65536}, FieldTooLong, "post"),
        ({"person": Person("", PERSON.id_number)}, FieldMissing, "identity.name"),
        ({"person": Person("李" * 61, PERSON.id_number)}, FieldTooLong, "identity.name"),
        ({"person": Person("李明", "")}, FieldMissing, "identity.id_number"),
    ],
)
def test_a_bad_field_is_named_with_its_code(changed, error, field):
    with pytest.raises(error) as refused:
        work(**changed)

    assert refused.value.field == field


def test_passes_come_from_the_examination_authority_only():
    with pytest.raises(record_pass.NotAnExamAuthority):
        passed(department="health")


def test_only_senior_has_a_review_date_and_not_before_the_pass():
    with pytest.raises(record_pass.ReviewOfOtherLevel):
        passed(granted_on="2020-01-01")
    with pytest.raises(IntervalReversed):
        passed(level="senior", granted_on="2019-01-01")


def test_designations_and_pay_by_record():
    title = designate.Title(kind="leading", grade="", grantor_level="national", since="2019-01-01", until="")
    talent = reported(
        designate.step(
            designate.ReportDesignation(person=PERSON, origin=an_origin("d1"), department="civil_affairs", title=title),
            keys=KEYS,
            today=TODAY,
        ),
        record_pay.step(
            record_pay.ReportPay(
                person=PERSON,
                origin=an_origin("y1"),
                department="civil_affairs",
                organisation=a_uscc(),
                year=2019,
                fen=2_000_000,
            ),
            keys=KEYS,
            today=TODAY,
        ),
    )

    assert [it.kind for it in talent.facts().designations] == ["leading"]
    assert [(it.year, it.band) for it in talent.facts().pay] == [(2019, "le_30000")]


def test_one_name_has_one_spelling():
    assert normalised("阿依 · 古丽") == normalised("阿依•古丽") == normalised("阿依·古丽")
