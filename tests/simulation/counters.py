"""A service as small as can be: counters that departments report to, their events, and a second reader that adds up."""

import json
from collections.abc import Collection, Sequence
from functools import partial

import msgspec

from services.shared.kernel.aggregate import Aggregate, Recorded
from services.shared.kernel.change import Cause
from services.shared.kernel.errors import AmountInvalid, RuleBroken
from services.shared.kernel.follower import Followed, Follower, hear
from services.shared.kernel.ids import event_id
from services.shared.kernel.origin import Origin, held_for, put, supersedes
from services.shared.kernel.ports import Message
from services.shared.runtime.envelope import partner_headers
from services.shared.runtime.reader import Changes, Received, Ref, Task
from services.shared.runtime.refusals import refusal_kind
from services.shared.runtime.store.kind import Stamp, json_kind

EVENTS = "sim.events.v1"
UNLUCKY = 13


class Report(msgspec.Struct, frozen=True):
    origin: Origin
    amount: int
    name: str = ""


class Counted(msgspec.Struct, frozen=True):
    total: int


class Counter(Aggregate[tuple[Report, ...]]):
    """Invariant: every record and every request counts once, at its highest revision."""

    kind = "counter"

    @classmethod
    def blank(cls) -> tuple[Report, ...]:
        return ()

    @property
    def total(self) -> int:
        return sum(report.amount for report in self.state)

    def report(self, report: Report) -> None:
        if supersedes(report, held_for(self.state, report.origin)):
            reports = put(self.state, report)
            self._record(Counted(sum(one.amount for one in reports)), reports)


class Ledger(Aggregate[tuple[str, ...]]):
    """The records that were accepted: shows whether a refused one left a trace."""

    kind = "ledger"

    @classmethod
    def blank(cls) -> tuple[str, ...]:
        return ()

    def note(self, record_id: str) -> None:
        if record_id not in self.state:
            self._record(record_id, tuple(sorted((*self.state, record_id))))


class Summed(msgspec.Struct, frozen=True):
    totals: dict[str, int] = {}
    heard: dict[str, int] = {}


class Sum(Aggregate[Summed]):
    kind = "sum"

    @classmethod
    def blank(cls) -> Summed:
        return Summed()

    def put(self, counter: str, total: int) -> None:
        if self.state.totals.get(counter) != total:
            totals = {**self.state.totals, counter: total}
            self._record("put", msgspec.structs.replace(self.state, totals=totals))


class ReportReader:
    name = "reports"
    topics: Sequence[str] = (r"^partner\..*\.records\.v1$",)

    def read(self, record: Received) -> Task | None:
        headers = partner_headers(record.headers)
        if headers.type != "Report":
            return None
        if record.value == b"defect":
            raise ZeroDivisionError
        content = json.loads(record.value or b"{}")
        if content["amount"] < 0:
            raise AmountInvalid(field="amount")
        report = Report(Origin("p", headers.record_id, headers.revision), content["amount"], content["name"])
        return Task(((Counter, content["counter"]),), (content["counter"], report))

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        counter, _ = task.content
        return ((Ledger, f"ledger-{counter}"),)

    def apply(self, task: Task, changes: Changes) -> None:
        counter, report = task.content
        changes(Counter, counter).apply(lambda known: known.report(report))
        if not report.name:
            changes(Ledger, f"ledger-{counter}").apply(lambda ledger: ledger.note(report.origin.record_id))
        if report.amount == UNLUCKY:
            raise RuleBroken(field="amount")


class SumReader:
    name = "sums"
    topics: Sequence[str] = (EVENTS,)

    def read(self, record: Received) -> Task | None:
        event = json.loads(record.value or b"")
        return Task(((Follower, f"sum/{event['id']}"), (Sum, f"sum-{event['id'][-1]}")), event)

    def also_needs(self, task: Task, changes: Changes) -> Collection[Ref]:
        return ()

    def apply(self, task: Task, changes: Changes) -> None:
        event = task.content
        follower = changes(Follower, f"sum/{event['id']}")
        if not follower.aggregate.is_next(event["version"]):
            return
        put = partial(_put, counter=event["id"], total=event["total"])
        hear(changes(Sum, f"sum-{event['id'][-1]}"), event["id"], event["version"], put)
        follower.apply(lambda known: known.see(event["version"], ()))


def _put(known: Sum, *, counter: str, total: int) -> None:
    known.put(counter, total)


def counter_event(counter_id: str, recorded: Recorded, stamp: Stamp) -> tuple[Message, ...]:
    value = {"id": counter_id, "version": recorded.version, "total": recorded.event.total}
    headers = (("ce_id", event_id(counter_id, recorded.version).encode()), ("ce_time", stamp.time.encode()))
    return (Message(EVENTS, counter_id.encode(), headers, json.dumps(value).encode()),)


KINDS = (
    json_kind(
        Counter,
        tuple[Report, ...],
        claims=lambda counter: [report.name for report in counter.state if report.name],
        messages=counter_event,
    ),
    json_kind(Ledger, tuple[str, ...]),
    json_kind(Sum, Summed),
    json_kind(Follower, Followed),
    refusal_kind("sim"),
)


def request(number: int) -> tuple[str, Report, Cause]:
    """An interactive call that adds 1 to a counter."""
    report = Report(Origin("caller", f"request-{number}"), 1)
    return f"c{number % 5}", report, Cause(f"request-{number}", b"")
