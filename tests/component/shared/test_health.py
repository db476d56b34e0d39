"""Health of parts over gRPC: each by itself, the last word is the true one, nothing serves after the end."""

import asyncio

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.shared.runtime.health import Health
from services.shared.runtime.metrics import METRICS

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
async def asked():
    health = Health("registry")
    health.also_named("swtalent.registry.v1.RegistryService")
    server = grpc.aio.server()
    await health.attach(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        yield health, stub
    await server.stop(None)


async def status(stub, part):
    await asyncio.sleep(0)
    return (await stub.Check(health_pb2.HealthCheckRequest(service=part))).status


async def test_parts_serve_and_fail_apart(asked):
    health, stub = asked
    for part in ("", "relay", "intake"):
        health.mark(part, True)
    health.mark("relay", False, why="the broker does not answer")

    assert [await status(stub, part) for part in ("", "relay", "intake")] == [SERVING, NOT_SERVING, SERVING]
    assert METRICS.get_sample_value("swtalent_part_serving", {"service": "registry", "part": "relay"}) == 0
    assert METRICS.get_sample_value("swtalent_part_serving", {"service": "registry", "part": "store"}) == 1


async def test_a_grpc_service_has_the_health_of_the_whole(asked):
    health, stub = asked
    name = "swtalent.registry.v1.RegistryService"
    before = await status(stub, name)

    health.mark("", True)

    assert (before, await status(stub, name)) == (NOT_SERVING, SERVING)


async def test_the_last_word_counts(asked):
    health, stub = asked
    watch = stub.Watch(health_pb2.HealthCheckRequest(service="intake"))
    assert (await watch.read()).status == NOT_SERVING
    for serving in (True, False, True, False, True):
        health.mark("intake", serving)

    assert (await watch.read()).status == SERVING
    assert await status(stub, "intake") == SERVING
    watch.cancel()


async def test_after_the_end_nothing_serves_again(asked):
    health, stub = asked
    health.mark("", True)
    await health.shut_down()

    health.mark("", True)

    assert (await status(stub, ""), health.serving()) == (NOT_SERVING, False)
