"""`swtalent keys`: the key files of this deployment."""

from __future__ import annotations

import typer

from clients.cli import config, module
from clients.cli.answer import Json

app = typer.Typer(no_args_is_help=True, help="Key files of this deployment / 密钥文件")


@app.command()
def init(json: Json = False) -> None:
    """Make the keys that are not there yet; none is ever overwritten / 生成缺少的密钥."""
    _run("init", json=json)


@app.command()
def show(json: Json = False) -> None:
    """Purposes and key ids, never a secret / 用途与密钥编号."""
    _run("show", json=json)


def _run(action: str, *, json: bool) -> None:
    module.run("services.shared.runtime.keys", action, "--dir", str(config.keys_dir()), *(["--json"] if json else []))
