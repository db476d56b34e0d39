"""Records from a CSV file: columns are named after the fields, each fault is named by line and column."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from clients.partner.checks import TEXTS, Fault, faults_of
from clients.partner.records import RecordType

LONGEST_CELL = 131_072


class RowFault(NamedTuple):
    """`line` and `column` count from 1 as a spreadsheet shows them; column 0 = the field has no column in this file."""

    line: int
    column: int
    field: str
    code: str

    @property
    def zh(self) -> str:
        return TEXTS[self.code][0]

    @property
    def en(self) -> str:
        return TEXTS[self.code][1]


class Row(NamedTuple):
    """The arguments of the type's builder; not to be sent while there are faults."""

    line: int
    fields: dict[str, Any]
    faults: list[RowFault]


class SheetUnreadable(Exception):
    """Not a CSV file with a header line; the text says why."""


_TRUE = frozenset(("true", "1", "yes", "y", "是"))
_FALSE = frozenset(("false", "0", "no", "n", "否"))


def rows(path: Path, kind: RecordType) -> Iterator[Row]:
    """Every row in order, in flat memory but for a digest per row. UTF-8 (with or without mark) or GB 18030.

    An unknown or repeated column is a fault of line 1. Raises SheetUnreadable.
    """
    with _opened(path) as file:
        reader = csv.reader(file, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            if not any(header):
                raise SheetUnreadable(f"{path}: the first line must name the columns")
            unknown = [
                RowFault(1, number, name, "COLUMN_UNKNOWN")
                for number, name in enumerate(header, 1)
                if name not in kind.types or name in header[: number - 1]
            ]
            if unknown:
                yield Row(1, {}, unknown)
                return
            seen: dict[tuple[str, int], bytes] = {}
            for cells in reader:
                if any(cells):
                    yield _row(reader.line_num, header, cells, kind, seen)
        except (csv.Error, UnicodeDecodeError) as error:
            raise SheetUnreadable(f"{path}: line {reader.line_num + 1}: {error}") from None


def _opened(path: Path) -> TextIO:
    csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open("rb") as file:
            encoding = _encoding(file.read(1 << 20))
        return path.open(encoding=encoding, newline="")
    except OSError as error:
        raise SheetUnreadable(f"{path} cannot be read: {error.strerror}") from None


def _encoding(beginning: bytes) -> str:
    """Spreadsheet programs in China write GB 18030 unless told otherwise."""
    try:
        beginning[: beginning.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _row(line: int, header: list[str], cells: list[str], kind: RecordType, seen: dict[tuple[str, int], bytes]) -> Row:
    fields: dict[str, Any] = {}
    found: list[Fault] = []
    for name, cell in zip(header, cells, strict=False):
        text = cell.strip()
        if not text:
            continue
        try:
            fields[name] = _value(kind.types[name], text)
        except ValueError:
            found.append(Fault("VALUE_INVALID", name))
    if len(cells) > len(header):
        found.append(Fault("COLUMN_UNKNOWN", f"column {len(header) + 1}"))
    wrong = {fault.field for fault in found}
    found += [fault for fault in faults_of(kind.rules, fields) if fault.field not in wrong]
    identity = (fields.get("record_id", ""), fields.get("revision", 1))
    digest = hashlib.sha256(repr(sorted(fields.items())).encode()).digest()[:16]
    if identity[0] and seen.setdefault(identity, digest) != digest:
        found.append(Fault("REVISION_REUSED", "revision" if "revision" in header else "record_id"))
    columns = {name: number for number, name in enumerate(header, 1)}
    return Row(line, fields, [RowFault(line, columns.get(fault.field, 0), fault.field, fault.code) for fault in found])


def _value(type_: Any, text: str) -> Any:
    """Raises ValueError."""
    if type_ is str:
        return text
    if type_ is int:
        if not text.isascii() or not text.lstrip("-").isdigit():
            raise ValueError(text)
        return int(text)
    lowered = text.lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError(text)
