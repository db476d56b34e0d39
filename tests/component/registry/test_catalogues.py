"""Catalogues of wanted talents over gRPC, compared with the people that the registry knows."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from swtalent.registry.v1 import catalogue_service_pb2 as pb
from swtalent.registry.v1 import events_pb2 as events
from swtalent.registry.v1 import registry_service_pb2 as registry_pb
from swtalent.registry.v1.catalogue_service_pb2_grpc import CatalogueServiceStub
from tests.builders.registry import an_id_number

INVALID = grpc.StatusCode.INVALID_ARGUMENT
ROWS = [
    events.CatalogueRow(field="elderly_care", level="assistant", wanted=3),
    events.CatalogueRow(field="minors", level="senior", wanted=1),
]


class Catalogues:
    def __init__(self, registry, channel) -> None:
        self.registry, self.stub = registry, CatalogueServiceStub(channel)

    def revise(self, *, area="510100", role="officer", scope="510100", **changed):
        values = {"request_id": self.registry.request_id(), "area": area, "year": 2025, "rows": ROWS}
        request = pb.ReviseCatalogueRequest(**{**values, **changed})
        return self.stub.ReviseCatalogue(request, metadata=self.registry.token(role, area=scope))

    async def rows(self, **given):
        await self.registry.settled()
        got = await self.get(**given)
        return [(it.field, it.level, it.wanted, it.have, it.gap) for it in got.rows]

    def get(self, **given):
        request = pb.GetCatalogueRequest(**{"area": "510100", "year": 2025, **given})
        return self.stub.GetCatalogue(request, metadata=self.registry.token("portal"))

    async def certified(self, sequence, *, place, passed_on="2021-06-20", **work):
        who = registry_pb.Identity(name="王芳", id_number=an_id_number(sequence=sequence))
        request = self.registry.a_talent(identity=who, place=place, **work)
        await self.registry.stub.RecordTalent(request, metadata=self.registry.token())
        await self.registry.stub.RecordPass(
            registry_pb.RecordPassRequest(
                request_id=self.registry.request_id(),
                identity=who,
                department="human_resources",
                level="assistant",
                passed_on=passed_on,
            ),
            metadata=self.registry.token(department="human_resources"),
        )


@pytest.fixture
async def catalogues(registry):
    async with grpc.aio.insecure_channel(registry.app.address) as channel:
        yield Catalogues(registry, channel)


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(failure.value).details[0].Unpack(info)
    return failure.value.code(), info.reason, info.metadata["field"]


async def test_what_an_area_has_follows_its_people(catalogues):
    await catalogues.revise()
    await catalogues.revise(area="510104")
    await catalogues.certified(1, place="510104")
    await catalogues.certified(2, place="510105", passed_on="2023-06-18")
    await catalogues.certified(3, place="510302")
    await catalogues.certified(4, place="510104", field="youth")

    assert await catalogues.rows() == [("elderly_care", "assistant", 3, 2, 1), ("minors", "senior", 1, 0, 1)]
    assert (await catalogues.rows(area="510104"))[0] == ("elderly_care", "assistant", 3, 1, 2)
    assert (await catalogues.rows(on="2022-01-01"))[0] == ("elderly_care", "assistant", 3, 1, 2)


async def test_a_gap_is_never_below_nothing(catalogues):
    await catalogues.revise(rows=[events.CatalogueRow(field="elderly_care", level="assistant", wanted=1)])
    for sequence in (1, 2):
        await catalogues.certified(sequence, place="510104")

    assert await catalogues.rows() == [("elderly_care", "assistant", 1, 2, 0)]


async def test_catalogues_of_a_year_are_listed_below_an_area(catalogues):
    first = await catalogues.revise()
    for area in ("510104", "510300"):
        await catalogues.revise(area=area, scope=area)
    await catalogues.revise(area="510105", year=2024)

    async def listed(**given):
        request = pb.ListCataloguesRequest(**{"area": "510100", "year": 2025, **given})
        found = await catalogues.stub.ListCatalogues(request, metadata=catalogues.registry.token("portal"))
        return [(it.facts.area, it.etag) for it in found.catalogues], found.next_page_token

    assert (await listed())[0] == [("510100", first.etag), ("510104", "1")]
    assert [area for area, _ in (await listed(area=""))[0]] == ["510100", "510104", "510300"]
    page, token = await listed(page_size=1)
    assert (await listed(page_size=1, page_token=token))[0] == [("510104", "1")]
    assert page == [("510100", first.etag)]


async def test_the_log_holds_what_is_wanted_and_the_same_request_is_told_once(catalogues):
    first = await catalogues.revise(request_id="r1")
    assert await catalogues.revise(request_id="r1") == first
    await catalogues.registry.settled()

    [it] = catalogues.registry.streams.of("registry.events.v1")
    told = events.CatalogueEvent.FromString(it.value)
    assert (told.id, told.WhichOneof("change"), list(told.after.rows)) == ("510100/2025", "catalogue_revised", ROWS)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"area": "510300"}, (grpc.StatusCode.PERMISSION_DENIED, "OUTSIDE_SCOPE", "area")),
        ({"area": "519999"}, (INVALID, "AREA_UNKNOWN", "area")),
        ({"year": 1999}, (INVALID, "YEAR_INVALID", "year")),
        ({"rows": []}, (INVALID, "FIELD_MISSING", "rows")),
        ({"rows": [ROWS[0], ROWS[0]]}, (INVALID, "CATALOGUE_ROW_TWICE", "rows[1]")),
        ({"rows": [events.CatalogueRow(field="minors", level="x" * 65536, wanted=1)]},
         (INVALID, "FIELD_TOO_LONG", "rows[0].level")),
        ({"request_id": ""}, (INVALID, "FIELD_MISSING", "request_id")),
        ({"etag": "9"}, (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "etag")),
    ],
)  # fmt: skip
async def test_a_bad_revision_changes_nothing(catalogues, changed, expected):
    assert await refused(catalogues.revise(**changed)) == expected

    await catalogues.registry.settled()
    assert not catalogues.registry.streams.of("registry.events.v1")
    assert (await refused(catalogues.get()))[:2] == (grpc.StatusCode.NOT_FOUND, "CATALOGUE_NOT_FOUND")


async def test_who_may_not_revise_is_refused(catalogues):
    denied = await refused(catalogues.revise(role="auditor"))
    assert denied[:2] == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"on": "2099-01-01"}, (INVALID, "DATE_IN_FUTURE", "on")),
        ({"on": "x"}, (INVALID, "DATE_INVALID", "on")),
        ({"area": ""}, (INVALID, "FIELD_MISSING", "area")),
        ({"year": 0}, (INVALID, "YEAR_INVALID", "year")),
    ],
)
async def test_a_bad_question_is_refused(catalogues, given, expected):
    await catalogues.revise()

    assert await refused(catalogues.get(**given)) == expected
