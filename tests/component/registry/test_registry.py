from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.registry.domain.person import Person
from swtalent.common.v1 import refusal_pb2
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import events_pb2 as events
from swtalent.registry.v1 import registry_service_pb2 as pb
from tests.builders.registry import PERSON, a_uscc, an_id_number


def talent_record(**changed):
    values = {
        "as_of": "2020-12-31",
        "home_county": "510104",
        "organisation": a_uscc(),
        "role": "worker",
        "field": "elderly_care",
        "place": "510104",
        "full_time": True,
        "practitioner": True,
        "principal": True,
        "since": "2018-03-01",
        "recognised_ground": "training",
        "recognised_since": "2019-06-01",
    }
    return records.TalentRecord(**{**values, **changed})


async def refused(call) -> tuple[grpc.StatusCode, str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(failure.value).details[0].Unpack(info)
    return failure.value.code(), info.reason, info.metadata["field"]


def talent_events(registry):
    return [events.TalentEvent.FromString(it.value) for it in registry.streams.of("registry.events.v1")
            if dict(it.headers)["ce_type"] == b"swtalent.registry.v1.TalentEvent"]  # fmt: skip


async def test_a_department_and_a_partner_report_one_person(registry):
    answer = await registry.stub.RecordTalent(registry.a_talent(), metadata=registry.token())
    await registry.partner_sends("TalentRecord", talent_record(), record_id="h-1", partner="health")
    await registry.settled()

    talent = (
        await registry.stub.GetTalent(pb.GetTalentRequest(talent_id=answer.talent_id), metadata=registry.token())
    ).talent
    assert [it.department for it in talent.facts.affiliations] == ["civil_affairs", "health"]
    assert talent.masked_name == "李**"
    assert [it.version for it in talent_events(registry)] == [1, 2]


async def test_the_same_request_answers_as_the_first_time_and_changes_nothing(registry):
    request = registry.a_talent()
    first = await registry.stub.RecordTalent(request, metadata=registry.token())
    again = await registry.stub.RecordTalent(request, metadata=registry.token())
    await registry.settled()

    assert again == first
    assert len(talent_events(registry)) == 1


async def test_a_request_id_with_other_content_is_refused(registry):
    request = registry.a_talent()
    await registry.stub.RecordTalent(request, metadata=registry.token())
    request.field = "youth"

    assert await refused(registry.stub.RecordTalent(request, metadata=registry.token())) == (
        grpc.StatusCode.ALREADY_EXISTS,
        "CAUSE_REUSED",
        "request_id",
    )


@pytest.mark.parametrize(
    ("changed", "code", "reason", "field"),
    [
        ({"place": "519999"}, grpc.StatusCode.INVALID_ARGUMENT, "AREA_UNKNOWN", "place"),
        ({"organisation": "x" * 65536}, grpc.StatusCode.INVALID_ARGUMENT, "USCC_INVALID", "organisation"),
        ({"department": "health"}, grpc.StatusCode.PERMISSION_DENIED, "OUTSIDE_SCOPE", "department"),
        ({"request_id": ""}, grpc.StatusCode.INVALID_ARGUMENT, "FIELD_MISSING", "request_id"),
        ({"since": "2031-01-01"}, grpc.StatusCode.INVALID_ARGUMENT, "DATE_IN_FUTURE", "since"),
    ],
)
async def test_a_bad_request_is_refused_with_code_and_field_and_leaves_nothing(registry, changed, code, reason, field):
    call = registry.stub.RecordTalent(registry.a_talent(**changed), metadata=registry.token())

    assert await refused(call) == (code, reason, field)
    await registry.settled()
    assert talent_events(registry) == []


async def test_an_officer_of_another_prefecture_sees_nobody_here(registry):
    answer = await registry.stub.RecordTalent(registry.a_talent(), metadata=registry.token())
    elsewhere = registry.token("officer", area="510700", department="")

    call = registry.stub.GetTalent(pb.GetTalentRequest(talent_id=answer.talent_id), metadata=elsewhere)

    assert (await refused(call))[1] == "OUTSIDE_SCOPE"


async def test_another_department_does_not_end_an_affiliation(registry):
    answer = await registry.stub.RecordTalent(registry.a_talent(), metadata=registry.token())
    request = pb.EndAffiliationRequest(
        request_id=registry.request_id(),
        talent_id=answer.talent_id,
        affiliation_id=answer.affiliation_id,
        department="health",
        until="2021-01-01",
    )

    call = registry.stub.EndAffiliation(request, metadata=registry.token(department="health"))

    assert (await refused(call))[1] == "OWNED_BY_OTHER_DEPARTMENT"


async def test_an_end_with_an_old_etag_is_refused_and_with_the_present_one_taken(registry):
    answer = await registry.stub.RecordTalent(registry.a_talent(), metadata=registry.token())

    def end(etag):
        request = pb.EndAffiliationRequest(
            request_id=registry.request_id(),
            talent_id=answer.talent_id,
            affiliation_id=answer.affiliation_id,
            department="civil_affairs",
            until="2021-01-01",
            etag=etag,
        )
        return registry.stub.EndAffiliation(request, metadata=registry.token())

    assert (await refused(end("7")))[:2] == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert (await end(answer.etag)).etag == "2"


async def test_passes_designations_and_pay(registry):
    answer = await registry.stub.RecordPass(
        pb.RecordPassRequest(
            request_id=registry.request_id(),
            identity=pb.Identity(name=PERSON.name, id_number=PERSON.id_number),
            department="human_resources",
            level="intermediate",
            passed_on="2019-06-16",
            number="SC-2019-0001",
            home_county="510104",
        ),
        metadata=registry.token(department="human_resources"),
    )
    await registry.stub.Designate(
        pb.DesignateRequest(
            request_id=registry.request_id(),
            talent_id=answer.talent_id,
            department="civil_affairs",
            kind="practice_supervisor",
            grantor_level="province",
            since="2020-01-01",
        ),
        metadata=registry.token(),
    )
    await registry.stub.RecordPay(
        pb.RecordPayRequest(
            request_id=registry.request_id(),
            talent_id=answer.talent_id,
            department="civil_affairs",
            organisation=a_uscc(),
            year=2020,
            fen=2_900_000,
        ),
        metadata=registry.token(),
    )

    facts = (
        await registry.stub.GetTalent(pb.GetTalentRequest(talent_id=answer.talent_id), metadata=registry.token())
    ).talent.facts
    assert [it.level for it in facts.certificates] == ["intermediate"]
    assert [it.kind for it in facts.designations] == ["practice_supervisor"]
    assert [it.band for it in facts.pay] == ["le_30000"]


async def test_a_certificate_number_belongs_to_one_person(registry):
    def passing(number_of_person):
        request = pb.RecordPassRequest(
            request_id=registry.request_id(),
            identity=pb.Identity(name="王芳", id_number=an_id_number(sequence=number_of_person)),
            department="human_resources",
            level="assistant",
            passed_on="2019-06-16",
            number="SC-2019-0002",
        )
        return registry.stub.RecordPass(request, metadata=registry.token(department="human_resources"))

    await passing(1)

    assert (await refused(passing(2)))[:2] == (grpc.StatusCode.ALREADY_EXISTS, "CLAIM_TAKEN")


async def test_pages_hold_everybody_of_an_area_once(registry):
    ids = []
    for sequence in range(1, 8):
        identity = pb.Identity(name="王芳", id_number=an_id_number(sequence=sequence))
        place = "510104" if sequence % 2 else "510703"
        answer = await registry.stub.RecordTalent(
            registry.a_talent(identity=identity, place=place), metadata=registry.token()
        )
        ids.append((answer.talent_id, place))

    async def all_of(area):
        found, token = [], ""
        while True:
            page = await registry.stub.FindTalents(
                pb.FindTalentsRequest(area=area, page_size=2, page_token=token), metadata=registry.token()
            )
            found += [it.id for it in page.talents]
            token = page.next_page_token
            if not token:
                return found

    assert await all_of("510100") == sorted(id_ for id_, place in ids if place == "510104")
    assert await all_of("510000") == sorted(id_ for id_, _ in ids)


async def test_a_bad_record_is_refused_once_and_the_next_one_is_taken(registry):
    await registry.partner_sends("TalentRecord", talent_record(place="519999"), record_id="r-1")
    await registry.partner_sends("TalentRecord", talent_record(), record_id="r-2")
    await registry.settled()

    rejections = registry.streams.of("partner.civil_affairs.rejections.v1")
    assert [refusal_pb2.Refusal.FromString(it.value).reason for it in rejections] == ["AREA_UNKNOWN"]
    assert len(registry.streams.of("registry.dead-letter.v1")) == 1
    assert len(talent_events(registry)) == 1


async def test_a_prefectures_own_system_reports_its_own_area_only(registry):
    await registry.partner_sends(
        "TalentRecord", talent_record(place="510703"), record_id="c-1", partner="civil_affairs-510100"
    )
    await registry.settled()

    [rejection] = registry.streams.of("partner.civil_affairs-510100.rejections.v1")
    assert refusal_pb2.Refusal.FromString(rejection.value).reason == "OUTSIDE_SCOPE"


async def test_another_name_opens_one_case(registry):
    await registry.partner_sends("TalentRecord", talent_record(), record_id="r-1")
    await registry.partner_sends(
        "TalentRecord", talent_record(), record_id="h-1", partner="health", person=Person("李鸣", PERSON.id_number)
    )
    await registry.settled()

    cases = [it for it in registry.streams.of("registry.events.v1")
             if dict(it.headers)["ce_type"].endswith(b"IdentityCaseEvent")]  # fmt: skip
    assert [events.IdentityCaseEvent.FromString(it.value).after.status for it in cases] == ["open"]
    assert talent_events(registry)[-1].after.disputed


async def test_a_post_is_held_by_a_professional_and_the_organisation_can_take_a_contract(registry):
    await registry.partner_sends(
        "OrganisationRecord",
        records.OrganisationRecord(
            uscc=a_uscc(), name="天府社工服务中心", kind="private_agency", county="510104", registered_on="2015-01-01"
        ),
        record_id="o-1",
    )
    await registry.partner_sends(
        "PostRecord",
        records.PostRecord(organisation=a_uscc(), post="p-1", field="elderly_care", created_on="2017-01-01"),
        record_id="p-1",
    )
    await registry.partner_sends("TalentRecord", talent_record(post="p-1"), record_id="r-1")
    await registry.settled()

    facts = (
        await registry.stub.GetOrganisation(pb.GetOrganisationRequest(uscc=a_uscc()), metadata=registry.token())
    ).facts
    standing = await registry.stub.OrganisationStanding(
        pb.OrganisationStandingRequest(uscc=a_uscc(), on="2021-01-01"), metadata=registry.token()
    )
    assert [(it.professional, it.since, it.until) for it in facts.posts[0].holders] == [
        (False, "2018-03-01", "2019-06-01"),
        (True, "2019-06-01", ""),
    ]
    assert (standing.posts, standing.filled_posts, list(standing.reasons)) == (1, 1, [])


async def test_no_personal_data_leaves_the_process_in_clear(registry, tmp_path, caplog):
    canaries = [PERSON.name, PERSON.id_number, PERSON.phone]
    await registry.stub.RecordTalent(registry.a_talent(), metadata=registry.token())
    await registry.partner_sends("TalentRecord", talent_record(), record_id="r-1", partner="health")
    await registry.partner_sends("TalentRecord", talent_record(place="1"), record_id="r-2")
    await registry.settled()
    await registry.app.stop()

    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    sent = b"".join((it.value or b"") + repr(it.headers).encode() for it in registry.streams.records)
    for canary in canaries:
        assert canary.encode() not in files
        assert canary.encode() not in sent
        assert canary not in caplog.text
