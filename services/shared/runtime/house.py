"""What every service is built of: store, lanes, gRPC server, relay, intakes, health. app.py adds what is its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Random
from services.shared.runtime.access import Access
from services.shared.runtime.access_audit import ACCESS_NOTE, AccessAudit
from services.shared.runtime.clock import SystemClock, SystemRandom
from services.shared.runtime.grpc_server import GrpcServer
from services.shared.runtime.health import WHOLE, Health
from services.shared.runtime.intake import Intake
from services.shared.runtime.lifecycle import App, Part, Persistent
from services.shared.runtime.reader import Reader
from services.shared.runtime.refusals import refusal_kind
from services.shared.runtime.relay import Relay
from services.shared.runtime.settings import Settings
from services.shared.runtime.store import open_store
from services.shared.runtime.store.kind import Kind
from services.shared.runtime.stream_ports import Publisher, Source, Together
from services.shared.runtime.tokens import Tokens, trusted_keys
from services.shared.runtime.waiting import WAITING, WaitingRoom

if TYPE_CHECKING:
    from services.shared.runtime.store import ServiceStore


class Streams(Protocol):
    """Ways to the log. Kafka's are in kafka.py; tests give a simulated log."""

    def publisher(self) -> Publisher: ...

    def source(self, reader: Reader, *, group: str) -> Source: ...


class House:
    """Builds one service. `await House.open(...)`, then `serve`, `read` and `add` while composing, then `app` once."""

    def __init__(
        self, settings: Settings, *, store: ServiceStore, streams: Streams, clock: Clock, random: Random
    ) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.random = random
        self.lanes = Lanes(store, clock=clock, random=random)
        self.health = Health(settings.service)
        self.audit = AccessAudit(settings.service, self.lanes, clock=clock, random=random)
        tokens = Tokens(trusted_keys(settings), deployment=settings.deployment, clock=clock)
        self.server = GrpcServer(settings, access=Access(tokens, refusals=self.audit), health=self.health)
        self._streams = streams
        self._parts: list[Part] = []
        self._reading = Together(lambda serving, why: self.health.mark("intake", serving, why=why))
        self._intakes: list[Part] = []

    @classmethod
    async def open(
        cls,
        settings: Settings,
        kinds: Sequence[Kind[Any]],
        *,
        streams: Streams,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> Self:
        """With the store that the settings name, holding the service's `kinds` and those of the runtime."""
        clock, random = clock or SystemClock(), random or SystemRandom()
        all_kinds = (*kinds, refusal_kind(settings.service), ACCESS_NOTE, WAITING)
        store = await open_store(settings, all_kinds, clock=clock, random=random)
        return cls(settings, store=store, streams=streams, clock=clock, random=random)

    def serve(self, register: Callable[[Any, Any], None], servicer: object) -> None:
        """`register` is the generated add_…Servicer_to_server."""
        self.server.add(register, servicer)

    def add(self, part: Part) -> None:
        """A part of the service's own, started before the server."""
        self._parts.append(part)

    def read(self, reader: Reader, *others: Reader, name: str = "") -> None:
        """Feed readers of the same topics through one consumer group, which keeps their common position.

        `name` defaults to that of the only reader. Readers that write into the same aggregates belong together: one
        after the other they do not clash.
        """
        name = name or reader.name
        source = self._streams.source(reader, group=f"{self.settings.service}.{name}")
        tell = self._reading.part(name)
        readers = (reader, *others)
        intake = Intake(source, readers, self.store, name=name, clock=self.clock, random=self.random, tell=tell)
        self._intakes.append(Persistent(intake, started=lambda: tell(True, ""), clock=self.clock, random=self.random))

    def read_with_waiting(self, reader: Reader) -> None:
        """Feed a reader some of whose records wait for what they refer to."""
        self.read(reader)
        longest_s = self.settings.parent_wait_s
        self.add(WaitingRoom(reader, self.store, self.lanes, clock=self.clock, longest_s=longest_s))

    def app(self) -> App:
        relay = Relay(
            self.store.outbox,
            self._streams.publisher(),
            clock=self.clock,
            tell=lambda serving, why: self.health.mark("relay", serving, why=why),
            drain_s=self.settings.relay_drain_s,
        )
        stored = _Stored(self.store, self.health)
        parts: list[Part] = [stored, self.audit, *self._parts, self.server, relay, *self._intakes]
        return App(self.settings, parts=parts, server=self.server, health=self.health)


class _Stored:
    """The store as a part: closed last; says each second whether it takes commits."""

    name = "store"

    def __init__(self, store: ServiceStore, health: Health) -> None:
        self._store = store
        self._health = health
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        await self._store.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._health.mark(WHOLE, self._store.healthy(), why="the store takes no commits")
