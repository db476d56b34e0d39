"""B3: what GetTalent costs beside an empty handler of the same size, and what pages gain over single reads."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import uvloop

from bench.arms import interleave, ratio, report
from bench.reads_server import METHOD
from services.shared.runtime import keys
from services.shared.runtime.issuer import issue
from swtalent.registry.v1 import registry_service_pb2 as pb

IN_FLIGHT = 32
CALLS = 6_000
PAGES = 600
PAGE = 100


@asynccontextmanager
async def server(kind: str, folder: Path):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.reads_server", kind, str(folder),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
    )  # fmt: skip
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def rate(call: Any, requests: list[bytes]) -> float:
    """Calls per second with 32 in flight; every answer is looked at."""
    todo = iter(requests)

    async def work() -> None:
        for request in todo:
            assert await call(request)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return len(requests) / (time.perf_counter() - began)


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys.init(folder / "keys")
        token = issue(keys.load(folder / "keys", "jwt"), deployment="local", name="bench", roles=["officer"],
                      now=time.time())  # fmt: skip
        metadata = (("authorization", f"Bearer {token}"),)
        async with server("registry", folder) as registry, grpc.aio.insecure_channel(registry["address"]) as channel:
            get = channel.unary_unary(METHOD)
            find = channel.unary_unary(METHOD.replace("GetTalent", "FindTalents"))
            ids = registry["ids"]
            gets = [
                pb.GetTalentRequest(talent_id=ids[number % len(ids)]).SerializeToString() for number in range(CALLS)
            ]
            pages = await tokens(find, metadata)
            answer = await get(gets[0], metadata=metadata)
            (folder / "size").write_text(str(len(answer)))
            async with server("empty", folder) as other, grpc.aio.insecure_channel(other["address"]) as plain:
                nothing = plain.unary_unary(METHOD)
                rates = await interleave(
                    {
                        "empty": lambda _: rate(lambda request: nothing(request, metadata=metadata), gets),
                        "get": lambda _: rate(lambda request: get(request, metadata=metadata), gets),
                        "page": lambda _: rate(
                            lambda request: find(request, metadata=metadata),
                            [pages[number % len(pages)] for number in range(PAGES)],
                        ),
                    },
                    rounds=7,
                )
    rates["people in pages"] = [found * PAGE for found in rates["page"]]
    median = {arm: round(statistics.median(found)) for arm, found in rates.items()}
    report("B3", "get/empty", ratio(rates, "get", "empty"), 0.70, calls_per_second=median, answer_bytes=len(answer))
    report("B3", "page/single", ratio(rates, "people in pages", "get"), 15, calls_per_second=median)


async def tokens(find: Any, metadata: Any) -> list[bytes]:
    """Requests for every full page of the province."""
    requests = [pb.FindTalentsRequest(page_size=PAGE)]
    while True:
        page = pb.FindTalentsResponse.FromString(await find(requests[-1].SerializeToString(), metadata=metadata))
        assert len(page.talents) in (0, PAGE)
        if not page.next_page_token:
            return [request.SerializeToString() for request in requests[:-1]]
        requests.append(pb.FindTalentsRequest(page_size=PAGE, page_token=page.next_page_token))


if __name__ == "__main__":
    uvloop.run(main())
