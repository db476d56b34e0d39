"""`swtalent topics`: Kafka as deploy/topics.yaml says."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from clients.cli import config
from clients.cli.answer import Json, console, fail, print_json

app = typer.Typer(no_args_is_help=True, help="Kafka topics of this deployment / 主题")


@app.callback()
def topics() -> None:
    """A group, also while it has one command."""


@app.command()
def apply(
    production: Annotated[
        bool, typer.Option("--production", help="Replication and rights of production / 按生产环境设置")
    ] = False,
    json: Json = False,
) -> None:
    """Create what is missing, put drifted settings right, delete nothing / 应用主题定义."""
    from deploy.local.problem import LocalProblem
    from deploy.local.topics import apply as apply_topics

    try:
        done = asyncio.run(apply_topics(config.bootstrap_servers(), local=not production))
    except LocalProblem as problem:
        fail(str(problem), fix=problem.fix)
    if json:
        print_json({"created": done.created, "altered": done.altered, "unchanged": done.unchanged})
        return
    for name in done.created:
        console.print(f"created  {name}")
    for name, settings in done.altered.items():
        for setting, (was, now) in settings.items():
            console.print(f"altered  {name} {setting}: {was} → {now}")
    console.print(f"{len(done.created)} created, {len(done.altered)} altered, {len(done.unchanged)} as they should be")
