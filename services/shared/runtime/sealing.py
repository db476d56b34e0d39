"""Personal data: what partners sealed for the platform is opened here, what the registry keeps is sealed at rest here.

Bytes of the partners' seal: docs/wire.md §4. Both halves work on values that come and go by the thousand, so prefixes
and cipher objects are made once per session, partner and type.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from services.shared.kernel.errors import FieldTooLong, Invalid
from services.shared.kernel.ids import frame
from services.shared.runtime import keys
from services.shared.runtime.envelope import PartnerHeaders
from services.shared.runtime.keys import Key
from services.shared.runtime.lru import Lru

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_u32 = struct.Struct(">I")
_u64 = struct.Struct(">Q").pack
_KID, _NONCE, _TAG, _KEY = 8, 12, 16, 32

SEAL_VERSION = b"\x01"
SEAL_BYTES = 1 + _KID + 32 + _KEY + _TAG
LONGEST_SEALED = 4096
_SEAL_HEADER = "headers.swtalent-seal"
# Where a sealed field lies in its record, for the place of an error.
_PLACES = {"name": "identity.name", "id_number": "identity.id_number", "phone": "identity.phone"}


class SealMissing(Invalid):
    reason = "SEAL_MISSING"
    zh, en = "缺少密封头", "The record has sealed fields and no header swtalent-seal"
    fix_zh, fix_en = "请按接入文档密封个人信息字段", "Seal the personal fields as docs/partners.md says"


class SealKeyUnknown(Invalid):
    reason = "SEAL_KEY_UNKNOWN"
    zh, en = "密封所用的平台公钥未知或已停用", "Sealed for a key that is not, or no longer, the platform's"
    fix_zh, fix_en = "请换用平台现行公钥重新密封", "Seal it again for the platform's present public key"


class SealBroken(Invalid):
    reason = "SEAL_BROKEN"
    zh, en = (
        "密封内容无法打开",
        "What was sealed does not open: altered, or sealed for another record, field or partner",
    )
    fix_zh, fix_en = (
        "请核对接入方、类型、记录编号、版本和字段名后重新密封",
        "Seal it again with this partner, type, record id, revision and field name",
    )


class SealedIdentity(Protocol):
    name: bytes
    id_number: bytes
    phone: bytes


class SealedRecord:
    """The sealed fields of one record: `open` gives their text in NFC, "" for a field that was not reported."""

    __slots__ = ("_aad", "_decrypt")

    def __init__(self, decrypt: Callable[[bytes, bytes, bytes], bytes], aad: bytes) -> None:
        self._decrypt = decrypt
        self._aad = aad

    def open(self, field: str, sealed: bytes) -> str:
        """Raises SEAL_BROKEN or FIELD_TOO_LONG with the field's place in the record."""
        if not sealed:
            return ""
        if len(sealed) > LONGEST_SEALED:
            raise FieldTooLong(field=_PLACES.get(field, field), longest=LONGEST_SEALED)
        suffix = _FRAMED.get(field)
        try:
            plain = self._decrypt(sealed[:_NONCE], sealed[_NONCE:], self._aad + (suffix or frame(field)))
            text = plain.decode()
        except (InvalidTag, ValueError):
            raise SealBroken(field=_PLACES.get(field, field)) from None
        return text if text.isascii() else unicodedata.normalize("NFC", text)

    def open_identity(self, identity: SealedIdentity) -> tuple[str, str, str]:
        """Name, ID number and phone."""
        return (
            self.open("name", identity.name),
            self.open("id_number", identity.id_number),
            self.open("phone", identity.phone),
        )


_FRAMED = {field: frame(field) for field in ("name", "id_number", "phone", "number")}


class SealOpener:
    """Opens what partners sealed, to the present platform key or to a retired one that is still held.

    A session key is unwrapped once (65 µs) and kept for the partner it was wrapped for: the same header from another
    partner does not open.
    """

    def __init__(self, platform: Iterable[Key], *, deployment: str, sessions: int = 1024) -> None:
        self._keys = {bytes.fromhex(key.kid): X25519PrivateKey.from_private_bytes(key.secret) for key in platform}
        self._deployment = deployment
        self._sessions: Lru[tuple[str, bytes], Callable[[bytes, bytes, bytes], bytes]] = Lru("seal-session", sessions)
        self._prefixes: Lru[tuple[str, str], bytes] = Lru("seal-prefix", 1024)

    @classmethod
    def from_files(cls, keys_dir: Path | str, *, deployment: str) -> Self:
        """With the key files of `swtalent keys`. Raises KeyFileError."""
        return cls(keys.load_all(keys_dir, "seal"), deployment=deployment)

    def session(self, partner: str, headers: PartnerHeaders) -> SealedRecord:
        """The record that these headers came with. Raises SEAL_MISSING, SEAL_KEY_UNKNOWN or SEAL_BROKEN."""
        return self._record(headers.seal, partner, headers.type, headers.record_id, headers.revision)

    def open(
        self, header: bytes, *, partner: str, type: str, record_id: str, revision: int, field: str, sealed: bytes
    ) -> str:
        """One sealed field by itself."""
        return self._record(header, partner, type, record_id, revision).open(field, sealed)

    def _record(self, header: bytes, partner: str, type_: str, record_id: str, revision: int) -> SealedRecord:
        decrypt = self._sessions.get((partner, header))
        if decrypt is None:
            decrypt = self._unwrap(partner, header)
        prefix = self._prefixes.get((partner, type_))
        if prefix is None:
            prefix = frame("swtalent/field/v1") + frame(partner) + frame(type_)
            self._prefixes.put((partner, type_), prefix)
        return SealedRecord(decrypt, prefix + frame(record_id) + _u64(revision))

    def _unwrap(self, partner: str, header: bytes) -> Callable[[bytes, bytes, bytes], bytes]:
        if not header:
            raise SealMissing(field=_SEAL_HEADER)
        kid = header[1 : 1 + _KID]
        if header[:1] != SEAL_VERSION or (private := self._keys.get(kid)) is None:
            raise SealKeyUnknown(field=_SEAL_HEADER, version=header[0], kid=kid.hex())
        if len(header) != SEAL_BYTES:
            raise SealBroken(field=_SEAL_HEADER, bytes=len(header), expected=SEAL_BYTES)
        info = frame("swtalent/seal/v1") + frame(self._deployment) + frame(partner) + frame(kid)
        try:
            session_key = _SUITE.decrypt(header[1 + _KID :], private, info=info)
        except (InvalidTag, ValueError):
            raise SealBroken(field=_SEAL_HEADER) from None
        if len(session_key) != _KEY:
            raise SealBroken(field=_SEAL_HEADER)
        decrypt: Callable[[bytes, bytes, bytes], bytes] = AESGCM(session_key).decrypt
        self._sessions.put((partner, header), decrypt)
        return decrypt


def _hmac_halves(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """RFC 2104 with SHA-256, both halves primed with the key: three times as fast as `hmac` with OpenSSL 3."""
    block = key.ljust(64, b"\0")
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in block)), hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


class SealedAtRestError(Exception):
    """Stored bytes do not open: damaged, of another origin, or under a key that is not held. Never a caller's fault."""


class LocalKeyRing:
    """The kernel's KeyRing over raw keys of this process.

    At rest (`seal`): each call draws a data key; dropping the result destroys what it holds. Layout:

        0x01 (AES-256-GCM throughout) ‖ kid of the key-encryption key (8) ‖ nonce (12) ‖ wrapped data key (48)
        then per field in order: frame(name) ‖ frame(AES-256-GCM under the data key, nonce = u96 number of the field)

    Associated data bind the data key to kid and origin, and each field to origin and name. The nonces of fields may
    count because no data key is ever used for a second call. `kek[0]` seals; all of them open (rotation).
    """

    def __init__(self, *, index: Key, talent_id: Key, kek: Iterable[Key]) -> None:
        held = list(kek)
        self._keks = {bytes.fromhex(key.kid): AESGCM(key.secret) for key in held}
        self._kid = bytes.fromhex(held[0].kid)
        self._head = b"\x01" + self._kid
        self._wrap = self._keks[self._kid].encrypt
        self._index, self._talent_id = index.secret, talent_id.secret
        self._purposes: dict[str, tuple[hashlib._Hash, hashlib._Hash]] = {}

    @classmethod
    def from_files(cls, keys_dir: Path | str) -> Self:
        """With the key files of `swtalent keys`. Raises KeyFileError."""
        return cls(
            index=keys.load(keys_dir, "index"),
            talent_id=keys.load(keys_dir, "id"),
            kek=keys.load_all(keys_dir, "kek"),
        )

    def blind_index(self, purpose: str, value: str) -> str:
        """Each purpose has a key of its own, so that equal values of two purposes do not show.

        `talent-id` derives from the key that is never rotated.
        """
        keyed = self._purposes.get(purpose)
        if keyed is None:
            master = self._talent_id if purpose == "talent-id" else self._index
            derived = hmac.digest(master, frame("swtalent/index/v1") + frame(purpose), "sha256")
            keyed = self._purposes[purpose] = _hmac_halves(derived)
        inner, outer = keyed[0].copy(), keyed[1].copy()
        inner.update(value.encode())
        outer.update(inner.digest())
        return outer.hexdigest()[:32]

    def seal(self, *, origin: str, fields: Mapping[str, str]) -> bytes:
        drawn = os.urandom(_KEY + _NONCE)
        data_key, nonce = drawn[:_KEY], drawn[_KEY:]
        bound = frame(origin)
        encrypt = AESGCM(data_key).encrypt
        parts = [self._head, nonce, self._wrap(nonce, data_key, _WRAP + self._head + bound)]
        for number, (name, value) in enumerate(fields.items()):
            framed = frame(name)
            parts.append(framed)
            parts.append(frame(encrypt(number.to_bytes(_NONCE, "big"), value.encode(), bound + framed)))
        return b"".join(parts)

    def unseal(self, sealed: bytes, *, origin: str) -> dict[str, str]:
        """Raises SealedAtRestError."""
        bound = frame(origin)
        fields: dict[str, str] = {}
        try:
            decrypt = AESGCM(self._data_key(sealed, bound)).decrypt
            at = _FIELDS_AT
            while at < len(sealed):
                name, at = _unframe(sealed, at)
                body, at = _unframe(sealed, at)
                nonce = len(fields).to_bytes(_NONCE, "big")
                fields[name.decode()] = decrypt(nonce, body, bound + frame(name)).decode()
        except (InvalidTag, ValueError, struct.error):
            raise SealedAtRestError(f"what is stored for {origin} does not open") from None
        return fields

    def rewrap(self, sealed: bytes, *, origin: str) -> bytes:
        """The same under the present key-encryption key; the fields stay as they are. Raises SealedAtRestError."""
        if sealed[: len(self._head)] == self._head:
            return sealed
        bound = frame(origin)
        try:
            data_key = self._data_key(sealed, bound)
        except (InvalidTag, ValueError):
            raise SealedAtRestError(f"what is stored for {origin} does not open") from None
        nonce = os.urandom(_NONCE)
        return self._head + nonce + self._wrap(nonce, data_key, _WRAP + self._head + bound) + sealed[_FIELDS_AT:]

    def _data_key(self, sealed: bytes, bound: bytes) -> bytes:
        kek = self._keks.get(sealed[1:_NONCE_AT])
        if sealed[:1] != b"\x01" or kek is None:
            raise SealedAtRestError(f"sealed under key {sealed[1:_NONCE_AT].hex()}, which is not held")
        head, nonce, wrapped = sealed[:_NONCE_AT], sealed[_NONCE_AT:_WRAPPED_AT], sealed[_WRAPPED_AT:_FIELDS_AT]
        return kek.decrypt(nonce, wrapped, _WRAP + head + bound)


_WRAP = frame("swtalent/rest/v1")
_NONCE_AT = 1 + _KID
_WRAPPED_AT = _NONCE_AT + _NONCE
_FIELDS_AT = _WRAPPED_AT + _KEY + _TAG


def _unframe(data: bytes, at: int) -> tuple[bytes, int]:
    """The framed bytes at this place and the place after them."""
    start = at + _u32.size
    end = start + int(_u32.unpack_from(data, at)[0])
    if end > len(data):
        raise ValueError("cut off")
    return data[start:end], end
