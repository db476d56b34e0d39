"""FindTalents: combined filters, the narrowest view, bounded scans, and pages that writes do not disturb."""

from __future__ import annotations

import tracemalloc
from datetime import date, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest

from services.registry.api.talents import facts_of
from services.registry.commands import designate, record_pass, record_talent
from services.registry.domain.combine import TalentFacts
from services.registry.domain.person import Person
from services.registry.domain.reports import ApplicationReport, DecisionReport, Registration
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import RegistrationDecided
from services.registry.queries import find_talents as module
from services.registry.queries.find_talents import Filter, all_talents, find_talents
from services.registry.storage import KINDS
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import AmountInvalid, AreaUnknown, CodeUnknown, FieldTooLong, OutsideScope
from services.shared.kernel.paging import PageSizeInvalid, PageTokenInvalid
from services.shared.kernel.ports import Row
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step
from services.shared.kernel.uscc import UsccInvalid
from services.shared.runtime.store.memory import MemoryStore
from tests.builders.registry import KEYS, TODAY, a_record_pass, a_record_talent, a_uscc, an_id_number, an_origin
from tests.builders.store import StillClock

OFFICER = Principal("test/officer", frozenset({"officer"}), area="510000")
_revisions = count(1)


@pytest.fixture
async def store():
    store = MemoryStore(KINDS, clock=StillClock())
    await store.open()
    return store


async def put(store, *steps):
    """Each step stored by itself; gives the ids."""
    ids = []
    for step in steps:
        change = (await store.get_many(step.kind, [step.id]))[step.id]
        change.apply(step.change)
        await store.commit([change])
        ids.append(step.id)
    return ids


def works(sequence, **changed):
    person = Person("王芳", an_id_number(sequence=sequence))
    cmd = a_record_talent(person=person, origin=an_origin(f"r{sequence}"), **changed)
    return record_talent.step(cmd, keys=KEYS, today=TODAY)


def passes(sequence, **changed):
    cmd = a_record_pass(
        person=Person("王芳", an_id_number(sequence=sequence)),
        **changed,
        origin=an_origin(f"p{sequence}", system="human_resources"),
    )
    return record_pass.step(cmd, keys=KEYS, today=TODAY)


def supervises(sequence):
    title = designate.Title(
        kind="practice_supervisor", grade="", grantor_level="province", since="2020-01-01", until=""
    )
    cmd = designate.ReportDesignation(
        person=Person("王芳", an_id_number(sequence=sequence)),
        origin=an_origin(f"d{sequence}"),
        department="civil_affairs",
        title=title,
    )
    return designate.step(cmd, keys=KEYS, today=TODAY)


async def found(store, *, size=100, by=OFFICER, **wanted):
    ids, token = [], ""
    while True:
        page = await find_talents(
            Filter(**wanted), size=size, token=token, by=by, store=store, clock=StillClock(), facts_of=facts_of
        )
        ids += [row.id for row in page.rows]
        token = page.next_token
        if not token:
            return ids


async def test_each_filter_and_all_together(store):
    a, b, c, d = await put(
        store,
        works(1),
        works(2, field="youth", place="510703"),
        works(3, organisation=a_uscc(2), department="civil_affairs"),
        works(4, until="2020-01-01"),
    )
    await put(store, passes(1), passes(2), supervises(1))

    assert await found(store) == sorted([a, b, c, d])
    assert await found(store, area="510100") == sorted([a, c, d])
    assert await found(store, area="510703") == [b]
    assert await found(store, field="elderly_care") == sorted([a, c])
    assert await found(store, employer=a_uscc()) == sorted([a, b])
    assert await found(store, department="civil_affairs", employer=a_uscc()) == sorted([a, b])
    assert await found(store, department="health") == []
    assert await found(store, level="assistant") == sorted([a, b])
    assert await found(store, designation="practice_supervisor") == [a]
    everything = {
        "area": "510100", "department": "civil_affairs", "field": "elderly_care", "employer": a_uscc(),
        "level": "assistant", "designation": "practice_supervisor",
    }  # fmt: skip
    assert await found(store, **everything) == [a]
    assert await found(store, **{**everything, "area": "510703"}) == []


@pytest.mark.parametrize(
    ("until", "ended_on", "days", "fits"),
    [
        ("2026-12-01", "", 30, True),
        ("2026-12-24", "", 30, True),
        ("2026-12-25", "", 30, False),
        ("2026-11-24", "", 1, True),
        ("2026-11-23", "", 30, False),
        ("2026-12-01", "2026-12-01", 30, False),
    ],
)
def test_a_registration_lapses_within_the_days(until, ended_on, days, fits):
    facts = TalentFacts(registrations=(
        Registration("assistant", "2020-01-01", "2023-01-01", "first"),
        Registration("assistant", "2023-12-01", until, "renewal", ended_on),
    ))  # fmt: skip
    query = module._checked(Filter(lapses_within_days=days), by=OFFICER, today=TODAY)

    assert query.fits(facts) is fits


def registered(sequence, until):
    """Registered as assistant until that day (of 2026 or later); the same again with another day corrects it."""
    began = Day(f"{int(until[:4]) - 3}{until[4:]}")
    talent = works(sequence).id
    revision = next(_revisions)
    reports = (
        ApplicationReport(an_origin(f"a{sequence}", revision), None, "assistant", began, "510104"),
        DecisionReport(an_origin(f"g{sequence}", revision), None, "assistant", began, began, granted=True),
    )
    event = RegistrationDecided("assistant", began, began, granted=True)

    def change(of, report):
        of.report(report, None, event)

    return [Step(Talent, talent, partial(change, report=it)) for it in reports]


async def registering(store, sequences_and_days):
    """Ids of people with a pass, registered until these days."""
    ids = []
    for sequence, until in sequences_and_days:
        ids += await put(store, works(sequence))
        await put(store, passes(sequence, passed_on=f"{int(until[:4]) - 3}-01-02"), *registered(sequence, until))
    return ids


class Counting:
    """The store, and how many rows were read of it."""

    def __init__(self, store):
        self.store, self.rows = store, 0

    async def page(self, kind, **asked):
        rows = await self.store.page(kind, **asked)
        self.rows += len(rows)
        return rows


@pytest.mark.parametrize(("days", "expected"), [(1, 1), (7, 2), (31, 3), (32, 4), (90, 5), (366, 6)])
async def test_who_lapses_soon_is_looked_up_by_the_day_not_among_everybody(store, days, expected):
    ahead = [1, 7, 31, 32, 90, 366, 367]
    ids = await registering(
        store, [(n, (date.fromisoformat(TODAY) + timedelta(days=days)).isoformat()) for n, days in enumerate(ahead, 1)]
    )
    await put(store, *(works(sequence) for sequence in range(100, 140)))
    counting = Counting(store)

    assert await found(counting, lapses_within_days=days) == sorted(ids[:expected])
    assert counting.rows <= len(ahead)
    assert await found(store, lapses_within_days=days, area="510100", level="assistant") == sorted(ids[:expected])
    assert await found(store, lapses_within_days=days, area="510104") == sorted(ids[:expected])
    assert await found(store, lapses_within_days=days, area="510700") == []


@pytest.mark.parametrize("days", [30, 60])
@pytest.mark.parametrize("size", [1, 3])
async def test_whoever_lapses_soon_throughout_is_listed_once_whatever_day_is_corrected(store, size, days):
    ids = await registering(store, [(n, f"2026-12-{n:02}") for n in range(1, 13)])
    listed: list[str] = []
    token, turn = "", 0
    while True:
        page = await find_talents(
            Filter(lapses_within_days=days), size=size, token=token, by=OFFICER, store=store, clock=StillClock(),
            facts_of=facts_of,
        )  # fmt: skip
        listed += [row.id for row in page.rows]
        token = page.next_token
        if not token:
            break
        turn += 1
        for sequence in range(1, 13):
            await put(store, *registered(sequence, f"2026-12-{(sequence * 7 + turn * 5) % 23 + 1:02}"))

    assert turn >= 4
    assert listed == sorted(ids)


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_whoever_is_there_throughout_is_neither_skipped_nor_doubled_by_writes(store, size):
    there = await put(store, *(works(number, field="youth" if number % 3 else "family") for number in range(1, 25)))
    wanted = sorted(id_ for number, id_ in enumerate(there, 1) if number % 3)
    ids: list[str] = []
    token, sequence = "", 100
    while True:
        page = await find_talents(
            Filter(field="youth"), size=size, token=token, by=OFFICER, store=store, clock=StillClock(),
            facts_of=facts_of,
        )  # fmt: skip
        ids += [row.id for row in page.rows]
        token = page.next_token
        if not token:
            break
        await put(store, works(sequence, field="youth"), passes((sequence % 24) + 1))
        sequence += 1

    assert len(ids) == len(set(ids))
    assert [id_ for id_ in ids if id_ in set(wanted)] == wanted


async def test_a_scan_is_bounded_and_goes_on_with_its_token(store, monkeypatch):
    monkeypatch.setattr(module, "MOST", 4)
    monkeypatch.setattr(module, "MOST_SCANNED", 8)
    ids = await put(store, *(works(number, field="youth" if number == 1 else "family") for number in range(1, 21)))
    pages, token, rows = 0, "", []
    while True:
        page = await find_talents(
            Filter(field="youth"), size=10, token=token, by=OFFICER, store=store, clock=StillClock(), facts_of=facts_of
        )
        rows += [row.id for row in page.rows]
        pages, token = pages + 1, page.next_token
        if not token:
            break

    assert rows == [ids[0]]
    assert pages == 3


async def test_a_token_is_good_for_its_own_query_only(store):
    await put(store, *(works(number) for number in range(1, 4)))
    first = await find_talents(
        Filter(field="elderly_care"), size=1, token="", by=OFFICER, store=store, clock=StillClock(), facts_of=facts_of
    )

    for other in (Filter(), Filter(field="youth"), Filter(field="elderly_care", level="assistant")):
        with pytest.raises(PageTokenInvalid):
            await find_talents(
                other, size=1, token=first.next_token, by=OFFICER, store=store, clock=StillClock(), facts_of=facts_of
            )


@pytest.mark.parametrize(
    ("wanted", "error", "field"),
    [
        ({"area": "519999"}, AreaUnknown, "area"),
        ({"area": "x" * 65536}, AreaUnknown, "area"),
        ({"department": "moon"}, CodeUnknown, "filter.department"),
        ({"field": "x" * 65536}, FieldTooLong, "filter.field"),
        ({"employer": "x" * 65536}, UsccInvalid, "filter.employer"),
        ({"level": "boss"}, CodeUnknown, "filter.level"),
        ({"designation": "boss"}, CodeUnknown, "filter.designation"),
        ({"lapses_within_days": -1}, AmountInvalid, "filter.lapses_within_days"),
        ({"lapses_within_days": 367}, AmountInvalid, "filter.lapses_within_days"),
    ],
)
async def test_each_bad_field_of_a_filter_is_refused(store, wanted, error, field):
    with pytest.raises(error) as failure:
        await found(store, **wanted)

    assert failure.value.field == field


async def test_outside_the_own_area_and_oversized_pages_are_refused(store):
    with pytest.raises(OutsideScope):
        await found(store, area="510700", by=Principal("test/city", frozenset(), area="510100"))
    with pytest.raises(PageSizeInvalid):
        await found(store, size=501)


class Endless:
    """A store of as many rows as asked for, each made when it is read."""

    def __init__(self, count: int, summary: bytes) -> None:
        self.count, self.summary = count, summary

    async def page(self, kind: Any, *, view: str, key: str, after: str, limit: int) -> list[Row]:
        first = int(after) + 1 if after else 0
        return [Row(f"{number:08d}", 1, bytes(self.summary)) for number in range(first, min(first + limit, self.count))]


async def test_an_export_of_150000_rows_takes_no_more_memory_than_one_of_1500(store):
    [id_] = await put(store, works(1))
    [row] = await store.page(module.Talent, view="", key="", after="", limit=1)
    assert row.id == id_

    async def peak(count: int) -> tuple[int, int]:
        tracemalloc.start()
        exported = 0
        rows = all_talents(
            Filter(), by=OFFICER, store=Endless(count, row.summary), clock=StillClock(), facts_of=facts_of
        )
        async for part in rows:
            exported += len(part)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return exported, most

    few, few_bytes = await peak(1_500)
    many, many_bytes = await peak(150_000)

    assert (few, many) == (1_500, 150_000)
    assert many_bytes < few_bytes + 200_000
