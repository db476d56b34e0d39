"""Servers for the Mongo store: a MongoDB-wire server of this machine, and MongoDB itself where Docker answers."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_HERE = Path(__file__).parent / "mongo"
_READY_S = 60


@pytest.fixture(scope="session")
def mongo_wire() -> Iterator[str]:
    """URI of a server made by tests/mongo: right about single documents, silent about durability and speed."""
    java, compiler = shutil.which("java"), shutil.which("javac")
    if java is None or compiler is None:
        pytest.skip("no JDK: the MongoDB-wire server's launcher needs java and javac on PATH")
    folder = _jars()
    with tempfile.TemporaryDirectory() as classes:
        path = f"{folder}/*"
        subprocess.run([compiler, "-cp", path, "-d", classes, str(_HERE / "Launcher.java")], check=True)
        arguments = [java, "-Xmx192m", "-XX:+UseSerialGC", "-cp", f"{classes}:{path}", "Launcher"]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout
                if not select.select([server.stdout], [], [], _READY_S)[0]:
                    pytest.fail(f"the MongoDB-wire server did not answer within {_READY_S} s")
                yield f"mongodb://127.0.0.1:{int(server.stdout.readline())}/?retryWrites=false"
            finally:
                server.terminate()


def _jars() -> Path:
    """Fetched once by Maven into the user's cache. Complete or absent, also when several fetch at once."""
    target = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "swtalent" / "mongo-wire-1.47.0"
    if target.is_dir():
        return target
    maven = shutil.which("mvn")
    if maven is None:
        pytest.skip("no Maven: it fetches the MongoDB-wire server once")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".mongo-wire.", dir=target.parent))
    try:
        arguments = ["-B", "-q", "-f", str(_HERE / "pom.xml"), "dependency:copy-dependencies"]
        done = subprocess.run(
            [maven, *arguments, f"-DoutputDirectory={fresh}"], check=False, capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"Maven could not fetch the MongoDB-wire server: {(done.stdout + done.stderr)[-300:]}")
        if not target.is_dir():
            fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def docker_missing() -> str:
    """Why there is no Docker engine to ask; "" = there seems to be one."""
    if os.environ.get("DOCKER_HOST") or Path("/var/run/docker.sock").exists():
        return ""
    return "no Docker engine: DOCKER_HOST is not set and /var/run/docker.sock is not there"


@pytest.fixture(scope="session")
def mongo_docker() -> Iterator[str]:
    """URI of a real MongoDB, a replica set of one."""
    # A process of its own, because docker-py leaves sockets open where nobody answers.
    ping = [sys.executable, "-c", "import docker; docker.from_env(timeout=3).ping()"]
    if subprocess.run(ping, check=False, capture_output=True).returncode:
        pytest.skip("the Docker engine does not answer a ping")
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - its import looks for the engine

    container = DockerContainer("mongo:7").with_command("--replSet rs0 --bind_ip_all").with_exposed_ports(27017)
    with container as server:
        primary = "try { rs.initiate() } catch (e) {}; while (!db.hello().isWritablePrimary) sleep(100)"
        until = time.monotonic() + _READY_S
        while server.exec(["mongosh", "--quiet", "--eval", primary]).exit_code:
            if time.monotonic() > until:
                pytest.fail(f"MongoDB did not become primary within {_READY_S} s")
            time.sleep(0.5)
        yield f"mongodb://{server.get_container_host_ip()}:{server.get_exposed_port(27017)}/?directConnection=true"
