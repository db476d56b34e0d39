"""Training sessions, sheets, sittings and cohorts: events, and the bytes that pages of sessions serve."""

from __future__ import annotations

from services.registry.domain.sheet import Sheet
from services.registry.domain.sitting import ExamSitting
from services.registry.domain.training import TrainingSession
from services.shared.runtime import envelope
from swtalent.registry.v1 import events_pb2 as pb
from swtalent.registry.v1 import training_service_pb2 as service_pb

session_messages = envelope.messages("registry", pb.TrainingSessionEvent)
sheet_messages = envelope.messages("registry", pb.SheetEvent)
sitting_messages = envelope.messages("registry", pb.ExamSittingEvent)
cohort_messages = envelope.messages("registry", pb.GraduateCohortEvent)


def session_message(session: TrainingSession) -> service_pb.TrainingSession:
    facts = session.pending[-1].facts if session.pending else session.facts()
    return service_pb.TrainingSession(
        id=session.id, facts=envelope.message(pb.TrainingSessionFacts, facts), etag=str(session.version)
    )


def session_summary(session: TrainingSession) -> bytes:
    return session_message(session).SerializeToString()


def sitting_response(sitting: ExamSitting) -> service_pb.GetSittingResponse:
    return service_pb.GetSittingResponse(
        id=sitting.id, facts=envelope.message(pb.ExamSittingFacts, sitting.facts()), etag=str(sitting.version)
    )


def sheet_response(sheet: Sheet) -> service_pb.GetSheetResponse:
    """Who is on it, masked."""
    struck = sheet.state.struck
    return service_pb.GetSheetResponse(
        id=sheet.id,
        facts=envelope.message(pb.SheetFacts, sheet.facts()),
        rows=[
            service_pb.MaskedRow(
                talent_id=row.talent, masked_name=row.masked, minutes=row.minutes, reversed=row.talent in struck
            )
            for row in sheet.state.rows
        ],
        etag=str(sheet.version),
    )
