"""Programmes: events, and the prepared bytes that lists serve."""

from __future__ import annotations

from services.registry.domain.programme import Programme
from services.shared.runtime import envelope
from swtalent.registry.v1 import events_pb2 as pb
from swtalent.registry.v1 import programme_service_pb2 as service_pb

programme_messages = envelope.messages("registry", pb.ProgrammeEvent)


def programme_message(programme: Programme) -> service_pb.Programme:
    facts = envelope.message(pb.ProgrammeFacts, programme.facts())
    return service_pb.Programme(id=programme.id, facts=facts, etag=str(programme.version))


def programme_summary(programme: Programme) -> bytes:
    """The Programme message that ListProgrammes lists."""
    return programme_message(programme).SerializeToString()
