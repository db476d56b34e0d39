"""Corrections and erasures: two persons, old and new value; counts stay."""

from __future__ import annotations

import msgspec
import pytest

from services.evaluation.domain.contributions.talent import contributions
from services.registry.commands import record_pass
from services.registry.commands.correct import finish_corrections
from services.registry.commands.record_pass import NotAnExamAuthority
from services.registry.commands.record_talent import CommunityKindContradicts
from services.registry.domain.corrected import corrected_affiliation
from services.registry.domain.correction import (
    AlreadyDecided,
    Correction,
    CorrectionNotFound,
    CorrectionOutdated,
    NothingToCorrect,
    OfOtherKind,
    SelfApproval,
)
from services.registry.domain.merging import TalentMoved
from services.registry.domain.registrations import grounds, holder
from services.registry.domain.reports import CorrectionReport
from services.registry.domain.talent import AffiliationNotFound, AffiliationOfPart, IdentityErasedBefore, TalentNotFound
from services.registry.queries.identity_cases import waiting
from services.shared.kernel.errors import (
    AreaUnknown,
    CodeUnknown,
    DateInFuture,
    DateInvalid,
    EtagMismatch,
    FieldMissing,
    FieldTooLong,
    IntervalReversed,
    OutsideScope,
)
from services.shared.kernel.partner import partner
from services.shared.kernel.text import IdMalformed
from tests.builders.identity import ANNA, BEN, Identities, ProcessLostError, a_person, an_officer, talent_id
from tests.builders.organisations import a_work_report
from tests.builders.registry import KEYS, TODAY, a_record_pass, a_uscc, an_origin

LONG = "x" * 65536
WORK = f"civil_affairs/{a_uscc()}/worker"


@pytest.fixture
def world():
    return Identities()


@pytest.fixture
async def talent(world):
    return await world.reported(a_person())


async def work(world, talent):
    return (await world.facts(talent)).affiliations[0]


async def passed(world, **changed):
    step = record_pass.step(a_record_pass(person=a_person(), **changed), keys=KEYS, today=TODAY)
    await world.lanes.run(step, cause=None)


@pytest.mark.parametrize(
    ("field", "new", "value"),
    [
        ("since", "2018-04-01", "2018-04-01"),
        ("until", "2024-01-01", "2024-01-01"),
        ("field", "youth", "youth"),
        ("place", "510105", "510105"),
        ("full_time", "false", False),
        ("practitioner", "false", False),
        ("principal", "false", False),
    ],
)
async def test_an_approved_correction_changes_the_field(world, talent, field, new, value):
    await world.corrected(talent, field, new, target=WORK)

    assert getattr(await work(world, talent), field) == value


async def test_a_correction_keeps_who_why_and_both_values(world, talent):
    correction = await world.propose(talent, "since", "2018-04-01", target=WORK)
    assert (await work(world, talent)).since == "2018-03-01"
    await world.approve(correction)

    state = (await world.correction(correction)).state
    assert (state.old, state.new, state.reason) == ("2018-03-01", "2018-04-01", "错报")
    assert (state.requester, state.approver, state.status) == (ANNA, BEN, "applied")


async def test_a_corrected_home_county_and_pass(world, talent):
    await passed(world)
    await world.corrected(talent, "home_county", "510105")
    await world.corrected(talent, "passed_on", "2018-06-16", target="assistant")

    facts = await world.facts(talent)
    assert facts.home_county == "510105"
    assert [it.passed_on for it in facts.certificates] == ["2018-06-16"]


async def test_what_rests_on_a_pass_is_judged_by_the_corrected_date(world, talent):
    await passed(world)
    await world.corrected(talent, "passed_on", "2018-06-16", target="assistant")

    held = grounds((await world.talent(talent)).all_reports).held
    assert holder(held, "assistant", "2018-07-01") is not None


async def test_a_report_that_says_something_newer_is_not_overruled(world, talent):
    await world.corrected(talent, "since", "2018-04-01", target=WORK)
    await world.reported(a_person(), record=f"r/{talent[:8]}", revision=2, since="2018-05-01")

    assert (await work(world, talent)).since == "2018-05-01"


async def test_corrections_follow_each_other(world, talent):
    await world.corrected(talent, "since", "2018-04-01", target=WORK)
    world.clock.pass_by(1)
    await world.corrected(talent, "since", "2018-05-01", target=WORK)

    assert (await work(world, talent)).since == "2018-05-01"


async def test_nobody_approves_what_he_proposed(world, talent):
    correction = await world.propose(talent, "since", "2018-04-01", target=WORK)

    with pytest.raises(SelfApproval):
        await world.approve(correction, by=an_officer(ANNA))

    assert (await world.correction(correction)).state.status == "waiting"
    assert (await work(world, talent)).since == "2018-03-01"


async def test_what_was_decided_stays_decided(world, talent):
    correction = await world.propose(talent, "since", "2018-04-01", target=WORK)
    await world.reject(correction)

    with pytest.raises(AlreadyDecided):
        await world.approve(correction)
    with pytest.raises(AlreadyDecided):
        await world.reject(correction)
    assert (await work(world, talent)).since == "2018-03-01"


async def test_whoever_proposed_may_take_it_back(world, talent):
    correction = await world.propose(talent, "since", "2018-04-01", target=WORK)
    await world.reject(correction, by=an_officer(ANNA))

    assert (await world.correction(correction)).state.status == "rejected"


async def test_a_correction_of_what_has_changed_since_is_outdated(world, talent):
    correction = await world.propose(talent, "since", "2018-04-01", target=WORK)
    await world.reported(a_person(), record=f"r/{talent[:8]}", revision=2, since="2018-05-01")

    with pytest.raises(CorrectionOutdated):
        await world.approve(correction)


async def test_an_erasure_and_a_correction_are_approved_by_their_own_calls(world, talent):
    correction = await world.propose(talent, "since", "2018-04-01", target=WORK)
    erasure = await world.propose(talent, "identity", "")

    with pytest.raises(OfOtherKind):
        await world.approve(correction, erasure=True)
    with pytest.raises(OfOtherKind):
        await world.approve(erasure)


async def test_what_waits_is_listed_by_area_until_it_is_decided(world, talent):
    correction = await world.propose(talent, "since", "2018-04-01", target=WORK)

    async def listed(area):
        page = await waiting(Correction, area, size=0, token="", by=an_officer(), store=world.store)
        return [row.id for row in page.rows]

    assert [await listed(it) for it in ("", "510104", "510105")] == [[correction], [correction], []]
    await world.approve(correction)
    assert await listed("") == []


async def test_what_a_lost_process_approved_is_carried_out_by_the_days_turn(world, talent):
    correction = await world.propose(talent, "since", "2018-04-01", target=WORK)
    world.commits_left = 1
    with pytest.raises(ProcessLostError):
        await world.approve(correction)
    assert (await work(world, talent)).since == "2018-03-01"

    await finish_corrections(store=world.store, lanes=world.lanes)

    assert (await work(world, talent)).since == "2018-04-01"
    assert (await world.correction(correction)).state.status == "applied"


async def test_the_same_request_proposes_once(world, talent):
    cause = {"request_id": "q"}
    first = await world.propose(talent, "since", "2018-04-01", target=WORK, **cause)
    await world.approve(first)

    assert await world.propose(talent, "since", "2018-04-01", target=WORK, etag="1", **cause) == first


async def test_a_department_corrects_what_it_owns(world, talent):
    await passed(world)
    health, exam = an_officer("h", department="health"), an_officer("e", department="human_resources")

    with pytest.raises(OutsideScope) as refused:
        await world.propose(talent, "since", "2018-04-01", target=WORK, by=health)
    assert refused.value.field == "target"
    with pytest.raises(NotAnExamAuthority):
        await world.propose(talent, "passed_on", "2018-06-16", target="assistant", by=health)
    correction = await world.propose(talent, "passed_on", "2018-06-16", target="assistant", by=exam)
    with pytest.raises(NotAnExamAuthority):
        await world.approve(correction, by=health)
    await world.approve(correction)


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"talent": ""}, FieldMissing, "talent_id"),
        ({"talent": "t" * 65536}, FieldTooLong, "talent_id"),
        ({"talent": "李明"}, IdMalformed, "talent_id"),
        ({"talent": "nobody"}, TalentNotFound, "talent_id"),
        ({"field": ""}, FieldMissing, "field"),
        ({"field": "name"}, CodeUnknown, "field"),
        ({"field": "identity_"}, CodeUnknown, "field"),
        ({"field": LONG}, FieldTooLong, "field"),
        ({"target": ""}, FieldMissing, "target"),
        ({"target": LONG}, FieldTooLong, "target"),
        ({"target": "civil_affairs/x/y"}, AffiliationNotFound, "target"),
        ({"field": "passed_on", "new": "2018-01-01"}, CodeUnknown, "target"),
        ({"field": "passed_on", "new": "2018-01-01", "target": "senior"}, NothingToCorrect, "target"),
        ({"new": ""}, FieldMissing, "new_value"),
        ({"new": "2018-02-30"}, DateInvalid, "new_value"),
        ({"new": LONG}, DateInvalid, "new_value"),
        ({"new": "2026-11-25"}, DateInFuture, "new_value"),
        ({"new": "2018-03-01"}, NothingToCorrect, "new_value"),
        ({"field": "until", "new": "2018-03-01"}, IntervalReversed, "new_value"),
        ({"field": "until", "new": ""}, NothingToCorrect, "new_value"),
        ({"field": "place", "new": "519999"}, AreaUnknown, "new_value"),
        ({"field": "place", "new": "510104017002"}, CommunityKindContradicts, "new_value"),
        ({"field": "field", "new": "astronomy"}, CodeUnknown, "new_value"),
        ({"field": "full_time", "new": "yes"}, CodeUnknown, "new_value"),
        ({"field": "full_time", "new": LONG}, FieldTooLong, "new_value"),
        ({"field": "home_county", "new": "51x104"}, AreaUnknown, "new_value"),
        ({"reason": ""}, FieldMissing, "reason"),
        ({"reason": LONG}, FieldTooLong, "reason"),
        ({"etag": ""}, FieldMissing, "etag"),
        ({"etag": "9"}, EtagMismatch, "etag"),
        ({"by": an_officer(area="510105")}, OutsideScope, "talent_id"),
        ({"by": an_officer(area="510104"), "field": "place", "new": "510105"}, OutsideScope, "new_value"),
    ],
)
async def test_a_bad_proposal_is_named_and_changes_nothing(world, talent, changed, error, field):
    values = {"talent": talent, "field": "since", "new": "2018-04-01", "target": WORK, **changed}
    values.setdefault("etag", "1")

    with pytest.raises(error) as refused:
        await world.propose(**values)

    assert refused.value.field == field
    assert await world.store.page(Correction, view="", key="", after="", limit=9) == []


@pytest.mark.parametrize(
    ("correction", "changed", "error", "field"),
    [
        ("", {}, FieldMissing, "correction_id"),
        (LONG, {}, FieldTooLong, "correction_id"),
        ("nothing", {}, CorrectionNotFound, "correction_id"),
        (None, {"etag": "9"}, EtagMismatch, "etag"),
        (None, {"by": an_officer(BEN, area="510105")}, OutsideScope, "correction_id"),
    ],
)
async def test_a_bad_approval_is_named_and_changes_nothing(world, talent, correction, changed, error, field):
    proposed = await world.propose(talent, "since", "2018-04-01", target=WORK)

    with pytest.raises(error) as refused:
        await world.approve(proposed if correction is None else correction, **changed)

    assert refused.value.field == field
    assert (await world.correction(proposed)).state.status == "waiting"


# Erasure


async def test_erasing_destroys_what_was_sealed_and_leaves_every_fact(world, talent):
    await passed(world)
    await world.reported(a_person(name="李鸣"), record="h1", by=partner("health"), department="health")
    before = await world.facts(talent)

    await world.erased(talent)

    state = (await world.talent(talent)).state
    assert await world.facts(talent) == before
    assert contributions(talent, before) == contributions(talent, await world.facts(talent))
    assert state.identities == ()
    assert state.birth_year == 1990
    assert state.erased


async def test_the_year_of_birth_becomes_the_first_of_its_band(world):
    talent = await world.reported(a_person(born="19930505"))
    await world.erased(talent)

    assert (await world.talent(talent)).state.birth_year == 1990


async def test_a_record_that_names_an_erased_person_is_refused_and_a_repeat_is_none(world, talent):
    await world.erased(talent)
    version = (await world.talent(talent)).version

    with pytest.raises(IdentityErasedBefore) as refused:
        await world.reported(a_person(), record="r2", role="manager")
    await world.reported(a_person())

    assert refused.value.field == "identity"
    assert (await world.talent(talent)).version == version


async def test_what_is_known_by_the_talents_id_goes_on_after_erasure(world, talent):
    await passed(world)
    await world.erased(talent)
    await world.corrected(talent, "since", "2018-04-01", target=WORK)

    assert (await work(world, talent)).since == "2018-04-01"


async def test_nobody_is_erased_twice_nor_by_one_person(world, talent):
    erasure = await world.propose(talent, "identity", "")
    with pytest.raises(SelfApproval):
        await world.approve(erasure, by=an_officer(ANNA), erasure=True)
    assert (await world.talent(talent)).state.identities
    await world.approve(erasure, erasure=True)

    with pytest.raises(IdentityErasedBefore):
        await world.propose(talent, "identity", "")


async def test_of_a_merged_person_all_is_erased_and_un_merging_still_gives_back_every_fact(world):
    one, other, case = await world.pair()
    plain = [await world.facts(it) for it in (one, other)]
    await world.resolve(case)
    await world.deliver()
    with pytest.raises(TalentMoved):
        await world.propose(other, "identity", "")
    before = await world.facts(one)

    await world.erased(one)
    await world.deliver()

    assert await world.facts(one) == before
    assert [(await world.talent(it)).state.identities for it in (one, other)] == [(), ()]
    await world.undo(case)
    await world.deliver()
    assert [await world.facts(it) for it in (one, other)] == plain


async def test_a_merged_persons_parts_are_corrected_where_they_were_reported(world):
    one, other, case = await world.pair()
    owner = a_person(2 if talent_id(a_person(2)) == other else 1)
    await world.reported(owner, record="m", role="manager")
    await world.resolve(case)
    await world.deliver()
    manager = f"civil_affairs/{a_uscc()}/manager"

    with pytest.raises(AffiliationOfPart):
        await world.propose(one, "since", "2018-04-01", target=manager)
    await world.corrected(other, "since", "2018-04-01", target=manager)
    await world.deliver()

    assert {it.role: it.since for it in (await world.facts(one)).affiliations}["manager"] == "2018-04-01"


def test_a_correction_that_would_reverse_an_interval_reported_anew_does_not_hold():
    held = a_work_report("r1", a_uscc(), "2018-03-01", "2018-04-01").affiliation
    agreed = CorrectionReport(an_origin(), None, held.id, "since", "2018-03-01", "2018-05-01", "2026")

    assert corrected_affiliation(held, [agreed]) == held
    assert corrected_affiliation(msgspec.structs.replace(held, until=""), [agreed]).since == "2018-05-01"
