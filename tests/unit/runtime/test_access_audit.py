"""Refusals of known principals: added up per minute, written once each, published without more than codes."""

from datetime import timedelta

import pytest

from services.shared.kernel.errors import StoreUnavailable
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.principal import Principal
from services.shared.runtime import access_audit
from services.shared.runtime.access_audit import ACCESS_NOTE, AccessAudit, AccessNote
from services.shared.runtime.clock import SystemRandom
from services.shared.runtime.metrics import METRICS
from services.shared.runtime.store.memory import MemoryDisk, MemoryStore
from swtalent.common.v1 import audit_pb2
from tests.builders.serving import SetClock

LI = Principal("li", frozenset(("officer",)), "510100")
WANG = Principal("wang", frozenset(("auditor",)))
METHOD = "/swtalent.registry.v1.RegistryService/GetTalent"


class Deployment:
    """Two processes of a service on one store would share the disk."""

    def __init__(self):
        self.clock = SetClock()
        self.disk = MemoryDisk()
        self.down_at = None
        self.store = MemoryStore([ACCESS_NOTE], clock=self.clock, disk=self.disk, faults=self._fault)

    async def _fault(self, point):
        if point == self.down_at:
            raise StoreUnavailable

    def audit(self):
        lanes = Lanes(self.store, clock=self.clock, random=SystemRandom())
        return AccessAudit("registry", lanes, clock=self.clock, random=SystemRandom())

    async def noted(self):
        rows = await self.store.page(AccessNote, view="", key="", after="", limit=100)
        notes = await self.store.get_many(AccessNote, [row.id for row in rows])
        return sorted(
            (note.aggregate.state.principal, note.aggregate.state.minute[11:16], note.aggregate.state.count)
            for note in notes.values()
        )

    async def published(self):
        return [
            (m.message, audit_pb2.AccessEvent.FromString(m.message.value)) for m in await self.store.outbox.unsent(99)
        ]


@pytest.fixture
def deployment():
    return Deployment()


async def test_refusals_are_added_up_per_principal_reason_and_minute(deployment):
    audit = deployment.audit()
    for principal, seconds in ((LI, 1), (LI, 1), (WANG, 1), (LI, 60)):
        audit.refused(principal, METHOD, "PERMISSION_MISSING")
        deployment.clock.instant += timedelta(seconds=seconds)

    await audit.write()
    await audit.write()

    assert await deployment.noted() == [("li", "04:00", 3), ("wang", "04:00", 1)]


async def test_a_note_is_published_with_codes_only(deployment):
    audit = deployment.audit()
    audit.refused(LI, METHOD, "PERMISSION_MISSING")
    await audit.write()

    ((message, event),) = await deployment.published()
    assert message.topic == "audit.access.v1"
    assert message.key == event.id.encode()
    assert dict(message.headers)["ce_id"] == f"{event.id}:1".encode()
    assert dict(message.headers)["ce_type"] == b"swtalent.common.v1.AccessEvent"
    assert (event.version, event.after.principal, event.after.method, event.after.reason, event.after.count) == (
        1,
        "li",
        METHOD,
        "PERMISSION_MISSING",
        1,
    )
    assert (event.after.service, event.after.minute) == ("registry", "2026-11-24T04:00:00Z")


async def test_processes_of_one_service_add_to_the_same_note(deployment):
    for _ in range(2):
        audit = deployment.audit()
        audit.refused(LI, METHOD, "PERMISSION_MISSING")
        await audit.write()

    assert await deployment.noted() == [("li", "04:00", 2)]
    assert [event.version for _, event in await deployment.published()] == [1, 2]


@pytest.mark.parametrize("point", ["get_many", "commit:before", "commit:after"])
async def test_what_the_store_did_not_take_is_written_later_and_counted_once(deployment, point):
    audit = deployment.audit()
    audit.refused(LI, METHOD, "PERMISSION_MISSING")
    deployment.down_at = point
    await audit.write()
    audit.refused(LI, METHOD, "PERMISSION_MISSING")
    deployment.down_at = None

    await audit.write()

    assert await deployment.noted() == [("li", "04:00", 2)]


async def test_a_stop_writes_what_is_left(deployment):
    audit = deployment.audit()
    audit.refused(LI, METHOD, "PERMISSION_MISSING")

    await audit.stop()

    assert await deployment.noted() == [("li", "04:00", 1)]


async def test_a_minute_holds_so_many_keys_and_the_rest_is_counted_as_dropped(deployment, monkeypatch):
    monkeypatch.setattr(access_audit, "MOST_KEYS", 2)
    before = METRICS.get_sample_value("swtalent_access_audit_dropped_total")
    audit = deployment.audit()
    for number in range(5):
        audit.refused(Principal(f"p{number}", frozenset()), METHOD, "PERMISSION_MISSING")
    audit.refused(Principal("p0", frozenset()), METHOD, "PERMISSION_MISSING")

    await audit.write()

    assert await deployment.noted() == [("p0", "04:00", 2), ("p1", "04:00", 1)]
    assert METRICS.get_sample_value("swtalent_access_audit_dropped_total") == before + 3
