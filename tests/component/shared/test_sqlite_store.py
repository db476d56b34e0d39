"""What only SQLite can do wrong: the writer's thread, its transactions, the disk under them, a killed process."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from services.shared.kernel.change import Answer
from services.shared.kernel.outcome import Clash, Repeated, Stored, StoreDown
from services.shared.runtime.store.sqlite import SqliteStore
from services.shared.runtime.store.sqlite_tables import DirectoryInUseError, SchemaUnknownError
from tests.builders.store import KINDS, Note, StillClock, a_cause, ce_ids, lines, note, written


def a_store(path: Path) -> SqliteStore:
    return SqliteStore(path, KINDS, clock=StillClock())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    one = a_store(tmp_path / "store.sqlite")
    await one.open()
    yield one
    await one.close()


def connection_of(store: SqliteStore) -> Any:
    return store._writer._transaction._connection


class Disk:
    """The writer's connection with a fault: `trouble` sees each statement before it runs and may raise in its place."""

    def __init__(self, store: SqliteStore, trouble: Callable[[Any, str], None]) -> None:
        self.real = connection_of(store)
        self.trouble = trouble
        store._writer._transaction._connection = self

    @property
    def in_transaction(self) -> bool:
        return self.real.in_transaction

    def execute(self, statement: str, *values: Any) -> Any:
        self.trouble(self.real, statement)
        return self.real.execute(statement, *values)

    def repair(self) -> None:
        self.trouble = lambda *_: None


def failing(statement: str, *, gone: bool = False, times: int = 1_000) -> Callable[[Any, str], None]:
    """Statements that begin so fail; `gone` ends the transaction first, as SQLite does after an I/O error."""
    left = iter(range(times))

    def trouble(real: Any, seen: str) -> None:
        if seen.startswith(statement) and next(left, None) is not None:
            if gone and real.in_transaction:
                real.execute("ROLLBACK")
            raise sqlite3.OperationalError("disk I/O error")

    return trouble


async def changes_of(store: SqliteStore, *ids: str) -> list[Any]:
    changes = [await note(store, one) for one in ids]
    for change in changes:
        change.apply(lambda it: it.write("a") or it.claim(f"claim-{it.id}"), a_cause(f"c-{change.aggregate.id}"))
    return changes


class TestTransactions:
    async def test_commits_survive_a_power_cut_by_default(self, store):
        assert connection_of(store).execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection_of(store).execute("PRAGMA synchronous").fetchone() == (2,)

    async def test_concurrent_commits_share_a_transaction(self, store):
        commits: list[str] = []
        go_on = threading.Event()

        def slow_at_first(_: Any, statement: str) -> None:
            if statement == "COMMIT":
                commits.append(statement)
                assert go_on.wait(10)

        Disk(store, slow_at_first)
        committing = [asyncio.create_task(written(store, f"n{number}", "a")) for number in range(200)]
        await asyncio.sleep(0.5)
        go_on.set()

        assert set(await asyncio.gather(*committing)) == {Stored(1)}
        assert len(commits) < 20

    async def test_of_two_commits_of_one_aggregate_in_one_transaction_the_second_clashes(self, store):
        changes = [await note(store, "n1") for _ in range(5)]
        for number, change in enumerate(changes):
            change.apply(lambda it, number=number: it.write(str(number)))

        outcomes = await asyncio.gather(*(store.commit([change]) for change in changes), written(store, "n2", "a"))

        assert outcomes == [[Stored(1)], *[[Clash(1)]] * 4, Stored(1)]
        assert await lines(store, "n1") == ("0",)
        assert await ce_ids(store) == ["n1:1", "n2:1"]

    async def test_nobody_gets_an_outcome_before_commit_returned(self, store):
        reached, go_on = threading.Event(), threading.Event()

        def slow(_: Any, statement: str) -> None:
            if statement == "COMMIT":
                reached.set()
                assert go_on.wait(10)

        Disk(store, slow)
        committing = asyncio.create_task(written(store, "n1", "a"))
        await asyncio.to_thread(reached.wait, 10)
        await asyncio.sleep(0.05)

        assert not committing.done()
        assert await ce_ids(store) == []
        go_on.set()
        assert await committing == Stored(1)

    async def test_a_caller_who_leaves_does_not_make_the_cache_lie(self, store):
        await written(store, "n1", "a")
        reached, go_on = threading.Event(), threading.Event()

        def slow(_: Any, statement: str) -> None:
            if statement == "COMMIT":
                reached.set()
                assert go_on.wait(10)

        Disk(store, slow)
        leaving = asyncio.create_task(written(store, "n1", "b"))
        await asyncio.to_thread(reached.wait, 10)
        leaving.cancel()
        go_on.set()
        await asyncio.gather(leaving, return_exceptions=True)

        assert await written(store, "n2", "after it") == Stored(1)
        assert await lines(store, "n1") == ("a", "b")


class TestFailingDisk:
    async def test_a_transaction_that_is_gone_takes_its_whole_group_with_it(self, store):
        """Without the check, what follows the error would be stored statement by statement and called lost."""
        await written(store, "old", "a")
        disk = Disk(store, failing("INSERT INTO k_note_claims", gone=True, times=1))

        outcomes = await store.commit(await changes_of(store, "old", "n1", "n2"))

        disk.repair()
        assert [type(outcome) for outcome in outcomes] == [StoreDown] * 3
        assert await lines(store, "old") == ("a",)
        assert not (await note(store, "n1")).aggregate.exists
        assert await store.holders(Note, ["claim-n1", "claim-n2"]) == {}
        assert await ce_ids(store) == ["old:1"]
        assert [await written(store, one, "b") for one in ("old", "n1")] == [Stored(2), Stored(1)]

    async def test_a_transaction_gone_in_the_middle_of_savepoints_takes_all_of_them(self, store):
        seen: list[str] = []

        def trouble(real: Any, statement: str) -> None:
            if statement.startswith("INSERT INTO k_note_claims"):
                seen.append(statement)
                if len(seen) == 3:  # all at once; the first alone; the second alone
                    real.execute("ROLLBACK")
                if len(seen) in (1, 3):
                    raise sqlite3.OperationalError("disk I/O error")

        disk = Disk(store, trouble)

        outcomes = await store.commit(await changes_of(store, "n1", "n2", "n3"))

        disk.repair()
        assert [type(outcome) for outcome in outcomes] == [StoreDown] * 3
        assert [row.id for row in await store.page(Note, view="", key="", after="", limit=9)] == []

    async def test_a_change_that_the_disk_refuses_does_not_take_the_good_ones_with_it(self, store):
        seen: list[str] = []

        def trouble(_: Any, statement: str) -> None:
            if statement.startswith("INSERT INTO k_note_claims"):
                seen.append(statement)
                if len(seen) in (1, 3):  # all at once; the second alone
                    raise sqlite3.OperationalError("out of memory")

        disk = Disk(store, trouble)
        changes = await changes_of(store, "n1", "n2", "n3")

        outcomes = await store.commit(changes)

        disk.repair()
        assert [type(outcome) for outcome in outcomes] == [Stored, StoreDown, Stored]
        assert [row.id for row in await store.page(Note, view="", key="", after="", limit=9)] == ["n1", "n3"]
        assert await ce_ids(store) == ["n1:1", "n1:2", "n3:1", "n3:2"]
        assert await store.commit([changes[1]]) == [Stored(2)]

    async def test_a_full_disk_takes_nothing_and_the_good_one_after_it_passes(self, store):
        await written(store, "n1", "a")
        connection = connection_of(store)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

        assert isinstance(await written(store, "n2", *(["x" * 4_000] * 20)), StoreDown)

        connection.execute("PRAGMA max_page_count = 1000000")
        assert await written(store, "n1", "b") == Stored(2)
        assert await ce_ids(store) == ["n1:1", "n1:2"]

    async def test_a_commit_that_fails_is_not_served_from_the_cache(self, store):
        await written(store, "n1", "a")
        disk = Disk(store, failing("COMMIT"))

        assert isinstance(await written(store, "n1", "b"), StoreDown)

        disk.repair()
        assert await lines(store, "n1") == ("a",)
        assert await written(store, "n1", "c") == Stored(2)
        assert await ce_ids(store) == ["n1:1", "n1:2"]

    async def test_a_commit_whose_answer_is_lost_is_found_by_its_cause(self, store):
        def lose(real: Any, statement: str) -> None:
            if statement == "COMMIT" and real.in_transaction:
                real.execute("COMMIT")
                raise sqlite3.OperationalError("disk I/O error")

        disk = Disk(store, lose)
        assert isinstance(await written(store, "n1", "a", why=a_cause("c1")), StoreDown)
        disk.repair()

        assert await written(store, "n1", "never", why=a_cause("c1")) == Repeated(Answer(1))
        assert await written(store, "n1", "b") == Stored(2)
        assert await ce_ids(store) == ["n1:1", "n1:2"]

    async def test_health_follows_the_disk_although_nobody_writes(self, store):
        disk = Disk(store, failing(""))
        assert store.healthy()

        await written(store, "n1", "a")
        assert not store.healthy()

        disk.repair()
        await asyncio.sleep(1.5)
        assert store.healthy()

    async def test_the_relay_learns_that_its_position_was_not_written(self, store):
        await written(store, "n1", "a")
        tokens = [it.token for it in await store.outbox.unsent(9)]
        disk = Disk(store, failing("UPDATE relay"))

        with pytest.raises(Exception, match="did not answer"):
            await store.outbox.sent(tokens)

        disk.repair()
        await store.outbox.sent(tokens)
        assert await ce_ids(store) == []


class TestOneProcess:
    async def test_a_second_process_is_refused_with_the_first_ones_number(self, store, tmp_path):
        with pytest.raises(DirectoryInUseError, match=f"by process {os.getpid()}; stop it, or set SWTALENT_DATA"):
            await a_store(tmp_path / "store.sqlite").open()

        assert await written(store, "n1", "a") == Stored(1)

    async def test_whoever_has_closed_may_be_followed(self, store, tmp_path):
        await written(store, "n1", "a")
        await store.close()

        again = a_store(tmp_path / "store.sqlite")
        await again.open()

        assert await lines(again, "n1") == ("a",)
        await again.close()

    async def test_a_closed_store_is_down_not_wrong(self, tmp_path):
        store = a_store(tmp_path / "other.sqlite")
        await store.open()
        change = await note(store, "n1")
        change.apply(lambda it: it.write("a"))
        await store.close()

        assert await store.commit([change]) == [StoreDown("closed")]
        assert not store.healthy()

    async def test_a_file_of_another_release_is_refused(self, tmp_path):
        path = tmp_path / "future.sqlite"
        future = sqlite3.connect(path)
        future.execute("PRAGMA user_version = 99")
        future.close()

        with pytest.raises(SchemaUnknownError, match="schema 99"):
            await a_store(path).open()

    async def test_personal_documents_are_readable_by_their_owner_only(self, store, tmp_path):
        assert (tmp_path / "store.sqlite").stat().st_mode & 0o077 == 0


class TestOutboxPosition:
    async def test_sent_rows_are_deleted_in_bulk_and_numbers_never_start_again(self, store, tmp_path):
        for number in range(9):
            await store.commit(
                [a_long_change(change) for change in (await store.get_many(Note, [f"n{number}"])).values()]
            )
            await store.outbox.sent([it.token for it in await store.outbox.unsent(10_000)])
        left = connection_of(store).execute("SELECT count(*) FROM outbox").fetchone()[0]
        await store.close()

        again = a_store(tmp_path / "store.sqlite")
        await again.open()
        await written(again, "last", "a")

        assert left < 4_096 + 600
        assert [it.token for it in await again.outbox.unsent(9)] == [9 * 600 + 1]
        await again.close()


def a_long_change(change: Any) -> Any:
    for number in range(600):
        change.apply(lambda it, number=number: it._record(str(number), it.state))
    return change


WRITER = """
import asyncio, sys
from tests.builders.store import KINDS, StillClock, Note, a_cause
from services.shared.runtime.store.sqlite import SqliteStore

async def main(path, round_):
    store = SqliteStore(path, KINDS, clock=StillClock())
    await store.open()
    async def one(number):
        step = 0
        while True:
            change = (await store.get_many(Note, [f"n{number}"]))[f"n{number}"]
            line = f"{round_}.{step}"
            change.apply(lambda it: it.write(line), a_cause(line))
            (outcome,) = await store.commit([change])
            print(number, outcome.version, line, flush=True)
            step += 1
    await asyncio.gather(*(one(number) for number in range(8)))

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


async def test_a_process_killed_in_the_middle_of_commits_loses_nothing_acknowledged(tmp_path: Path):
    path = tmp_path / "store.sqlite"
    chance = random.Random(7)
    acknowledged: dict[tuple[str, int], str] = {}
    for round_ in range(6):
        enough = chance.randrange(40, 120)
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(round_)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout
            for count, line in enumerate(writer.stdout):
                if count == enough:
                    os.kill(writer.pid, signal.SIGKILL)
                if line.endswith("\n"):
                    number, version, text = line.split()
                    acknowledged[(f"n{number}", int(version))] = text
        assert writer.returncode == -signal.SIGKILL

    store = a_store(path)
    await store.open()
    loaded = await store.get_many(Note, [f"n{number}" for number in range(8)])
    sent = await ce_ids(store, 100_000)

    assert len(acknowledged) > 200
    for (one, version), text in acknowledged.items():
        assert loaded[one].aggregate.state.lines[version - 1] == text
    for one, change in loaded.items():
        expected = [f"{one}:{version}" for version in range(1, change.aggregate.version + 1)]
        assert [event for event in sent if event.startswith(f"{one}:")] == expected
    await store.close()
