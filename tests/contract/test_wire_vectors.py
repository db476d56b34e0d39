"""Services and SDK write and read the bytes of docs/wire.md: each is held against the vectors."""

import base64
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from clients.partner import seal as sender
from services.shared.kernel import ids
from services.shared.runtime import keys
from services.shared.runtime.sealing import SealOpener

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "docs/vectors"


def vectors(name):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


SEAL = vectors("seal.json")


def test_the_vectors_are_what_the_plain_steps_make():
    made = subprocess.run(
        [sys.executable, str(VECTORS / "make_vectors.py"), "--check"], check=False, capture_output=True, text=True
    )

    assert (made.returncode, made.stderr) == (0, "")


@pytest.mark.parametrize("case", vectors("ids.json")["derived"], ids=lambda case: case["kind"])
def test_derived_ids(case):
    assert ids.derived_id(case["kind"], case["principal"], case["request_id"]) == case["id"]


@pytest.mark.parametrize("case", vectors("ids.json")["partitions"], ids=lambda case: case["key"] or "empty")
def test_partitions_by_key(case):
    checksum = zlib.crc32(case["key"].encode())

    assert (checksum, checksum % 3, checksum % 12) == (case["crc32"], case["of_3"], case["of_12"])


@pytest.mark.parametrize("frame", [ids.frame, sender.frame], ids=["services", "sdk"])
def test_frames(frame):
    assert frame("") == bytes(4)
    assert frame("民政") == b"\0\0\0\x06" + "民政".encode()
    assert frame(b"\0\xff") == b"\0\0\0\x02\0\xff"


def test_a_null_frame_is_not_an_empty_one():
    assert ids.frame(None) == b"\xff\xff\xff\xff"


@pytest.mark.parametrize("field", SEAL["fields"], ids=lambda field: f"{field['field']}-{field['revision']}")
def test_the_platform_opens_the_sealed_vectors(field):
    platform = keys.key_of("seal", bytes.fromhex(SEAL["platform_secret_key"]))
    opener = SealOpener([platform], deployment=SEAL["deployment"])

    opened = opener.open(
        bytes.fromhex(SEAL["header"]),
        partner=SEAL["partner"],
        type=field["type"],
        record_id=field["record_id"],
        revision=field["revision"],
        field=field["field"],
        sealed=bytes.fromhex(field["sealed"]),
    )

    assert (platform.kid, opened) == (SEAL["kid"], field["text"])


def test_the_sdk_seals_the_vectors_to_the_byte(monkeypatch):
    drawn = iter([SEAL["session_key"], *(field["nonce"] for field in SEAL["fields"])])
    monkeypatch.setattr(sender.os, "urandom", lambda count: bytes.fromhex(next(drawn)))
    session = sender.SealSession(
        bytes.fromhex(SEAL["platform_public_key"]), deployment=SEAL["deployment"], partner=SEAL["partner"]
    )

    for field in SEAL["fields"]:
        sealed = session.seal(field["type"], field["record_id"], field["revision"], [(field["field"], field["text"])])
        assert [one.hex() for one in sealed] == [field["sealed"]]
    # The ephemeral key is HPKE's own, so of the header only what is not drawn can be compared.
    assert session.header[:9].hex() == SEAL["header"][:18]
    assert len(session.header) == len(SEAL["header"]) // 2


def test_what_the_sdk_seals_the_platform_opens():
    platform = keys.key_of("seal", bytes.fromhex(SEAL["platform_secret_key"]))
    session = sender.SealSession(platform.public, deployment="local", partner="health")
    (sealed,) = session.seal("PayRecord", "r:1", 3, [("name", "古丽")])

    opened = SealOpener([platform], deployment="local").open(
        session.header, partner="health", type="PayRecord", record_id="r:1", revision=3, field="name", sealed=sealed
    )

    assert opened == "古丽"


@pytest.mark.parametrize("name", ["checkpoint.json", "statement.json"])
def test_signature_lines_verify_over_the_text_before_them(name):
    given = vectors(name)
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(given["public_key"]))
    for case in given["cases"]:
        text, line = (
            (case["text"], case["signature"])
            if "text" in case
            else (case["signed_text"], case["note"].removeprefix(case["signed_text"]).strip("\n"))
        )
        dash, key_name, signed = line.split(" ")
        raw = base64.b64decode(signed, validate=True)
        assert (dash, len(raw)) == ("—", 68)
        assert key_name == case.get("origin", "swtalent/local/statement")
        assert raw[:4].hex() == (case.get("key_id") or given["key_id"])
        public.verify(raw[4:], text.encode())
