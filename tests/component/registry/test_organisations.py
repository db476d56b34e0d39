from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import PrivateChanged
from swtalent.common.v1 import audit_pb2, refusal_pb2
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import organisation_service_pb2 as pb
from swtalent.registry.v1 import registry_service_pb2 as registry_pb
from swtalent.registry.v1.organisation_service_pb2_grpc import OrganisationServiceStub
from tests.builders.organisations import a_party_report
from tests.builders.registry import PERSON, a_uscc

ONE, OTHER = a_uscc(1), a_uscc(2)


@pytest.fixture
async def organisations(registry):
    async with grpc.aio.insecure_channel(registry.app.address) as channel:
        yield OrganisationServiceStub(channel)


async def registered(registry, uscc=ONE, **changed):
    values = {"name": "天府社工服务中心", "kind": "private_agency", "county": "510104", "registered_on": "2015-01-01"}
    body = registry_pb.RegisterOrganisationRequest(request_id=registry.request_id(), uscc=uscc, **{**values, **changed})
    await registry.stub.RegisterOrganisation(body, metadata=registry.token())


async def facts(registry, uscc=ONE):
    await registry.settled()
    request = registry_pb.GetOrganisationRequest(uscc=uscc)
    return (await registry.stub.GetOrganisation(request, metadata=registry.token())).facts


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(failure.value).details[0].Unpack(info)
    return failure.value.code(), info.reason, info.metadata["field"]


def arrangement(registry, kind, uscc=ONE, **changed):
    values = {"organisation": uscc, "kind": kind, "responsible": "街道党工委", "since": "2016-01-01"}
    return pb.RecordPartyArrangementRequest(request_id=registry.request_id(), **{**values, **changed})


async def test_party_cover_follows_members_and_the_leads_own_branch(registry, organisations):
    await registered(registry)
    await registered(registry, OTHER)
    lead = arrangement(registry, "lead_organisation", other=OTHER)
    await organisations.RecordPartyArrangement(lead, metadata=registry.token())
    assert (await facts(registry)).party_cover[-1].reason == "LEAD_WITHOUT_BRANCH"

    own = arrangement(registry, "own_branch", OTHER)
    await organisations.RecordPartyArrangement(own, metadata=registry.token())
    assert (await facts(registry)).party_cover[-1].reason == "LEAD_ORGANISATION"

    answer = await registry.stub.RecordTalent(registry.a_talent(organisation=ONE), metadata=registry.token())

    def joins(talent):
        talent.report(a_party_report(), None, PrivateChanged())

    store = registry.app.parts[0]._store
    change = (await store.get_many(Talent, [answer.talent_id]))[answer.talent_id]
    change.apply(joins)
    await store.commit([change])

    assert [(it.fits, it.since, it.reason) for it in (await facts(registry)).party_cover][-1] == (
        False,
        "2018-03-01",
        "JOINT_BRANCH_NEEDED",
    )
    uncovered = await organisations.ListUncovered(pb.ListUncoveredRequest(area="510100"), metadata=registry.token())
    assert {it.uscc: it.party_cover.reason for it in uncovered.uncovered} == {
        ONE: "JOINT_BRANCH_NEEDED",
        OTHER: "INSTRUCTOR_NEEDED",
    }


async def test_a_dissolved_branch_is_ended_once_and_one_that_is_unknown_is_refused(registry, organisations):
    await registered(registry)
    await organisations.RecordPartyArrangement(
        arrangement(registry, "party_work_instructor"), metadata=registry.token()
    )

    def end(kind):
        request = pb.EndPartyArrangementRequest(
            request_id=registry.request_id(), organisation=ONE, kind=kind, until="2020-01-01"
        )
        return organisations.EndPartyArrangement(request, metadata=registry.token())

    await end("party_work_instructor")
    assert (await refused(end("own_branch")))[1:] == ("ARRANGEMENT_NOT_FOUND", "kind")
    assert [it.reason for it in (await facts(registry)).party_cover] == [
        "NO_ARRANGEMENT",
        "INSTRUCTOR",
        "NO_ARRANGEMENT",
    ]


async def test_bases_residents_founders_and_credit(registry, organisations):
    await registered(registry)
    token, same = registry.token(), {"organisation": ONE}
    base = pb.AccreditRequest(request_id="a-1", **same, kind="training_base", grantor="province", since="2021-01-01")
    first = await organisations.Accredit(base, metadata=token)
    assert await organisations.Accredit(base, metadata=token) == first
    await organisations.EndAccreditation(
        pb.EndAccreditationRequest(
            request_id="a-2", **same, kind="training_base", grantor="province", until="2023-01-01", etag=first.etag
        ),
        metadata=token,
    )
    await organisations.CountResidents(
        pb.CountResidentsRequest(request_id="r-1", **same, on="2024-01-01", residents=120), metadata=token
    )
    await organisations.RecordFounder(
        pb.RecordFounderRequest(request_id="f-1", **same, founder_organisation=OTHER), metadata=token
    )
    await organisations.RecordOrganisationCredit(
        pb.RecordOrganisationCreditRequest(
            request_id="c-1",
            **same,
            department="civil_affairs",
            event="2024-17",
            kind="abnormal_activity",
            since="2024-01-01",
        ),
        metadata=token,
    )
    standing = await registry.stub.OrganisationStanding(
        registry_pb.OrganisationStandingRequest(uscc=ONE), metadata=token
    )

    told = await facts(registry)
    assert [(it.kind, it.since, it.until) for it in told.accreditations] == [
        ("training_base", "2021-01-01", "2023-01-01")
    ]
    assert [(it.on, it.residents) for it in told.residents] == [("2024-01-01", 120)]
    assert list(standing.reasons) == ["NO_SOCIAL_WORK_POST", "CREDIT_ABNORMAL_ACTIVITY"]
    assert (standing.residents, standing.party_cover.reason) == (120, "NO_ARRANGEMENT")
    sent = b"".join(it.value for it in registry.streams.of("registry.events.v1"))
    assert OTHER.encode() not in sent
    assert b"abnormal_activity" not in sent


async def founded_and_credited(registry, organisations):
    """Founded by a person and by another organisation, with a credit event that was appealed; gives the person."""
    await registered(registry)
    token, same = registry.token(), {"organisation": ONE}
    person = (await registry.stub.RecordTalent(registry.a_talent(), metadata=token)).talent_id
    for founder in ({"founder_talent": person}, {"founder_organisation": OTHER}):
        await organisations.RecordFounder(
            pb.RecordFounderRequest(request_id=registry.request_id(), **same, **founder), metadata=token
        )
    for appeal in ({}, {"appealed_on": "2024-02-01", "appeal": "upheld", "decided_on": "2024-03-01"}):
        event = {"department": "civil_affairs", "event": "e-1", "kind": "contract_breach", "since": "2024-01-01"}
        await organisations.RecordOrganisationCredit(
            pb.RecordOrganisationCreditRequest(request_id=registry.request_id(), **same, **event, **appeal),
            metadata=token,
        )
    return person


def reveal(registry, organisations, role="officer", who=None, **changed):
    request = pb.RevealOrganisationRequest(**{"organisation": ONE, "purpose": "organisation_supervision", **changed})
    return organisations.RevealOrganisation(request, metadata=registry.token(role, **(who or {})))


async def test_founders_and_credit_are_shown_for_a_purpose_and_the_person_sees_who_looked(registry, organisations):
    person = await founded_and_credited(registry, organisations)

    shown = await reveal(registry, organisations)
    await registry.settled()

    assert [(it.talent_id, it.masked_name, it.organisation, it.system) for it in shown.founders] == [
        ("", "", OTHER, "test/department_officer"),
        (person, "李**", "", "test/department_officer"),
    ]
    assert [(it.event, it.kind, it.since, it.appeal, it.decided_on) for it in shown.credit] == [
        ("e-1", "contract_breach", "2024-01-01", "upheld", "2024-03-01")
    ]
    [audit] = registry.streams.of("audit.access.v1")
    event = audit_pb2.AccessEvent.FromString(audit.value)
    assert (event.identity_revealed.talent, event.after.principal) == (person, "test/officer")
    assert (event.after.reason, event.after.method.rpartition("/")[2]) == (
        "organisation_supervision",
        "RevealOrganisation",
    )


async def test_nothing_personal_shown_is_no_look(registry, organisations):
    await registered(registry)

    shown = await reveal(registry, organisations)
    await registry.settled()

    assert (list(shown.founders), list(shown.credit), shown.etag) == ([], [], "1")
    assert registry.streams.of("audit.access.v1") == []


async def test_founders_are_not_shown_when_the_look_cannot_be_stored(registry, organisations, monkeypatch):
    await founded_and_credited(registry, organisations)

    async def down(*given, **named):
        raise ConnectionError

    monkeypatch.setattr(registry.app.parts[0]._store, "commit", down)

    with pytest.raises(grpc.aio.AioRpcError):
        await reveal(registry, organisations)


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"organisation": ""}, "FIELD_MISSING", "organisation"),
        ({"organisation": "x" * 65536}, "USCC_INVALID", "organisation"),
        ({"organisation": a_uscc(9)}, "ORGANISATION_NOT_FOUND", "organisation"),
        ({"purpose": ""}, "FIELD_MISSING", "purpose"),
        ({"purpose": "curiosity"}, "CODE_UNKNOWN", "purpose"),
        ({"purpose": "x" * 65536}, "FIELD_TOO_LONG", "purpose"),
        ({"who": {"area": "510700"}}, "OUTSIDE_SCOPE", "organisation"),
    ],
)
async def test_a_bad_question_for_founders_is_refused_and_is_no_look(registry, organisations, changed, reason, field):
    await founded_and_credited(registry, organisations)

    assert (await refused(reveal(registry, organisations, **changed)))[1:] == (reason, field)
    await registry.settled()
    assert [it for it in registry.streams.of("audit.access.v1")
            if audit_pb2.AccessEvent.FromString(it.value).HasField("identity_revealed")] == []  # fmt: skip


@pytest.mark.parametrize("role", ["auditor", "evaluator", "operator", "portal", "agency", "individual"])
async def test_other_roles_are_not_shown_founders(registry, organisations, role):
    assert (await refused(reveal(registry, organisations, role=role)))[1] == "PERMISSION_MISSING"


async def test_credit_is_recorded_by_the_callers_own_department(registry, organisations):
    request = pb.RecordOrganisationCreditRequest(request_id="c", organisation=ONE, department="health", event="e")

    assert (await refused(organisations.RecordOrganisationCredit(request, metadata=registry.token())))[1:] == (
        "OUTSIDE_SCOPE",
        "department",
    )


async def test_pages_hold_every_organisation_of_an_area_and_kind_once(registry, organisations):
    for number in range(1, 8):
        kind = "hospital" if number == 7 else "private_agency"
        await registered(registry, a_uscc(number), county="510104" if number % 2 else "510703", kind=kind)

    async def all_of(area, kind=""):
        found, token = [], ""
        while True:
            page = await organisations.FindOrganisations(
                pb.FindOrganisationsRequest(area=area, kind=kind, page_size=2, page_token=token),
                metadata=registry.token(),
            )
            found += [it.uscc for it in page.organisations]
            token = page.next_page_token
            if not token:
                return found

    assert await all_of("510000") == sorted(a_uscc(number) for number in range(1, 8))
    assert await all_of("510100", "private_agency") == sorted(a_uscc(number) for number in (1, 3, 5))
    assert await all_of("510104", "hospital") == [a_uscc(7)]


async def test_partners_report_the_same(registry):
    await registered(registry)
    sent = [
        records.AccreditationRecord(organisation=ONE, kind="practice_base", grantor="county", since="2022-01-01"),
        records.ResidentsRecord(organisation=ONE, on="2024-01-01", residents=5),
        records.PartyArrangementRecord(
            organisation=ONE, kind="party_work_instructor", responsible="街道党工委", since="2016-01-01"
        ),
        records.OrganisationCreditRecord(organisation=ONE, event="e1", kind="contract_breach", since="2024-01-01"),
        records.FounderRecord(organisation=ONE),
        records.ResidentsRecord(organisation=ONE, on="2024-01-01", residents=-5),
    ]
    for number, body in enumerate(sent):
        await registry.partner_sends(body.DESCRIPTOR.name, body, record_id=f"r-{number}", person=PERSON)

    told = await facts(registry)
    standing = await registry.stub.OrganisationStanding(
        registry_pb.OrganisationStandingRequest(uscc=ONE), metadata=registry.token()
    )
    assert [it.kind for it in told.accreditations] == ["practice_base"]
    assert [it.residents for it in told.residents] == [5]
    assert told.party_cover[-1].reason == "INSTRUCTOR"
    assert list(standing.credit) == ["contract_breach"]
    rejections = registry.streams.of("partner.civil_affairs.rejections.v1")
    assert [refusal_pb2.Refusal.FromString(it.value).reason for it in rejections] == ["AMOUNT_INVALID"]
