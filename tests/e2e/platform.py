"""A whole platform for one test: real Kafka, four real processes, the small sample."""

import os
import socket
from pathlib import Path

import grpc
import pytest

from deploy.local.problem import JavaMissing, MavenMissing
from deploy.local.settled import Watch
from deploy.local.stack import SERVICES, Stack
from deploy.sample.feed import cluster_of
from deploy.sample.province import PARTNERS, Province
from deploy.sample.stations import Addresses, play_stations
from services.shared.kernel.area import areas
from swtalent.evaluation.v1 import evaluation_service_pb2 as pb
from swtalent.evaluation.v1.evaluation_service_pb2_grpc import EvaluationServiceStub

SCALE = 0.01
PATIENCE_S = 60.0


def free_ports() -> tuple[int, int]:
    """First of four gRPC ports with four metrics ports 100 above, and one for Kafka."""
    for first in range(21_101 + os.getpid() % 300 * 20, 32_000, 20):
        ports = [*range(first, first + 4), *range(first + 100, first + 104), first + 10]
        if all(map(is_free, ports)):
            return first, first + 10
    raise AssertionError("no free ports")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def a_stack(folder: Path) -> Stack:
    """On free ports, not started."""
    first_port, kafka_port = free_ports()
    return Stack(folder, first_port=first_port, kafka_port=kafka_port)


async def start(stack: Stack) -> None:
    stack.check()
    try:
        stack.start_kafka()
    except (MavenMissing, JavaMissing) as missing:
        pytest.skip(f"{missing}; {missing.fix}")
    await stack.apply_topics()
    stack.make_keys()
    stack.start_services()
    await stack.until_ready()


def a_watch(stack: Stack, token: str) -> Watch:
    return Watch(
        stack.bootstrap,
        evaluation=stack.address("evaluation"),
        token=token,
        partners=PARTNERS,
        services=SERVICES,
    )


async def december_values(stack: Stack, token: str, year: int) -> dict[str, tuple[int, int]]:
    async with grpc.aio.insecure_channel(stack.address("evaluation")) as channel:
        answer = await EvaluationServiceStub(channel).ListIndicators(
            pb.ListIndicatorsRequest(area="510000", month=f"{year}-12", with_companions=True),
            metadata=(("authorization", f"Bearer {token}"),),
        )
    return {it.number: (it.numerator, it.denominator) for it in answer.indicators}


def wanted(province: Province, year: int) -> dict[str, tuple[int, int]]:
    found = {number: (it.numerator, it.denominator) for number, it in province.sums.indicators(year).items()}
    return found | {"19": (len(province.stations().covered(year)), 3_101)}


async def open_stations(stack: Stack) -> None:
    prefectures = [it.code for it in areas().values() if it.level == "prefecture"]
    await play_stations(
        Addresses(*(stack.address(service) for service in ("registry", "stations", "funding"))),
        stack.tokens("officer", areas=prefectures, name="sample/officer"),
        scale=SCALE,
        cluster=await cluster_of(stack.bootstrap),
    )
