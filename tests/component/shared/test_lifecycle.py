"""Order of start and stop, parts that fail or hang, and the process around them: ready line, signals, one line."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.shared.runtime import lifecycle
from services.shared.runtime.access import Access
from services.shared.runtime.clock import SystemClock, SystemRandom
from services.shared.runtime.grpc_server import GrpcServer
from services.shared.runtime.health import Health
from services.shared.runtime.lifecycle import App, Persistent, StartError
from services.shared.runtime.tokens import Tokens, trusted_keys
from tests.builders.serving import Client, Probe, a_token, add_probe, settings_in

ROOT = Path(__file__).parents[3]


class Part:
    """Writes down what happens to it."""

    def __init__(self, name, diary, *, start=None, stop=None):
        self.name = name
        self._diary = diary
        self._start = start
        self._stop = stop

    async def start(self):
        if self._start:
            await self._start()
        self._diary.append(f"start {self.name}")

    async def stop(self):
        if self._stop:
            await self._stop()
        self._diary.append(f"stop {self.name}")


def an_app(tmp_path, parts, **given):
    """Parts before the server, then the server."""
    settings = settings_in(tmp_path, **given)
    health = Health(settings.service)
    tokens = Tokens(trusted_keys(settings), deployment="local", clock=SystemClock())
    server = GrpcServer(settings, access=Access(tokens), health=health)
    server.add(add_probe, Probe())
    return App(settings, parts=[*parts, server], server=server, health=health)


async def fails():
    raise OSError(28, "No space left on device")


async def test_parts_start_in_order_and_stop_in_reverse_order(tmp_path):
    diary = []
    async with an_app(tmp_path, [Part(name, diary) for name in ("store", "relay", "intake")]) as app:
        assert app.health.serving()
        assert app.address.startswith("127.0.0.1:")

    assert diary == ["start store", "start relay", "start intake", "stop intake", "stop relay", "stop store"]


async def test_a_part_that_cannot_start_stops_the_others_and_is_named(tmp_path):
    diary = []
    parts = [Part("store", diary), Part("relay", diary, start=fails), Part("intake", diary)]

    with pytest.raises(StartError, match=r"relay: OSError: .*No space left on device"):
        await an_app(tmp_path, parts).start()

    assert diary == ["start store", "stop store"]


async def test_a_part_that_fails_or_hangs_at_stop_does_not_keep_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(lifecycle, "STOP_PATIENCE_S", 0.1)
    diary = []
    parts = [
        Part("store", diary),
        Part("hangs", diary, stop=asyncio.Event().wait),
        Part("fails", diary, stop=fails),
    ]

    async with an_app(tmp_path, parts):
        pass

    assert diary == ["start store", "start hangs", "start fails", "stop store"]


async def test_callers_are_told_to_go_before_the_port_closes(tmp_path):
    seen = []

    async def look():
        seen.append((await stub.Check(health_pb2.HealthCheckRequest())).status)

    app = an_app(tmp_path, [])
    app.parts.append(Part("intake", [], stop=look))
    await app.start()
    async with grpc.aio.insecure_channel(app.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        await look()
        await app.stop()

    assert seen == [health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING]


async def test_reads_go_on_while_a_part_waits_for_the_broker_and_it_starts_when_the_broker_is_there(tmp_path):
    diary, broker = [], asyncio.Event()

    async def connect():
        if not broker.is_set():
            raise ConnectionError("no broker")

    app = an_app(tmp_path, [])
    relay = Part("relay", diary, start=connect)
    app.parts.append(
        Persistent(relay, started=lambda: app.health.mark("relay", True), clock=SystemClock(), random=SystemRandom())
    )
    async with app, grpc.aio.insecure_channel(app.address) as channel:
        token = a_token(app.settings, now=SystemClock().now())
        assert await Client(channel, token, app.server, None).call("Read", "still here") == "still here"
        assert (app.health.serving(), app.health.serving("relay")) == (True, False)

        broker.set()
        async with asyncio.timeout(5):
            while not app.health.serving("relay"):
                await asyncio.sleep(0.02)

    assert diary == ["start relay", "stop relay"]


async def test_a_part_that_never_started_is_left_alone_at_stop(tmp_path):
    diary = []
    waiting = Persistent(
        Part("relay", diary, start=fails), started=lambda: None, clock=SystemClock(), random=SystemRandom()
    )

    async with an_app(tmp_path, [waiting]):
        await asyncio.sleep(0.01)

    assert diary == []


PROGRAM = """
    import asyncio, sys
    sys.path.insert(0, {tests!r})
    from test_lifecycle import Part, an_app
    from pathlib import Path
    from services.shared.runtime.lifecycle import run

    class Diary:
        def append(self, line): print(line, flush=True)

    async def hang(): await asyncio.sleep({hang})
    async def boom(): {boom}

    async def compose(settings):
        given = dict(grpc_port=settings.grpc_port)
        return an_app(Path({folder!r}), [Part("store", Diary(), start=boom, stop=hang)], **given)

    raise SystemExit(run("registry", compose))
"""


def a_process(folder, *, hang=0, boom="pass", **settings):
    program = textwrap.dedent(PROGRAM).format(
        tests=str(Path(__file__).parent), folder=str(folder), hang=hang, boom=boom
    )
    settings = {"grpc_port": 0, "metrics_port": 0, "keys_dir": folder / "keys", "environment": "test"} | settings
    variables = {f"SWTALENT_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("SWTALENT_")} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_ready(process):
    for line in process.stdout:
        if " ready " in line:
            return line
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_cleanly(tmp_path, number):
    process = a_process(tmp_path)
    ready = wait_until_ready(process)
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)

    assert ready.startswith("registry ready grpc=127.0.0.1:")
    assert "copies=1/1" in ready
    assert "store=sqlite synchronous=FULL" in ready
    assert (process.returncode, out.splitlines()) == (0, ["stop store", "registry stopped"])


def test_a_second_signal_ends_the_process_at_once(tmp_path):
    process = a_process(tmp_path, hang=10)
    wait_until_ready(process)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    began = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)

    assert time.perf_counter() - began < 2
    assert (process.returncode, "stopped" in out) == (130, False)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"boom": "raise OSError(28, 'No space left on device')"}, "registry cannot start: store: OSError: "),
        ({"grpc_port": "many"}, "registry cannot start: SWTALENT_GRPC_PORT: "),
        ({"environment": "production"}, "registry cannot start: environment=production: "),
    ],
)
def test_a_start_that_fails_says_why_in_one_line(tmp_path, given, told):
    process = a_process(tmp_path, **given)
    out, err = process.communicate(timeout=20)

    assert process.returncode == 1
    assert [line.startswith(told) for line in err.splitlines() if not line.startswith("{")] == [True]
    assert "ready" not in out


async def test_a_busy_port_is_told_with_its_setting(tmp_path):
    async with an_app(tmp_path, []) as app:
        process = a_process(tmp_path, grpc_port=app.server.port)
        _, err = await asyncio.to_thread(process.communicate, timeout=20)

    (line,) = [line for line in err.splitlines() if not line.startswith("{")]
    address = f"127.0.0.1:{app.server.port}"
    why = f"grpc: {address} cannot be listened on (Address already in use)"
    assert process.returncode == 1
    assert line == f"registry cannot start: {why}; set SWTALENT_GRPC_PORT or end the other process"
