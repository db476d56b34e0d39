from datetime import UTC, datetime

import pytest

from services.shared.kernel.area import areas
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import DomainError
from services.shared.runtime.store.memory import MemoryStore
from services.stations.domain.township import ServedBy, Township
from services.stations.queries.township_coverage import township_coverage
from services.stations.storage import KINDS
from tests.builders.serving import SetClock
from tests.builders.stations import COUNTY, NEXT_TOWNSHIP, TOWNSHIP

CLOCK = SetClock(datetime(2025, 6, 30, 4, tzinfo=UTC))


@pytest.fixture
async def store():
    """One township served since May, one until May."""
    store = MemoryStore(KINDS, clock=CLOCK)
    changes = await store.get_many(Township, [TOWNSHIP, NEXT_TOWNSHIP])
    changes[TOWNSHIP].apply(lambda it: it.serve("s1", (ServedBy("s1", Day("2025-05-01"), Day("")),)))
    changes[NEXT_TOWNSHIP].apply(lambda it: it.serve("s2", (ServedBy("s2", Day("2025-01-01"), Day("2025-05-01")),)))
    await store.commit(list(changes.values()))
    return store


async def ask(store, area, *, on="", size=0, token=""):
    return await township_coverage(area, on=on, size=size, token=token, store=store, clock=CLOCK)


async def test_a_county_lists_all_its_townships_with_reasons(store):
    page = await ask(store, COUNTY)

    reasons = {it.township: it.reason for it in page.townships}
    expected = {code for code, one in areas().items() if one.legal_township and code.startswith(COUNTY)}
    assert set(reasons) == expected
    assert (page.covered, page.total, page.next_token) == (1, len(expected), "")
    assert (reasons.pop(TOWNSHIP), reasons.pop(NEXT_TOWNSHIP), *set(reasons.values())) == ("", "CLOSED", "NO_STATION")


async def test_the_answer_is_that_of_the_day(store):
    page = await ask(store, COUNTY, on="2025-03-01")

    assert [it.township for it in page.townships if it.covered] == [NEXT_TOWNSHIP]


async def test_the_province_has_the_plans_townships_and_counts_them_on_every_page(store):
    seen, token = [], ""
    while True:
        page = await ask(store, "510000", size=500, token=token)
        assert (page.covered, page.total) == (1, 3101)
        seen += [it.township for it in page.townships]
        if not (token := page.next_token):
            break

    assert len(seen) == len(set(seen)) == 3101


async def test_a_township_answers_for_itself(store):
    page = await ask(store, TOWNSHIP)

    assert [(it.township, it.covered, it.stations) for it in page.townships] == [(TOWNSHIP, True, ("s1",))]


@pytest.mark.parametrize(
    ("given", "reason", "field"),
    [
        ({"area": ""}, "FIELD_MISSING", "area"),
        ({"area": "999999"}, "AREA_UNKNOWN", "area"),
        ({"area": f"{TOWNSHIP}001"}, "AREA_UNKNOWN", "area"),
        ({"on": "yesterday"}, "DATE_INVALID", "on"),
        ({"size": -1}, "PAGE_SIZE_INVALID", "page_size"),
        ({"size": 501}, "PAGE_SIZE_INVALID", "page_size"),
        ({"token": "x" * 65536}, "PAGE_TOKEN_INVALID", "page_token"),
    ],
)
async def test_a_wrong_question_names_its_field(store, given, reason, field):
    with pytest.raises(DomainError) as refused:
        await ask(store, **{"area": COUNTY, **given})

    assert (refused.value.reason, refused.value.field) == (reason, field)


async def test_a_token_of_another_question_is_refused(store):
    token = (await ask(store, COUNTY, size=1)).next_token

    with pytest.raises(DomainError) as refused:
        await ask(store, "510000", token=token)

    assert refused.value.reason == "PAGE_TOKEN_INVALID"
