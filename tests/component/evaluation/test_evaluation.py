from __future__ import annotations

import asyncio
import base64
import hashlib
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.evaluation.app import compose
from services.shared.runtime import keys
from services.shared.runtime.envelope import CHECKPOINTS
from swtalent.evaluation.v1 import evaluation_service_pb2 as pb
from swtalent.registry.v1 import events_pb2 as registry_pb
from tests.builders.evaluation import (
    WUHOU,
    a_certificate,
    a_talent,
    consistent,
    included,
    leaf_of,
    root_of,
    talent_event,
)

REGISTRY = "registry.events.v1"


def people(count: int):
    return [talent_event(f"talent-{number}", 1, a_talent()) for number in range(count)]


async def test_an_event_moves_the_indicator_of_county_prefecture_and_province(evaluation):
    evaluation.log.append(*people(3))

    async def counted():
        return (await evaluation.indicator("1", area=WUHOU)).numerator == 3

    await evaluation.until(counted)
    assert (await evaluation.indicator("1", area="510100")).numerator == 3
    province = await evaluation.indicator("1")
    assert (province.value, province.unit, province.target, province.path_value) == ("0.0003", "万人", "17", "12.4")
    assert (await evaluation.indicator("1", area="510104")).numerator == 0


async def test_reference_data_is_folded_like_everything_else(evaluation):
    async def known():
        return (await evaluation.indicator("19")).denominator == 3101

    await evaluation.until(known)
    assert (await evaluation.indicator("19")).value == "0"
    assert (await evaluation.indicator("2")).denominator == 83_674_866
    assert (await evaluation.indicator("2", area="510100")).denominator == 20_937_757
    county = await evaluation.indicator("2", area=WUHOU)
    assert (county.value, county.reason) == ("", "NO_DENOMINATOR")


async def test_all_nineteen_are_listed_and_those_without_events_say_so(evaluation):
    answer = await evaluation.stub.ListIndicators(
        pb.ListIndicatorsRequest(month="2020-12"), metadata=evaluation.token()
    )
    assert [it.number for it in answer.indicators] == [str(number) for number in range(1, 20)]
    silent = [it.number for it in answer.indicators if it.reason == "NO_DATA_YET"]
    assert silent == ["14"]
    more = await evaluation.stub.ListIndicators(
        pb.ListIndicatorsRequest(month="2020-12", with_companions=True), metadata=evaluation.token()
    )
    assert [it.number for it in more.indicators][2:7] == ["3", "3a", "3b", "3c", "4"]


async def test_a_watcher_first_sees_the_present_value_then_each_change(evaluation):
    watching = evaluation.stub.WatchIndicators(
        pb.WatchIndicatorsRequest(numbers=["1"], area=WUHOU, month="2020-12"), metadata=evaluation.token()
    )
    assert (await watching.read()).indicator.numerator == 0
    evaluation.log.append(*people(1))
    async with asyncio.timeout(2):
        assert (await watching.read()).indicator.numerator == 1
    evaluation.log.append(talent_event("talent-0", 2, a_talent(affiliations=[])))
    async with asyncio.timeout(2):
        assert (await watching.read()).indicator.numerator == 0
    watching.cancel()


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (pb.GetIndicatorRequest(number="20"), grpc.StatusCode.NOT_FOUND),
        (pb.GetIndicatorRequest(number="1", area="519999"), grpc.StatusCode.INVALID_ARGUMENT),
        (pb.GetIndicatorRequest(number="1", month="2020-13"), grpc.StatusCode.INVALID_ARGUMENT),
        (pb.GetIndicatorRequest(number="1", month="2027-01"), grpc.StatusCode.INVALID_ARGUMENT),
        (pb.GetIndicatorRequest(number="1", trend_months=121), grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_a_wrong_question_is_refused(evaluation, request_, reason):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await evaluation.stub.GetIndicator(request_, metadata=evaluation.token())
    assert refused.value.code() == reason


async def publish(evaluation, request_id: str = "statement-1", month: str = "2020-12", **given):
    return await evaluation.stub.PublishStatement(
        pb.PublishStatementRequest(request_id=request_id, month=month, **given),
        metadata=evaluation.token(),
    )


async def test_a_statement_pins_its_values_to_the_logs_and_is_signed(evaluation):
    evaluation.log.append(*people(40), talent_event("talent-0", 2, a_talent(certificates=[a_certificate()])))
    answer = await publish(evaluation)

    facts = answer.statement
    values = {it.number: (it.numerator, it.denominator) for it in facts.values}
    assert values["1"] == (40, 0)
    assert values["9"] == (1, 40)
    for topic in facts.cut:
        for number, cut in enumerate(topic.partitions):
            records = evaluation.log.partitions[topic.topic, number][: cut.size]
            assert root_of([leaf_of(it) for it in records]) == cut.root
    lines = [
        "swtalent-statement/v1",
        "local",
        answer.statement_id,
        "2020-12",
        "510000",
        "contributions 2",
        "restates -",
    ]
    for topic in facts.cut:
        lines += [f"cut {topic.topic} {n} {it.size} {it.root.hex()}" for n, it in enumerate(topic.partitions)]
    lines += [f"value {it.number} {it.numerator} {it.denominator}" for it in facts.values]
    verify(evaluation, "".join(f"{line}\n" for line in lines), facts.signature, "swtalent/local/statement")


def verify(evaluation, text: str, line: str, name: str) -> None:
    dash, key_name, packed = line.split(" ")
    assert (dash, key_name) == ("—", name)
    raw = base64.b64decode(packed)
    public = keys.load_public(Path(evaluation.settings.keys_dir), "evidence").public
    assert raw[:4] == hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())


async def test_a_statement_is_an_event_after_its_own_cut_and_the_next_one_contains_it(evaluation):
    first = await publish(evaluation)
    assert await publish(evaluation) == first
    second = await publish(evaluation, "statement-2", restates=first.statement_id)

    def reach(answer):
        return sum(it.size for topic in answer.statement.cut for it in topic.partitions)

    assert reach(second) == reach(first) + 1
    latest = await evaluation.stub.GetStatement(pb.GetStatementRequest(), metadata=evaluation.token())
    assert latest.statement_id == second.statement_id
    named = await evaluation.stub.GetStatement(
        pb.GetStatementRequest(statement_id=first.statement_id), metadata=evaluation.token()
    )
    assert named.statement == first.statement


async def test_the_same_request_id_for_another_month_is_refused(evaluation):
    await publish(evaluation)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await publish(evaluation, month="2020-11")
    assert refused.value.code() == grpc.StatusCode.ALREADY_EXISTS


async def test_a_statement_is_refused_while_a_partition_is_stopped_at_a_gap(evaluation):
    evaluation.log.append(talent_event("talent-1", 2, a_talent()))

    async def stopped():
        state = await evaluation.stub.GetEvidenceState(pb.GetEvidenceStateRequest(), metadata=evaluation.token())
        return [it.stopped for it in state.partitions if it.stopped] == ["EVENT_GAP"]

    await evaluation.until(stopped)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await publish(evaluation)
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION


async def test_a_statement_is_refused_while_a_talent_is_being_moved(evaluation):
    evaluation.log.append(talent_event("talent-1", 1, registry_pb.TalentFacts(moved_to="talent-2", moving=True)))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await publish(evaluation)
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert "Talents are being merged" in (refused.value.details() or "")
    evaluation.log.append(talent_event("talent-1", 2, registry_pb.TalentFacts(moved_to="talent-2")))
    answer = await publish(evaluation)
    assert not [it for it in answer.statement.values if it.number.startswith("~")]


async def test_a_statement_is_refused_while_events_are_not_read(evaluation):
    unknown = talent_event("talent-1", 1, a_talent())
    headers = tuple((n, b"swtalent.registry.v1.NewsEvent" if n == "ce_type" else v) for n, v in unknown.headers)
    evaluation.log.append(type(unknown)(unknown.topic, unknown.key, headers, unknown.value))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await publish(evaluation)
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION


async def test_proofs_hold_against_the_published_checkpoint(evaluation):
    evaluation.log.append(*people(60))
    place = (REGISTRY, 0)
    records = evaluation.log.partitions[place]
    assert len(records) > 2

    async def said():
        return any(
            it.key == b"registry.events.v1/0" and it.value.split(b"\n")[1] == str(len(records)).encode()
            for it in evaluation.streams.of(CHECKPOINTS)
        )

    await evaluation.until(said)
    note = [it for it in evaluation.streams.of(CHECKPOINTS) if it.key == b"registry.events.v1/0"][-1].value.decode()
    text, line = note.split("\n\n")
    verify(evaluation, text + "\n", line.rstrip("\n"), "swtalent/local/registry.events.v1/0")
    size, root = len(records), base64.b64decode(text.split("\n")[2])
    assert root == root_of([leaf_of(it) for it in records])
    for offset, record in enumerate(records):
        proof = await evaluation.stub.GetInclusionProof(
            pb.GetInclusionProofRequest(topic=REGISTRY, partition=0, offset=offset), metadata=evaluation.token()
        )
        assert (proof.size, proof.root, proof.leaf_hash) == (size, root, leaf_of(record))
        assert included(proof.leaf_hash, offset, size, proof.path, root)
    for first in range(1, size + 1):
        proof = await evaluation.stub.GetConsistencyProof(
            pb.GetConsistencyProofRequest(topic=REGISTRY, partition=0, first_size=first), metadata=evaluation.token()
        )
        assert consistent(first, size, proof.first_root, root, proof.path)


async def test_the_cut_of_a_statement_is_said_in_checkpoints_too(evaluation):
    evaluation.log.append(*people(5))
    answer = await publish(evaluation)
    cut = {
        f"swtalent/local/{topic.topic}/{number}\n{it.size}\n{base64.b64encode(it.root).decode()}\n"
        for topic in answer.statement.cut
        for number, it in enumerate(topic.partitions)
        if it.size
    }

    async def said():
        return cut <= {it.value.decode().split("\n\n")[0] + "\n" for it in evaluation.streams.of(CHECKPOINTS)}

    await evaluation.until(said)


async def test_nothing_is_proved_beyond_what_is_stored(evaluation):
    for request in (
        pb.GetInclusionProofRequest(topic=REGISTRY, partition=0, offset=0, size=1),
        pb.GetInclusionProofRequest(topic=REGISTRY, partition=0, offset=5),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await evaluation.stub.GetInclusionProof(request, metadata=evaluation.token())
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await evaluation.stub.GetInclusionProof(
            pb.GetInclusionProofRequest(topic="partner.x.records.v1"), metadata=evaluation.token()
        )
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


async def test_a_second_start_publishes_no_reference_data_again_and_reads_from_the_store(evaluation):
    evaluation.log.append(*people(7))
    first = await publish(evaluation)
    await evaluation.app.stop()
    events = len(evaluation.streams.of("evaluation.events.v1"))

    app = await compose(evaluation.settings, streams=evaluation.streams, log=evaluation.log, clock=evaluation.clock)
    async with app, grpc.aio.insecure_channel(app.address) as channel:
        again = type(evaluation)(
            app, evaluation.settings, evaluation.streams, evaluation.log, evaluation.clock, channel
        )
        assert (await again.indicator("1")).numerator == 7
        second = await publish(again, "statement-2")
    assert len(evaluation.streams.of("evaluation.events.v1")) == events + 1
    assert {it.number: it.numerator for it in second.statement.values} == {
        it.number: it.numerator for it in first.statement.values
    }
