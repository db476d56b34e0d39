"""Which processes of a data folder are ours, so that another command can end them and nothing else."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil


class Noted(NamedTuple):
    """A process by id and start time: an id alone may be somebody else's by now."""

    name: str
    pid: int
    started: float

    def process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None


def noted(name: str, pid: int) -> Noted:
    return Noted(name, pid, psutil.Process(pid).create_time())


def read(path: Path) -> list[Noted]:
    """Those of the note that still run."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        found = [Noted(entry["name"], entry["pid"], entry["started"]) for entry in entries]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []
    return [entry for entry in found if entry.process()]


def write(path: Path, entries: Sequence[Noted]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps([entry._asdict() for entry in entries]), encoding="utf-8")
    fresh.replace(path)


def end(entries: Sequence[Noted], *, patience_s: float) -> None:
    """SIGTERM to all at once; by force what has not ended in time."""
    for entry in entries:
        if process := entry.process():
            process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + patience_s
    for entry in entries:
        while entry.process() and time.monotonic() < deadline:
            time.sleep(0.05)
        kill(entry)


def kill(entry: Noted) -> None:
    """SIGKILL, if it still runs."""
    if process := entry.process():
        process.kill()
        process.wait(10)
