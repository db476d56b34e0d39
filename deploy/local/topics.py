"""Brings a Kafka to what the topics file says. Safe to repeat; called by `swtalent topics apply`, tests and `up`."""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, for_code

from deploy.local.acls import allow
from deploy.local.problem import LocalProblem
from deploy.topics import FILE, Topic, TopicsFile, load

_LEADERS_WITHIN = 30.0  # seconds


class KafkaUnreachable(LocalProblem): ...


class TopicsRefused(LocalProblem):
    """The broker refused, or a topic exists in a shape that must not be changed."""


@dataclass(slots=True)
class Applied:
    """What was done. `altered`: topic → setting → (was, is)."""

    created: list[str] = field(default_factory=list)
    altered: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)


async def apply(
    bootstrap: str,
    *,
    local: bool = True,
    acls: bool | None = None,
    path: Path = FILE,
    client: Mapping[str, Any] | None = None,
) -> Applied:
    """Creates what is missing, puts drifted settings right, and deletes nothing.

    Partition counts are only compared: a difference raises TopicsRefused before anything is changed.
    `acls` gives the principals of the file their rights; by default where it is not local.
    `client` goes to aiokafka's admin client (security_protocol, sasl_…). Two at once end as one.
    """
    wanted = load(path, local=local)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **(client or {}))
    try:
        try:
            await admin.start()
        except KafkaConnectionError as error:
            remedy = "make up, or start that Kafka; with security on, check user and password"
            raise KafkaUnreachable(f"no Kafka lets us in at {bootstrap}", fix=remedy) from error
        done = await _apply(admin, wanted)
        if acls if acls is not None else not local:
            await allow(admin, wanted.acls())
    finally:
        await admin.close()
    return done


async def _apply(admin: AIOKafkaAdminClient, wanted: TopicsFile) -> Applied:
    existing = await _partitions(admin)
    _compare(wanted, existing)
    done = Applied()
    missing = [topic for topic in wanted.topics if topic.name not in existing]
    if missing:
        done.created = await _create(admin, missing)
        await _until_led(admin, missing)
    rest = [topic for topic in wanted.topics if topic.name not in done.created]
    done.altered = await _put_right(admin, rest)
    done.unchanged = [topic.name for topic in rest if topic.name not in done.altered]
    return done


def _compare(wanted: TopicsFile, existing: Mapping[str, int]) -> None:
    for topic in wanted.topics:
        has = existing.get(topic.name, topic.partitions)
        if has != topic.partitions:
            remedy = (
                "a new topic version with a recorded cut; this count is for ever"
                if topic.permanent
                else "drain the topic and delete it, or change deploy/topics.yaml"
            )
            raise TopicsRefused(f"{topic.name} has {has} partitions, the file says {topic.partitions}", fix=remedy)


async def _partitions(admin: AIOKafkaAdminClient) -> dict[str, int]:
    return {
        topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics() if not topic["error_code"]
    }


async def _create(admin: AIOKafkaAdminClient, topics: list[Topic]) -> list[str]:
    new = [
        NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=dict(topic.settings))
        for topic in topics
    ]
    created = []
    answer = (await admin.create_topics(new)).to_object()
    for result in answer["topic_errors"]:  # aiokafka leaves the codes to its caller
        code = result["error_code"]
        if not code:
            created.append(result["topic"])
        elif code != TopicAlreadyExistsError.errno:
            reason = result.get("error_message") or for_code(code).__name__
            raise TopicsRefused(
                f"{result['topic']} was not created: {reason}", fix="mend deploy/topics.yaml or the broker"
            )
    return created


async def _until_led(admin: AIOKafkaAdminClient, topics: list[Topic]) -> None:
    """A created topic is not usable before each of its partitions has a leader."""
    names = [topic.name for topic in topics]
    try:
        async with asyncio.timeout(_LEADERS_WITHIN):
            while True:
                shown = await admin.describe_topics(names)
                leaders = [part["leader"] for topic in shown for part in topic["partitions"] if not topic["error_code"]]
                if len(leaders) == sum(topic.partitions for topic in topics) and min(leaders, default=0) >= 0:
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TopicsRefused(f"{len(names)} new topics have no leaders", fix="look at the broker's log") from None


async def _put_right(admin: AIOKafkaAdminClient, topics: list[Topic]) -> dict[str, dict[str, tuple[str, str]]]:
    if not topics:
        return {}
    found = await _settings(admin, topics)
    altered = {
        topic.name: {
            name: (found[topic.name].get(name, ""), value)
            for name, value in topic.settings.items()
            if found[topic.name].get(name) != value
        }
        for topic in topics
    }
    altered = {name: drift for name, drift in altered.items() if drift}
    changes = [
        ConfigResource(ConfigResourceType.TOPIC, topic.name, dict(topic.settings))
        for topic in topics
        if topic.name in altered
    ]
    if changes:
        for answer in await admin.alter_configs(changes):
            for result in answer.to_object()["resources"]:
                if result["error_code"]:
                    raise TopicsRefused(
                        f"settings of {result['resource_name']} refused: {result['error_message']}",
                        fix="mend deploy/topics.yaml",
                    )
    return altered


async def _settings(admin: AIOKafkaAdminClient, topics: list[Topic]) -> dict[str, dict[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name, dict(topic.settings)) for topic in topics]
    found: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(asked):
        for resource in answer.to_object()["resources"]:
            if resource["error_code"]:
                raise TopicsRefused(
                    f"settings of {resource['resource_name']} are not readable: {resource['error_message']}",
                    fix="give this user DescribeConfigs",
                )
            entries = {entry["config_names"]: entry["config_value"] for entry in resource["config_entries"]}
            found[resource["resource_name"]] = entries
    return found


def main() -> int:
    """`python -m deploy.local.topics HOST:PORT`, for a Kafka without security."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.topics")
    parser.add_argument("bootstrap")
    parser.add_argument("--production", action="store_true", help="three replicas, as the file says")
    arguments = parser.parse_args()
    try:
        done = asyncio.run(apply(arguments.bootstrap, local=not arguments.production))
    except LocalProblem as problem:
        print(f"{problem}\n  fix: {problem.fix}", file=sys.stderr)
        return 1
    print(f"{len(done.created)} created, {len(done.altered)} altered, {len(done.unchanged)} as they should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
