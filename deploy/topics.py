"""The topics file as values: topics with their settings, registered partners, access rules. Reads, never connects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FILE = Path(__file__).with_name("topics.yaml")


class TopicsFileError(ValueError):
    """The file contradicts itself; the text names the entry."""


@dataclass(frozen=True, slots=True)
class Partner:
    name: str
    department: str
    area: str


@dataclass(frozen=True, slots=True)
class Topic:
    """`permanent`: the partition count may never change, because readers and proofs count on it."""

    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str]
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    permanent: bool


class Acl(NamedTuple):
    """One allowance of Kafka's StandardAuthorizer."""

    principal: str
    operation: str
    resource: str  # topic | group
    name: str
    pattern: str  # literal | prefixed


@dataclass(frozen=True, slots=True)
class TopicsFile:
    topics: tuple[Topic, ...]
    partners: tuple[Partner, ...]
    services: tuple[str, ...]
    _by_name: dict[str, Topic] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {topic.name: topic for topic in self.topics}
        if len(by_name) != len(self.topics):
            raise TopicsFileError("a topic is declared twice")
        object.__setattr__(self, "_by_name", by_name)

    def __getitem__(self, name: str) -> Topic:
        return self._by_name[name]

    def acls(self) -> list[Acl]:
        """What each principal needs and nothing else; consumer groups start with the principal's name and a dot."""
        found: set[Acl] = set()
        for topic in self.topics:
            for principal in topic.writers:
                found |= {
                    Acl(principal, operation, "topic", topic.name, "literal") for operation in ("Write", "Describe")
                }
            for principal in topic.readers:
                found |= {
                    Acl(principal, operation, "topic", topic.name, "literal") for operation in ("Read", "Describe")
                }
                found.add(Acl(principal, "Read", "group", f"{principal}.", "prefixed"))
        return sorted(found)


def load(path: Path = FILE, *, local: bool) -> TopicsFile:
    """`local` takes the settings of the one-node Kafka. TopicsFileError when an entry contradicts another."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    services = tuple(raw["services"])
    partners = tuple(Partner(**entry) for entry in raw["partners"])
    for partner in partners:
        if partner.name not in {partner.department, f"{partner.department}-{partner.area}"}:
            raise TopicsFileError(f"partner {partner.name}: the name is the department, or department-area")
    common = [raw["defaults"], *([raw["local"]] if local else [])]
    topics = tuple(
        _topic(entry, common, names)
        for entry in raw["topics"]
        for names in _instances(entry, services=services, partners=partners)
    )
    return TopicsFile(topics, partners, services)


def _instances(
    entry: Mapping[str, Any], *, services: tuple[str, ...], partners: tuple[Partner, ...]
) -> Iterator[dict[str, str]]:
    match entry.get("for_each"):
        case None:
            yield {}
        case "service":
            yield from ({"service": service} for service in services)
        case "partner":
            yield from ({"partner": partner.name} for partner in partners)
        case other:
            raise TopicsFileError(f"{entry['name']}: for_each {other} is neither service nor partner")


def _topic(entry: Mapping[str, Any], common: list[dict[str, Any]], names: dict[str, str]) -> Topic:
    settings: dict[str, str] = {}
    for part in (common[0], entry, *common[1:]):  # what is local wins over the topic's own
        settings |= {name: _text(value) for name, value in part.get("settings", {}).items()}
    return Topic(
        name=entry["name"].format(**names),
        partitions=entry["partitions"],
        replication=common[-1]["replication"],
        settings=settings,
        writers=tuple(writer.format(**names) for writer in entry["writers"]),
        readers=tuple(reader.format(**names) for reader in entry["readers"]),
        permanent=entry.get("permanent", False),
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
