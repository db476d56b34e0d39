"""`swtalent settings`: every setting of the services."""

from __future__ import annotations

from clients.cli import module
from clients.cli.answer import Json


def settings(json: Json = False) -> None:
    """Name, type, default and meaning of every setting / 全部设置项."""
    module.run("services.shared.runtime.settings", *(["--json"] if json else []))
