"""A sealing session: fresh for every record, one header for all of them, replaced before it has done too much."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from clients.partner import seal
from clients.partner.seal import PlatformKeyError, SealSession, platform_key
from services.shared.runtime import keys

PUBLIC = X25519PrivateKey.generate().public_key().public_bytes_raw()


def a_session():
    return SealSession(PUBLIC, deployment="local", partner="health")


def test_the_same_text_is_never_sealed_the_same_way_twice():
    session = a_session()

    one, other = (session.seal("PayRecord", "r", 1, [("name", "张三")])[0] for _ in range(2))

    assert one != other
    assert len(one) == 12 + len("张三".encode()) + 16


def test_an_empty_field_stays_empty():
    assert a_session().seal("PayRecord", "r", 1, [("phone", "")]) == [b""]


def test_a_session_is_spent_after_its_records(monkeypatch):
    monkeypatch.setattr(seal, "MOST_RECORDS", 2)
    session = a_session()
    session.seal("PayRecord", "r1", 1, [])

    assert not session.spent()
    session.seal("PayRecord", "r2", 1, [])
    assert session.spent()


def test_a_session_is_spent_after_a_day(monkeypatch):
    session = a_session()
    now = seal.time.monotonic()

    monkeypatch.setattr(seal.time, "monotonic", lambda: now + 24 * 3600 + 1)

    assert session.spent()


def test_a_forked_process_does_not_go_on_with_the_session(monkeypatch):
    session = a_session()

    monkeypatch.setattr(seal.os, "getpid", lambda: -1)

    assert session.spent()


def test_the_platform_key_is_read_from_the_file_it_is_handed_out_in(tmp_path):
    keys.init(tmp_path)

    assert platform_key(tmp_path / "seal.pub") == keys.load_public(tmp_path, "seal").public
    assert platform_key(PUBLIC) == PUBLIC


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "not a public key file"), ("00 !!", "not a public key file"), (f"{'0' * 16}\n{'A' * 43}=\n", "first line")],
)
def test_a_file_that_is_no_platform_key_is_refused(tmp_path, content, says):
    path = tmp_path / "seal.pub"
    path.write_text(content)

    with pytest.raises(PlatformKeyError, match=says):
        platform_key(path)


def test_a_missing_or_short_key_is_refused(tmp_path):
    with pytest.raises(PlatformKeyError, match="cannot be read"):
        platform_key(tmp_path / "none.pub")
    with pytest.raises(PlatformKeyError, match="32 bytes"):
        platform_key(b"short")
