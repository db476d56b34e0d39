"""Talents and identity cases: events, and the prepared bytes that reads serve."""

from __future__ import annotations

from typing import Any

from services.registry.domain.combine import TalentFacts
from services.registry.domain.talent import Talent
from services.shared.runtime import envelope
from swtalent.registry.v1 import events_pb2 as pb


def talent_facts(facts: TalentFacts) -> bytes:
    """Encoded once: the event, the summary and the read of one version follow each other, so the last ones are kept."""
    global _last  # noqa: PLW0603 - one slot, whose loss costs one translation
    held = _last
    if held[0] is facts:
        return held[1]
    fields: dict[str, Any] = {}
    for name, kind in _LISTS:
        if values := getattr(facts, name):  # most people have few of these
            fields[name] = [kind(**envelope.fields_of(it)) for it in values]
    body = pb.TalentFacts(
        birth_band=facts.birth_band,
        home_county=facts.home_county,
        disputed=facts.disputed,
        moved_to=facts.moved_to,
        departure=facts.departure,
        departed_on=facts.departed_on,
        moving=facts.moving,
        **fields,
    ).SerializeToString()
    _last = (facts, body)
    return body


_LISTS: tuple[tuple[str, Any], ...] = (
    ("affiliations", pb.Affiliation),
    ("recognitions", pb.Recognition),
    ("certificates", pb.Certificate),
    ("designations", pb.Designation),
    ("pay", pb.Pay),
    ("registrations", pb.Registration),
    ("learned", pb.Learned),
    ("trained", pb.Trained),
)
_last: tuple[TalentFacts | None, bytes] = (None, b"")


talent_messages = envelope.messages("registry", pb.TalentEvent, talent_facts)
identity_case_messages = envelope.messages("registry", pb.IdentityCaseEvent)


def talent_summary(talent: Talent) -> bytes:
    """The Talent message that FindTalents lists, masked: id, masked_name, facts, etag."""
    identities = talent.state.identities
    facts = talent.pending[-1].facts if talent.pending else talent.facts()
    return b"".join(
        (
            envelope.embedded(1, talent.id.encode()),
            envelope.embedded(2, identities[0].masked.encode()) if identities else b"",
            envelope.embedded(3, talent_facts(facts)),
            envelope.embedded(4, str(talent.version).encode()),
        )
    )


def talent_listed(talent: Talent) -> bytes:
    """The summary, or b"" of a talent that was merged into another: it is listed with that one."""
    return b"" if talent.moved_to else talent_summary(talent)


def talent_response(talent: Talent) -> bytes:
    """GetTalentResponse: a hot read, so it is built of what is encoded already."""
    return envelope.embedded(1, talent_summary(talent))
