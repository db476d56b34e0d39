"""Identity over gRPC: cases, merging and un-merging, corrections and erasure of the whole service."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.evaluation.domain.contributions.talent import contributions
from services.registry.domain.identity_case import candidate_id
from services.registry.domain.person import Person
from services.registry.domain.talent import Talent
from swtalent.common.v1 import refusal_pb2
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import events_pb2 as events
from swtalent.registry.v1 import identity_service_pb2 as pb
from swtalent.registry.v1 import person_service_pb2 as persons_pb
from swtalent.registry.v1 import registry_service_pb2 as registry_pb
from swtalent.registry.v1.identity_service_pb2_grpc import IdentityServiceStub
from swtalent.registry.v1.person_service_pb2_grpc import PersonServiceStub
from tests.builders.registry import PERSON, a_uscc, an_id_number

ONE, OTHER = an_id_number("19900101", 1), an_id_number("19900101", 2)
BROKEN, DENIED = grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.PERMISSION_DENIED
INVALID, MISSING = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
WORK = f"civil_affairs/{a_uscc()}/worker"


class Identities:
    """The service of the fixture with calls that are right unless a test changes them."""

    def __init__(self, registry, channel) -> None:
        self.registry, self.stub = registry, IdentityServiceStub(channel)

    def call(self, rpc, *, by="anna", role="officer", department="", scope="510000", **fields):
        request = getattr(pb, f"{rpc}Request")
        if "request_id" in request.DESCRIPTOR.fields_by_name:
            fields.setdefault("request_id", self.registry.request_id())
        token = self.registry.token(role, name=by, department=department, area=scope)
        return getattr(self.stub, rpc)(request(**fields), metadata=token)

    async def reported(self, id_number, **changed):
        identity = registry_pb.Identity(name="李明", id_number=id_number, phone="013900000001")
        request = self.registry.a_talent(identity=identity, **changed)
        return (await self.registry.stub.RecordTalent(request, metadata=self.registry.token())).talent_id

    async def pair(self):
        one, other = sorted([await self.reported(ONE), await self.reported(OTHER, home_county="510105")])
        assert (await self.call("ProposeCases")).opened == 1
        return one, other, candidate_id(one, other)

    async def talent(self, talent):
        request = registry_pb.GetTalentRequest(talent_id=talent)
        return (await self.registry.stub.GetTalent(request, metadata=self.registry.token())).talent

    def counts(self):
        """Of the last facts of every talent in the log, as the evaluation adds them up."""
        last, cells = {}, {}
        for it in self.registry.streams.of("registry.events.v1"):
            if dict(it.headers)["ce_type"] == b"swtalent.registry.v1.TalentEvent":
                event = events.TalentEvent.FromString(it.value)
                last[event.id] = event.after
        for talent, facts in last.items():
            for cell, amount in contributions(talent, facts).items():
                cells[cell] = cells.get(cell, 0) + amount
        return {cell: amount for cell, amount in cells.items() if amount}


@pytest.fixture
async def identities(registry):
    async with grpc.aio.insecure_channel(registry.app.address) as channel:
        yield Identities(registry, channel)


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(failure.value).details[0].Unpack(info)
    return failure.value.code(), info.reason, info.metadata["field"]


async def test_a_case_is_found_read_decided_and_undone_and_every_count_returns(identities, registry):
    one, other, case = await identities.pair()
    await registry.settled()
    before = identities.counts()
    assert before["1", "510104", "2019-06"] == 2

    [listed] = (await identities.call("ListCases", area="510104")).cases
    assert (listed.id, listed.facts.talent, listed.facts.other) == (case, one, other)
    found = await identities.call("GetCase", case_id=case)
    assert [it.talent_id for it in found.sides] == [one, other]
    assert [list(it.masked_names) for it in found.sides] == [["李**"], ["李**"]]
    assert found.differing == ["home_county"]

    await identities.call("ResolveIdentityCase", case_id=case, resolution="same", etag=listed.etag)
    await registry.settled()
    assert identities.counts()["1", "510104", "2019-06"] == 1
    moved = (await identities.talent(other)).facts
    assert (moved.moved_to, moved.moving, list(moved.affiliations)) == (one, False, [])
    assert list((await identities.call("ListCases")).cases) == []

    await identities.call("UndoMerge", case_id=case)
    await registry.settled()
    assert identities.counts() == before
    assert (await identities.talent(other)).facts.affiliations[0].id == WORK


async def test_fifteen_digits_and_eighteen_are_one_person(identities, registry):
    await identities.reported("519999900101001")
    await identities.reported(an_id_number("19900101", 1), role="manager")
    await registry.settled()

    assert (await identities.call("ProposeCases")).opened == 0
    assert len(events_of(registry)) == 2
    assert len({it.id for it in events_of(registry)}) == 1


def events_of(registry):
    return [events.TalentEvent.FromString(it.value) for it in registry.streams.of("registry.events.v1")
            if dict(it.headers)["ce_type"] == b"swtalent.registry.v1.TalentEvent"]  # fmt: skip


async def test_a_correction_needs_two_persons_and_shows_both_values(identities, registry):
    talent = await identities.reported(ONE)
    proposed = await identities.call(
        "ProposeCorrection",
        talent_id=talent,
        target=WORK,
        field="since",
        new_value="2018-04-01",
        reason="错报",
        etag="1",
    )
    [waiting] = (await identities.call("ListCorrections", by="ben")).corrections
    assert (waiting.old_value, waiting.new_value, waiting.requester) == ("2018-03-01", "2018-04-01", "anna")

    decided = {"correction_id": proposed.correction_id, "etag": proposed.etag}
    assert await refused(identities.call("ApproveCorrection", **decided)) == (DENIED, "SELF_APPROVAL", "correction_id")
    await identities.call("ApproveCorrection", by="ben", **decided)
    await registry.settled()

    assert (await identities.talent(talent)).facts.affiliations[0].since == "2018-04-01"
    assert events_of(registry)[-1].talent_corrected.field == "since"
    assert list((await identities.call("ListCorrections")).corrections) == []


async def test_a_correction_may_be_rejected(identities):
    talent = await identities.reported(ONE)
    proposed = await identities.call(
        "ProposeCorrection",
        talent_id=talent,
        target=WORK,
        field="since",
        new_value="2018-04-01",
        reason="错报",
        etag="1",
    )
    await identities.call("RejectCorrection", by="ben", correction_id=proposed.correction_id)

    assert await refused(identities.call("ApproveCorrection", by="carl", correction_id=proposed.correction_id)) == (
        BROKEN, "CORRECTION_DECIDED", "correction_id",
    )  # fmt: skip


async def test_erasure_destroys_the_identity_and_no_count(identities, registry):
    talent = await identities.reported(ONE)
    await registry.settled()
    before = identities.counts()
    erasure = await identities.call("ProposeErasure", talent_id=talent, reason="本人申请", etag="1")
    answer = await refused(identities.call("EraseIdentity", correction_id=erasure.correction_id))
    assert answer == (DENIED, "SELF_APPROVAL", "correction_id")

    await identities.call("EraseIdentity", by="ben", correction_id=erasure.correction_id)
    await registry.partner_sends(
        "PassRecord",
        records.PassRecord(level="assistant", passed_on="2021-01-01", issuing_province="510000"),
        record_id="p-1", partner="human_resources", person=Person("李明", ONE),
    )  # fmt: skip
    await registry.settled()

    assert identities.counts() == before
    assert (await identities.talent(talent)).masked_name == ""
    stored = (await registry.app.parts[0]._store.get_many(Talent, [talent]))[talent].aggregate
    assert stored.state.identities == ()
    [rejection] = registry.streams.of("partner.human_resources.rejections.v1")
    assert refusal_pb2.Refusal.FromString(rejection.value).reason == "IDENTITY_ERASED"


async def test_who_may_only_read_decides_nothing(identities):
    _, _, case = await identities.pair()

    assert (await identities.call("GetCase", role="auditor", case_id=case)).case.id == case
    for rpc, role, fields in (
        ("ResolveIdentityCase", "auditor", {"case_id": case, "resolution": "different"}),
        ("ProposeErasure", "department_officer", {"reason": "x"}),
        ("UndoMerge", "department_officer", {"case_id": case}),
    ):
        assert (await refused(identities.call(rpc, role=role, department="civil_affairs", **fields)))[0] == DENIED


@pytest.mark.parametrize(
    ("rpc", "fields", "answer"),
    [
        ("ProposeCases", {"request_id": ""}, (INVALID, "FIELD_MISSING", "request_id")),
        ("ListCases", {"area": "519999"}, (INVALID, "AREA_UNKNOWN", "area")),
        ("ListCases", {"page_token": "x" * 65536}, (INVALID, "PAGE_TOKEN_INVALID", "page_token")),
        ("ListCorrections", {"area": "510105"}, (DENIED, "OUTSIDE_SCOPE", "area")),
        ("GetCase", {"case_id": ""}, (INVALID, "FIELD_MISSING", "case_id")),
        ("GetCase", {"case_id": "candidate/x/y"}, (MISSING, "IDENTITY_CASE_NOT_FOUND", "case_id")),
        ("ResolveIdentityCase", {"case_id": "c", "resolution": ""}, (INVALID, "FIELD_MISSING", "resolution")),
        ("UndoMerge", {"case_id": "x" * 65536}, (INVALID, "FIELD_TOO_LONG", "case_id")),
        ("ProposeCorrection", {"talent_id": "t", "field": "x"}, (INVALID, "CODE_UNKNOWN", "field")),
        ("ApproveCorrection", {"correction_id": "t"}, (MISSING, "CORRECTION_NOT_FOUND", "correction_id")),
        ("RejectCorrection", {"correction_id": ""}, (INVALID, "FIELD_MISSING", "correction_id")),
        ("ProposeErasure", {"talent_id": "", "reason": "x", "etag": "1"}, (INVALID, "FIELD_MISSING", "talent_id")),
        ("EraseIdentity", {"correction_id": "李"}, (INVALID, "ID_MALFORMED", "correction_id")),
    ],
)
async def test_a_bad_request_is_refused_with_its_field(identities, rpc, fields, answer):
    assert await refused(identities.call(rpc, scope="510104", **fields)) == answer


async def test_no_answer_or_event_holds_a_name_or_number(identities, registry):
    _, _, case = await identities.pair()
    shown = str(await identities.call("GetCase", case_id=case)) + str(await identities.call("ListCases"))
    await identities.call("ResolveIdentityCase", case_id=case, resolution="same")
    await registry.settled()

    told = b"".join(it.value for it in registry.streams.of("registry.events.v1"))
    for secret in (PERSON.name, ONE, OTHER, "013900000001"):
        assert secret not in shown
        assert secret.encode() not in told


class Persons:
    """What PersonService shows of the people of this file's fixture."""

    def __init__(self, identities, channel) -> None:
        self.registry, self.stub = identities.registry, PersonServiceStub(channel)

    def call(self, rpc, *, talent="", **fields):
        request = getattr(persons_pb, f"{rpc}Request")
        if "request_id" in request.DESCRIPTOR.fields_by_name:
            fields.setdefault("request_id", self.registry.request_id())
        if "department" in request.DESCRIPTOR.fields_by_name:
            fields.setdefault("department", "civil_affairs")
        token = self.registry.token(role="individual", talent=talent, department="") if talent else None
        return getattr(self.stub, rpc)(request(**fields), metadata=token or self.registry.token())


@pytest.fixture
async def persons(identities, registry):
    async with grpc.aio.insecure_channel(registry.app.address) as channel:
        yield Persons(identities, channel)


async def test_a_merged_person_is_shown_whole_by_either_number(identities, persons, registry):
    one, other, case = await identities.pair()
    await persons.call("GrantHonour", talent_id=other, title="优秀社工", grantor_level="county", on="2022-03-15")
    await identities.call("ResolveIdentityCase", case_id=case, resolution="same")
    await registry.settled()

    shown = await persons.call("RevealIdentity", talent_id=one, purpose="benefit")
    assert {it.id_number for it in shown.identities} == {ONE, OTHER}
    for number in (one, other):
        mine = await persons.call("MyRecord", talent=number)
        assert (mine.talent.id, [it.kind for it in mine.records]) == (one, ["honour", "work", "work"])
        assert [it.title for it in mine.honours] == ["优秀社工"]
        assert [it.purpose for it in mine.looks] == ["benefit"]


async def test_erasure_destroys_texts_and_objections_of_every_number(identities, persons, registry):
    one, other, case = await identities.pair()
    await persons.call("GrantHonour", talent_id=other, title="优秀社工", grantor_level="county", on="2022-03-15")
    await identities.call("ResolveIdentityCase", case_id=case, resolution="same")
    await registry.settled()
    record = next(it for it in (await persons.call("MyRecord", talent=other)).records if it.kind == "work")
    await persons.call("ObjectToRecord", talent=other, system=record.system, record_id=record.record_id, text="我的话")
    etag = (await identities.talent(one)).etag
    erasure = await identities.call("ProposeErasure", talent_id=one, reason="本人申请", etag=etag)

    await identities.call("EraseIdentity", by="ben", correction_id=erasure.correction_id)

    assert list((await persons.call("RevealIdentity", talent_id=one, purpose="benefit")).identities) == []
    mine = await persons.call("MyRecord", talent=other)
    assert ([it.title for it in mine.honours], [it.text for it in mine.objections]) == ([""], [""])
    late = persons.call("GrantHonour", talent_id=other, title="再来", grantor_level="county", on="2022-04-15")
    assert (await refused(late))[1] == "IDENTITY_ERASED"


async def test_a_merged_person_is_listed_and_exported_once_until_un_merged(identities, persons, registry):
    one, other, case = await identities.pair()

    async def listed(**wanted):
        request = registry_pb.FindTalentsRequest(filter=registry_pb.TalentFilter(**wanted))
        page = await registry.stub.FindTalents(request, metadata=registry.token())
        export = persons.call("ExportTalents", filter=registry_pb.TalentFilter(**wanted))
        exported = [it.id async for part in export for it in part.talents]
        assert [it.id for it in page.talents] == exported
        return exported

    for wanted in ({}, {"area": "510104"}, {"department": "civil_affairs", "employer": a_uscc()}):
        assert await listed(**wanted) == [one, other]
    await identities.call("ResolveIdentityCase", case_id=case, resolution="same")
    await registry.settled()
    for wanted in ({}, {"area": "510104"}, {"department": "civil_affairs", "employer": a_uscc()}):
        assert await listed(**wanted) == [one]
    await identities.call("UndoMerge", case_id=case)
    await registry.settled()
    assert await listed() == [one, other]
