"""Whatever is enrolled, withdrawn, opened, closed, merged and undone, and however late or often the events are told:
once all is told, programmes and headcounts are what a recount of all talents gives.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from services.registry.consumers.moving import Moving
from services.registry.consumers.own_headcounts import OwnHeadcounts
from services.registry.consumers.own_programmes import OwnProgrammes
from services.registry.domain import merge_steps
from services.registry.domain.enrolment import COMPLETED, enrolments_of
from services.registry.domain.headcount import Headcount, headcount_id, worked
from services.registry.domain.identity_case import candidate_id
from services.registry.domain.merging import MergeKey
from services.registry.domain.programme import Programme
from services.registry.domain.reports import AnnulmentReport, NameSeen, PassReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import (
    AffiliationEnded,
    CertificateAnnulled,
    PassRecorded,
    PrivateChanged,
    TalentReported,
)
from services.shared.kernel.dates import Day, holds
from services.shared.kernel.errors import DomainError
from tests.builders.catalogues import a_certificate
from tests.builders.organisations import Sagas, a_work_report
from tests.builders.programmes import PROGRAMME, an_enrolment, an_opening
from tests.builders.registry import a_uscc, an_origin

TALENTS = ["a" * 32, "b" * 32, "c" * 32]
PROGRAMMES = [PROGRAMME, "emei/510000/1"]
DAYS = [Day(f"2024-{month:02d}-01") for month in range(1, 13, 2)]
COUNTIES = ["510104", "510105", "510703"]
talents, programmes, days = st.sampled_from(TALENTS), st.sampled_from(PROGRAMMES), st.sampled_from(DAYS)
slots = st.sampled_from(["1", "2"])


class Counting(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed):
        self.sagas = Sagas(seed=seed)
        self.sagas.readers = (OwnProgrammes(), OwnHeadcounts(), Moving())
        self.revision = 0

    def next_revision(self):
        self.revision += 1
        return self.revision

    def attempt(self, kind, aggregate, function):
        """A refused command leaves nothing."""
        try:
            self.sagas.change(kind, aggregate, function)
        except DomainError:
            return False
        return True

    @rule(talent=talents, slot=slots, programme=programmes, since=days, until=days, result=st.sampled_from(
        ["", "left", "passed", "excellent"]))  # fmt: skip
    def enrol(self, talent, slot, programme, since, until, result):
        over = result and until > since
        report = an_enrolment(
            f"enrolment/{slot}",
            revision=self.next_revision(),
            programme=programme,
            since=since,
            until=until if over else Day(""),
            result=result if over else "",
        )
        self.sagas.change(Talent, talent, lambda it: it.report(report, None, PrivateChanged()))

    @rule(talent=talents, record=st.sampled_from(["enrolment/1", "enrolment/2", "work/1"]))
    def withdraw(self, talent, record):
        revision = self.next_revision()
        self.attempt(Talent, talent, lambda it: it.withdraw("civil_affairs", "civil_affairs", record, revision))

    @rule(programme=programmes, since=days, until=days | st.just(Day("")))
    def opens(self, programme, since, until):
        opening = an_opening(since=since, until=until if until > since else Day(""))
        self.attempt(Programme, programme, lambda it: it.open(opening))

    @rule(programme=programmes, until=days)
    def closes(self, programme, until):
        self.attempt(Programme, programme, lambda it: it.close(until))

    @rule(talent=talents, slot=slots, county=st.sampled_from(COUNTIES), since=days, until=days | st.just(Day("")))
    def works(self, talent, slot, county, since, until):
        work = a_work_report(
            f"work/{slot}", a_uscc(int(slot)), since, until if until > since else "", revision=self.next_revision()
        )
        report = msgspec.structs.replace(
            work, affiliation=msgspec.structs.replace(work.affiliation, place=county, principal=slot == "1")
        )
        event = AffiliationEnded("", until, "") if until else TalentReported("", "civil_affairs")
        self.sagas.change(Talent, talent, lambda it: it.report(report, None, event))

    @rule(talent=talents, level=st.sampled_from(["assistant", "intermediate"]), on=days)
    def passes(self, talent, level, on):
        origin = an_origin(f"pass/{level}", self.next_revision(), "human_resources")
        name = NameSeen("n", "human_resources")
        report = PassReport(origin, name, "510104", a_certificate(level, on), "")
        self.sagas.change(Talent, talent, lambda it: it.report(report, None, PassRecorded(level, on)))

    @rule(talent=talents, on=days)
    def annulled(self, talent, on):
        origin = an_origin("annulment", self.next_revision(), "human_resources")
        report = AnnulmentReport(origin, None, "assistant", on, "fraud")
        self.sagas.change(Talent, talent, lambda it: it.report(report, None, CertificateAnnulled("assistant", on)))

    @rule(winner=talents, loser=talents)
    def merge(self, winner, loser):
        why = MergeKey(candidate_id(winner, loser), self.next_revision())
        if all(self.sagas.of(Talent, one).exists for one in (winner, loser)) and self.attempt(
            Talent, winner, lambda it: merge_steps.expect(it, loser, why)
        ):
            self.attempt(Talent, loser, lambda it: merge_steps.move_into(it, winner, why))

    @rule(winner=talents, loser=talents)
    def undo(self, winner, loser):
        why = MergeKey(candidate_id(winner, loser), self.next_revision())
        self.attempt(Talent, winner, lambda it: merge_steps.release(it, loser, why))

    @rule(most=st.integers(1, 12))
    def told(self, most):
        self.sagas.deliver(most=most)

    @rule()
    def told_again(self):
        self.sagas.deliver(again=True)
        self.all_is_counted()

    def teardown(self):
        if hasattr(self, "sagas"):
            self.sagas.deliver()
            self.all_is_counted()

    def all_is_counted(self):
        people = [self.sagas.of(Talent, talent) for talent in TALENTS]
        for programme in PROGRAMMES:
            it = self.sagas.of(Programme, programme)
            since, until = it.state.opening.since, it.state.opening.until
            rows = [row for one in people for row in enrolments_of(one).get(programme, ())]
            counting = [row for row in rows if it.opened and holds(since, until, row.since)]
            facts = it.facts()
            assert (facts.members, facts.completed) == (
                len({row.talent for row in counting}),
                len({row.talent for row in counting if row.result in COMPLETED}),
            )
        for one in people:
            facts = one.facts()
            expected = worked(facts.affiliations, facts.certificates)
            for county in COUNTIES:
                kept = self.sagas.of(Headcount, headcount_id(county, one.id)).state.people
                assert [it.worked for it in kept if it.talent == one.id] == list(expected.get(county, ()))


def test_programmes_and_headcounts_are_what_a_recount_gives():
    run_state_machine_as_test(Counting, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_programmes_and_headcounts_are_what_a_recount_gives_long():
    run_state_machine_as_test(
        Counting,
        settings=settings(
            max_examples=2_000, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
