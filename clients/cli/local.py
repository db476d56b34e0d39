"""`swtalent up` and `swtalent down`: the whole platform on this machine, with a fictitious province in it."""

from __future__ import annotations

from typing import Annotated

import typer

from clients.cli import module
from clients.cli.answer import Json


def up(
    scale: Annotated[float, typer.Option(min=0.01, max=1.0, help="Size of the sample / 样例规模")] = 1.0,
    detach: Annotated[bool, typer.Option("--detach", help="Leave everything running / 后台运行")] = False,
    json: Json = False,
) -> None:
    """Start Kafka and the four services, load the sample, show the indicators; Ctrl-C stops it / 启动."""
    flags = [*(["--detach"] if detach else []), *(["--json"] if json else [])]
    module.become("deploy.local", "up", "--scale", str(scale), *flags)


def down(json: Json = False) -> None:
    """Stop what `swtalent up --detach` left running / 停止."""
    module.become("deploy.local", "down", *(["--json"] if json else []))
