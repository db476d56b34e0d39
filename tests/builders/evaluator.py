"""A platform small enough to be read: events, roots by the book's recursion, and a signer that can be told to lie."""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clients.evaluator.counting import RULES
from clients.evaluator.logs import CHECKPOINTS, TOPICS, Entry, Export, Place
from clients.evaluator.notes import Verifier, statement_text
from clients.evaluator.tree import leaf_hash
from swtalent.evaluation.v1 import events_pb2 as evaluation
from swtalent.registry.v1 import events_pb2 as registry

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
ANOTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
VERIFIER = Verifier(KEY.public_key().public_bytes_raw(), deployment="local")
PLACES = [(topic, number) for topic in TOPICS for number in range(12)]


class Record(NamedTuple):
    place: Place
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]

    @property
    def data(self) -> bytes:
        headers = b"".join(_frame(name.encode()) + _frame(content) for name, content in self.headers)
        return _frame(self.key) + _frame(self.value) + struct.pack(">I", len(self.headers)) + headers


def _frame(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def place_of(topic: str, id_: str) -> Place:
    return topic, zlib.crc32(id_.encode()) % 12


def a_record(event: Any, *, place: Place | None = None, **headers: bytes) -> Record:
    """Where it belongs and with the headers it must have, unless given otherwise."""
    type_ = event.DESCRIPTOR.full_name
    found = {"ce_id": f"{event.id}:{event.version}".encode(), "ce_type": type_.encode(), **headers}
    place = place or place_of(f"{type_.split('.')[1]}.events.v1", event.id)
    return Record(place, event.id.encode(), event.SerializeToString(), list(found.items()))


def a_talent_event(id_: str = "t1", version: int = 1, **facts: Any) -> registry.TalentEvent:
    return registry.TalentEvent(id=id_, version=version, after=registry.TalentFacts(**facts))


def a_professional(place: str = "510104") -> dict[str, Any]:
    """Recognised in June 2019."""
    return {
        "affiliations": [
            registry.Affiliation(id="a", place=place, practitioner=True, principal=True, since="2018-03-01")
        ],
        "recognitions": [registry.Recognition(ground="training", since="2019-06-01")],
    }


def a_definition(number: str = "1", **changed: Any) -> evaluation.IndicatorEvent:
    values = {"number": number, "shape": "stock", "accumulation": "stock", "numerator": number, "fed": True}
    return evaluation.IndicatorEvent(
        id=f"indicator/{number}", version=1, after=evaluation.IndicatorFacts(**{**values, **changed})
    )


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root_of(leaves[:left]) + root_of(leaves[left:])).digest()


def signed(text: str, name: str, key: Ed25519PrivateKey = KEY) -> str:
    key_id = hashlib.sha256(name.encode() + b"\n\x01" + key.public_key().public_bytes_raw()).digest()[:4]
    return f"— {name} {base64.b64encode(key_id + key.sign(text.encode())).decode()}"


class Platform:
    """The four event topics and the checkpoints, in the order of publishing."""

    def __init__(self) -> None:
        self.log: dict[Place, list[Record]] = {place: [] for place in PLACES}
        self.notes: list[bytes] = []

    def add(self, *events: Any) -> None:
        for event in events:
            record = event if isinstance(event, Record) else a_record(event)
            self.log[record.place].append(record)

    def root(self, place: Place) -> bytes:
        return root_of([hashlib.sha256(b"\x00" + record.data).digest() for record in self.log[place]])

    def checkpoint(self, place: Place, *, root: bytes | None = None, key: Ed25519PrivateKey = KEY) -> None:
        origin = f"swtalent/local/{place[0]}/{place[1]}"
        text = f"{origin}\n{len(self.log[place])}\n{base64.b64encode(root or self.root(place)).decode()}\n"
        self.notes.append(f"{text}\n{signed(text, origin, key)}\n".encode())

    def checkpoint_all(self) -> None:
        for place, records in self.log.items():
            if records:
                self.checkpoint(place)

    def a_statement(
        self, id_: str, values: Mapping[str, tuple[int, int]], *, month: str = "2020-12", **changed: Any
    ) -> evaluation.StatementEvent:
        """Over the log as it is; not added yet."""
        facts = evaluation.StatementFacts(
            **{
                "month": month,
                "area": "510000",
                "contributions_version": RULES,
                "published_on": "2021-01-05",
                **changed,
            }
        )
        for topic in TOPICS:
            cut = facts.cut.add(topic=topic)
            for number in range(12):
                place = (topic, number)
                cut.partitions.add(size=len(self.log[place]), root=self.root(place))
        for number, (numerator, denominator) in values.items():
            facts.values.add(number=number, numerator=numerator, denominator=denominator)
        return self.signed_anew(id_, facts)

    def signed_anew(self, id_: str, facts: evaluation.StatementFacts) -> evaluation.StatementEvent:
        """Whatever the facts say now."""
        facts.signature = signed(statement_text("local", id_, facts), "swtalent/local/statement")
        return evaluation.StatementEvent(id=id_, version=1, after=facts)

    def write(self, folder: Path) -> Path:
        """As an exported log."""
        export = Export(folder, PLACES)
        for place, records in self.log.items():
            for offset, record in enumerate(records):
                export.add(Entry(place, offset, record.data), leaf_hash(record.data))
        export.close(self.notes)
        return folder

    def messages(self) -> list[tuple[Place, bytes, bytes, list[tuple[str, bytes]]]]:
        """Everything as it goes to Kafka."""
        records = [tuple(record) for records in self.log.values() for record in records]
        return [*records, *(((CHECKPOINTS, 0), b"", note, []) for note in self.notes)]


def a_platform(*, said: int = 1) -> Platform:
    """Two people, one a professional since June 2019, two repeats, and a statement that says `said` professionals."""
    platform = Platform()
    first, second = a_talent_event(), a_talent_event(version=2, **a_professional())
    platform.add(a_definition(), first, second, first, second, a_talent_event("t2"))
    platform.checkpoint_all()
    platform.add(platform.a_statement("statement/1", {"1": (said, 0)}))
    platform.checkpoint_all()
    return platform
