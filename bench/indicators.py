"""B4: an indicator read does not grow with the data, and beats recomputing it from all facts."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import uvloop

from bench.arms import interleave, ratio, report
from bench.indicators_server import facts
from services.evaluation.domain.contributions import talent
from services.shared.runtime import keys
from services.shared.runtime.issuer import issue
from swtalent.evaluation.v1 import evaluation_service_pb2 as pb
from swtalent.evaluation.v1.evaluation_service_pb2_grpc import EvaluationServiceStub

SMALL, BIG = 1_000, 100_000
READS = 2_000
MONTH = "2020-12"
PROVINCE_SERIES = "1"


@asynccontextmanager
async def server(talents: int, folder: Path):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.indicators_server", str(talents), str(folder),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(120):
            yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


async def median_pace(stub: Any, metadata: Any, expected: int) -> float:
    """1 ÷ p50 of one read at a time, in reads per second."""
    seconds = []
    for _ in range(READS):
        began = time.perf_counter()
        answer = await stub.GetIndicator(pb.GetIndicatorRequest(number="1", month=MONTH), metadata=metadata)
        seconds.append(time.perf_counter() - began)
        assert answer.indicator.numerator == expected
    return 1 / statistics.median(seconds)


async def recompute(people: list[Any], expected: int) -> float:
    """From scratch: every person's contributions, summed up to the month."""
    began = time.perf_counter()
    sums: Counter[Any] = Counter()
    for number, person in enumerate(people):
        sums.update(talent.contributions(str(number), person))
    found = sum(amount for (series, _, month), amount in sums.items() if series == PROVINCE_SERIES and month <= MONTH)
    assert found == expected
    return 1 / (time.perf_counter() - began)


async def main() -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        keys.init(folder / "keys")
        token = issue(keys.load(folder / "keys", "jwt"), deployment="local", name="bench", roles=["auditor"],
                      now=time.time())  # fmt: skip
        metadata = (("authorization", f"Bearer {token}"),)
        people = [facts(number) for number in range(BIG)]
        stubs = {}
        for size in (SMALL, BIG):
            address = await stack.enter_async_context(server(size, folder))
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(address))
            stubs[size] = EvaluationServiceStub(channel)
        rates = await interleave(
            {
                "small": lambda _: median_pace(stubs[SMALL], metadata, SMALL),
                "big": lambda _: median_pace(stubs[BIG], metadata, BIG),
                "recompute": lambda _: recompute(people, BIG),
            }
        )
    p50_us = {arm: round(1e6 / statistics.median(found), 1) for arm, found in rates.items()}
    report("B4", "p50 big/small", ratio(rates, "small", "big"), 1.10, at_most=True, p50_us=p50_us)
    report("B4", "read/recompute", ratio(rates, "big", "recompute"), 500, p50_us=p50_us)


if __name__ == "__main__":
    uvloop.run(main())
