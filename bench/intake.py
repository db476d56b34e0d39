"""B1 and B2: what the registry's intake costs, against the bare loop and against the naive way."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench.arms import interleave, ratio, report
from bench.records import MIXED_PARTNER, MIXED_TOPIC, TOPIC, publish
from deploy.local import topics
from deploy.local.kafka import LocalKafka
from services.shared.runtime import keys

RECORDS = 60_000
NAIVE_RECORDS = 3_000


async def _arm(name: str, module: str, folder: Path, bootstrap: str, count: int, topic: str, number: int) -> float:
    place = folder / f"{name}-{number}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, name.removeprefix("mixed-"), str(place), bootstrap, str(count),
        f"{name}-{number}", topic,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    answer, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"arm {name} failed")
    shutil.rmtree(place, ignore_errors=True)
    return float(answer.split()[-1])


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kafka = LocalKafka(folder / "kafka")
        await asyncio.to_thread(kafka.start)
        try:
            await topics.apply(kafka.bootstrap_servers)
            keys.init(folder / "keys")
            publishes = partial(publish, kafka.bootstrap_servers, folder / "keys", count=RECORDS)
            await publishes()
            await publishes(partner=MIXED_PARTNER, mixed=True)
            arms = {
                arm: partial(_arm, arm, module, folder, kafka.bootstrap_servers, count, topic)
                for arm, module, count, topic in (
                    ("bare", "bench.intake_arm", RECORDS, TOPIC),
                    ("intake", "bench.intake_arm", RECORDS, TOPIC),
                    ("process", "bench.intake_arm", RECORDS, TOPIC),
                    ("mixed-bare", "bench.intake_arm", RECORDS, MIXED_TOPIC),
                    ("mixed-intake", "bench.intake_arm", RECORDS, MIXED_TOPIC),
                    ("naive", "bench.intake_naive", NAIVE_RECORDS, TOPIC),
                )
            }
            rates = await interleave(arms)
        finally:
            await asyncio.to_thread(kafka.stop)
    median = {arm: round(statistics.median(found)) for arm, found in rates.items()}
    report("B1", "intake/bare", ratio(rates, "intake", "bare"), 0.22, records_per_second=median)
    report("B1", "intake/bare with education and cases", ratio(rates, "mixed-intake", "mixed-bare"), 0.22)
    report("B1", "process", median["process"], 12_000, unit="records_per_second")
    report("B2", "intake/naive", ratio(rates, "intake", "naive"), 10, records_per_second=median)


if __name__ == "__main__":
    asyncio.run(main())
