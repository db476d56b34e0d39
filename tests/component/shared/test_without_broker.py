"""The real registry with no broker anywhere: it answers and takes writes; only its ways to Kafka do not serve."""

import asyncio

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.registry.app import compose
from services.shared.runtime.clock import SystemClock
from services.shared.runtime.grpc_errors import error_info
from swtalent.registry.v1 import registry_service_pb2 as pb
from swtalent.registry.v1 import registry_service_pb2_grpc as grpc_pb
from tests.builders.registry import AGENCY
from tests.builders.serving import a_token, settings_in


async def test_reads_and_writes_go_on_without_the_broker(tmp_path):
    settings = settings_in(
        tmp_path, store="sqlite", kafka_bootstrap_servers="127.0.0.1:1", relay_drain_s=0.1, grpc_grace_s=0.5
    )
    async with await compose(settings) as app, grpc.aio.insecure_channel(app.address) as channel:
        stub = grpc_pb.RegistryServiceStub(channel)
        caller = [("authorization", f"Bearer {a_token(settings, role='officer', now=SystemClock().now())}")]
        wanted = pb.RegisterOrganisationRequest(
            request_id="r1",
            uscc=AGENCY,
            name="天府社工",
            kind="private_agency",
            county="510104",
            registered_on="2020-01-01",
        )
        first = await stub.RegisterOrganisation(wanted, metadata=caller)
        again = await stub.RegisterOrganisation(wanted, metadata=caller)
        found = await stub.GetOrganisation(pb.GetOrganisationRequest(uscc=AGENCY), metadata=caller)
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await stub.GetTalent(pb.GetTalentRequest(talent_id="nobody"), metadata=caller)
        await asyncio.sleep(0.5)
        health = health_pb2_grpc.HealthStub(channel)
        serving = [
            (await health.Check(health_pb2.HealthCheckRequest(service=part))).status == 1
            for part in ("", "relay", "intake")
        ]

    assert (first, found.etag, found.facts.kind) == (again, first.etag, "private_agency")
    assert (unknown.value.code(), error_info(unknown.value).domain) == (grpc.StatusCode.NOT_FOUND, "swtalent")
    assert serving == [True, False, False]
