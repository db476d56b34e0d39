"""`swtalent doctor`: what this machine lacks or has in the way, one line each with its remedy."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import typer

from clients.cli import config
from clients.cli.answer import FAILED, Json, console, print_json

_DISK_NEEDED_GIB = 2
_PATIENCE_S = 2.0
_SERVICES = ("registry", "stations", "funding", "evaluation")


class Finding(NamedTuple):
    """`needed` false = it is reported, but all may be well without it."""

    check: str
    ok: bool
    what: str
    fix: str = ""
    needed: bool = True


def doctor(json: Json = False) -> None:
    """Check tools, disk, keys, Kafka and services; exit code 0 when the platform can run here / 环境检查."""
    findings = [finding for check in _CHECKS for finding in check()]
    if json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            mark = "[green]ok[/]  " if finding.ok else "[red]no[/]  " if finding.needed else "[yellow]–[/]   "
            console.print(f"{mark}{finding.check:<12} {finding.what}")
            if not finding.ok and finding.fix:
                console.print(f"                 → {finding.fix}", markup=False)
    if any(not finding.ok and finding.needed for finding in findings):
        raise typer.Exit(FAILED)


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or later")


def _kafka_tools() -> Iterator[Finding]:
    """A Kafka that is named in the environment needs no tools of this machine."""
    from deploy.local.jars import KAFKA, cache_folder
    from deploy.local.java import java
    from deploy.local.problem import JavaMissing

    elsewhere = _reaches(config.bootstrap_servers())
    try:
        yield Finding("Java", ok=True, what=str(java()))
    except JavaMissing as missing:
        yield Finding("Java", ok=False, what=str(missing), fix=missing.fix, needed=not elsewhere)
    cached, maven = cache_folder().is_dir(), shutil.which("mvn")
    yield Finding(
        "Kafka",
        ok=cached or maven is not None,
        what=f"{KAFKA} fetched before"
        if cached
        else f"to be fetched by {maven}"
        if maven
        else "neither fetched nor Maven",
        fix="install Maven, or set SWTALENT_KAFKA_BOOTSTRAP_SERVERS to a running Kafka, or: docker compose up",
        needed=not elsewhere,
    )


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    yield Finding(
        "disk", free >= _DISK_NEEDED_GIB, f"{free:.1f} GiB free", f"free at least {_DISK_NEEDED_GIB} GiB on this disk"
    )


def _keys() -> Iterator[Finding]:
    secrets = sorted(config.keys_dir().glob("*.key"))
    yield Finding("keys", bool(secrets), f"{len(secrets)} in {config.keys_dir()}", "swtalent keys init", needed=False)
    for path in secrets:
        if path.stat().st_mode & 0o077:
            yield Finding("keys", ok=False, what=f"{path} may be read by others", fix=f"chmod 600 {path}")


def _running() -> Iterator[Finding]:
    broker = config.bootstrap_servers()
    yield Finding("broker", _reaches(broker), broker, "make up", needed=False)
    for service in _SERVICES:
        address = config.address(service)
        said = _health(address)
        yield Finding(service, said == "SERVING", f"{address} {said}", "make up", needed=False)


def _reaches(addresses: str) -> bool:
    for address in addresses.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S):
                return True
        except (OSError, ValueError):
            continue
    return False


def _health(address: str) -> str:
    """SERVING, NOT_SERVING, or what is in the way. Another program on the port does not speak gRPC."""
    if not _reaches(address):
        return "not running"
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    from clients.cli.calls import channel_to

    with channel_to(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=_PATIENCE_S)
        except grpc.RpcError as error:
            return f"the port is taken, but no service answers there ({error.code().name})"
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


_CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (_python, _kafka_tools, _disk, _keys, _running)
