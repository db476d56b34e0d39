from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from clients.partner.seal import SealSession, platform_key
from services.registry.app import compose
from services.shared.kernel.ports import Message
from services.shared.runtime.envelope import records_topic
from swtalent.partner.v1 import records_pb2 as records
from swtalent.registry.v1 import registry_service_pb2 as pb
from swtalent.registry.v1.registry_service_pb2_grpc import RegistryServiceStub
from tests.builders.counted import agreeing
from tests.builders.registry import PERSON, a_uscc
from tests.builders.serving import StillClock, a_token, settings_in
from tests.builders.streams import MemoryStreams


class Registry:
    """The whole service in this process over SQLite, a real channel to it, and a log of its own."""

    def __init__(self, app, settings, streams, clock, channel) -> None:
        self.app, self.settings, self.streams, self.clock = app, settings, streams, clock
        self.stub = RegistryServiceStub(channel)
        self.channel = channel
        self.platform = platform_key(Path(settings.keys_dir) / "seal.pub")
        self._requests = 0

    def token(self, role: str = "department_officer", **given):
        token = a_token(self.settings, role=role, now=self.clock.now(), **given)
        return (("authorization", f"Bearer {token}"),)

    async def settled(self) -> None:
        """Every record is worked through, and all that was stored is in the log."""
        store = self.app.parts[0]._store
        before = -1
        while before != len(self.streams.records) or await store.outbox.unsent(1):
            before = len(self.streams.records)
            await self.streams.settled()
            await asyncio.sleep(0.02)

    def request_id(self) -> str:
        self._requests += 1
        return f"request-{self._requests}"

    def a_talent(self, **changed) -> pb.RecordTalentRequest:
        values = {
            "request_id": self.request_id(),
            "identity": pb.Identity(name=PERSON.name, id_number=PERSON.id_number, phone=PERSON.phone),
            "department": "civil_affairs",
            "as_of": "2020-12-31",
            "home_county": "510104",
            "organisation": a_uscc(),
            "role": "worker",
            "field": "elderly_care",
            "place": "510104",
            "full_time": True,
            "practitioner": True,
            "principal": True,
            "since": "2018-03-01",
            "recognised_ground": "training",
            "recognised_since": "2019-06-01",
        }
        return pb.RecordTalentRequest(**{**values, **changed})

    async def partner_sends(
        self, type_: str, body, *, record_id: str, revision: int = 1, partner: str = "civil_affairs", person=PERSON
    ) -> None:
        """One record as a department's system would send it, sealed for the platform."""
        seal = b""
        if hasattr(body, "identity"):
            session = SealSession(self.platform, deployment="local", partner=partner)
            fields = [("name", person.name), ("id_number", person.id_number), ("phone", person.phone)]
            sealed = session.seal(type_, record_id, revision, fields)
            body.identity.CopyFrom(records.SealedIdentity(name=sealed[0], id_number=sealed[1], phone=sealed[2]))
            seal = session.header
        headers = (
            ("content-type", b"application/protobuf"),
            ("ce_specversion", b"1.0"),
            ("ce_id", f"{record_id}:{revision}".encode()),
            ("ce_source", f"partner/{partner}".encode()),
            ("ce_type", f"swtalent.partner.v1.{type_}".encode()),
            ("ce_time", b"2026-11-24T04:00:00.000Z"),
            ("swtalent-seal", seal),
        )
        await self.streams.append(
            [Message(records_topic(partner), record_id.encode(), headers, body.SerializeToString())]
        )


@pytest.fixture
async def registry(tmp_path) -> AsyncIterator[Registry]:
    """Whatever a test did to it: in the end the sums folded event by event are those of a count from scratch."""
    settings = settings_in(tmp_path, store="sqlite")
    streams, clock = MemoryStreams(), StillClock()
    app = await compose(settings, streams=streams, clock=clock)
    async with app, grpc.aio.insecure_channel(app.address) as channel:
        yield Registry(app, settings, streams, clock, channel)
    agreeing(streams.records)
