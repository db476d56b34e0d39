"""Certificates, registration and education over gRPC and by partners' records, in one running service."""

from __future__ import annotations

from datetime import UTC, datetime

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.registry.commands.lapse_registrations import LapseRegistrations
from services.registry.domain.talent import BY_LAPSE, Talent
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.runtime.clock import SystemRandom
from swtalent.common.v1 import refusal_pb2
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import certificate_service_pb2 as pb
from swtalent.registry.v1 import events_pb2 as events
from swtalent.registry.v1 import registry_service_pb2 as registry_pb
from swtalent.registry.v1.certificate_service_pb2_grpc import CertificateServiceStub
from tests.builders.registry import PERSON, a_uscc

EXAM = "human_resources"
INVALID, BROKEN = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION


class Certificates:
    """The service of the fixture with calls that are right unless a test changes them."""

    def __init__(self, registry, channel) -> None:
        self.registry, self.stub = registry, CertificateServiceStub(channel)
        self.talent = ""

    async def passed(self, level="assistant", passed_on="2021-01-01"):
        answer = await self.registry.stub.RecordPass(
            registry_pb.RecordPassRequest(
                request_id=self.registry.request_id(),
                identity=registry_pb.Identity(name=PERSON.name, id_number=PERSON.id_number),
                department=EXAM,
                level=level,
                passed_on=passed_on,
                home_county="510104",
            ),
            metadata=self.registry.token(department=EXAM),
        )
        self.talent = answer.talent_id

    def request(self, rpc, **changed):
        usual = {
            "ReviewSenior": {"department": EXAM, "granted_on": "2022-01-10"},
            "AnnulCertificate": {
                "department": EXAM,
                "level": "assistant",
                "annulled_on": "2022-05-05",
                "reason": "fraud",
            },
            "ApplyRegistration": {"level": "assistant", "received_on": "2021-03-15", "area": "510104"},
            "DecideRegistration": {
                "level": "assistant",
                "received_on": "2021-03-15",
                "decided_on": "2021-03-15",
                "granted": True,
            },
            "EndRegistration": {"level": "assistant", "ended_on": "2022-01-01", "reason": "own_request"},
            "RecordEducation": {
                "evidence_id": "e1",
                "kind": "training",
                "category": "professional",
                "first_day": "2022-05-01",
                "last_day": "2022-05-05",
                "minutes": 72 * 60,
                "provider": a_uscc(),
            },
            "ReverseEducation": {"evidence_id": "e1", "reversed_on": "2022-06-01"},
        }[rpc]
        whole = {"request_id": self.registry.request_id(), "talent_id": self.talent, "department": "civil_affairs"}
        return getattr(pb, f"{rpc}Request")(**{**whole, **usual, **changed})

    def call(self, rpc, **changed):
        request = self.request(rpc, **changed)
        return self.send(rpc, request)

    def send(self, rpc, request):
        department = EXAM if rpc in ("ReviewSenior", "AnnulCertificate") else "civil_affairs"
        return getattr(self.stub, rpc)(request, metadata=self.registry.token(department=department))

    async def registered(self):
        await self.passed()
        await self.call("ApplyRegistration")
        await self.call("DecideRegistration")

    async def facts(self):
        request = registry_pb.GetTalentRequest(talent_id=self.talent)
        return (await self.registry.stub.GetTalent(request, metadata=self.registry.token())).talent.facts

    async def periods(self):
        return [f"{it.basis} {it.since}..{it.until}" for it in (await self.facts()).registrations]


@pytest.fixture
async def certificates(registry):
    async with grpc.aio.insecure_channel(registry.app.address) as channel:
        yield Certificates(registry, channel)


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(failure.value).details[0].Unpack(info)
    return failure.value.code(), info.reason, info.metadata["field"]


def changes(registry):
    return [
        events.TalentEvent.FromString(it.value).WhichOneof("change") for it in registry.streams.of("registry.events.v1")
    ]


async def test_a_registration_is_applied_for_decided_renewed_and_ended(certificates):
    await certificates.registered()
    await certificates.call("RecordEducation")
    await certificates.call("ApplyRegistration", received_on="2024-03-14")
    await certificates.call("DecideRegistration", received_on="2024-03-14", decided_on="2024-04-20")
    assert await certificates.periods() == ["first 2021-03-15..2024-03-15", "renewal 2024-03-15..2027-03-15"]

    await certificates.call("EndRegistration", ended_on="2025-01-01")

    assert await certificates.periods() == ["first 2021-03-15..2024-03-15", "renewal 2024-03-15..2025-01-01"]
    await certificates.registry.settled()
    assert changes(certificates.registry) == [
        "pass_recorded",
        "registration_applied",
        "registration_decided",
        "education_recorded",
        "registration_applied",
        "registration_decided",
        "registration_ended",
    ]


async def test_an_annulment_ends_the_registration_and_keeps_the_pass(certificates):
    await certificates.registered()
    await certificates.call("AnnulCertificate")

    assert await certificates.periods() == ["first 2021-03-15..2022-05-05"]
    assert [it.annulled_on for it in (await certificates.facts()).certificates] == ["2022-05-05"]


async def test_the_senior_level_is_held_from_its_review(certificates):
    await certificates.passed("intermediate", "2015-06-20")
    await certificates.passed("senior", "2020-06-20")
    await certificates.call("ReviewSenior")

    assert [(it.level, it.granted_on) for it in (await certificates.facts()).certificates] == [
        ("intermediate", ""),
        ("senior", "2022-01-10"),
    ]


async def test_education_is_summed_by_month_and_reversed_in_its_own(certificates):
    await certificates.passed()
    await certificates.call("RecordEducation")
    await certificates.call("RecordEducation", evidence_id="e2", minutes=90, category="ethics")
    facts = await certificates.facts()
    assert [(it.month, it.minutes) for it in facts.learned] == [("2022-05", 72 * 60 + 90)]
    assert [(it.category, it.on) for it in facts.trained] == [("ethics", "2022-05-05"), ("professional", "2022-05-05")]

    await certificates.call("ReverseEducation")

    assert [(it.month, it.minutes) for it in (await certificates.facts()).learned] == [("2022-05", 90)]


@pytest.mark.parametrize(
    "rpc", ["ApplyRegistration", "DecideRegistration", "EndRegistration", "RecordEducation", "ReverseEducation"]
)
async def test_the_same_request_answers_as_the_first_time(certificates, rpc):
    await certificates.passed()
    before = ["ApplyRegistration", "DecideRegistration"] if rpc in ("EndRegistration", "RecordEducation") else []
    before = ["ApplyRegistration"] if rpc == "DecideRegistration" else before
    for needed in ["RecordEducation"] if rpc == "ReverseEducation" else before:
        await certificates.call(needed)
    request = certificates.request(rpc)

    first = await certificates.send(rpc, request)
    again = await certificates.send(rpc, request)

    assert again == first


@pytest.mark.parametrize(
    ("rpc", "changed", "expected"),
    [
        ("ApplyRegistration", {"received_on": "2024-03-15"}, (BROKEN, "REGISTRATION_TOO_LATE", "received_on")),
        ("ApplyRegistration", {"received_on": "2023-12-14"}, (BROKEN, "RENEWAL_WINDOW_NOT_OPEN", "received_on")),
        ("ApplyRegistration", {"level": "intermediate"}, (BROKEN, "NOT_CERTIFIED", "level")),
        ("ApplyRegistration", {"received_on": "2031-01-01"}, (INVALID, "DATE_IN_FUTURE", "received_on")),
        ("ApplyRegistration", {"level": "x" * 65536}, (INVALID, "FIELD_TOO_LONG", "level")),
        ("ApplyRegistration", {"area": "519999"}, (INVALID, "AREA_UNKNOWN", "area")),
        ("ApplyRegistration", {"request_id": ""}, (INVALID, "FIELD_MISSING", "request_id")),
        ("ApplyRegistration", {"etag": "99"}, (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "etag")),
        ("ApplyRegistration", {"talent_id": "nobody"}, (grpc.StatusCode.NOT_FOUND, "TALENT_NOT_FOUND", "talent_id")),
        (
            "ApplyRegistration",
            {"department": "health"},
            (grpc.StatusCode.PERMISSION_DENIED, "NOT_A_REGISTRATION_AUTHORITY", "department"),
        ),
        (
            "ApplyRegistration",
            {"department": "social_work"},
            (grpc.StatusCode.PERMISSION_DENIED, "OUTSIDE_SCOPE", "department"),
        ),
        (
            "DecideRegistration",
            {"received_on": "2021-03-16", "decided_on": "2021-03-16"},
            (grpc.StatusCode.NOT_FOUND, "APPLICATION_NOT_FOUND", "received_on"),
        ),
        ("DecideRegistration", {"granted": False}, (BROKEN, "ALREADY_DECIDED", "received_on")),
        ("DecideRegistration", {"decided_on": "2021-03-14"}, (INVALID, "INTERVAL_REVERSED", "decided_on")),
        ("EndRegistration", {"ended_on": "2021-03-15"}, (BROKEN, "NOT_REGISTERED", "ended_on")),
        ("EndRegistration", {"reason": "whim"}, (INVALID, "CODE_UNKNOWN", "reason")),
        ("AnnulCertificate", {"level": "senior"}, (BROKEN, "NOT_CERTIFIED", "level")),
        ("AnnulCertificate", {"annulled_on": "2020-01-01"}, (BROKEN, "NOT_CERTIFIED", "level")),
        ("ReviewSenior", {}, (BROKEN, "SENIOR_EXAM_NOT_PASSED", "granted_on")),
        ("RecordEducation", {"minutes": -1}, (INVALID, "AMOUNT_INVALID", "minutes")),
        ("RecordEducation", {"minutes": 5 * 1440 + 1}, (INVALID, "MORE_THAN_A_DAY_HOLDS", "minutes")),
        ("RecordEducation", {"last_day": "2022-04-30"}, (INVALID, "INTERVAL_REVERSED", "last_day")),
        ("RecordEducation", {"first_day": "1995-01-01"}, (INVALID, "EDUCATION_BEFORE_BIRTH", "first_day")),
        ("RecordEducation", {"category": ""}, (INVALID, "FIELD_MISSING", "category")),
        ("RecordEducation", {"provider": "x" * 65536}, (INVALID, "USCC_INVALID", "provider")),
        ("RecordEducation", {"evidence_id": "x" * 65536}, (INVALID, "FIELD_TOO_LONG", "evidence_id")),
        (
            "ReverseEducation",
            {"evidence_id": "e9"},
            (grpc.StatusCode.NOT_FOUND, "EDUCATION_NOT_FOUND", "evidence_id"),
        ),
    ],
)
async def test_a_refused_call_says_why_and_changes_nothing(certificates, rpc, changed, expected):
    await certificates.registered()
    before = await certificates.facts()

    assert await refused(certificates.call(rpc, **changed)) == expected

    assert await certificates.facts() == before


async def test_hours_that_are_missing_are_told_in_minutes(certificates):
    await certificates.registered()
    await certificates.call("RecordEducation", minutes=60)
    await certificates.call("ApplyRegistration", received_on="2024-01-10")

    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await certificates.call("DecideRegistration", received_on="2024-01-10", decided_on="2024-01-20")

    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(failure.value).details[0].Unpack(info)
    assert (info.reason, info.metadata["missing_minutes"]) == ("EDUCATION_HOURS_MISSING", str(71 * 60))


async def test_a_reversal_does_not_pull_the_ground_from_under_a_registration(certificates):
    await certificates.registered()
    await certificates.call("RecordEducation")
    await certificates.call("ApplyRegistration", received_on="2024-01-10")
    await certificates.call("DecideRegistration", received_on="2024-01-10", decided_on="2024-01-20")

    assert await refused(certificates.call("ReverseEducation", reversed_on="2023-01-01")) == (
        BROKEN,
        "REGISTRATION_RESTS_ON_IT",
        "reversed_on",
    )
    await certificates.call("ReverseEducation", reversed_on="2024-05-01")
    assert len(await certificates.periods()) == 2


async def test_a_document_means_one_thing(certificates):
    await certificates.passed()
    await certificates.call("RecordEducation")

    assert (await refused(certificates.call("RecordEducation", minutes=60)))[:2] == (
        grpc.StatusCode.ALREADY_EXISTS,
        "EVIDENCE_DIFFERS",
    )


async def test_a_document_that_was_reversed_is_not_recorded_again(certificates):
    await certificates.passed()
    await certificates.call("RecordEducation")
    await certificates.call("ReverseEducation")

    assert await refused(certificates.call("RecordEducation")) == (BROKEN, "EVIDENCE_REVERSED", "evidence_id")


async def test_an_officer_of_another_prefecture_reads_and_changes_nobody_here(certificates):
    await certificates.passed()
    registry = certificates.registry
    there = registry.token(area="510700")

    reading = certificates.stub.EducationStatement(
        pb.EducationStatementRequest(talent_id=certificates.talent), metadata=there
    )
    writing = certificates.stub.RecordEducation(certificates.request("RecordEducation"), metadata=there)

    assert (await refused(reading))[1] == "OUTSIDE_SCOPE"
    assert (await refused(writing))[1] == "OUTSIDE_SCOPE"


async def test_the_statement_says_what_counted_what_not_and_what_is_missing(certificates):
    await certificates.registered()
    await certificates.call("RecordEducation", minutes=30 * 60)
    await certificates.call("RecordEducation", evidence_id="e2", minutes=60)
    await certificates.call("ReverseEducation", evidence_id="e2")
    await certificates.call("RecordEducation", evidence_id="e0", first_day="2021-02-01", last_day="", minutes=90)

    request = pb.EducationStatementRequest(talent_id=certificates.talent, on="2023-06-30")
    account = (
        await certificates.stub.EducationStatement(
            request, metadata=certificates.registry.token("auditor", department="")
        )
    ).account

    [period] = account.periods
    assert (period.needed.hours, period.counted.hours, period.missing.hours) == (72, 30, 42)
    assert (period.missing_until, period.renewal_from, list(period.evidence_ids)) == (
        "2024-03-15",
        "2023-12-15",
        ["e1"],
    )
    assert [(it.evidence_id, it.counted.minutes, it.why_not) for it in account.entries] == [
        ("e0", 90, "OUTSIDE_EVERY_PERIOD"),
        ("e1", 1800, ""),
        ("e2", 0, "REVERSED"),
    ]
    assert [(it.year, it.counted.credit_hours, it.missing.credit_hours) for it in account.years] == [
        (2021, 2, 23),
        (2022, 40, 0),
        (2023, 0, 25),
    ]


async def test_a_person_reads_the_own_statement_and_nobody_else_s(certificates):
    await certificates.registered()
    own = certificates.registry.token("individual", department="", talent=certificates.talent)
    nobody = certificates.registry.token("individual", department="")

    account = (await certificates.stub.MyEducationStatement(pb.MyEducationStatementRequest(), metadata=own)).account

    assert (account.talent_id, len(account.periods)) == (certificates.talent, 1)
    theirs = certificates.stub.EducationStatement(
        pb.EducationStatementRequest(talent_id=certificates.talent), metadata=own
    )
    assert (await refused(theirs))[1] == "PERMISSION_MISSING"
    unbound = certificates.stub.MyEducationStatement(pb.MyEducationStatementRequest(), metadata=nobody)
    assert (await refused(unbound))[1] == "OUTSIDE_SCOPE"


async def test_partners_records_in_the_wrong_order_lead_to_the_same_registration(certificates):
    registry = certificates.registry
    education = records.EducationRecord(
        evidence_id="e1",
        kind="training",
        category="professional",
        first_day="2022-05-01",
        last_day="2022-05-05",
        minutes=72 * 60,
        provider=a_uscc(),
    )

    def decision(received_on, decided_on):
        return records.RegistrationDecisionRecord(
            level="assistant", received_on=received_on, decided_on=decided_on, granted=True
        )

    def application(received_on):
        return records.RegistrationApplicationRecord(level="assistant", received_on=received_on, area="510104")

    sent = [
        ("RegistrationDecisionRecord", decision("2024-01-10", "2024-01-20"), "d2", "social_work"),
        ("RegistrationApplicationRecord", application("2024-01-10"), "a2", "social_work"),
        ("EducationRecord", education, "l1", "health"),
        ("RegistrationDecisionRecord", decision("2021-03-15", "2021-03-15"), "d1", "civil_affairs"),
        ("RegistrationApplicationRecord", application("2021-03-15"), "a1", "civil_affairs"),
        ("PassRecord", records.PassRecord(level="assistant", passed_on="2021-01-01", home_county="510104"), "p1", EXAM),
    ]
    for type_, body, record_id, partner in sent:
        await registry.partner_sends(type_, body, record_id=record_id, partner=partner)
    await registry.settled()

    [last] = [
        it for it in map(_event, registry.streams.of("registry.events.v1")) if it.version == len(sent)
    ]  # one event per record
    assert [(it.basis, it.since, it.until) for it in last.after.registrations] == [
        ("first", "2021-03-15", "2024-03-15"),
        ("renewal", "2024-03-15", "2027-03-15"),
    ]


def _event(record):
    return events.TalentEvent.FromString(record.value)


async def test_partners_review_annul_end_and_reverse(certificates):
    registry = certificates.registry
    await certificates.registered()
    await certificates.call("RecordEducation")
    await certificates.passed("intermediate", "2015-06-20")
    await certificates.passed("senior", "2020-06-20")
    sent = [
        ("ReviewRecord", records.ReviewRecord(granted_on="2022-01-10"), EXAM),
        ("AnnulmentRecord", records.AnnulmentRecord(level="assistant", annulled_on="2023-05-05", reason="fraud"), EXAM),
        (
            "RegistrationEndRecord",
            records.RegistrationEndRecord(level="assistant", ended_on="2022-02-02", reason="own_request"),
            "civil_affairs",
        ),
        (
            "EducationReversalRecord",
            records.EducationReversalRecord(evidence_id="e1", reversed_on="2022-06-01"),
            "civil_affairs",
        ),
    ]
    for type_, body, partner in sent:
        await registry.partner_sends(type_, body, record_id=type_, partner=partner)
    await registry.settled()

    facts = await certificates.facts()
    assert {it.level: (it.granted_on, it.annulled_on) for it in facts.certificates} == {
        "intermediate": ("", ""),
        "senior": ("2022-01-10", ""),
        "assistant": ("", "2023-05-05"),
    }
    assert await certificates.periods() == ["first 2021-03-15..2022-02-02"]
    assert list(facts.learned) == []


@pytest.mark.parametrize(
    ("type_", "body", "partner", "reason"),
    [
        ("ReviewRecord", records.ReviewRecord(granted_on="2022-01-10"), "health", "NOT_AN_EXAM_AUTHORITY"),
        ("AnnulmentRecord", records.AnnulmentRecord(level="assistant"), EXAM, "FIELD_MISSING"),
        (
            "RegistrationApplicationRecord",
            records.RegistrationApplicationRecord(level="assistant", received_on="2021-03-15", area="510703"),
            "civil_affairs-510100",
            "OUTSIDE_SCOPE",
        ),
        (
            "RegistrationDecisionRecord",
            records.RegistrationDecisionRecord(level="assistant", received_on="2021-03-15", decided_on="2021-03-14"),
            "civil_affairs",
            "INTERVAL_REVERSED",
        ),
        (
            "RegistrationEndRecord",
            records.RegistrationEndRecord(level="assistant", ended_on="2022-02-30", reason="death"),
            "civil_affairs",
            "DATE_INVALID",
        ),
        (
            "EducationRecord",
            records.EducationRecord(evidence_id="e", kind="training", category="ethics", first_day="1990-01-01",
                                    minutes=60, provider=a_uscc()),
            "health",
            "EDUCATION_BEFORE_BIRTH",
        ),
        ("EducationReversalRecord", records.EducationReversalRecord(evidence_id="é"), "health", "ID_MALFORMED"),
    ],
)  # fmt: skip
async def test_a_bad_record_is_refused_with_its_reason(certificates, type_, body, partner, reason):
    registry = certificates.registry
    await registry.partner_sends(type_, type(body).FromString(body.SerializeToString()), record_id="r", partner=partner)
    await registry.settled()

    rejections = registry.streams.of(f"partner.{partner}.rejections.v1")
    assert [refusal_pb2.Refusal.FromString(it.value).reason for it in rejections] == [reason]
    assert changes(registry) == []


async def test_a_registration_lapses_once_on_its_day_and_the_pass_stays(certificates):
    await certificates.registered()
    registry = certificates.registry
    store = registry.app.parts[0]._store
    assert [it.id for it in await store.page(Talent, view=BY_LAPSE, key="2024-03-15", after="", limit=9)] == [
        certificates.talent
    ]
    lapse = LapseRegistrations(store=store, lanes=Lanes(store, clock=registry.clock, random=SystemRandom()))

    for day in ("2024-03-14", "2024-03-15", "2024-03-15", "2024-03-16"):
        await lapse(Day(day))
    await registry.settled()

    lapses = [it for it in map(_event, registry.streams.of("registry.events.v1"))
              if it.WhichOneof("change") == "registration_lapsed"]  # fmt: skip
    assert [(it.registration_lapsed.level, it.registration_lapsed.on) for it in lapses] == [("assistant", "2024-03-15")]
    assert [it.annulled_on for it in lapses[0].after.certificates] == [""]


async def test_days_that_were_missed_are_caught_up_by_the_day_s_turn(certificates):
    registry = certificates.registry
    await certificates.passed(passed_on="2024-01-01")
    await certificates.call("ApplyRegistration", received_on="2024-03-15")
    await certificates.call("DecideRegistration", received_on="2024-03-15", decided_on="2024-03-15")
    [tick] = [it for it in registry.app.parts if it.name == "tick"]
    await tick.catch_up()

    registry.clock.instant = datetime(2027, 4, 1, 4, tzinfo=UTC)
    await tick.catch_up()
    await registry.settled()

    assert changes(registry)[-1] == "registration_lapsed"
