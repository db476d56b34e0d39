"""Whatever is reported, merged, undone, corrected and erased, in whatever order, and whoever is lost on the way: nobody
is in two counts, and once all is told the facts are those of the persons that the cases say there are.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.evaluation.domain.contributions.talent import contributions
from services.registry.commands import record_pass
from services.registry.commands.correct import finish_corrections
from services.registry.commands.propose_cases import propose_cases
from services.registry.domain import combine
from services.registry.domain.identity_case import candidate_id
from services.registry.domain.membership import employment
from services.registry.domain.organisation import Organisation
from services.registry.domain.talent import BY_AREA, IdentityErasedBefore, Talent
from services.shared.kernel.errors import DomainError
from swtalent.registry.v1 import events_pb2 as events
from tests.builders.identity import ANNA, Identities, ProcessLostError, a_person, an_officer, talent_id
from tests.builders.registry import KEYS, TODAY, a_record_pass, a_uscc, an_origin

NUMBERS = (1, 2, 3)
TALENTS = {number: talent_id(a_person(number)) for number in NUMBERS}
PAIRS = [tuple(sorted(pair)) for pair in combinations(TALENTS.values(), 2)]
USCCS = [a_uscc(1), a_uscc(2)]
DAYS = [f"20{year}-0{month}-01" for year in (18, 20, 22) for month in (2, 7)]
COUNTIES = ["510104", "510105", "510703"]
numbers, pairs, days = st.sampled_from(NUMBERS), st.sampled_from(PAIRS), st.sampled_from(DAYS)
slots, usccs, counties = st.sampled_from(["r1", "r2", "r3"]), st.sampled_from(USCCS), st.sampled_from(COUNTIES)
names = st.sampled_from(["李明", "李明", "李明", "李明", "李鸣"])
fields = st.sampled_from(["since", "until", "place", "home_county"])
# The commit after which the process is lost; mostly none.
losses = st.sampled_from([0, 0, 0, 0, 1, 2, 3])


class Identity(RuleBasedStateMachine):
    """Beside the registry: a plain one, to which the same is reported, and that never hears of a case."""

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed):
        self.runner = asyncio.Runner()
        self.world, self.plain = Identities(seed=seed), Identities()
        self.revision = 0
        self.told = Counter()
        self.last = {}
        self.erased = set()
        for number in NUMBERS:
            self.report(
                number=number, slot="r1", uscc=USCCS[0], since=DAYS[0], until="", county=COUNTIES[0], name="李明"
            )
        self.run(propose_cases(store=self.world.store, lanes=self.world.lanes))

    def run(self, awaited):
        return self.runner.run(awaited)

    def teardown(self):
        if hasattr(self, "runner"):
            self.all_is_told()
            self.runner.close()

    def attempt(self, awaited, *, lost_after=0):
        """Whether it was accepted. A refused command leaves nothing; a lost process leaves what it had stored."""
        self.world.commits_left = lost_after
        try:
            self.run(awaited)
        except (DomainError, ProcessLostError):
            return False
        finally:
            self.world.commits_left = 0
        return True

    def both(self, number, report):
        """The same report to both registries; whom one has erased, the other has."""
        for registry in (self.world, self.plain):
            try:
                self.run(report(registry))
            except IdentityErasedBefore:
                assert TALENTS[number] in self.erased
            else:
                assert TALENTS[number] not in self.erased

    @rule(number=numbers, slot=slots, uscc=usccs, since=days, until=days | st.just(""), county=counties, name=names)
    def report(self, number, slot, uscc, since, until, county, name):
        self.revision += 1
        changed = {
            "organisation": uscc, "role": "manager" if slot == "r3" else "worker", "since": since, "place": county,
            "until": until if until > since else "", "home_county": county, "recognised_since": since,
        }  # fmt: skip
        record = f"{slot}/{number}"
        self.both(
            number,
            lambda it: it.reported(a_person(number, name=name), record=record, revision=self.revision, **changed),
        )

    @rule(number=numbers, level=st.sampled_from(["assistant", "intermediate"]), on=days)
    def passes(self, number, level, on):
        self.revision += 1
        origin = an_origin(f"pass/{level}/{number}", self.revision, "human_resources")
        cmd = a_record_pass(person=a_person(number), origin=origin, level=level, passed_on=on)
        step = record_pass.step(cmd, keys=KEYS, today=TODAY)
        self.both(number, lambda it: it.lanes.run(step, cause=None))

    @rule(number=numbers, slot=st.sampled_from(["r1", "r2"]))
    def withdraw(self, number, slot):
        self.revision += 1
        record, revision = f"{slot}/{number}", self.revision
        for registry in (self.world, self.plain):
            undone = registry.lanes.update(
                Talent,
                TALENTS[number],
                lambda it: it.withdraw("civil_affairs", "civil_affairs", record, revision),
                cause=None,
            )
            self.attempt(undone)

    @rule(pair=pairs, same=st.booleans(), first=st.booleans(), lost=losses)
    def resolve(self, pair, same, first, lost):
        winner = pair[0] if first else pair[1]
        decided = self.world.resolve(candidate_id(*pair), "same" if same else "different", winner=winner)
        self.attempt(decided, lost_after=lost)

    @rule(pair=pairs, lost=losses)
    def undo(self, pair, lost):
        self.attempt(self.world.undo(candidate_id(*pair)), lost_after=lost)

    @rule(which=st.integers(0, 2), back=st.booleans(), first=st.booleans(), lost=losses, settled=st.booleans())
    def merge_or_undo(self, which, back, first, lost, settled):
        """What is likely to be possible, so that long histories are likely."""
        merged = [pair for pair in PAIRS if self.run(self.world.case(candidate_id(*pair))).merged]
        if merged and back:
            self.undo(merged[which % len(merged)], lost)
        elif apart := [pair for pair in PAIRS if pair not in merged]:
            self.resolve(apart[which % len(apart)], True, first, lost)
        if settled:
            self.all_is_told()

    @rule(number=numbers, uscc=usccs, field=fields, day=days, county=counties, alone=st.booleans(), lost=losses)
    def correct(self, number, uscc, field, day, county, alone, lost):
        talent, target = TALENTS[number], f"civil_affairs/{uscc}/worker"
        new = day if field in ("since", "until") else county
        self.revision += 1
        request = f"q{self.revision}"
        for registry in (self.world, self.plain):
            proposed = registry.propose(talent, field, new, target=target, request_id=request)
            try:
                correction = self.run(proposed)
            except DomainError:
                continue
            if alone:
                assert not self.attempt(registry.approve(correction, by=an_officer(ANNA)))
                continue
            approved = registry.approve(correction)
            self.attempt(approved, lost_after=lost if registry is self.world else 0)
            self.run(finish_corrections(store=registry.store, lanes=registry.lanes))

    @rule(number=numbers, seldom=st.integers(0, 4))
    def erase(self, number, seldom):
        """Whoever is erased is out of the game."""
        talent = TALENTS[number]
        if seldom:
            return
        if not self.attempt(self.world.erased(talent)):
            return
        for one in self.run(self.world.talent(talent)).known_as:
            if one not in self.erased:
                self.run(self.plain.erased(one))
                self.erased.add(one)

    @rule(most=st.integers(1, 8))
    def some_is_told(self, most):
        self.run(self.world.deliver(most=most))

    @rule()
    def a_saga_hears_everything_again(self):
        self.run(self.world.deliver(again=True))

    @rule()
    def all_is_told(self):
        self.run(self.world.deliver())
        self.check_persons()

    @invariant()
    def sums_folded_event_by_event_are_those_of_a_recount(self):
        if not hasattr(self, "runner"):
            return
        self.run(self.world.told())
        for key, records in self.world.log.items():
            seen = self.last.get(key, (0, {}))
            for record in records[seen[0] :]:
                if dict(record.headers)["ce_type"].endswith(b".TalentEvent"):
                    event = events.TalentEvent.FromString(record.value)
                    now = contributions(event.id, event.after)
                    self.told.update(now)
                    self.told.subtract(seen[1])
                    seen = (seen[0] + 1, now)
            self.last[key] = (len(records), seen[1])
        recount = Counter()
        for talent in self.talents():
            recount.update(contributions(talent.id, talent.facts()))
        assert +self.told == +recount
        assert -self.told == -recount

    @invariant()
    def nobody_is_in_two_counts(self):
        if hasattr(self, "runner"):
            talents = {it.id: it for it in self.talents()}
            for winner in talents.values():
                assert not (winner.moved_to and winner.merge.taken)
                for part in winner.merge.taken:
                    assert not part.reports or talents[part.loser].moved_to == winner.id

    @invariant()
    def while_somebody_is_in_nobodys_count_one_of_the_two_says_moving(self):
        if hasattr(self, "runner"):
            talents = {it.id: it for it in self.talents()}
            for loser in talents.values():
                if loser.moved_to:
                    winner = talents[loser.moved_to]
                    part = winner.merge.part(loser.id)
                    counted = part is not None and part.version >= loser.merge.to_mirror
                    assert counted or winner.facts().moving or loser.facts().moving

    @invariant()
    def facts_are_valid(self):
        if hasattr(self, "runner"):
            for talent in self.talents():
                facts = talent.facts()
                ids = [it.id for it in facts.affiliations]
                assert ids == sorted(set(ids))
                assert all(not it.until or it.since < it.until for it in facts.affiliations)
                assert all(one.passed_on <= two.passed_on for one, two in pairwise(facts.certificates))
                assert not facts.moved_to or facts == combine.TalentFacts(moved_to=facts.moved_to, moving=facts.moving)
                assert bool(talent.state.erased) == (talent.id in self.erased)
                assert not (talent.state.erased and (talent.state.identities or talent.state.texts))

    def talents(self, registry=None):
        found = self.run((registry or self.world).store.get_many(Talent, list(TALENTS.values())))
        return [it.aggregate for it in found.values()]

    def check_persons(self):
        """Once all is told: one person per group of talents that the cases call the same, with the facts that a
        registry in which nothing was ever merged combines of their reports.
        """
        cases = [self.run(self.world.case(candidate_id(*pair))) for pair in PAIRS]
        merged = {it.state.loser: it.state.winner for it in cases if it.merged}
        assert not merged.keys() & set(merged.values())
        plain = {it.id: it for it in self.talents(self.plain)}
        counted = Counter()
        for talent in self.talents():
            assert talent.state.reports == plain[talent.id].state.reports
            if talent.id in merged:
                assert talent.facts() == combine.TalentFacts(moved_to=merged[talent.id])
                continue
            own = plain[talent.id].state
            parts = [plain[loser].state.reports for loser in sorted(merged) if merged[loser] == talent.id]
            assert talent.facts() == combine.facts(own.birth_year, sum(parts, own.reports))
            assert len(talent.merge.taken) == len(parts)
            counted.update(contributions(talent.id, talent.facts()))
        self.sums_folded_event_by_event_are_those_of_a_recount()
        assert +self.told == +counted
        self.check_views(merged)

    def check_views(self, merged):
        talents = self.talents()
        for county in COUNTIES:
            rows = self.run(self.world.store.page(Talent, view=BY_AREA, key=county, after="", limit=9))
            there = [it.id for it in talents if it.id not in merged and county in it.counties()]
            assert sorted(row.id for row in rows) == sorted(there)
        for uscc in USCCS:
            staff = self.run(self.world.of(Organisation, uscc)).state.staff
            expected = [it for talent in talents for it in employment(talent).certified.get(uscc, ())]
            assert sorted(map(repr, staff)) == sorted(map(repr, expected))


def test_one_person_is_counted_once_whatever_happens():
    run_state_machine_as_test(Identity, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_one_person_is_counted_once_whatever_happens_long():
    run_state_machine_as_test(
        Identity,
        settings=settings(
            max_examples=2_000, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
