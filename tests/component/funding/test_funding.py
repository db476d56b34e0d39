"""Funding as its callers meet it: the real service over SQLite, gRPC over a socket."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from services.shared.kernel.money import yuan
from swtalent.common.v1 import refusal_pb2
from swtalent.funding.v1 import events_pb2 as events
from swtalent.funding.v1 import funding_service_pb2 as pb
from swtalent.partner.v1 import records_pb2 as records
from tests.builders.funding import COUNTY, LINE, OTHER_COUNTY, PROVIDER
from tests.builders.running import refused
from tests.builders.window import a_partner_message

INVALID, DENIED = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED
EXISTS, PRECONDITION = grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.FAILED_PRECONDITION


def an_appropriation(**changed):
    values = {
        "line": LINE,
        "fiscal_year": 2025,
        "source": "county",
        "owner": "civil_affairs",
        "area": COUNTY,
        "purpose": "购买社会工作服务",
        "basis": "annual",
        "fen": yuan(1_000_000),
        "reference": "budget-2025",
        "on": "2025-01-10",
    }
    return pb.AppropriateRequest(**{**values, **changed})


def an_earmark(**changed):
    values = {"line": LINE, "fen": yuan(230_000), "reference": "purchase-1", "on": "2025-02-01"}
    return pb.EarmarkRequest(**{**values, **changed})


def a_signing(earmark, *, value=1_000_000, **changed):
    values = {
        "line": LINE,
        "earmark": earmark,
        "purchaser": "civil_affairs",
        "area": COUNTY,
        "provider": PROVIDER,
        "title": "乡镇社会工作服务站运营",
        "value": value,
        "signed_on": "2025-03-01",
        "since": "2025-04-01",
        "until": "2026-04-01",
        "milestones": [
            events.Milestone(id="m1", title="中期评估", due="2025-10-01", fen=value // 2),
            events.Milestone(id="m2", title="末期评估", due="2026-04-15", fen=value - value // 2),
        ],
    }
    return pb.SignContractRequest(**{**values, **changed})


async def the_line(funding, line=LINE):
    position = await funding("BudgetPosition", pb.BudgetPositionRequest(area="510100"))
    return next(it for it in position.lines if it.id == line)


async def earmarked(funding, **changed):
    await funding("Appropriate", an_appropriation())
    return (await funding("Earmark", an_earmark(**changed))).earmark


async def test_money_goes_from_the_budget_to_a_contract(service, funding):
    earmark = await earmarked(funding)

    signed = await funding("SignContract", a_signing(earmark))

    contract = await funding("GetContract", pb.GetContractRequest(contract=signed.contract))
    assert (contract.version, contract.etag, signed.etag) == (1, "1", "1")
    assert contract.facts.legs[0] == events.ContractLeg(line=LINE, earmark=earmark, fen=yuan(10_000))
    line = await the_line(funding)
    assert (line.facts.appropriated, line.facts.earmarked, line.facts.committed) == (
        yuan(1_000_000),
        yuan(230_000),
        yuan(10_000),
    )
    assert (line.free, line.etag) == (yuan(770_000), "3")
    await service.streams.settled()
    told = [dict(it.headers)["ce_id"].decode() for it in service.streams.of("funding.events.v1")]
    assert sorted(told) == sorted([f"{LINE}:1", f"{LINE}:2", f"{LINE}:3", f"{signed.contract}:1"])


async def test_64_at_once_never_sign_for_more_than_is_earmarked(service, funding):
    """23 contracts' money is earmarked, and a bit that is not enough for a 24th."""
    earmark = await earmarked(funding, fen=yuan(235_000))

    results = await asyncio.gather(
        *(funding("SignContract", a_signing(earmark, request_id=f"parallel-{n}")) for n in range(64)),
        return_exceptions=True,
    )

    signed = [it.contract for it in results if isinstance(it, pb.SignContractResponse)]
    assert len(signed) == len(set(signed)) == 23
    assert {it.code() for it in results if not isinstance(it, pb.SignContractResponse)} == {PRECONDITION}
    facts = (await the_line(funding)).facts
    assert facts.committed == 23 * yuan(10_000) <= facts.earmarked <= facts.appropriated
    contracts = [await funding("GetContract", pb.GetContractRequest(contract=it)) for it in signed]
    assert sum(it.facts.value for it in contracts) == facts.committed


async def test_64_at_once_never_earmark_more_than_is_appropriated(funding):
    await funding("Appropriate", an_appropriation(fen=yuan(105_000)))

    results = await asyncio.gather(
        *(funding("Earmark", an_earmark(fen=yuan(10_000), reference=f"p-{n}", request_id=f"e-{n}")) for n in range(64)),
        return_exceptions=True,
    )

    assert sum(isinstance(it, pb.EarmarkResponse) for it in results) == 10
    line = await the_line(funding)
    assert (line.facts.earmarked, line.free) == (yuan(100_000), yuan(5_000))


async def test_the_same_request_64_times_at_once_signs_once(funding):
    earmark = await earmarked(funding)

    answers = await asyncio.gather(*(funding("SignContract", a_signing(earmark, request_id="same")) for _ in range(64)))

    assert len({it.SerializeToString() for it in answers}) == 1
    assert (await the_line(funding)).facts.committed == yuan(10_000)


async def test_a_restarted_service_gives_the_first_answers(service):
    async with service.starts() as funding:
        earmark = await earmarked(funding)
        first = await funding("SignContract", a_signing(earmark, request_id="sign"))

    async with service.starts() as funding:
        assert await funding("SignContract", a_signing(earmark, request_id="sign")) == first
        assert (await refused(funding("SignContract", a_signing(earmark, request_id="sign", title="其他"))))[1] == (
            "CAUSE_REUSED"
        )
        assert (await the_line(funding)).facts.committed == yuan(10_000)


@pytest.mark.parametrize(
    ("method", "request_", "expected"),
    [
        ("Appropriate", an_appropriation(area="999999"), (INVALID, "AREA_UNKNOWN", "area")),
        ("Appropriate", an_appropriation(fen=-1), (INVALID, "AMOUNT_INVALID", "fen")),
        ("Appropriate", an_appropriation(area=OTHER_COUNTY), (DENIED, "OUTSIDE_SCOPE", "area")),
        ("Appropriate", an_appropriation(purpose="x" * 65536), (INVALID, "FIELD_TOO_LONG", "purpose")),
        ("Appropriate", an_appropriation(source="charity"), (EXISTS, "LINE_DIFFERS", "source")),
        ("Appropriate", an_appropriation(fen=1), (EXISTS, "REFERENCE_REUSED", "reference")),
        ("Earmark", an_earmark(line="other"), (grpc.StatusCode.NOT_FOUND, "LINE_NOT_FOUND", "line")),
        ("Earmark", an_earmark(reference="p2", fen=yuan(770_001)), (PRECONDITION, "NOT_ENOUGH_APPROPRIATED", "fen")),
        ("SignContract", a_signing("other"), (grpc.StatusCode.NOT_FOUND, "EARMARK_NOT_FOUND", "earmark")),
        ("SignContract", a_signing("other", until="2029-01-01"), (PRECONDITION, "CONTRACT_PERIOD_TOO_LONG", "until")),
        ("BudgetPosition", pb.BudgetPositionRequest(area=OTHER_COUNTY), (DENIED, "OUTSIDE_SCOPE", "area")),
        ("BudgetPosition", pb.BudgetPositionRequest(fiscal_year=-1), (INVALID, "AMOUNT_INVALID", "fiscal_year")),
        ("BudgetPosition", pb.BudgetPositionRequest(page_token="x"), (INVALID, "PAGE_TOKEN_INVALID", "page_token")),
        ("GetContract", pb.GetContractRequest(), (INVALID, "FIELD_MISSING", "contract")),
        (
            "GetContract",
            pb.GetContractRequest(contract="c" * 32),
            (grpc.StatusCode.NOT_FOUND, "CONTRACT_NOT_FOUND", "contract"),
        ),
    ],
)
async def test_what_is_wrong_is_told_by_code_and_field_and_changes_nothing(funding, method, request_, expected):
    await earmarked(funding)
    before = await the_line(funding)

    assert await refused(funding(method, request_)) == expected
    assert await the_line(funding) == before


@pytest.mark.parametrize("role", ["individual", "agency", "evaluator", "auditor", "operator", "portal", "service"])
async def test_only_officers_move_money(funding, role):
    other = funding.as_(role=role)

    assert (await refused(other("Appropriate", an_appropriation())))[:2] == (DENIED, "PERMISSION_MISSING")


async def test_positions_are_paged_by_area_and_year(funding):
    province = funding.as_(area="510000")
    lines = [(f"{year}/{area}", year, area) for year in (2024, 2025) for area in (COUNTY, "510100", OTHER_COUNTY)]
    for number, (line, year, area) in enumerate(lines):
        await province(
            "Appropriate",
            an_appropriation(line=line, fiscal_year=year, area=area, request_id=f"a-{number}", reference="budget"),
        )

    async def listed(caller, **question):
        ids, token = [], ""
        while True:
            page = await caller("BudgetPosition", pb.BudgetPositionRequest(page_size=1, page_token=token, **question))
            ids += [it.id for it in page.lines]
            if not (token := page.next_page_token):
                return ids

    assert await listed(province) == sorted(line for line, _, _ in lines)
    assert await listed(province, fiscal_year=2024) == [f"2024/{area}" for area in ("510100", COUNTY, OTHER_COUNTY)]
    assert await listed(funding) == [f"{year}/{area}" for year in (2024, 2025) for area in ("510100", COUNTY)]
    assert await listed(funding, area=COUNTY, fiscal_year=2025) == [f"2025/{COUNTY}"]


def an_appropriation_record(**changed):
    values = {
        "line": LINE,
        "fiscal_year": 2025,
        "source": "county",
        "area": COUNTY,
        "purpose": "购买社会工作服务",
        "basis": "annual",
        "fen": yuan(100_000),
        "reference": "budget-2025",
        "on": "2025-01-10",
    }
    return records.AppropriationRecord(**{**values, **changed})


async def test_a_department_reports_its_budget_and_hears_what_was_wrong(service, funding):
    await service.streams.append(
        [
            a_partner_message(an_appropriation_record(), record_id="r1"),
            a_partner_message(an_appropriation_record(fen=-5), record_id="r2"),
            a_partner_message(an_appropriation_record(reference="more", fen=yuan(50_000)), record_id="r3"),
            a_partner_message(an_appropriation_record(), record_id="r1"),
        ]
    )
    await service.streams.settled()

    assert (await the_line(funding)).facts.appropriated == yuan(150_000)
    async with asyncio.timeout(5):
        while not (rejected := service.streams.of("partner.civil_affairs.rejections.v1")):
            await asyncio.sleep(0.01)
    refusal = refusal_pb2.Refusal.FromString(rejected[0].value)
    assert (len(rejected), refusal.record_id, refusal.reason, refusal.field) == (1, "r2", "AMOUNT_INVALID", "fen")
