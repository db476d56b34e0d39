"""`swtalent audit`: anybody's check of the published numbers, with read access to Kafka and the public key only."""

from __future__ import annotations

import asyncio
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clients.cli import config
from clients.cli.answer import FAILED, MISUSED, Json, console, fail, print_json

if TYPE_CHECKING:
    from clients.evaluator.notes import Verifier
    from clients.evaluator.verify import Verdict

app = typer.Typer(no_args_is_help=True, help="Replay, verify, recompute / 核验评估公报与证据链.")

_FIX_KAFKA = "set SWTALENT_KAFKA_BOOTSTRAP_SERVERS; read rights on the event topics are enough"

Key = Annotated[
    Path | None, typer.Option(help="Public evidence key; evidence.pub of the keys folder unless given / 公钥文件")
]
Statement = Annotated[str, typer.Option(help="Id of the statement; the latest unless given / 公报编号")]


@app.command()
def verify(
    statement: Statement = "",
    key: Key = None,
    export: Annotated[Path | None, typer.Option(help="Also write the log to this folder / 同时导出日志")] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Check an exported log instead of Kafka / 核验已导出的日志")
    ] = None,
    json: Json = False,
) -> None:
    """Rebuild every root, check the checkpoints, recompute the indicators, compare with the statement / 全量核验."""
    from clients.evaluator.logs import LogUnreadable
    from clients.evaluator.verify import as_object, verify_exported, verify_kafka

    if source and export:
        fail("--from and --export exclude each other", code=MISUSED)
    verifier = _verifier(key)
    try:
        if source:
            verdict = verify_exported(source, verifier, statement=statement)
        else:
            verdict = asyncio.run(
                verify_kafka(config.bootstrap_servers(), verifier, statement=statement, export=export)
            )
    except LogUnreadable as error:
        fail(str(error), fix=_FIX_KAFKA)
    except OSError as error:
        fail(_said(error))
    if json:
        print_json(as_object(verdict))
    else:
        _show(verdict)
    if not verdict.ok:
        raise typer.Exit(FAILED)


def _show(verdict: Verdict) -> None:
    console.print(f"entries      {verdict.entries:,} in {verdict.partitions} partitions")
    for place, root in verdict.roots.items():
        console.print(f"  {root}  {place}", markup=False, soft_wrap=True)
    console.print(f"checkpoints  {verdict.checkpoints:,} signed, each equal to the rebuilt root")
    if verdict.unsigned:
        console.print(f"             {verdict.unsigned:,} entries are newer than the last of their partition")
    console.print(f"statements   {verdict.statements:,} signed, each over roots of this log")
    console.print(f"compared     {verdict.statement or 'none'} {verdict.month}")
    for number, (numerator, denominator) in verdict.values.items():
        console.print(f"  {number:>5}  {numerator:,}{f' / {denominator:,}' if denominator else ''}", markup=False)
    console.print("OK" if verdict.ok else f"NOT OK: {verdict.first_difference}", markup=False, soft_wrap=True)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write to; made when it is not there / 导出目录")],
    json: Json = False,
) -> None:
    """Write the log to files, to be checked offline: swtalent audit verify --from FOLDER / 导出日志供离线核验."""
    from clients.evaluator.logs import LogUnreadable
    from clients.evaluator.verify import export_kafka

    try:
        entries = asyncio.run(export_kafka(config.bootstrap_servers(), folder))
    except LogUnreadable as error:
        fail(str(error), fix=_FIX_KAFKA)
    except OSError as error:
        fail(_said(error))
    if json:
        print_json({"ok": True, "entries": entries, "folder": str(folder)})
    else:
        console.print(f"{entries:,} entries are in {folder}", markup=False, soft_wrap=True)


@app.command()
def watch(key: Key = None, json: Json = False) -> None:
    """Follow the log: every checkpoint is compared with the tree that is built here / 持续核验."""
    from clients.evaluator.logs import LogUnreadable
    from clients.evaluator.replay import Difference
    from clients.evaluator.watch import watch as follow

    verifier = _verifier(key)

    async def run() -> None:
        async for it in follow(config.bootstrap_servers(), verifier):
            if json:
                print(dumps({**it._asdict(), "root": it.root.hex()}), flush=True)
            else:
                console.print(f"{it.topic}:{it.partition} {it.size} {it.root.hex()} OK", markup=False, soft_wrap=True)

    try:
        asyncio.run(run())
    except Difference as error:
        fail(f"NOT OK: {error}")
    except LogUnreadable as error:
        fail(str(error), fix=_FIX_KAFKA)
    except KeyboardInterrupt:
        raise typer.Exit from None


def _said(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}"


def _verifier(key: Path | None) -> Verifier:
    from clients.evaluator.notes import NoteInvalid, Verifier

    path = key or config.keys_dir() / "evidence.pub"
    try:
        return Verifier.from_file(path, deployment=config.deployment())
    except (OSError, NoteInvalid) as error:
        fail(f"public key: {error}", fix="give --key FILE, or set SWTALENT_KEYS_DIR")
