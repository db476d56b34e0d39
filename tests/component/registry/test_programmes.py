"""Programmes over gRPC and by partners' records, in one running service."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from swtalent.common.v1 import refusal_pb2
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import events_pb2 as events
from swtalent.registry.v1 import programme_service_pb2 as pb
from swtalent.registry.v1 import registry_service_pb2 as registry_pb
from swtalent.registry.v1.programme_service_pb2_grpc import ProgrammeServiceStub
from tests.builders.registry import a_uscc

PROGRAMME, PAIRING = "empowerment/510100/2024-1", "agency_pairing/510100/2024-1"
ONE, OTHER = a_uscc(1), a_uscc(2)
INVALID, BROKEN, MISSING = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
)
DENIED = grpc.StatusCode.PERMISSION_DENIED


class Programmes:
    """The service of the fixture with calls that are right unless a test changes them."""

    def __init__(self, registry, channel) -> None:
        self.registry, self.stub = registry, ProgrammeServiceStub(channel)
        self.talent = ""

    def request(self, rpc, **changed):
        usual = {
            "OpenProgramme": {
                "kind": "empowerment",
                "area": "510100",
                "code": "2024-1",
                "name": "天府社工增能计划（2024年）",
                "since": "2024-01-01",
                "until": "2025-01-01",
            },
            "CloseProgramme": {"programme_id": PROGRAMME, "until": "2024-07-01"},
            "RecordEnrolment": {"programme_id": PROGRAMME, "talent_id": self.talent, "since": "2024-03-01"},
            "PairAgencies": {
                "programme_id": PAIRING,
                "supporter": ONE,
                "supported": OTHER,
                "since": "2024-02-01",
            },
            "EndPairing": {"programme_id": PAIRING, "supporter": ONE, "supported": OTHER, "until": "2024-06-01"},
        }[rpc]
        request_id = self.registry.request_id()
        return getattr(pb, f"{rpc}Request")(**{"request_id": request_id, **usual, **changed})

    def call(self, rpc, *, scope="510100", **changed):
        return self.send(rpc, self.request(rpc, **changed), scope=scope)

    def send(self, rpc, request, *, scope="510100", role="officer"):
        token = self.registry.token(role, area=scope)
        return getattr(self.stub, rpc)(request, metadata=token)

    async def facts(self, programme=PROGRAMME):
        await self.registry.settled()
        return (await self.send("GetProgramme", pb.GetProgrammeRequest(programme_id=programme))).programme.facts

    async def counts(self, programme=PROGRAMME):
        facts = await self.facts(programme)
        return facts.members, facts.completed


@pytest.fixture
async def programmes(registry):
    async with grpc.aio.insecure_channel(registry.app.address) as channel:
        yield Programmes(registry, channel)


@pytest.fixture
async def running(programmes):
    """A programme, a pairing programme, two agencies, and somebody who works in the city."""
    await programmes.call("OpenProgramme")
    await programmes.call("OpenProgramme", kind="agency_pairing")
    for code in (ONE, OTHER):
        body = registry_pb.RegisterOrganisationRequest(
            request_id=programmes.registry.request_id(),
            uscc=code,
            name="天府社工服务中心",
            kind="private_agency",
            county="510104",
            registered_on="2015-01-01",
        )
        await programmes.registry.stub.RegisterOrganisation(body, metadata=programmes.registry.token())
    answer = await programmes.registry.stub.RecordTalent(
        programmes.registry.a_talent(), metadata=programmes.registry.token()
    )
    programmes.talent = answer.talent_id
    return programmes


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(failure.value).details[0].Unpack(info)
    return failure.value.code(), info.reason, info.metadata["field"]


async def test_a_member_takes_part_and_completes(running):
    await running.call("RecordEnrolment")
    assert await running.counts() == (1, 0)

    await running.call("RecordEnrolment", until="2024-06-01", result="passed")

    assert await running.counts() == (1, 1)
    listed = await running.send("ListEnrolments", pb.ListEnrolmentsRequest(programme_id=PROGRAMME))
    assert [(it.talent_id, it.masked_name, it.since, it.until, it.result) for it in listed.enrolments] == [
        (running.talent, "李**", "2024-03-01", "2024-06-01", "passed")
    ]


async def test_whom_the_caller_does_not_reach_is_not_listed(running):
    await running.call("RecordEnrolment")
    request = pb.ListEnrolmentsRequest(programme_id=PROGRAMME)

    assert not (await running.send("ListEnrolments", request, scope="510300")).enrolments
    assert (await refused(running.send("ListEnrolments", request, role="portal")))[1] == "PERMISSION_MISSING"


async def test_a_departments_records_count_the_same_person_once(running):
    await running.call("RecordEnrolment")
    body = records.EnrolmentRecord(programme_id=PROGRAMME, since="2024-04-01")
    await running.registry.partner_sends("EnrolmentRecord", body, record_id="e1")
    later = records.EnrolmentRecord(programme_id=PROGRAMME, since="2024-04-01", until="2024-09-01", result="excellent")
    await running.registry.partner_sends("EnrolmentRecord", later, record_id="e1", revision=2)
    await running.registry.partner_sends("EnrolmentRecord", later, record_id="e1", revision=2)

    assert await running.counts() == (1, 1)


async def test_a_record_before_its_programme_counts_when_the_programme_is_opened(programmes):
    body = records.EnrolmentRecord(programme_id=PROGRAMME, since="2024-04-01")
    await programmes.registry.partner_sends("EnrolmentRecord", body, record_id="e1")
    await programmes.registry.settled()
    assert (await refused(programmes.send("GetProgramme", pb.GetProgrammeRequest(programme_id=PROGRAMME))))[1:] == (
        "PROGRAMME_NOT_FOUND",
        "programme_id",
    )

    await programmes.call("OpenProgramme")

    assert await programmes.counts() == (1, 0)


async def test_a_bad_record_is_refused_with_its_field(running):
    body = records.EnrolmentRecord(programme_id=PROGRAMME, since="2024-04-01", result="passed")
    await running.registry.partner_sends("EnrolmentRecord", body, record_id="e1")
    await running.registry.settled()

    rejection = refusal_pb2.Refusal.FromString(
        running.registry.streams.of("partner.civil_affairs.rejections.v1")[0].value
    )
    assert (rejection.reason, rejection.field) == ("FIELD_MISSING", "until")
    assert await running.counts() == (0, 0)


async def test_agencies_are_paired_and_found_by_either(running):
    paired = await running.call("PairAgencies")
    await running.call("EndPairing", etag=paired.etag)

    got = await running.send("GetProgramme", pb.GetProgrammeRequest(programme_id=PAIRING))
    assert [(it.supporter, it.supported, it.since, it.until) for it in got.pairings] == [
        (ONE, OTHER, "2024-02-01", "2024-06-01")
    ]
    for code in (ONE, OTHER):
        found = await running.send("ListProgrammes", pb.ListProgrammesRequest(agency=code), role="portal")
        assert [it.id for it in found.programmes] == [PAIRING]


async def test_programmes_are_listed_by_area_and_kind_page_by_page(running):
    async def listed(**given):
        found = await running.send("ListProgrammes", pb.ListProgrammesRequest(**given), scope="510000")
        return [it.id for it in found.programmes], found.next_page_token

    assert (await listed(area="510000", kind="empowerment"))[0] == [PROGRAMME]
    assert (await listed(area="510300"))[0] == []
    first, token = await listed(page_size=1)
    second, _ = await listed(page_size=1, page_token=token)
    assert first + second == [PAIRING, PROGRAMME]


async def test_the_log_tells_of_programmes_and_never_of_who_takes_part(running):
    await running.call("RecordEnrolment")
    await running.call("PairAgencies")
    await running.call("CloseProgramme")
    await running.registry.settled()

    log = [
        it for it in running.registry.streams.of("registry.events.v1") if b"Programme" in dict(it.headers)["ce_type"]
    ]
    told = [events.ProgrammeEvent.FromString(it.value) for it in log]
    assert [it.WhichOneof("change") for it in told if it.id == PROGRAMME] == [
        "programme_opened",
        "enrolment_changed",
        "programme_closed",
    ]
    assert [it.enrolment_changed.organisation for it in told if it.id == PAIRING] == ["", OTHER]
    assert not any(running.talent.encode() in it.value for it in log)


@pytest.mark.parametrize("rpc", ["OpenProgramme", "CloseProgramme", "RecordEnrolment", "PairAgencies", "EndPairing"])
async def test_the_same_request_answers_as_the_first_time(running, rpc):
    if rpc == "EndPairing":
        await running.call("PairAgencies")
    request = running.request(rpc, **({"code": "2024-2"} if rpc == "OpenProgramme" else {}))

    first = await running.send(rpc, request)
    await running.call("CloseProgramme", programme_id=PAIRING)

    assert await running.send(rpc, request) == first


@pytest.mark.parametrize(
    ("rpc", "changed", "expected"),
    [
        ("OpenProgramme", {}, (grpc.StatusCode.ALREADY_EXISTS, "PROGRAMME_EXISTS", "code")),
        ("OpenProgramme", {"area": "510300"}, (DENIED, "OUTSIDE_SCOPE", "area")),
        ("OpenProgramme", {"request_id": ""}, (INVALID, "FIELD_MISSING", "request_id")),
        ("CloseProgramme", {"programme_id": "emei/510100/1"}, (MISSING, "PROGRAMME_NOT_FOUND", "programme_id")),
        ("CloseProgramme", {"etag": "99"}, (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "etag")),
        ("RecordEnrolment", {"talent_id": "nobody"}, (MISSING, "TALENT_NOT_FOUND", "talent_id")),
        ("RecordEnrolment", {"talent_id": ""}, (INVALID, "FIELD_MISSING", "talent_id")),
        ("RecordEnrolment", {"since": "2023-12-31"}, (BROKEN, "OUTSIDE_PROGRAMME", "since")),
        ("RecordEnrolment", {"programme_id": "emei/510100/1"}, (MISSING, "PROGRAMME_NOT_FOUND", "programme_id")),
        ("RecordEnrolment", {"etag": "99"}, (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "etag")),
        ("PairAgencies", {"programme_id": PROGRAMME}, (BROKEN, "NOT_A_PAIRING_PROGRAMME", "programme_id")),
        ("PairAgencies", {"supported": ONE}, (INVALID, "PAIRED_WITH_ITSELF", "supported")),
        ("PairAgencies", {"supported": a_uscc(9)}, (MISSING, "ORGANISATION_NOT_FOUND", "supported")),
        ("PairAgencies", {"supporter": "x"}, (INVALID, "USCC_INVALID", "supporter")),
        ("PairAgencies", {"since": ""}, (INVALID, "FIELD_MISSING", "since")),
        ("PairAgencies", {"since": "2023-01-01"}, (BROKEN, "OUTSIDE_PROGRAMME", "since")),
        ("PairAgencies", {"until": "2024-01-01"}, (INVALID, "INTERVAL_REVERSED", "until")),
        ("PairAgencies", {"etag": "99"}, (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "etag")),
        ("EndPairing", {}, (MISSING, "PAIRING_NOT_FOUND", "supported")),
    ],
)
async def test_what_is_refused_changes_nothing(running, rpc, changed, expected):
    await running.registry.settled()
    before = len(running.registry.streams.of("registry.events.v1"))

    assert await refused(running.call(rpc, **changed)) == expected

    await running.registry.settled()
    assert len(running.registry.streams.of("registry.events.v1")) == before


async def test_an_agency_that_is_none_or_not_open_is_not_paired(running):
    closed, school = a_uscc(5), a_uscc(6)
    for code, given in ((closed, {"closed_on": "2020-01-01"}), (school, {"kind": "school"})):
        values = {"kind": "private_agency", "county": "510104", "registered_on": "2015-01-01", "name": "某机构"}
        body = registry_pb.RegisterOrganisationRequest(
            request_id=running.registry.request_id(), uscc=code, **{**values, **given}
        )
        await running.registry.stub.RegisterOrganisation(body, metadata=running.registry.token())
        assert await refused(running.call("PairAgencies", supporter=code)) == (
            BROKEN,
            "NOT_AN_OPEN_AGENCY",
            "supporter",
        )


async def test_an_officer_of_another_city_changes_nothing_here(running):
    for rpc in ("CloseProgramme", "PairAgencies", "EndPairing"):
        assert (await refused(running.call(rpc, scope="510300")))[:2] == (DENIED, "OUTSIDE_SCOPE")
    assert (await refused(running.call("RecordEnrolment", scope="510300")))[:2] == (DENIED, "OUTSIDE_SCOPE")
