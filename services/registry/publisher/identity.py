"""Cases and corrections: the prepared bytes that lists serve."""

from __future__ import annotations

from services.registry.domain.correction import Correction
from services.registry.domain.identity_case import IdentityCase
from services.registry.queries.identity_cases import Side
from services.shared.runtime import envelope
from swtalent.registry.v1 import events_pb2 as events
from swtalent.registry.v1 import identity_service_pb2 as pb


def identity_case(case: IdentityCase) -> pb.IdentityCase:
    facts = envelope.message(events.IdentityCaseFacts, case.facts())
    return pb.IdentityCase(id=case.id, facts=facts, etag=str(case.version))


def case_summary(case: IdentityCase) -> bytes:
    return identity_case(case).SerializeToString()


def case_side(side: Side) -> pb.CaseSide:
    facts = side.facts
    return pb.CaseSide(
        talent_id=side.talent_id,
        masked_names=side.masked_names,
        birth_band=facts.birth_band,
        home_county=facts.home_county,
        affiliations=[envelope.message(events.Affiliation, it) for it in facts.affiliations],
        certificates=[envelope.message(events.Certificate, it) for it in facts.certificates],
        departments=sorted({it.department for it in facts.affiliations}),
        moved_to=side.moved_to,
        etag=side.etag,
    )


def correction_summary(correction: Correction) -> bytes:
    it = correction.state
    return pb.Correction(
        id=correction.id,
        talent_id=it.talent,
        target=it.target,
        field=it.field,
        old_value=it.old,
        new_value=it.new,
        reason=it.reason,
        requester=it.requester,
        approver=it.approver,
        status=it.status,
        etag=str(correction.version),
    ).SerializeToString()
