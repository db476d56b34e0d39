"""Commands that belong to a service's own code run it as a program of its own: clients import no service."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import NoReturn

import typer


def run(module: str, *arguments: str) -> None:
    """`python -m module …` with our standard streams; ends the command with its exit code when that is not 0."""
    ended = subprocess.run([sys.executable, "-m", module, *arguments], check=False, env=os.environ)  # noqa: S603 - ours
    if ended.returncode:
        raise typer.Exit(ended.returncode)


def become(module: str, *arguments: str) -> NoReturn:
    """The same in this very process, so that Ctrl-C and signals reach it and nobody else."""
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - our own module


def output_of(module: str, *arguments: str) -> str:
    """What it prints; "" when it fails."""
    ended = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", module, *arguments], check=False, capture_output=True, text=True
    )
    return ended.stdout.strip() if ended.returncode == 0 else ""
