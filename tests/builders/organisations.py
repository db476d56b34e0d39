"""Organisations' reports, and the registry's sagas over aggregates in memory: no store, no await."""

from __future__ import annotations

import random
from typing import Any

from services.registry.commands.record_party_arrangement import RecordPartyArrangement
from services.registry.consumers.contracts import Contracts
from services.registry.consumers.own_memberships import OwnMemberships
from services.registry.consumers.own_organisations import OwnOrganisations
from services.registry.domain.organisation_reports import AccreditationReport, ArrangementReport, CreditReport, Ended
from services.registry.domain.reports import Affiliation, NameSeen, PartyReport, WorkReport
from services.registry.storage import KINDS
from services.shared.kernel.change import Change
from services.shared.kernel.dates import Day
from services.shared.kernel.partner import partner
from services.shared.runtime.envelope import header
from services.shared.runtime.store.kind import Stamp
from tests.builders.registry import a_uscc, an_origin
from tests.builders.window import a_received

_KINDS = {kind.aggregate: kind for kind in KINDS}


def a_party_report(record: str = "party-1", **changed: Any) -> PartyReport:
    values: dict[str, Any] = {"status": "formal", "since": Day("2016-01-01"), "until": Day("")}
    return PartyReport(an_origin(record), None, **{**values, **changed})


def a_work_report(record: str, organisation: str, since: str, until: str = "", *, revision: int = 1) -> WorkReport:
    affiliation = Affiliation(
        f"civil_affairs/{organisation}/{record}", "civil_affairs", organisation, "worker", "", "youth", "510104", "",
        True, True, True, Day(since), Day(until),
    )  # fmt: skip
    name = NameSeen("n", "civil_affairs")
    return WorkReport(
        an_origin(record, revision), name, "510000", Day("2024-01-01"), "510104", affiliation, None, None, 0
    )


def an_arrangement(kind: str = "own_branch", other: str = "", **changed: Any) -> ArrangementReport:
    values: dict[str, Any] = {
        "origin": an_origin(f"party/{kind}/{other}"),
        "responsible": "街道党工委",
        "since": Day("2016-01-01"),
        "until": Day(""),
    }
    return ArrangementReport(kind=kind, other=other, **{**values, **changed})


def an_end(of: str, until: str, record: str = "end-1") -> Ended:
    return Ended(an_origin(record), of, Day(until), "")


def an_accreditation(kind: str = "training_base", **changed: Any) -> AccreditationReport:
    values: dict[str, Any] = {
        "origin": an_origin(f"base/{kind}"),
        "grantor": "province",
        "since": Day("2021-01-01"),
        "until": Day(""),
    }
    return AccreditationReport(kind=kind, **{**values, **changed})


def a_credit(**changed: Any) -> CreditReport:
    values: dict[str, Any] = {
        "origin": an_origin("credit-1"),
        "department": "civil_affairs",
        "event": "e1",
        "kind": "seriously_unlawful",
        "since": Day("2020-01-01"),
        "until": Day(""),
        "appealed_on": Day(""),
        "appeal": "",
        "decided_on": Day(""),
    }
    return CreditReport(**{**values, **changed})


def a_record_party_arrangement(**changed: Any) -> RecordPartyArrangement:
    values: dict[str, Any] = {
        "by": partner("civil_affairs"),
        "origin": an_origin("party-1"),
        "organisation": a_uscc(),
        "kind": "joint_branch",
        "other": a_uscc(2),
        "responsible": "街道党工委",
        "since": "2020-01-01",
        "until": "",
        "etag": "",
    }
    return RecordPartyArrangement(**{**values, **changed})


class Sagas:
    """The aggregates by kind and id, and a log whose events reach the sagas late and repeatedly, each key in order."""

    def __init__(self, *, seed: int = 0, readers: tuple[Any, ...] | None = None) -> None:
        self.aggregates: dict[tuple[Any, str], Any] = {}
        self.log: list[Any] = []
        self.readers = readers or (OwnMemberships(), OwnOrganisations(), Contracts())
        # By reader and key: how many of the key's events it has worked through.
        self._done: dict[tuple[str, bytes], int] = {}
        self._random = random.Random(seed)

    def __call__(self, kind: Any, aggregate_id: str) -> Change[Any]:
        return self._changes[(kind, aggregate_id)]

    def of(self, kind: Any, aggregate_id: str) -> Any:
        aggregate = self.aggregates.get((kind, aggregate_id))
        return kind.new(aggregate_id) if aggregate is None else aggregate

    def change(self, kind: Any, aggregate_id: str, function: Any) -> None:
        """One command, stored as a document and told as events."""
        change = Change(self.of(kind, aggregate_id))

        def run(aggregate: Any) -> None:
            function(aggregate)

        change.apply(run)
        self._store(change)

    def deliver(self, *, most: int = 1_000_000, again: bool = False) -> None:
        """Up to `most` events, next of any key; `again` = each key from its beginning."""
        if again:
            self._done.clear()
        for _ in range(most):
            waiting = [(reader, key) for reader in self.readers for key in {it.key for it in self.log}
                       if self._done.get((reader.name, key), 0) < len(self._keyed(key))]  # fmt: skip
            if not waiting:
                return
            reader, key = self._random.choice(sorted(waiting, key=lambda it: (it[0].name, it[1])))
            at = self._done.get((reader.name, key), 0)
            self._done[(reader.name, key)] = at + 1
            self._read(reader, self._keyed(key)[at])

    def _keyed(self, key: bytes) -> list[Any]:
        return [it for it in self.log if it.key == key]

    def _read(self, reader: Any, record: Any) -> None:
        task = reader.read(record)
        if task is None:
            return
        self._changes = {ref: Change(self.of(*ref)) for ref in task.needs}
        for ref in reader.also_needs(task, self):
            self._changes.setdefault(ref, Change(self.of(*ref)))
        reader.apply(task, self)
        for change in self._changes.values():
            self._store(change)

    def _store(self, change: Change[Any]) -> None:
        aggregate, kind = change.aggregate, _KINDS[type(change.aggregate)]
        for recorded in aggregate.pending:
            self.log += [a_received(it) for it in kind.messages(aggregate.id, recorded, Stamp("2026-11-24"))]
        if aggregate.pending:
            state = kind.decode(kind.encode(aggregate.state))
            self.aggregates[(type(aggregate), aggregate.id)] = type(aggregate)(aggregate.id, state, aggregate.version)

    def kinds_told(self) -> list[str]:
        return [header(it.headers, "ce_type").decode().rpartition(".")[2] for it in self.log]
