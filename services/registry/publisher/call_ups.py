"""Call-ups: events, and the wire form that reads serve."""

from __future__ import annotations

from services.registry.domain.call_up import CallUp
from services.shared.runtime import envelope
from swtalent.registry.v1 import events_pb2 as pb
from swtalent.registry.v1 import roster_service_pb2 as service_pb

call_up_messages = envelope.messages("registry", pb.CallUpEvent)


def call_up_message(call_up: CallUp) -> service_pb.CallUp:
    return service_pb.CallUp(
        id=call_up.id,
        department=call_up.state.mandate.department,
        facts=envelope.message(pb.CallUpFacts, call_up.facts()),
        closed=call_up.state.closed,
        etag=str(call_up.version),
    )


def call_up_summary(call_up: CallUp) -> bytes:
    """The CallUp message that ListCallUps lists."""
    return call_up_message(call_up).SerializeToString()
