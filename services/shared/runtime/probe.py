"""`python -m services.shared.runtime.probe [SERVICE | HOST:PORT] [PART]`: exit code 0 while it serves, for containers.

Without arguments it asks the service that process 1 runs (`python -m services.registry`), at its own grpc_port. Parts
are those of health.py. It speaks without TLS; where gRPC has it, ask the metric `swtalent_part_serving` instead.
"""

from __future__ import annotations

import sys
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.shared.runtime.settings import DEFAULTS, SettingsError, settings_for

_WITHIN_S = 3.0
_PROCESS_1 = Path("/proc/1/cmdline")


def serves(address: str, part: str = "") -> bool:
    """One gRPC health check; no answer is a no."""
    with grpc.insecure_channel(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(service=part), timeout=_WITHIN_S
            )
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def address_of(target: str, *, process_1: Path = _PROCESS_1) -> str:
    """Where `target` listens here; "" when none is given and process 1 runs no service. Raises SettingsError."""
    if not target:
        words = process_1.read_bytes().decode(errors="replace").split("\0")
        target = next((it for it in DEFAULTS if f"services.{it}" in words), "")
    return f"127.0.0.1:{settings_for(target).grpc_port}" if target in DEFAULTS else target


def main(arguments: list[str]) -> int:
    target, part = [*arguments, "", ""][:2]
    try:
        address = address_of(target)
    except (SettingsError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command answers
        return 1
    return 0 if address and serves(address, part) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
