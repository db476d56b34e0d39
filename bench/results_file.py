"""B7: a results file of 30,000 rows, from the first sheet sent to every pass counted."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import grpc
import uvloop

from bench.arms import report
from bench.records import person
from services.registry.app import compose
from services.shared.runtime.clock import SystemClock
from swtalent.registry.v1 import registry_service_pb2 as registry_pb
from swtalent.registry.v1 import training_service_pb2 as pb
from swtalent.registry.v1.training_service_pb2_grpc import TrainingServiceStub
from tests.builders.serving import a_token, settings_in
from tests.builders.streams import MemoryStreams

ROWS, SHEET = 30_000, 500
SITTING = "510000/assistant/2021-10-16"
DEPARTMENT = "human_resources"


def a_sheet(number: int) -> pb.ReceiveResultsRequest:
    first = (number - 1) * SHEET
    return pb.ReceiveResultsRequest(
        request_id=f"sheet-{number}",
        department=DEPARTMENT,
        sitting_id=SITTING,
        number=number,
        rows=[
            pb.ResultRow(
                identity=registry_pb.Identity(name="李明华", id_number=person(at)), certificate=f"SC-{at}",
                home_county="510104",
            )
            for at in range(first, first + SHEET)
        ],
    )  # fmt: skip


async def counted(stub: TrainingServiceStub, metadata: tuple[tuple[str, str]]) -> int:
    answer = await stub.GetSitting(pb.GetSittingRequest(sitting_id=SITTING), metadata=metadata)
    return answer.facts.results


async def main() -> None:
    """The real service over SQLite and gRPC; the log is one of this process."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder), store="sqlite")
        sheets = [a_sheet(number + 1) for number in range(ROWS // SHEET)]
        app = await compose(settings, streams=MemoryStreams())
        async with app, grpc.aio.insecure_channel(app.address) as channel:
            stub = TrainingServiceStub(channel)
            metadata = (
                ("authorization", f"Bearer {a_token(settings, now=SystemClock().now(), department=DEPARTMENT)}"),
            )
            await stub.AnnounceSitting(
                pb.AnnounceSittingRequest(
                    request_id="sitting", department=DEPARTMENT, level="assistant", passed_on="2021-10-16",
                    issuing_province="510000",
                ),
                metadata=metadata,
            )  # fmt: skip
            began = time.perf_counter()
            for sheet in sheets:
                await stub.ReceiveResults(sheet, metadata=metadata)
            while await counted(stub, metadata) < ROWS:
                await asyncio.sleep(0.05)
            seconds = time.perf_counter() - began
    report("B7", "results file", seconds, 15, at_most=True, unit="seconds", rows=ROWS)


if __name__ == "__main__":
    uvloop.run(main())
