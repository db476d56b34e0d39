"""Hot aggregates on every adapter: parallel callers, each applied exactly once."""

from __future__ import annotations

import asyncio

from services.shared.kernel.lanes import Lanes
from services.shared.runtime.clock import SystemRandom
from tests.builders.store import Counter, Note, a_cause, ce_ids, lines


class TestParallelUpdates:
    async def test_64_parallel_updates_of_one_aggregate_are_each_applied_once(self, store, clock):
        lanes = Lanes(store, clock=clock, random=SystemRandom())

        answers = await asyncio.gather(
            *(
                lanes.update(Note, "hot", lambda it, n=n: it.write(str(n)), cause=a_cause(f"c{n}"))
                for n in range(64)
                for _ in range(2)  # each of them twice
            )
        )

        assert sorted(await lines(store, "hot"), key=int) == [str(n) for n in range(64)]
        assert sorted(answer.version for answer in answers) == sorted([*range(1, 65)] * 2)
        assert await ce_ids(store) == [f"hot:{version}" for version in range(1, 65)]

    async def test_two_lanes_on_one_store_lose_no_update(self, store, clock):
        both = [Lanes(store, clock=clock, random=SystemRandom()) for _ in range(2)]

        await asyncio.gather(
            *(both[n % 2].update(Counter, "hot", lambda it: it.add(), cause=a_cause(f"c{n}")) for n in range(64))
        )

        assert (await store.get_many(Counter, ["hot"]))["hot"].aggregate.state == 64
