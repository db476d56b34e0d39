"""One run: two replicas work through the input while everything goes wrong, then all is calm and the sums must hold."""

import asyncio
import json
import random
from collections import Counter as Tally
from collections.abc import Callable
from typing import Any

from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Message
from services.shared.runtime.intake import Intake
from services.shared.runtime.refusals import VIEW, Refusal
from services.shared.runtime.relay import Relay
from services.shared.runtime.store.memory import MemoryDisk, MemoryStore
from tests.simulation.counters import EVENTS, KINDS, UNLUCKY, Counter, Ledger, ReportReader, Sum, SumReader, request
from tests.simulation.log import Log, LogPublisher, LogSource
from tests.simulation.process import FaultyStore, Process, World, make_task
from tests.simulation.virtual import VirtualLoop

RECORDS_IN, REJECTIONS = "partner.p.records.v1", "partner.p.rejections.v1"
DEAD_LETTER = "sim.dead-letter.v1"
TOPICS = {RECORDS_IN: 3, EVENTS: 4, REJECTIONS: 1, DEAD_LETTER: 1}
BAD = {"negative", "unlucky", "defect", "headless"}
RECORDS, REQUESTS = 50, 8
TROUBLE_S, LONGEST_OUTAGE_S, PATIENCE_S = 60.0, 90.0, 600.0


class Draw:
    """`fraction` from the seed."""

    def __init__(self, chance: random.Random) -> None:
        self.fraction = chance.random

    def bytes(self, count: int) -> bytes:
        return bytes(count)


class Replica(Process):
    def __init__(self, run: "Run") -> None:
        super().__init__(run.world)
        draw = Draw(run.world.random)
        store = FaultyStore(self, MemoryStore(KINDS, clock=run.world.clock, disk=run.disk), run.disk)
        self.lanes = Lanes(store, clock=run.world.clock, random=draw)
        self.relay = run.relay(store.outbox, LogPublisher(self, run.log), clock=run.world.clock, chunk=7)
        self.intakes = [
            run.intake(
                LogSource(self, run.log, f"sim.{reader.name}", reader.topics, window_records=12),
                (reader,),
                store,
                name=reader.name,
                clock=run.world.clock,
                random=draw,
            )
            for reader in (ReportReader(), SumReader())
        ]

    async def _start(self) -> None:
        await self.relay.start()
        for intake in self.intakes:
            await intake.start()

    def start(self) -> None:
        self.spawn(self._start())


class Run:
    """`intake` and `relay` can be replaced by broken ones, to show that the checks see it."""

    def __init__(
        self, seed: int, *, intake: Callable[..., Intake] = Intake, relay: Callable[..., Relay] = Relay
    ) -> None:
        self.world = World(seed)
        self.intake, self.relay = intake, relay
        self.disk = MemoryDisk()
        self.log = Log(TOPICS)
        self.replicas: list[Replica] = []
        self.answered: set[int] = set()
        self.reported: dict[str, tuple[str, int, int]] = {}
        self.names: dict[str, set[str]] = {}
        self.claiming: dict[str, tuple[str, str]] = {}
        self._input: list[Message] = []
        self._draw_input()

    def _draw_input(self) -> None:
        chance = self.world.random
        messages: list[tuple[str, int, str]] = []
        for number in range(RECORDS):
            counter, amount = f"c{chance.randrange(5)}", chance.randrange(20, 100)
            kind = chance.choices(["good", "named", "negative", "unlucky", "defect", "headless"], [60, 12, 2, 2, 1, 1])[
                0
            ]
            name = f"n{chance.randrange(3)}" if kind == "named" else ""
            amount = {"negative": -1, "unlucky": UNLUCKY}.get(kind, amount)
            revisions = chance.randint(1, 3) if kind == "good" else 1
            for revision in range(1, revisions + 1):
                content = {"counter": counter, "amount": amount + revision - 1, "name": name}
                messages += [(json.dumps(content), revision, f"{kind}-{number}")] * chance.choice([1, 1, 1, 2])
            if kind == "good":
                self.reported[f"good-{number}"] = (counter, amount + revisions - 1, revisions)
            elif kind == "named":
                self.names.setdefault(name, set()).add(counter)
                self.claiming[f"named-{number}"] = (name, counter)
                self.reported[f"named-{number}"] = (counter, amount, 1)
        chance.shuffle(messages)
        for content, revision, record_id in messages:
            kind = record_id.partition("-")[0]
            headers = (("ce_id", f"{record_id}:{revision}".encode()), ("ce_type", b"swtalent.partner.v1.Report"))
            value = b"defect" if kind == "defect" else content.encode()
            self._input.append(
                Message(RECORDS_IN, record_id.encode(), headers[:1] if kind == "headless" else headers, value)
            )

    def _write_some(self, count: int) -> None:
        for message in self._input[:count]:
            self.log.append(message)
        del self._input[:count]

    def play(self) -> None:
        """Raises AssertionError with the seed's first broken promise."""
        loop = VirtualLoop()
        loop.set_task_factory(make_task)
        loop.set_exception_handler(lambda _loop, _context: None)  # tasks of crashed processes
        try:
            loop.run_until_complete(self._play())
        finally:
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()

    async def _play(self) -> None:
        world = self.world
        self._replace_the_dead()
        for number in range(REQUESTS):
            world.in_background(self._call(number))
        for what in world.faults.outages:
            world.in_background(self._outage(what))
        until = asyncio.get_running_loop().time() + TROUBLE_S
        while asyncio.get_running_loop().time() < until:
            await asyncio.sleep(world.random.random() * 2)
            self._write_some(world.random.randint(0, 6))
            self._replace_the_dead()
            await self._misfortune()
        self._write_some(len(self._input))
        world.calm = True
        await self._until(lambda: not world.busy)
        for group in self.log.groups.values():
            group.wanted = True  # what was settled without its offset being remembered comes once more
        await self._until(lambda: not self.log.lag() and not self.disk.outbox)
        await self._check()

    async def _until(self, quiet: Callable[[], bool]) -> None:
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while not quiet():
            assert asyncio.get_running_loop().time() < until, f"does not settle: lag {self.log.lag()}"
            self._replace_the_dead()
            await self._rebalance_if_wanted()
            await asyncio.sleep(1)

    def _replace_the_dead(self) -> None:
        self.replicas = [replica for replica in self.replicas if not replica.dead]
        while len(self.replicas) < 2:
            self.replicas.append(Replica(self))
            self.replicas[-1].start()

    async def _rebalance_if_wanted(self, *, zombie: bool = False) -> None:
        for group in self.log.groups.values():
            if group.wanted or zombie or any(member.process.dead for member in group.members):
                zombies = [self.world.random.choice(group.members)] if zombie and len(group.members) > 1 else []
                await group.rebalance(zombies)

    async def _outage(self, what: str) -> None:
        await asyncio.sleep(self.world.random.random() * TROUBLE_S / 3)
        setattr(self.world, what, True)
        await asyncio.sleep(self.world.random.uniform(5, LONGEST_OUTAGE_S))
        setattr(self.world, what, False)

    async def _misfortune(self) -> None:
        world, chance = self.world, self.world.random
        drawn = chance.random()
        if drawn < world.faults.rebalances:
            for group in self.log.groups.values():
                group.wanted = True
        await self._rebalance_if_wanted(zombie=drawn < world.faults.rebalances / 3)

    async def _call(self, number: int) -> None:
        """A caller repeats its request, with the same cause, until somebody answers."""
        counter, report, cause = request(number)
        while number not in self.answered:
            await asyncio.sleep(self.world.random.random() * 10)
            replica = self.world.random.choice(self.replicas)
            call = replica.spawn(
                replica.lanes.update(Counter, counter, lambda known: known.report(report), cause=cause)
            )
            await asyncio.wait([call], timeout=30)
            if call.done() and not call.cancelled() and call.exception() is None:
                self.answered.add(number)

    async def _check(self) -> None:
        store = MemoryStore(KINDS, clock=self.world.clock, disk=self.disk)
        counters = await store.get_many(Counter, [f"c{number}" for number in range(5)])
        refusals = await store.page(Refusal, view=VIEW, key="p", after="", limit=10_000)
        refused_spots = {spot(row.id) for row in refusals}

        held = {name: [c for c, change in counters.items() if name in _names(change)] for name in self.names}
        for name, claimants in self.names.items():
            assert len(held[name]) == 1, f"{name} is held by {held[name]}"
            assert set(held[name]) <= claimants
        lost = {record for record, (name, counter) in self.claiming.items() if counter not in held[name]}
        bad = {
            (record.topic, record.partition, record.offset)
            for record in self.log.records(RECORDS_IN)
            if (name := (record.key or b"").decode()) in lost or name.partition("-")[0] in BAD
        }
        assert refused_spots == bad, f"refused {sorted(refused_spots ^ bad)}"
        assert len(refusals) == len(bad), "a record was refused twice"

        totals = Tally({f"c{number}": 0 for number in range(5)})
        for record, (counter, amount, _) in self.reported.items():
            totals[counter] += 0 if record in lost else amount
        for number in range(REQUESTS):
            totals[request(number)[0]] += 1
        assert {c: change.aggregate.total for c, change in counters.items()} == dict(totals), "counters differ"

        ledgers = await store.get_many(Ledger, [f"ledger-c{number}" for number in range(5)])
        noted = {record for change in ledgers.values() for record in change.aggregate.state}
        assert noted == {record for record in self.reported if record.startswith("good")}, "ledger differs"

        sums = await store.get_many(Sum, [f"sum-{number}" for number in range(5)])
        summed = {c: total for change in sums.values() for c, total in change.aggregate.state.totals.items()}
        assert summed == {c: total for c, total in totals.items() if counters[c].aggregate.exists}, "sums differ"

        last = first_occurrences(self.log, EVENTS)
        assert last == {c: change.expected for c, change in counters.items() if change.expected}, "the log is short"
        notices = first_occurrences(self.log, REJECTIONS)
        assert notices == {row.id: 1 for row in refusals}, "rejections differ"
        assert first_occurrences(self.log, DEAD_LETTER) == notices


def spot(refusal: str) -> tuple[str, int, int]:
    topic, partition, offset, _ = refusal.rsplit(":", 3)
    return topic, int(partition), int(offset)


def first_occurrences(log: Log, topic: str) -> dict[str, int]:
    """Last version per aggregate; raises when one is missing before another, or a repeat differs."""
    last: dict[str, int] = {}
    seen: dict[bytes, Any] = {}
    for record in log.records(topic):
        event = dict(record.headers)["ce_id"]
        aggregate_id, _, version = event.decode().rpartition(":")
        if event in seen:
            assert seen[event] == (record.key, record.value, record.headers), f"{event!r} was repeated differently"
            continue
        seen[event] = (record.key, record.value, record.headers)
        assert int(version) == last.get(aggregate_id, 0) + 1, (
            f"{aggregate_id}: {version} after {last.get(aggregate_id)}"
        )
        last[aggregate_id] = int(version)
    return last


def _names(change: Any) -> set[str]:
    return {report.name for report in change.aggregate.state}
