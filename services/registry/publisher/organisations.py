"""Organisations: events and facts."""

from __future__ import annotations

from services.registry.domain.organisation import Organisation, OrganisationFacts
from services.registry.domain.party import PartyCover
from services.shared.runtime import envelope
from swtalent.registry.v1 import events_pb2 as pb
from swtalent.registry.v1 import organisation_service_pb2 as service_pb


def organisation_facts(facts: OrganisationFacts) -> pb.OrganisationFacts:
    return envelope.message(pb.OrganisationFacts, facts)


def party_cover(cover: PartyCover | None) -> pb.PartyCover | None:
    return envelope.message(pb.PartyCover, cover) if cover else None


organisation_messages = envelope.messages("registry", pb.OrganisationEvent)


def organisation_summary(organisation: Organisation) -> bytes:
    """The Organisation message that FindOrganisations lists; nothing private."""
    facts = organisation.pending[-1].facts if organisation.pending else organisation.facts()
    return service_pb.Organisation(
        uscc=organisation.id, facts=organisation_facts(facts), etag=str(organisation.version)
    ).SerializeToString()
