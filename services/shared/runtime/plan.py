"""What one window of records comes to: understood, applied to what was loaded, refused or held back. No await here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from services.shared.kernel.aggregate import Aggregate
from services.shared.kernel.change import Change
from services.shared.kernel.errors import DomainError, Duplicate, Exhausted, Forbidden, Invalid, NotFound, RuleBroken
from services.shared.kernel.follower import EventGapError, Follower
from services.shared.runtime.reader import Reader, Received, Ref, Task
from services.shared.runtime.refusals import Refusal, refusal_id, refused
from services.shared.runtime.stream_ports import Place

# What refuses a record for good. Every other DomainError means: not now, try again.
REFUSING = (Invalid, NotFound, Duplicate, Forbidden, RuleBroken)

# Events of one aggregate in one commit. A store takes so many at once only (mongo_documents.MOST_PENDING).
MOST_EVENTS = 128

Spot = tuple[str, int, int]
Kinds = dict[type[Aggregate[Any]], dict[str, Change[Any]]]
# In the order in which the records ask, so that a run can be replayed exactly.
Wanted = dict[type[Aggregate[Any]], dict[str, None]]


class EventsWaiting(Exhausted):
    """The window has told enough of this aggregate: the record takes part in the next round."""

    reason = "EVENTS_WAITING"


class NotLoadedError(Exception):
    """A reader asked for an aggregate that its needs did not name."""


class Line:
    """One record of the window: its task, and the changes it touched with the way back."""

    __slots__ = ("record", "task", "touched")

    def __init__(self, record: Received) -> None:
        self.record = record
        self.task: Task | None = None
        self.touched: list[tuple[Change[Any], Any, int]] = []

    def undo(self) -> None:
        """Leave every change as it was before this record."""
        for change, mark, entries in reversed(self.touched):
            change.aggregate.back_to(mark)
            del change.entries[entries:]
        self.touched = []


class Plan:
    """One pass over some records, in order. Call `understand`, `want_more`, `decide` in turn, loading in between.

    `condemned` names records whose refusal is already known. Afterwards `lines` are the records that take part;
    unapplied are `suspects`, which raised an unknown error, `later`, which may succeed another time, `gaps`, the
    partitions that stop, each at an offset, and in `held` whatever follows one of these in its partition.
    """

    line: type[Line] = Line

    def __init__(self, reader: Reader, records: Sequence[Received], condemned: Mapping[Spot, DomainError]) -> None:
        self._reader = reader
        self._records = records
        self._condemned = condemned
        self._loaded: Kinds = {}
        self._holders: dict[type[Aggregate[Any]], dict[str, str]] = {}
        self._touching: list[tuple[Change[Any], Any, int]] = []
        self.lines: list[Line] = []
        self.refusals: dict[str, Change[Refusal]] = {}
        self.suspects: list[tuple[Received, Exception]] = []
        self.later: list[tuple[Received, DomainError]] = []
        self.held: list[Received] = []
        self.gaps: dict[Place, tuple[int, EventGapError]] = {}

    def __call__(self, kind: type[Aggregate[Any]], aggregate_id: str) -> Change[Any]:
        """The window's change of this aggregate: what readers see as `Changes`.

        One that earlier records filled with events is left to the next round, so that no window is too much for it.
        """
        try:
            change = self._loaded[kind][aggregate_id]
        except KeyError:
            raise NotLoadedError(kind.kind, aggregate_id) from None
        if len(change.aggregate.pending) >= MOST_EVENTS and all(it[0] is not change for it in self._touching):
            raise EventsWaiting(limit=MOST_EVENTS)
        self._touching.append((change, change.aggregate.mark(), len(change.entries)))
        return change

    def loaded(self, kind: type[Aggregate[Any]], changes: Mapping[str, Change[Any]]) -> None:
        self._loaded.setdefault(kind, {}).update(changes)

    def holder(self, kind: type[Aggregate[Any]], claim: str) -> str:
        """Who holds the claim as far as it was looked up: what readers see through `Changes`."""
        return self._holders.get(kind, {}).get(claim, "")

    def claims(self) -> dict[type[Aggregate[Any]], set[str]]:
        """What the understood records ask to be looked up; mostly nothing."""
        asked: dict[type[Aggregate[Any]], set[str]] = {}
        for line in self.lines:
            if line.task is not None and line.task.claims:
                for kind, claim in line.task.claims:
                    asked.setdefault(kind, set()).add(claim)
        return asked

    def found(self, kind: type[Aggregate[Any]], holders: Mapping[str, str]) -> None:
        self._holders.setdefault(kind, {}).update(holders)

    def understand(self) -> Wanted:
        """Decode and check every record; gives what must be loaded."""
        read, condemned, wanted = self._reader.read, self._condemned, Wanted()
        blocked: set[Place] = set()
        for record in self._records:
            if blocked and (record.topic, record.partition) in blocked:
                self.held.append(record)
                continue
            line = self.line(record)
            if condemned and (why := condemned.get((record.topic, record.partition, record.offset))) is not None:
                self._turn_down(line, why, blocked)
                self.lines.append(line)
                continue
            try:
                task = read(record)
                if task is None:
                    continue
                line.task = task
                self._want(task.needs, wanted)
            except Exception as error:  # noqa: BLE001 - sorted out in one place
                self._turn_down(line, error, blocked)
                if not line.touched:
                    continue
            self.lines.append(line)
        return wanted

    def want_more(self) -> Wanted:
        """What else must be loaded, known only from what was loaded first."""
        wanted = Wanted()
        self._each(lambda task: self._want(self._reader.also_needs(task, self), wanted))
        for line in self.lines:
            if line.task is not None:
                line.touched = []
        return wanted

    def decide(self) -> None:
        """Apply every record in order, each wholly or not at all."""
        apply = self._reader.apply
        self._each(lambda task: apply(task, self))

    def changes(self) -> tuple[list[Change[Any]], list[Change[Any]]]:
        """What is to be stored: everything else first, then the followers, which say that the rest is done."""
        first: list[Change[Any]] = list(self.refusals.values())
        last: list[Change[Any]] = []
        for kind, changes in self._loaded.items():
            (last if issubclass(kind, Follower) else first).extend(c for c in changes.values() if c.dirty)
        return first, last

    def touching(self, failed: Collection[Change[Any]]) -> tuple[list[Received], set[int]]:
        """The records that touched any of these changes or a follower that a record of them touched, in order, and
        the identities of those followers: they must not be stored before their records ran again.
        """
        marked = {id(change) for change in failed}
        followers: set[int] = set()
        while True:
            again = [line for line in self.lines if any(id(change) in marked for change, _, _ in line.touched)]
            found = {
                id(change)
                for line in again
                for change, _, _ in line.touched
                if isinstance(change.aggregate, Follower) and id(change) not in marked
            }
            if not found:
                return [line.record for line in again], followers
            marked |= found
            followers |= found

    def _each(self, act: Callable[[Task], object]) -> None:
        blocked: set[Place] = set()
        lines, self.lines = self.lines, []
        for line in lines:
            if blocked and (line.record.topic, line.record.partition) in blocked:
                self.held.append(line.record)
                continue
            if line.task is not None:
                self._touching = line.touched
                try:
                    act(line.task)
                except Exception as error:  # noqa: BLE001 - sorted out in one place
                    self._turn_down(line, error, blocked)
                    if line.task is not None:
                        continue
            self.lines.append(line)

    def _turn_down(self, line: Line, error: Exception, blocked: set[Place]) -> None:
        """Refuse the record, stop its partition, or hold it and what follows it. A line without task is done."""
        line.undo()
        record = line.record
        place = (record.topic, record.partition)
        if isinstance(error, REFUSING) or (isinstance(error, DomainError) and self._is_condemned(record)):
            line.task = None
            refusal = Refusal.new(refusal_id(record))
            change = Change(refusal)
            change.apply(lambda new: new.refuse(refused(record, error)))
            self.refusals[refusal.id] = change
            line.touched = [(change, None, 0)]
            return
        blocked.add(place)
        if isinstance(error, DomainError):
            self.later.append((record, error))
        elif isinstance(error, EventGapError):
            self.gaps[place] = (record.offset, error)
        else:
            self.suspects.append((record, error))

    def _is_condemned(self, record: Received) -> bool:
        return (record.topic, record.partition, record.offset) in self._condemned

    @staticmethod
    def _want(needs: Iterable[Ref], wanted: Wanted) -> None:
        for kind, aggregate_id in needs:
            ids = wanted.get(kind)
            if ids is None:
                wanted[kind] = {aggregate_id: None}
            else:
                ids[aggregate_id] = None
