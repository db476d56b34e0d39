"""IN: partners' trainings, attendance lists, results and graduates, as the commands of the same name."""

from __future__ import annotations

from services.registry.commands import (
    plan_session,
    receive_attendance,
    receive_results,
    report_graduates,
    reverse_attendance,
)
from services.registry.domain.person import Person
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.step import Step
from services.shared.runtime.filled import filled
from services.shared.runtime.partner_records import Sender
from services.shared.runtime.sealing import SealedRecord, SealOpener
from swtalent.partner.v1 import records_pb2 as records


class Lists:
    """Handlers of the records that hold lists or stand beside them; sealed fields of a row carry its number."""

    def __init__(self, *, keys: KeyRing, opener: SealOpener, clock: Clock) -> None:
        self._keys = keys
        self._opener = opener
        self._clock = clock

    def session(self, record: records.TrainingSessionRecord, sender: Sender) -> Step:
        command = filled(
            plan_session.PlanSession,
            record,
            by=sender.partner,
            origin=sender.origin,
            department=sender.partner.department,
            lecturers=(),
        )
        return plan_session.step(command, today=self._clock.day())

    def attendance(self, record: records.AttendanceRecord, sender: Sender) -> Step:
        receive_attendance.must_be_sheet(record.number, record.rows)
        sealed = self._opener.session(sender.partner.name, sender.headers)
        department = sender.partner.department
        command = receive_attendance.ReceiveAttendance(
            department=department,
            session_id=plan_session.session_id(department, record.session),
            number=record.number,
            rows=[
                receive_attendance.Attended(_person(sealed, at, row.identity), row.minutes)
                for at, row in enumerate(record.rows)
            ],
        )
        return receive_attendance.step(command, keys=self._keys, today=self._clock.day())

    def reversal(self, record: records.AttendanceReversalRecord, sender: Sender) -> Step:
        sealed = self._opener.session(sender.partner.name, sender.headers)
        command = filled(
            reverse_attendance.ReportAttendanceReversal,
            record,
            person=Person(*sealed.open_identity(record.identity)),
            department=sender.partner.department,
        )
        return reverse_attendance.step(command, keys=self._keys, today=self._clock.day())

    def results(self, record: records.ExamResultsRecord, sender: Sender) -> Step:
        receive_attendance.must_be_sheet(record.number, record.rows)
        sealed = self._opener.session(sender.partner.name, sender.headers)
        rows = [
            receive_results.Result(
                _person(sealed, at, row.identity),
                sealed.open(f"rows/{at}/number", row.number),
                row.home_county,
            )
            for at, row in enumerate(record.rows)
        ]
        command = filled(receive_results.ReceiveResults, record, department=sender.partner.department, rows=rows)
        return receive_results.step(command, keys=self._keys, today=self._clock.day())

    def graduates(self, record: records.GraduateCohortRecord, sender: Sender) -> Step:
        command = filled(report_graduates.ReportGraduates, record, by=sender.partner, origin=sender.origin)
        return report_graduates.step(command, today=self._clock.day())


def _person(sealed: SealedRecord, at: int, identity: records.SealedIdentity) -> Person:
    return Person(
        sealed.open(f"rows/{at}/name", identity.name),
        sealed.open(f"rows/{at}/id_number", identity.id_number),
        sealed.open(f"rows/{at}/phone", identity.phone),
    )
