"""What the platform lives through: kills at random moments, a broker that is away, a relay that dies between the
broker's word and its own mark, many callers at one line.
"""

import asyncio
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import grpc
import pytest

from clients.evaluator.logs import KafkaLog
from clients.evaluator.notes import Verifier
from clients.evaluator.tree import record_of
from clients.evaluator.verify import verify_kafka
from clients.partner import rejections
from deploy.local.stack import SERVICES, Stack
from deploy.sample.expected import YEARS
from deploy.sample.feed import feed
from deploy.sample.province import PARTNERS, Province
from services.shared.kernel.money import yuan
from swtalent.evaluation.v1 import evaluation_service_pb2 as evaluation
from swtalent.evaluation.v1.evaluation_service_pb2_grpc import EvaluationServiceStub
from swtalent.funding.v1 import events_pb2 as funding_events
from swtalent.funding.v1 import funding_service_pb2 as pb
from swtalent.funding.v1.funding_service_pb2_grpc import FundingServiceStub
from tests.builders.registry import a_uscc
from tests.e2e.platform import PATIENCE_S, SCALE, a_watch, december_values, open_stations, start, wanted

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

REFUSED = (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND)

# The registry's process as it is, but it dies whenever it would mark events as sent.
DIES_BEFORE_THE_MARK = """
import os, runpy
from services.shared.runtime.store.sqlite_outbox import SqliteOutbox
async def die(self, tokens): os._exit(9)
SqliteOutbox.sent = die
runpy.run_module("services.registry", run_name="__main__")
"""


def metadata_of(stack: Stack, role: str, area: str = "510000"):
    return (("authorization", f"Bearer {stack.tokens(role, areas=[area], name=f'test/{role}')[area]}"),)


async def all_is_as_if_nothing_had_happened(stack: Stack, province: Province, *, scale: float) -> None:
    token = stack.tokens("evaluator", areas=["510000"], name="test/evaluator")["510000"]
    async with a_watch(stack, token) as watch:
        await watch.until_settled(seconds=2 * PATIENCE_S)
        if scale == SCALE:
            await open_stations(stack)
            await watch.until_settled(seconds=PATIENCE_S)
    for year in (2020, *YEARS):
        values = await december_values(stack, token, year)
        expected = wanted(province, year)
        if scale != SCALE:
            expected = {number: value for number, value in expected.items() if number not in ("18", "19")}
        assert {number: values[number] for number in expected} == expected, year
    refused = [it for name in PARTNERS async for it in rejections(name, bootstrap_servers=stack.bootstrap)]
    assert refused == []
    await the_outsider_agrees(stack)


async def the_outsider_agrees(stack: Stack) -> None:
    async with grpc.aio.insecure_channel(stack.address("evaluation")) as channel:
        await EvaluationServiceStub(channel).PublishStatement(
            evaluation.PublishStatementRequest(request_id="survived", month="2025-12"),
            metadata=metadata_of(stack, "evaluator"),
        )
    await asyncio.sleep(2)  # its event and the checkpoint over it reach Kafka
    verdict = await verify_kafka(
        stack.bootstrap, Verifier.from_file(stack.keys_dir / "evidence.pub", deployment="local")
    )
    assert (verdict.first_difference, verdict.ok) == ("", True)
    assert verdict.checkpoints > 0


async def feed_under_fire(stack: Stack, province: Province, *, scale: float, kills: int, seed: int) -> Counter[str]:
    """The whole sample in as many parts as there are kills, each part with a kill -9 at a random moment of it."""
    chance = random.Random(seed)
    killed: Counter[str] = Counter()
    edges = [province.total * part // kills for part in range(kills + 1)]
    for first, last in pairwise(edges):
        part = asyncio.create_task(feed(stack.bootstrap, stack.keys_dir, scale=scale, start=first, stop=last))
        await asyncio.sleep(chance.uniform(0.0, 1.5))
        name = chance.choice(SERVICES)
        await asyncio.to_thread(stack.kill, name)
        stack.start_services(name)
        killed[name] += 1
        await part
    await stack.until_ready()
    return killed


async def test_twenty_kills_at_random_moments_of_the_load_change_no_sum(stack: Stack):
    await start(stack)
    province = Province(SCALE)

    killed = await feed_under_fire(stack, province, scale=SCALE, kills=20, seed=20_201_231)

    assert sum(killed.values()) == 20
    assert set(killed) == set(SERVICES)
    await all_is_as_if_nothing_had_happened(stack, province, scale=SCALE)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_sixty_kills_in_a_larger_load_change_no_sum(stack: Stack, seed):
    await start(stack)
    province = Province(0.05)

    await feed_under_fire(stack, province, scale=0.05, kills=60, seed=seed)

    await all_is_as_if_nothing_had_happened(stack, province, scale=0.05)


async def test_a_broker_away_for_ten_seconds_and_a_relay_that_dies_before_its_mark_change_no_sum(stack: Stack):
    await start(stack)
    province = Province(SCALE)
    third = province.total // 3
    await feed(stack.bootstrap, stack.keys_dir, scale=SCALE, stop=third)

    await asyncio.to_thread(stack.kafka.stop)
    async with grpc.aio.insecure_channel(stack.address("evaluation")) as channel:
        for _ in range(10):
            answer = await EvaluationServiceStub(channel).ListIndicators(
                evaluation.ListIndicatorsRequest(month="2020-12"), metadata=metadata_of(stack, "evaluator"), timeout=5
            )
            assert len(answer.indicators) == 19
            await asyncio.sleep(1)
    await asyncio.to_thread(stack.kafka.start)
    await feed(stack.bootstrap, stack.keys_dir, scale=SCALE, start=third, stop=2 * third)

    stack.kill("registry")
    dying = subprocess.Popen(
        [sys.executable, "-c", DIES_BEFORE_THE_MARK], env=stack.environment("registry"), stdout=subprocess.DEVNULL
    )
    await feed(stack.bootstrap, stack.keys_dir, scale=SCALE, start=2 * third)
    assert await asyncio.to_thread(dying.wait, 60) == 9
    stack.start_services("registry")
    await stack.until_ready()

    await all_is_as_if_nothing_had_happened(stack, province, scale=SCALE)
    repeated = [count for count in Counter(await event_ids(stack, "registry.events.v1")).values() if count > 1]
    assert repeated, "the events that were acknowledged and not marked came again"


async def event_ids(stack: Stack, topic: str) -> Iterable[bytes]:
    async with KafkaLog.open(stack.bootstrap) as log:
        ends = await log.ends((topic,))
        return [dict(record_of(it.data)[2])["ce_id"] async for entries in log.entries(ends) for it in entries]


async def test_64_callers_at_one_line_never_overspend_and_a_restart_keeps_every_promise(stack: Stack):
    await start(stack)
    officer = metadata_of(stack, "officer", "510100")
    line = "line-510104-2025"

    def a_signing(number: int, earmark: str) -> pb.SignContractRequest:
        return pb.SignContractRequest(
            request_id=f"sign-{number}",
            line=line,
            earmark=earmark,
            purchaser="civil_affairs",
            area="510104",
            provider=a_uscc(19),
            title=f"项目{number}",
            value=yuan(10_000),
            signed_on="2025-03-01",
            since="2025-03-01",
            until="2026-03-01",
            milestones=[funding_events.Milestone(id="m1", title="全年", due="2026-02-28", fen=yuan(10_000))],
        )

    async def sign(stub, number: int, earmark: str) -> str:
        try:
            return (await stub.SignContract(a_signing(number, earmark), metadata=officer)).contract
        except grpc.aio.AioRpcError as error:
            # The last fen closes the earmark, so whoever comes after it finds none.
            return "" if error.code() in REFUSED else error.code().name

    async with grpc.aio.insecure_channel(stack.address("funding")) as channel:
        stub = FundingServiceStub(channel)
        await stub.Appropriate(
            pb.AppropriateRequest(
                request_id="a",
                line=line,
                fiscal_year=2025,
                source="county",
                owner="civil_affairs",
                area="510104",
                purpose="购买社会工作服务",
                basis="annual",
                fen=yuan(1_000_000),
                reference="budget-2025",
                on="2025-01-10",
            ),
            metadata=officer,
        )
        earmarked = await stub.Earmark(
            pb.EarmarkRequest(request_id="e", line=line, fen=yuan(230_000), reference="buy", on="2025-02-01"),
            metadata=officer,
        )
        signed = await asyncio.gather(*(sign(stub, number, earmarked.earmark) for number in range(64)))
        assert sum(len(it) == 32 for it in signed) == 23
        assert signed.count("") == 41

    stack.kill("funding")
    stack.start_services("funding")
    await stack.until_ready()

    async with grpc.aio.insecure_channel(stack.address("funding")) as channel:
        stub = FundingServiceStub(channel)
        assert await asyncio.gather(*(sign(stub, number, earmarked.earmark) for number in range(64))) == signed
        position = await stub.BudgetPosition(pb.BudgetPositionRequest(area="510104"), metadata=officer)
        facts = position.lines[0].facts
        assert (facts.earmarked, facts.committed) == (yuan(230_000), yuan(230_000))
        contracts = [
            await stub.GetContract(pb.GetContractRequest(contract=it), metadata=officer) for it in signed if it
        ]
        assert sum(it.facts.value for it in contracts) == facts.committed
