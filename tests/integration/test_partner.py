"""A department's records reach a real Kafka sealed, once each by id and revision, and open on the platform's side."""

import asyncio
import json
import zlib

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import OutOfOrderSequenceNumber
from typer.testing import CliRunner

from clients.cli.__main__ import app
from clients.partner import NotDelivered, Publisher, RecordInvalid, TopicUnreachable, rejections
from services.shared.runtime import keys
from services.shared.runtime.envelope import partner_headers
from services.shared.runtime.sealing import SealOpener
from swtalent.common.v1.refusal_pb2 import Refusal
from swtalent.partner.v1 import records_pb2
from tests.builders.partner import A_USCC, a_talent_record

# Partners of deploy/topics.yaml, one per test: a topic keeps what the test before has sent.


@pytest.fixture
def keys_dir(tmp_path):
    keys.init(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
async def topics(kafka):
    await kafka.apply_topics()


async def records_of(kafka, partner):
    """All records of the partner's topic as it is now."""
    consumer = AIOKafkaConsumer(
        f"partner.{partner}.records.v1", bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        left = {place for place, end in ends.items() if end}
        found = []
        async with asyncio.timeout(30):
            while left:
                for place, records in (await consumer.getmany(timeout_ms=500)).items():
                    found += records
                    if records[-1].offset + 1 >= ends[place]:
                        left.discard(place)
        return found
    finally:
        await consumer.stop()


def a_publisher(kafka, partner, keys_dir, **other):
    return Publisher(
        partner, platform_public_key=keys_dir / "seal.pub", bootstrap_servers=kafka.bootstrap_servers, **other
    )


async def test_five_thousand_records_are_published_read_back_and_opened(kafka, topics, keys_dir):
    steps = []
    async with a_publisher(kafka, "justice", keys_dir, progress=steps.append) as publisher:
        for number in range(5000):
            await publisher.talent(**a_talent_record(f"J:{number}", phone=str(13_800_000_000 + number)))
        await publisher.flush()
        assert publisher.progress == (5000, 5000)

    records = await records_of(kafka, "justice")
    opener = SealOpener.from_files(keys_dir, deployment="local")
    phones = {}
    for record in records:
        headers = partner_headers(record.headers)
        body = records_pb2.TalentRecord.FromString(record.value)
        name, id_number, phone = opener.session("justice", headers).open_identity(body.identity)
        assert (name, id_number) == ("张三", "519999199001011239")
        assert (record.key.decode(), headers.revision, headers.type) == (headers.record_id, 1, "TalentRecord")
        assert record.partition == zlib.crc32(record.key) % 3
        phones[headers.record_id] = phone

    assert len(records) == 5000
    assert phones == {f"J:{number}": str(13_800_000_000 + number) for number in range(5000)}
    assert steps[-1] == (5000, 5000)
    assert [step.held for step in steps] == sorted(step.held for step in steps)


async def test_headers_stand_as_the_wire_says_and_nothing_personal_is_in_clear(kafka, topics, keys_dir):
    async with a_publisher(kafka, "education", keys_dir) as publisher:
        await publisher.talent(**a_talent_record())
        await publisher.organisation(
            record_id="o1",
            uscc=A_USCC,
            name="青羊社工",
            kind="private_agency",
            county="510105",
            registered_on="2020-05-01",
        )

    talent, organisation = sorted(await records_of(kafka, "education"), key=lambda record: record.key)

    assert [name for name, _ in talent.headers] == [
        *("content-type", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "swtalent-seal")
    ]
    assert dict(talent.headers)["ce_source"] == b"partner/education"
    assert dict(organisation.headers)["ce_type"] == b"swtalent.partner.v1.OrganisationRecord"
    assert "swtalent-seal" not in dict(organisation.headers)
    everything = b"".join([talent.value, talent.key, *(value for _, value in talent.headers)])
    assert "张三".encode() not in everything
    assert b"519999199001011239" not in everything
    assert b"13800000000" not in everything


async def test_every_builder_makes_its_message(kafka, topics, keys_dir):
    person = {"name": "李四", "id_number": "519999199001011239"}
    async with a_publisher(kafka, "human_resources", keys_dir) as publisher:
        await publisher.affiliation_end(
            record_id="1", **person, organisation=A_USCC, role="worker", until="2021-06-01", reason="离职"
        )
        await publisher.exam_pass(
            record_id="2",
            **person,
            level="intermediate",
            passed_on="2020-09-01",
            issuing_province="510000",
            number="20105199900001",
            home_county="510104",
        )
        await publisher.designation(
            record_id="3", **person, kind="high_level", grantor_level="province", since="2021-01-01"
        )
        await publisher.pay(record_id="4", **person, organisation=A_USCC, year=2020, fen=4_500_000)
        await publisher.post(
            record_id="5", organisation=A_USCC, post="p1", field="elderly_care", created_on="2019-01-01"
        )
        await publisher.community(
            record_id="6",
            community="510104020001",
            kind="urban",
            since="2015-01-01",
            elderly=1200,
            elderly_on="2020-11-01",
        )
        await publisher.appropriation(
            record_id="7",
            line="l1",
            fiscal_year=2021,
            source="provincial",
            area="510000",
            basis="annual",
            fen=10_000_000,
            reference="川财社〔2021〕1号",
            on="2021-02-01",
            evidence_id="e1",
            evidence_sha256="ab" * 32,
        )

    found = {record.key.decode(): record for record in await records_of(kafka, "human_resources")}
    opener = SealOpener.from_files(keys_dir, deployment="local")
    headers = partner_headers(found["2"].headers)
    passed = records_pb2.PassRecord.FromString(found["2"].value)
    money = records_pb2.AppropriationRecord.FromString(found["7"].value)

    assert [partner_headers(found[str(number)].headers).type for number in range(1, 8)] == [
        "AffiliationEndRecord",
        "PassRecord",
        "DesignationRecord",
        "PayRecord",
        "PostRecord",
        "CommunityRecord",
        "AppropriationRecord",
    ]
    assert opener.session("human_resources", headers).open("number", passed.number) == "20105199900001"
    assert (money.fen, money.evidence.id, money.evidence.sha256) == (10_000_000, "e1", b"\xab" * 32)


async def test_a_record_that_cannot_be_right_is_not_sent(kafka, topics, keys_dir):
    async with a_publisher(kafka, "trade_union", keys_dir) as publisher:
        with pytest.raises(RecordInvalid, match="DATE_INVALID since"):
            await publisher.talent(**a_talent_record(since="2020-02-30"))

    assert await records_of(kafka, "trade_union") == []


async def test_without_local_checks_the_platform_judges(kafka, topics, keys_dir):
    async with a_publisher(kafka, "political_legal", keys_dir, validate=False) as publisher:
        await publisher.talent(**a_talent_record(since="2020-02-30"))

    (record,) = await records_of(kafka, "political_legal")
    assert records_pb2.TalentRecord.FromString(record.value).since == "2020-02-30"


async def test_what_is_not_flushed_is_on_its_way_all_the_same(kafka, topics, keys_dir):
    async with a_publisher(kafka, "health", keys_dir) as publisher:
        await publisher.talent(**a_talent_record())
        async with asyncio.timeout(10):
            while publisher.progress.held < 1:
                await asyncio.sleep(0.01)


async def test_nothing_is_lost_when_the_broker_is_killed_in_the_middle(kafka, topics, keys_dir):
    partner, numbers = "disabled_persons", range(6000)
    async with a_publisher(kafka, partner, keys_dir) as publisher:

        async def send(some):
            for number in some:
                await publisher.talent(**a_talent_record(f"D:{number}"))

        await send(numbers[:2000])
        await asyncio.to_thread(kafka.kill)
        try:
            sending = asyncio.create_task(send(numbers[2000:]))
            with pytest.raises(NotDelivered, match="not acknowledged"):
                await publisher.flush(timeout=1)
        finally:
            await asyncio.to_thread(kafka.start)
        await sending
        await publisher.flush(timeout=60)
        assert publisher.progress == (6000, 6000)

    found = {record.key.decode() for record in await records_of(kafka, partner)}
    assert found == {f"D:{number}" for number in numbers}


async def test_nothing_is_lost_when_the_producer_has_to_be_replaced(kafka, topics, keys_dir):
    async with a_publisher(kafka, "public_security", keys_dir) as publisher:

        async def replace():
            for _ in range(3):
                await publisher._after_failure(OutOfOrderSequenceNumber())

        replacing = asyncio.create_task(replace())
        for number in range(6000):
            await publisher.talent(**a_talent_record(f"P:{number}"))
        await replacing
        await publisher.flush(timeout=60)
        assert publisher.progress == (6000, 6000)

    found = {record.key.decode() for record in await records_of(kafka, "public_security")}
    assert found == {f"P:{number}" for number in range(6000)}


async def test_a_partner_without_a_topic_is_told_so(kafka, topics, keys_dir):
    with pytest.raises(NotDelivered, match="is the partner registered"):
        async with a_publisher(kafka, "nobody", keys_dir, patience_s=1):
            pass
    with pytest.raises(TopicUnreachable, match="is the partner registered"):
        _ = [one async for one in rejections("nobody", bootstrap_servers=kafka.bootstrap_servers, patience_s=1)]


async def refuse(kafka, partner, *refusals):
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    try:
        for refusal in refusals:
            await producer.send_and_wait(f"partner.{partner}.rejections.v1", refusal.SerializeToString())
    finally:
        await producer.stop()


def a_refusal(number):
    return Refusal(
        id=f"r{number}",
        topic="partner.youth_league.records.v1",
        offset=number,
        record_id=f"Y:{number}",
        record_type="TalentRecord",
        reason="AREA_UNKNOWN",
        field="place",
        explanation_zh="行政区划代码不存在",
        explanation_en="No such area code",
    )


async def test_each_refusal_is_read_once_also_when_it_was_delivered_twice(kafka, topics):
    await refuse(kafka, "youth_league", a_refusal(1), a_refusal(2), a_refusal(1))

    found = [one.id async for one in rejections("youth_league", bootstrap_servers=kafka.bootstrap_servers)]

    assert found == ["r1", "r2"]


async def test_rejections_can_be_followed(kafka, topics):
    following = rejections("public_security", bootstrap_servers=kafka.bootstrap_servers, follow=True)
    first = asyncio.ensure_future(anext(following))
    await asyncio.sleep(0.5)
    await refuse(kafka, "public_security", a_refusal(7))

    async with asyncio.timeout(20):
        assert (await first).id == "r7"
    await following.aclose()


async def test_a_partner_without_rejections_reads_none(kafka, topics):
    assert [one async for one in rejections("womens_federation", bootstrap_servers=kafka.bootstrap_servers)] == []


async def test_a_file_is_published_by_the_command_and_its_refusals_read_by_it(kafka, topics, keys_dir, tmp_path):
    record = a_talent_record()
    path = tmp_path / "talents.csv"
    lines = [",".join(map(str, {**record, "record_id": f"F:{number}"}.values())) for number in range(300)]
    path.write_text("\n".join([",".join(record), *lines]), encoding="gb18030")
    await refuse(kafka, "civil_affairs-510700", a_refusal(3))
    environment = {
        "SWTALENT_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "SWTALENT_KEYS_DIR": str(keys_dir),
        "COLUMNS": "200",
    }

    def command(*arguments):
        return CliRunner().invoke(app, ["partner", *arguments, "--partner", "civil_affairs-510700"], env=environment)

    sent = await asyncio.to_thread(command, "publish", str(path), "--type", "TalentRecord", "--json")
    shown = await asyncio.to_thread(command, "rejections")
    listed = await asyncio.to_thread(command, "rejections", "--json")

    assert sent.exit_code == 0, sent.output
    assert json.loads(sent.stdout) | {"file": ""} == {
        "ok": True,
        "file": "",
        "rows": 300,
        "sent": 300,
        "dry_run": False,
        "faults": [],
        "not_delivered": None,
    }
    assert len(await records_of(kafka, "civil_affairs-510700")) == 300
    assert "AREA_UNKNOWN" in shown.output
    assert [one["record_id"] for one in json.loads(listed.stdout)] == ["Y:3"]
