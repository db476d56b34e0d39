"""deploy/topics.yaml says what the architecture promises."""

from pathlib import Path

import pytest
import yaml

from deploy.topics import FILE, Acl, Partner, TopicsFileError, load

EVENTS = ("registry.events.v1", "stations.events.v1", "funding.events.v1", "evaluation.events.v1")


@pytest.mark.parametrize("name", EVENTS)
def test_events_are_kept_for_ever_in_twelve_partitions_with_one_writer(name: str):
    topic = load(local=False)[name]

    assert (topic.partitions, topic.permanent, topic.replication) == (12, True, 3)
    assert topic.settings == {
        "cleanup.policy": "delete",
        "min.insync.replicas": "2",
        "retention.bytes": "-1",
        "retention.ms": "-1",
        "unclean.leader.election.enable": "false",
    }
    assert topic.writers == (name.removesuffix(".events.v1"),)
    assert "evaluator" in topic.readers


def test_locally_there_is_one_copy_and_nothing_else_differs():
    local, production = load(local=True), load(local=False)

    for here, there in zip(local.topics, production.topics, strict=True):
        assert (here.name, here.partitions, here.writers, here.readers) == (
            there.name,
            there.partitions,
            there.writers,
            there.readers,
        )
        assert here.replication == 1
        assert here.settings == {**there.settings, "min.insync.replicas": "1"}


def test_each_partner_writes_its_own_records_and_reads_its_own_rejections():
    file = load(local=False)

    for partner in file.partners:
        records, rejections = (file[f"partner.{partner.name}.{kind}.v1"] for kind in ("records", "rejections"))
        assert (records.partitions, records.settings["retention.ms"]) == (3, str(14 * 24 * 3600 * 1000))
        assert records.writers == rejections.readers == (f"partner-{partner.name}",)


def test_eleven_departments_report_on_the_province_and_two_prefectures_on_their_own():
    partners = load(local=True).partners

    assert sum(partner.area == "510000" for partner in partners) == 11
    assert [partner for partner in partners if partner.area != "510000"] == [
        Partner("civil_affairs-510100", "civil_affairs", "510100"),
        Partner("civil_affairs-510700", "civil_affairs", "510700"),
    ]


def test_an_evaluator_may_read_and_nothing_more():
    allowed = [acl for acl in load(local=False).acls() if acl.principal == "evaluator"]

    assert {acl.operation for acl in allowed} == {"Read", "Describe"}
    assert {acl.name for acl in allowed if acl.resource == "topic"} == {*EVENTS, "evaluation.checkpoints.v1"}
    assert Acl("evaluator", "Read", "group", "evaluator.", "prefixed") in allowed


def test_no_partner_sees_another():
    for acl in load(local=False).acls():
        if acl.principal.startswith("partner-") and acl.resource == "topic":
            assert acl.name.startswith(f"partner.{acl.principal.removeprefix('partner-')}.")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"partners": [{"name": "health-2", "department": "health", "area": "510000"}]}, "health-2"),
        ({"services": ["registry", "registry"]}, "declared twice"),
        ({"topics": [{"name": "x", "for_each": "moon", "partitions": 1, "writers": [], "readers": []}]}, "moon"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, change: dict, message: str):
    file = tmp_path / "topics.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(FILE.read_text(encoding="utf-8")) | change), encoding="utf-8")

    with pytest.raises(TopicsFileError, match=message):
        load(file, local=True)
