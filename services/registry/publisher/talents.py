"""Talents and identity cases: events, and the prepared bytes that reads serve."""

from __future__ import annotations

from services.registry.domain.combine import TalentFacts
from services.registry.domain.talent import Talent
from services.shared.runtime import envelope
from swtalent.registry.v1 import events_pb2 as pb
from swtalent.registry.v1 import registry_service_pb2 as service_pb


def talent_facts(facts: TalentFacts) -> pb.TalentFacts:
    """The last facts asked for are kept: the event, the summary and the read of one version follow each other."""
    global _last  # noqa: PLW0603 - one slot, whose loss costs one translation
    held = _last
    if held[0] is facts:
        return held[1]
    body = pb.TalentFacts(
        birth_band=facts.birth_band,
        home_county=facts.home_county,
        affiliations=[
            pb.Affiliation(
                id=it.id,
                department=it.department,
                organisation=it.organisation,
                role=it.role,
                post=it.post,
                field=it.field,
                place=it.place,
                community_kind=it.community_kind,
                full_time=it.full_time,
                practitioner=it.practitioner,
                principal=it.principal,
                since=it.since,
                until=it.until,
            )
            for it in facts.affiliations
        ],
        recognitions=[
            pb.Recognition(ground=it.ground, since=it.since, until=it.until, department=it.department)
            for it in facts.recognitions
        ],
        certificates=[pb.Certificate(**envelope.fields_of(it)) for it in facts.certificates],
        designations=[pb.Designation(**envelope.fields_of(it)) for it in facts.designations],
        pay=[pb.Pay(year=it.year, organisation=it.organisation, band=it.band) for it in facts.pay],
        disputed=facts.disputed,
        moved_to=facts.moved_to,
        registrations=[envelope.message(pb.Registration, it) for it in facts.registrations],
        learned=[pb.Learned(month=it.month, minutes=it.minutes) for it in facts.learned],
        trained=[pb.Trained(category=it.category, on=it.on) for it in facts.trained],
        departure=facts.departure,
        departed_on=facts.departed_on,
        moving=facts.moving,
    )
    _last = (facts, body)
    return body


_last: tuple[TalentFacts | None, pb.TalentFacts] = (None, pb.TalentFacts())


talent_messages = envelope.messages("registry", pb.TalentEvent, talent_facts)
identity_case_messages = envelope.messages("registry", pb.IdentityCaseEvent)


def talent_summary(talent: Talent) -> bytes:
    """The Talent message that FindTalents lists, masked."""
    return _masked(talent).SerializeToString()


def talent_response(talent: Talent) -> bytes:
    """GetTalentResponse: a hot read, so it is built once and not copied through another message."""
    return service_pb.GetTalentResponse(talent=_masked(talent)).SerializeToString()


def _masked(talent: Talent) -> service_pb.Talent:
    identities = talent.state.identities
    facts = talent.pending[-1].facts if talent.pending else talent.facts()
    return service_pb.Talent(
        id=talent.id,
        masked_name=identities[0].masked if identities else "",
        facts=talent_facts(facts),
        etag=str(talent.version),
    )
