"""Intakes and relays that each break one rule (▲). The checks of a run must notice every one of them."""

from services.shared.kernel.change import Change
from services.shared.kernel.follower import Follower
from services.shared.runtime.intake import Intake, _ends
from services.shared.runtime.plan import Line, Plan
from services.shared.runtime.refusals import Defect
from services.shared.runtime.relay import Relay
from services.shared.runtime.settlement import Settlement, _spot


class OffsetsBeforeCommit(Intake):
    async def take(self, records):
        await self._source.commit(_ends(records))
        await super().take(records)


class SkipsWhatFailed(Intake):
    """After 30 s the window is passed over instead of sought back."""

    async def _settle(self, settlement):
        patient = await super()._settle(settlement)
        settlement.todo = []
        return patient


class _RefusesWhenDown(Settlement):
    async def round(self):
        before = len(self.todo)
        await super().round()
        if len(self.todo) == before and ("StoreDown" in self.why or self.why.startswith("store")):
            self._condemned[_spot(self.todo[0])] = Defect()


class RefusesWhenDown(Intake):
    settlement = _RefusesWhenDown


class _RefusesOnClash(Settlement):
    async def _store_all(self, plan, changes, *, alone):
        failed = await super()._store_all(plan, changes, alone=alone)
        if self.why.endswith("Clash"):
            for record in plan.touching(failed)[0]:
                self._condemned[_spot(record)] = Defect()
        return failed


class RefusesOnClash(Intake):
    settlement = _RefusesOnClash


class _DropsClashed(Settlement):
    async def _commit(self, plan, *, alone):
        await super()._commit(plan, alone=alone)
        return []


class DropsClashed(Intake):
    settlement = _DropsClashed


class _FollowersFirst(Settlement):
    async def _commit(self, plan, *, alone):
        first, last = plan.changes()
        failed = await self._store_all(plan, [*last, *first], alone=alone)
        return plan.touching(failed)[0] if failed else []


class FollowersWithTheRest(Intake):
    """One commit for what was derived from an event and for the note that this is done."""

    settlement = _FollowersFirst


class _LosesRefusals(Settlement):
    late: list[Change]

    async def _store_all(self, plan, changes, *, alone):
        self.late = [*getattr(self, "late", []), *plan.refusals.values()]
        plan.refusals = {}
        return await super()._store_all(plan, [c for c in changes if c not in self.late], alone=alone)


class RefusalsAfterwards(Intake):
    """Refusals in a commit of their own, after the window's offsets."""

    settlement = _LosesRefusals

    async def _settle(self, settlement):
        self._late = settlement
        return await super()._settle(settlement)

    async def take(self, records):
        await super().take(records)
        if late := getattr(self._late, "late", []):
            await self._rest_of_offsets()
            await self._store.commit(list({change.aggregate.id: change for change in late}.values()))

    async def _rest_of_offsets(self):
        if self._committing is not None:
            await self._committing


class _LeavesTraces(Line):
    def undo(self):
        if not any(isinstance(change.aggregate, Follower) for change, _, _ in self.touched):
            self.touched = []
            return
        super().undo()


class _TracesPlan(Plan):
    line = _LeavesTraces


class _TracesSettlement(Settlement):
    plan = _TracesPlan


class LeavesTraces(Intake):
    """What a refused record changed before it was refused stays."""

    settlement = _TracesSettlement


class MarksBeforeAcknowledged(Relay):
    async def once(self):
        unsent = await self._outbox.unsent(self._chunk)
        if not unsent:
            return None
        await self._outbox.sent([item.token for item in unsent])
        return all(await self._publisher.publish([item.message for item in unsent]))


class MarksTheWholeChunk(Relay):
    """One acknowledgement counts for all."""

    async def once(self):
        unsent = await self._outbox.unsent(self._chunk)
        if not unsent:
            return None
        acknowledged = await self._publisher.publish([item.message for item in unsent])
        if any(acknowledged):
            await self._outbox.sent([item.token for item in unsent])
        return all(acknowledged)


class SendsInAnyOrder(Relay):
    async def once(self):
        unsent = (await self._outbox.unsent(self._chunk))[::-1]
        if not unsent:
            return None
        acknowledged = await self._publisher.publish([item.message for item in unsent])
        await self._outbox.sent([item.token for item, acked in zip(unsent, acknowledged, strict=True) if acked])
        return all(acknowledged)


INTAKES = (
    OffsetsBeforeCommit,
    SkipsWhatFailed,
    RefusesWhenDown,
    RefusesOnClash,
    DropsClashed,
    FollowersWithTheRest,
    RefusalsAfterwards,
    LeavesTraces,
)
RELAYS = (MarksBeforeAcknowledged, MarksTheWholeChunk, SendsInAnyOrder)
