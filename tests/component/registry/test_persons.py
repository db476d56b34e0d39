"""PersonService and what partners report of persons, through the whole registry."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from clients.partner.seal import SealSession
from services.registry.consumers.snapshot_ends import SnapshotEnds
from services.registry.domain.talent import Talent
from services.shared.kernel.ports import Message
from services.shared.runtime.waiting import Waiting, WaitingRoom, waiting_id
from swtalent.common.v1 import audit_pb2, refusal_pb2
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import certificate_service_pb2 as certificate_pb
from swtalent.registry.v1 import person_service_pb2 as pb
from swtalent.registry.v1 import registry_service_pb2 as talents_pb
from swtalent.registry.v1.certificate_service_pb2_grpc import CertificateServiceStub
from swtalent.registry.v1.person_service_pb2_grpc import PersonServiceStub
from tests.builders.registry import PERSON, a_uscc, an_id_number
from tests.builders.window import a_partner_message
from tests.component.registry.test_registry import refused, talent_events, talent_record

LONG = "x" * 65536


@pytest.fixture
async def persons(registry):
    async with grpc.aio.insecure_channel(registry.app.address) as channel:
        yield Persons(registry, PersonServiceStub(channel))


class Persons:
    def __init__(self, registry, stub) -> None:
        self.registry, self.stub = registry, stub

    def call(self, method, role="department_officer", **fields):
        """One RPC as somebody of a department; `who` says otherwise."""
        who = fields.pop("who", {})
        request_type = getattr(pb, f"{method}Request")
        if "request_id" in request_type.DESCRIPTOR.fields_by_name:
            fields.setdefault("request_id", self.registry.request_id())
        if "department" in request_type.DESCRIPTOR.fields_by_name:
            fields.setdefault("department", "civil_affairs")
        return getattr(self.stub, method)(request_type(**fields), metadata=self.registry.token(role, **who))

    async def talent(self, **changed):
        answer = await self.registry.stub.RecordTalent(
            self.registry.a_talent(**changed), metadata=self.registry.token()
        )
        return answer.talent_id

    async def facts(self, talent):
        request = talents_pb.GetTalentRequest(talent_id=talent)
        return (await self.registry.stub.GetTalent(request, metadata=self.registry.token())).talent.facts

    def mine(self, method, talent, **fields):
        return self.call(method, role="individual", who={"talent": talent, "department": ""}, **fields)

    def part(self, kind):
        """A part of the running service, from now on run by the test alone."""
        part = next(it for it in self.registry.app.parts if isinstance(it, kind))
        part._task.cancel()
        return part


async def test_a_departure_and_the_end_of_a_designation(persons):
    talent = await persons.talent()
    title = {"kind": "practice_supervisor", "grantor_level": "province", "since": "2019-01-01"}
    await persons.registry.stub.Designate(
        talents_pb.DesignateRequest(request_id="d", talent_id=talent, department="civil_affairs", **title),
        metadata=persons.registry.token(),
    )

    await persons.call("EndDesignation", talent_id=talent, kind=title["kind"], since="2019-01-01", until="2020-01-01")
    await persons.call("RecordDeparture", talent_id=talent, departure="left_field", on="2021-01-01")

    facts = await persons.facts(talent)
    assert [it.until for it in facts.designations] == ["2020-01-01"]
    assert [it.until for it in facts.affiliations] == ["2021-01-01"]
    assert (facts.departure, facts.departed_on) == ("left_field", "2021-01-01")


BAD = [
    ("RecordDeparture", {"talent_id": "nobody", "departure": "death", "on": "2020-01-01"}, "TALENT_NOT_FOUND"),
    ("RecordDeparture", {"departure": "death", "on": "2020-01-01", "department": "health"}, "OUTSIDE_SCOPE"),
    ("RecordDeparture", {"departure": "x", "on": "2020-01-01"}, "CODE_UNKNOWN"),
    ("RecordDeparture", {"departure": "death", "on": "2020-01-01", "etag": "9"}, "ETAG_MISMATCH"),
    ("RecordDeparture", {"departure": "death", "on": "1995-12-31"}, "BEFORE_BIRTH"),
    ("RecordPartyMembership", {"status": "formal", "since": "1995-12-31"}, "BEFORE_BIRTH"),
    ("GrantHonour", {"title": "t", "grantor_level": "province", "on": "1995-12-31"}, "BEFORE_BIRTH"),
    ("RecordCreditEvent", {"kind": "breach", "on": "1995-12-31", "reason": "r"}, "BEFORE_BIRTH"),
    ("EndDesignation", {"kind": "leading", "since": "2019-01-01", "until": "2020-01-01"}, "DESIGNATION_NOT_FOUND"),
    ("RecordPartyMembership", {"status": "formal", "since": "2031-01-01"}, "DATE_IN_FUTURE"),
    ("GrantHonour", {"title": LONG, "grantor_level": "province", "on": "2020-01-01"}, "FIELD_TOO_LONG"),
    ("RecordCreditEvent", {"kind": "breach", "on": "2020-01-01", "reason": ""}, "FIELD_MISSING"),
    ("DecideAppeal", {"credit_id": "none", "reason": "r"}, "CREDIT_EVENT_NOT_FOUND"),
    ("WithdrawRecord", {"system": "civil_affairs", "record_id": "none"}, "RECORD_NOT_FOUND"),
    ("WithdrawRecord", {"system": "nobody", "record_id": "r-1"}, "PARTNER_UNKNOWN"),
    ("WithdrawRecord", {"system": "health", "record_id": "r-1"}, "OUTSIDE_SCOPE"),
    ("ReportSnapshot", {"organisation": LONG, "as_of": "2021-01-01", "id_numbers": ["1"]}, "USCC_INVALID"),
    ("ReportSnapshot", {"organisation": a_uscc(), "as_of": "2021-01-01", "id_numbers": ["1"]}, "ID_NUMBER_INVALID"),
    ("ReportSnapshot", {"organisation": a_uscc(), "as_of": "2021-01-01"}, "FIELD_MISSING"),
    ("ReportSnapshot", {"organisation": a_uscc(), "as_of": "2021-01-01", "id_numbers": ["1"] * 5001}, "LIST_TOO_LONG"),
    ("ConfirmSnapshot", {"snapshot_id": "none"}, "SNAPSHOT_NOT_FOUND"),
    ("RevealIdentity", {"purpose": "curiosity"}, "CODE_UNKNOWN"),
    ("AnswerObjection", {"objection_id": "none", "answer": "a"}, "OBJECTION_NOT_FOUND"),
    ("AnswerObjection", {"objection_id": "none", "answer": LONG}, "FIELD_TOO_LONG"),
    ("AnswerObjection", {"objection_id": LONG, "answer": "a"}, "FIELD_TOO_LONG"),
    ("DecideAppeal", {"credit_id": LONG, "reason": "r"}, "FIELD_TOO_LONG"),
    ("DecideAppeal", {"credit_id": "none", "reason": LONG}, "FIELD_TOO_LONG"),
    ("RevealIdentity", {"talent_id": LONG, "purpose": "benefit"}, "FIELD_TOO_LONG"),
    ("ListSnapshots", {"page_size": 21}, "PAGE_SIZE_INVALID"),
    ("ListSnapshots", {"page_token": "x"}, "PAGE_TOKEN_INVALID"),
    ("ListObjections", {"page_size": -1}, "PAGE_SIZE_INVALID"),
    ("ListObjections", {"page_token": "x"}, "PAGE_TOKEN_INVALID"),
    ("ListObjections", {"department": "health"}, "OUTSIDE_SCOPE"),
]


@pytest.mark.parametrize(
    ("method", "fields", "reason", "field"),
    [
        ("AppealCredit", {"credit_id": "none", "grounds": "g"}, "CREDIT_EVENT_NOT_FOUND", "credit_id"),
        ("AppealCredit", {"credit_id": "", "grounds": "g"}, "FIELD_MISSING", "credit_id"),
        ("AppealCredit", {"credit_id": LONG, "grounds": "g"}, "FIELD_TOO_LONG", "credit_id"),
        ("AppealCredit", {"credit_id": "none", "grounds": ""}, "FIELD_MISSING", "grounds"),
        ("AppealCredit", {"credit_id": "none", "grounds": LONG}, "FIELD_TOO_LONG", "grounds"),
        ("ObjectToRecord", {"system": "s", "record_id": "r", "text": ""}, "FIELD_MISSING", "text"),
        ("ObjectToRecord", {"system": "s", "record_id": "r", "text": LONG}, "FIELD_TOO_LONG", "text"),
        ("ObjectToRecord", {"system": LONG, "record_id": "r", "text": "t"}, "FIELD_TOO_LONG", "system"),
        ("ObjectToRecord", {"system": "s", "record_id": LONG, "text": "t"}, "FIELD_TOO_LONG", "record_id"),
    ],
)
async def test_a_persons_own_bad_request_is_refused_with_its_field(persons, method, fields, reason, field):
    talent = await persons.talent()

    assert (await refused(persons.mine(method, talent, **fields)))[1:] == (reason, field)
    await persons.registry.settled()
    assert len(talent_events(persons.registry)) == 1


@pytest.mark.parametrize(("method", "fields", "reason"), BAD)
async def test_a_bad_request_is_refused_by_code_and_changes_nothing(persons, method, fields, reason):
    talent = await persons.talent()
    if "talent_id" in getattr(pb, f"{method}Request").DESCRIPTOR.fields_by_name:
        fields = {"talent_id": talent, **fields}

    assert (await refused(persons.call(method, **fields)))[1] == reason
    await persons.registry.settled()
    assert len(talent_events(persons.registry)) == 1


async def test_another_area_reaches_nobody_here(persons):
    talent = await persons.talent()
    elsewhere = {"area": "510700"}
    asked = {"RecordDeparture": {"departure": "death", "on": "2020-01-01"}, "RevealIdentity": {"purpose": "benefit"}}

    for method, fields in asked.items():
        call = persons.call(method, talent_id=talent, who=elsewhere, **fields)
        assert (await refused(call))[1] == "OUTSIDE_SCOPE"


async def test_party_membership_is_reported_by_the_organisation_department_or_an_employers(persons):
    talent = await persons.talent()
    fields = {"talent_id": talent, "status": "formal", "since": "2015-07-01"}

    await persons.call("RecordPartyMembership", **fields)
    party = {"department": "organisation_dept"}
    await persons.call("RecordPartyMembership", **fields, **party, who=party)
    other = {"department": "health"}
    call = persons.call("RecordPartyMembership", **fields, **other, who=other)

    assert (await refused(call))[1] == "NOT_A_PARTY_DEPARTMENT"


async def test_a_credit_event_is_appealed_by_the_person_and_decided_by_another_one(persons):
    talent = await persons.talent()
    event = {"talent_id": talent, "kind": "breach", "on": "2022-03-15", "reason": "未履行服务承诺"}
    credit = (await persons.call("RecordCreditEvent", **event)).credit_id
    decision = {"talent_id": talent, "credit_id": credit, "granted": True, "reason": "证据不足"}
    other = {"name": "test/another"}

    assert (await refused(persons.call("DecideAppeal", **decision, who=other)))[1] == "NOT_APPEALED"
    await persons.mine("AppealCredit", talent, credit_id=credit, grounds="已履行")
    again = persons.mine("AppealCredit", talent, credit_id=credit, grounds="已履行")
    assert (await refused(again))[1] == "ALREADY_APPEALED"
    assert (await refused(persons.call("DecideAppeal", **decision)))[1] == "DECIDED_BY_RECORDER"
    await persons.call("DecideAppeal", **decision, who=other)
    assert (await refused(persons.call("DecideAppeal", **decision, who=other)))[1] == "APPEAL_DECIDED"

    [mine] = (await persons.mine("MyRecord", talent)).credit
    assert (mine.id, mine.appeal, mine.reason) == (credit, "struck", "未履行服务承诺")


async def test_a_department_withdraws_a_record_of_its_system_once(persons):
    await persons.registry.partner_sends("TalentRecord", talent_record(), record_id="r-1")
    await persons.registry.settled()

    first = await persons.call("WithdrawRecord", system="civil_affairs", record_id="r-1")
    again = await persons.call("WithdrawRecord", system="civil_affairs", record_id="r-1")
    await persons.registry.settled()

    assert (first.talent_id, first.etag) == (again.talent_id, again.etag)
    told = talent_events(persons.registry)
    assert [it.WhichOneof("change") for it in told] == ["talent_reported", "record_withdrawn"]
    assert list(told[-1].after.affiliations) == []


async def withdraws(registry, *, record_id="w-1", revision=2):
    body = records.WithdrawalRecord(withdrawn_id="r-1", withdrawn_revision=revision)
    await registry.partner_sends("WithdrawalRecord", body, record_id=record_id)
    await registry.settled()


async def test_a_withdrawal_of_a_record_that_is_there_is_applied_at_once(persons):
    registry = persons.registry
    await registry.partner_sends("TalentRecord", talent_record(), record_id="r-1")
    await registry.settled()
    await withdraws(registry)

    assert list(talent_events(registry)[-1].after.affiliations) == []


async def test_a_withdrawal_that_comes_first_waits_for_its_record(persons):
    registry = persons.registry
    room = persons.part(WaitingRoom)
    await withdraws(registry)
    await room.look()
    await registry.partner_sends("TalentRecord", talent_record(), record_id="r-1")
    await registry.settled()
    await room.look()
    await room.look()
    await registry.settled()

    assert [it.WhichOneof("change") for it in talent_events(registry)] == ["talent_reported", "record_withdrawn"]
    assert registry.streams.of("registry.dead-letter.v1") == []


async def test_a_withdrawal_whose_record_never_comes_is_refused_once_after_a_day(persons):
    registry = persons.registry
    room = persons.part(WaitingRoom)
    await withdraws(registry)
    await room.look()
    registry.clock.instant += timedelta(seconds=86_399)
    await room.look()
    await registry.settled()
    assert registry.streams.of("registry.dead-letter.v1") == []

    registry.clock.instant += timedelta(seconds=1)
    await room.look()
    await room.look()
    await registry.settled()

    rejections = registry.streams.of("partner.civil_affairs.rejections.v1")
    assert [refusal_pb2.Refusal.FromString(it.value).reason for it in rejections] == ["PARENT_UNKNOWN"]
    assert refusal_pb2.Refusal.FromString(rejections[0].value).record_id == "w-1"
    assert len(registry.streams.of("registry.dead-letter.v1")) == 1


async def test_a_waiting_record_delivered_again_waits_once_and_is_never_applied_or_refused_twice(persons):
    registry = persons.registry
    room = persons.part(WaitingRoom)
    await withdraws(registry)
    [record] = [it for it in registry.streams.records if it.topic == "partner.civil_affairs.records.v1"]
    first = room._reader.read(record)
    waiting = Waiting.new(waiting_id(record))
    waiting.wait(record)
    waiting.look("2026-11-24T04:00:00.000Z")
    waiting.wait(record)
    waiting.deal()
    waiting.deal()
    waiting.wait(record)

    assert first.claims == ((Talent, "record/civil_affairs/r-1"),)
    assert waiting.version == 3
    assert waiting.state.record is None


async def test_a_crash_between_applying_and_removing_applies_once(persons, monkeypatch):
    registry = persons.registry
    room = persons.part(WaitingRoom)
    await withdraws(registry)
    await registry.partner_sends("TalentRecord", talent_record(), record_id="r-1")
    await registry.settled()

    update = room._lanes.update

    async def dies_before_removing(kind, *given, **named):
        if kind.kind == "waiting":
            raise ConnectionError
        return await update(kind, *given, **named)

    monkeypatch.setattr(room._lanes, "update", dies_before_removing)
    with pytest.raises(ConnectionError):
        await room.look()
    monkeypatch.undo()
    await room.look()
    await registry.settled()

    assert [it.WhichOneof("change") for it in talent_events(registry)] == ["talent_reported", "record_withdrawn"]


async def test_a_waiting_withdrawal_that_may_not_be_is_refused(persons):
    registry = persons.registry
    await withdraws(registry, revision=2)
    await registry.partner_sends("TalentRecord", talent_record(), record_id="r-1", revision=2)
    await registry.settled()
    await persons.part(WaitingRoom).look()
    await registry.settled()

    [rejection] = registry.streams.of("partner.civil_affairs.rejections.v1")
    assert refusal_pb2.Refusal.FromString(rejection.value).reason == "REVISION_REUSED"


def person(sequence):
    return talents_pb.Identity(name="王芳", id_number=an_id_number(sequence=sequence))


async def test_a_whole_list_ends_work_of_those_missing_once_another_person_confirms(persons):
    ids = [await persons.talent(identity=person(number)) for number in (1, 2, 3)]
    elsewhere = await persons.talent(identity=person(4), organisation=a_uscc(2))
    ended = await persons.talent(identity=person(5), until="2020-01-01")
    listed = {"organisation": a_uscc(), "as_of": "2021-01-01", "id_numbers": [an_id_number(sequence=1)]}

    snapshot = (await persons.call("ReportSnapshot", **listed)).snapshot_id
    [shown] = (await persons.call("ListSnapshots")).snapshots
    confirm = {"snapshot_id": snapshot, "missing": 2}
    other = {"name": "test/another"}

    assert (list(shown.missing), shown.status, shown.listed) == (sorted(ids[1:]), "reported", 1)
    assert (await refused(persons.call("ConfirmSnapshot", **confirm)))[1] == "CONFIRMED_BY_REPORTER"
    wrong = persons.call("ConfirmSnapshot", snapshot_id=snapshot, missing=3, who=other)
    assert (await refused(wrong))[1] == "MISSING_CHANGED"
    await persons.call("ConfirmSnapshot", **confirm, who=other)
    assert (await refused(persons.call("ConfirmSnapshot", **confirm, who=other)))[1] == "SNAPSHOT_CONFIRMED"
    await persons.part(SnapshotEnds).look()
    await persons.part(SnapshotEnds).look()
    await persons.registry.settled()

    until = {id_: [it.until for it in (await persons.facts(id_)).affiliations] for id_ in [*ids, elsewhere, ended]}
    assert until == {ids[0]: [""], ids[1]: ["2021-01-01"], ids[2]: ["2021-01-01"], elsewhere: [""],
                     ended: ["2020-01-01"]}  # fmt: skip
    ends = [it for it in talent_events(persons.registry) if it.WhichOneof("change") == "affiliation_ended"]
    assert len(ends) == 2
    assert (await persons.call("ListSnapshots")).snapshots[0].status == "applied"


async def test_a_list_whose_ends_were_cut_off_is_finished_without_ending_anybody_twice(persons, monkeypatch):
    for number in (1, 2):
        await persons.talent(identity=person(number))
    listed = {"organisation": a_uscc(), "as_of": "2021-01-01", "id_numbers": [an_id_number(sequence=7)]}
    snapshot = (await persons.call("ReportSnapshot", **listed)).snapshot_id
    await persons.call("ConfirmSnapshot", snapshot_id=snapshot, missing=2, who={"name": "test/another"})
    part = persons.part(SnapshotEnds)
    update = part._lanes.update

    async def dies_before_marking(kind, *given, **named):
        if kind.kind == "snapshot":
            raise ConnectionError
        return await update(kind, *given, **named)

    monkeypatch.setattr(part._lanes, "update", dies_before_marking)
    with pytest.raises(ConnectionError):
        await part.look()
    monkeypatch.undo()
    await part.look()
    await persons.registry.settled()

    ends = [it for it in talent_events(persons.registry) if it.WhichOneof("change") == "affiliation_ended"]
    assert len(ends) == 2


async def test_people_are_found_and_exported_by_a_combined_filter(persons):
    ids = [await persons.talent(identity=person(number), field="youth") for number in (1, 2, 3)]
    await persons.talent(identity=person(4))
    wanted = talents_pb.TalentFilter(department="civil_affairs", employer=a_uscc(), field="youth")

    page = await persons.registry.stub.FindTalents(
        talents_pb.FindTalentsRequest(filter=wanted, page_size=2), metadata=persons.registry.token()
    )
    rest = await persons.registry.stub.FindTalents(
        talents_pb.FindTalentsRequest(filter=wanted, page_size=2, page_token=page.next_page_token),
        metadata=persons.registry.token(),
    )
    exported = [it.id async for part in persons.call("ExportTalents", filter=wanted) for it in part.talents]

    assert [it.id for it in [*page.talents, *rest.talents]] == sorted(ids)
    assert exported == sorted(ids)


async def test_an_export_outside_the_own_area_is_refused(persons):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        async for _ in persons.call("ExportTalents", filter=talents_pb.TalentFilter(area="510700"),
                                    who={"area": "510100"}):  # fmt: skip
            pass

    assert failure.value.code() == grpc.StatusCode.PERMISSION_DENIED


async def sends_list(registry, *sequences, revision=1):
    session = SealSession(registry.platform, deployment="local", partner="civil_affairs")
    numbers = [("id_numbers", an_id_number(sequence=number)) for number in sequences]
    sealed = session.seal("SnapshotRecord", "s-1", revision, numbers)
    body = records.SnapshotRecord(organisation=a_uscc(), as_of="2021-01-01", id_numbers=sealed)
    message = a_partner_message(body, record_id="s-1", revision=revision)
    headers = (*message.headers, ("swtalent-seal", session.header))
    await registry.streams.append([Message(message.topic, message.key, headers, message.value)])
    await registry.settled()


async def test_a_list_of_a_partner_is_replaced_by_a_higher_revision_until_it_is_confirmed(persons):
    registry = persons.registry
    ids = [await persons.talent(identity=person(number)) for number in (1, 2)]
    await sends_list(registry, 1, revision=2)
    await sends_list(registry, 7, revision=1)
    await sends_list(registry, 1, revision=2)
    [shown] = (await persons.call("ListSnapshots")).snapshots
    assert (list(shown.missing), shown.etag) == ([ids[1]], "1")

    await persons.call("ConfirmSnapshot", snapshot_id=shown.id, missing=1)
    await sends_list(registry, 1, revision=2)
    await sends_list(registry, 1, 2, revision=3)

    [rejection] = registry.streams.of("partner.civil_affairs.rejections.v1")
    assert refusal_pb2.Refusal.FromString(rejection.value).reason == "SNAPSHOT_CONFIRMED"


async def test_an_identity_is_shown_with_a_purpose_and_the_person_sees_who_looked(persons):
    talent = await persons.talent()
    shown = await persons.call("RevealIdentity", talent_id=talent, purpose="benefit")
    await persons.registry.settled()

    assert [(it.name, it.id_number) for it in shown.identities] == [(PERSON.name, PERSON.id_number)]
    looks = (await persons.mine("MyRecord", talent)).looks
    assert [(it.principal, it.department, it.purpose) for it in looks] == [
        ("test/department_officer", "civil_affairs", "benefit")
    ]
    [audit] = persons.registry.streams.of("audit.access.v1")
    event = audit_pb2.AccessEvent.FromString(audit.value)
    assert (event.identity_revealed.talent, event.after.reason) == (talent, "benefit")


async def test_an_identity_is_not_shown_when_the_look_cannot_be_stored(persons, monkeypatch):
    talent = await persons.talent()

    async def down(*given, **named):
        raise ConnectionError

    monkeypatch.setattr(persons.registry.app.parts[0]._store, "commit", down)

    with pytest.raises(grpc.aio.AioRpcError):
        await persons.call("RevealIdentity", talent_id=talent, purpose="benefit")


@pytest.mark.parametrize("role", ["officer", "auditor", "evaluator", "operator", "portal", "agency"])
async def test_other_roles_are_not_shown_an_identity(persons, role):
    call = persons.call("RevealIdentity", role=role, talent_id="x", purpose="benefit")

    assert (await refused(call))[1] == "PERMISSION_MISSING"


async def test_a_person_sees_the_own_record_and_objects_to_a_part_of_it(persons):
    talent = await persons.talent()
    await persons.registry.partner_sends("TalentRecord", talent_record(), record_id="h-1", partner="health")
    await persons.registry.settled()
    await persons.call("GrantHonour", talent_id=talent, title="优秀社工", grantor_level="county", on="2022-03-15")
    await persons.call("RecordPartyMembership", talent_id=talent, status="probationary", since="2022-07-01")

    mine = await persons.mine("MyRecord", talent)
    opened = await persons.mine("ObjectToRecord", talent, system="health", record_id="h-1", text="我不在此工作")
    health = {"department": "health"}
    [item] = (await persons.call("ListObjections", **health, who=health)).objections
    answer = {"objection_id": opened.objection_id, "accepted": True, "answer": "已撤回"}
    foreign = persons.call("AnswerObjection", **answer)
    assert (await refused(foreign))[1] == "OWNED_BY_OTHER_DEPARTMENT"
    await persons.call("AnswerObjection", **answer, **health, who=health)
    twice = persons.call("AnswerObjection", **answer, **health, who=health)
    assert (await refused(twice))[1] == "OBJECTION_ANSWERED"

    assert mine.talent.masked_name == "李**"
    assert sorted((it.department, it.kind) for it in mine.records) == [
        ("civil_affairs", "honour"), ("civil_affairs", "party"), ("civil_affairs", "work"), ("health", "work")
    ]  # fmt: skip
    assert [it.title for it in mine.honours] == ["优秀社工"]
    assert [it.status for it in mine.memberships] == ["probationary"]
    assert item.text == "我不在此工作"
    assert list((await persons.call("ListObjections", **health, who=health)).objections) == []
    [seen] = (await persons.mine("MyRecord", talent)).objections
    assert (seen.status, seen.answer) == ("accepted", "已撤回")


async def test_a_person_objects_to_what_an_officer_entered_of_the_certificate(persons):
    talent = await persons.talent()
    registry = persons.registry
    identity = talents_pb.Identity(name=PERSON.name, id_number=PERSON.id_number)
    await registry.stub.RecordPass(
        talents_pb.RecordPassRequest(
            request_id="p", identity=identity, department="human_resources", level="assistant",
            passed_on="2020-11-01", issuing_province="510000", home_county="510104",
        ),
        metadata=registry.token(department="human_resources"),
    )  # fmt: skip
    async with grpc.aio.insecure_channel(registry.app.address) as channel:
        await CertificateServiceStub(channel).ApplyRegistration(
            certificate_pb.ApplyRegistrationRequest(
                request_id="a", talent_id=talent, department="civil_affairs", level="assistant",
                received_on="2021-03-15", area="510104",
            ),
            metadata=registry.token(),
        )  # fmt: skip

    mine = await persons.mine("MyRecord", talent)
    [entered] = [it for it in mine.records if it.kind == "application"]
    await persons.mine("ObjectToRecord", talent, system=entered.system, record_id=entered.record_id, text="未申请")

    assert entered.department == "civil_affairs"
    [item] = (await persons.call("ListObjections")).objections
    assert (item.record_id, item.text) == (entered.record_id, "未申请")


async def test_a_person_objects_to_own_records_only(persons):
    talent = await persons.talent()
    call = persons.mine("ObjectToRecord", talent, system="health", record_id="none", text="x")

    assert (await refused(call))[1] == "RECORD_NOT_FOUND"
    nobody = persons.call("MyRecord", role="individual", who={"department": ""})
    assert (await refused(nobody))[1] == "OUTSIDE_SCOPE"


async def sends_sealed(registry, type_, body, field, text, *, record_id):
    session = SealSession(registry.platform, deployment="local", partner="civil_affairs")
    fields = [("name", PERSON.name), ("id_number", PERSON.id_number), ("phone", PERSON.phone), (field, text)]
    sealed = session.seal(type_, record_id, 1, fields)
    body.identity.CopyFrom(records.SealedIdentity(name=sealed[0], id_number=sealed[1], phone=sealed[2]))
    setattr(body, field, sealed[3])
    message = a_partner_message(body, record_id=record_id)
    headers = (*message.headers, ("swtalent-seal", session.header))
    await registry.streams.append([Message(message.topic, message.key, headers, message.value)])


async def test_titles_and_reasons_of_partners_come_sealed_and_repeats_change_nothing(persons):
    registry = persons.registry
    talent = await persons.talent()
    for _ in range(2):
        honour = records.HonourRecord(grantor_level="county", on="2022-03-15")
        await sends_sealed(registry, "HonourRecord", honour, "title", "优秀社工", record_id="h")
        credit = records.CreditEventRecord(kind="breach", on="2022-03-15", evidence="a" * 64)
        await sends_sealed(registry, "CreditEventRecord", credit, "reason", "未履行", record_id="c")
    await registry.settled()

    mine = await persons.mine("MyRecord", talent)
    assert [it.title for it in mine.honours] == ["优秀社工"]
    assert [(it.kind, it.reason, it.department) for it in mine.credit] == [("breach", "未履行", "civil_affairs")]
    assert [it.version for it in talent_events(registry)] == [1, 2, 3]


async def test_private_records_of_partners_reach_the_person_and_nobody_else(persons, tmp_path, caplog):
    registry = persons.registry
    talent = await persons.talent()
    sends = [
        ("DepartureRecord", records.DepartureRecord(departure="left_field", on="2025-01-01")),
        ("DesignationEndRecord",
         records.DesignationEndRecord(kind="leading", since="2019-01-01", until="2020-01-01")),
        ("PartyMembershipRecord", records.PartyMembershipRecord(status="formal", since="2015-07-01")),
    ]  # fmt: skip
    for number, (type_, body) in enumerate(sends):
        await registry.partner_sends(type_, body, record_id=f"x-{number}")
    await persons.call("GrantHonour", talent_id=talent, title="金丝雀荣誉", grantor_level="county", on="2022-03-15")
    credit = await persons.call(
        "RecordCreditEvent", talent_id=talent, kind="fraud", on="2022-03-15", reason="金丝雀理由"
    )
    await persons.mine("AppealCredit", talent, credit_id=credit.credit_id, grounds="金丝雀申诉")
    await persons.mine("ObjectToRecord", talent, system="civil_affairs", record_id="x-2", text="金丝雀异议")
    await persons.call("RevealIdentity", talent_id=talent, purpose="benefit")
    await persons.call("ReportSnapshot", organisation=a_uscc(), as_of="2021-01-01", id_numbers=[PERSON.id_number])
    await registry.settled()
    mine = await persons.mine("MyRecord", talent)
    assert [it.status for it in mine.memberships] == ["formal"]
    assert registry.streams.of("registry.dead-letter.v1") == []
    await registry.app.stop()

    files = b"".join(path.read_bytes() for path in Path(tmp_path).rglob("*") if path.is_file())
    sent = b"".join((it.value or b"") + repr(it.headers).encode() for it in registry.streams.records)
    for canary in (PERSON.name, PERSON.id_number, PERSON.phone, "金丝雀"):
        assert canary.encode() not in files
        assert canary.encode() not in sent
        assert canary not in caplog.text
    told = b"".join(it.value for it in registry.streams.of("registry.events.v1"))
    assert b"formal" not in told
    assert b"fraud" not in told
