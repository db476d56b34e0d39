"""`python -m services.shared.runtime.probe HOST:PORT [PART]`: exit code 0 while the part serves; for containers."""

from __future__ import annotations

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_WITHIN_S = 3.0


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


if __name__ == "__main__":
    raise SystemExit(0 if serves(*sys.argv[1:3]) else 1)
