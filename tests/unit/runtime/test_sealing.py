"""Personal data opens for the record it was sealed for and for nothing else; at rest it is bound to its origin."""

import hashlib
import hmac
import json
import os
import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from services.shared.kernel.errors import FieldTooLong, Invalid
from services.shared.kernel.ids import frame
from services.shared.runtime import keys
from services.shared.runtime.envelope import PartnerHeaders
from services.shared.runtime.sealing import (
    LocalKeyRing,
    SealBroken,
    SealedAtRestError,
    SealKeyUnknown,
    SealMissing,
    SealOpener,
)
from swtalent.partner.v1.records_pb2 import SealedIdentity

VECTORS = json.loads((Path(__file__).parents[3] / "docs/vectors/seal.json").read_text(encoding="utf-8"))
HEADER = bytes.fromhex(VECTORS["header"])
PLATFORM = keys.key_of("seal", bytes.fromhex(VECTORS["platform_secret_key"]))
NAME = VECTORS["fields"][0]
RECORD = {
    "partner": VECTORS["partner"],
    "type": NAME["type"],
    "record_id": NAME["record_id"],
    "revision": NAME["revision"],
    "field": NAME["field"],
    "sealed": bytes.fromhex(NAME["sealed"]),
}


def a_key(purpose):
    return keys.key_of(purpose, os.urandom(32))


def an_opener(*, deployment="local", platform=(PLATFORM,), sessions=1024):
    return SealOpener(platform, deployment=deployment, sessions=sessions)


def sealed_text(plain: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(bytes.fromhex(VECTORS["session_key"])).encrypt(nonce, plain, bytes.fromhex(NAME["aad"]))


def test_a_record_opens_as_it_was_sealed():
    assert an_opener().open(HEADER, **RECORD) == "张三"


def test_an_identity_opens_in_one_go():
    fields = {field["field"]: bytes.fromhex(field["sealed"]) for field in VECTORS["fields"][:3]}
    headers = PartnerHeaders(NAME["type"], NAME["record_id"], NAME["revision"], HEADER, "")

    opened = an_opener().session(VECTORS["partner"], headers).open_identity(SealedIdentity(**fields))

    assert opened == ("张三", "519999199001011239", "13800000000")


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("type", "PassRecord"),
        ("record_id", "CD-2021-000018"),
        ("revision", 2),
        ("field", "phone"),
        ("sealed", RECORD["sealed"][:-1] + bytes([RECORD["sealed"][-1] ^ 1])),
        ("sealed", RECORD["sealed"][:20]),
        ("sealed", b"\0"),
    ],
)
def test_a_sealed_field_moved_or_altered_does_not_open(part, other):
    with pytest.raises(SealBroken) as refused:
        an_opener().open(HEADER, **{**RECORD, part: other})

    assert refused.value.field == ("identity.phone" if part == "field" else "identity.name")


def test_another_partner_cannot_use_a_header_it_read_even_after_it_was_opened_once():
    opener = an_opener()
    opener.open(HEADER, **RECORD)

    with pytest.raises(SealBroken) as refused:
        opener.open(HEADER, **{**RECORD, "partner": "womens_federation"})

    assert refused.value.field == "headers.swtalent-seal"


def test_what_was_sealed_for_another_deployment_does_not_open():
    with pytest.raises(SealBroken):
        an_opener(deployment="production").open(HEADER, **RECORD)


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (b"", SealMissing),
        (b"\x02" + HEADER[1:], SealKeyUnknown),
        (b"\x01" + bytes(8) + HEADER[9:], SealKeyUnknown),
        (b"\x01", SealKeyUnknown),
        (HEADER[:-1], SealBroken),
        (HEADER + b"\0", SealBroken),
        (HEADER[:-1] + bytes([HEADER[-1] ^ 1]), SealBroken),
        (HEADER[:9] + bytes(32) + HEADER[41:], SealBroken),
    ],
)
def test_a_header_that_does_not_open_is_refused_by_its_own_code(header, error):
    with pytest.raises(error) as refused:
        an_opener().open(header, **RECORD)

    assert isinstance(refused.value, Invalid)
    assert refused.value.field == "headers.swtalent-seal"


def test_a_field_that_was_not_reported_is_empty():
    assert an_opener().open(HEADER, **{**RECORD, "sealed": b""}) == ""


def test_text_comes_out_in_one_unicode_form():
    decomposed = "Aydi\u0302n"

    assert an_opener().open(HEADER, **{**RECORD, "sealed": sealed_text(decomposed.encode())}) == "Ayd\u00een"


def test_sealed_bytes_that_are_no_text_are_refused():
    with pytest.raises(SealBroken):
        an_opener().open(HEADER, **{**RECORD, "sealed": sealed_text(b"\xff\xfe")})


def test_an_oversized_field_is_refused_before_it_is_opened():
    with pytest.raises(FieldTooLong):
        an_opener().open(HEADER, **{**RECORD, "sealed": bytes(5000)})


def test_a_retired_platform_key_still_opens_what_was_sealed_to_it():
    assert an_opener(platform=[a_key("seal"), PLATFORM]).open(HEADER, **RECORD) == "张三"


def test_more_sessions_than_are_remembered_open_all_the_same():
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    kid = bytes.fromhex(PLATFORM.kid)
    info = frame("swtalent/seal/v1") + frame("local") + frame(VECTORS["partner"]) + frame(kid)
    public = X25519PublicKey.from_public_bytes(PLATFORM.public)
    session = bytes.fromhex(VECTORS["session_key"])
    headers = [b"\x01" + kid + suite.encrypt(session, public, info=info) for _ in range(5)]
    opener = an_opener(sessions=2)

    assert [opener.open(header, **RECORD) for header in headers * 2] == ["张三"] * 10


def test_an_error_says_nothing_of_what_was_sealed():
    with pytest.raises(SealBroken) as refused:
        an_opener().open(HEADER, **{**RECORD, "record_id": "other"})

    assert "张三" not in f"{refused.value!r} {refused.value} {refused.value.meta}"


# ---- at rest --------------------------------------------------------------------------------------------------------

PERSON = {"name": "张三", "id_number": "519999199001011239", "phone": ""}


def a_ring(*, index=None, talent_id=None, kek=None):
    return LocalKeyRing(index=index or a_key("index"), talent_id=talent_id or a_key("id"), kek=kek or [a_key("kek")])


def test_what_is_sealed_at_rest_opens_for_its_origin():
    ring = a_ring()

    assert ring.unseal(ring.seal(origin="t1", fields=PERSON), origin="t1") == PERSON


def test_what_is_sealed_at_rest_shows_nothing_and_is_never_the_same_twice():
    ring = a_ring()
    one, other = ring.seal(origin="t1", fields=PERSON), ring.seal(origin="t1", fields=PERSON)

    assert one != other
    assert "张三".encode() not in one
    assert b"519999" not in one


def test_what_is_sealed_at_rest_does_not_open_for_another_talent():
    ring = a_ring()
    sealed = ring.seal(origin="t1", fields=PERSON)

    with pytest.raises(SealedAtRestError):
        ring.unseal(sealed, origin="t2")


def test_no_byte_of_what_is_sealed_at_rest_can_be_changed():
    ring = a_ring()
    sealed = ring.seal(origin="t1", fields=PERSON)

    for place in range(len(sealed)):
        with pytest.raises(SealedAtRestError):
            ring.unseal(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :], origin="t1")


def test_fields_at_rest_cannot_be_exchanged():
    ring = a_ring()
    sealed = ring.seal(origin="t1", fields={"a": "1", "b": "2"})
    a, b = b"\0\0\0\x01a", b"\0\0\0\x01b"
    head, rest = sealed.split(a)
    first, second = rest.split(b)

    with pytest.raises(SealedAtRestError):
        ring.unseal(head + a + second + b + first, origin="t1")


def test_an_old_key_encryption_key_opens_and_its_seals_can_be_rewrapped():
    old, new = a_key("kek"), a_key("kek")
    sealed = a_ring(kek=[old]).seal(origin="t1", fields=PERSON)
    both, only_new = a_ring(kek=[new, old]), a_ring(kek=[new])

    rewrapped = both.rewrap(sealed, origin="t1")

    assert both.unseal(sealed, origin="t1") == PERSON
    assert only_new.unseal(rewrapped, origin="t1") == PERSON
    assert both.rewrap(rewrapped, origin="t1") == rewrapped
    with pytest.raises(SealedAtRestError, match=old.kid):
        only_new.unseal(sealed, origin="t1")
    with pytest.raises(SealedAtRestError):
        both.rewrap(sealed, origin="t2")


def test_a_blind_index_is_a_keyed_hash_that_tells_purposes_apart():
    index = a_key("index")
    ring = a_ring(index=index)

    found = ring.blind_index("phone", "13800000000")

    derived = hmac.digest(index.secret, frame("swtalent/index/v1") + frame("phone"), "sha256")
    assert found == hmac.new(derived, b"13800000000", hashlib.sha256).hexdigest()[:32]
    assert found == ring.blind_index("phone", "13800000000")
    assert found != ring.blind_index("certificate", "13800000000")


def test_talent_ids_outlive_a_new_index_key():
    never_rotated = a_key("id")
    before, after = a_ring(talent_id=never_rotated), a_ring(talent_id=never_rotated)

    assert before.blind_index("talent-id", "x") == after.blind_index("talent-id", "x")
    assert before.blind_index("phone", "x") != after.blind_index("phone", "x")


def test_key_files_open_what_they_sealed_also_after_a_rotation(tmp_path):
    keys.init(tmp_path)
    sealed = LocalKeyRing.from_files(tmp_path).seal(origin="t1", fields=PERSON)
    retired = keys.load(tmp_path, "kek")
    (tmp_path / "kek.key").rename(tmp_path / f"kek.{retired.kid}.key")
    (tmp_path / ".made").write_text("")
    keys.init(tmp_path)

    ring = LocalKeyRing.from_files(tmp_path)

    assert keys.load(tmp_path, "kek").kid != retired.kid
    assert ring.unseal(sealed, origin="t1") == PERSON
    assert ring.rewrap(sealed, origin="t1") != sealed


def test_the_opener_takes_the_platform_key_from_its_file(tmp_path):
    keys.init(tmp_path)
    platform = keys.load_public(tmp_path, "seal")
    kid = bytes.fromhex(platform.kid)
    info = frame("swtalent/seal/v1") + frame("local") + frame("health") + frame(kid)
    session = os.urandom(32)
    wrapped = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM).encrypt(
        session, X25519PublicKey.from_public_bytes(platform.public), info=info
    )
    aad = frame("swtalent/field/v1") + frame("health") + frame("PayRecord") + frame("r1") + struct.pack(">Q", 7)
    sealed = bytes(12) + AESGCM(session).encrypt(bytes(12), b"Li", aad + frame("name"))

    headers = PartnerHeaders("PayRecord", "r1", 7, b"\x01" + kid + wrapped, "")

    assert SealOpener.from_files(tmp_path, deployment="local").session("health", headers).open("name", sealed) == "Li"
