"""The registry's commands over a store in memory, and a log whose events reach the sagas late and repeatedly."""

from __future__ import annotations

import random
from typing import Any

from services.registry.commands import correct, record_talent
from services.registry.commands.propose_cases import propose_cases
from services.registry.commands.resolve_identity_case import (
    ResolveIdentityCase,
    UndoMerge,
    resolve_identity_case,
    undo_merge,
)
from services.registry.consumers.moving import Moving
from services.registry.consumers.own_memberships import OwnMemberships
from services.registry.consumers.own_talents import OwnTalents
from services.registry.domain.correction import IDENTITY, Correction
from services.registry.domain.identity_case import IdentityCase, candidate_id
from services.registry.domain.person import Person
from services.registry.domain.talent import Talent
from services.registry.storage import KINDS
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.outcome import Stored
from services.shared.kernel.principal import Principal
from services.shared.runtime.clock import SystemRandom
from services.shared.runtime.reader import Received
from services.shared.runtime.store.memory import MemoryStore
from tests.builders.registry import KEYS, TODAY, a_record_talent, an_id_number, an_origin
from tests.builders.store import StillClock
from tests.builders.window import a_received, window

ANNA, BEN = "officer/anna", "officer/ben"
NAME = "李明"


def an_officer(name: str = ANNA, *, area: str = "510000", department: str = "") -> Principal:
    return Principal(name, frozenset({"officer"}), area=area, department=department)


def a_person(number: int = 1, *, name: str = NAME, born: str = "19900101") -> Person:
    """People of the same name and birth have different numbers."""
    return Person(name, an_id_number(born, number))


def talent_id(person: Person) -> str:
    return KEYS.blind_index("talent-id", person.id_number)


class Identities:
    """`deliver` brings what was told to the sagas, each key in order, in windows of up to three records."""

    readers = (Moving(), OwnTalents(), OwnMemberships())

    def __init__(self, *, seed: int = 0) -> None:
        self.clock = StillClock()
        # The process is lost after so many commits; 0 = never.
        self.commits_left = 0
        self.store = MemoryStore(KINDS, clock=self.clock, faults=self._fault)
        self.lanes = Lanes(self.store, clock=self.clock, random=SystemRandom())
        self.log: dict[bytes, list[Any]] = {}
        self._done: dict[tuple[str, bytes], int] = {}
        self._random = random.Random(seed)
        self._causes = 0

    async def _fault(self, point: str) -> None:
        if point == "commit:after" and self.commits_left:
            self.commits_left -= 1
            if not self.commits_left:
                raise ProcessLostError

    def cause(self, key: str = "") -> Cause:
        self._causes += 1
        return Cause(key or f"cause-{self._causes}", b"content")

    async def reported(self, person: Person, *, record: str = "", revision: int = 1, **changed: Any) -> str:
        """A department's record of a person; the talent's id."""
        origin = an_origin(record or f"r/{talent_id(person)[:8]}", revision)
        step = record_talent.step(
            a_record_talent(person=person, origin=origin, **changed), keys=KEYS, today=TODAY
        )  # fmt: skip
        return (await self.lanes.run(step, cause=None)).values["talent_id"]

    async def pair(self, **changed: Any) -> tuple[str, str, str]:
        """Two talents of one name, birth and employer, and the case that was opened for them."""
        one, other = sorted([await self.reported(a_person(1), **changed), await self.reported(a_person(2), **changed)])
        await propose_cases(store=self.store, lanes=self.lanes)
        return one, other, candidate_id(one, other)

    async def resolve(self, case: str, resolution: str = "same", *, cause: str = "", **changed: Any) -> Answer:
        values = {"winner": "", "etag": "", "by": an_officer()}
        cmd = ResolveIdentityCase(case_id=case, resolution=resolution, **{**values, **changed})
        return await resolve_identity_case(cmd, store=self.store, lanes=self.lanes, cause=self.cause(cause))

    async def undo(self, case: str, *, cause: str = "", **changed: Any) -> Answer:
        cmd = UndoMerge(case_id=case, **{"etag": "", "by": an_officer(), **changed})
        return await undo_merge(cmd, store=self.store, lanes=self.lanes, cause=self.cause(cause))

    async def propose(self, talent: str, field: str, new: str, *, target: str = "", **changed: Any) -> str:
        why = self.cause(changed.pop("request_id", ""))
        values = {"reason": "错报", "etag": str((await self.talent(talent)).version), "by": an_officer()}
        cmd = correct.ProposeCorrection(
            request_id=why.key, talent_id=talent, target=target, field=field, new_value=new, **{**values, **changed}
        )
        if field == IDENTITY:
            answer = await correct.propose_erasure(cmd, store=self.store, lanes=self.lanes, cause=why)
        else:
            answer = await correct.propose_correction(
                cmd, store=self.store, lanes=self.lanes, clock=self.clock, cause=why
            )
        return answer.values["correction_id"]

    async def approve(
        self, correction: str, *, by: Principal | None = None, erasure: bool = False, etag: str = ""
    ) -> None:
        cmd = correct.DecideCorrection(correction_id=correction, etag=etag, by=by or an_officer(BEN))
        await correct.approve(
            cmd, erasure=erasure, store=self.store, lanes=self.lanes, clock=self.clock, cause=self.cause()
        )

    async def reject(self, correction: str, *, by: Principal | None = None) -> None:
        cmd = correct.DecideCorrection(correction_id=correction, etag="", by=by or an_officer(BEN))
        await correct.reject(cmd, store=self.store, lanes=self.lanes, cause=self.cause())

    async def corrected(self, talent: str, field: str, new: str, *, target: str = "") -> None:
        await self.approve(await self.propose(talent, field, new, target=target))

    async def erased(self, talent: str) -> None:
        await self.approve(await self.propose(talent, IDENTITY, ""), erasure=True)

    async def of(self, kind: Any, aggregate_id: str) -> Any:
        return (await self.store.get_many(kind, [aggregate_id]))[aggregate_id].aggregate

    async def talent(self, talent: str) -> Talent:
        return await self.of(Talent, talent)

    async def facts(self, talent: str) -> Any:
        return (await self.talent(talent)).facts()

    async def case(self, case: str) -> IdentityCase:
        return await self.of(IdentityCase, case)

    async def correction(self, correction: str) -> Correction:
        return await self.of(Correction, correction)

    async def told(self) -> None:
        """What was stored goes into the log."""
        unsent = await self.store.outbox.unsent(100_000)
        for it in unsent:
            self.log.setdefault(it.message.key, []).append(a_received(it.message))
        await self.store.outbox.sent([it.token for it in unsent])

    async def hear(self, reader: Any, records: list[Received]) -> None:
        """One window of these records, after which the reader is behind them."""
        outcomes = await window(self.store, reader, records)
        assert all(isinstance(it, Stored) for it in outcomes)
        for record in records:
            self._done[(reader.name, record.key)] = self.log[record.key].index(record) + 1

    async def deliver(self, *, most: int = 1_000_000, again: bool = False) -> None:
        """Up to `most` windows; `again` = Moving, which follows nobody, hears everything from the beginning."""
        if again:
            self._done = {key: done for key, done in self._done.items() if key[0] != Moving.name}
        for _ in range(most):
            await self.told()
            waiting = [
                (reader, key)
                for reader in self.readers
                for key, records in self.log.items()
                if self._done.get((reader.name, key), 0) < len(records)
            ]
            if not waiting:
                return
            reader, key = waiting[self._random.randrange(len(waiting))]
            at = self._done.get((reader.name, key), 0)
            records = self.log[key][at : at + self._random.randint(1, 3)]
            await self.hear(reader, records)


class ProcessLostError(Exception):
    """The process ended here; what it had stored stays."""
