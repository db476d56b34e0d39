"""The roster of disaster social workers, call-ups and answers."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import msgspec
import pytest

from services.registry.commands import record_roster_entry
from services.registry.commands.issue_call_up import issue_call_up
from services.registry.domain.call_up import (
    MOST_CALLED,
    CallUp,
    CallUpAnswered,
    CallUpClosed,
    CallUpIssued,
    CallUpNotFound,
    CallUpOver,
    NobodyToCall,
    NotCalled,
)
from services.registry.domain.roster import covering, in_force
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged
from services.registry.storage import KINDS
from services.shared.kernel.change import cause
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import (
    AreaUnknown,
    DateInFuture,
    DateInvalid,
    Exhausted,
    FieldMissing,
    FieldTooLong,
    IntervalReversed,
    OutsideScope,
)
from services.shared.kernel.lanes import Lanes
from services.shared.runtime.clock import SystemRandom
from services.shared.runtime.store.kind import LARGEST_DOCUMENT
from services.shared.runtime.store.memory import MemoryStore
from tests.builders.registry import KEYS, TODAY, an_origin
from tests.builders.roster import a_call_up, a_mandate, a_report_roster_entry, a_roster_report, an_issue_call_up
from tests.builders.serving import SetClock

LONG = "x" * 65536


def a_talent(*reports, talent="t1"):
    it = Talent.new(talent)
    for report in reports:
        it.report(report, None, PrivateChanged())
    return it


# ── the roster ──


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ("510104", ["510000", "510100", "510104"]),
        ("510100", ["510000", "510100"]),
        ("510000", ["510000"]),
    ],
)
def test_a_mission_is_covered_by_entries_of_its_area_and_those_above(area, expected):
    assert covering(area) == expected


def test_an_entry_holds_from_its_first_day_until_the_day_it_ends():
    talent = a_talent(a_roster_report(until=Day("2024-07-01")))

    held = [
        day
        for day in ("2023-12-31", "2024-01-01", "2024-06-30", "2024-07-01")
        if in_force(talent, area="510100", on=day)
    ]
    assert held == ["2024-01-01", "2024-06-30"]
    assert not in_force(talent, area="510104", on=Day("2024-02-01"))


def test_entries_are_the_same_whatever_the_order():
    reports = [
        a_roster_report(),
        a_roster_report(revision=2, until=Day("2024-07-01")),
        a_roster_report("r2", area="510000"),
    ]

    assert len({a_talent(*order).state.reports for order in itertools.permutations(reports)}) == 1


def test_an_entry_is_told_without_saying_what_changed():
    step = record_roster_entry.step(a_report_roster_entry(), keys=KEYS, today=TODAY)
    talent = Talent.new(step.id)
    step.change(talent)
    step.change(talent)

    assert [type(it.event) for it in talent.pending] == [PrivateChanged]
    assert "510100" not in repr(talent.facts())


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"area": ""}, FieldMissing, "area"),
        ({"area": "519999"}, AreaUnknown, "area"),
        ({"area": "510104020001"}, AreaUnknown, "area"),
        ({"area": LONG}, AreaUnknown, "area"),
        ({"since": ""}, FieldMissing, "since"),
        ({"since": "2026-11-25"}, DateInFuture, "since"),
        ({"since": LONG}, DateInvalid, "since"),
        ({"until": "2024-01-01"}, IntervalReversed, "until"),
        ({"until": "2024"}, DateInvalid, "until"),
    ],
)
def test_an_entry_refuses_bad_fields(changed, error, field):
    with pytest.raises(error) as refused:
        record_roster_entry.step(a_report_roster_entry(**changed), keys=KEYS, today=TODAY)

    assert refused.value.field == field


# ── call-ups ──


def told(call_up):
    facts = call_up.facts()
    return facts.called, facts.accepted, facts.declined


def test_the_last_answer_counts_and_the_same_again_changes_nothing():
    call_up = a_call_up()
    call_up.answer("t1", accepted=False)
    call_up.answer("t1", accepted=True)
    call_up.answer("t1", accepted=True)
    call_up.answer("t2", accepted=False)

    assert told(call_up) == (2, 1, 1)
    assert [type(it.event) for it in call_up.pending] == [CallUpIssued, *[CallUpAnswered] * 3]


def test_only_who_is_called_answers_and_only_while_it_is_open():
    call_up = a_call_up()
    with pytest.raises(NotCalled):
        call_up.answer("t3", accepted=True)
    with pytest.raises(CallUpNotFound):
        CallUp.new("c2").answer("t1", accepted=True)

    call_up.close(Day("2024-10-01"))

    with pytest.raises(CallUpOver):
        call_up.answer("t1", accepted=True)
    with pytest.raises(CallUpOver):
        call_up.close(Day("2024-11-01"))
    assert [type(it.event) for it in call_up.pending] == [CallUpIssued, CallUpClosed]
    assert call_up.facts().until == "2024-10-01"


def test_a_mission_does_not_end_before_it_began():
    with pytest.raises(IntervalReversed):
        a_call_up().close(Day("2024-09-05"))


def test_nobody_or_too_many_are_not_called():
    for talents, error in ((), NobodyToCall), ([f"t{number}" for number in range(MOST_CALLED + 1)], Exhausted):
        call_up = CallUp.new("c1")
        with pytest.raises(error):
            call_up.issue(a_mandate(), talents)
        assert not call_up.exists


def test_facts_name_nobody_and_the_largest_call_up_fits_its_document():
    talents = [f"{number:032x}" for number in range(MOST_CALLED)]
    call_up = a_call_up(*talents, disaster="震" * 200)
    for talent in talents:
        call_up.answer(talent, accepted=False)

    kind = next(it for it in KINDS if it.aggregate is CallUp)
    assert len(kind.encode(call_up.state)) < LARGEST_DOCUMENT / 2
    assert talents[0] not in repr(call_up.facts())
    assert told(call_up) == (MOST_CALLED, 0, MOST_CALLED)


class Issuing:
    """Issues call-ups over a store in memory with some people on the roster."""

    def __init__(self) -> None:
        clock = SetClock(datetime(2026, 11, 24, 4, tzinfo=UTC))
        self.store = MemoryStore(KINDS, clock=clock)
        self.lanes = Lanes(self.store, clock=clock, random=SystemRandom())

    async def enters(self, talent, *reports):
        for number, given in enumerate(reports):
            report = msgspec.structs.replace(given, origin=an_origin(f"{talent}-{number}"))
            await self.lanes.update(
                Talent, talent, lambda it, said=report: it.report(said, None, PrivateChanged()) and None, cause=None
            )

    async def issue(self, **changed):
        command = an_issue_call_up(**changed)
        why = cause("officer", "IssueCallUp", command.request_id, msgspec.json.encode(command.area))
        return await issue_call_up(command, store=self.store, lanes=self.lanes, cause=why)

    async def called(self, **changed):
        key = (await self.issue(**changed)).values["call_up_id"]
        call_up = (await self.store.get_many(CallUp, [key]))[key].aggregate
        return [it.talent for it in call_up.state.called]


@pytest.fixture
def issuing():
    return Issuing()


async def test_called_is_who_can_be_sent_to_the_whole_area_on_the_first_day(issuing):
    await issuing.enters("county", a_roster_report(area="510104"))
    await issuing.enters("city", a_roster_report())
    await issuing.enters("province", a_roster_report(area="510000"), a_roster_report(area="510104"))
    await issuing.enters("elsewhere", a_roster_report(area="510105"))
    await issuing.enters("left", a_roster_report(until=Day("2024-09-05")))
    await issuing.enters("later", a_roster_report(since=Day("2024-09-06")))

    assert await issuing.called() == ["city", "county", "province"]
    assert await issuing.called(area="510100", request_id="q2") == ["city", "province"]


async def test_the_same_request_calls_the_same_people_again(issuing):
    await issuing.enters("city", a_roster_report())
    first = await issuing.issue()
    await issuing.enters("new", a_roster_report())

    assert await issuing.issue() == first
    assert await issuing.called() == ["city"]


async def test_nobody_on_the_roster_is_said_so(issuing):
    with pytest.raises(NobodyToCall):
        await issuing.issue()


@pytest.mark.parametrize(
    ("changed", "error", "field"),
    [
        ({"department": ""}, OutsideScope, "department"),
        ({"department": "health"}, OutsideScope, "department"),
        ({"area": ""}, FieldMissing, "area"),
        ({"area": "519999"}, AreaUnknown, "area"),
        ({"area": "510302"}, OutsideScope, "area"),
        ({"disaster": " "}, FieldMissing, "disaster"),
        ({"disaster": LONG}, FieldTooLong, "disaster"),
        ({"since": ""}, FieldMissing, "since"),
        ({"since": "2024-02-30"}, DateInvalid, "since"),
        ({"until": "2024-09-05"}, IntervalReversed, "until"),
    ],
)
async def test_a_call_up_refuses_bad_fields(issuing, changed, error, field):
    await issuing.enters("city", a_roster_report())
    with pytest.raises(error) as refused:
        await issuing.issue(**changed)

    assert refused.value.field == field
