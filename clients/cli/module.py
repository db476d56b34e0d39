"""Commands that belong to a service's own code run it as a program of its own: clients import no service."""

from __future__ import annotations

import os
import subprocess
import sys

import typer


def run(module: str, *arguments: str) -> None:
    """`python -m module …` with our standard streams; ends the command with its exit code when that is not 0."""
    ended = subprocess.run([sys.executable, "-m", module, *arguments], check=False, env=os.environ)  # noqa: S603 - ours
    if ended.returncode:
        raise typer.Exit(ended.returncode)


def output_of(module: str, *arguments: str) -> str:
    """What it prints; "" when it fails."""
    ended = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", module, *arguments], check=False, capture_output=True, text=True
    )
    return ended.stdout.strip() if ended.returncode == 0 else ""
