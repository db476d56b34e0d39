"""The platform on one machine: real Kafka, four real processes, the whole small sample."""

import asyncio
import json
import socket
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import psutil
import pytest

from clients.partner import rejections
from deploy.local import running
from deploy.local.problem import AlreadyRunning, PortBusy
from deploy.local.stack import SERVICES, Stack
from deploy.sample.expected import YEARS
from deploy.sample.feed import feed
from deploy.sample.province import PARTNERS, Province
from tests.e2e.platform import PATIENCE_S, SCALE, a_watch, december_values, open_stations, start, wanted

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


async def test_twice_shuffled_with_invalid_records_and_kills_in_between_the_sums_are_the_plans(stack: Stack):
    await start(stack)
    token = stack.tokens("evaluator", areas=["510000"], name="test/evaluator")["510000"]
    province = Province(SCALE)
    options = {"scale": SCALE, "deliveries": 2, "shuffle_seed": 7, "invalid_share": 0.01}
    to_be_refused: Counter[str] = Counter()
    thirds = [2 * province.total * part // 3 for part in range(4)]
    for at, (first, last) in enumerate(pairwise(thirds)):
        outcome = await feed(stack.bootstrap, stack.keys_dir, start=first, stop=last, **options)
        to_be_refused += Counter(outcome.to_be_refused)
        if at < 2:
            killed = ("registry", "evaluation") if at else ("stations", "funding")
            stack.kill(*killed)
            stack.start_services(*killed)
            await stack.until_ready()
    async with a_watch(stack, token) as watch:
        await watch.until_settled(seconds=PATIENCE_S)
        await open_stations(stack)
        await open_stations(stack)
        await watch.until_settled(seconds=PATIENCE_S)

    for year in (2020, *YEARS):
        values = await december_values(stack, token, year)
        expected = wanted(province, year)
        assert {number: values[number] for number in expected} == expected, year
    refused = [it for name in PARTNERS async for it in rejections(name, bootstrap_servers=stack.bootstrap)]
    assert Counter(it.reason for it in refused) == to_be_refused
    assert all(it.record_id.startswith("invalid-") for it in refused)


def test_up_shows_the_plans_figures_leaves_it_running_and_a_second_up_adds_nothing(stack: Stack):
    first = up(stack)
    assert first["differing"] == []
    assert set(first["services"]) == set(SERVICES)
    assert len(first["tokens"]) == 9
    assert {entry.name for entry in stack.running()} == set(SERVICES)

    refused = run(stack, "up")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].strip() == "fix: make down"

    assert run(stack, "down").returncode == 0
    assert stack.running() == []

    second = up(stack)
    assert second["records"] == first["records"]
    assert second["events"] <= first["events"] + 1  # the statement of the first run
    assert second["indicators"] == first["indicators"]
    assert second["indicators_2025"] == first["indicators_2025"]


def test_ctrl_c_while_it_loads_stops_everything_and_the_next_up_goes_on(stack: Stack):
    child = subprocess.Popen(
        command(stack, "up", "--scale", "0.02", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(lambda: len(stack.running()) == len(SERVICES), seconds=60)
        wait_for((stack.data_dir / "sample.json").exists, seconds=60)
        ours = [entry.pid for entry in stack.running()]
        child.send_signal(2)
        _, said = child.communicate(timeout=60)
    finally:
        child.kill()
    assert "Traceback" not in said
    assert not any(map(psutil.pid_exists, ours))
    assert stack.running() == []
    assert stack.kafka is not None
    assert stack.kafka.pid is None

    result = json.loads(run(stack, "up", "--scale", "0.02", "--detach", "--json").stdout)
    assert result["differing"] == []


def up(stack: Stack) -> dict:
    done = run(stack, "up", "--scale", str(SCALE), "--detach", "--json")
    if "Maven" in done.stderr or "Java" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def command(stack: Stack, name: str, *flags: str) -> list[str]:
    first_port = stack.address(SERVICES[0]).rpartition(":")[2]
    kafka_port = stack.bootstrap.rpartition(":")[2]
    places = ["--data", str(stack.data_dir), "--port", first_port, "--kafka-port", kafka_port]
    return [sys.executable, "-m", "deploy.local", name, *flags, *places]


def run(stack: Stack, name: str, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(stack, name, *flags), check=False, capture_output=True, text=True, timeout=200)


def wait_for(condition, *, seconds: float) -> None:
    async def until() -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.05)

    asyncio.run(until())


def test_a_port_that_another_program_holds_is_named_with_the_fix(stack: Stack):
    port = int(stack.address("funding").rpartition(":")[2])
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # an earlier test's connections may linger there
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(PortBusy, match=f"port {port}, which funding needs") as caught:
            stack.check()
    assert str(port) in caught.value.fix


def test_only_processes_that_the_note_names_with_their_start_are_ended(stack: Stack):
    stack.data_dir.mkdir(parents=True)
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(sleeper) as ours, subprocess.Popen(sleeper) as other:
        stale = running.noted("funding", other.pid)._replace(started=1.0)  # its id was given to another program
        running.write(stack.data_dir / "running.json", [running.noted("registry", ours.pid), stale])
        with pytest.raises(AlreadyRunning):
            stack.check()
        assert stack.stop()
        assert other.poll() is None
        assert ours.wait(5) == -15
        other.kill()
