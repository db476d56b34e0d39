"""Organisations: events and facts."""

from __future__ import annotations

from services.registry.domain.organisation import OrganisationFacts
from services.shared.runtime import envelope
from swtalent.registry.v1 import events_pb2 as pb


def organisation_facts(facts: OrganisationFacts) -> pb.OrganisationFacts:
    return envelope.message(pb.OrganisationFacts, facts)


organisation_messages = envelope.messages("registry", pb.OrganisationEvent)
