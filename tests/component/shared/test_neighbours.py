"""Questions to a neighbour that answers, does not know, refuses, is slow, is down, comes back."""

import asyncio
import time

import pytest

from services.shared.kernel.errors import NeighbourUnavailable, RuleBroken, Unavailable
from services.shared.runtime.access import Call, current_call, enter_call
from services.shared.runtime.clock import SystemClock
from services.shared.runtime.issuer import ServiceToken
from services.shared.runtime.neighbours import Neighbour, NeighbourNotFound
from services.shared.runtime.trace import new_trace, trace_context
from tests.builders.serving import PROBE, Text, serving, settings_in


class NotThere(NeighbourNotFound):
    reason = "CONTRACT_NOT_FOUND"


def neighbour(tmp_path, address, **given):
    settings = settings_in(tmp_path, service="stations", funding_address=address, **given)
    return Neighbour("funding", settings, tokens=ServiceToken(settings, SystemClock()))


def read(asked):
    return asked.channel.unary_unary(f"/{PROBE}/Station", Text.SerializeToString, Text.FromString)


@pytest.fixture
def answering(tmp_path):
    def start(handler):
        return serving(tmp_path, clock=SystemClock(), Station=handler)

    return start


async def test_the_neighbour_knows_who_asks_and_for_which_trace(tmp_path, answering):
    async def handler(request, _):
        return Text(value=f"{current_call().principal.name} {trace_context.get()}")

    trace_context.set(new_trace())
    async with answering(handler) as client:
        asked = neighbour(tmp_path, client.server.address)
        answer = await asked.ask(read(asked), Text(value="c1"))
        await asked.stop()

    name, trace = answer.value.split()
    assert name == "service/stations"
    assert trace[:36] == trace_context.get()[:36]


async def test_what_the_neighbour_does_not_know_is_not_found_with_its_code(tmp_path, answering):
    async def handler(request, _):
        raise NotThere(field="contract_id")

    async with answering(handler) as client:
        asked = neighbour(tmp_path, client.server.address)
        with pytest.raises(NeighbourNotFound) as caught:
            await asked.ask(read(asked), Text(), field="contract")
        await asked.stop()

    assert (caught.value.field, caught.value.meta) == (
        "contract",
        {"neighbour": "funding", "neighbour_reason": "CONTRACT_NOT_FOUND"},
    )


async def test_any_other_failure_means_that_nothing_was_learnt(tmp_path, answering):
    async def handler(request, _):
        raise RuleBroken

    async with answering(handler) as client:
        asked = neighbour(tmp_path, client.server.address)
        with pytest.raises(NeighbourUnavailable) as caught:
            await asked.ask(read(asked), Text())
        await asked.stop()

    assert caught.value.meta["neighbour_reason"] == "RULE_BROKEN"


async def test_a_slow_neighbour_is_left_after_the_deadline(tmp_path, answering):
    async def handler(request, _):
        await asyncio.sleep(5)

    async with answering(handler) as client:
        asked = neighbour(tmp_path, client.server.address, neighbour_timeout_ms=200, grpc_grace_s=0)
        began = time.perf_counter()
        with pytest.raises(NeighbourUnavailable) as caught:
            await asked.ask(read(asked), Text())
        took = time.perf_counter() - began
        await asked.stop()
        client.server._settings = client.server._settings.model_copy(update={"grpc_grace_s": 0})

    assert caught.value.meta["neighbour_reason"] == "DEADLINE_EXCEEDED"
    assert 0.15 < took < 1.0


async def test_the_callers_own_deadline_is_kept(tmp_path, answering):
    left = []

    async def handler(request, context):
        left.append(context.time_remaining())
        return request

    class Hurried:
        def time_remaining(self):
            return 0.5

    async with answering(handler) as client:
        asked = neighbour(tmp_path, client.server.address)
        enter_call(Call(None, "/x/Y", b"", Hurried()))
        await asked.ask(read(asked), Text())
        await asked.stop()

    assert 0 < left[0] < 0.6  # gRPC rounds a deadline up


async def test_a_neighbour_that_stumbles_is_asked_again(tmp_path, answering):
    asked_for = []

    async def handler(request, _):
        asked_for.append(request.value)
        if len(asked_for) < 3:
            raise Unavailable
        return request

    async with answering(handler) as client:
        asked = neighbour(tmp_path, client.server.address)
        answer = await asked.ask(read(asked), Text(value="c1"))
        await asked.stop()

    assert (answer.value, asked_for) == ("c1", ["c1"] * 3)


async def test_a_neighbour_that_is_down_is_unavailable_within_the_deadline_and_found_when_back(tmp_path, answering):
    async def handler(request, _):
        return request

    async with answering(handler) as client:
        address = client.server.address
    asked = neighbour(tmp_path, address)
    began = time.perf_counter()
    with pytest.raises(NeighbourUnavailable):
        await asked.ask(read(asked), Text())
    assert time.perf_counter() - began < 2

    settings = settings_in(tmp_path, grpc_port=int(address.rpartition(":")[2]))
    async with serving(tmp_path, clock=SystemClock(), settings=settings, Station=handler):
        for _ in range(20):
            try:
                answer = await asked.ask(read(asked), Text(value="back"))
                break
            except NeighbourUnavailable:
                await asyncio.sleep(0.1)
        assert answer.value == "back"
    await asked.stop()


async def test_a_service_may_not_do_what_services_do_not_need(tmp_path):
    async with serving(tmp_path, clock=SystemClock()) as client:
        asked = neighbour(tmp_path, client.server.address)
        write = asked.channel.unary_unary(f"/{PROBE}/Write", Text.SerializeToString, Text.FromString)
        with pytest.raises(NeighbourUnavailable) as caught:
            await asked.ask(write, Text())
        await asked.stop()

    assert caught.value.meta["neighbour_reason"] == "PERMISSION_MISSING"
