"""Whatever happens to members, branches and organisations, in whatever order the events come: the party cover equals
what a plain reading of the rule says of every day.
"""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from services.registry.domain.membership import employment
from services.registry.domain.organisation import Organisation
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged, TalentReported
from services.shared.kernel.dates import Day, holds
from services.shared.kernel.errors import DomainError
from tests.builders.organisations import Sagas, a_party_report, a_work_report, an_arrangement, an_end
from tests.builders.registry import a_registration, a_uscc, an_origin

USCCS = [a_uscc(number) for number in range(3)]
COUNTIES = ["510104", "510105", "510703"]
TALENTS = [f"t{number}" for number in range(4)]
DAYS = [Day(f"2020-0{month}-01") for month in range(1, 9)]
KINDS = ["own_branch", "joint_branch", "party_work_instructor", "lead_organisation"]
SHARED = {"joint_branch", "lead_organisation"}
organisations, talents, kinds = st.sampled_from(USCCS), st.sampled_from(TALENTS), st.sampled_from(KINDS)
# Mostly open, never reversed.
times = st.tuples(st.integers(0, 6), st.integers(1, 14)).map(
    lambda it: (DAYS[it[0]], DAYS[it[0] + it[1]] if it[0] + it[1] < len(DAYS) else "")
)


class Coverage(RuleBasedStateMachine):
    """Beside the aggregates: a model that keeps what was reported and reads the rule day by day."""

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed):
        self.sagas = Sagas(seed=seed)
        self.revision = 0
        self.work, self.formal, self.open, self.arranged, self.ended = {}, {}, {}, {}, {}

    def next_revision(self):
        self.revision += 1
        return self.revision

    @rule(uscc=organisations, county=st.sampled_from(COUNTIES), time=times)
    def register(self, uscc, county, time):
        since, until = time
        self.open[uscc] = (county, since, until)
        registration = a_registration(
            origin=an_origin("o", self.next_revision()), county=county, registered_on=since, closed_on=Day(until)
        )
        self.sagas.change(Organisation, uscc, lambda it: it.register(registration))

    @rule(talent=talents, slot=st.sampled_from(["r1", "r2"]), uscc=organisations, time=times)
    def join_or_move(self, talent, slot, uscc, time):
        since, until = time
        self.work[(talent, slot)] = (uscc, since, until)
        report = a_work_report(slot, uscc, since, until, revision=self.next_revision())
        event = TalentReported(report.affiliation.id, "civil_affairs")
        self.sagas.change(Talent, talent, lambda it: it.report(report, None, event))

    @rule(talent=talents, status=st.sampled_from(["formal", "formal", "probationary"]), time=times)
    def become(self, talent, status, time):
        since, until = time
        self.formal[talent] = (status, since, until)
        report = a_party_report(status=status, since=since, until=Day(until))
        report = type(report)(an_origin("party", self.next_revision()), None, status, since, Day(until))
        self.sagas.change(Talent, talent, lambda it: it.report(report, None, PrivateChanged()))

    @rule(uscc=organisations, kind=kinds, other=organisations, time=times)
    def arrange(self, uscc, kind, other, time):
        if uscc == other:
            return
        since, until = time
        other = other if kind in SHARED else ""
        self.arranged[(uscc, kind, other)] = (since, until)
        report = an_arrangement(
            kind, other, origin=an_origin(f"{kind}/{other}", self.next_revision()), since=since, until=Day(until)
        )
        self.sagas.change(Organisation, uscc, lambda it: it.arrange_party_work(report))

    @rule(uscc=organisations, kind=kinds, other=organisations, until=st.sampled_from(DAYS))
    def dissolve(self, uscc, kind, other, until):
        other = other if kind in SHARED else ""
        end = an_end(f"{kind}/{other}", until, record=f"end/{kind}/{other}/{until}")
        try:
            self.sagas.change(Organisation, uscc, lambda it: it.end_arrangement(end))
        except DomainError:
            return
        self.ended.setdefault((uscc, kind, other), set()).add(until)

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

    def check(self):
        for uscc in USCCS:
            self.check_joins(self.sagas.of(Organisation, uscc))
            cover = self.sagas.of(Organisation, uscc).party_cover()
            assert all(one.until == two.since and one.reason != two.reason for one, two in pairwise(cover))
            if uscc not in self.open:
                assert cover == ()
                continue
            _, since, until = self.open[uscc]
            assert (cover[0].since, cover[-1].until) == (since, until)
            for day in DAYS:
                expected = self.expected(uscc, day) if holds(since, until, day) else []
                assert [it.fits for it in cover if holds(it.since, it.until, day)] == expected

    def check_joins(self, organisation):
        """What was written down of others is what they say now."""
        others = [self.sagas.of(Organisation, uscc) for uscc in USCCS if uscc in organisation.others()]
        assert set(organisation.state.neighbours) == {it.as_neighbour() for it in others}
        members = [
            it
            for talent in TALENTS
            for it in employment(self.sagas.of(Talent, talent)).members.get(organisation.id, ())
        ]
        assert list(organisation.state.members) == members

    def expected(self, uscc, day):
        members = {
            talent
            for (talent, _), (where, since, until) in self.work.items()
            if where == uscc and holds(since, until, day) and self.is_formal(talent, day)
        }
        held = {(kind, other) for kind in KINDS for other in ["", *USCCS] if self.has(uscc, kind, other, day)}
        if len(members) >= 3:
            return [("own_branch", "") in held]
        if members:
            near = any(kind == "joint_branch" and self.is_near(uscc, other, day) for kind, other in held)
            return [("own_branch", "") in held or near]
        led = any(
            kind == "lead_organisation" and self.is_open(other, day) and self.has(other, "own_branch", "", day)
            for kind, other in held
        )
        return [("party_work_instructor", "") in held or led]

    def is_formal(self, talent, day):
        status, since, until = self.formal.get(talent, ("", "", ""))
        return status == "formal" and holds(since, until, day)

    def has(self, uscc, kind, other, day):
        if (uscc, kind, other) not in self.arranged:
            return False
        since, until = self.arranged[(uscc, kind, other)]
        stopped = any(since < end <= day for end in self.ended.get((uscc, kind, other), ()))
        return holds(since, until, day) and not stopped

    def is_open(self, uscc, day):
        return uscc in self.open and holds(*self.open[uscc][1:], day)

    def is_near(self, uscc, other, day):
        return self.is_open(other, day) and self.open[uscc][0][:4] == self.open[other][0][:4]


def test_party_cover_follows_every_change():
    run_state_machine_as_test(Coverage, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))


@pytest.mark.long
def test_party_cover_follows_every_change_long():
    run_state_machine_as_test(
        Coverage,
        settings=settings(
            max_examples=2_000, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
