from datetime import UTC, datetime

import pytest

from services.funding.consumers import Departments, OwnCommitments
from services.funding.domain.budget_line import BudgetLine, earmark_id
from services.funding.domain.contract import Contract
from services.funding.storage import KINDS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import DomainError
from services.shared.kernel.follower import EventGapError
from services.shared.kernel.money import yuan
from services.shared.runtime.store.memory import MemoryStore
from swtalent.partner.v1 import records_pb2 as records
from tests.builders.funding import COUNTY, LINE, LINE_TERMS, some_terms
from tests.builders.serving import SetClock
from tests.builders.window import a_partner_record, said, window

CLOCK = SetClock(datetime(2025, 6, 30, 4, tzinfo=UTC))
EARMARK = earmark_id(line=LINE, reference="purchase-1")


@pytest.fixture
def store():
    return MemoryStore(KINDS, clock=CLOCK)


async def committed(store, *contracts):
    """A line that promised money to these contracts, none of which is written yet; its events."""
    change = (await store.get_many(BudgetLine, [LINE]))[LINE]
    change.apply(
        lambda it: it.appropriate(LINE_TERMS, reference="budget-2025", fen=yuan(100_000), on=Day("2025-01-10"))
    )
    change.apply(lambda it: it.earmark(reference="purchase-1", fen=yuan(100_000), on=Day("2025-02-01")) and None)
    for contract in contracts:
        terms = some_terms(earmark=EARMARK, value=yuan(10_000))
        change.apply(lambda it, c=contract, t=terms: it.commit(t, contract=c, earmark=EARMARK))
    await store.commit([change])
    return await said(store)


async def contracts_written(store):
    return [row.id for row in await store.page(Contract, view="", key="", after="", limit=100)]


async def test_the_saga_writes_every_contract_that_money_was_committed_to(store):
    events = await committed(store, "c1", "c2")

    await window(store, OwnCommitments(), events)

    assert await contracts_written(store) == ["c1", "c2"]
    contract = (await store.get_many(Contract, ["c1"]))["c1"].aggregate
    assert contract.state == some_terms(earmark=EARMARK, value=yuan(10_000))


async def test_the_saga_repeated_writes_nothing_more(store):
    events = await committed(store, "c1")
    await window(store, OwnCommitments(), events)
    written = len(await said(store))

    outcomes = await window(store, OwnCommitments(), events)

    assert outcomes == []
    assert len(await said(store)) == written


async def test_a_missing_version_stops_the_saga(store):
    events = await committed(store, "c1")

    with pytest.raises(EventGapError):
        await window(store, OwnCommitments(), [events[0], events[2]])


def an_appropriation(**changed):
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


async def test_a_partners_appropriation_opens_a_line_of_its_department(store):
    reader = Departments(clock=CLOCK).reader()

    await window(store, reader, [a_partner_record(an_appropriation())] * 2)
    await window(store, reader, [a_partner_record(an_appropriation(), revision=2)])

    line = (await store.get_many(BudgetLine, [LINE]))[LINE].aggregate
    assert (line.version, line.state.appropriated, line.state.terms.owner) == (1, yuan(100_000), "civil_affairs")


async def test_a_revision_does_not_change_money_that_has_moved(store):
    reader = Departments(clock=CLOCK).reader()
    await window(store, reader, [a_partner_record(an_appropriation())])

    with pytest.raises(DomainError) as refused:
        await window(store, reader, [a_partner_record(an_appropriation(fen=1), revision=2)])

    assert refused.value.reason == "REFERENCE_REUSED"


async def test_a_partner_does_not_appropriate_for_another_area(store):
    reader = Departments(clock=CLOCK).reader()

    with pytest.raises(DomainError) as refused:
        await window(store, reader, [a_partner_record(an_appropriation(), partner="civil_affairs-510700")])

    assert (refused.value.reason, refused.value.field) == ("OUTSIDE_SCOPE", "area")
