"""The roster and call-ups over gRPC and by partners' records, in one running service."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.registry.domain.person import Person
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import events_pb2 as events
from swtalent.registry.v1 import registry_service_pb2 as registry_pb
from swtalent.registry.v1 import roster_service_pb2 as pb
from swtalent.registry.v1.roster_service_pb2_grpc import RosterServiceStub
from tests.builders.registry import an_id_number

EMERGENCY = "emergency_management"
INVALID, BROKEN, MISSING, DENIED = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED,
)


class Roster:
    """The service of the fixture with calls that are right unless a test changes them."""

    def __init__(self, registry, channel) -> None:
        self.registry, self.stub = registry, RosterServiceStub(channel)
        self.talent = self.call_up = ""

    def request(self, rpc, **changed):
        usual = {
            "RecordRosterEntry": {"talent_id": self.talent, "area": "510100", "since": "2024-01-01"},
            "IssueCallUp": {
                "department": EMERGENCY,
                "area": "510104",
                "disaster": "泸定地震",
                "since": "2024-09-05",
            },
            "AnswerCallUp": {"call_up_id": self.call_up, "accepted": True},
            "RecordAnswer": {"call_up_id": self.call_up, "talent_id": self.talent, "accepted": True},
            "CloseCallUp": {"call_up_id": self.call_up, "until": "2024-10-01"},
        }[rpc]
        request_id = self.registry.request_id()
        return getattr(pb, f"{rpc}Request")(**{"request_id": request_id, **usual, **changed})

    def call(self, rpc, *, department=EMERGENCY, **changed):
        return self.send(rpc, self.request(rpc, **changed), department=department)

    def send(self, rpc, request, *, role="department_officer", scope="510100", department=EMERGENCY):
        token = self.registry.token(role, area=scope, department=department)
        return getattr(self.stub, rpc)(request, metadata=token)

    def own(self, rpc, *, talent="", **changed):
        token = self.registry.token("individual", department="", talent=talent or self.talent)
        request = pb.MyCallUpsRequest(**changed) if rpc == "MyCallUps" else self.request(rpc, **changed)
        return getattr(self.stub, rpc)(request, metadata=token)

    async def works(self, sequence=1, *, place="510104"):
        who = registry_pb.Identity(name="王芳", id_number=an_id_number(sequence=sequence))
        request = self.registry.a_talent(identity=who, place=place)
        return (await self.registry.stub.RecordTalent(request, metadata=self.registry.token())).talent_id

    def get(self, **given):
        return self.send("GetCallUp", pb.GetCallUpRequest(call_up_id=self.call_up, **given))

    async def listed(self, **given):
        found = await self.send("ListRoster", pb.ListRosterRequest(**given))
        return [(it.talent_id, it.masked_name, it.area) for it in found.entries], found.next_page_token


@pytest.fixture
async def roster(registry):
    async with grpc.aio.insecure_channel(registry.app.address) as channel:
        it = Roster(registry, channel)
        it.talent = await it.works()
        yield it


@pytest.fixture
async def called(roster):
    await roster.call("RecordRosterEntry")
    roster.call_up = (await roster.call("IssueCallUp")).call_up_id
    return roster


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(failure.value).details[0].Unpack(info)
    return failure.value.code(), info.reason, info.metadata["field"]


async def test_who_is_on_the_roster_is_called_answers_and_is_counted(roster):
    await roster.call("RecordRosterEntry")
    issued = await roster.call("IssueCallUp")
    roster.call_up = issued.call_up_id
    assert issued.called == 1
    [mine] = (await roster.own("MyCallUps")).call_ups
    assert (mine.call_up.id, mine.call_up.department, mine.answer) == (roster.call_up, EMERGENCY, "")

    await roster.own("AnswerCallUp")

    got = await roster.get()
    assert [(it.talent_id, it.masked_name, it.answer) for it in got.called] == [(roster.talent, "王**", "accepted")]
    assert (got.call_up.facts.called, got.call_up.facts.accepted, got.call_up.facts.declined) == (1, 1, 0)
    assert [it.answer for it in (await roster.own("MyCallUps")).call_ups] == ["accepted"]

    closed = await roster.call("CloseCallUp", etag=got.call_up.etag)

    assert not (await roster.own("MyCallUps")).call_ups
    [listed] = (await roster.send("ListCallUps", pb.ListCallUpsRequest(area="510100"))).call_ups
    assert (listed.id, listed.closed, listed.etag, listed.facts.until) == (
        roster.call_up,
        True,
        closed.etag,
        "2024-10-01",
    )


async def test_an_answer_by_telephone_is_entered_by_the_department_that_called(called):
    await called.call("RecordAnswer", accepted=False)

    assert [it.answer for it in (await called.get()).called] == ["declined"]
    assert (await refused(called.call("RecordAnswer", department="health")))[:2] == (DENIED, "OUTSIDE_SCOPE")
    assert (await refused(called.call("CloseCallUp", department="health")))[:2] == (DENIED, "OUTSIDE_SCOPE")


async def test_a_departments_records_fill_the_roster_and_empty_it(roster):
    person = Person("王芳", an_id_number(sequence=1))

    async def sends(revision, **fields):
        body = records.RosterRecord(area="510000", since="2024-01-01", **fields)
        await roster.registry.partner_sends(
            "RosterRecord", body, record_id="r1", revision=revision, partner=EMERGENCY, person=person
        )
        await roster.registry.settled()

    await sends(1)
    assert (await roster.listed(area="510104", on="2024-06-01"))[0] == [(roster.talent, "王**", "510000")]
    await sends(2, until="2024-05-01")

    assert (await roster.call("IssueCallUp", since="2024-04-30")).called == 1
    assert await refused(roster.call("IssueCallUp")) == (BROKEN, "NOBODY_TO_CALL", "area")


async def test_the_roster_is_paged_from_the_widest_area_to_the_mission_itself(roster):
    people = [roster.talent, await roster.works(2), await roster.works(3)]
    for talent, area in zip(people, ("510104", "510100", "510000"), strict=True):
        await roster.call("RecordRosterEntry", talent_id=talent, area=area)
    await roster.call("RecordRosterEntry", talent_id=people[0], area="510105")

    pages, token = [], ""
    for _ in range(10):
        found, token = await roster.listed(area="510104", page_size=1, page_token=token)
        pages += found
        if not token:
            break

    assert [(talent, area) for talent, _, area in pages] == [
        (people[2], "510000"),
        (people[1], "510100"),
        (people[0], "510104"),
    ]


async def test_a_call_up_is_paged(called):
    other = await called.works(2)
    await called.call("RecordRosterEntry", talent_id=other)
    called.call_up = (await called.call("IssueCallUp")).call_up_id

    first = await called.get(page_size=1)
    second = await called.get(page_size=1, page_token=first.next_page_token)

    assert [it.talent_id for it in (*first.called, *second.called)] == sorted([called.talent, other])


async def test_the_log_counts_answers_and_names_nobody(called):
    await called.own("AnswerCallUp")
    await called.call("CloseCallUp")
    await called.registry.settled()

    log = [it for it in called.registry.streams.of("registry.events.v1") if b"CallUp" in dict(it.headers)["ce_type"]]
    told = [events.CallUpEvent.FromString(it.value) for it in log]
    assert [it.WhichOneof("change") for it in told] == ["call_up_issued", "call_up_answered", "call_up_closed"]
    assert [(it.after.called, it.after.accepted) for it in told] == [(1, 0), (1, 1), (1, 1)]
    assert not any(called.talent.encode() in it.value for it in log)


async def test_the_same_request_answers_as_the_first_time(called):
    issue, answer, close = (called.request(rpc) for rpc in ("IssueCallUp", "RecordAnswer", "CloseCallUp"))
    first = [await called.send("IssueCallUp", issue), await called.send("RecordAnswer", answer)]
    await called.send("CloseCallUp", close)

    assert [await called.send("IssueCallUp", issue), await called.send("RecordAnswer", answer)] == first
    assert (await called.send("CloseCallUp", close)).etag


@pytest.mark.parametrize(
    ("rpc", "changed", "expected"),
    [
        ("RecordRosterEntry", {"talent_id": ""}, (INVALID, "FIELD_MISSING", "talent_id")),
        ("RecordRosterEntry", {"talent_id": "nobody"}, (MISSING, "TALENT_NOT_FOUND", "talent_id")),
        ("RecordRosterEntry", {"area": "x" * 65536}, (INVALID, "AREA_UNKNOWN", "area")),
        ("RecordRosterEntry", {"since": "2099-01-01"}, (INVALID, "DATE_IN_FUTURE", "since")),
        ("RecordRosterEntry", {"etag": "99"}, (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "etag")),
        ("IssueCallUp", {"area": "510302"}, (DENIED, "OUTSIDE_SCOPE", "area")),
        ("IssueCallUp", {"disaster": ""}, (INVALID, "FIELD_MISSING", "disaster")),
        ("IssueCallUp", {"request_id": ""}, (INVALID, "FIELD_MISSING", "request_id")),
        ("IssueCallUp", {"area": "510105", "since": "2023-12-31"}, (BROKEN, "NOBODY_TO_CALL", "area")),
        ("RecordAnswer", {"call_up_id": "none"}, (MISSING, "CALL_UP_NOT_FOUND", "call_up_id")),
        ("RecordAnswer", {"call_up_id": ""}, (INVALID, "FIELD_MISSING", "call_up_id")),
        ("RecordAnswer", {"talent_id": "nobody"}, (MISSING, "NOT_CALLED", "talent_id")),
        ("RecordAnswer", {"talent_id": "x" * 65536}, (INVALID, "FIELD_TOO_LONG", "talent_id")),
        ("CloseCallUp", {"call_up_id": "none"}, (MISSING, "CALL_UP_NOT_FOUND", "call_up_id")),
        ("CloseCallUp", {"until": "2024-09-05"}, (INVALID, "INTERVAL_REVERSED", "until")),
        ("CloseCallUp", {"until": ""}, (INVALID, "FIELD_MISSING", "until")),
        ("CloseCallUp", {"etag": "99"}, (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "etag")),
    ],
)
async def test_what_is_refused_changes_nothing(called, rpc, changed, expected):
    await called.registry.settled()
    before = len(called.registry.streams.of("registry.events.v1"))

    assert await refused(called.call(rpc, **changed)) == expected

    await called.registry.settled()
    assert len(called.registry.streams.of("registry.events.v1")) == before


async def test_who_is_not_called_or_calls_for_others_is_refused(called):
    other = await called.works(2)
    assert await refused(called.own("AnswerCallUp", talent=other)) == (MISSING, "NOT_CALLED", "talent_id")
    assert (await refused(called.send("AnswerCallUp", called.request("AnswerCallUp"))))[1] == "PERMISSION_MISSING"
    assert (await refused(called.send("GetCallUp", pb.GetCallUpRequest(call_up_id=called.call_up), scope="510300")))[
        1
    ] == "OUTSIDE_SCOPE"
    assert (await refused(called.send("ListRoster", pb.ListRosterRequest(area="510300"))))[1] == "OUTSIDE_SCOPE"
    assert (await refused(called.send("ListCallUps", pb.ListCallUpsRequest(area="510300"))))[1] == "OUTSIDE_SCOPE"
