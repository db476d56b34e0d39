"""`swtalent keys`: the key files of this deployment."""

from __future__ import annotations

from typing import Annotated

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


@app.command()
def rotate(
    purpose: Annotated[str, typer.Argument(help="seal, jwt or kek; the others can only be kept / 密钥用途")],
    json: Json = False,
) -> None:
    """Make a new key; the present one stays to open what it closed. Restart the services / 更换密钥，旧密钥保留."""
    _run("rotate", "--purpose", purpose, json=json)


def _run(action: str, *arguments: str, json: bool) -> None:
    folder = str(config.keys_dir())
    module.run("services.shared.runtime.keys", action, *arguments, "--dir", folder, *(["--json"] if json else []))
