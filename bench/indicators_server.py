"""Server of the indicator benchmark: `python -m bench.indicators_server TALENTS FOLDER`; prints its address.

The whole evaluation service over SQLite, with as many talents folded from a log in memory. Ends with its input.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvloop

from bench.reads_server import NoStreams
from services.evaluation.app import compose
from services.shared.kernel.area import areas
from services.shared.runtime.lifecycle import collect_seldom
from services.shared.runtime.settings import settings_for
from services.shared.runtime.telemetry import configure_logging
from tests.builders.evaluation import MemoryLog, a_certificate, a_recognition, a_talent, an_affiliation, talent_event

COUNTIES = [code for code, area in areas().items() if area.level == "county"]


def facts(number: int):
    """People of all counties and of ten years of beginnings."""
    year, month = 2011 + number % 10, 1 + number // 10 % 12
    return a_talent(
        affiliations=[an_affiliation(place=COUNTIES[number % len(COUNTIES)], since=f"{year}-{month:02d}-01")],
        recognitions=[a_recognition(since=f"{year}-{month:02d}-15")],
        certificates=[a_certificate(passed_on=f"{year}-{month:02d}-20")] if number % 5 == 0 else [],
    )


async def main(talents: int, folder: Path) -> None:
    settings = settings_for("evaluation", keys_dir=str(folder / "keys"), data_dir=str(folder / f"data-{talents}"),
                            grpc_port=0, metrics_port=0)  # fmt: skip
    log = MemoryLog()
    for number in range(talents):
        log.append(talent_event(f"{number:032x}", 1, facts(number)))
    app = await compose(settings, streams=NoStreams(), log=log)
    async with app:
        while sum(log.shown.values()) < talents:
            await asyncio.sleep(0.1)
        collect_seldom()
        print(app.address, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    configure_logging("ERROR", service="evaluation")
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2])))
