"""Saga on own sheets and sessions: every row of a sheet reaches its talent, the session or sitting counts it.

State-driven: whatever event is read, the present sheet is brought to its talents, so repeats and any order converge.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

import msgspec

from services.registry.domain.identity_case import IdentityCase
from services.registry.domain.reports import Certificate, EducationReport, EducationReversalReport, PassReport
from services.registry.domain.sheet import Row, Sheet, SheetState, entry_origin, name_seen, sheet_id, taking_back
from services.registry.domain.sitting import CertificateNumber, ExamSitting
from services.registry.domain.talent import Identity, Talent
from services.registry.domain.talent_events import EducationRecorded, EducationReversed, PassRecorded
from services.registry.domain.training import Listed, SessionReport, TrainingSession, counts, session_key
from services.shared.kernel.dates import NO_DAY, Day, month_of
from services.shared.kernel.follower import Follower
from services.shared.kernel.origin import Origin, held_for
from services.shared.runtime.envelope import EVENT_TOPICS, header
from services.shared.runtime.reader import Changes, Received, Ref, Task
from swtalent.registry.v1 import events_pb2 as events


class _Seen(msgspec.Struct, frozen=True):
    follower: str
    event: Any


_KINDS: dict[bytes, tuple[Any, type[Sheet | TrainingSession]]] = {
    events.SheetEvent.DESCRIPTOR.full_name.encode(): (events.SheetEvent, Sheet),
    events.TrainingSessionEvent.DESCRIPTOR.full_name.encode(): (events.TrainingSessionEvent, TrainingSession),
}


class Sheets:
    """Applies attendance as education entries and results as passes, each exactly once however often it is told."""

    name = "sheets"
    topics = (EVENT_TOPICS["registry"],)

    def read(self, record: Received) -> Task | None:
        found = _KINDS.get(header(record.headers, "ce_type"))
        if found is None:
            return None
        event = found[0].FromString(record.value or b"")
        follower = f"{found[1].kind}/{event.id}"
        return Task(((Follower, follower), (found[1], event.id)), _Seen(follower, event))

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        event = task.content.event
        needs: list[Ref] = []
        if isinstance(event, events.SheetEvent):
            state = changes(Sheet, event.id).aggregate.state
            if _is_done(event, state):
                return ()
            parent = state.parent.partition("/")[2]
            needs += [(Talent, row.talent) for row in state.rows]
            if state.kind == "attendance":
                return [*needs, (TrainingSession, parent)]
            needs.append((ExamSitting, parent))
            needs += [(CertificateNumber, row.number_index) for row in state.rows if row.number_index]
            return needs + [(IdentityCase, case_of(row.talent)) for row in state.rows]
        if event.WhichOneof("change") == "attendance_counted":
            return ()
        sheets = changes(TrainingSession, event.id).aggregate.state.sheets
        return [(Sheet, sheet_id(session_key(event.id), sheet.number)) for sheet in sheets]

    def apply(self, task: Task, changes: Changes) -> None:
        seen: _Seen = task.content
        follower = changes(Follower, seen.follower)
        if not follower.aggregate.is_next(seen.event.version):
            return
        if isinstance(seen.event, events.TrainingSessionEvent):
            self._of_session(seen.event, changes)
        elif _is_done(seen.event, changes(Sheet, seen.event.id).aggregate.state):
            pass
        elif changes(Sheet, seen.event.id).aggregate.state.kind == "attendance":
            self._of_attendance(seen.event.id, changes)
        else:
            self._of_results(seen.event.id, changes)
        follower.apply(lambda it: it.see(seen.event.version, ()))

    def _of_session(self, event: events.TrainingSessionEvent, changes: Changes) -> None:
        """What was planned took place or did not: every sheet is brought to its talents again, by its own event."""
        if event.WhichOneof("change") == "attendance_counted":
            return
        session = changes(TrainingSession, event.id).aggregate
        for sheet in session.state.sheets:
            changes(Sheet, sheet_id(session_key(event.id), sheet.number)).apply(Sheet.bring_again)

    def _of_attendance(self, sheet: str, changes: Changes) -> None:
        change = changes(Sheet, sheet)
        state = change.aggregate.state
        session = changes(TrainingSession, state.parent.partition("/")[2])
        people = tuple(
            sorted(
                (
                    Listed(row.talent, row.minutes, row.birth_year)
                    for row in state.rows
                    if row.talent not in state.struck
                ),
                key=lambda it: it.talent,
            )
        )
        session.apply(lambda it: it.count(sheet, state.number, people))
        _credit(session.aggregate, change, changes)

    def _of_results(self, sheet: str, changes: Changes) -> None:
        change = changes(Sheet, sheet)
        state = change.aggregate.state
        settled = {row.talent for row in state.rows if _pass(state.parent, state.department, row, changes)}
        sitting = changes(ExamSitting, state.parent.partition("/")[2])
        results = len({row.talent for row in state.rows})
        sitting.apply(lambda it: (it.announce(), it.count(sheet, state.number, results))[0])
        change.apply(lambda it: it.apply(frozenset(settled)))


def _is_done(event: events.SheetEvent, state: SheetState) -> bool:
    """Told that a sheet was applied, and its identities have left it: the talents have all it says."""
    return event.WhichOneof("change") == "sheet_applied" and state.applied and not any(row.sealed for row in state.rows)


def _credit(session: TrainingSession, sheet: Any, changes: Changes) -> None:
    """One report per row, each of the session's one entry; a row taken back brings its reversal."""
    present = session.present()
    if present is None:
        return
    state = sheet.aggregate.state
    month = month_of(present.last_day)
    settled = set()
    for row in state.rows:
        talent = changes(Talent, row.talent)
        told = _told(present, row, state)
        reports = talent.aggregate.state.reports
        news = [it for it in told if held_for(reports, it.origin) != it]
        if not news and (not talent.dirty or not told):  # it is in the store, or nothing is to be
            settled.add(row.talent)
        if not told:
            for origin in (entry_origin(state, row.talent), taking_back(state, row.talent, NO_DAY).origin):
                talent.apply(partial(_forget, origin=origin, month=month))
        for report in news:
            reversal = isinstance(report, EducationReversalReport)
            event = EducationReversed(month) if reversal else EducationRecorded("training", month)
            talent.apply(partial(_report, report=report, row=row, event=event))
    if present.status != "planned":
        sheet.apply(lambda it: it.apply(frozenset(settled)))


def _told(present: SessionReport, row: Row, sheet: SheetState) -> list[EducationReport | EducationReversalReport]:
    """What a row says of its person; nothing when the session did not take place, or before the person was born."""
    minutes = counts(present, Listed(row.talent, row.minutes, row.birth_year))
    if minutes is None or present.status != "held":
        return []
    entry = EducationReport(
        entry_origin(sheet, row.talent), name_seen(row, sheet.department), sheet.department, sheet.parent, "training",
        present.category, present.since, present.last_day, minutes, present.provider,
    )  # fmt: skip
    if row.talent in sheet.struck:
        return [entry, taking_back(sheet, row.talent, sheet.struck[row.talent])]
    return [entry]


def _pass(parent: str, department: str, row: Row, changes: Changes) -> bool:
    """Give the talent the pass; True when it had it before. What contradicts becomes a case and stops nothing.

    Of two numbers of one person the smaller pseudonym is kept, whatever comes first.
    """
    province, level, passed_on = parent.partition("/")[2].split("/")
    talent = changes(Talent, row.talent)
    origin = Origin(parent, row.talent)
    number, contradicts = row.number_index, bool(row.holder)
    if number:
        numbered = changes(CertificateNumber, number)
        numbered.apply(lambda it: it.hold(row.talent))
        contradicts = contradicts or numbered.aggregate.state.talent != row.talent
        if contradicts:
            number = ""
    held = held_for(talent.aggregate.state.reports, origin)
    if isinstance(held, PassReport) and held.number_index and number and held.number_index != number:
        contradicts = True
        number = min(number, held.number_index)
    names = {it.name_index for it in talent.aggregate.state.identities}
    contradicts = contradicts or bool(names and row.name_index not in names) or len(names) > 1
    if contradicts:
        changes(IdentityCase, case_of(row.talent)).apply(
            lambda it: it.open(
                talent=row.talent,
                differing="exam",
                departments=(department,),
                counties={row.home_county} - {""},
            )
        )
    if isinstance(held, PassReport) and (held.number_index == number or not number):
        return not talent.dirty  # it is in the store
    certificate = Certificate(level, province, Day(passed_on))
    report = PassReport(origin, name_seen(row, department), row.home_county, certificate, number)
    talent.apply(partial(_report, report=report, row=row, event=PassRecorded(level, Day(passed_on))))
    return False


def _report(talent: Talent, *, report: Any, row: Row, event: Any) -> None:
    talent.report(report, _identity(talent, row), event)


def _forget(talent: Talent, *, origin: Origin, month: str) -> None:
    talent.forget(origin, EducationReversed(month))


def _identity(talent: Talent, row: Row) -> Identity | None:
    """The row's identity; once it has left the sheet, the one that the talent holds. None when it was erased."""
    if talent.state.erased:
        return None
    if row.sealed:
        return row.identity
    return next((it for it in talent.state.identities if it.name_index == row.name_index), None)


def case_of(talent: str) -> str:
    """One case per talent whose results contradict."""
    return f"exam/{talent}"
