"""Two talents that are one person: found, decided, merged, un-merged; whatever is lost or told again on the way."""

from __future__ import annotations

import msgspec
import pytest

from services.registry.commands import record_pass
from services.registry.commands.end_affiliation import EndAffiliation, end_affiliation
from services.registry.commands.propose_cases import identity_day, propose_cases
from services.registry.consumers.moving import Moving
from services.registry.domain import merge_steps
from services.registry.domain.identity_case import (
    CaseMerged,
    CaseNotFound,
    IdentityCase,
    NotMerged,
    WinnerNotOfCase,
    candidate_id,
)
from services.registry.domain.membership import employment
from services.registry.domain.merging import MergedIntoItself, MergeKey, TalentHasParts, TalentMoved
from services.registry.domain.registrations import derive, grounds
from services.registry.domain.snapshot import SnapshotState
from services.registry.domain.talent import (
    BY_AREA,
    BY_MATCH,
    AffiliationOfPart,
    IdentityErasedBefore,
    Talent,
    TalentNotFound,
)
from services.registry.queries.identity_cases import get_case, waiting
from services.registry.queries.missing import missing
from services.shared.kernel.errors import (
    CodeUnknown,
    EtagMismatch,
    FieldMissing,
    FieldTooLong,
    OutsideScope,
)
from services.shared.kernel.partner import partner
from services.shared.kernel.text import IdMalformed
from tests.builders.identity import Identities, ProcessLostError, a_person, an_officer, talent_id
from tests.builders.registry import KEYS, TODAY, a_record_pass, a_uscc

LONG = "x" * 65536


@pytest.fixture
def world():
    return Identities()


async def passed(world, person, **changed):
    step = record_pass.step(a_record_pass(person=person, **changed), keys=KEYS, today=TODAY)
    await world.lanes.run(step, cause=None)


# Candidates


async def test_one_name_birth_and_employer_under_two_numbers_open_one_case(world):
    one, other, case = await world.pair()

    facts = (await world.case(case)).facts()
    assert (facts.talent, facts.other, facts.differing, facts.status) == (one, other, ("candidate",), "open")
    assert facts.departments == ("civil_affairs",)
    assert await propose_cases(store=world.store, lanes=world.lanes) == 0


@pytest.mark.parametrize(
    ("person", "changed"),
    [
        (a_person(2, name="李鸣"), {}),
        (a_person(2, born="19900102"), {}),
        (a_person(2), {"organisation": a_uscc(7)}),
    ],
    ids=["name", "birth", "employer"],
)
async def test_another_name_birth_or_employer_is_no_candidate(world, person, changed):
    await world.reported(a_person(1))
    await world.reported(person, **changed)

    assert await propose_cases(store=world.store, lanes=world.lanes) == 0


async def test_spellings_of_one_name_are_one_name(world):
    await world.reported(a_person(1, name="阿依·古丽"))
    await world.reported(a_person(2, name=" 阿依 • 古丽"))

    assert await propose_cases(store=world.store, lanes=world.lanes) == 1


async def test_three_alike_make_three_cases(world):
    for number in (1, 2, 3):
        await world.reported(a_person(number))

    assert await propose_cases(store=world.store, lanes=world.lanes) == 3


async def test_the_days_turn_proposes_too(world):
    one, _other, _ = await world.pair()
    await world.reported(a_person(3))

    await identity_day(world.store, world.lanes)(TODAY)

    assert (await world.case(candidate_id(one, talent_id(a_person(3))))).exists


async def test_whom_somebody_called_different_is_not_proposed_again(world):
    _, _, case = await world.pair()
    await world.resolve(case, "different")

    assert await propose_cases(store=world.store, lanes=world.lanes) == 0
    assert (await world.case(case)).facts().resolution == "different"


async def test_a_merged_or_erased_talent_is_no_candidate(world):
    one, _other, case = await world.pair()
    await world.resolve(case)
    await world.deliver()
    await world.reported(a_person(3))
    await world.erased(talent_id(a_person(3)))

    assert await propose_cases(store=world.store, lanes=world.lanes) == 0
    assert [row.id for row in await world.store.page(Talent, view=BY_MATCH, key=match(), after="", limit=9)] == [one]


def match():
    return KEYS.blind_index("match", f"李明|19900101|{a_uscc()}")


# Merging


async def test_a_merged_person_is_one_talent_with_every_affiliation(world):
    one, other, case = await world.pair()
    await world.reported(a_person(2), record="h1", by=partner("health"), department="health")

    await world.resolve(case)
    await world.deliver()

    facts, moved = await world.facts(one), await world.facts(other)
    assert [it.department for it in facts.affiliations] == ["civil_affairs", "health"]
    assert moved == type(moved)(moved_to=one)
    assert (await world.case(case)).facts().resolution == "same"
    assert [it.id for it in await world.store.page(Talent, view=BY_AREA, key="510104", after="", limit=9)] == [one]


async def test_the_winner_may_be_named(world):
    one, other, case = await world.pair()

    await world.resolve(case, winner=other)
    await world.deliver()

    assert ((await world.facts(one)).moved_to, (await world.facts(other)).moved_to) == (other, "")


async def test_nobody_is_counted_twice_on_the_way(world):
    one, other, case = await world.pair()
    await world.resolve(case)

    for _ in range(30):
        counted = [len((await world.facts(it)).affiliations) for it in (one, other)]
        assert counted in ([1, 0], [1, 1])
        assert not (counted == [1, 1] and (await world.facts(other)).moved_to)
        await world.deliver(most=1)


async def test_the_loser_says_that_it_is_moving_until_the_winner_has_its_part(world):
    _, other, case = await world.pair()
    await world.resolve(case)
    assert (await world.facts(other)).moving

    await world.deliver()

    assert not (await world.facts(other)).moving


async def test_the_winner_says_that_somebody_is_moving_until_the_loser_is_itself_again(world):
    one, other, case = await world.pair()
    await world.resolve(case)
    await world.deliver()

    await world.undo(case)
    assert (await world.facts(one)).moving
    while (await world.facts(other)).moved_to:
        assert (await world.facts(one)).moving
        await world.deliver(most=1)
    await world.deliver()

    assert not (await world.facts(one)).moving
    assert not (await world.facts(other)).moving


async def test_what_is_reported_of_the_loser_later_reaches_the_winner(world):
    one, other, case = await world.pair()
    await world.resolve(case)
    await world.deliver()

    await world.reported(a_person(2), record="h1", by=partner("health"), department="health")
    assert (await world.facts(other)).moving
    await world.deliver()

    assert len((await world.facts(one)).affiliations) == 2
    assert not (await world.facts(other)).moving


async def test_un_merging_gives_back_every_affiliation_as_if_never_merged(world):
    plain = Identities()
    for it in (world, plain):
        one, other, case = await it.pair()
    for it in (world, plain):
        if it is world:
            await it.resolve(case)
            await it.deliver()
        await it.reported(a_person(2), record="h1", by=partner("health"), department="health")
        await passed(it, a_person(2))
        await it.deliver()
    assert len((await world.facts(one)).certificates) == 1

    await world.undo(case)
    await world.deliver()

    for talent in (one, other):
        assert await world.facts(talent) == await plain.facts(talent)
        assert (await world.talent(talent)).state.reports == (await plain.talent(talent)).state.reports
        assert (await world.talent(talent)).counties() == (await plain.talent(talent)).counties()
    assert (await world.case(case)).facts().resolution == "different"


async def test_merged_again_after_it_was_undone(world):
    one, other, case = await world.pair()
    for winner in (one, other, one):
        await world.resolve(case, winner=winner)
        await world.deliver()
        loser = other if winner == one else one
        assert (await world.facts(loser)).moved_to == winner
        await world.undo(case)
        await world.deliver(again=True)
        assert [len((await world.facts(it)).affiliations) for it in (one, other)] == [1, 1]


async def test_a_winner_is_judged_by_all_reports(world):
    one, other, case = await world.pair()
    await passed(world, a_person(2 if talent_id(a_person(2)) == other else 1))
    await world.resolve(case)
    await world.deliver()

    talent = await world.talent(one)
    assert employment(talent).certified.keys() == {a_uscc()}
    assert derive(grounds(talent.all_reports)).periods == ()
    assert [it.level for it in grounds(talent.all_reports).held] == ["assistant"]
    assert employment(await world.talent(other)).certified == {}


async def test_an_affiliation_of_a_part_is_ended_where_it_was_reported(world):
    one, other, case = await world.pair()
    owner = a_person(2 if talent_id(a_person(2)) == other else 1)
    await world.reported(owner, record="m", role="manager")
    await world.resolve(case)
    await world.deliver()

    def end(talent):
        return end_affiliation(
            EndAffiliation(
                talent_id=talent, affiliation_id=f"civil_affairs/{a_uscc()}/manager", department="civil_affairs",
                until="2021-01-01", reason="", etag="", by=an_officer(department="civil_affairs"),
            ),
            lanes=world.lanes, clock=world.clock, cause=world.cause(),
        )  # fmt: skip

    with pytest.raises(AffiliationOfPart) as refused:
        await end(one)
    assert refused.value.meta["talent"] == other
    await end(other)
    await world.deliver()

    assert {it.role: it.until for it in (await world.facts(one)).affiliations} == {
        "manager": "2021-01-01",
        "worker": "",
    }


async def test_a_complete_list_misses_nobody_who_is_listed_under_another_number(world):
    one, other, case = await world.pair()

    async def missed(*listed):
        state = SnapshotState("civil_affairs", a_uscc(), "2021-01-01", "510000", "x", listed, len(listed), "reported")
        return await missing(state, store=world.store)

    assert await missed(other) == (one,)
    await world.resolve(case)
    await world.deliver()

    assert [await missed(one), await missed(other), await missed("nobody")] == [(), (), (one, other)]


async def test_a_record_of_a_merged_talent_that_is_withdrawn_leaves_the_winner_too(world):
    one, other, case = await world.pair()
    await world.reported(a_person(2 if talent_id(a_person(2)) == other else 1), record="m", role="manager")
    await world.resolve(case)
    await world.deliver()

    await world.lanes.update(
        Talent, other, lambda it: it.withdraw("civil_affairs", "civil_affairs", "m", 0), cause=None
    )
    await world.deliver()

    assert [it.role for it in (await world.facts(one)).affiliations] == ["worker"]


# What is lost or told again


@pytest.mark.parametrize("commits", [1, 2, 3], ids=["decided", "expected", "moved"])
async def test_a_merge_whose_process_is_lost_is_finished_by_the_saga(world, commits):
    one, other, case = await world.pair()
    world.commits_left = commits
    with pytest.raises(ProcessLostError):
        await world.resolve(case)

    await world.deliver()

    assert (await world.facts(other)).moved_to == one
    assert not (await world.facts(other)).moving
    assert len((await world.talent(one)).all_reports) == 2


@pytest.mark.parametrize("commits", [1, 2], ids=["decided", "released"])
async def test_an_undoing_whose_process_is_lost_is_finished_by_the_saga(world, commits):
    one, other, case = await world.pair()
    await world.resolve(case)
    await world.deliver()
    world.commits_left = commits
    with pytest.raises(ProcessLostError):
        await world.undo(case)

    await world.deliver()

    assert [len((await world.facts(it)).affiliations) for it in (one, other)] == [1, 1]


async def test_a_repeated_request_answers_as_the_first_time_and_merges_nothing_anew(world):
    one, other, case = await world.pair()
    first = await world.resolve(case, cause="r")
    await world.deliver()
    await world.undo(case)
    await world.deliver()

    assert await world.resolve(case, cause="r") == first
    await world.deliver(again=True)

    assert [(await world.facts(it)).moved_to for it in (one, other)] == ["", ""]
    assert (await world.talent(one)).merge.taken == ()


def test_late_decisions_change_nothing(world):
    talent, key = Talent("w", Talent.blank(), 1), lambda number: MergeKey("c", number)
    merge_steps.expect(talent, "l", key(2))
    merge_steps.release(talent, "l", key(3))
    merge_steps.expect(talent, "l", key(2))
    assert talent.merge.taken == ()
    merge_steps.expect(talent, "l", key(4))
    merge_steps.release(talent, "l", key(3))

    assert [it.loser for it in talent.merge.taken] == ["l"]


async def test_merged_again_before_the_loser_was_back(world):
    one, other, case = await world.pair()
    await world.resolve(case)
    await world.deliver()
    await world.undo(case)
    number = (await world.case(case)).version + 1
    await world.lanes.update(IdentityCase, case, lambda it: it.resolve("same", by="x", winner=one), cause=None)
    await world.lanes.update(Talent, one, lambda it: merge_steps.expect(it, other, MergeKey(case, number)), cause=None)

    await world.deliver()

    assert (await world.facts(other)).moved_to == one
    assert [(await world.facts(it)).moving for it in (one, other)] == [False, False]
    assert len((await world.talent(one)).all_reports) == 2


async def test_a_winner_that_moves_itself_while_its_part_comes_back_arrives(world):
    """One event tells both: that the part is back, and that the former winner is in the middle of a merge."""
    winner, former, loser = sorted([await world.reported(a_person(number)) for number in (1, 2, 3)])
    await propose_cases(store=world.store, lanes=world.lanes)
    await world.resolve(candidate_id(former, loser), winner=former)
    await world.deliver()
    await world.undo(candidate_id(former, loser))
    await world.told()
    released = world.log[former.encode()][-1]
    await world.hear(Moving(), [released])  # the loser is back, and nobody has told the former winner
    world.commits_left = 2
    with pytest.raises(ProcessLostError):
        await world.resolve(candidate_id(winner, former), winner=winner)
    await world.told()
    await world.hear(Moving(), [world.log[winner.encode()][-1]])
    await world.told()

    await world.hear(Moving(), [released, world.log[former.encode()][-1]])
    await world.deliver()

    assert (await world.facts(former)).moved_to == winner
    assert [(await world.facts(it)).moving for it in (winner, former, loser)] == [False] * 3


async def test_undone_before_the_loser_had_moved(world):
    one, other, case = await world.pair()
    world.commits_left = 2
    with pytest.raises(ProcessLostError):
        await world.resolve(case)
    await world.undo(case)

    await world.deliver()

    assert [(await world.facts(it)).moving for it in (one, other)] == [False, False]
    assert [len((await world.facts(it)).affiliations) for it in (one, other)] == [1, 1]


def test_a_loser_has_arrived_when_its_latest_version_has():
    loser = Talent("l", Talent.blank(), 6)
    merge_steps.move_into(loser, "w", MergeKey("c", 1))
    merge_steps.arrive(loser, 6)
    assert loser.facts().moving
    merge_steps.arrive(loser, 7)
    assert not loser.facts().moving


# Rules


async def test_merges_form_neither_chains_nor_rings(world):
    ids = sorted([await world.reported(a_person(number)) for number in (1, 2, 3)])
    await propose_cases(store=world.store, lanes=world.lanes)
    first, second, third = ids
    await world.resolve(candidate_id(first, second))
    await world.deliver()

    with pytest.raises(TalentMoved) as refused:
        await world.resolve(candidate_id(second, third))
    assert refused.value.meta["moved_to"] == first
    with pytest.raises(TalentHasParts):
        await world.resolve(candidate_id(first, third), winner=third)
    await world.resolve(candidate_id(first, third))
    await world.deliver()

    assert [(await world.facts(it)).moved_to for it in ids] == ["", first, first]
    assert len((await world.talent(first)).merge.taken) == 2


async def test_of_two_merges_that_exclude_each_other_one_is_given_up_and_its_case_open_again(world):
    """Both were decided before either was carried out."""
    ids = sorted([await world.reported(a_person(number)) for number in (1, 2, 3)])
    await propose_cases(store=world.store, lanes=world.lanes)
    first, second, third = ids
    for case, winner in ((candidate_id(first, second), second), (candidate_id(second, third), third)):
        await world.lanes.update(
            IdentityCase, case, lambda it, w=winner: it.resolve("same", by="x", winner=w), cause=None
        )

    await world.deliver()

    cases = [(await world.case(candidate_id(*pair))).facts() for pair in ((first, second), (second, third))]
    assert sorted(it.status for it in cases) == ["open", "resolved"]
    moved = [(await world.facts(it)).moved_to for it in ids]
    assert sorted(map(bool, moved)) == [False, False, True]
    assert sum([len((await world.facts(it)).affiliations) for it in ids]) == 2


async def test_a_merge_is_undone_and_not_decided_otherwise(world):
    _one, other, case = await world.pair()
    with pytest.raises(NotMerged):
        await world.undo(case)
    await world.resolve(case)

    with pytest.raises(CaseMerged):
        await world.resolve(case, "different")
    with pytest.raises(CaseMerged):
        await world.resolve(case, winner=other)
    version = (await world.case(case)).version
    await world.resolve(case)

    assert (await world.case(case)).version == version


async def test_an_erased_person_is_not_merged(world):
    _one, other, case = await world.pair()
    await world.erased(other)

    with pytest.raises(IdentityErasedBefore):
        await world.resolve(case)

    assert (await world.case(case)).facts().status == "open"


def test_nobody_is_merged_into_itself():
    talent = Talent("t", Talent.blank(), 1)
    with pytest.raises(MergedIntoItself):
        merge_steps.move_into(talent, "t", MergeKey("c", 1))
    with pytest.raises(MergedIntoItself):
        merge_steps.expect(talent, "t", MergeKey("c", 1))
    with pytest.raises(TalentNotFound):
        merge_steps.expect(Talent.new("n"), "t", MergeKey("c", 1))
    assert talent.version == 1


async def test_two_names_of_one_number_are_a_case_that_a_person_closes(world):
    talent = await world.reported(a_person(1))
    await world.reported(a_person(1, name="李鸣"), record="h1", by=partner("health"), department="health")
    await world.deliver()
    case = f"name/{talent}"
    assert (await world.case(case)).facts().departments == ("health",)
    assert (await world.case(case)).state.counties == ("510104",)

    await world.resolve(case)
    await world.deliver()
    assert (await world.case(case)).facts().status == "resolved"
    assert (await world.facts(talent)).moved_to == ""

    other = {"by": partner("education"), "department": "education"}
    await world.reported(a_person(1, name="李名"), record="e1", **other)
    await world.deliver()
    assert (await world.case(case)).facts().status == "open"


# Reading


async def test_the_two_sides_are_shown_masked_with_what_differs(world):
    one, other, case = await world.pair()
    owner = a_person(2 if talent_id(a_person(2)) == other else 1)
    await world.reported(
        owner, record="h1", by=partner("health"), department="health", home_county="510105", as_of="2021-01-01"
    )

    _, sides, differing = await get_case(case, by=an_officer(), store=world.store)

    assert [it.talent_id for it in sides] == [one, other]
    assert [it.masked_names for it in sides] == [("李**",), ("李**",)]
    assert differing == ["home_county", "departments"]
    assert "李明" not in repr(sides)


async def test_open_cases_are_listed_by_area(world):
    _, _, case = await world.pair()

    async def listed(area, by=None):
        page = await waiting(IdentityCase, area, size=0, token="", by=by or an_officer(), store=world.store)
        return [row.id for row in page.rows]

    assert [await listed(it) for it in ("", "510100", "510104", "510105")] == [[case], [case], [case], []]
    assert await listed("", an_officer(area="510104")) == [case]
    with pytest.raises(OutsideScope):
        await listed("510105", an_officer(area="510104"))
    await world.resolve(case, "different")
    assert await listed("") == []


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"case": ""}, FieldMissing, "case_id"),
        ({"case": LONG}, FieldTooLong, "case_id"),
        ({"case": "李明"}, IdMalformed, "case_id"),
        ({"case": "candidate/a/b"}, CaseNotFound, "case_id"),
        ({"resolution": ""}, FieldMissing, "resolution"),
        ({"resolution": "maybe"}, CodeUnknown, "resolution"),
        ({"resolution": LONG}, FieldTooLong, "resolution"),
        ({"winner": "x"}, WinnerNotOfCase, "winner"),
        ({"winner": LONG}, FieldTooLong, "winner"),
        ({"etag": "9"}, EtagMismatch, "etag"),
        ({"etag": LONG}, EtagMismatch, "etag"),
        ({"by": an_officer(area="510105")}, OutsideScope, "case_id"),
    ],
)
async def test_a_bad_resolution_is_named_and_changes_nothing(world, changed, error, field):
    one, other, case = await world.pair()
    values = {"case": case, "resolution": "same", **changed}

    with pytest.raises(error) as refused:
        await world.resolve(**values)

    assert refused.value.field == field
    assert [(await world.talent(it)).version for it in (one, other)] == [1, 1]
    assert (await world.case(case)).version == 1


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"case": ""}, FieldMissing, "case_id"),
        ({"case": LONG}, FieldTooLong, "case_id"),
        ({"case": "candidate/a/b"}, CaseNotFound, "case_id"),
        ({"etag": "9"}, EtagMismatch, "etag"),
        ({"by": an_officer(area="510105")}, OutsideScope, "case_id"),
    ],
)
async def test_a_bad_undoing_is_named_and_changes_nothing(world, changed, error, field):
    one, other, case = await world.pair()
    await world.resolve(case)
    await world.deliver()
    before = [msgspec.json.encode((await world.talent(it)).state) for it in (one, other)]

    with pytest.raises(error) as refused:
        await world.undo(**{"case": case, **changed})

    assert refused.value.field == field
    assert [msgspec.json.encode((await world.talent(it)).state) for it in (one, other)] == before
