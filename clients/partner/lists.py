"""Long lists of people, cut into the sheets of at most 500 rows that partner/v1 takes, rows sealed by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NotRequired, TypedDict

from clients.partner.checks import Fault, RecordInvalid, is_id_number
from clients.partner.seal import SealSession
from swtalent.partner.v1 import records_pb2 as pb

MOST_ROWS = 500


class Attendee(TypedDict):
    """`minutes` left out = the session's."""

    name: str
    id_number: str
    phone: NotRequired[str]
    minutes: NotRequired[int]


class ExamResult(TypedDict):
    """`number` is the certificate's."""

    name: str
    id_number: str
    phone: NotRequired[str]
    number: NotRequired[str]
    home_county: NotRequired[str]


def sheets(rows: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
    """The number of each sheet, from 1, and its rows; a row that was there before is left out."""
    distinct = list({tuple(sorted(row.items())): row for row in rows}.values())
    for start in range(0, len(distinct), MOST_ROWS):
        yield start // MOST_ROWS + 1, distinct[start : start + MOST_ROWS]


def check(record_id: str, rows: Sequence[Any]) -> None:
    """Raises RecordInvalid with every row that is plainly wrong; then nothing is sent."""
    faults = [
        Fault(code, f"rows/{at}/{field}")
        for at, row in enumerate(rows)
        for code, field, wrong in (
            ("FIELD_MISSING", "name", not row.get("name")),
            ("ID_NUMBER_INVALID", "id_number", not is_id_number(row.get("id_number", ""))),
            ("AMOUNT_INVALID", "minutes", row.get("minutes", 0) < 0),
        )
        if wrong
    ]
    if not rows:
        faults.append(Fault("FIELD_MISSING", "rows"))
    if faults:
        raise RecordInvalid(record_id, faults)


def attendance_rows(
    session: SealSession, record_id: str, revision: int, rows: Sequence[Attendee]
) -> list[pb.AttendanceRecordRow]:
    sealed = _sealed(session, "AttendanceRecord", record_id, revision, rows, ("name", "id_number", "phone"))
    return [
        pb.AttendanceRecordRow(identity=_identity(it), minutes=row.get("minutes", 0))
        for row, it in zip(rows, sealed, strict=True)
    ]


def result_rows(
    session: SealSession, record_id: str, revision: int, rows: Sequence[ExamResult]
) -> list[pb.ExamResultsRecordRow]:
    names = ("name", "id_number", "phone", "number")
    sealed = _sealed(session, "ExamResultsRecord", record_id, revision, rows, names)
    return [
        pb.ExamResultsRecordRow(identity=_identity(it), number=it[3], home_county=row.get("home_county", ""))
        for row, it in zip(rows, sealed, strict=True)
    ]


def _sealed(
    session: SealSession, type_: str, record_id: str, revision: int, rows: Sequence[Any], names: Sequence[str]
) -> list[list[bytes]]:
    return [
        session.seal(type_, record_id, revision, [(f"rows/{at}/{name}", row.get(name, "")) for name in names])
        for at, row in enumerate(rows)
    ]


def _identity(sealed: Sequence[bytes]) -> pb.SealedIdentity:
    return pb.SealedIdentity(name=sealed[0], id_number=sealed[1], phone=sealed[2])
