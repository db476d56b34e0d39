"""`make up`: everything started, the sample played, the plan's indicators shown. Goes on where the last run stopped."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc
import uvloop
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from clients.cli.answer import console, print_json
from deploy.local import report
from deploy.local.problem import LocalProblem
from deploy.local.settled import EvaluationStopped, Standing, Watch
from deploy.local.stack import SERVICES, Stack
from deploy.sample.expected import expected
from deploy.sample.feed import Advance, cluster_of, feed
from deploy.sample.province import PARTNERS
from deploy.sample.stations import Addresses, play_stations
from services.shared.kernel.area import areas
from swtalent.evaluation.v1 import evaluation_service_pb2 as pb
from swtalent.evaluation.v1.evaluation_service_pb2_grpc import EvaluationServiceStub

Result = TypeVar("Result")

PLAN_MONTH, LAST_MONTH = "2020-12", "2025-12"
_STILL_S = 60.0
_CANCEL_AGAIN_S = 5.0
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STATEMENT_WITHIN_S = 30.0


def up(stack: Stack, *, scale: float, detach: bool, json: bool) -> int:
    """Gives the exit code. Ctrl-C, SIGTERM or a closed terminal stop everything cleanly, at any moment."""
    began = time.monotonic()
    _interrupt_at(signal.default_int_handler)
    try:
        stack.check()
    except LocalProblem as problem:
        return _say(problem)
    code, keep = 1, False
    try:
        loaded = uvloop.run(_until_asked_to_stop(_load(stack, scale=scale, began=began, quiet=json)))
        shown = report.Report(stack, loaded, plan=expected(scale).indicators(), scale=scale)
        code = 0 if shown.well else 1
        if json:
            shown.as_json()
        else:
            shown.show(detached=detach)
        keep = detach
        if not detach:
            _until_stopped(stack)
    except KeyboardInterrupt:
        pass
    except LocalProblem as problem:
        code = _say(problem)
    except (EvaluationStopped, TimeoutError) as error:
        code = _say(LocalProblem(str(error), fix=f"read {stack.data_dir}/*.log"))
    finally:
        if not keep:
            _stop(stack, quiet=json)
    return code


def down(stack: Stack, *, json: bool) -> int:
    """Ends what runs on the stack's folder. Nothing to do is fine too."""
    stopped = stack.stop()
    if json:
        print_json({"stopped": stopped})
    else:
        console.print("stopped" if stopped else "nothing was running")
    return 0


def _say(problem: LocalProblem) -> int:
    print(f"{problem}\n  fix: {problem.fix}", file=sys.stderr)
    return 1


def _stop(stack: Stack, *, quiet: bool) -> None:
    _interrupt_at(signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
    if not quiet:
        console.print("stopping …")
    stack.stop()


def _interrupt_at(handler: Any) -> None:
    for number in _STOPPING:
        signal.signal(number, handler)


async def _until_asked_to_stop(work: Coroutine[Any, Any, Result]) -> Result:
    """The work's result; KeyboardInterrupt when somebody asked to stop before it ended.

    One cancellation is not enough: `asyncio.wait_for` before Python 3.12, which aiokafka waits with, loses one that
    comes together with the answer it waits for.
    """
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in _STOPPING:
        loop.add_signal_handler(number, asked.set)
    doing, asking = loop.create_task(work), loop.create_task(asked.wait())
    try:
        await asyncio.wait((doing, asking), return_when=asyncio.FIRST_COMPLETED)
        while not doing.done():
            doing.cancel()
            await asyncio.wait((doing,), timeout=_CANCEL_AGAIN_S)
    finally:
        asking.cancel()
        for number in _STOPPING:
            loop.remove_signal_handler(number)
        _interrupt_at(signal.default_int_handler)
    if asked.is_set():
        await asyncio.gather(doing, return_exceptions=True)
        raise KeyboardInterrupt
    return doing.result()


def _until_stopped(stack: Stack) -> None:
    while True:
        time.sleep(1)
        stack.must_run()


async def _load(stack: Stack, *, scale: float, began: float, quiet: bool) -> report.Loaded:
    with _bars(quiet=quiet) as bars:
        await _start(stack, bars)
        token = (await asyncio.to_thread(stack.tokens, "evaluator", areas=("510000",), name="up/evaluator"))["510000"]
        partners, services = tuple(PARTNERS), SERVICES
        async with (
            grpc.aio.insecure_channel(stack.address("evaluation")) as channel,
            Watch(
                stack.bootstrap,
                evaluation=stack.address("evaluation"),
                token=token,
                partners=partners,
                services=services,
            ) as watch,
        ):
            evaluation = _Evaluation(channel, token)
            first = asyncio.create_task(_first_value(evaluation, began))
            try:
                await _records(stack, watch, bars, scale=scale)
                await _stations(stack, bars, scale=scale)
                standing = await watch.until_settled(seconds=_STILL_S, progress=bars.standing)
                loaded_s = time.monotonic() - began
                first_s = await first
            finally:
                first.cancel()
            statement = await evaluation.publish()
            await watch.until_settled(seconds=_STILL_S)
            return report.Loaded(
                first_s,
                loaded_s,
                standing,
                await evaluation.values(PLAN_MONTH),
                await evaluation.values(LAST_MONTH),
                await asyncio.to_thread(_evidence, stack, statement),
            )


async def _start(stack: Stack, bars: _Bars) -> None:
    with bars.step("Kafka"):
        await asyncio.to_thread(stack.start_kafka)
        await asyncio.gather(stack.apply_topics(), asyncio.to_thread(stack.make_keys))
    with bars.step("registry, stations, funding, evaluation"):
        await asyncio.to_thread(stack.start_services)
        await stack.until_ready()


async def _records(stack: Stack, watch: Watch, bars: _Bars, *, scale: float) -> None:
    """Departments report while evaluation goes along; returns when all of it has arrived."""
    following = asyncio.create_task(_follow(watch, bars))
    try:
        await feed(
            stack.bootstrap,
            stack.keys_dir,
            scale=scale,
            memory=stack.data_dir / "sample.json",
            progress=bars.advance("departments report"),
        )
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    await watch.until_settled(seconds=_STILL_S, progress=bars.standing)


async def _stations(stack: Stack, bars: _Bars, *, scale: float) -> None:
    prefectures = [it.code for it in areas().values() if it.level == "prefecture"]
    tokens = await asyncio.to_thread(stack.tokens, "officer", areas=prefectures, name="sample/officer")
    await play_stations(
        Addresses(*(stack.address(service) for service in ("registry", "stations", "funding"))),
        tokens,
        scale=scale,
        cluster=await cluster_of(stack.bootstrap),
        memory=stack.data_dir / "sample.json",
        progress=bars.advance("officers open stations"),
    )


async def _follow(watch: Watch, bars: _Bars) -> None:
    while True:
        bars.standing(await watch.look())
        await asyncio.sleep(1)


async def _first_value(evaluation: _Evaluation, began: float) -> float:
    """Seconds until the first indicator had a value."""
    while True:
        if await evaluation.has_value("1"):
            return time.monotonic() - began
        await asyncio.sleep(0.25)


class _Evaluation:
    """What `make up` asks of evaluation, as evaluator."""

    def __init__(self, channel: Any, token: str) -> None:
        self._stub = EvaluationServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),)

    async def has_value(self, number: str) -> bool:
        request = pb.GetIndicatorRequest(number=number, month=PLAN_MONTH)
        answer = await self._stub.GetIndicator(request, metadata=self._metadata, timeout=10)
        return bool(answer.indicator.numerator)

    async def values(self, month: str) -> list[Any]:
        request = pb.ListIndicatorsRequest(area="510000", month=month, with_companions=True)
        return list((await self._stub.ListIndicators(request, metadata=self._metadata, timeout=30)).indicators)

    async def publish(self) -> str:
        """A statement of the plan's last month. Its values decide the request id: nothing new, no new statement."""
        values = await self.values(LAST_MONTH)
        said = "\n".join(f"{it.number} {it.numerator} {it.denominator}" for it in values)
        request = pb.PublishStatementRequest(
            request_id=f"up-{hashlib.sha256(said.encode()).hexdigest()[:32]}", month=LAST_MONTH
        )
        answer = await self._stub.PublishStatement(request, metadata=self._metadata, timeout=_STATEMENT_WITHIN_S)
        return str(answer.statement_id)


def _evidence(stack: Stack, statement: str) -> report.Evidence:
    """`swtalent audit verify`, as an outsider would run it."""
    done = subprocess.run(
        [sys.executable, "-m", "clients.cli", "audit", "verify", "--json"],
        check=False,
        capture_output=True,
        text=True,
        env=stack.environment() | {"COLUMNS": "200"},
    )
    return report.Evidence.of(done.returncode, done.stdout, done.stderr, statement=statement)


class _Bars:
    """Progress as bars on a terminal, as lines elsewhere, not at all when quiet."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._move(f"{name} starting", 0, 1)
        yield
        self._move(f"{name} starting", 1, 1)

    def advance(self, name: str) -> Any:
        def moved(now: Advance) -> None:
            self._move(name, now.done, now.total)

        return moved

    def standing(self, now: Standing) -> None:
        self._move("services take in", now.sent - min(now.waiting, now.sent), now.sent)
        self._move("evaluation folds", now.evaluated, now.events)

    def _move(self, name: str, done: int, total: int) -> None:
        if self._progress is None:
            return
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total)
        self._progress.update(self._tasks[name], completed=done, total=total)


@contextmanager
def _bars(*, quiet: bool) -> Iterator[_Bars]:
    if quiet:
        yield _Bars(None)
        return
    columns = (TextColumn("{task.description:<42}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        yield _Bars(progress)
