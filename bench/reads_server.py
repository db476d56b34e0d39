"""The server side of the read benchmark: `python -m bench.reads_server empty|registry FOLDER`; prints its address.

`registry` is the whole service over SQLite with 5,000 talents; `empty` answers as many bytes from an empty handler of a
plain grpc.aio server. Ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
import uvloop

from bench.records import person
from services.registry import app as registry
from services.registry.commands import record_talent
from services.registry.domain.talent import Talent
from services.registry.storage import KINDS
from services.shared.runtime.access_audit import ACCESS_NOTE
from services.shared.runtime.clock import SystemClock, SystemRandom
from services.shared.runtime.lifecycle import collect_seldom
from services.shared.runtime.refusals import refusal_kind
from services.shared.runtime.sealing import LocalKeyRing
from services.shared.runtime.settings import Settings, settings_for
from services.shared.runtime.store import open_store
from services.shared.runtime.telemetry import configure_logging
from swtalent.registry.v1 import registry_service_pb2 as pb
from tests.builders.registry import TODAY, Person, a_record_talent, an_origin

TALENTS = 5_000
METHOD = "/swtalent.registry.v1.RegistryService/GetTalent"


class NoStreams:
    """No Kafka: nothing is read, nothing is sent."""

    def publisher(self) -> NoStreams:
        return self

    def source(self, reader: Any, *, group: str) -> NoStreams:
        return self

    async def ready(self) -> bool:
        return True

    async def publish(self, messages: Sequence[Any]) -> list[bool]:
        return [True] * len(messages)

    async def start(self, listener: Any) -> None: ...

    async def stop(self) -> None: ...

    async def window(self) -> Sequence[Any]:
        return await asyncio.get_running_loop().create_future()

    async def commit(self, positions: Mapping[Any, int]) -> bool:
        return True


async def fill(settings: Settings) -> list[str]:
    """Ids of the talents, stored by the registry's own commands."""
    clock, random = SystemClock(), SystemRandom()
    keys = LocalKeyRing.from_files(settings.keys_dir)
    store = await open_store(settings, (*KINDS, refusal_kind("registry"), ACCESS_NOTE), clock=clock, random=random)
    ids: list[str] = []
    for start in range(0, TALENTS, 500):
        steps = [
            record_talent.step(
                a_record_talent(person=Person("李明华", person(number)), origin=an_origin(f"bench-{number}")),
                keys=keys,
                today=TODAY,
            )
            for number in range(start, start + 500)
        ]
        changes = await store.get_many(Talent, [step.id for step in steps])
        for step in steps:
            changes[step.id].apply(step.change)
        await store.commit(list(changes.values()))
        ids += changes
    await store.close()
    return ids


async def serve_registry(folder: Path) -> None:
    settings = settings_for("registry", keys_dir=str(folder / "keys"), data_dir=str(folder / "data"), grpc_port=0,
                            metrics_port=0)  # fmt: skip
    ids = await fill(settings)
    app = await registry.compose(settings, streams=NoStreams())
    collect_seldom()
    async with app:
        print(json.dumps({"address": app.address, "ids": ids}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def serve_empty(folder: Path) -> None:
    facts = pb.GetTalentResponse(talent=pb.Talent(id="x" * 32, masked_name="李**", etag="1"))
    answer = facts.SerializeToString().ljust(int((folder / "size").read_text()), b"\0")

    async def empty(_request: bytes, _context: Any) -> bytes:
        return answer

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handler = grpc.unary_unary_rpc_method_handler(empty)
    service, name = METHOD[1:].split("/")
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {name: handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    collect_seldom()
    print(json.dumps({"address": f"127.0.0.1:{port}"}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    configure_logging("ERROR", service="registry")
    uvloop.run({"empty": serve_empty, "registry": serve_registry}[sys.argv[1]](Path(sys.argv[2])))
