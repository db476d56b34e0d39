"""The seal (docs/wire.md §4), the sender's side: only the platform can read what passes through here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import struct
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_u32 = struct.Struct(">I").pack
_u64 = struct.Struct(">Q").pack
_KEY, _NONCE = 32, 12

MOST_RECORDS = 2**20
LONGEST_S = 24 * 3600.0


class PlatformKeyError(ValueError):
    """What was given is not the platform's public key; the text says what it should be."""


def frame(value: bytes | str) -> bytes:
    """u32 big-endian length ‖ bytes."""
    raw = value.encode() if isinstance(value, str) else value
    return _u32(len(raw)) + raw


def platform_key(given: bytes | str | Path) -> bytes:
    """32 raw bytes as they are; else a file as the platform hands it out: key id, then the key in base64."""
    if isinstance(given, bytes):
        raw = given
    else:
        try:
            kid, text = Path(given).read_text(encoding="ascii").split()
            raw = base64.b64decode(text, validate=True)
        except OSError as error:
            raise PlatformKeyError(f"{given} cannot be read: {error.strerror}") from None
        except (ValueError, binascii.Error):
            raise PlatformKeyError(f"{given} is not a public key file (two lines: key id, base64)") from None
        if hashlib.sha256(raw).hexdigest()[:16] != kid:
            raise PlatformKeyError(f"{given} does not hold the key that its first line names")
    if len(raw) != _KEY:
        raise PlatformKeyError(f"the platform's public key has {_KEY} bytes, not {len(raw)}")
    return raw


class SealSession:
    """One session key with its header. `spent` says when to make a new one; it forbids nothing by itself."""

    def __init__(self, platform_public_key: bytes, *, deployment: str, partner: str) -> None:
        kid = hashlib.sha256(platform_public_key).digest()[:8]
        info = frame("swtalent/seal/v1") + frame(deployment) + frame(partner) + frame(kid)
        key = os.urandom(_KEY)
        wrapped = _SUITE.encrypt(key, X25519PublicKey.from_public_bytes(platform_public_key), info=info)
        self.header = b"\x01" + kid + wrapped
        self._encrypt = AESGCM(key).encrypt
        self._prefix = frame("swtalent/field/v1") + frame(partner)
        self._types: dict[str, bytes] = {}
        self._left = MOST_RECORDS
        self._until = time.monotonic() + LONGEST_S
        # A forked process would go on with the same key: it makes its own session instead.
        self._process = os.getpid()

    def spent(self) -> bool:
        return self._left <= 0 or time.monotonic() >= self._until or os.getpid() != self._process

    def seal(self, type_: str, record_id: str, revision: int, fields: Sequence[tuple[str, str]]) -> list[bytes]:
        """The fields of one record, sealed, in order; an empty text stays empty."""
        self._left -= 1
        prefix = self._types.get(type_)
        if prefix is None:
            prefix = self._types[type_] = self._prefix + frame(type_)
        bound = prefix + frame(record_id) + _u64(revision)
        drawn = os.urandom(_NONCE * len(fields))
        return [
            self._one(drawn[at * _NONCE : (at + 1) * _NONCE], bound + _framed(field), text) if text else b""
            for at, (field, text) in enumerate(fields)
        ]

    def _one(self, nonce: bytes, aad: bytes, text: str) -> bytes:
        plain = text if text.isascii() else unicodedata.normalize("NFC", text)
        return nonce + self._encrypt(nonce, plain.encode(), aad)


_FRAMED = {field: frame(field) for field in ("name", "id_number", "phone", "number")}


def _framed(field: str) -> bytes:
    return _FRAMED.get(field) or frame(field)
