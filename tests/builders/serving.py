"""A gRPC service made for tests, the real server around it, and tokens good and bad."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, wrappers_pb2

from services.shared.kernel.dates import Day, today
from services.shared.runtime import keys
from services.shared.runtime.access import Access, Refusals
from services.shared.runtime.grpc_server import GrpcServer
from services.shared.runtime.health import Health
from services.shared.runtime.issuer import issue
from services.shared.runtime.settings import Settings, settings_for
from services.shared.runtime.tokens import Tokens, trusted_keys
from swtalent.common.v1 import access_pb2

PROBE = "swtalent.test.v1.ProbeService"
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)

# Method → (permission, scope, answers with a stream). None = declares nothing.
METHODS: dict[str, tuple[str, int, bool] | None] = {
    "Read": ("indicator.read", access_pb2.SCOPE_DEPLOYMENT, False),
    "Write": ("talent.report", access_pb2.SCOPE_DEPARTMENT, False),
    "Watch": ("indicator.read", access_pb2.SCOPE_DEPLOYMENT, True),
    "Station": ("station.read", access_pb2.SCOPE_DEPLOYMENT, False),
    "Undeclared": None,
    "HalfDeclared": ("indicator.read", access_pb2.SCOPE_UNSPECIFIED, False),
}

Text = wrappers_pb2.StringValue
Handler = Callable[[Text, Any], Awaitable[Any]]


class SetClock:
    """Time stands still until a test moves it; sleeping moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.instant = now

    def now(self) -> datetime:
        return self.instant

    def day(self) -> Day:
        return today(self.instant)

    async def sleep(self, seconds: float) -> None:
        """Moves on at once, but lets the others run: a loop that waits for its next turn must not be the only one."""
        self.instant += timedelta(seconds=seconds)
        await asyncio.sleep(0.01)


class StillClock(SetClock):
    """The date stands still, but waiting takes the time it takes: for whole services, whose readers may clash."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@cache
def _define_probe() -> None:
    file = descriptor_pb2.FileDescriptorProto(
        name="swtalent/test/v1/probe.proto",
        package="swtalent.test.v1",
        syntax="proto3",
        dependency=["google/protobuf/wrappers.proto", "swtalent/common/v1/access.proto"],
    )
    service = file.service.add(name="ProbeService")
    for name, declared in METHODS.items():
        method = service.method.add(
            name=name,
            input_type=".google.protobuf.StringValue",
            output_type=".google.protobuf.StringValue",
            server_streaming=bool(declared and declared[2]),
        )
        if declared:
            option = method.options.Extensions[access_pb2.access]
            option.permission, option.scope = declared[:2]
    descriptor_pool.Default().Add(file)


class Probe:
    """Answers every method with what it was given, until a test puts another handler in its place."""

    def __init__(self, **handlers: Any) -> None:
        self._handlers = handlers

    def of(self, method: str) -> Any:
        return self._handlers.get(method, _echo_stream if method == "Watch" else _echo)


async def _echo(request: Text, _: Any) -> Text:
    return request


async def _echo_stream(request: Text, _: Any) -> AsyncIterator[Text]:
    yield request


def add_probe(probe: Probe, server: Any) -> None:
    """The shape of a generated add_…Servicer_to_server."""
    _define_probe()
    handlers = {}
    for name, declared in METHODS.items():
        make = grpc.unary_stream_rpc_method_handler if declared and declared[2] else grpc.unary_unary_rpc_method_handler
        handlers[name] = make(probe.of(name), Text.FromString, Text.SerializeToString)
    server.add_registered_method_handlers(PROBE, handlers)


def settings_in(folder: Path, **given: Any) -> Settings:
    """Settings of a service that touches nothing outside `folder` and takes free ports."""
    keys.init(folder / "keys")
    defaults = {
        "environment": "test",
        "store": "memory",
        "grpc_port": 0,
        "metrics_port": 0,
        "data_dir": str(folder / "data"),
        "keys_dir": str(folder / "keys"),
    }
    return settings_for(given.pop("service", "registry"), **(defaults | given))


def a_token(settings: Settings, *, role: str = "department_officer", now: datetime = NOON, **given: Any) -> str:
    """A good token of the local issuer."""
    wanted = {"name": f"test/{role}", "roles": [role], "department": "civil_affairs", "deployment": "local"} | given
    key = wanted.pop("key", None) or keys.load(settings.keys_dir, "jwt")
    return issue(key, now=now.timestamp(), **wanted)


class Client:
    """Calls the probe as a stranger to its code would: over a socket, with metadata."""

    def __init__(self, channel: grpc.aio.Channel, token: str, server: GrpcServer, access: Access) -> None:
        self.channel = channel
        self.token = token
        self.server = server
        self.access = access

    def new_health(self) -> Health:
        return Health("registry")

    async def call(self, method: str, text: str = "", *, token: str | None = None, **metadata: str) -> str:
        return Text.FromString(await self.send(method, Text(value=text).SerializeToString(), token, metadata)).value

    async def send(self, method: str, raw: bytes, token: str | None = None, metadata: Any = None) -> bytes:
        return await self.channel.unary_unary(f"/{PROBE}/{method}")(raw, metadata=self.metadata(token, metadata))

    def watch(self, text: str = "", *, token: str | None = None) -> Any:
        return self.channel.unary_stream(f"/{PROBE}/Watch", response_deserializer=Text.FromString)(
            Text(value=text).SerializeToString(), metadata=self.metadata(token)
        )

    def metadata(self, token: str | None = None, more: Any = None) -> list[tuple[str, str]]:
        token = self.token if token is None else token
        return [*((("authorization", f"Bearer {token}"),) if token else ()), *(more or {}).items()]


@asynccontextmanager
async def serving(
    folder: Path,
    *,
    clock: Any = None,
    refusals: Refusals | None = None,
    settings: Settings | None = None,
    **handlers: Any,
) -> AsyncIterator[Client]:
    """The real server with the probe in it, and a client with a good token."""
    settings = settings or settings_in(folder)
    clock = clock or SetClock()
    health = Health(settings.service)
    tokens = Tokens(trusted_keys(settings), deployment=settings.deployment, clock=clock)
    access = Access(tokens, refusals=refusals)
    server = GrpcServer(settings, access=access, health=health)
    server.add(add_probe, Probe(**handlers))
    await server.start()
    try:
        async with grpc.aio.insecure_channel(server.address) as channel:
            yield Client(channel, a_token(settings, now=clock.now()), server, access)
    finally:
        await server.stop()
