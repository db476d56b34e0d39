"""Commands of one aggregate wait in one lane, and each caller gets the answer of its own function."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.shared.kernel.change import Answer
from services.shared.kernel.errors import CauseReused, Clash, Exhausted, RuleBroken, StoreUnavailable
from services.shared.kernel.lanes import ClaimTaken, Lanes
from services.shared.kernel.outcome import Clash as Clashed
from services.shared.runtime.clock import SystemRandom
from services.shared.runtime.store.kind import LARGEST_FACTS
from services.shared.runtime.store.memory import MemoryDisk, MemoryStore
from tests.builders.store import KINDS, Note, StillClock, a_cause, ce_ids, lines


class CountingStore(MemoryStore):
    """Counts commits; fails the first `down` of them, and lets `meanwhile` run before the first."""

    def __init__(self, *, down: int = 0, meanwhile: Any = None, disk: MemoryDisk | None = None) -> None:
        super().__init__(KINDS, clock=StillClock(), disk=disk)
        self.commits = 0
        self.down = down
        self.meanwhile = meanwhile
        self._faults = self._fail

    async def _fail(self, point: str) -> None:
        if point == "commit:before":
            self.commits += 1
            if self.commits <= self.down:
                raise StoreUnavailable
            if self.meanwhile is not None:
                meanwhile, self.meanwhile = self.meanwhile, None
                await meanwhile()
        await asyncio.sleep(0)


def lanes_on(store: MemoryStore) -> Lanes:
    return Lanes(store, clock=StillClock(), random=SystemRandom())


async def test_callers_of_one_aggregate_share_commits_and_get_their_own_answers():
    store = CountingStore()
    lanes = lanes_on(store)

    answers = await asyncio.gather(
        *(
            lanes.update(Note, "n1", lambda it, n=n: it.write(str(n)) or {"n": str(n)}, cause=a_cause(f"c{n}"))
            for n in range(64)
        )
    )

    assert [answer.values["n"] for answer in answers] == [str(n) for n in range(64)]
    assert sorted(answer.version for answer in answers) == list(range(1, 65))
    assert store.commits <= 3


async def test_other_aggregates_do_not_wait():
    store = CountingStore()
    lanes = lanes_on(store)
    stuck = asyncio.Event()
    store.meanwhile = stuck.wait
    first = asyncio.create_task(lanes.update(Note, "slow", lambda it: it.write("a"), cause=None))
    await asyncio.sleep(0.01)

    await lanes.update(Note, "fast", lambda it: it.write("b"), cause=None)

    assert not first.done()
    stuck.set()
    await first


async def test_a_refused_caller_does_not_disturb_the_others():
    store = CountingStore()
    lanes = lanes_on(store)

    def refuse(_: Note) -> None:
        raise RuleBroken

    def defect(_: Note) -> None:
        raise KeyError("defect")

    good, refused, broken, also_good = await asyncio.gather(
        lanes.update(Note, "n1", lambda it: it.write("a"), cause=None),
        lanes.update(Note, "n1", refuse, cause=None),
        lanes.update(Note, "n1", defect, cause=None),
        lanes.update(Note, "n1", lambda it: it.write("b"), cause=None),
        return_exceptions=True,
    )

    assert (good, also_good) == (Answer(1), Answer(2))
    assert isinstance(refused, RuleBroken)
    assert isinstance(broken, KeyError)


async def test_a_caller_who_has_left_does_not_disturb_the_others():
    store = CountingStore()
    lanes = lanes_on(store)

    def refuse(_: Note) -> None:
        raise RuleBroken

    leaving = asyncio.create_task(lanes.update(Note, "n1", refuse, cause=None))
    staying = asyncio.create_task(lanes.update(Note, "n1", lambda it: it.write("a"), cause=None))
    await asyncio.sleep(0)
    leaving.cancel()

    assert await staying == Answer(1)


async def test_a_repeat_gets_the_first_answer_and_another_content_is_refused():
    lanes = lanes_on(CountingStore())
    first = await lanes.update(Note, "n1", lambda it: it.write("a") or {"id": "x"}, cause=a_cause("c1"))
    await lanes.update(Note, "n1", lambda it: it.write("b"), cause=None)

    assert await lanes.update(Note, "n1", lambda it: it.write("never"), cause=a_cause("c1")) == first
    with pytest.raises(CauseReused):
        await lanes.update(Note, "n1", lambda it: it.write("never"), cause=a_cause("c1", "other"))


async def test_a_clash_runs_the_lane_again_on_what_is_stored_now():
    disk = MemoryDisk()
    store = CountingStore(disk=disk)
    elsewhere = lanes_on(MemoryStore(KINDS, clock=StillClock(), disk=disk))
    store.meanwhile = lambda: elsewhere.update(Note, "n1", lambda it: it.write("theirs"), cause=None)

    answer = await lanes_on(store).update(Note, "n1", lambda it: it.write("ours"), cause=None)

    assert answer == Answer(2)
    assert await lines(store, "n1") == ("theirs", "ours")


async def test_a_cause_that_another_process_stored_meanwhile_answers_its_own_caller_only():
    disk = MemoryDisk()
    store = CountingStore(disk=disk)
    lanes = lanes_on(store)
    await lanes.update(Note, "n1", lambda it: it.write("old") or {"is": "old"}, cause=a_cause("old"))
    elsewhere = lanes_on(MemoryStore(KINDS, clock=StillClock(), disk=disk))
    store.meanwhile = lambda: elsewhere.update(
        Note, "n1", lambda it: it.write("theirs") or {"is": "theirs"}, cause=a_cause("c1")
    )

    old, new = await asyncio.gather(
        lanes.update(Note, "n1", lambda it: it.write("never"), cause=a_cause("old")),
        lanes.update(Note, "n1", lambda it: it.write("ours") or {"is": "ours"}, cause=a_cause("c1")),
    )

    assert (old.values["is"], new.values["is"]) == ("old", "theirs")
    assert await lines(store, "n1") == ("old", "theirs")


async def test_a_store_that_fails_is_unavailable_and_the_repeat_is_done_once():
    store = CountingStore(down=1)
    lanes = lanes_on(store)

    with pytest.raises(StoreUnavailable):
        await lanes.update(Note, "n1", lambda it: it.write("a"), cause=a_cause("c1"))

    assert await lanes.update(Note, "n1", lambda it: it.write("a"), cause=a_cause("c1")) == Answer(1)
    assert await ce_ids(store) == ["n1:1"]


async def test_an_answer_lost_after_the_commit_is_given_to_the_repeat():
    store = CountingStore()

    async def lose(point: str) -> None:
        if point == "commit:after":
            store._faults = None
            raise StoreUnavailable

    store._faults = lose
    lanes = lanes_on(store)
    with pytest.raises(StoreUnavailable):
        await lanes.update(Note, "n1", lambda it: it.write("a") or {"id": "x"}, cause=a_cause("c1"))

    again = await lanes.update(Note, "n1", lambda it: it.write("never"), cause=a_cause("c1"))

    assert again == Answer(1, {"id": "x"})
    assert await ce_ids(store) == ["n1:1"]


async def test_of_several_callers_the_one_with_the_taken_claim_is_refused():
    store = CountingStore()
    lanes = lanes_on(store)
    await lanes.update(Note, "holder", lambda it: it.claim("k"), cause=None)

    good, taken, also_good = await asyncio.gather(
        lanes.update(Note, "n1", lambda it: it.write("a"), cause=a_cause("c1")),
        lanes.update(Note, "n1", lambda it: it.claim("k"), cause=a_cause("c2")),
        lanes.update(Note, "n1", lambda it: it.write("b"), cause=a_cause("c3")),
        return_exceptions=True,
    )

    assert isinstance(taken, ClaimTaken)
    assert taken.meta["holder"] == "holder"
    assert (good, also_good) == (Answer(1), Answer(2))


async def test_of_several_callers_the_one_that_says_too_much_is_refused():
    lanes = lanes_on(CountingStore())

    good, large, also_good = await asyncio.gather(
        lanes.update(Note, "n1", lambda it: it.write("a"), cause=a_cause("c1")),
        lanes.update(Note, "n1", lambda it: it.write("x" * (LARGEST_FACTS + 1)), cause=a_cause("c2")),
        lanes.update(Note, "n1", lambda it: it.write("b"), cause=a_cause("c3")),
        return_exceptions=True,
    )

    assert isinstance(large, Exhausted)
    assert large.meta == {"limit": "facts", "size": str(LARGEST_FACTS + 1)}
    assert (good, also_good) == (Answer(1), Answer(2))


async def test_clashes_without_end_are_given_up():
    store = CountingStore()

    async def clash(changes: Any) -> list[Clashed]:
        return [Clashed(9)] * len(changes)

    store.commit = clash  # type: ignore[method-assign]
    clock = StillClock()
    clock.sleep = lambda _: asyncio.sleep(0)  # type: ignore[method-assign]

    with pytest.raises(Clash):
        await Lanes(store, clock=clock, random=SystemRandom()).update(Note, "n1", lambda it: it.write("a"), cause=None)
