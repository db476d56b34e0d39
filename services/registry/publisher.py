"""OUT: domain event → Kafka record on registry.events.v1, and the prepared bytes that reads serve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.registry.domain import identity_case, organisation, talent
from services.registry.domain.combine import TalentFacts
from services.registry.domain.organisation import OrganisationFacts
from services.registry.domain.talent import Talent
from services.shared.kernel.aggregate import Recorded
from services.shared.kernel.ports import Message
from services.shared.runtime import envelope
from services.shared.runtime.store.kind import Stamp
from swtalent.registry.v1 import events_pb2 as pb
from swtalent.registry.v1 import registry_service_pb2 as service_pb

_TALENT: dict[type, tuple[str, Callable[..., Any]]] = {
    talent.TalentReported: ("talent_reported", pb.TalentReported),
    talent.AffiliationEnded: ("affiliation_ended", pb.AffiliationEnded),
    talent.PassRecorded: ("pass_recorded", pb.PassRecorded),
    talent.Designated: ("designated", pb.Designated),
    talent.PayRecorded: ("pay_recorded", pb.PayRecorded),
    talent.IdentityDisputed: ("identity_disputed", pb.IdentityDisputed),
}
_ORGANISATION: dict[type, tuple[str, Callable[..., Any]]] = {
    organisation.OrganisationRegistered: (
        "organisation_registered",
        pb.OrganisationRegistered,
    ),
    organisation.PostCreated: ("post_created", pb.PostCreated),
    organisation.PostHeld: ("post_held", pb.PostHeld),
}


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
    )
    _last = (facts, body)
    return body


_last: tuple[TalentFacts | None, pb.TalentFacts] = (None, pb.TalentFacts())


def organisation_facts(facts: OrganisationFacts) -> pb.OrganisationFacts:
    fields = envelope.fields_of(facts)
    fields["posts"] = [
        pb.Post(
            **{
                **envelope.fields_of(post),
                "holders": [pb.PostHolder(**envelope.fields_of(holder)) for holder in post.holders],
            }
        )
        for post in facts.posts
    ]
    return pb.OrganisationFacts(**fields)


def talent_messages(talent_id: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
    name, change = _TALENT[type(recorded.event)]
    body = pb.TalentEvent(id=talent_id, version=recorded.version, after=talent_facts(recorded.facts))
    getattr(body, name).CopyFrom(change(**envelope.fields_of(recorded.event)))
    return (envelope.event("registry", talent_id, recorded.version, body, stamp),)


def organisation_messages(uscc: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
    name, change = _ORGANISATION[type(recorded.event)]
    body = pb.OrganisationEvent(id=uscc, version=recorded.version, after=organisation_facts(recorded.facts))
    getattr(body, name).CopyFrom(change(**envelope.fields_of(recorded.event)))
    return (envelope.event("registry", uscc, recorded.version, body, stamp),)


def identity_case_messages(case: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
    facts: identity_case.IdentityCaseFacts = recorded.facts
    body = pb.IdentityCaseEvent(
        id=case,
        version=recorded.version,
        after=pb.IdentityCaseFacts(**envelope.fields_of(facts)),
        identity_case_opened=pb.IdentityCaseOpened(talent=facts.talent),
    )
    return (envelope.event("registry", case, recorded.version, body, stamp),)


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
