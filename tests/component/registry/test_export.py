"""ExportTalents of a whole province through the service: every row once, in memory that does not grow with them."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import grpc
import pytest

from services.registry.app import compose
from services.registry.commands import record_talent
from services.registry.domain.person import Person
from services.registry.domain.talent import Talent
from services.registry.storage import KINDS
from services.shared.runtime.clock import SystemRandom
from services.shared.runtime.store import open_store
from swtalent.registry.v1 import person_service_pb2 as pb
from swtalent.registry.v1.person_service_pb2_grpc import PersonServiceStub
from tests.builders.registry import KEYS, TODAY, a_record_talent, an_id_number, an_origin
from tests.builders.serving import StillClock, a_token, settings_in
from tests.builders.streams import MemoryStreams

PEOPLE, AT_ONCE = 150_000, 1_000
# What the whole export may take more than its first tenth did.
MOST_GROWN = 24 * 2**20
STATUS = Path("/proc/self/statm")


def memory() -> int:
    """Resident bytes of this process."""
    return int(STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def works(number: int):
    born = f"{1950 + number % 50}{number // 1000 % 12 + 1:02}{number // 12_000 % 28 + 1:02}"
    cmd = a_record_talent(
        person=Person("王芳", an_id_number(born, number % 1000)), origin=an_origin(f"r{number}"), field="youth"
    )
    return record_talent.step(cmd, keys=KEYS, today=TODAY)


async def fill(settings) -> set[str]:
    """Everybody stored, and every event told, so that the service has nothing else to do."""
    store = await open_store(settings, KINDS, clock=StillClock(), random=SystemRandom())
    ids: set[str] = set()
    for first in range(0, PEOPLE, AT_ONCE):
        steps = {step.id: step for step in map(works, range(first, first + AT_ONCE))}
        changes = await store.get_many(Talent, steps)
        for id_, change in changes.items():
            change.apply(steps[id_].change)
        await store.commit(list(changes.values()))
        ids |= steps.keys()
        while told := await store.outbox.unsent(AT_ONCE):
            await store.outbox.sent([it.token for it in told])
    await store.close()
    return ids


@pytest.mark.long
@pytest.mark.skipif(not STATUS.exists(), reason="resident memory is read from /proc")
async def test_an_export_of_150000_people_gives_each_once_in_flat_memory(tmp_path):
    settings = settings_in(tmp_path, store="sqlite")
    ids = await fill(settings)
    clock = StillClock()
    app = await compose(settings, streams=MemoryStreams(), clock=clock)
    token = (("authorization", f"Bearer {a_token(settings, role='department_officer', now=clock.now())}"),)
    exported, last, early, most = 0, "", 0, 0
    async with app, grpc.aio.insecure_channel(app.address) as channel:
        answers = PersonServiceStub(channel).ExportTalents(pb.ExportTalentsRequest(), metadata=token)
        async for part in answers:
            told = [it.id for it in part.talents]
            assert all(one < other for one, other in itertools.pairwise([last, *told]))
            assert ids.issuperset(told)
            exported, last, most = exported + len(told), told[-1], max(most, memory())
            if exported <= len(ids) // 10:
                early = most

    assert len(ids) == PEOPLE
    assert exported == len(ids)
    assert most < early + MOST_GROWN
