"""The bytes of docs/wire.md: the published vectors, and what does not fit them."""

import base64
import json
from pathlib import Path

import pytest

from clients.evaluator.notes import NoteInvalid, Verifier, statement_text
from clients.evaluator.tree import EMPTY_ROOT, Tree, Unreadable, leaf_data, leaf_hash, record_of
from swtalent.evaluation.v1 import events_pb2 as evaluation
from tests.builders.evaluator import ANOTHER_KEY, KEY, VERIFIER, Platform, a_record, a_talent_event

VECTORS = Path(__file__).parents[3] / "docs" / "vectors"


def vectors(name):
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def test_leaf_vectors():
    for case in vectors("leaf")["cases"]:
        bytes_ = [None if it is None else bytes.fromhex(it) for it in (case["key"], case["value"])]
        headers = [(name, None if value is None else bytes.fromhex(value)) for name, value in case["headers"]]
        data = leaf_data(*bytes_, headers)

        assert data.hex() == case["leaf_data"]
        assert leaf_hash(data).hex() == case["leaf_hash"]
        assert record_of(data) == (*bytes_, headers)


def test_roots_of_every_size_are_kept():
    case = vectors("tree")
    tree = Tree()
    for leaf in case["leaves"]:
        tree.append(bytes.fromhex(leaf))

    assert [tree.root(size).hex() for size in range(len(case["roots"]))] == case["roots"]
    assert tree.root(0) == EMPTY_ROOT
    with pytest.raises(ValueError, match="leaves of"):
        tree.root(tree.size + 1)


def test_checkpoint_vectors_and_whoever_is_not_the_key():
    case = vectors("checkpoint")
    verifier = Verifier(bytes.fromhex(case["public_key"]), deployment="local")
    for one in case["cases"]:
        if one["deployment"] == "local":
            found = verifier.checkpoint(one["note"].encode())
            assert (found.topic, found.partition, found.size, found.root.hex()) == (
                one["topic"],
                one["partition"],
                one["size"],
                one["root"],
            )
            with pytest.raises(NoteInvalid):
                VERIFIER.checkpoint(one["note"].encode())
            with pytest.raises(NoteInvalid):
                verifier.checkpoint(one["note"].replace(f"\n{one['size']}\n", "\n99\n", 1).encode())


def test_statement_vectors():
    case = vectors("statement")
    for one in case["cases"]:
        facts = evaluation.StatementFacts(
            month=one["month"],
            area=one["area"],
            contributions_version=one["contributions_version"],
            restates=one["restates"],
        )
        for topic in one["cut"]:
            cut = facts.cut.add(topic=topic["topic"])
            for part in topic["partitions"]:
                cut.partitions.add(size=part["size"], root=bytes.fromhex(part["root"]))
        for value in one["values"]:
            facts.values.add(**value)

        assert statement_text(one["deployment"], one["statement_id"], facts) == one["text"]


def test_bytes_that_are_no_record_are_told():
    data = a_record(a_talent_event()).data

    assert record_of(data)[0] == b"t1"
    for broken in (data[:-1], data + b"x", b"\xff", b"", data[:4] + b"\x7f" * 8):
        with pytest.raises(Unreadable):
            record_of(broken)


def test_a_key_file_is_read_and_another_file_is_not(tmp_path):
    raw = KEY.public_key().public_bytes_raw()
    (tmp_path / "evidence.pub").write_text(f"0123456789abcdef\n{base64.b64encode(raw).decode()}\n", encoding="ascii")
    (tmp_path / "other.pub").write_text("no key\n", encoding="ascii")

    assert Verifier.from_file(tmp_path / "evidence.pub", deployment="local").deployment == "local"
    with pytest.raises(NoteInvalid, match="not a public key file"):
        Verifier.from_file(tmp_path / "other.pub", deployment="local")


def test_a_checkpoint_of_another_deployment_or_key_is_refused():
    platform = Platform()
    platform.checkpoint(("registry.events.v1", 0))
    platform.checkpoint(("registry.events.v1", 0), key=ANOTHER_KEY)
    good, foreign = platform.notes

    assert VERIFIER.checkpoint(good).size == 0
    with pytest.raises(NoteInvalid, match="another key"):
        VERIFIER.checkpoint(foreign)
    with pytest.raises(NoteInvalid, match="not a checkpoint of this deployment"):
        Verifier(KEY.public_key().public_bytes_raw(), deployment="other").checkpoint(good)


def test_a_statements_signature_covers_every_value():
    said = Platform().a_statement("statement/1", {"1": (7, 0)})
    VERIFIER.statement("statement/1", said.after)

    with pytest.raises(NoteInvalid, match="does not fit"):
        VERIFIER.statement("statement/2", said.after)
    said.after.values[0].numerator = 8
    with pytest.raises(NoteInvalid, match="does not fit"):
        VERIFIER.statement("statement/1", said.after)
