"""The contract of Outbox (services/shared/kernel/ports.py): every adapter is run through all of it."""

from __future__ import annotations

import asyncio

from services.shared.kernel.ports import Message
from services.shared.runtime.trace import trace_context
from tests.builders.store import NOW, Counter, ce_ids, note, written


class TestOutbox:
    async def test_events_wait_in_the_order_of_their_versions(self, store):
        await written(store, "n1", "a", "b")
        await written(store, "n2", "x")
        await written(store, "n1", "c")

        found = await ce_ids(store)

        assert [one for one in found if one.startswith("n1")] == ["n1:1", "n1:2", "n1:3"]
        assert sorted(found) == ["n1:1", "n1:2", "n1:3", "n2:1"]

    async def test_bytes_are_fixed_when_the_event_is_stored(self, store, reopen):
        trace = trace_context.set("00-" + "1" * 32 + "-" + "2" * 16 + "-01")
        await written(store, "n1", "a")
        trace_context.reset(trace)

        store = await reopen(store)
        first, again = await store.outbox.unsent(5), await store.outbox.unsent(5)

        headers = (
            ("ce_id", b"n1:1"),
            ("ce_time", NOW.encode()),
            ("traceparent", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01"),
        )
        assert [it.message for it in first] == [Message("test.events.v1", b"n1", headers, b"a")]
        assert again == first

    async def test_what_is_not_marked_is_found_again_and_what_is_marked_is_not(self, store, reopen):
        await written(store, "n1", "a", "b", "c")

        unsent = await store.outbox.unsent(2)
        assert len(unsent) == 2
        await store.outbox.sent([unsent[0].token])

        assert await ce_ids(store) == ["n1:2", "n1:3"]
        store = await reopen(store)
        assert await ce_ids(store) == ["n1:2", "n1:3"]

    async def test_marking_ahead_of_a_gap_keeps_the_gap(self, store, reopen):
        for one in ("n1", "n2", "n3"):
            await written(store, one, "a")
        unsent = {it.message.key: it.token for it in await store.outbox.unsent(10)}

        await store.outbox.sent([unsent[b"n2"], unsent[b"n3"]])

        assert await ce_ids(store) == ["n1:1"]
        store = await reopen(store)
        assert "n1:1" in await ce_ids(store)

    async def test_all_sent_and_restarted_it_goes_on_with_new_ones_only(self, store, reopen):
        await written(store, "n1", "a", "b")
        await store.outbox.sent([it.token for it in await store.outbox.unsent(10)])

        store = await reopen(store)
        assert await ce_ids(store) == []
        await written(store, "n1", "c")

        assert await ce_ids(store) == ["n1:3"]

    async def test_marking_twice_or_marking_nothing_does_no_harm(self, store):
        await written(store, "n1", "a")
        tokens = [it.token for it in await store.outbox.unsent(10)]

        await store.outbox.sent(tokens)
        await store.outbox.sent(tokens)
        await store.outbox.sent([])
        await written(store, "n1", "b")

        assert await ce_ids(store) == ["n1:2"]

    async def test_a_refused_change_says_nothing(self, store):
        await written(store, "n1", "a")
        stale = await note(store, "n1")
        await written(store, "n1", "b")
        stale.apply(lambda it: it.write("stale"))

        await store.commit([stale])

        assert await ce_ids(store) == ["n1:1", "n1:2"]

    async def test_whoever_waits_is_woken_by_the_next_commit(self, store):
        waiting = asyncio.create_task(store.outbox.woken())
        await asyncio.sleep(0.02)
        assert not waiting.done()

        await written(store, "n1", "a")

        await asyncio.wait_for(waiting, 5)

    async def test_whoever_comes_while_something_is_unsent_does_not_wait(self, store, reopen):
        await written(store, "n1", "a")
        store = await reopen(store)

        await asyncio.wait_for(store.outbox.woken(), 20)
        assert await ce_ids(store) == ["n1:1"]

    async def test_once_all_is_sent_one_waits_again(self, store):
        await written(store, "n1", "a")
        await store.outbox.sent([it.token for it in await store.outbox.unsent(10)])

        waiting = asyncio.create_task(store.outbox.woken())
        await asyncio.sleep(0.02)

        assert not waiting.done()
        waiting.cancel()

    async def test_a_kind_that_says_nothing_wakes_nobody(self, store):
        waiting = asyncio.create_task(store.outbox.woken())
        counted = (await store.get_many(Counter, ["c"]))["c"]
        counted.apply(lambda it: it.add())
        await store.commit([counted])
        await asyncio.sleep(0.02)

        assert not waiting.done()
        waiting.cancel()
