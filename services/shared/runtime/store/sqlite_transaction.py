"""One group of changes in one SQLite transaction: guarded, decided and written, all on the writer's connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from services.shared.kernel.outcome import Clash, Outcome, Repeated, Stored, StoreDown, Taken
from services.shared.runtime.store.prepared import NewCause, Prepared, difference, joined, pack_held, unpack_held
from services.shared.runtime.store.sqlite_tables import ADD_MESSAGES, Statements, read, write

# Sent rows are deleted this many at a time: moving the position is one small row, deleting touches their pages again.
_SWEEP = 4_096


class Write:
    """One change and what it alters in claims and buckets, as against those held before it."""

    __slots__ = ("claims_gone", "claims_new", "ready", "rows_gone", "rows_new")

    def __init__(self, ready: Prepared, claims: tuple[str, ...], buckets: tuple[str, ...]) -> None:
        self.ready = ready
        self.against(claims, buckets)

    def against(self, claims: tuple[str, ...], buckets: tuple[str, ...]) -> None:
        ready = self.ready
        self.claims_gone: Sequence[str] = ()
        self.claims_new: Sequence[str] = ()
        self.rows_gone: Sequence[str] = ()
        self.rows_new: Sequence[str] = ()
        if claims != ready.claims:
            self.claims_gone, self.claims_new = difference(claims, ready.claims) if claims else ((), ready.claims)
        if buckets != ready.buckets:
            self.rows_gone, self.rows_new = difference(buckets, ready.buckets) if buckets else ((), ready.buckets)


class TrippedError(Exception):
    """A guard did not hold: someone else was first."""


class Transaction:
    """Knows the newest sequence number and the relay's position; both move only with a COMMIT that returned."""

    def __init__(self, connection: sqlite3.Connection, statements: dict[str, Statements]) -> None:
        self._connection = connection
        self._statements = statements
        self.position: int = connection.execute("SELECT position FROM relay").fetchone()[0]
        self._swept: int = self.position
        connection.execute("DELETE FROM outbox WHERE seq <= ?", (self.position,))
        self.seq = self._newest()

    def _newest(self) -> int:
        (newest,) = self._connection.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()
        return max(int(newest), self.position)

    def recover(self) -> None:
        """After a failure: end what is open, and believe the file, not the memory. Raises sqlite3.Error."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self.position = self._connection.execute("SELECT position FROM relay").fetchone()[0]
        self.seq = self._newest()
        self._connection.execute("UPDATE relay SET position = position")

    def run(self, writes: list[Write], position: int, *, stale: bool) -> list[Outcome]:
        """First all at once; where a guard trips, check each and write the good ones; at last one savepoint each.

        `stale` skips the first. Raises sqlite3.Error when the transaction as a whole failed: then nothing is known.
        """
        if not stale:
            try:
                return self._attempt(writes, position, self._all_at_once)
            except (TrippedError, sqlite3.IntegrityError):
                pass
            except sqlite3.Error:
                # ▲ No constraint: if SQLite has ended the transaction by itself, the group is lost as a whole.
                if not self._connection.in_transaction:
                    raise
                return self._attempt(writes, position, self._one_by_one)
        return self._attempt(writes, position, self._one_by_one if len(writes) == 1 else self._checked)

    def _attempt(
        self, writes: list[Write], position: int, how: Callable[[list[Write]], list[Outcome]]
    ) -> list[Outcome]:
        connection = self._connection
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        seq, swept = self.seq, self._swept
        try:
            outcomes = how(writes)
            if position > self.position:
                swept = self._move(position)
            connection.execute("COMMIT")
        except BaseException:
            self.seq = seq
            raise
        self.position, self._swept = max(self.position, position), swept
        return outcomes

    def _move(self, position: int) -> int:
        self._connection.execute("UPDATE relay SET position = ?", (position,))
        if position - self._swept < _SWEEP:
            return self._swept
        self._connection.execute("DELETE FROM outbox WHERE seq <= ?", (position,))
        return position

    def _all_at_once(self, writes: list[Write]) -> list[Outcome]:
        by_kind: dict[str, list[Write]] = {}
        for one in writes:
            by_kind.setdefault(one.ready.kind.name, []).append(one)
        for name, own in by_kind.items():
            self._put(self._statements[name], own)
        messages: list[Any] = []
        for one in writes:
            for message in one.ready.messages:
                self.seq += 1
                messages += (self.seq, message)
        write(self._connection, ADD_MESSAGES, messages)
        return [Stored(one.ready.version) for one in writes]

    def _checked(self, writes: list[Write]) -> list[Outcome]:
        """Decide each by reading, in order, then write the good ones together."""
        claimed: dict[tuple[str, str], str] = {}
        refusals = [self._refusal(one, claimed) for one in writes]
        good = [one for one, refusal in zip(writes, refusals, strict=True) if refusal is None]
        self._connection.execute("SAVEPOINT good")
        seq = self.seq
        try:
            self._all_at_once(good)
        except (TrippedError, sqlite3.Error):
            if not self._connection.in_transaction:
                raise
            self._connection.execute("ROLLBACK TO good")
            self.seq = seq
            return self._one_by_one(writes)
        self._connection.execute("RELEASE good")
        return [refusal or Stored(one.ready.version) for one, refusal in zip(writes, refusals, strict=True)]

    def _one_by_one(self, writes: list[Write]) -> list[Outcome]:
        """A savepoint each: what one of them trips over does not touch the others."""
        outcomes: list[Outcome] = []
        for one in writes:
            seq = self.seq
            self._connection.execute("SAVEPOINT one")
            try:
                outcome = self._refusal(one, {}) or self._all_at_once([one])[0]
            except (TrippedError, sqlite3.Error) as error:
                # ▲ As above: with the transaction gone, what follows would be stored by itself while called lost.
                if not self._connection.in_transaction:
                    raise
                self._connection.execute("ROLLBACK TO one")
                self.seq = seq
                outcome = StoreDown(f"{type(error).__name__}: {error}")
            self._connection.execute("RELEASE one")
            outcomes.append(outcome)
        return outcomes

    def _refusal(self, one: Write, claimed: dict[tuple[str, str], str]) -> Outcome | None:
        """What forbids the change, as the file and `claimed` (by the earlier ones of the group) have it."""
        ready = one.ready
        connection, statements = self._connection, self._statements[ready.kind.name]
        row = read(connection, statements.held, (ready.id,))
        found = row[0][1] if row else 0
        for why in ready.causes:
            for _, digest, version, values in read(connection, statements.causes, (joined(ready.id, why.key),)):
                if len(ready.causes) == 1 and digest == why.digest:
                    return Repeated(NewCause(why.key, digest, version, values).remembered().answer)
                return Clash(found)
        if found != ready.expected:
            return Clash(found)
        one.against(*unpack_held(row[0][2] if row else b""))
        held: dict[str, str] = dict(read(connection, statements.holders, one.claims_new))
        name = ready.kind.name
        for claim in one.claims_new:
            holder = claimed.get((name, claim), held.get(claim, ""))
            if holder not in ("", ready.id):
                return Taken(claim, holder)
        claimed |= {(name, claim): "" for claim in one.claims_gone}
        claimed |= {(name, claim): ready.id for claim in one.claims_new}
        return None

    def _put(self, statements: Statements, writes: list[Write]) -> None:
        """Write changes of one kind; raises IntegrityError or TrippedError when a guard does not hold."""
        connection = self._connection
        inserts: list[Any] = []
        updates: list[Any] = []
        causes: list[Any] = []
        claims: list[str] = []
        rows: list[str] = []
        for one in writes:
            ready = one.ready
            key = ready.id
            for why in ready.causes:
                causes += (joined(key, why.key), why.digest, why.version, why.values)
            if ready.version == ready.expected:
                self._must_be_unmoved(ready)
                continue
            held = pack_held(ready.claims, ready.buckets)
            if ready.expected:
                updates += (key, ready.expected, ready.version, held, ready.summary, ready.document)
            else:
                inserts += (key, ready.version, held, ready.summary, ready.document)
            for claim in one.claims_new:
                claims += (claim, key)
            rows += [joined(bucket, key) for bucket in one.rows_new]
        write(connection, statements.insert, inserts)
        if write(connection, statements.update, updates) * statements.update.width != len(updates):
            raise TrippedError
        write(connection, statements.add_causes, causes)
        # What is given up comes first, so that another one of the same group may take it.
        write(connection, statements.drop_claims, [claim for one in writes for claim in one.claims_gone])
        write(connection, statements.add_claims, claims)
        gone = [joined(bucket, one.ready.id) for one in writes for bucket in one.rows_gone]
        write(connection, statements.drop_rows, gone)
        write(connection, statements.add_rows, rows)

    def _must_be_unmoved(self, ready: Prepared) -> None:
        """The guard of a change without an event: it writes nothing else than its answer."""
        found = read(self._connection, self._statements[ready.kind.name].held, (ready.id,))
        if (found[0][1] if found else 0) != ready.expected:
            raise TrippedError
