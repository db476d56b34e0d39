"""The gRPC server of a service. A handler is wrapped once, when it is added: trace, access, decoding, errors, metrics.

Wrapping at registration instead of an interceptor saves the per-call chain of grpc.aio, and nothing can be added that
is not wrapped, because the server underneath is not handed out. Servicers take and give messages, and never catch; a
servicer may also return bytes that were serialised before (a hot read).
"""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias

import grpc
import structlog
from google.protobuf import descriptor_pool
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from services.shared.kernel.errors import DomainError, Forbidden, Unavailable
from services.shared.runtime.access import OPEN, UNDECLARED, Access, Call, Rule, enter_call, rules_of
from services.shared.runtime.grpc_errors import Internal, RequestMalformed, code_of, status_of
from services.shared.runtime.health import Health
from services.shared.runtime.metrics import METRICS, Counter, Histogram
from services.shared.runtime.settings import Settings, SettingsError
from services.shared.runtime.telemetry import frames_of
from services.shared.runtime.tokens import Verified
from services.shared.runtime.trace import enter_span

LARGEST_REQUEST = 1 << 20
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

_SECONDS = Histogram(
    "swtalent_grpc_seconds", "Time of one call inside the service", ["method"], buckets=_BUCKETS, registry=METRICS
)
_CALLS = Counter(
    "swtalent_grpc_calls_total", "Calls by the status they ended with", ["method", "code"], registry=METRICS
)
_log = structlog.stdlib.get_logger(__name__)

# grpc brings no types.
Context: TypeAlias = Any


class PortTaken(Exception):
    """The address cannot be listened on; the text names it and the setting."""


class GrpcServer:
    """Part: `add` every servicer, then `start`. With port 0 the port taken is in `port` afterwards."""

    name = "grpc"

    def __init__(self, settings: Settings, *, access: Access, health: Health) -> None:
        self._settings = settings
        self._access = access
        self._health = health
        self.port = settings.grpc_port
        self._names: list[str] = []
        self._pending: list[tuple[str, dict[str, Any]]] = []
        self._streams = _Streams()
        self._server: grpc.aio.Server | None = None

    @property
    def address(self) -> str:
        return f"{self._settings.grpc_host}:{self.port}"

    def add(self, register: Callable[[Any, Any], None], servicer: object) -> None:
        """`register` is the generated add_…Servicer_to_server."""
        register(servicer, self)

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Called by generated code, which gives the same handlers by method next; only those are served."""

    def add_registered_method_handlers(
        self, service: str, handlers: dict[str, grpc.RpcMethodHandler[Any, Any]]
    ) -> None:
        """Called by generated code: wrap every method of the service by its access rule."""
        rules = rules_of([descriptor_pool.Default().FindServiceByName(service)])
        wrapped = {}
        for name, handler in handlers.items():
            method = f"/{service}/{name}"
            rule = rules.get(method, UNDECLARED)
            wrapped[name] = handler if rule == OPEN else _Guard(method, rule, self._access, self._streams).wrap(handler)
        self._pending.append((service, wrapped))
        self._names.append(service)

    async def start(self) -> None:
        """Raises PortTaken, SettingsError."""
        settings = self._settings
        _must_be_free(settings.grpc_host, settings.grpc_port)
        for name in self._names:
            self._health.also_named(name)
        await self._health.attach(self)
        reflected = reflection.aio.ReflectionServicer([*self._names, reflection.SERVICE_NAME])
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(reflected, self)
        self._server = grpc.aio.server(
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", LARGEST_REQUEST),
                ("grpc.keepalive_time_ms", 60_000),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", 30_000),
            ],
            maximum_concurrent_rpcs=settings.grpc_concurrent_calls,
        )
        self._server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(service, wrapped) for service, wrapped in self._pending]
        )
        try:
            if settings.grpc_tls_certificate:
                self.port = self._server.add_secure_port(self.address, _credentials(settings))
            else:
                self.port = self._server.add_insecure_port(self.address)
        except RuntimeError as error:
            raise PortTaken(f"{self.address} cannot be listened on: {error}") from None
        await self._server.start()

    async def stop(self) -> None:
        """No new calls; those under way have `grpc_grace_s` to end. Streams would never end: they are ended."""
        if self._server is not None:
            stopping = asyncio.ensure_future(self._server.stop(self._settings.grpc_grace_s))
            await asyncio.sleep(0)
            self._streams.end()
            await stopping
            self._server = None


class ServiceStopping(Unavailable):
    reason = "SERVICE_STOPPING"
    zh, en = "服务正在停止", "The service is stopping"
    fix_zh, fix_en = "请重新连接", "Connect again"


class _Streams:
    """The streams under way, so that a stop need not wait for them."""

    def __init__(self) -> None:
        self.ending = False
        self.running: set[asyncio.Task[Any]] = set()

    def end(self) -> None:
        self.ending = True
        for task in self.running:
            task.cancel()


class _Guard:
    """One method's wrapping. The request is decoded here, so that the received bytes are at hand for its cause."""

    def __init__(self, method: str, rule: Rule, access: Access, streams: _Streams) -> None:
        self._method = method
        self._rule = rule
        self._access = access
        self._streams = streams
        self._seconds = _SECONDS.labels(method)
        self._ok = _CALLS.labels(method, "OK")

    def wrap(self, handler: Any) -> Any:
        parse, serialise = handler.request_deserializer, handler.response_serializer
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(self._unary(handler.unary_unary, parse, serialise))
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(self._stream(handler.unary_stream, parse, serialise))
        raise TypeError(f"{self._method}: client streams are not served")

    def _unary(self, behaviour: Any, parse: Any, serialise: Any) -> Any:
        async def unary(raw: bytes, context: Context) -> bytes:
            began = perf_counter()
            caller: Verified | None = None
            try:
                caller = self._admit(raw, context)
                response = await behaviour(_decode(parse, raw), context)
                encoded: bytes = response if type(response) is bytes else serialise(response)
            except grpc.aio.AbortError:
                raise
            except Exception as error:
                await self._refuse(error, caller, context, began)
                raise
            self._ok.inc()
            self._seconds.observe(perf_counter() - began)
            return encoded

        return unary

    def _stream(self, behaviour: Any, parse: Any, serialise: Any) -> Any:
        if not inspect.isasyncgenfunction(behaviour):
            raise TypeError(f"{self._method}: a stream is served by an async generator")

        async def stream(raw: bytes, context: Context) -> AsyncIterator[bytes]:
            began = perf_counter()
            caller: Verified | None = None
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - gRPC runs every call in a task
            self._streams.running.add(task)
            try:
                caller = self._admit(raw, context)
                async with aclosing(behaviour(_decode(parse, raw), context)) as responses:
                    async for response in responses:
                        self._access.must_be_in_time(caller)
                        yield response if type(response) is bytes else serialise(response)
            except grpc.aio.AbortError:
                raise
            except asyncio.CancelledError:
                if not self._streams.ending:
                    raise
                task.uncancel()
                await self._refuse(ServiceStopping(), caller, context, began)
            except Exception as error:  # noqa: BLE001 - as above
                await self._refuse(error, caller, context, began)
            else:
                self._ok.inc()
            finally:
                self._streams.running.discard(task)

        return stream

    def _admit(self, raw: bytes, context: Context) -> Verified:
        authorization = parent = ""
        for key, value in context.invocation_metadata() or ():
            if key == "authorization":
                authorization = value
            elif key == "traceparent":
                parent = value
        enter_span(parent)
        found = self._access.admit(self._method, self._rule, authorization, context.peer())
        enter_call(Call(found.principal, self._method, raw, context))
        return found

    async def _refuse(self, error: Exception, caller: Verified | None, context: Context, began: float) -> None:
        """Log a defect, count, note a refused principal, and end the call with the status."""
        if not isinstance(error, DomainError):
            defect = Internal()
            _log.error("call failed", method=self._method, incident=defect.meta["incident"], **frames_of(error))
            error = defect
        elif isinstance(error, Forbidden) and caller is not None:
            self._access.note(caller.principal, self._method, error.reason)
        _CALLS.labels(self._method, code_of(error).name).inc()
        self._seconds.observe(perf_counter() - began)
        await context.abort_with_status(status_of(error))


def _decode(parse: Any, raw: bytes) -> Any:
    try:
        return parse(raw)
    except DecodeError:
        raise RequestMalformed from None


def _credentials(settings: Settings) -> grpc.ServerCredentials:
    try:
        pair = (Path(settings.grpc_tls_key).read_bytes(), Path(settings.grpc_tls_certificate).read_bytes())
        authority = Path(settings.grpc_tls_client_ca).read_bytes() if settings.grpc_tls_client_ca else None
    except OSError as error:
        raise SettingsError(f"SWTALENT_GRPC_TLS_…: {error.filename} cannot be read: {error.strerror}") from None
    return grpc.ssl_server_credentials([pair], root_certificates=authority, require_client_auth=authority is not None)


def _must_be_free(host: str, port: int) -> None:
    """Ask a plain socket first: gRPC hides the reason and writes lines of its own to standard error."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host.strip("[]"), port), family=family):
            return
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise PortTaken(
            f"{host}:{port} cannot be listened on ({reason}); set SWTALENT_GRPC_PORT or end the other process"
        ) from None
