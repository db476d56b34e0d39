from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clients.evaluator.logs import TOPICS, Entry, Export
from clients.evaluator.notes import NoteInvalid, Verifier, statement_text
from clients.evaluator.replay import Difference, Replay
from clients.evaluator.tree import EMPTY_ROOT, Tree, Unreadable, leaf_data, leaf_hash, record_of
from clients.evaluator.verify import verify_exported
from swtalent.evaluation.v1 import events_pb2 as evaluation
from swtalent.registry.v1 import events_pb2 as registry

VECTORS = Path(__file__).parents[3] / "docs" / "vectors"
PLACES = [(topic, number) for topic in TOPICS for number in range(12)]
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
VERIFIER = Verifier(KEY.public_key().public_bytes_raw(), deployment="local")


def vectors(name):
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def signed(text: str, name: str) -> str:
    raw = KEY.public_key().public_bytes_raw()
    key_id = hashlib.sha256(name.encode() + b"\n\x01" + raw).digest()[:4]
    return f"— {name} {base64.b64encode(key_id + KEY.sign(text.encode())).decode()}"


def a_checkpoint(place, tree: Tree) -> bytes:
    origin = f"swtalent/local/{place[0]}/{place[1]}"
    text = f"{origin}\n{tree.size}\n{base64.b64encode(tree.root()).decode()}\n"
    return f"{text}\n{signed(text, origin)}\n".encode()


def an_event(talent: str, version: int, **facts) -> bytes:
    body = registry.TalentEvent(id=talent, version=version, after=registry.TalentFacts(**facts))
    headers = [("ce_type", b"swtalent.registry.v1.TalentEvent"), ("ce_id", f"{talent}:{version}".encode())]
    return leaf_data(talent.encode(), body.SerializeToString(), headers)


def a_definition() -> bytes:
    after = evaluation.IndicatorFacts(
        number="1", shape="stock", accumulation="stock", numerator="1", scale_numerator=1, scale_denominator=1, fed=True
    )
    body = evaluation.IndicatorEvent(id="indicator/1", version=1, after=after)
    headers = [("ce_type", b"swtalent.evaluation.v1.IndicatorEvent"), ("ce_id", b"indicator/1:1")]
    return leaf_data(b"indicator/1", body.SerializeToString(), headers)


def a_professional() -> dict:
    return {
        "affiliations": [
            registry.Affiliation(id="a", place="510104", practitioner=True, principal=True, since="2018-03-01")
        ],
        "recognitions": [registry.Recognition(ground="training", since="2019-06-01")],
    }


def an_export(folder: Path, entries: list[tuple[tuple[str, int], bytes]], *, value: int = 1) -> None:
    """A log with these entries, a checkpoint per partition and a statement that says indicator 1 is `value`."""
    replay = Replay(PLACES)
    export = Export(folder, dict.fromkeys(PLACES, 0))

    def add(place, data):
        export.add(Entry(place, replay.trees[place].size, data), leaf_hash(data))
        replay.trees[place].append(leaf_hash(data))

    for place, data in entries:
        add(place, data)
    facts = evaluation.StatementFacts(month="2020-12", area="510000", contributions_version=1)
    for topic in TOPICS:
        cut = facts.cut.add(topic=topic)
        for number in range(12):
            tree = replay.trees[(topic, number)]
            cut.partitions.add(size=tree.size, root=tree.root())
    facts.values.add(number="1", numerator=value)
    facts.signature = signed(statement_text("local", "statement/x", facts), "swtalent/local/statement")
    body = evaluation.StatementEvent(id="statement/x", version=1, after=facts)
    headers = [("ce_type", b"swtalent.evaluation.v1.StatementEvent"), ("ce_id", b"statement/x:1")]
    add(("evaluation.events.v1", 5), leaf_data(b"statement/x", body.SerializeToString(), headers))
    export.close([a_checkpoint(place, tree) for place, tree in replay.trees.items() if tree.size])


ENTRIES = [
    (("evaluation.events.v1", 0), a_definition()),
    (("registry.events.v1", 3), an_event("t1", 1)),
    (("registry.events.v1", 3), an_event("t1", 2, **a_professional())),
    (("registry.events.v1", 3), an_event("t1", 2, **a_professional())),
    (("registry.events.v1", 7), an_event("t2", 1)),
]


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
    data = an_event("t", 1)

    for broken in (data[:-1], data + b"x", b"\xff", b""):
        with pytest.raises(Unreadable):
            record_of(broken)


def test_a_missing_version_is_named():
    replay = Replay(PLACES)
    replay.add(Entry(PLACES[0], 0, an_event("t", 1)))

    with pytest.raises(Difference, match=r"registry\.events\.v1:0:1 EVENT_GAP: t goes from version 1 to 3"):
        replay.add(Entry(PLACES[0], 1, an_event("t", 3)))


def test_a_repeat_must_be_the_same():
    replay = Replay(PLACES)
    replay.add(Entry(PLACES[0], 0, an_event("t", 1)))
    replay.add(Entry(PLACES[0], 1, an_event("t", 1)))

    with pytest.raises(Difference, match="came before with other content"):
        replay.add(Entry(PLACES[0], 2, an_event("t", 1, disputed=True)))


def test_an_honest_log_is_ok(tmp_path):
    an_export(tmp_path, ENTRIES)

    verdict = verify_exported(tmp_path, VERIFIER)

    assert verdict.first_difference == ""
    assert (verdict.ok, verdict.entries, verdict.partitions, verdict.statement) == (True, 6, 48, "statement/x")
    assert verdict.values == {"1": (1, 0)}


def test_a_flipped_byte_is_found_and_named(tmp_path):
    an_export(tmp_path, ENTRIES)
    path = tmp_path / "registry.events.v1-3.log"
    data = bytearray(path.read_bytes())
    second = 4 + len(an_event("t1", 1))
    data[second + 40] ^= 1
    path.write_bytes(data)

    verdict = verify_exported(tmp_path, VERIFIER)

    assert not verdict.ok
    assert verdict.first_difference.startswith("registry.events.v1:3:1 was altered")


def test_an_entry_and_its_leaf_altered_together_do_not_fit_the_checkpoint(tmp_path):
    an_export(tmp_path, ENTRIES)
    forged = [(place, an_event("t2", 1, disputed=True) if place[1] == 7 else data) for place, data in ENTRIES]
    other = tmp_path / "forged"
    an_export(other, forged)
    for name in ("registry.events.v1-7.log", "registry.events.v1-7.leaves"):
        (tmp_path / name).write_bytes((other / name).read_bytes())

    verdict = verify_exported(tmp_path, VERIFIER)

    assert not verdict.ok
    assert verdict.first_difference.startswith("registry.events.v1:7:0 or a later entry below 1")


def test_a_statement_with_another_value_is_found(tmp_path):
    an_export(tmp_path, ENTRIES, value=2)

    verdict = verify_exported(tmp_path, VERIFIER)

    assert (verdict.ok, verdict.indicators_equal) == (False, False)
    assert "indicator 1 is (1, 0), not (2, 0)" in verdict.first_difference


def test_a_forged_checkpoint_is_found(tmp_path):
    an_export(tmp_path, ENTRIES)
    path = tmp_path / "checkpoints.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("/3\\n3\\n", "/3\\n2\\n"), encoding="utf-8")

    assert "signature does not fit" in verify_exported(tmp_path, VERIFIER).first_difference


def test_a_truncated_log_is_named(tmp_path):
    an_export(tmp_path, ENTRIES)
    path = tmp_path / "registry.events.v1-3.log"
    path.write_bytes(path.read_bytes()[:-5])

    assert verify_exported(tmp_path, VERIFIER).first_difference == "registry.events.v1:3:2 breaks off"


def test_a_folder_without_a_log_is_told(tmp_path):
    assert "holds no exported log" in verify_exported(tmp_path, VERIFIER).first_difference
