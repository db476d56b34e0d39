from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.evaluation.domain.merkle import consistency_path, inclusion_path, leaf_hash
from services.evaluation.domain.note import checkpoint_text, note, origin
from services.evaluation.domain.statement import PartitionCut, StatementValue, TopicCut, key_name, text
from services.evaluation.domain.tree import Tree, from_tiles
from services.evaluation.publisher import EvidenceKey
from services.shared.runtime.keys import Key
from tests.builders.evaluation import consistent, included, root_of

VECTORS = Path(__file__).parents[3] / "docs" / "vectors"
MOST = 70
LEAVES = [hashlib.sha256(number.to_bytes(2)).digest() for number in range(1200)]

# The test tree of RFC 6962 implementations: leaf inputs, and the roots of the first 0 … 8 of them.
RFC_INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
RFC_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def grown(size: int) -> tuple[Tree, dict]:
    tree = Tree()
    for leaf in LEAVES[:size]:
        tree.append(leaf)
    return tree, tree.tiles_to_write()


def vectors(name: str):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_known_test_tree(size):
    tree = Tree()
    for content in RFC_INPUTS[:size]:
        tree.append(hashlib.sha256(b"\x00" + bytes.fromhex(content)).digest())
    assert tree.root().hex() == RFC_ROOTS[size]


@pytest.mark.parametrize("case", vectors("leaf.json")["cases"], ids=lambda case: case["name"])
def test_leaves_are_those_of_the_wire_page(case):
    def raw(value):
        return None if value is None else bytes.fromhex(value)

    headers = [(name, raw(value)) for name, value in case["headers"]]
    record = SimpleNamespace(offset=0, key=raw(case["key"]), value=raw(case["value"]), headers=headers)
    assert leaf_hash(record).hex() == case["leaf_hash"]


def test_every_record_is_proved_in_every_size():
    _, tiles = grown(MOST)
    subtree = from_tiles(tiles)
    for size in range(1, MOST + 1):
        root = root_of(LEAVES[:size])
        for index in range(size):
            path = inclusion_path(index, size, subtree)
            assert included(LEAVES[index], index, size, path, root)
            assert not included(LEAVES[index + 1], index, size, path, root)


def test_every_size_is_proved_to_continue_every_smaller_one():
    _, tiles = grown(MOST)
    subtree = from_tiles(tiles)
    roots = [root_of(LEAVES[:size]) for size in range(MOST + 1)]
    for second in range(1, MOST + 1):
        for first in range(1, second + 1):
            path = consistency_path(first, second, subtree)
            assert consistent(first, second, roots[first], roots[second], path)
            if first != second:
                assert not consistent(first, second, roots[first - 1], roots[second], path)


@pytest.mark.parametrize("size", [255, 256, 257, 511, 512, 1000, 1200])
def test_proofs_hold_across_tiles(size):
    tree, tiles = grown(size)
    assert tree.root() == root_of(LEAVES[:size])
    subtree = from_tiles(tiles)
    for index in {0, 1, 254, size // 2, size - 1}:
        assert included(LEAVES[index], index, size, inclusion_path(index, size, subtree), tree.root())
    for first in {1, 128, 255, size // 2, size - 1}:
        path = consistency_path(first, size, subtree)
        assert consistent(first, size, root_of(LEAVES[:first]), tree.root(), path)


def test_a_tree_goes_on_from_what_was_stored():
    tiles: dict = {}
    tree = Tree()
    for size, leaf in enumerate(LEAVES, 1):
        tree.append(leaf)
        if size % 97 == 0:
            tiles.update(tree.tiles_to_write())
            tree = Tree(tree.size, tree.edge, tiles)
    tiles.update(tree.tiles_to_write())
    assert tree.root() == root_of(LEAVES)
    assert tiles == grown(len(LEAVES))[1]


def test_tiles_that_reach_further_than_the_position_do_no_harm():
    _, ahead = grown(400)
    tree = Tree(300, grown(300)[0].edge, ahead)
    for leaf in LEAVES[300:600]:
        tree.append(leaf)
    assert tree.root() == root_of(LEAVES[:600])


def evidence_key(given) -> EvidenceKey:
    return EvidenceKey(Key("", bytes.fromhex(given["secret_key"]), bytes.fromhex(given["public_key"])))


def test_checkpoints_are_those_of_the_wire_page():
    given = vectors("checkpoint.json")
    for case in given["cases"]:
        place = (case["topic"], case["partition"])
        signed = checkpoint_text(case["deployment"], place, case["size"], bytes.fromhex(case["root"]))
        name = origin(case["deployment"], place)
        assert note(signed, evidence_key(given).sign(signed, name=name)) == case["note"]


def test_statements_are_those_of_the_wire_page():
    given = vectors("statement.json")
    for case in given["cases"]:
        signed = text(
            case["deployment"],
            case["statement_id"],
            month=case["month"],
            area=case["area"],
            contributions_version=case["contributions_version"],
            restates=case["restates"],
            cut=tuple(
                TopicCut(
                    it["topic"], tuple(PartitionCut(p["size"], bytes.fromhex(p["root"])) for p in it["partitions"])
                )
                for it in case["cut"]
            ),
            values=tuple(StatementValue(**it) for it in case["values"]),
        )
        assert signed == case["text"]
        assert evidence_key(given).sign(signed, name=key_name(case["deployment"])) == case["signature"]
