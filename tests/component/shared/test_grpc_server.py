"""The real server and a real client over a socket: who is let in, what errors look like, what nobody gets to see."""

import asyncio
import hashlib
from datetime import timedelta

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from services.shared.kernel import errors
from services.shared.runtime import keys
from services.shared.runtime.access import current_call
from services.shared.runtime.grpc_errors import STATUS, error_info
from services.shared.runtime.grpc_server import LARGEST_REQUEST, GrpcServer, PortTaken
from services.shared.runtime.metrics import METRICS
from services.shared.runtime.trace import trace_context
from tests.builders.serving import PROBE, SetClock, Text, a_token, serving, settings_in

CANARY = "张三 519999199001010010"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Noted:
    def __init__(self):
        self.refusals = []

    def refused(self, principal, method, reason):
        self.refusals.append((principal.name, method.rpartition("/")[2], reason))


async def refusal(call):
    """Code and ErrorInfo of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), error_info(caught.value)


async def test_a_caller_with_the_permission_is_answered(tmp_path):
    async with serving(tmp_path) as client:
        assert await client.call("Read", "四川") == "四川"
        assert [message.value async for message in client.watch("四川")] == ["四川"]


@pytest.mark.parametrize("method", ["Undeclared", "HalfDeclared"])
async def test_a_method_that_declares_no_access_is_refused_to_everybody(tmp_path, method):
    called = []

    async def handler(request, _):
        called.append(request)
        return request

    async with serving(tmp_path, **{method: handler}) as client:
        code, info = await refusal(client.call(method))

    assert (code, info.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ACCESS_NOT_DECLARED")
    assert called == []


async def test_nobody_known_is_unauthenticated(tmp_path):
    settings = settings_in(tmp_path)
    foreign = a_token(settings, key=keys.key_of("jwt", b"\1" * 32))
    other_deployment = a_token(settings, deployment="elsewhere")
    expired = a_token(settings, seconds=-1)

    async with serving(tmp_path) as client:
        outcomes = [
            await refusal(client.call("Read", token=t)) for t in ("", foreign, other_deployment, expired, "x.y.z")
        ]
        stream_code, _ = await refusal(anext(aiter(client.watch(token=foreign))))

    assert {code for code, _ in outcomes} | {stream_code} == {grpc.StatusCode.UNAUTHENTICATED}
    assert [info.reason for _, info in outcomes] == [
        "TOKEN_MISSING",
        "TOKEN_INVALID",
        "TOKEN_INVALID",
        "TOKEN_EXPIRED",
        "TOKEN_INVALID",
    ]


async def test_a_role_without_the_permission_is_refused_and_noted(tmp_path):
    noted = Noted()
    async with serving(tmp_path, refusals=noted) as client:
        token = a_token(settings_in(tmp_path), role="auditor")
        code, info = await refusal(client.call("Write", token=token))

    assert (code, info.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")
    assert info.metadata["permission"] == "talent.report"
    assert noted.refusals == [("test/auditor", "Write", "PERMISSION_MISSING")]


async def test_a_department_method_asks_for_a_caller_with_a_department(tmp_path):
    async with serving(tmp_path) as client:
        token = a_token(settings_in(tmp_path), department="")
        code, info = await refusal(client.call("Write", token=token))
        assert await client.call("Write", "ok") == "ok"

    assert (code, info.reason, info.metadata["needs"]) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "OUTSIDE_SCOPE",
        "department",
    )


async def test_a_refusal_by_the_command_is_noted_and_an_unknown_caller_is_not(tmp_path):
    async def out_of_scope(request, _):
        current_call().principal.must_reach("510100", field="area")

    noted = Noted()
    async with serving(tmp_path, refusals=noted, Read=out_of_scope) as client:
        token = a_token(settings_in(tmp_path), role="officer", area="513400", name="liangshan")
        code, info = await refusal(client.call("Read", token=token))
        await refusal(client.call("Read", token="bad"))

    assert (code, info.reason, info.metadata["field"]) == (grpc.StatusCode.PERMISSION_DENIED, "OUTSIDE_SCOPE", "area")
    assert noted.refusals == [("liangshan", "Read", "OUTSIDE_SCOPE")]


@pytest.mark.parametrize("family", [family for family in STATUS if family.__module__ == errors.__name__])
async def test_every_error_family_has_its_status_and_error_info(tmp_path, family):
    async def fails(request, _):
        raise family(field="place", code="X")

    async with serving(tmp_path, Read=fails) as client:
        code, info = await refusal(client.call("Read"))

    assert code is STATUS[family]
    assert (info.reason, info.domain) == (family.reason, "swtalent")
    assert dict(info.metadata) == {
        "code": "X",
        "field": "place",
        "zh": family.zh,
        "en": family.en,
        "fix_zh": family.fix_zh,
        "fix_en": family.fix_en,
    }


async def test_a_defect_tells_an_incident_id_and_nothing_else(tmp_path, caplog):
    async def fails(request, _):
        raise RuntimeError(CANARY)

    async def fails_late(request, _):
        yield request
        raise ValueError(CANARY)

    async def wrong_type(request, _):
        return CANARY

    async with serving(tmp_path, Read=fails, Watch=fails_late, Write=wrong_type) as client:
        for call in (client.call("Read"), client.call("Write"), _all(client.watch("a"))):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            error = caught.value
            assert error.code() is grpc.StatusCode.INTERNAL
            told = repr(error) + str(rpc_status.from_call(error)) + str(error.trailing_metadata())
            assert "张三" not in told
            assert "519999" not in told
            assert len(error_info(error).metadata["incident"]) == 16


async def _all(stream):
    return [message async for message in stream]


async def test_bytes_that_are_no_request_are_invalid(tmp_path):
    async with serving(tmp_path) as client:
        code, info = await refusal(client.send("Read", b"\xff\xff\xff"))

    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_MALFORMED")


async def test_a_request_above_the_limit_is_refused(tmp_path):
    async with serving(tmp_path) as client:
        code, _ = await refusal(client.send("Read", b"x" * (LARGEST_REQUEST + 1)))
        assert await client.call("Read", "x" * (LARGEST_REQUEST - 100))

    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_the_cause_hashes_the_bytes_as_they_came(tmp_path):
    causes = []

    async def handler(request, _):
        causes.append(current_call().cause("r-1"))
        return request

    plain = Text(value="a").SerializeToString()
    # The same message to every parser, in other bytes: the field given twice, the last one counts.
    twice = Text(value="b").SerializeToString() + plain
    async with serving(tmp_path, Read=handler) as client:
        for raw in (plain, plain, twice):
            await client.send("Read", raw)

    assert [cause.digest for cause in causes] == [hashlib.sha256(raw).digest() for raw in (plain, plain, twice)]
    assert len({cause.key for cause in causes}) == 1


async def test_a_write_needs_a_request_id(tmp_path):
    async def handler(request, _):
        current_call().cause(request.value)
        return request

    async with serving(tmp_path, Write=handler) as client:
        missing = await refusal(client.call("Write", ""))
        malformed = await refusal(client.call("Write", "a b"))
        too_long = await refusal(client.call("Write", "a" * 129))

    assert [(info.reason, info.metadata["field"]) for _, info in (missing, malformed, too_long)] == [
        ("FIELD_MISSING", "request_id"),
        ("ID_MALFORMED", "request_id"),
        ("FIELD_TOO_LONG", "request_id"),
    ]


async def test_calls_at_the_same_time_do_not_see_each_other(tmp_path):
    together = asyncio.Barrier(8)

    async def handler(request, _):
        await together.wait()
        call = current_call()
        return Text(value=f"{call.principal.name} {call.cause(request.value).key}")

    async with serving(tmp_path, Read=handler) as client:
        settings = settings_in(tmp_path)
        answers = await asyncio.gather(
            *(client.call("Read", "r", token=a_token(settings, name=f"caller-{n}")) for n in range(8))
        )

    assert [answer.split()[0] for answer in answers] == [f"caller-{n}" for n in range(8)]
    assert len({answer.split()[1] for answer in answers}) == 8


async def test_the_trace_of_the_caller_goes_on_and_a_bad_one_starts_anew(tmp_path):
    async def handler(request, _):
        return Text(value=trace_context.get())

    async with serving(tmp_path, Read=handler) as client:
        continued = await client.call("Read", traceparent=PARENT)
        fresh = await client.call("Read", traceparent="00-nonsense")

    assert (continued[:36], continued[52:]) == (PARENT[:36], PARENT[52:])
    assert continued != PARENT
    assert len(fresh) == 55
    assert fresh[:36] != PARENT[:36]


async def test_a_servicer_may_answer_with_bytes_prepared_before(tmp_path):
    async def handler(request, _):
        return Text(value="prepared").SerializeToString()

    async with serving(tmp_path, Read=handler) as client:
        assert await client.call("Read") == "prepared"


async def test_a_stream_ends_with_its_token(tmp_path):
    clock = SetClock()

    async def ticks(request, _):
        for number in range(3):
            yield Text(value=str(number))
            clock.instant += timedelta(hours=7)

    async with serving(tmp_path, clock=clock, Watch=ticks) as client:
        stream = client.watch()
        seen = [(await stream.read()).value, (await stream.read()).value]
        _, info = await refusal(stream.read())

    assert (seen, info.reason) == (["0", "1"], "TOKEN_EXPIRED")


async def test_a_stop_does_not_wait_for_streams_and_lets_calls_finish(tmp_path):
    closed = []

    async def forever(request, _):
        try:
            yield request
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    async def slow(request, _):
        await asyncio.sleep(0.2)
        return request

    async with serving(tmp_path, Watch=forever, Read=slow) as client:
        stream = client.watch("first")
        assert (await anext(aiter(stream))).value == "first"
        under_way = asyncio.create_task(client.call("Read", "finished"))
        await asyncio.sleep(0.05)
        began = asyncio.get_running_loop().time()
        await client.server.stop()
        assert asyncio.get_running_loop().time() - began < 2
        assert await under_way == "finished"
        code, info = await refusal(stream.read())

    assert (code, info.reason, closed) == (grpc.StatusCode.UNAVAILABLE, "SERVICE_STOPPING", [True])


async def test_calls_are_counted_by_how_they_ended(tmp_path):
    def counted(code):
        return METRICS.get_sample_value("swtalent_grpc_calls_total", {"method": f"/{PROBE}/Read", "code": code}) or 0

    before = counted("OK"), counted("UNAUTHENTICATED")
    async with serving(tmp_path) as client:
        await client.call("Read")
        await refusal(client.call("Read", token="bad"))

    assert (counted("OK"), counted("UNAUTHENTICATED")) == (before[0] + 1, before[1] + 1)


async def test_health_and_reflection_need_no_token(tmp_path):
    async with serving(tmp_path) as client:
        stub = health_pb2_grpc.HealthStub(client.channel)
        for name in ("", PROBE):
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING  # nobody has said otherwise yet
        reflect = reflection_pb2_grpc.ServerReflectionStub(client.channel).ServerReflectionInfo
        call = reflect(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        listed = [one.name async for answer in call for one in answer.list_services_response.service]

    assert sorted(listed) == ["grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection", PROBE]


async def test_two_servers_never_share_a_port(tmp_path):
    async with serving(tmp_path) as client:
        port = client.server.port
        settings = settings_in(tmp_path, grpc_port=port)
        second = GrpcServer(settings, access=client.access, health=client.new_health())

        with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{port} cannot be listened on \(Address already in use\)"):
            await second.start()


async def test_an_error_without_details_has_no_error_info(tmp_path):
    async with serving(tmp_path) as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.send("NoSuchMethod", b"")

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert error_info(caught.value) is None
