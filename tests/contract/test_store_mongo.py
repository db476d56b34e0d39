"""What only MongoDB can do wrong: totals instead of outcomes, lost answers, other processes, arrays that grow."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, BulkWriteError, ServerSelectionTimeoutError

from services.shared.kernel.change import Answer, Change
from services.shared.kernel.errors import Exhausted, StoreUnavailable
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.outcome import Clash, Repeated, Stored, StoreDown, Taken, TooLarge
from services.shared.runtime.clock import SystemRandom
from services.shared.runtime.store.mongo import MongoStore
from services.shared.runtime.store.mongo_documents import KEPT_CAUSES
from tests.builders.store import KINDS, Note, StillClock, a_cause, ce_ids, lines, note, written

Another = Callable[[], Awaitable[MongoStore]]

pytestmark = pytest.mark.mongo


@pytest.fixture
async def another(mongo_wire: str, clock: StillClock) -> AsyncIterator[Another]:
    """One more process on the same database."""
    database, stores = f"test_{secrets.token_hex(6)}", []

    async def opened() -> MongoStore:
        name = f"p{len(stores)}"
        store = MongoStore(mongo_wire, database, KINDS, clock=clock, random=SystemRandom(), process_id=name)
        await store.open()
        stores.append(store)
        return store

    yield opened
    for store in stores:
        await store.close()


@pytest.fixture
async def store(another: Another) -> MongoStore:
    return await another()


class Wire:
    """The collection of notes with a fault in its bulk writes."""

    def __init__(self, store: MongoStore, fault: Callable[[Any, list[Any]], Awaitable[Any]]) -> None:
        self.real = store._collections["note"]
        self.fault = fault
        store._collections["note"] = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def bulk_write(self, requests: list[Any], **options: Any) -> Any:
        return await self.fault(self.real, requests)


async def loses_the_answer(real: Any, requests: list[Any]) -> Any:
    await real.bulk_write(requests, ordered=False)
    raise AutoReconnect("connection closed")


async def loses_the_request(real: Any, requests: list[Any]) -> Any:
    raise AutoReconnect("connection closed")


async def is_not_acknowledged_by_most(real: Any, requests: list[Any]) -> Any:
    await real.bulk_write(requests, ordered=False)
    raise BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 64}], "nMatched": len(requests)})


async def two_notes(store: MongoStore, *, why: bool) -> list[Any]:
    changes = [await note(store, one) for one in ("n1", "n2")]
    for change in changes:
        change.apply(lambda it: it.write("a"), a_cause("c1") if why else None)
    return changes


class TestUnknownOutcomes:
    @pytest.mark.parametrize("fault", [loses_the_answer, is_not_acknowledged_by_most])
    @pytest.mark.parametrize("why", [True, False], ids=["with a cause", "without a cause"])
    async def test_what_arrived_is_stored_although_its_answer_was_lost(self, store, fault, why):
        Wire(store, fault)

        assert await store.commit(await two_notes(store, why=why)) == [Stored(1), Stored(1)]
        assert sorted(await ce_ids(store)) == ["n1:1", "n2:1"]

    @pytest.mark.parametrize("why", [True, False], ids=["with a cause", "without a cause"])
    async def test_what_may_still_arrive_is_not_called_lost(self, store, why):
        Wire(store, loses_the_request)

        outcomes = await store.commit(await two_notes(store, why=why))

        assert [type(outcome) for outcome in outcomes] == [StoreDown, StoreDown]

    async def test_a_change_without_a_cause_is_not_mistaken_for_another_ones(self, store, another):
        """Both go from version 1 to 2: only the token of the commit tells whose version 2 it is."""
        await written(store, "n1", "a")
        other = await another()

        async def comes_second(real: Any, requests: list[Any]) -> Any:
            await written(other, "n1", "theirs")
            raise AutoReconnect("connection closed")

        Wire(store, comes_second)

        assert await written(store, "n1", "ours") == Clash(2)
        assert await lines(store, "n1") == ("a", "theirs")

    async def test_a_cause_that_another_process_stored_is_repeated(self, store, another):
        other = await another()

        async def comes_second(real: Any, requests: list[Any]) -> Any:
            await written(other, "n1", "theirs", why=a_cause("c1"))
            raise AutoReconnect("connection closed")

        Wire(store, comes_second)

        assert await written(store, "n1", "ours", why=a_cause("c1")) == Repeated(Answer(1))

    async def test_totals_are_not_taken_for_outcomes(self, store, another):
        """Matched 2 of 4: which two, only the documents tell."""
        other = await another()
        changes = [await note(store, one) for one in ("n1", "n2", "n3", "n4")]
        for change in changes:
            change.apply(lambda it: it.claim(f"k-{it.id}"), a_cause("c1"))
        await written(other, "n2", "theirs")
        holder = await note(other, "holder")
        holder.apply(lambda it: it.claim("k-n4"))
        await other.commit([holder])

        outcomes = await store.commit(changes)

        assert outcomes == [Stored(1), Clash(1), Stored(1), Taken("k-n4", "holder")]

    async def test_a_server_that_is_away_is_down_and_unhealthy_until_it_answers(self, store):
        async def away(*_: Any) -> Any:
            raise ServerSelectionTimeoutError("no server")

        wire = Wire(store, away)
        wire.find = lambda *_: Away()

        assert [type(outcome) for outcome in await store.commit(await a_note(store))] == [StoreDown]
        assert not store.healthy()
        with pytest.raises(StoreUnavailable):
            await store.get_many(Note, ["n1"])

        del wire.find
        await asyncio.sleep(1.5)
        assert store.healthy()


class Away:
    async def to_list(self, _: Any) -> Any:
        raise ServerSelectionTimeoutError("no server")


async def a_note(store: MongoStore) -> list[Any]:
    change = Change(Note.new("n1"))
    change.apply(lambda it: it.write("a"))
    return [change]


class TestSettingsInCode:
    async def test_majority_and_journal_hold_whatever_the_uri_says(self, mongo_wire, clock):
        uri = f"{mongo_wire}&w=0&journal=false&readConcernLevel=local&readPreference=secondary"
        store = MongoStore(uri, "settings", KINDS, clock=clock, random=SystemRandom(), process_id="p")
        await store.open()

        for collection in (*store._collections.values(), store._history._collection, store.outbox._leases):
            assert collection.write_concern.document["w"] == "majority"
            assert collection.write_concern.document["j"] is True
            assert collection.read_concern.level == "majority"
            assert collection.read_preference.mode == 0  # primary
        await store.close()

    def test_motor_is_known_to_one_module(self):
        services = Path(__file__).parents[2] / "services"
        imports = re.compile(r"^\s*(from|import) motor", re.MULTILINE)

        assert [path.name for path in services.rglob("*.py") if imports.search(path.read_text())] == ["mongo.py"]


class TestPendingEvents:
    async def test_a_document_with_256_unsent_events_takes_no_more_until_the_relay_catches_up(self, store, clock):
        assert await written(store, "n1", *(["a"] * 250)) == Stored(250)
        assert await written(store, "n1", *(["b"] * 6)) == Stored(256)

        assert await written(store, "n1", "c") == TooLarge("unsent", 256)
        assert await written(store, "n2", *(["a"] * 257)) == TooLarge("unsent", 257)
        lanes = Lanes(store, clock=clock, random=SystemRandom())
        with pytest.raises(Exhausted) as refused:
            await lanes.update(Note, "n1", lambda it: it.write("c"), cause=None)
        assert refused.value.meta == {"limit": "unsent", "size": "256"}

        await store.outbox.sent([it.token for it in await store.outbox.unsent(1)])
        assert await written(store, "n1", "c") == Stored(257)

    async def test_earlier_events_of_the_document_go_first_whoever_stored_them(self, store, another):
        other = await another()
        await written(other, "n1", "theirs")
        await written(store, "n1", "ours")

        assert await ce_ids(store) == ["n1:1", "n1:2"]

    async def test_a_process_leaves_the_others_their_documents(self, store, another):
        other = await another()
        await written(other, "n1", "theirs")
        await written(store, "n2", "ours")

        await store.outbox.sweep()

        assert await ce_ids(store) == ["n2:1"]

    async def test_what_another_process_left_is_swept_after_five_seconds(self, store, another, clock):
        other = await another()
        await written(other, "n1", "left")
        waiting = asyncio.create_task(store.outbox.woken())

        clock.pass_by(4)
        await store.outbox.sweep()
        assert await ce_ids(store) == []
        clock.pass_by(2)
        await store.outbox.sweep()

        await asyncio.wait_for(waiting, 5)
        assert await ce_ids(store) == ["n1:1"]

    async def test_one_process_sweeps_at_a_time_and_its_lease_ends(self, store, another, clock):
        await store.outbox.sweep()
        second, third = await another(), await another()
        await written(third, "n1", "left")
        clock.pass_by(6)

        await second.outbox.sweep()
        assert await ce_ids(second) == []

        clock.pass_by(10)
        await second.outbox.sweep()
        assert await ce_ids(second) == ["n1:1"]

    async def test_what_is_sent_is_not_swept_again(self, store, another, clock):
        await written(store, "n1", "a", "b")
        await store.outbox.sent([it.token for it in await store.outbox.unsent(9)])
        clock.pass_by(60)

        other = await another()
        await other.outbox.sweep()

        assert await ce_ids(other) == []
        assert "since" not in await store._collections["note"].find_one({"_id": "n1"})

    async def test_an_event_stored_while_its_document_is_being_sent_is_not_forgotten(self, store):
        await written(store, "n1", "a")
        tokens = [it.token for it in await store.outbox.unsent(9)]
        await written(store, "n1", "b")

        await store.outbox.sent(tokens)

        await asyncio.wait_for(store.outbox.woken(), 1)
        assert await ce_ids(store) == ["n1:2"]


class TestHistory:
    async def test_old_answers_move_out_of_the_document_and_are_still_found(self, store):
        for number in range(KEPT_CAUSES + 36):
            await written(store, "n1", str(number), why=a_cause(f"c{number}"))

        await store._history.move_old_ones()

        document = await store._collections["note"].find_one({"_id": "n1"})
        assert [one["key"] for one in document["causes"]] == [f"c{n}" for n in range(36, KEPT_CAUSES + 36)]
        assert await store._history._collection.count_documents({}) == 36
        for number in (0, 35, 36, 99):
            assert (await note(store, "n1", a_cause(f"c{number}"))).answers[f"c{number}"].answer == Answer(number + 1)
            assert await written(store, "n1", "again", why=a_cause(f"c{number}")) == Repeated(Answer(number + 1))

    async def test_an_answer_on_its_way_is_in_both_places_never_in_none(self, store):
        for number in range(KEPT_CAUSES + 1):
            await written(store, "n1", str(number), why=a_cause(f"c{number}"))
        order: list[str] = []
        watch(store._history._collection, "bulk_write", order, store._history, "_collection")
        watch(store._collections["note"], "update_one", order, store._history, "_documents", within="note")

        await store._history.move_old_ones()

        assert order == ["bulk_write", "update_one"]

    async def test_a_reader_asks_the_document_first_and_the_history_second(self, store):
        """The other way round, an answer moved in between would be in neither."""
        for number in range(KEPT_CAUSES + 1):
            await written(store, "n1", str(number), why=a_cause(f"c{number}"))
        find = store._find

        async def moved_right_after(*asked: Any) -> Any:
            found = await find(*asked)
            await store._history.move_old_ones()
            return found

        store._find = moved_right_after

        for _ in range(2):
            assert "c0" in (await note(store, "n1", a_cause("c0"))).answers


def watch(real: Any, method: str, order: list[str], owner: Any, place: str, *, within: str = "") -> None:
    class Watched:
        def __getattr__(self, name: str) -> Any:
            if name == method:
                order.append(name)
            return getattr(real, name)

    if within:
        setattr(owner, place, {**getattr(owner, place), within: Watched()})
    else:
        setattr(owner, place, Watched())
