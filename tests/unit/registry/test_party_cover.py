"""Party coverage (§3.1): which arrangement fits how many formal members, and that it follows whatever changes."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from services.registry.domain.organisation import Organisation
from services.registry.domain.party import PartyCover, common, told, united
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged, TalentReported
from services.shared.kernel.dates import Day
from tests.builders.organisations import Sagas, a_party_report, a_work_report, an_arrangement, an_end
from tests.builders.registry import a_post, a_registration, a_uscc, an_origin

ONE, OTHER = a_uscc(1), a_uscc(2)


def works(sagas, talent, organisation, since="2018-01-01", until="", *, record="r1", revision=1):
    report = a_work_report(record, organisation, since, until, revision=revision)
    event = TalentReported(report.affiliation.id, "civil_affairs")
    sagas.change(Talent, talent, lambda it: it.report(report, None, event))


def joins(sagas, talent, **changed):
    sagas.change(Talent, talent, lambda it: it.report(a_party_report(**changed), None, PrivateChanged()))


def registered(sagas, uscc=ONE, **changed):
    sagas.change(Organisation, uscc, lambda it: it.register(a_registration(**changed)))


def arranged(sagas, uscc, kind, other="", **changed):
    sagas.change(Organisation, uscc, lambda it: it.arrange_party_work(an_arrangement(kind, other, **changed)))


def dissolved(sagas, uscc, of, until):
    sagas.change(Organisation, uscc, lambda it: it.end_arrangement(an_end(of, until)))


def cover(sagas, uscc=ONE):
    sagas.deliver()
    return [(it.since, it.until, it.reason) for it in sagas.of(Organisation, uscc).facts().party_cover]


def last(sagas, uscc=ONE):
    return cover(sagas, uscc)[-1][2]


def an_agency(members, **changed):
    sagas = Sagas()
    registered(sagas, **changed)
    for number in range(members):
        works(sagas, f"t{number}", ONE)
        joins(sagas, f"t{number}")
    return sagas


@pytest.mark.parametrize(
    ("members", "kinds", "reason"),
    [
        (0, [], "NO_ARRANGEMENT"),
        (0, ["party_work_instructor"], "INSTRUCTOR"),
        (0, ["own_branch"], "INSTRUCTOR_NEEDED"),
        (0, ["joint_branch"], "INSTRUCTOR_NEEDED"),
        (0, ["lead_organisation"], "LEAD_WITHOUT_BRANCH"),
        (1, [], "NO_ARRANGEMENT"),
        (1, ["joint_branch"], "JOINT_BRANCH"),
        (2, ["joint_branch"], "JOINT_BRANCH"),
        (2, ["own_branch"], "OWN_BRANCH"),
        (2, ["party_work_instructor"], "JOINT_BRANCH_NEEDED"),
        (3, ["own_branch"], "OWN_BRANCH"),
        (3, ["joint_branch"], "OWN_BRANCH_NEEDED"),
        (3, ["joint_branch", "own_branch"], "OWN_BRANCH"),
        (4, ["party_work_instructor"], "OWN_BRANCH_NEEDED"),
    ],
)
def test_the_number_of_formal_members_says_which_arrangement_fits(members, kinds, reason):
    sagas = an_agency(members)
    registered(sagas, OTHER)
    for kind in kinds:
        arranged(sagas, ONE, kind, OTHER if kind in ("joint_branch", "lead_organisation") else "")

    assert last(sagas) == reason
    facts = sagas.of(Organisation, ONE).facts()
    assert facts.party_cover[-1].fits == (reason in ("OWN_BRANCH", "JOINT_BRANCH", "INSTRUCTOR"))


def test_an_agency_without_anything_does_not_fit_from_its_registration_on():
    assert cover(an_agency(0)) == [("2015-01-01", "", "NO_ARRANGEMENT")]


def test_other_kinds_have_a_cover_only_with_an_arrangement_or_members():
    assert cover(an_agency(0, kind="hospital")) == []
    assert cover(an_agency(1, kind="hospital")) == [("2015-01-01", "", "NO_ARRANGEMENT")]


def test_cover_follows_members_who_join_leave_and_become_formal():
    sagas = an_agency(0)
    arranged(sagas, ONE, "own_branch")
    for number, (since, until) in enumerate([("2018-01-01", ""), ("2018-02-01", "2020-01-01"), ("2018-03-01", "")]):
        works(sagas, f"t{number}", ONE, since, until)
        joins(sagas, f"t{number}", since=Day("2019-01-01") if number == 2 else Day("2016-01-01"))
    joins(sagas, "t0", record="p2", status="probationary", since=Day("2014-01-01"), until=Day("2016-01-01"))

    assert cover(sagas) == [
        ("2015-01-01", "2016-01-01", "NO_ARRANGEMENT"),
        ("2016-01-01", "2018-01-01", "INSTRUCTOR_NEEDED"),
        ("2018-01-01", "", "OWN_BRANCH"),
    ]


def test_a_member_who_moves_is_taken_along():
    sagas = an_agency(1)
    registered(sagas, OTHER)
    arranged(sagas, ONE, "party_work_instructor")
    assert last(sagas) == "JOINT_BRANCH_NEEDED"
    works(sagas, "t0", OTHER, "2018-01-01", revision=2)

    assert last(sagas) == "INSTRUCTOR"
    assert len(sagas.of(Organisation, OTHER).state.members) == 1


def test_a_joint_branch_is_with_one_of_the_same_county_prefecture_or_field():
    for changed, post, reason in [
        ({"county": "510104"}, "", "JOINT_BRANCH"),
        ({"county": "510105"}, "", "JOINT_BRANCH"),
        ({"county": "510703"}, "", "JOINT_BRANCH_NEEDED"),
        ({"county": "510703"}, "elderly_care", "JOINT_BRANCH"),
        ({"county": "510703"}, "youth", "JOINT_BRANCH_NEEDED"),
    ]:
        sagas = an_agency(1)
        sagas.change(Organisation, ONE, lambda it: it.create_post(a_post()))
        arranged(sagas, ONE, "joint_branch", OTHER)
        registered(sagas, OTHER, **changed)
        if post:
            report = a_post(field=post)
            sagas.change(Organisation, OTHER, lambda it, report=report: it.create_post(report))

        assert last(sagas) == reason, changed


def test_a_lead_that_loses_its_own_branch_leads_no_longer():
    sagas = an_agency(0)
    arranged(sagas, ONE, "lead_organisation", OTHER)
    assert last(sagas) == "LEAD_WITHOUT_BRANCH"  # nobody has registered the other one
    registered(sagas, OTHER)
    arranged(sagas, OTHER, "own_branch", since=Day("2017-01-01"))
    assert last(sagas) == "LEAD_ORGANISATION"
    dissolved(sagas, OTHER, "own_branch/", "2021-07-01")

    assert cover(sagas) == [
        ("2015-01-01", "2016-01-01", "NO_ARRANGEMENT"),
        ("2016-01-01", "2017-01-01", "LEAD_WITHOUT_BRANCH"),
        ("2017-01-01", "2021-07-01", "LEAD_ORGANISATION"),
        ("2021-07-01", "", "LEAD_WITHOUT_BRANCH"),
    ]


def test_an_organisation_that_closes_has_no_cover_from_then_on_and_leads_nobody():
    sagas = an_agency(0)
    arranged(sagas, ONE, "lead_organisation", OTHER)
    registered(sagas, OTHER)
    arranged(sagas, OTHER, "own_branch")
    registered(sagas, OTHER, origin=an_origin("o1", 2), closed_on=Day("2022-01-01"))
    registered(sagas, ONE, origin=an_origin("o1", 2), closed_on=Day("2023-01-01"))

    assert cover(sagas)[-1] == ("2022-01-01", "2023-01-01", "LEAD_WITHOUT_BRANCH")
    assert cover(sagas, OTHER)[-1][1] == "2022-01-01"


def test_a_branch_set_up_again_is_not_ended_by_the_earlier_end():
    sagas = an_agency(3)
    arranged(sagas, ONE, "own_branch", until=Day("2022-01-01"))
    dissolved(sagas, ONE, "own_branch/", "2020-01-01")
    arranged(sagas, ONE, "own_branch", origin=an_origin("again"), since=Day("2021-01-01"))

    assert [it[2] for it in cover(sagas)][-3:] == ["OWN_BRANCH", "NO_ARRANGEMENT", "OWN_BRANCH"]


def test_an_arrangement_that_is_revised_no_longer_depends_on_the_first_other():
    sagas = an_agency(1)
    arranged(sagas, ONE, "joint_branch", OTHER)
    sagas.deliver()
    assert sagas.of(Organisation, OTHER).state.dependants == (ONE,)
    revised = an_arrangement("own_branch", origin=an_origin(f"party/joint_branch/{OTHER}", 2))
    sagas.change(Organisation, ONE, lambda it: it.arrange_party_work(revised))

    assert last(sagas) == "OWN_BRANCH"
    assert sagas.of(Organisation, OTHER).state.dependants == ()
    assert sagas.of(Organisation, ONE).state.neighbours == ()


def test_members_are_never_in_events():
    sagas = an_agency(1)
    arranged(sagas, ONE, "joint_branch", OTHER, responsible="锦江区委社会工作部")
    sagas.deliver()
    told_ = b"".join(it.value for it in sagas.log if it.key == ONE.encode())

    assert b"t0" not in told_
    assert OTHER.encode() not in told_
    assert "锦江".encode() not in told_


def test_order_of_arrival_does_not_matter():
    calls = [
        registered,
        lambda it: registered(it, OTHER),
        lambda it: works(it, "t0", ONE),
        lambda it: joins(it, "t0"),
        lambda it: arranged(it, ONE, "joint_branch", OTHER),
    ]
    covers = set()
    for order in itertools.permutations(calls):
        sagas = Sagas()
        for call in order:
            call(sagas)
            sagas.deliver(most=2)
        covers.add(tuple(cover(sagas)))

    assert len(covers) == 1


def test_a_long_history_is_told_in_few_intervals_that_are_true_for_every_day():
    days = [Day(f"{year}-01-01") for year in range(1950, 2011)]
    ends = [*days[1:], Day("")]
    reasons = itertools.cycle(["INSTRUCTOR", "OWN_BRANCH", "JOINT_BRANCH", "NO_ARRANGEMENT"])
    whole = [
        PartyCover(reason != "NO_ARRANGEMENT", since, until, reason)
        for since, until, reason in zip(days, ends, reasons, strict=False)
    ]
    short = told(whole, most=32)

    assert len(short) == 32
    assert all(one.until == two.since for one, two in itertools.pairwise(short))
    for it in whole:
        assert next(s for s in short if s.since <= it.since and (not s.until or it.since < s.until)).fits == it.fits
    assert len(told(whole, most=5)) == 5


def test_intervals_are_united_and_intersected():
    assert united([("2", "3"), ("1", "2"), ("5", ""), ("4", "4")]) == (("1", "3"), ("4", "4"), ("5", ""))
    assert common([("1", "5"), ("7", "")], [("3", "8")]) == (("3", "5"), ("7", "8"))


def test_facts_are_the_same_after_storing_and_loading():
    sagas = an_agency(2)
    arranged(sagas, ONE, "joint_branch", OTHER)
    registered(sagas, OTHER)
    sagas.deliver()
    before = msgspec.json.encode(sagas.of(Organisation, ONE).facts())
    sagas.deliver(again=True)

    assert msgspec.json.encode(sagas.of(Organisation, ONE).facts()) == before
