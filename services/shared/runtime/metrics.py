"""Metrics of the process and the small HTTP endpoint that Prometheus reads (`GET /metrics` on `metrics_port`)."""

from __future__ import annotations

import asyncio
import contextlib

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

__all__ = ["METRICS", "Counter", "Gauge", "Histogram", "MetricsEndpoint"]

# Every metric of the platform names this registry; no metric is labelled with anything personal or unbounded.
METRICS = CollectorRegistry()
ProcessCollector(registry=METRICS)

_PATIENCE_S = 5.0
_LONGEST_REQUEST = 8192


class MetricsEndpoint:
    """Part that answers GET /metrics; everything else is 404. Port 0 takes a free one, found in `port` once started."""

    name = "metrics"

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._answer, self.host, self.port, limit=_LONGEST_REQUEST)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that sends nonsense, too much, too slowly or hangs up is not worth a log line.
        with contextlib.suppress(OSError, TimeoutError, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_PATIENCE_S):
                request = await reader.readuntil(b"\r\n\r\n")
                found = request.startswith((b"GET /metrics ", b"GET /metrics?"))
                body = generate_latest(METRICS) if found else b"only /metrics is here\n"
                kind = CONTENT_TYPE_PLAIN_0_0_4 if found else "text/plain"
                writer.write(
                    f"HTTP/1.1 {'200 OK' if found else '404 Not Found'}\r\nContent-Type: {kind}\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                )
                writer.write(body)
                await writer.drain()
        writer.close()
