"""gRPC health, one status per part: "" = the store and so the service, `relay` and `intake` = its ways to Kafka.

Parts fail apart: without the broker `relay` and `intake` are NOT_SERVING while reads and writes go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

from services.shared.runtime.metrics import METRICS, Gauge

WHOLE = ""
PARTS = (WHOLE, "relay", "intake")

_SERVING = Gauge("swtalent_part_serving", "1 while the part serves", ["service", "part"], registry=METRICS)
_log = structlog.stdlib.get_logger(__name__)


class Health:
    """What each part said last. All start as NOT_SERVING; after `shut_down` nothing serves any more."""

    def __init__(self, service: str, parts: Sequence[str] = PARTS) -> None:
        self._service = service
        self._serving = dict.fromkeys(parts, False)
        self._names: dict[str, list[str]] = {part: [part] for part in parts}
        self._servicer = health_aio.HealthServicer()
        self._telling: set[asyncio.Task[None]] = set()
        self._over = False
        for part in parts:
            _SERVING.labels(service, part or "store").set(0)

    def serving(self, part: str = WHOLE) -> bool:
        return self._serving[part] and not self._over

    def mark(self, part: str, serving: bool, *, why: str = "") -> None:
        """Called by the part itself, from the loop; a change is logged. `why` names no person and no content."""
        if self._over or self._serving[part] == serving:
            return
        self._serving[part] = serving
        _SERVING.labels(self._service, part or "store").set(1 if serving else 0)
        if serving:
            _log.info("part serves", part=part or "store")
        else:
            _log.warning("part does not serve", part=part or "store", why=why)
        self._tell(part)

    def also_named(self, full_name: str) -> None:
        """Clients may ask for a gRPC service by its full name; it has the status of the whole."""
        self._names[WHOLE].append(full_name)

    async def attach(self, server: Any) -> None:
        """Answer Check and Watch on this server."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)
        for part in self._serving:
            await self._publish(part)

    async def shut_down(self) -> None:
        """NOT_SERVING for good, so that callers turn away before the port closes."""
        self._over = True
        for part in self._serving:
            _SERVING.labels(self._service, part or "store").set(0)
        await self._servicer.enter_graceful_shutdown()

    def _tell(self, part: str) -> None:
        task = asyncio.get_running_loop().create_task(self._publish(part))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _publish(self, part: str) -> None:
        status = health_pb2.HealthCheckResponse.ServingStatus
        for name in self._names[part]:
            # The state of now, not of when the task was made: the last word is always the true one.
            await self._servicer.set(name, status.SERVING if self._serving[part] else status.NOT_SERVING)
