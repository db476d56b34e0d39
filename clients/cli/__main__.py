"""`swtalent`: the command of operators, departments and evaluators. A new group is a file here and a line below."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated

import typer

from clients.cli import audit, doctor, indicators, keys, local, partner, registry, settings, token, topics

app = typer.Typer(
    name="swtalent",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold personal data
    help="Social-work talent platform of a province / 社会工作人才平台. Exit code 0 = all is well.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(metadata.version("swtalent"))
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version / 版本")
    ] = False,
) -> None:
    """What stands before every command."""


# Groups with commands of their own, then single commands.
app.add_typer(partner.app, name="partner")
app.add_typer(registry.app, name="registry")
app.add_typer(audit.app, name="audit")
app.add_typer(keys.app, name="keys")
app.add_typer(topics.app, name="topics")
app.command("up")(local.up)
app.command("down")(local.down)
app.command("indicators")(indicators.indicators)
app.command("settings")(settings.settings)
app.command("token")(token.token)
app.command("doctor")(doctor.doctor)


def main() -> None:
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
