"""Start and stop of one service: settings, logging, parts in order, signals, draining.

`services/<service>/__main__.py` is `raise SystemExit(run("<service>", compose))`, with `compose` from its app.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

import structlog
import uvloop

from services.shared.kernel.errors import DomainError
from services.shared.kernel.ports import Clock, Random
from services.shared.runtime.grpc_server import GrpcServer, PortTaken
from services.shared.runtime.health import WHOLE, Health
from services.shared.runtime.keys import KeyFileError
from services.shared.runtime.metrics import MetricsEndpoint
from services.shared.runtime.settings import Settings, SettingsError, settings_for, unknown_variables
from services.shared.runtime.telemetry import configure_logging, frames_of

# A part that has not stopped by then is left behind: what it did not finish is done again after the next start.
STOP_PATIENCE_S = 15.0
_FIRST_RETRY_S, _LONGEST_RETRY_S = 0.25, 10.0

_log = structlog.stdlib.get_logger(__name__)


class Part(Protocol):
    """One thing that runs: the store, the server, the relay. Stopped only when its start ended well."""

    name: str

    async def start(self) -> None:
        """Ready when this returns. A failure ends the start of the whole service: see `Persistent` for the others."""

    async def stop(self) -> None:
        """Finish what is under way, bounded; nothing runs when this returns."""


class StartError(Exception):
    """One part did not start; the text is one line for whoever started the service."""


class App:
    """A composed service: what `compose` builds and tests run in process, `async with await compose(settings):`.

    Parts start in the given order (store, grpc, relay, intake …) and stop in the reverse one.
    """

    def __init__(self, settings: Settings, *, parts: Sequence[Part], server: GrpcServer, health: Health) -> None:
        self.settings = settings
        self.parts = list(parts)
        self.server = server
        self.health = health
        self._started: list[Part] = []

    @property
    def address(self) -> str:
        """Where gRPC answers, once started."""
        return self.server.address

    async def start(self) -> None:
        """Raises StartError, with everything stopped again."""
        for part in self.parts:
            try:
                await part.start()
            except BaseException as error:
                await self.stop()
                if isinstance(error, Exception):
                    raise StartError(f"{part.name}: {_one_line(error)}") from error
                raise
            self._started.append(part)
        self.health.mark(WHOLE, True)

    async def stop(self) -> None:
        """NOT_SERVING first, then every part in reverse order; a part that fails or hangs does not keep the others."""
        await self.health.shut_down()
        while self._started:
            part = self._started.pop()
            try:
                async with asyncio.timeout(STOP_PATIENCE_S):
                    await part.stop()
            except Exception as error:  # noqa: BLE001 - the other parts must be stopped all the same
                _log.error("part did not stop cleanly", part=part.name, **frames_of(error))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class Persistent:
    """A part that the service can do without for a while: tried in the background until it starts.

    `started` is called then, to mark its health, which begins as NOT_SERVING; later the part marks it itself.
    """

    def __init__(self, part: Part, *, started: Callable[[], None], clock: Clock, random: Random) -> None:
        self.name = part.name
        self._part = part
        self._started = started
        self._clock = clock
        self._random = random
        self._trying: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._trying = asyncio.create_task(self._try())

    async def stop(self) -> None:
        if self._trying is None:
            return
        started = self._trying.done() and not self._trying.cancelled()
        if not started:
            self._trying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._trying
            return
        await self._part.stop()

    async def _try(self) -> None:
        wait = _FIRST_RETRY_S
        while True:
            try:
                await self._part.start()
            except Exception as error:  # noqa: BLE001 - whatever it is, the service goes on without the part
                _log.warning("part cannot start yet", part=self.name, again_in_s=round(wait, 1), **frames_of(error))
                await self._clock.sleep(wait * (0.75 + self._random.fraction() / 2))
                wait = min(wait * 2, _LONGEST_RETRY_S)
            else:
                self._started()
                return


Compose = Callable[[Settings], Awaitable[App]]


def run(service: str, compose: Compose) -> int:
    """Run until SIGTERM or SIGINT; gives the exit code. A second signal ends the process at once."""
    try:
        settings = settings_for(service)
    except SettingsError as error:
        return _cannot_start(service, error)
    configure_logging(settings.log_level, service=service)
    if unknown := unknown_variables():
        _log.warning("settings are unknown", variables=unknown)
    return uvloop.run(_serve(settings, compose))


async def _serve(settings: Settings, compose: Compose) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask_to_stop() -> None:
        if stopping.is_set():
            os._exit(130)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask_to_stop)
    metrics = MetricsEndpoint(settings.metrics_host, settings.metrics_port)
    try:
        app = await compose(settings)
        app.parts.insert(0, metrics)
        await app.start()
        collect_seldom()
    except Exception as error:  # noqa: BLE001 - one line for whoever started it, the rest in the log
        if not isinstance(error, StartError | SettingsError | KeyFileError | DomainError | OSError):
            _log.error("service cannot start", **frames_of(error))
        return _cannot_start(settings.service, error)
    durability = f" synchronous={settings.sqlite_synchronous}" if settings.store == "sqlite" else ""
    print(
        f"{settings.service} ready grpc={app.address} metrics={metrics.host}:{metrics.port} "
        f"store={settings.store}{durability} kafka={settings.kafka_bootstrap_servers} "
        f"copies={settings.kafka_replication_factor}/{settings.kafka_min_insync_replicas} "
        f"environment={settings.environment}",
        flush=True,
    )
    await stopping.wait()
    await app.stop()
    print(f"{settings.service} stopped", flush=True)
    return 0


def collect_seldom() -> None:
    """Windows and caches hold hundreds of thousands of acyclic values, and counting their births starts a search for
    cycles among them: with the usual thresholds it took two fifths of the intake's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def _one_line(error: BaseException) -> str:
    if isinstance(error, SettingsError | KeyFileError | PortTaken | DomainError):
        return str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split()) or 'no further text'}"


def _cannot_start(service: str, error: BaseException) -> int:
    text = str(error) if isinstance(error, StartError) else _one_line(error)
    print(f"{service} cannot start: {text}", file=sys.stderr, flush=True)
    return 1
