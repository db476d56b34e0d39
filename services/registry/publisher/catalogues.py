"""Catalogues of wanted talents: events, and the prepared bytes that lists serve."""

from __future__ import annotations

from services.registry.domain.catalogue import RegionalCatalogue
from services.shared.runtime import envelope
from swtalent.registry.v1 import catalogue_service_pb2 as service_pb
from swtalent.registry.v1 import events_pb2 as pb

catalogue_messages = envelope.messages("registry", pb.CatalogueEvent)


def catalogue_summary(catalogue: RegionalCatalogue) -> bytes:
    """The Catalogue message that ListCatalogues lists."""
    facts = envelope.message(pb.CatalogueFacts, catalogue.facts())
    return service_pb.ListCataloguesResponse.Catalogue(facts=facts, etag=str(catalogue.version)).SerializeToString()
