"""Every field of every command: what is wrong, where, and that nothing changed."""

from datetime import UTC, datetime

import pytest

from services.funding.commands.appropriate import appropriate
from services.funding.commands.earmark import Earmark, earmark
from services.funding.commands.sign_contract import sign_contract
from services.funding.domain.budget_line import BudgetLine, earmark_id
from services.funding.domain.contract import Contract
from services.funding.storage import KINDS
from services.shared.kernel.change import cause
from services.shared.kernel.errors import CauseReused, DomainError, StoreUnavailable
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.money import MOST, yuan
from services.shared.kernel.partner import partner
from services.shared.kernel.principal import Principal
from services.shared.runtime.clock import SystemRandom
from services.shared.runtime.store.memory import MemoryStore
from tests.builders.funding import (
    COUNTY,
    LINE,
    OFFICER,
    OTHER_COUNTY,
    PROVIDER,
    a_milestone,
    a_sign_contract,
    an_appropriate,
)
from tests.builders.serving import SetClock

LONG = "x" * 65536
CLOCK = SetClock(datetime(2025, 6, 30, 4, tzinfo=UTC))
STRANGER = Principal("officer-510703", frozenset({"officer"}), area=OTHER_COUNTY)


class Service:
    """The commands on a store in memory."""

    def __init__(self, faults=None):
        self.store = MemoryStore(KINDS, clock=CLOCK, faults=faults)
        self.lanes = Lanes(self.store, clock=CLOCK, random=SystemRandom())

    async def __call__(self, command, cmd, request_id="r-1", content=b"content"):
        why = cause("officer", command.__name__, request_id, content)
        return await command(cmd, lanes=self.lanes, clock=CLOCK, cause=why)

    async def line(self):
        return (await self.store.get_many(BudgetLine, [LINE]))[LINE].aggregate

    async def contract(self, contract):
        return (await self.store.get_many(Contract, [contract]))[contract].aggregate


@pytest.fixture
async def service():
    """A line of 100,000 yuan, 90,000 of them earmarked."""
    service = Service()
    await service(appropriate, an_appropriate())
    await service(earmark, an_earmark())
    return service


EARMARK = earmark_id(line=LINE, reference="purchase-1")


def an_earmark(**changed):
    values = {"by": OFFICER, "line": LINE, "fen": yuan(90_000), "reference": "purchase-1", "on": "2025-02-01"}
    return Earmark(**{**values, **changed})


def a_signing(**changed):
    return a_sign_contract(**{"earmark": EARMARK, **changed})


IDS = [("", "FIELD_MISSING"), (LONG, "FIELD_TOO_LONG"), ("a b", "ID_MALFORMED"), ("预算", "ID_MALFORMED")]
DAYS = [("", "FIELD_MISSING"), ("2025-02-30", "DATE_INVALID"), ("20250201", "DATE_INVALID"), (LONG, "DATE_INVALID")]
NOT_YET = [("2025-07-01", "DATE_IN_FUTURE")]
AMOUNTS = [(amount, "AMOUNT_INVALID") for amount in (0, -1, -(2**63), MOST + 1, 2**63 - 1)]
CODES = [("", "FIELD_MISSING"), ("nonsense", "CODE_UNKNOWN"), (LONG, "FIELD_TOO_LONG")]
AREAS = [
    ("", "FIELD_MISSING"),
    ("510199", "AREA_UNKNOWN"),
    ("110000", "AREA_UNKNOWN"),
    ("510104017001", "AREA_UNKNOWN"),
    (LONG, "AREA_UNKNOWN"),
]
TEXTS = [("", "FIELD_MISSING"), (" \n", "FIELD_MISSING"), (LONG, "FIELD_TOO_LONG")]


def cases(field, values):
    return [(field, value, reason) for value, reason in values]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        *cases("line", [*IDS, ("0" * 32, "LINE_ID_RESERVED")]),
        *cases("fiscal_year", [(year, "FISCAL_YEAR_INVALID") for year in (0, -2025, 1999, 2027, 2**31 - 1)]),
        *cases("source", CODES),
        *cases("owner", CODES),
        *cases("area", [*AREAS, (OTHER_COUNTY, "OUTSIDE_SCOPE"), ("510000", "OUTSIDE_SCOPE")]),
        *cases("purpose", [*TEXTS, ("服" * 101, "FIELD_TOO_LONG")]),
        *cases("basis", CODES),
        *cases("fen", AMOUNTS),
        *cases("reference", IDS),
        *cases("on", [*DAYS, *NOT_YET]),
    ],
)
async def test_appropriate_names_the_wrong_field(field, value, reason):
    service = Service()

    with pytest.raises(DomainError) as refused:
        await service(appropriate, an_appropriate(**{field: value}))

    assert (refused.value.reason, refused.value.field) == (reason, field)
    assert not (await service.line()).exists


async def test_a_partner_appropriates_inside_its_subtree_only():
    service = Service()

    with pytest.raises(DomainError) as refused:
        await service(appropriate, an_appropriate(by=partner("civil_affairs-510700")))

    assert (refused.value.reason, refused.value.field) == ("OUTSIDE_SCOPE", "area")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        *cases("line", [*IDS, ("other", "LINE_NOT_FOUND")]),
        *cases("fen", [*AMOUNTS, (yuan(10_000) + 1, "NOT_ENOUGH_APPROPRIATED")]),
        *cases("reference", [*IDS, ("budget-2025", "REFERENCE_REUSED")]),
        *cases("on", [*DAYS, *NOT_YET]),
    ],
)
async def test_earmark_names_the_wrong_field(service, field, value, reason):
    before = (await service.line()).state

    with pytest.raises(DomainError) as refused:
        await service(earmark, an_earmark(**{"reference": "purchase-2", "fen": 1, field: value}), "r-2")

    assert (refused.value.reason, refused.value.field) == (reason, field)
    assert (await service.line()).state == before


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        *cases("line", [*IDS, ("other", "LINE_NOT_FOUND")]),
        *cases("earmark", [*IDS, ("other", "EARMARK_NOT_FOUND")]),
        *cases("purchaser", CODES),
        *cases("area", [*AREAS, (OTHER_COUNTY, "CONTRACT_OUTSIDE_LINE"), ("510000", "CONTRACT_OUTSIDE_LINE")]),
        *cases(
            "provider",
            [("", "FIELD_MISSING"), (LONG, "USCC_INVALID"), ("52519999000000018H", "USCC_INVALID")],
        ),
        *cases("title", [*TEXTS, ("服" * 101, "FIELD_TOO_LONG")]),
        *cases("value", AMOUNTS),
        *cases("signed_on", [*DAYS, *NOT_YET]),
        *cases("since", DAYS),
        *cases("until", [*DAYS, ("2025-04-01", "INTERVAL_REVERSED"), ("2028-04-02", "CONTRACT_PERIOD_TOO_LONG")]),
        *cases("milestones", [([], "FIELD_MISSING"), ([a_milestone(fen=1)], "MILESTONES_NOT_VALUE")]),
    ],
)
async def test_sign_contract_names_the_wrong_field(service, field, value, reason):
    before = (await service.line()).state

    with pytest.raises(DomainError) as refused:
        await service(sign_contract, a_signing(**{field: value}))

    assert (refused.value.reason, refused.value.field) == (reason, field)
    assert (await service.line()).state == before


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        *cases("id", IDS),
        *cases("title", TEXTS),
        *cases("due", DAYS),
        *cases("fen", AMOUNTS),
    ],
)
async def test_a_wrong_milestone_is_named_by_its_place(service, field, value, reason):
    milestones = [a_milestone(fen=1), a_milestone(**{"id": "m2", field: value})]

    with pytest.raises(DomainError) as refused:
        await service(sign_contract, a_signing(milestones=milestones))

    assert (refused.value.reason, refused.value.field) == (reason, f"milestones[1].{field}")


async def test_a_line_of_another_area_is_out_of_reach(service):
    with pytest.raises(DomainError) as refused:
        await service(earmark, an_earmark(by=STRANGER, reference="purchase-2", fen=1), "r-2")
    assert refused.value.reason == "OUTSIDE_SCOPE"

    with pytest.raises(DomainError) as refused:
        await service(sign_contract, a_signing(by=STRANGER))
    assert refused.value.reason == "OUTSIDE_SCOPE"


async def test_signing_commits_the_money_and_writes_the_contract(service):
    answer = await service(sign_contract, a_signing())

    contract = await service.contract(answer.values["contract"])
    assert (answer.etag, contract.version) == ("1", 1)
    assert (contract.state.provider, contract.state.area, contract.state.value) == (PROVIDER, COUNTY, yuan(90_000))
    assert (await service.line()).state.committed == yuan(90_000)


async def test_the_same_request_signs_once(service):
    first = await service(sign_contract, a_signing())

    assert await service(sign_contract, a_signing()) == first
    assert (await service.line()).state.committed == yuan(90_000)


async def test_a_request_id_does_not_stand_for_another_contract(service):
    await service(sign_contract, a_signing())

    with pytest.raises(CauseReused):
        await service(sign_contract, a_signing(title="其他服务"), content=b"other")


async def test_a_store_that_fails_between_the_two_commits_loses_nothing():
    commits = []

    async def faults(point):
        if point == "commit:before":
            commits.append(point)
            if len(commits) == 4:
                raise StoreUnavailable

    service = Service(faults)
    await service(appropriate, an_appropriate())
    await service(earmark, an_earmark())

    with pytest.raises(StoreUnavailable):
        await service(sign_contract, a_signing())
    assert (await service.line()).state.committed == yuan(90_000)

    answer = await service(sign_contract, a_signing())
    assert (await service.contract(answer.values["contract"])).exists
    assert (await service.line()).state.committed == yuan(90_000)
