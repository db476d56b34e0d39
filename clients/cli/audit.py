"""`swtalent audit`: anybody's check of the published numbers, with read access to Kafka and the public key only."""

from __future__ import annotations

import asyncio
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clients.cli import config
from clients.cli.answer import Json, console, fail, print_json

if TYPE_CHECKING:
    from clients.evaluator.notes import Verifier

app = typer.Typer(no_args_is_help=True, help="Replay, verify, recompute / 核验评估公报与证据链.")

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

    verifier = _verifier(key)
    try:
        if source:
            verdict = verify_exported(source, verifier, statement=statement)
        else:
            verdict = asyncio.run(
                verify_kafka(config.bootstrap_servers(), verifier, statement=statement, export=export)
            )
    except LogUnreadable as error:
        fail(str(error), fix="set SWTALENT_KAFKA_BOOTSTRAP_SERVERS; read rights on the event topics are enough")
    if json:
        print_json(as_object(verdict))
    else:
        console.print(f"entries      {verdict.entries:,} in {verdict.partitions} partitions")
        for place, root in verdict.roots.items():
            console.print(f"  {root}  {place}", markup=False, soft_wrap=True)
        console.print(f"checkpoints  {verdict.checkpoints:,} signed, each equal to the rebuilt root")
        console.print(f"statement    {verdict.statement or 'none'} {verdict.month}")
        for number, (numerator, denominator) in verdict.values.items():
            console.print(f"  {number:>5}  {numerator:,}{f' / {denominator:,}' if denominator else ''}", markup=False)
        console.print("OK" if verdict.ok else f"NOT OK: {verdict.first_difference}", markup=False)
    if not verdict.ok:
        raise typer.Exit(1)


@app.command()
def watch(key: Key = None, json: Json = False) -> None:
    """Follow the log: every checkpoint is compared with the tree that is built here / 持续核验."""
    from clients.evaluator.logs import LogUnreadable
    from clients.evaluator.notes import NoteInvalid
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
    except (Difference, LogUnreadable, NoteInvalid) as error:
        fail(f"NOT OK: {error}")


def _verifier(key: Path | None) -> Verifier:
    from clients.evaluator.notes import NoteInvalid, Verifier

    path = key or config.keys_dir() / "evidence.pub"
    try:
        return Verifier.from_file(path, deployment=config.deployment())
    except (OSError, NoteInvalid) as error:
        fail(f"public key: {error}", fix="give --key FILE, or set SWTALENT_KEYS_DIR")
