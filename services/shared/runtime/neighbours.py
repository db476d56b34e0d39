"""Questions to neighbours: own token, trace, deadline and retries on the way out; the kernel's errors on the way back.

funding = Neighbour("funding", settings, tokens=ServiceToken(settings, clock))     # a part: start, stop
stub = FundingServiceStub(funding.channel)
answer = await funding.ask(stub.GetContract, GetContractRequest(contract_id=…))
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc

from services.shared.kernel.errors import NeighbourUnavailable, NotFound
from services.shared.runtime.access import present_call
from services.shared.runtime.grpc_errors import error_info
from services.shared.runtime.grpc_server import LARGEST_REQUEST
from services.shared.runtime.issuer import ServiceToken
from services.shared.runtime.metrics import METRICS, Counter
from services.shared.runtime.settings import Settings, SettingsError
from services.shared.runtime.trace import next_span, trace_context

_ASKED = Counter(
    "swtalent_neighbour_calls_total",
    "Questions to neighbours by how they ended",
    ["neighbour", "code"],
    registry=METRICS,
)

# Tried again only while the neighbour is not there; the deadline is given per call, because the one of a service
# config is not exact (it fires early on some virtual machines) and is not sent to the neighbour.
_RETRIES = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.1s",
                    "maxBackoff": "0.5s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)
_SILENT = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)


class NeighbourNotFound(NotFound):
    """The neighbour answered that it does not know the thing asked for; `neighbour_reason` is its code."""

    reason = "NOT_KNOWN_TO_NEIGHBOUR"
    zh, en = "相邻服务中没有该对象", "The neighbour does not know it"


class Neighbour:
    """One neighbouring service. Ask reads, or writes with a request id: a question may be repeated."""

    def __init__(self, service: str, settings: Settings, *, tokens: ServiceToken) -> None:
        self.name = f"neighbour {service}"
        self._service = service
        self._timeout_s = settings.neighbour_timeout_ms / 1000
        self._tokens = tokens
        self.channel = _channel(settings.neighbour_address(service), settings)

    async def start(self) -> None:
        """Connects with the first question, so that services start in any order."""

    async def stop(self) -> None:
        await self.channel.close()

    async def ask(self, rpc: Any, request: Any, *, field: str = "") -> Any:
        """The neighbour's answer.

        Raises NeighbourNotFound (about `field` of the caller's request) and NeighbourUnavailable for every other
        failure: whether the neighbour is down, too slow, or refuses us, nothing was learnt and nothing may be changed.
        """
        timeout = self._timeout_s
        call = present_call()
        if call is not None and (remaining := call.remaining_s()) is not None:
            timeout = min(timeout, remaining)
        metadata = (
            ("authorization", f"Bearer {self._tokens.current()}"),
            ("traceparent", next_span(trace_context.get())),
        )
        try:
            answer = await rpc(request, timeout=timeout, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            code = error.code()
            _ASKED.labels(self._service, code.name).inc()
            info = error_info(error)
            reason = info.reason if info is not None else code.name
            if code is grpc.StatusCode.NOT_FOUND:
                raise NeighbourNotFound(field=field, neighbour=self._service, neighbour_reason=reason) from None
            silent = code.name if code in _SILENT else reason
            raise NeighbourUnavailable(neighbour=self._service, neighbour_reason=silent) from None
        _ASKED.labels(self._service, "OK").inc()
        return answer


def _channel(address: str, settings: Settings) -> grpc.aio.Channel:
    options = [
        ("grpc.service_config", _RETRIES),
        ("grpc.max_receive_message_length", LARGEST_REQUEST),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
        ("grpc.keepalive_time_ms", 60_000),
    ]
    if not settings.neighbour_tls_ca:
        return grpc.aio.insecure_channel(address, options=options)
    try:
        authority = Path(settings.neighbour_tls_ca).read_bytes()
        pair = (
            (Path(settings.grpc_tls_key).read_bytes(), Path(settings.grpc_tls_certificate).read_bytes())
            if settings.grpc_tls_certificate
            else (None, None)
        )
    except OSError as error:
        raise SettingsError(f"SWTALENT_NEIGHBOUR_TLS_CA: {error.filename} cannot be read: {error.strerror}") from None
    return grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(authority, *pair), options=options)
