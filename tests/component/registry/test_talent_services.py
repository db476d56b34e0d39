"""Services for high-level talents over gRPC, in one running service."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from swtalent.registry.v1 import events_pb2 as events
from swtalent.registry.v1 import high_level_service_pb2 as pb
from swtalent.registry.v1 import registry_service_pb2 as registry_pb
from swtalent.registry.v1.high_level_service_pb2_grpc import HighLevelServiceStub
from tests.builders.registry import an_id_number

SERVER = "human_resources"
DETAIL = "锦江区人才公寓 3 栋 1201"
INVALID, BROKEN, MISSING, DENIED = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED,
)


class Serving:
    """The service of the fixture with calls that are right unless a test changes them."""

    def __init__(self, registry, channel) -> None:
        self.registry, self.stub = registry, HighLevelServiceStub(channel)
        self.talent = ""

    def request(self, rpc, **changed):
        usual = {
            "OfferService": {"kind": "housing", "detail": DETAIL, "since": "2023-01-01"},
            "EndService": {"kind": "housing", "since": "2023-01-01", "until": "2024-01-01"},
        }[rpc]
        whole = {"request_id": self.registry.request_id(), "talent_id": self.talent, "department": SERVER}
        return getattr(pb, f"{rpc}Request")(**{**whole, **usual, **changed})

    def call(self, rpc, *, by=SERVER, **changed):
        return self.send(rpc, self.request(rpc, **changed), by=by)

    def send(self, rpc, request, *, role="department_officer", scope="510100", by=SERVER):
        return getattr(self.stub, rpc)(request, metadata=self.registry.token(role, area=scope, department=by))

    async def designated(self, sequence, *, place="510104", kind="high_level"):
        who = registry_pb.Identity(name="王芳", id_number=an_id_number(sequence=sequence))
        request = self.registry.a_talent(identity=who, place=place)
        talent = (await self.registry.stub.RecordTalent(request, metadata=self.registry.token())).talent_id
        await self.registry.stub.Designate(
            registry_pb.DesignateRequest(
                request_id=self.registry.request_id(),
                talent_id=talent,
                department="civil_affairs",
                kind=kind,
                grantor_level="province",
                since="2022-01-01",
            ),
            metadata=self.registry.token(),
        )
        return talent

    async def mine(self):
        token = self.registry.token("individual", department="", talent=self.talent)
        return (await self.stub.MyServices(pb.MyServicesRequest(), metadata=token)).services

    async def listed(self, **given):
        request = pb.ListHighLevelTalentsRequest(**{"on": "2023-06-01", **given})
        found = await self.send("ListHighLevelTalents", request)
        return [(it.talent_id, [one.kind for one in it.services]) for it in found.talents], found.next_page_token


@pytest.fixture
async def serving(registry):
    async with grpc.aio.insecure_channel(registry.app.address) as channel:
        it = Serving(registry, channel)
        it.talent = await it.designated(1)
        yield it


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(failure.value).details[0].Unpack(info)
    return failure.value.code(), info.reason, info.metadata["field"]


async def test_a_service_is_offered_refreshed_and_ended_and_only_the_person_sees_its_detail(serving):
    await serving.call("OfferService", detail="人才公寓")
    await serving.call("OfferService")
    await serving.call("OfferService", kind="contact_person", detail="张科长")
    [contact, housing] = await serving.mine()
    assert (contact.detail, housing.detail, housing.service.kind) == ("张科长", DETAIL, "housing")

    await serving.call("EndService")

    listed = await serving.send("ListServices", pb.ListServicesRequest(talent_id=serving.talent))
    assert [(it.department, it.kind, it.since, it.until) for it in listed.services] == [
        (SERVER, "contact_person", "2023-01-01", ""),
        (SERVER, "housing", "2023-01-01", "2024-01-01"),
    ]
    assert [it.detail for it in await serving.mine()] == ["张科长", DETAIL]


async def test_high_level_talents_are_listed_with_what_is_done_for_them(serving):
    other = await serving.designated(2, kind="leading")
    await serving.designated(3, kind="practice_supervisor")
    await serving.designated(4, place="510302")
    await serving.call("OfferService", kind="contact_person")

    found = dict((await serving.listed())[0])
    assert found == {serving.talent: ["contact_person"], other: []}
    assert (await serving.listed(without="contact_person"))[0] == [(other, [])]
    assert (await serving.listed(on="2021-12-31"))[0] == []
    first, token = await serving.listed(page_size=1)
    second, _ = await serving.listed(page_size=1, page_token=token)
    assert dict(first + second) == found


async def test_the_log_says_no_more_than_that_something_changed(serving):
    await serving.call("OfferService")
    await serving.registry.settled()

    log = serving.registry.streams.of("registry.events.v1")
    assert events.TalentEvent.FromString(log[-1].value).WhichOneof("change") == "private_changed"
    assert not any(DETAIL.encode() in it.value or b"housing" in it.value for it in log)


async def test_the_same_request_answers_as_the_first_time(serving):
    offer = serving.request("OfferService")
    first = await serving.send("OfferService", offer)
    end = serving.request("EndService")
    ended = await serving.send("EndService", end)

    assert await serving.send("OfferService", offer) == first
    assert await serving.send("EndService", end) == ended


@pytest.mark.parametrize(
    ("rpc", "changed", "expected"),
    [
        ("OfferService", {"request_id": ""}, (INVALID, "FIELD_MISSING", "request_id")),
        ("OfferService", {"talent_id": ""}, (INVALID, "FIELD_MISSING", "talent_id")),
        ("OfferService", {"talent_id": "nobody"}, (MISSING, "TALENT_NOT_FOUND", "talent_id")),
        ("OfferService", {"department": "health"}, (DENIED, "OUTSIDE_SCOPE", "department")),
        ("OfferService", {"kind": ""}, (INVALID, "FIELD_MISSING", "kind")),
        ("OfferService", {"kind": "car"}, (INVALID, "CODE_UNKNOWN", "kind")),
        ("OfferService", {"kind": "x" * 65536}, (INVALID, "FIELD_TOO_LONG", "kind")),
        ("OfferService", {"detail": " "}, (INVALID, "FIELD_MISSING", "detail")),
        ("OfferService", {"detail": "x" * 65536}, (INVALID, "FIELD_TOO_LONG", "detail")),
        ("OfferService", {"since": ""}, (INVALID, "FIELD_MISSING", "since")),
        ("OfferService", {"since": "2099-01-01"}, (INVALID, "DATE_IN_FUTURE", "since")),
        ("OfferService", {"since": "2021-12-31"}, (BROKEN, "NOT_A_HIGH_LEVEL_TALENT", "since")),
        ("OfferService", {"since": "2023-06-01"}, (BROKEN, "SERVICE_OVERLAPS", "since")),
        ("OfferService", {"until": "2023-01-01"}, (INVALID, "INTERVAL_REVERSED", "until")),
        ("OfferService", {"etag": "99"}, (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "etag")),
        ("EndService", {"talent_id": "nobody"}, (MISSING, "TALENT_NOT_FOUND", "talent_id")),
        ("EndService", {"department": "health"}, (DENIED, "OUTSIDE_SCOPE", "department")),
        ("EndService", {"kind": "medical"}, (MISSING, "SERVICE_NOT_FOUND", "since")),
        ("EndService", {"kind": "car"}, (INVALID, "CODE_UNKNOWN", "kind")),
        ("EndService", {"since": "2023-01-02"}, (MISSING, "SERVICE_NOT_FOUND", "since")),
        ("EndService", {"since": "x"}, (INVALID, "DATE_INVALID", "since")),
        ("EndService", {"until": ""}, (INVALID, "FIELD_MISSING", "until")),
        ("EndService", {"until": "2023-01-01"}, (INVALID, "INTERVAL_REVERSED", "until")),
        ("EndService", {"until": "2099-01-01"}, (INVALID, "DATE_IN_FUTURE", "until")),
        ("EndService", {"etag": "99"}, (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "etag")),
    ],
)
async def test_what_is_refused_changes_nothing(serving, rpc, changed, expected):
    await serving.call("OfferService")
    await serving.registry.settled()
    before = len(serving.registry.streams.of("registry.events.v1"))

    assert await refused(serving.call(rpc, **changed)) == expected

    await serving.registry.settled()
    assert len(serving.registry.streams.of("registry.events.v1")) == before


async def test_another_department_ends_nothing_and_another_city_sees_nothing(serving):
    await serving.call("OfferService")
    assert (await refused(serving.call("EndService", by="health", department="health")))[:2] == (
        MISSING,
        "SERVICE_NOT_FOUND",
    )
    request = pb.ListServicesRequest(talent_id=serving.talent)
    assert (await refused(serving.send("ListServices", request, scope="510300")))[:2] == (DENIED, "OUTSIDE_SCOPE")
    assert (await refused(serving.send("OfferService", serving.request("OfferService"), scope="510300")))[:2] == (
        DENIED,
        "OUTSIDE_SCOPE",
    )
    elsewhere = pb.ListHighLevelTalentsRequest(area="510300")
    assert (await refused(serving.send("ListHighLevelTalents", elsewhere)))[:2] == (DENIED, "OUTSIDE_SCOPE")
    assert (await refused(serving.send("MyServices", pb.MyServicesRequest())))[:2] == (DENIED, "PERMISSION_MISSING")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"on": "x"}, (INVALID, "DATE_INVALID", "on")),
        ({"area": "519999"}, (INVALID, "AREA_UNKNOWN", "area")),
        ({"without": "car"}, (INVALID, "CODE_UNKNOWN", "without")),
        ({"page_size": 501}, (INVALID, "PAGE_SIZE_INVALID", "page_size")),
        ({"page_token": "x"}, (INVALID, "PAGE_TOKEN_INVALID", "page_token")),
    ],
)
async def test_a_bad_question_is_refused(serving, given, expected):
    assert await refused(serving.listed(**given)) == expected
