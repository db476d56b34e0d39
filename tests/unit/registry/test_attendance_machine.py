"""Whatever sheets, reversals and reports of a session come, in whatever order their events arrive and however often:
session and talents say what a plain reading of the lists says.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from services.registry.consumers.sheets import Sheets
from services.registry.domain.education import entries
from services.registry.domain.sheet import Row, Sheet, SheetState, sheet_id
from services.registry.domain.talent import Talent
from services.registry.domain.training import SessionReport, TrainingSession, session_key
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import DomainError
from tests.builders.organisations import Sagas
from tests.builders.registry import a_uscc, an_origin

SESSION = "civil_affairs/s-1"
BORN = {"t0": 1990, "t1": 1990, "t2": 1990, "t3": 2022}  # the last one after the session
NUMBERS = [1, 2, 3]
DAYS = [Day("2021-03-02"), Day("2021-05-01"), Day("2022-01-01")]
people, numbers = st.sampled_from(sorted(BORN)), st.sampled_from(NUMBERS)


class Attendance(RuleBasedStateMachine):
    """Beside the aggregates: the lists as they were sent, and what was taken back when."""

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed):
        self.sagas = Sagas(seed=seed, readers=(Sheets(),))
        self.revision = 0
        self.reports, self.sheets, self.struck = [], {}, {}

    @rule(number=numbers, rows=st.dictionaries(people, st.sampled_from([0, 60, 100, 900]), min_size=1))
    def receive(self, number, rows):
        told = tuple(Row(it, f"name-{it}", "", "王**", BORN[it], b"sealed", minutes) for it, minutes in rows.items())
        state = SheetState("attendance", session_key(SESSION), number, "civil_affairs", told)
        try:
            self.sagas.change(Sheet, self.sheet(number), lambda it: it.receive(state))
        except DomainError:
            assert self.sheets[number] != rows
            return
        assert self.sheets.setdefault(number, rows) == rows

    @rule(number=numbers, person=st.sampled_from(["", *BORN]), on=st.sampled_from(DAYS))
    def take_back(self, number, person, on):
        rows = self.sheets.get(number, {})
        try:
            self.sagas.change(Sheet, self.sheet(number), lambda it: it.reverse(person, on=on, reason="错误"))
        except DomainError:
            assert not rows or person not in {"", *rows}
            return
        for one in [person] if person else rows:
            self.strike(number, one, on)

    @rule(number=numbers, person=people, on=st.sampled_from(DAYS))
    def system_takes_back(self, number, person, on):
        """Also somebody of a list that has not come."""
        known = SheetState("attendance", session_key(SESSION), number, "civil_affairs")
        self.sagas.change(Sheet, self.sheet(number), lambda it: it.take_back(known, person, on=on))
        self.strike(number, person, on)

    @rule(status=st.sampled_from(["planned", "held", "held", "held", "cancelled"]), minutes=st.sampled_from([60, 480]))
    def report_session(self, status, minutes):
        self.revision += 1
        self.reports.append((status, minutes))
        report = SessionReport(
            an_origin("s", self.revision), a_uscc(), "510104", DAYS[0], DAYS[0], minutes, "professional", "", "个案",
            (), status,
        )  # fmt: skip
        self.sagas.change(TrainingSession, SESSION, lambda it: it.report(report))

    @rule(most=st.integers(1, 6))
    def some_events_arrive(self, most):
        self.sagas.deliver(most=most)

    @rule()
    def all_events_arrive_again(self):
        self.sagas.deliver(again=True)
        self.check()

    @rule()
    def all_events_arrive(self):
        self.sagas.deliver()
        self.check()

    def teardown(self):
        if hasattr(self, "sagas"):
            self.sagas.deliver()
            self.check()

    def strike(self, number, person, on):
        self.struck[(number, person)] = min(on, self.struck.get((number, person), on))

    @staticmethod
    def sheet(number):
        return sheet_id(session_key(SESSION), number)

    def check(self):
        session = self.sagas.of(TrainingSession, SESSION)
        expected = {it: minutes for it in BORN if (minutes := self.counts(it, standing=True))}
        assert session.attendance() == expected
        for person in BORN:
            found = entries(self.sagas.of(Talent, person).state.reports)
            assert sum(it.counted for it in found) == expected.get(person, 0)
            told = self.counts(person, standing=False)
            assert [(it.minutes, it.reversed_on) for it in found] == ([(told, self.taken_back(person))] if told else [])
        if self.status() in {"held", "cancelled"}:
            rows = [row for number in self.sheets for row in self.sagas.of(Sheet, self.sheet(number)).state.rows]
            assert not any(row.sealed for row in rows)

    def status(self):
        return self.reports[-1][0] if self.reports else ""

    def counts(self, person, *, standing):
        """Minutes of the lists that stand; with `standing` False of all lists once none of them stands."""
        if self.status() != "held" or BORN[person] > int(DAYS[0][:4]):
            return 0
        most = self.reports[-1][1]
        told = {number: min(rows[person] or most, most) for number, rows in self.sheets.items() if person in rows}
        stand = [minutes for number, minutes in told.items() if (number, person) not in self.struck]
        return min(stand or ([] if standing else told.values()), default=0)

    def taken_back(self, person):
        """Empty while a list stands, then the day on which the last one was taken back."""
        days = [self.struck.get((number, person), "") for number, rows in self.sheets.items() if person in rows]
        return "" if "" in days else max(days)


def test_sheets_and_reversals_in_any_order_credit_everybody_once():
    run_state_machine_as_test(
        Attendance,
        settings=settings(
            max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_sheets_and_reversals_in_any_order_credit_everybody_once_at_length():
    run_state_machine_as_test(
        Attendance,
        settings=settings(
            max_examples=2_000, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_whose_identity_was_erased_is_credited_and_stays_unnamed():
    machine = Attendance()
    machine.begin(seed=1)
    machine.receive(1, {"t0": 60})
    machine.report_session("held", 480)
    machine.all_events_arrive()
    machine.sagas.change(Talent, "t0", Talent.erase)
    machine.receive(2, {"t0": 100, "t1": 0})
    machine.take_back(1, "t0", DAYS[0])

    machine.all_events_arrive()

    assert machine.sagas.of(Talent, "t0").state.identities == ()
    assert machine.counts("t0", standing=True) == 100
