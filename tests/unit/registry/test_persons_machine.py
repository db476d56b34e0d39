"""Work, titles, departures and withdrawals in any order and repetition: the facts are those of a day-by-day reading."""

from __future__ import annotations

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.registry.domain.reports import (
    Affiliation,
    DepartureReport,
    Designation,
    DesignationEndReport,
    DesignationReport,
    EndReport,
    HonourReport,
    NameSeen,
    WorkReport,
    affiliation_id,
)
from services.registry.domain.talent import Identity, RecordNotFound, Sealed, Talent
from services.registry.domain.talent_events import PrivateChanged
from services.registry.storage import KINDS
from services.shared.kernel.dates import NO_DAY, Day, holds
from services.shared.kernel.origin import Origin

CALENDAR = [Day(f"2020-01-{number:02}") for number in range(1, 16)]
DAYS = st.sampled_from(CALENDAR)
OPEN_OR_DAY = st.sampled_from([NO_DAY, *CALENDAR])
DEPARTMENTS = ["civil_affairs", "health"]
RECORDS = st.tuples(st.sampled_from(DEPARTMENTS), st.integers(0, 5))
REVISIONS = st.integers(1, 4)
NAMES = st.sampled_from(["n1", "n2"])


def identity(name):
    return Identity(name, "", f"{name}*", 1990, name.encode())


def affiliation(department, since, until):
    id_ = affiliation_id(department=department, organisation="o", role="worker")
    return Affiliation(id_, department, "o", "worker", "", "youth", "510104", "", True, True, True, since, until)


@st.composite
def reports(draw, origin, department):
    """Any report of the department under that origin."""
    name, day, other = NameSeen(draw(NAMES), department), draw(DAYS), draw(OPEN_OR_DAY)
    until = other if other > day else NO_DAY
    work = affiliation(department, day, until)
    title = Designation("practice_supervisor", department, "province", day, until)
    return draw(
        st.sampled_from(
            [
                WorkReport(origin, name, "510000", draw(DAYS), "", work, None, None, 0),
                EndReport(origin, name, work.id, department, day, ""),
                DesignationReport(origin, name, title, department),
                DesignationEndReport(origin, name, department, title.kind, draw(DAYS), day),
                DepartureReport(origin, name, draw(st.sampled_from(["death", "left_field", "left_province"])), day),
                HonourReport(origin, name, draw(st.sampled_from(["x1", "x2", "x3"])), "county", day),
            ]
        )
    )


class Persons(RuleBasedStateMachine):
    """What a system says under one record and revision is always the same; None = it withdraws the record."""

    def __init__(self):
        super().__init__()
        self.talent = Talent.new("t")
        self.sent = {}
        self.waiting = []

    def deliver(self, talent, key, waiting):
        (department, record), revision = key
        report = self.sent[key]
        if report is None:
            try:
                talent.withdraw(department, department, f"r{record}", revision)
            except RecordNotFound:
                waiting.append(key)
            return
        text = Sealed(report.text, b"sealed") if isinstance(report, HonourReport) else None
        talent.report(report, identity(report.name.index), PrivateChanged(), text)

    def caught_up(self, talent, waiting):
        """What waited for its record is applied as soon as that is there."""
        again, waiting[:] = list(waiting), []
        for key in again:
            self.deliver(talent, key, waiting)

    @rule(record=RECORDS, revision=REVISIONS, data=st.data())
    def reports_it(self, record, revision, data):
        key = (record, revision)
        if key not in self.sent:
            origin = Origin(record[0], f"r{record[1]}", revision)
            self.sent[key] = data.draw(reports(origin, record[0]))
        self.deliver(self.talent, key, self.waiting)
        self.caught_up(self.talent, self.waiting)

    @rule(record=RECORDS, revision=st.integers(2, 4))
    def withdraws_it(self, record, revision):
        self.sent.setdefault((record, revision), None)
        self.deliver(self.talent, (record, revision), self.waiting)

    @rule()
    def is_stored_and_loaded(self):
        kind = KINDS[0]
        self.talent = Talent("t", kind.decode(kind.encode(self.talent.state)), self.talent.version)

    @rule(seed=st.integers(0, 99))
    def everything_again_in_another_order_gives_the_same(self, seed):
        draw, other, waiting = random.Random(seed), Talent.new("t"), []
        order = [key for key in self.sent for _ in range(draw.randint(1, 3))]
        draw.shuffle(order)
        for key in order:
            self.deliver(other, key, waiting)
            self.caught_up(other, waiting)
        assert other.state == self.talent.state

    def counting(self):
        """Of every record that was ever reported the highest revision, unless that withdraws it."""
        reported = {record for (record, _), report in self.sent.items() if report is not None}
        highest = {record: max(revision for one, revision in self.sent if one == record) for record in reported}
        found = [self.sent[key] for key in highest.items()]
        return [it for it in found if it is not None]

    @invariant()
    def work_and_titles_hold_on_the_days_of_a_plain_reading(self):
        told, facts = self.counting(), self.talent.facts()
        left = [it for it in told if isinstance(it, DepartureReport)]

        def there(since, until, ends, day):
            """Begun, not over, and neither ended nor departed from since; nobody begins with or after a death."""
            over = [*ends, *(it.on for it in left)]
            dead = any(it.departure == "death" and it.on <= since for it in left)
            return holds(since, until, day) and not dead and not any(since < end <= day for end in over)

        for department in DEPARTMENTS:
            works = [it for it in told if isinstance(it, WorkReport) and it.affiliation.department == department]
            latest = [it for it in works if it.as_of == max(other.as_of for other in works)]
            work = min(latest, key=lambda it: it.origin.record_id).affiliation if latest else None
            ends = [it.until for it in told if isinstance(it, EndReport) and it.department == department]
            titles = [it for it in told if isinstance(it, DesignationReport) and it.department == department]
            back = [it for it in told if isinstance(it, DesignationEndReport) and it.department == department]
            for day in CALENDAR:
                works_on_it = work is not None and there(work.since, work.until, ends, day)
                assert works_on_it == any(
                    it.department == department and holds(it.since, it.until, day) for it in facts.affiliations
                )
                holds_one = any(
                    there(it.designation.since, it.designation.until,
                          [end.until for end in back if end.since == it.designation.since], day)
                    for it in titles
                )  # fmt: skip
                assert holds_one == any(
                    it.grade == department and holds(it.since, it.until, day) for it in facts.designations
                )

    @invariant()
    def names_and_texts_are_those_of_what_counts(self):
        told, state = self.counting(), self.talent.state
        names = {it.name.index for it in told}
        assert {it.name_index for it in state.identities} == names
        assert self.talent.facts().disputed == (len(names) > 1)
        assert {it.index for it in state.texts} == {it.text for it in told if isinstance(it, HonourReport)}

    @invariant()
    def who_died_is_told_dead_since_the_first_of_the_days(self):
        died = [it.on for it in self.counting() if isinstance(it, DepartureReport) and it.departure == "death"]
        facts = self.talent.facts()
        assert (facts.departure == "death") == bool(died)
        assert not died or facts.departed_on == min(died)
        assert bool(facts.departure) == bool(facts.departed_on)


TestPersons = Persons.TestCase
TestPersons.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


class LongPersons(Persons):
    """The same, for `make test-long`."""


TestLongPersons = pytest.mark.timeout(1800)(pytest.mark.long(LongPersons.TestCase))
TestLongPersons.settings = settings(max_examples=2_000, stateful_step_count=50, deadline=None)
