"""The broker's jars: fetched once by Maven, kept in the user's cache and shared by every clone."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.local.java import java
from deploy.local.problem import DownloadFailed, MavenMissing

KAFKA = "4.1.1"  # as in pom.xml
_POM = Path(__file__).with_name("pom.xml")


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "swtalent" / f"kafka-{KAFKA}"


def jars(folder: Path | None = None) -> Path:
    """The folder with all jars. Complete or absent, also when two processes fetch at once or one is killed."""
    target = folder or cache_folder()
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _fetch(fresh)
        try:
            fresh.rename(target)
        except OSError:
            if not target.is_dir():  # otherwise another process was quicker
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _fetch(into: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise MavenMissing(
            f"Maven is needed once, to fetch Kafka {KAFKA}",
            fix="install Maven, or set SWTALENT_KAFKA_BOOTSTRAP_SERVERS to a running Kafka, or: docker compose up",
        )
    arguments = ["-B", "-q", "-f", str(_POM), "dependency:copy-dependencies", f"-DoutputDirectory={into}"]
    environment = {**os.environ, "JAVA_HOME": os.environ.get("JAVA_HOME") or str(java().resolve().parents[1])}
    done = subprocess.run([maven, *arguments], check=False, capture_output=True, text=True, env=environment)
    if done.returncode or not list(into.glob("kafka_2.13-*.jar")):
        errors = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
        reason = errors[0] if errors else f"exit {done.returncode}"
        raise DownloadFailed(
            f"Maven could not fetch Kafka {KAFKA}: {reason}",
            fix="check Maven's settings and the network, or set SWTALENT_KAFKA_BOOTSTRAP_SERVERS to a running Kafka",
        )
