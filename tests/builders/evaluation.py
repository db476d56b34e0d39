"""Facts and events as evaluation reads them, a log to fold, and the proofs' verification by the book."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Mapping, Sequence

from services.evaluation.domain.folded import Place
from services.shared.kernel.ports import Message
from services.shared.runtime import envelope
from services.shared.runtime.kafka import partition_of
from services.shared.runtime.reader import Received
from services.shared.runtime.store.kind import Stamp
from swtalent.registry.v1 import events_pb2 as registry_pb
from swtalent.stations.v1 import events_pb2 as stations_pb

WUHOU, JINJIANG, SHEHONG = "510107", "510104", "510981"
TOPICS = tuple(envelope.EVENT_TOPICS.values())
PARTITIONS = 12


def an_affiliation(**changed) -> registry_pb.Affiliation:
    values = {
        "id": "work/civil_affairs/A/worker",
        "department": "civil_affairs",
        "place": WUHOU,
        "practitioner": True,
        "principal": True,
        "since": "2018-03-01",
    }
    return registry_pb.Affiliation(**{**values, **changed})


def a_recognition(since: str = "2019-06-15", until: str = "") -> registry_pb.Recognition:
    return registry_pb.Recognition(ground="training", since=since, until=until, department="civil_affairs")


def a_certificate(level: str = "assistant", passed_on: str = "2019-06-20", **changed) -> registry_pb.Certificate:
    return registry_pb.Certificate(level=level, passed_on=passed_on, **changed)


def a_talent(**changed) -> registry_pb.TalentFacts:
    """A practitioner in Wuhou since March 2018, recognised in June 2019."""
    values = {"affiliations": [an_affiliation()], "recognitions": [a_recognition()]}
    return registry_pb.TalentFacts(**{**values, **changed})


def an_organisation(**changed) -> registry_pb.OrganisationFacts:
    values = {"known": True, "kind": "private_agency", "county": WUHOU, "registered_on": "2021-02-10"}
    return registry_pb.OrganisationFacts(**{**values, **changed})


def a_community(**changed) -> stations_pb.CommunityFacts:
    values = {"known": True, "kinds": [stations_pb.CommunityKind(kind="rural", since="2015-01-01")]}
    return stations_pb.CommunityFacts(**{**values, **changed})


_STAMP = Stamp("2021-03-01T08:00:00.000Z")


def talent_event(talent_id: str, version: int, after: registry_pb.TalentFacts) -> Message:
    body = registry_pb.TalentEvent(
        id=talent_id, version=version, after=after, talent_reported=registry_pb.TalentReported()
    )
    return envelope.event("registry", talent_id, version, body, _STAMP)


def organisation_event(uscc: str, version: int, after: registry_pb.OrganisationFacts) -> Message:
    body = registry_pb.OrganisationEvent(id=uscc, version=version, after=after)
    return envelope.event("registry", uscc, version, body, _STAMP)


def community_event(code: str, version: int, after: stations_pb.CommunityFacts) -> Message:
    body = stations_pb.CommunityEvent(id=code, version=version, after=after)
    return envelope.event("stations", code, version, body, _STAMP)


class MemoryLog:
    """The fold's Log over lists in memory; `partitions` may be changed behind its back."""

    def __init__(self, topics: Sequence[str] = TOPICS, partitions: int = PARTITIONS) -> None:
        self.partitions: dict[Place, list[Received]] = {
            (topic, number): [] for topic in topics for number in range(partitions)
        }
        self.first: dict[Place, int] = {}
        self.shown: dict[Place, int] = {}
        self.at_once = 4000
        self._positions: dict[Place, int] = {}
        self._grown = asyncio.Event()

    def append(self, *messages: Message, times: int = 1) -> None:
        for message in messages:
            count = sum(topic == message.topic for topic, _ in self.partitions)
            place = (message.topic, partition_of(message.key, count))
            for _ in range(times):
                own = self.partitions[place]
                own.append(Received(*place, len(own), message.key, message.value, message.headers, 0))
        self._grown.set()

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def bounds(self) -> Mapping[Place, tuple[int, int]]:
        return {place: (self.first.get(place, 0), len(own)) for place, own in self.partitions.items()}

    def seek(self, place: Place, offset: int) -> None:
        self._positions[place] = offset
        self._grown.set()

    def pause(self, place: Place) -> None:
        self._positions.pop(place, None)

    async def read(self, *, wait_s: float) -> Mapping[Place, Sequence[Received]]:
        found = self._fetch()
        if not found and wait_s:
            self._grown.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._grown.wait(), wait_s)
            found = self._fetch()
        return found

    def _fetch(self) -> dict[Place, list[Received]]:
        found = {}
        for place, at in self._positions.items():
            batch = self.partitions[place][at : at + self.at_once]
            if batch:
                found[place] = batch
                self._positions[place] = at + len(batch)
        return found

    async def commit(self, sizes: Mapping[Place, int]) -> None:
        self.shown.update(sizes)


def leaf_of(record: Received) -> bytes:
    """docs/wire.md §5, once more and slowly."""

    def frame(value: bytes | None) -> bytes:
        return b"\xff\xff\xff\xff" if value is None else len(value).to_bytes(4, "big") + value

    data = frame(record.key) + frame(record.value) + len(record.headers).to_bytes(4, "big")
    for name, value in record.headers:
        data += frame(name.encode()) + frame(value)
    return hashlib.sha256(b"\x00" + data).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + root_of(leaves[:middle]) + root_of(leaves[middle:])).digest()


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3.2."""
    if index >= size:
        return False
    number, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        number, last = number >> 1, last >> 1
    return last == 0 and node == root


def consistent(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """RFC 9162 §2.1.4.2."""
    if first == second:
        return not path and first_root == second_root
    nodes = list(path)
    if first & (first - 1) == 0:
        nodes.insert(0, first_root)
    number, last = first - 1, second - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            old = hashlib.sha256(b"\x01" + node + old).digest()
            new = hashlib.sha256(b"\x01" + node + new).digest()
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            new = hashlib.sha256(b"\x01" + new + node).digest()
        number, last = number >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
