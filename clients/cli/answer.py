"""How commands answer: the answer on standard output, what is wrong on standard error, exit code 0 = all is well."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

OK, FAILED, MISUSED = 0, 1, 2

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text / 输出 JSON")]

# A pipe or a file has no width of its own; what a program reads must not be cut to a terminal's.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
errors = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """Columns whose name ends in > are aligned to the right."""
    table = Table(title=title or None, title_justify="left")
    for column in columns:
        table.add_column(column.removesuffix(">"), justify="right" if column.endswith(">") else "left")
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table)


def fail(what: str, *, fix: str = "", code: int = FAILED) -> NoReturn:
    """One line that says what is wrong, one that says what to do; then the command ends."""
    errors.print(what, markup=False, soft_wrap=True)
    if fix:
        errors.print(f"→ {fix}", markup=False, soft_wrap=True)
    raise typer.Exit(code)
