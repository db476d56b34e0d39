"""Programmes: when they run, who counts as a member, which agencies may be paired."""

from __future__ import annotations

import itertools

import pytest

from services.registry.commands import close_programme, end_pairing, open_programme, record_enrolment
from services.registry.commands.open_programme import RegionTypeMisplaced
from services.registry.consumers.own_programmes import OwnProgrammes
from services.registry.domain import programme as domain
from services.registry.domain.enrolment import Enrolled
from services.registry.domain.programme import (
    MOST_PAIRINGS,
    TOLD_PAIRINGS,
    NotAPairingProgramme,
    OutsideProgramme,
    PairingNotFound,
    PairingOverlaps,
    Programme,
    ProgrammeExists,
    ProgrammeNotFound,
    ProgrammeOver,
)
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged
from services.registry.storage import KINDS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import (
    AreaUnknown,
    CodeUnknown,
    DateInFuture,
    DateInvalid,
    EtagMismatch,
    Exhausted,
    FieldMissing,
    FieldTooLong,
    IntervalReversed,
    OutsideScope,
)
from services.shared.kernel.text import IdMalformed
from services.shared.kernel.uscc import UsccInvalid
from services.shared.runtime.store.kind import LARGEST_FACTS
from tests.builders.organisations import Sagas
from tests.builders.programmes import (
    OFFICER,
    PROGRAMME,
    a_pairing,
    a_programme,
    a_report_enrolment,
    an_enrolment,
    an_open_programme,
    an_opening,
)
from tests.builders.registry import KEYS, TODAY, a_uscc, an_origin

LONG = "x" * 65536
PAIRED = {"kind": "agency_pairing"}


def a_row(talent="t1", since="2024-03-01", until="", result=""):
    return Enrolled(talent, Day(since), Day(until), result)


def counts(programme):
    return programme.facts().members, programme.facts().completed


# ── the programme ──


def test_a_programme_is_opened_once():
    programme = a_programme()

    with pytest.raises(ProgrammeExists):
        programme.open(an_opening(name="另一个"))

    assert programme.version == 1


def test_a_closed_programme_is_not_closed_again_and_never_before_it_began():
    programme = a_programme()
    with pytest.raises(IntervalReversed):
        programme.close(Day("2024-01-01"))

    programme.close(Day("2024-07-01"))

    assert programme.facts().until == "2024-07-01"
    with pytest.raises(ProgrammeOver):
        programme.close(Day("2024-08-01"))


def test_a_member_is_counted_once_and_only_who_began_while_the_programme_ran():
    programme = a_programme()
    programme.count(
        7, 1, [a_row(), a_row(since="2024-05-01"), a_row("t2", since="2025-01-01"), a_row("t3", "2023-12-31")]
    )

    assert counts(programme) == (1, 0)


@pytest.mark.parametrize(("result", "completed"), [("left", 0), ("passed", 1), ("excellent", 1), ("", 0)])
def test_who_left_was_a_member_and_completed_nothing(result, completed):
    programme = a_programme()
    programme.count(7, 1, [a_row(until="2024-06-01", result=result)])

    assert counts(programme) == (1, completed)


def test_an_older_version_of_a_sheet_counts_nothing_any_more():
    programme = a_programme()
    programme.count(7, 2, [a_row(), a_row("t2")])

    assert not programme.count(7, 1, [a_row()])
    assert not programme.count(7, 2, [a_row(), a_row("t2")])
    assert counts(programme) == (2, 0)


def test_each_change_of_members_says_what_it_was():
    programme = a_programme()
    programme.count(7, 1, [a_row()])
    programme.count(7, 2, [a_row(until="2024-06-01", result="passed")])
    programme.count(7, 3, [])

    assert [it.event.what for it in programme.pending[1:]] == ["taken_part", "completed", "left"]


# ── pairing ──


def test_two_agencies_are_paired_while_the_programme_runs_and_once_at_a_time():
    programme = a_programme(**PAIRED)
    programme.pair(a_pairing())
    programme.pair(a_pairing("2024-06-01", ""))
    programme.pair(a_pairing(supporter=a_uscc(3)))

    with pytest.raises(PairingOverlaps):
        programme.pair(a_pairing("2024-05-31", "2024-06-01"))
    assert [(it.since, it.until) for it in programme.facts().pairings] == [
        ("2024-02-01", "2024-06-01"),
        ("2024-02-01", "2024-06-01"),
        ("2024-06-01", "2025-01-01"),
    ]


@pytest.mark.parametrize(("since", "until"), [("2023-12-31", ""), ("2025-01-01", ""), ("2024-02-01", "2025-01-02")])
def test_no_pairing_begins_or_lasts_outside_its_programme(since, until):
    programme = a_programme(**PAIRED)

    with pytest.raises(OutsideProgramme):
        programme.pair(a_pairing(since, until))


def test_agencies_are_paired_in_a_pairing_programme_only():
    with pytest.raises(NotAPairingProgramme):
        a_programme().pair(a_pairing())
    with pytest.raises(ProgrammeNotFound):
        Programme.new(PROGRAMME).pair(a_pairing())


def test_a_pairing_that_runs_is_ended_and_another_one_is_not_found():
    programme = a_programme(**PAIRED)
    programme.pair(a_pairing())
    for until in ("2024-02-01", "2024-06-01"):
        with pytest.raises(PairingNotFound):
            programme.end_pairing(a_uscc(1), a_uscc(2), Day(until))

    programme.end_pairing(a_uscc(1), a_uscc(2), Day("2024-03-01"))

    assert [it.until for it in programme.facts().pairings] == ["2024-03-01"]


def test_pairings_end_with_their_programme():
    programme = a_programme(**PAIRED)
    programme.pair(a_pairing())
    programme.pair(a_pairing("2024-07-01", "2024-08-01"))

    programme.close(Day("2024-03-01"))

    assert [(it.since, it.until) for it in programme.facts().pairings] == [("2024-02-01", "2024-03-01")]


def test_facts_hold_the_latest_pairings_and_stay_small():
    programme = a_programme(**PAIRED, name="牵" * 200)
    for number in range(MOST_PAIRINGS):
        programme.pair(a_pairing(supporter=a_uscc(number + 1), supported=a_uscc(number + 1000)))

    kind = next(it for it in KINDS if it.aggregate is Programme)
    assert len(programme.facts().pairings) == TOLD_PAIRINGS
    assert len(kind.summary(programme)) < LARGEST_FACTS
    with pytest.raises(Exhausted):
        programme.pair(a_pairing(supporter=a_uscc(3000)))


# ── the saga ──


def told(seed, order):
    """The calls in this order, each event delivered late, and all of them twice."""
    sagas = Sagas(seed=seed)
    sagas.readers = (OwnProgrammes(),)
    calls = {
        "open": lambda: sagas.change(Programme, PROGRAMME, lambda it: it.open(an_opening())),
        "one": lambda: sagas.change(Talent, "t1", lambda it: it.report(an_enrolment(), None, PrivateChanged())),
        "two": lambda: sagas.change(
            Talent,
            "t2",
            lambda it: it.report(an_enrolment(until=Day("2024-06-01"), result="passed"), None, PrivateChanged()),
        ),
        "corrected": lambda: sagas.change(
            Talent,
            "t1",
            lambda it: it.report(an_enrolment(revision=2, programme="emei/510000/1"), None, PrivateChanged()),
        ),
    }
    for call in order:
        calls[call]()
        sagas.deliver(most=1)
    sagas.deliver()
    sagas.deliver(again=True)
    return sagas


@pytest.mark.parametrize("order", list(itertools.permutations(["open", "one", "two", "corrected"])))
def test_members_are_the_same_whatever_the_order(order):
    """The correction takes the first person into another programme, which nobody has opened."""
    sagas = told(sum(map(len, order)), order)

    assert counts(sagas.of(Programme, PROGRAMME)) == (1, 1)
    other = sagas.of(Programme, "emei/510000/1")
    assert (other.opened, counts(other)) == (False, (0, 0))


def test_members_who_were_reported_before_the_programme_count_once_it_is_opened():
    sagas = told(1, ["one", "two"])
    assert counts(sagas.of(Programme, PROGRAMME)) == (0, 0)

    sagas.change(Programme, PROGRAMME, lambda it: it.open(an_opening()))
    sagas.deliver()
    assert counts(sagas.of(Programme, PROGRAMME)) == (2, 1)

    sagas.change(Programme, PROGRAMME, lambda it: it.close(Day("2024-02-01")))
    sagas.deliver()
    assert counts(sagas.of(Programme, PROGRAMME)) == (0, 0)


# ── bad input, field by field ──


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"kind": ""}, FieldMissing, "kind"),
        ({"kind": "whim"}, CodeUnknown, "kind"),
        ({"kind": LONG}, FieldTooLong, "kind"),
        ({"area": ""}, FieldMissing, "area"),
        ({"area": "519999"}, AreaUnknown, "area"),
        ({"area": "510104020"}, AreaUnknown, "area"),
        ({"area": "510300"}, OutsideScope, "area"),
        ({"code": ""}, FieldMissing, "code"),
        ({"code": "a/b"}, IdMalformed, "code"),
        ({"code": "增能"}, IdMalformed, "code"),
        ({"code": "x" * 33}, FieldTooLong, "code"),
        ({"code": LONG}, FieldTooLong, "code"),
        ({"name": " "}, FieldMissing, "name"),
        ({"name": LONG}, FieldTooLong, "name"),
        ({"region_type": "ethnic"}, RegionTypeMisplaced, "region_type"),
        ({"kind": "support_plan"}, FieldMissing, "region_type"),
        ({"kind": "support_plan", "region_type": "coast"}, CodeUnknown, "region_type"),
        ({"since": ""}, FieldMissing, "since"),
        ({"since": "2024-02-30"}, DateInvalid, "since"),
        ({"until": "2024-01-01"}, IntervalReversed, "until"),
        ({"until": "soon"}, DateInvalid, "until"),
    ],
)
def test_opening_refuses_bad_fields(changed, error, field):
    with pytest.raises(error) as refused:
        open_programme.step(an_open_programme(**changed))

    assert refused.value.field == field


def test_a_programme_is_named_by_kind_area_and_code():
    step = open_programme.step(an_open_programme(kind="support_plan", region_type="ethnic"))

    assert step.id == "support_plan/510100/2024-1"
    assert step.change(Programme.new(step.id)) == {"programme_id": step.id}


@pytest.mark.parametrize(
    ("programme", "error"),
    [
        ("", FieldMissing),
        (LONG, FieldTooLong),
        ("empowerment", IdMalformed),
        ("empowerment/510100/", IdMalformed),
        ("empowerment/510100/a/b", IdMalformed),
        ("whim/510100/1", IdMalformed),
        ("empowerment/519999/1", AreaUnknown),
        (f"empowerment/510100/{'x' * 33}", IdMalformed),
    ],
)
def test_an_id_that_no_programme_can_have_is_refused(programme, error):
    with pytest.raises(error) as refused:
        domain.known_id(programme, field="programme_id")

    assert refused.value.field == "programme_id"


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"programme_id": ""}, FieldMissing, "programme_id"),
        ({"since": ""}, FieldMissing, "since"),
        ({"since": "2026-11-25"}, DateInFuture, "since"),
        ({"since": "2024-13-01"}, DateInvalid, "since"),
        ({"until": ""}, FieldMissing, "until"),
        ({"until": "2024-03-01"}, IntervalReversed, "until"),
        ({"until": "2026-11-25"}, DateInFuture, "until"),
        ({"until": LONG}, DateInvalid, "until"),
        ({"result": ""}, FieldMissing, "result"),
        ({"result": "great"}, CodeUnknown, "result"),
        ({"result": LONG}, FieldTooLong, "result"),
    ],
)
def test_an_enrolment_refuses_bad_fields(changed, error, field):
    with pytest.raises(error) as refused:
        record_enrolment.step(a_report_enrolment(**changed), keys=KEYS, today=TODAY)

    assert refused.value.field == field


def test_an_enrolment_is_told_without_saying_what_changed():
    step = record_enrolment.step(a_report_enrolment(), keys=KEYS, today=TODAY)
    talent = Talent.new(step.id)
    step.change(talent)
    step.change(talent)

    assert [type(it.event) for it in talent.pending] == [PrivateChanged]
    assert (talent.facts().affiliations, talent.facts().designations) == ((), ())


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"programme_id": "x"}, IdMalformed, "programme_id"),
        ({"until": ""}, FieldMissing, "until"),
        ({"until": "2023"}, DateInvalid, "until"),
        ({"etag": "9"}, EtagMismatch, "etag"),
    ],
)
def test_closing_refuses_bad_fields(changed, error, field):
    values = {"by": OFFICER, "programme_id": PROGRAMME, "until": "2024-06-01", "etag": "1"}
    programme = a_programme()
    with pytest.raises(error) as refused:
        close_programme.step(close_programme.CloseProgramme(**{**values, **changed})).change(programme)

    assert (refused.value.field, programme.version) == (field, 1)


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"programme_id": ""}, FieldMissing, "programme_id"),
        ({"supporter": "1"}, UsccInvalid, "supporter"),
        ({"supported": ""}, FieldMissing, "supported"),
        ({"until": "2024-02-31"}, DateInvalid, "until"),
        ({"etag": "9"}, EtagMismatch, "etag"),
    ],
)
def test_ending_a_pairing_refuses_bad_fields(changed, error, field):
    values = {"programme_id": PROGRAMME, "supporter": a_uscc(1), "supported": a_uscc(2), "until": "2024-03-01"}
    programme = a_programme(**PAIRED)
    programme.pair(a_pairing())
    with pytest.raises(error) as refused:
        end_pairing.step(end_pairing.EndPairing(by=OFFICER, **{**values, "etag": "2", **changed})).change(programme)

    assert (refused.value.field, programme.version) == (field, 2)


def test_a_partner_may_correct_its_enrolment_by_a_higher_revision():
    talent = Talent.new("t1")
    talent.report(an_enrolment(revision=2, until=Day("2024-06-01"), result="excellent"), None, PrivateChanged())

    assert not talent.report(an_enrolment(), None, PrivateChanged())
    assert [it.origin for it in talent.state.reports] == [an_origin("e1", 2)]
