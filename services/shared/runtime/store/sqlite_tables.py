"""The SQLite file of one service: its tables, its statements, how it is opened and locked."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from services.shared.runtime.store.prepared import Kinds

_SCHEMA_VERSION: Final = 1
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}").fullmatch

# Rows of one statement. A step gives the GIL away and waits for it again, so few long statements beat `executemany`
# by far as soon as the event loop is busy; a handful of sizes keeps every statement in the connection's cache.
_SIZES = (256, 64, 16, 4, 1)

_SHARED_TABLES = """
CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, message BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS relay (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL);
INSERT OR IGNORE INTO relay VALUES (1, 0);
"""

# `cause` is joined(id, cause), `place` is joined(bucket, id): one column each, because SQLite (3.40) answers a list of
# row values by scanning the table.
# An ordinary rowid table with a unique id beats WITHOUT ROWID for documents of 0.4-1 KB. `document` stands last, so
# that a page reads the columns in front of it without its overflow pages.
_KIND_TABLES = """
CREATE TABLE IF NOT EXISTS {name} (
  id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, held BLOB NOT NULL, summary BLOB NOT NULL, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS {name}_causes (
  cause TEXT PRIMARY KEY, digest BLOB NOT NULL, version INTEGER NOT NULL, answer BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS {name}_claims (claim TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS {name}_rows (place TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class DirectoryInUseError(Exception):
    """Another process works on this data directory."""


class SchemaUnknownError(Exception):
    """The file was written by another release."""


def lock(path: Path) -> int:
    """▲ One process per service: an exclusive lock that the kernel gives back however the process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(held, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(held)
        raise DirectoryInUseError(
            f"{path.parent} is in use by process {owner}; stop it, or set SWTALENT_DATA_DIR to another directory"
        ) from None
    os.ftruncate(held, 0)
    os.pwrite(held, str(os.getpid()).encode(), 0)
    return held


def open_writer(path: Path, kinds: Kinds, *, synchronous: str) -> sqlite3.Connection:
    if synchronous not in ("FULL", "NORMAL", "EXTRA"):
        raise ValueError(f"synchronous={synchronous}")
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    path.chmod(0o600)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA wal_autocheckpoint = 8000")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -32768")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found not in (0, _SCHEMA_VERSION):
        connection.close()
        raise SchemaUnknownError(f"{path} has schema {found}, this release writes {_SCHEMA_VERSION}")
    tables = _SHARED_TABLES + "".join(_KIND_TABLES.format(name=_table(kind.name)) for kind in kinds)
    connection.executescript(f"BEGIN IMMEDIATE; {tables} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT")
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """For the event loop: point reads take microseconds, less than handing them to a thread."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cache_size = -16384")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _table(name: str) -> str:
    if not _NAME(name) or name in ("outbox", "relay") or name.endswith(("_causes", "_claims", "_rows")):
        raise ValueError(f"not a name of a kind: {name}")
    return f"k_{name}"


class Sql(NamedTuple):
    """A statement over any number of rows: `head row,row,… tail`, each row of `width` values."""

    head: str
    row: str
    tail: str = ""

    @property
    def width(self) -> int:
        return self.row.count("?")


def write(connection: sqlite3.Connection, sql: Sql, values: Sequence[Any]) -> int:
    """Execute over flat values; gives the number of rows changed."""
    changed = 0
    start, end, width = 0, len(values), sql.width
    for size in _SIZES:
        step = size * width
        while end - start >= step:
            chunk = values if step == end else values[start : start + step]
            changed += connection.execute(_text(sql, size), chunk).rowcount
            start += step
    return changed


def read(connection: sqlite3.Connection, sql: Sql, keys: Sequence[str]) -> list[tuple[Any, ...]]:
    """All rows found for any number of keys."""
    found: list[tuple[Any, ...]] = []
    start, end = 0, len(keys)
    for size in _SIZES:
        while end - start >= size:
            found += connection.execute(_text(sql, size), keys[start : start + size]).fetchall()
            start += size
    return found


@cache
def _text(sql: Sql, size: int) -> str:
    return sql.head + ",".join([sql.row] * size) + sql.tail


ADD_MESSAGES: Final = Sql("INSERT INTO outbox VALUES ", "(?,?)")


class Statements:
    """The statements on one kind's tables. Values of `update`: id, expected version, then the new columns."""

    def __init__(self, name: str) -> None:
        table = _table(name)

        def on(head: str, row: str, tail: str = "") -> Sql:
            return Sql(head.replace("@", table), row, tail.replace("@", table))

        self.insert = on("INSERT INTO @ (id, version, held, summary, document) VALUES ", "(?,?,?,?,?)")
        self.update = on(
            "UPDATE @ SET version = new.column3, held = new.column4, summary = new.column5, document = new.column6"
            " FROM (VALUES ",
            "(?,?,?,?,?,?)",
            ") AS new WHERE @.id = new.column1 AND @.version = new.column2",
        )
        self.load = on("SELECT id, version, held, document FROM @ WHERE id IN (", "?", ")")
        self.held = on("SELECT id, version, held FROM @ WHERE id IN (", "?", ")")
        self.add_causes = on("INSERT INTO @_causes VALUES ", "(?,?,?,?)")
        self.causes = on("SELECT cause, digest, version, answer FROM @_causes WHERE cause IN (", "?", ")")
        self.add_claims = on("INSERT INTO @_claims VALUES ", "(?,?)")
        self.drop_claims = on("DELETE FROM @_claims WHERE claim IN (", "?", ")")
        self.holders = on("SELECT claim, id FROM @_claims WHERE claim IN (", "?", ")")
        self.add_rows = on("INSERT INTO @_rows VALUES ", "(?)")
        self.drop_rows = on("DELETE FROM @_rows WHERE place IN (", "?", ")")
        self.page_all = "SELECT id, version, summary FROM @ WHERE id > ? ORDER BY id LIMIT ?".replace("@", table)
        self.places = "SELECT place FROM @_rows WHERE place > ? AND place < ? ORDER BY place LIMIT ?".replace(
            "@", table
        )
        self.page_view = (
            "SELECT a.id, a.version, a.summary FROM @_rows AS r CROSS JOIN @ AS a ON a.id = substr(r.place, ?)"
            " WHERE r.place > ? AND r.place < ? ORDER BY r.place LIMIT ?"
        ).replace("@", table)
