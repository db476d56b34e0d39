"""Whatever is reported of a person's certificates and education, in whatever order: the facts stay right."""

from __future__ import annotations

import random
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.registry.domain import combine
from services.registry.domain.registration_refusals import (
    must_be_decidable,
    must_be_receivable,
    must_be_running,
    must_leave_registrations,
)
from services.registry.domain.registrations import Filed
from services.registry.domain.reports import (
    AnnulmentReport,
    ApplicationReport,
    Certificate,
    DecisionReport,
    EducationReport,
    EducationReversalReport,
    PassReport,
    RegistrationEndReport,
    ReviewReport,
)
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import (
    CertificateAnnulled,
    EducationRecorded,
    EducationReversed,
    PassRecorded,
    RegistrationApplied,
    RegistrationDecided,
    RegistrationEnded,
    SeniorReviewed,
)
from services.registry.storage import KINDS
from services.shared.kernel.dates import Day, years_after
from services.shared.kernel.errors import DomainError
from services.shared.kernel.origin import Origin
from tests.builders.certificates import NAME, an_education

LEVELS = st.sampled_from(["assistant", "intermediate", "senior"])
DEPARTMENTS = st.sampled_from(["civil_affairs", "health"])
FIRST = date(2016, 1, 1)
# Steps of a month or so, and the days around the turn of a period.
OFFSETS = st.integers(0, 130).map(lambda n: n * 30) | st.integers(0, 10).flatmap(
    lambda years: st.integers(-3, 3).map(lambda days: years * 365 + years // 4 + 31 + days)
)
DAYS = OFFSETS.map(lambda days: Day((FIRST + timedelta(days=max(days, 0))).isoformat()))
MINUTES = st.sampled_from([60, 1440, 36 * 60, 72 * 60, 90 * 60])
EVIDENCE = st.integers(0, 9).map(lambda n: f"e{n}")


class Certificates(RuleBasedStateMachine):
    """Officers are refused what is not justified; partners report whatever they like."""

    def __init__(self):
        super().__init__()
        self.talent = Talent.new("t")
        self.count = 0

    def origin(self):
        self.count += 1
        return Origin("partner", f"r{self.count:04d}", 1)

    def partner(self, report, event):
        self.talent.report(report, None, event)

    def officer(self, guard, report, event):
        """A period that was granted stays as it is: an officer's act adds one, or ends one."""
        reports, mark = self.talent.state.reports, self.talent.mark()
        before = self.talent.facts().registrations
        try:
            guard(reports)
        except DomainError:
            assert self.talent.mark() == mark
            return
        self.talent.report(report, None, event)
        after = self.talent.facts().registrations
        if isinstance(report, RegistrationEndReport):
            gone = [it for it in before if it not in after]  # the running one, and renewals granted already
            assert gone
            assert all(it.level == report.level and it.until > report.ended_on for it in gone)
        else:
            assert set(before) <= set(after)
        if isinstance(report, DecisionReport) and report.granted:
            ended = {it.ended_on for it in reports if isinstance(it, RegistrationEndReport)}  # before it was granted
            assert any(it.level == report.level for it in after) or ended & {report.decided_on}

    @rule(level=LEVELS, on=DAYS)
    def passes(self, level, on):
        report = PassReport(self.origin(), NAME, "510104", Certificate(level, "510000", on), "")
        self.partner(report, PassRecorded(level, on))

    @rule(on=DAYS)
    def review(self, on):
        self.partner(ReviewReport(self.origin(), None, on), SeniorReviewed(on))

    @rule(level=LEVELS, on=DAYS)
    def annul(self, level, on):
        self.partner(AnnulmentReport(self.origin(), None, level, on, "fraud"), CertificateAnnulled(level, on))

    @rule(level=LEVELS, on=DAYS, officer=st.booleans())
    def apply(self, level, on, officer):
        report, event = ApplicationReport(self.origin(), None, level, on, "510104"), RegistrationApplied(level, on)
        if officer:
            self.officer(lambda it: must_be_receivable(it, Filed(level, on, "510104")), report, event)
        else:
            self.partner(report, event)

    @rule(data=st.data(), later=st.integers(0, 400), granted=st.booleans(), officer=st.booleans())
    def decide(self, data, later, granted, officer):
        filed = [it for it in self.talent.state.reports if isinstance(it, ApplicationReport)]
        if not filed:
            return
        it = data.draw(st.sampled_from(filed))
        decided = Day((date.fromisoformat(it.received_on) + timedelta(days=later)).isoformat())
        report = DecisionReport(self.origin(), None, it.level, it.received_on, decided, granted)
        event = RegistrationDecided(it.level, it.received_on, decided, granted)
        if officer:
            self.officer(lambda reports: must_be_decidable(reports, report), report, event)
        else:
            self.partner(report, event)

    @rule(level=LEVELS, on=DAYS, decided_after=st.integers(0, 60))
    def register_at_once(self, level, on, decided_after):
        """What makes long histories likely: a pass where there is none, hours, an application and its decision."""
        if not any(isinstance(it, PassReport) and it.certificate.level == level for it in self.talent.state.reports):
            self.passes(level, on)
        running = [it for it in self.talent.facts().registrations if it.level == level]
        if running:
            self.learn(f"r{self.count}", running[-1].since, 90 * 60, "civil_affairs", "training")
            on = Day((date.fromisoformat(running[-1].until) - timedelta(days=1 + decided_after)).isoformat())
        self.partner(ApplicationReport(self.origin(), None, level, on, "510104"), RegistrationApplied(level, on))
        decided = Day((date.fromisoformat(on) + timedelta(days=decided_after)).isoformat())
        report = DecisionReport(self.origin(), None, level, on, decided, True)
        self.officer(lambda it: must_be_decidable(it, report), report, RegistrationDecided(level, on, decided, True))

    @rule(level=LEVELS, on=DAYS, officer=st.booleans())
    def end(self, level, on, officer):
        report = RegistrationEndReport(self.origin(), None, level, on, "own_request")
        event = RegistrationEnded(level, on, "own_request")
        if officer:
            self.officer(lambda it: must_be_running(it, level=level, on=on), report, event)
        else:
            self.partner(report, event)

    @rule(evidence=EVIDENCE, on=DAYS, minutes=MINUTES, department=DEPARTMENTS,
          kind=st.sampled_from(["training", "degree", "study"]))  # fmt: skip
    def learn(self, evidence, on, minutes, department, kind):
        report = an_education(evidence, on, minutes, origin=self.origin(), department=department, kind=kind)
        self.partner(report, EducationRecorded(kind, on[:7]))

    @rule(evidence=EVIDENCE, on=DAYS, department=DEPARTMENTS, officer=st.booleans())
    def reverse(self, evidence, on, department, officer):
        report = EducationReversalReport(self.origin(), None, department, evidence, on)
        event = EducationReversed("")
        if officer:
            self.officer(lambda it: must_leave_registrations(it, report, field="reversed_on"), report, event)
        else:
            self.partner(report, event)

    @rule()
    def store_and_load(self):
        kind = KINDS[0]
        self.talent = Talent("t", kind.decode(kind.encode(self.talent.state)), self.talent.version)

    @rule(seed=st.integers(0, 99))
    def the_order_of_arrival_plays_no_part(self, seed):
        shuffled = list(self.talent.state.reports)
        random.Random(seed).shuffle(shuffled)
        assert combine.facts(0, tuple(shuffled)) == self.talent.facts()

    @invariant()
    def periods_are_intervals_in_order_without_overlap(self):
        periods = self.talent.facts().registrations
        assert [it.since for it in periods] == sorted(it.since for it in periods)
        ends = {}
        for it in periods:
            assert it.since < it.until <= years_after(it.since, 3)
            assert it.ended_on in ("", it.until)
            assert it.ended_on or it.until == years_after(it.since, 3)
            assert ends.get(it.level, "") <= it.since
            assert it.basis != "renewal" or ends[it.level] == it.since
            ends[it.level] = it.until

    @invariant()
    def nobody_is_registered_without_the_certificate(self):
        facts = self.talent.facts()
        for period in facts.registrations:
            held = [it for it in facts.certificates if it.level == period.level]
            assert any((it.granted_on if it.level == "senior" else it.passed_on) <= period.since
                       and (not it.annulled_on or period.until <= it.annulled_on) for it in held)  # fmt: skip

    @invariant()
    def a_renewal_rests_on_the_hours_of_the_period_before(self):
        """Counted by hand and generously: whatever was ever proven in the period, reversed or not."""
        periods = self.talent.facts().registrations
        for renewal in (it for it in periods if it.basis == "renewal"):
            [before] = [it for it in periods if it.level == renewal.level and it.until == renewal.since]
            told = {}
            for it in self.talent.state.reports:
                if isinstance(it, EducationReport) and before.since <= it.last_day < before.until:
                    minutes = 5400 if it.kind == "degree" else it.minutes
                    told[it.evidence_id] = max(told.get(it.evidence_id, 0), minutes)
            assert sum(told.values()) >= (4320 if renewal.level == "assistant" else 5400)

    @invariant()
    def learned_minutes_are_those_of_an_independent_recount(self):
        told, back = {}, set()
        for it in self.talent.state.reports:
            if isinstance(it, EducationReport):
                told.setdefault(it.evidence_id, []).append(it)
            elif isinstance(it, EducationReversalReport):
                back.add((it.evidence_id, it.department))
        months, degrees = {}, []
        for evidence, reports in told.items():
            if any((evidence, it.department) in back for it in reports):
                continue
            one = min(reports, key=lambda it: (it.minutes, it.last_day, it.kind))
            if one.kind == "degree":
                degrees.append((one.last_day, evidence))
            else:
                months[one.last_day[:7]] = months.get(one.last_day[:7], 0) + one.minutes
        if degrees:
            month = min(degrees)[0][:7]
            months[month] = months.get(month, 0) + 5400
        latest = max((int(month[:4]) for month in months), default=0)
        expected = sorted((month, minutes) for month, minutes in months.items() if int(month[:4]) > latest - 10)
        assert [msgspec.structs.astuple(it) for it in self.talent.facts().learned] == expected


TestCertificates = Certificates.TestCase
TestCertificates.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


class LongCertificates(Certificates):
    """The same, for `make test-long`."""


TestLongCertificates = pytest.mark.timeout(1800)(pytest.mark.long(LongCertificates.TestCase))
TestLongCertificates.settings = settings(max_examples=2_000, stateful_step_count=50, deadline=None)
