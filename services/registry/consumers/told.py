"""What the sagas on the registry's own talent events share."""

from __future__ import annotations

from services.shared.runtime.envelope import header
from services.shared.runtime.reader import Received
from swtalent.registry.v1 import events_pb2 as events

_TALENT = events.TalentEvent.DESCRIPTOR.full_name.encode()

# Changes that touch neither work, certificate nor membership: nearly all that a talent goes through in a year.
ELSEWHERE = frozenset(
    {
        "designated",
        "designation_ended",
        "education_recorded",
        "education_reversed",
        "identity_disputed",
        "identity_erased",
        "pay_recorded",
        "registration_applied",
        "registration_decided",
        "registration_ended",
        "registration_lapsed",
    }
)


def talent_event(record: Received) -> events.TalentEvent | None:
    """None = of another kind of aggregate."""
    if header(record.headers, "ce_type") != _TALENT:
        return None
    return events.TalentEvent.FromString(record.value or b"")
