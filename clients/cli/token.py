"""`swtalent token`: a token of the local issuer."""

from __future__ import annotations

from typing import Annotated

import typer

from clients.cli import module
from clients.cli.answer import Json


def token(
    role: Annotated[str, typer.Option(help="officer, department_officer, evaluator, auditor, portal, …")],
    area: Annotated[str, typer.Option(help="Root of the area subtree / 管辖区划")] = "510000",
    department: Annotated[str, typer.Option(help="For department_officer / 部门")] = "",
    json: Json = False,
) -> None:
    """A token for SWTALENT_TOKEN, at most 12 hours, good on this machine only / 本机令牌."""
    arguments = ["--role", role, "--area", area]
    if department:
        arguments += ["--department", department]
    module.run("services.shared.runtime.issuer", *arguments, *(["--json"] if json else []))
