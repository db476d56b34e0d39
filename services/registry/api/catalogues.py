"""CatalogueService: which talents areas want, and which they have."""

from __future__ import annotations

from typing import Any, TypeAlias

from services.registry.commands.revise_catalogue import ReviseCatalogue, revise_catalogue
from services.registry.domain.catalogue import CatalogueRow
from services.registry.queries.catalogues import get_catalogue, list_catalogues
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime import envelope
from services.shared.runtime.access import current_call
from services.shared.runtime.filled import filled
from swtalent.registry.v1 import catalogue_service_pb2 as pb
from swtalent.registry.v1 import catalogue_service_pb2_grpc as grpc_pb

Context: TypeAlias = Any  # grpc.aio.ServicerContext, which carries no types


class CatalogueServicer(grpc_pb.CatalogueServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(self, *, store: Store, lanes: Lanes, clock: Clock) -> None:
        self._store = store
        self._lanes = lanes
        self._clock = clock

    async def ReviseCatalogue(self, request: pb.ReviseCatalogueRequest, _: Context) -> pb.ReviseCatalogueResponse:
        call = current_call()
        rows = [filled(CatalogueRow, row) for row in request.rows]
        answer = await revise_catalogue(
            filled(ReviseCatalogue, request, by=call.principal, rows=rows),
            lanes=self._lanes,
            clock=self._clock,
            cause=call.cause(request.request_id),
        )
        return pb.ReviseCatalogueResponse(etag=answer.etag)

    async def GetCatalogue(self, request: pb.GetCatalogueRequest, _: Context) -> pb.GetCatalogueResponse:
        found = await get_catalogue(request.area, request.year, on=request.on, store=self._store, clock=self._clock)
        return pb.GetCatalogueResponse(
            area=found.catalogue.state.area,
            year=found.catalogue.state.year,
            on=found.on,
            rows=[envelope.message(pb.GetCatalogueResponse.Row, row) for row in found.rows],
            etag=str(found.catalogue.version),
        )

    async def ListCatalogues(self, request: pb.ListCataloguesRequest, _: Context) -> pb.ListCataloguesResponse:
        page = await list_catalogues(
            request.area or current_call().principal.area,
            request.year,
            size=request.page_size,
            token=request.page_token,
            store=self._store,
            clock=self._clock,
        )
        found = [pb.ListCataloguesResponse.Catalogue.FromString(row.summary) for row in page.rows]
        return pb.ListCataloguesResponse(catalogues=found, next_page_token=page.next_token)
