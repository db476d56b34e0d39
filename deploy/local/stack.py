"""Kafka and the four services as processes of this machine. Data, keys, logs and who runs live in one folder."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local import running
from deploy.local.kafka import HOST, LocalKafka
from deploy.local.problem import AlreadyRunning, DiskFull, LocalProblem, PortBusy
from deploy.local.topics import Applied, apply

SERVICES = ("registry", "stations", "funding", "evaluation")
KAFKA_VARIABLE = "SWTALENT_KAFKA_BOOTSTRAP_SERVERS"
KAFKA_PORT, GRPC_PORT, METRICS_PORT = 9092, 7101, 7201
_PARTS = ("", "relay", "intake")
_READY_WITHIN_S = 60.0
_STOP_WITHIN_S = 25.0
_DISK_NEEDED = 2**30


class ServiceFailed(LocalProblem):
    """A service ended, or never became ready."""


class Service(NamedTuple):
    name: str
    address: str
    metrics: str
    log: Path


class Stack:
    """`first_port`: gRPC of the first service; the next ones follow, metrics are 100 above. Blocking unless async."""

    def __init__(self, data_dir: Path, *, first_port: int = GRPC_PORT, kafka_port: int = KAFKA_PORT) -> None:
        self.data_dir = data_dir.resolve()
        self.keys_dir = self.data_dir / "keys"
        self._note = self.data_dir / "running.json"
        self._children: list[subprocess.Popen[bytes]] = []
        elsewhere = os.environ.get(KAFKA_VARIABLE, "")
        self.kafka = None if elsewhere else LocalKafka(self.data_dir / "kafka", port=kafka_port)
        self.bootstrap = elsewhere or f"{HOST}:{kafka_port}"
        metrics = first_port + METRICS_PORT - GRPC_PORT
        self.services = tuple(
            Service(name, f"{HOST}:{first_port + at}", f"{HOST}:{metrics + at}", self.data_dir / f"{name}.log")
            for at, name in enumerate(SERVICES)
        )

    def address(self, service: str) -> str:
        return self.services[SERVICES.index(service)].address

    def running(self) -> list[running.Noted]:
        """The services of this folder that run, whoever started them."""
        return running.read(self._note)

    # --- start, in this order

    def check(self) -> None:
        """Raises the first LocalProblem that stands in the way: it runs already, no space, a busy port."""
        if self.running() or (self.kafka and self.kafka.pid):
            raise AlreadyRunning(f"the platform already runs on {self.data_dir}", fix="make down")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.data_dir).free
        if free < _DISK_NEEDED:
            raise DiskFull(f"{free // 2**20} MiB free at {self.data_dir}, 1024 are needed", fix="free some disk space")
        for service in self.services:
            for address in (service.address, service.metrics):
                _must_be_free(address, service.name)

    def start_kafka(self) -> None:
        """Nothing to do where the environment names another Kafka."""
        if self.kafka is not None:
            self.kafka.start()

    async def apply_topics(self) -> Applied:
        return await apply(self.bootstrap, local=True)

    def make_keys(self) -> None:
        """Only those that are not there; raises LocalProblem with what the key command said."""
        self._run("services.shared.runtime.keys", "init", "--dir", str(self.keys_dir))

    def start_services(self, *names: str) -> None:
        """Those named, or all at once; `until_ready` waits for them. They survive this process: `stop` ends them."""
        started = self.running()
        for service in self.services:
            if names and service.name not in names:
                continue
            with service.log.open("ab") as log:
                child = subprocess.Popen(
                    [sys.executable, "-m", f"services.{service.name}"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self.environment(service.name),
                    start_new_session=True,  # Ctrl-C is ours to pass on, in order
                )
            self._children.append(child)
            started.append(running.noted(service.name, child.pid))
            running.write(self._note, started)

    def kill(self, *names: str) -> None:
        """Ends them at once, as a power cut would; their data stays."""
        for entry in self.running():
            if entry.name in names:
                running.kill(entry)
        self._reap()

    def _reap(self) -> None:
        """Those of our own children that have ended."""
        self._children = [child for child in self._children if child.poll() is None]

    def environment(self, service: str = "") -> dict[str, str]:
        """What a service, or a command that talks to this stack, finds in its environment."""
        addresses = {f"SWTALENT_{it.name.upper()}_ADDRESS": it.address for it in self.services}
        own = {}
        if service:
            it = self.services[SERVICES.index(service)]
            own = {
                "SWTALENT_GRPC_PORT": it.address.rpartition(":")[2],
                "SWTALENT_METRICS_PORT": it.metrics.rpartition(":")[2],
                "SWTALENT_DATA_DIR": str(self.data_dir / service),
            }
        return {
            **os.environ,
            KAFKA_VARIABLE: self.bootstrap,
            "SWTALENT_KEYS_DIR": str(self.keys_dir),
            "MALLOC_ARENA_MAX": "2",
            **addresses,
            **own,
        }

    async def until_ready(self) -> None:
        """Returns when every part of every service serves. Raises ServiceFailed with what the service said last."""
        deadline = time.monotonic() + _READY_WITHIN_S
        await asyncio.gather(*(self._ready(service, deadline) for service in self.services))

    async def _ready(self, service: Service, deadline: float) -> None:
        async with grpc.aio.insecure_channel(service.address) as channel:
            check = health_pb2_grpc.HealthStub(channel).Check
            for part in _PARTS:
                while not await _serves(check, part):
                    self.must_run(service.name)
                    if time.monotonic() > deadline:
                        raise ServiceFailed(
                            f"{service.name}: {part or 'the service'} does not serve", fix=f"read {service.log}"
                        )
                    await asyncio.sleep(0.1)

    def must_run(self, *names: str) -> None:
        """Raises ServiceFailed when one of them (all, unless named) has ended."""
        alive = {entry.name for entry in self.running()}
        for service in self.services:
            if service.name in (names or SERVICES) and service.name not in alive:
                raise ServiceFailed(f"{service.name} ended: {_last_line(service.log)}", fix=f"read {service.log}")

    # --- use

    def tokens(self, role: str, *, areas: Sequence[str], name: str) -> Mapping[str, str]:
        """A token per area, made by the local issuer."""
        given = [argument for area in areas for argument in ("--area", area)]
        made = self._run("services.shared.runtime.issuer", "--json", "--role", role, "--name", name, *given)
        return {entry["area"]: entry["token"] for entry in json.loads(made)}

    def token_per_role(self) -> Mapping[str, str]:
        return {entry["role"]: entry["token"] for entry in json.loads(self._run(*_EACH_TOKEN))}

    def _run(self, module: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=self.environment(),
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise LocalProblem(said[-1] if said else f"{module} failed", fix=f"python -m {module} --help")
        return done.stdout

    # --- stop

    def stop(self) -> bool:
        """Ends the services, then the broker; False when nothing ran. Only processes that this folder's note names."""
        entries = self.running()
        running.end(entries, patience_s=_STOP_WITHIN_S)
        self._reap()
        self._note.unlink(missing_ok=True)
        broker = bool(self.kafka and self.kafka.pid)
        if self.kafka is not None:
            self.kafka.stop()
        return bool(entries) or broker


_EACH_TOKEN = ("services.shared.runtime.issuer", "--each", "--json")


async def _serves(check: Any, part: str) -> bool:
    try:
        answer = await check(health_pb2.HealthCheckRequest(service=part), timeout=2.0)
    except grpc.aio.AioRpcError:
        return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _must_be_free(address: str, service: str) -> None:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            raise PortBusy(
                f"port {port}, which {service} needs, is taken by another program",
                fix=f"stop it (see: ss -ltnp 'sport = :{port}')",
            ) from None


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "it left no log"
    return lines[-1][:300] if lines else "it said nothing"
