"""The wire format once more, in plain steps, with fixed keys: writes the test vectors beside this file.

Shares no code with services/ or clients/; docs/wire.md is its text. `python docs/vectors/make_vectors.py [--check]`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import sys
import zlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HERE = Path(__file__).parent
Headers = list[tuple[str, bytes | None]]


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def fixed(label: str, length: int = 32) -> bytes:
    """Bytes that anyone can make again: never use them for anything but tests."""
    return sha256(f"swtalent test vector: {label}".encode())[:length]


def frame(value: bytes | str | None) -> bytes:
    if value is None:
        return b"\xff\xff\xff\xff"
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(raw)) + raw


# ---- evidence -------------------------------------------------------------------------------------------------------


def leaf_data(key: bytes | None, value: bytes | None, headers: Headers) -> bytes:
    framed = b"".join(frame(name) + frame(content) for name, content in headers)
    return frame(key) + frame(value) + struct.pack(">I", len(headers)) + framed


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(root(leaves[:k]), root(leaves[k:]))


def inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 §2.1.1, PATH(m, D[n])."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*inclusion(index, leaves[:k]), root(leaves[k:])]
    return [*inclusion(index - k, leaves[k:]), root(leaves[:k])]


def consistency(first: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """RFC 6962 §2.1.2, SUBPROOF(m, D[n], b)."""
    if first == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if first <= k:
        return [*consistency(first, leaves[:k], whole=whole), root(leaves[k:])]
    return [*consistency(first - k, leaves[k:], whole=False), root(leaves[:k])]


def key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\x0a\x01" + public)[:4]


def signature_line(name: str, text: str, secret: bytes) -> str:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    signed = key_id(name, key.public_key().public_bytes_raw()) + key.sign(text.encode())
    return f"— {name} {base64.b64encode(signed).decode()}"


def events() -> list[tuple[bytes, bytes, Headers]]:
    """Eight records as they might lie at offsets 0 … 7 of one partition."""
    made: list[tuple[bytes, bytes, Headers]] = []
    for offset in range(8):
        key, version = f"line-{offset % 3}", offset // 3 + 1
        headers: Headers = [
            ("content-type", b"application/protobuf"),
            ("ce_specversion", b"1.0"),
            ("ce_id", f"{key}:{version}".encode()),
            ("ce_source", b"swtalent/funding"),
            ("ce_type", b"swtalent.funding.v1.BudgetLineEvent"),
            ("ce_time", f"2021-03-0{offset + 1}T08:00:00.000Z".encode()),
        ]
        made.append((key.encode(), fixed(f"value {offset}", 24), headers))
    return made


def leaf_vectors() -> dict[str, object]:
    odd: list[tuple[str, bytes | None, bytes | None, Headers]] = [
        ("an event", *events()[0]),
        ("no headers", b"k", b"v", []),
        ("null key", None, b"v", []),
        ("empty key is not a null key", b"", b"v", []),
        ("null value (tombstone)", b"k", None, []),
        ("everything null or empty", None, None, []),
        ("header with null value", b"k", b"v", [("traceparent", None)]),
        ("header with empty value", b"k", b"v", [("traceparent", b"")]),
        ("repeated header, order kept", b"k", b"v", [("a", b"2"), ("a", b"1")]),
        ("header name beyond ASCII is UTF-8", b"k", b"v", [("区划", bytes([0, 255]))]),
    ]
    cases = []
    for name, key, value, headers in odd:
        data = leaf_data(key, value, headers)
        cases.append(
            {
                "name": name,
                "key": None if key is None else key.hex(),
                "value": None if value is None else value.hex(),
                "headers": [[header, None if content is None else content.hex()] for header, content in headers],
                "leaf_data": data.hex(),
                "leaf_hash": leaf_hash(data).hex(),
            }
        )
    return {"what": "docs/wire.md §5: leaf data and leaf hash; bytes in hexadecimal", "cases": cases}


def tree_vectors() -> dict[str, object]:
    leaves = [leaf_hash(leaf_data(*record)) for record in events()]
    sizes = range(len(leaves) + 1)
    return {
        "what": "docs/wire.md §5: roots of the first n leaves, inclusion and consistency proofs; bytes in hexadecimal",
        "leaves": [leaf.hex() for leaf in leaves],
        "roots": [root(leaves[:size]).hex() for size in sizes],
        "inclusion": [
            {"index": index, "size": size, "path": [node.hex() for node in inclusion(index, leaves[:size])]}
            for size in sizes
            for index in range(size)
        ],
        "consistency": [
            {"first": first, "second": second, "path": [node.hex() for node in consistency(first, leaves[:second])]}
            for second in sizes
            for first in range(1, second + 1)
        ],
    }


def checkpoint_vectors() -> dict[str, object]:
    secret = fixed("evidence key")
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    leaves = [leaf_hash(leaf_data(*record)) for record in events()]
    cases = []
    for size in (0, 7):
        name = "swtalent/local/funding.events.v1/4"
        text = f"{name}\n{size}\n{base64.b64encode(root(leaves[:size])).decode()}\n"
        cases.append(
            {
                "deployment": "local",
                "topic": "funding.events.v1",
                "partition": 4,
                "size": size,
                "root": root(leaves[:size]).hex(),
                "origin": name,
                "key_id": key_id(name, public).hex(),
                "verifier": "+".join((name, key_id(name, public).hex(), base64.b64encode(b"\x01" + public).decode())),
                "signed_text": text,
                "note": f"{text}\n{signature_line(name, text, secret)}\n",
            }
        )
    return {
        "what": "docs/wire.md §6: a checkpoint as C2SP signed note",
        "secret_key": secret.hex(),
        "public_key": public.hex(),
        "cases": cases,
    }


def statement_text(
    deployment: str,
    statement: str,
    facts: dict[str, str],
    cut: list[tuple[str, list[tuple[int, bytes]]]],
    values: list[tuple[str, int, int]],
) -> str:
    lines = ["swtalent-statement/v1", deployment, statement, facts["month"], facts["area"]]
    lines += [f"contributions {facts['contributions']}", f"restates {facts['restates'] or '-'}"]
    for topic, partitions in cut:
        lines += [f"cut {topic} {number} {size} {top.hex()}" for number, (size, top) in enumerate(partitions)]
    lines += [f"value {number} {numerator} {denominator}" for number, numerator, denominator in values]
    return "".join(f"{line}\n" for line in lines)


def statement_vectors() -> dict[str, object]:
    secret = fixed("evidence key")
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    leaves = [leaf_hash(leaf_data(*record)) for record in events()]
    cut = [
        (topic, [(size, root(leaves[:size])) for size in sizes])
        for topic, sizes in (("registry.events.v1", (8, 0, 3)), ("funding.events.v1", (1, 5)))
    ]
    values = [("1", 124000, 0), ("2", 1240000000, 83674866), ("9", 28000, 149973)]
    name = "swtalent/local/statement"
    cases = []
    for statement, restates in (("statement/1", ""), ("statement/2", "statement/1")):
        facts = {"month": "2020-12", "area": "510000", "contributions": "1", "restates": restates}
        text = statement_text("local", statement, facts, cut, values)
        cases.append(
            {
                "deployment": "local",
                "statement_id": statement,
                "month": facts["month"],
                "area": facts["area"],
                "contributions_version": 1,
                "restates": restates,
                "cut": [
                    {"topic": topic, "partitions": [{"size": size, "root": top.hex()} for size, top in partitions]}
                    for topic, partitions in cut
                ],
                "values": [
                    {"number": number, "numerator": numerator, "denominator": denominator}
                    for number, numerator, denominator in values
                ],
                "text": text,
                "signature": signature_line(name, text, secret),
            }
        )
    return {
        "what": "docs/wire.md §7: statement text and its signature line (fewer partitions than in life)",
        "secret_key": secret.hex(),
        "public_key": public.hex(),
        "key_name": name,
        "key_id": key_id(name, public).hex(),
        "cases": cases,
    }


# ---- seal -----------------------------------------------------------------------------------------------------------


def extract(suite: bytes, salt: bytes, label: bytes, key: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + key, "sha256")


def expand(suite: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = struct.pack(">H", length) + b"HPKE-v1" + suite + label + info
    return hmac.digest(secret, labelled + b"\x01", "sha256")[:length]


def hpke_wrap(plain: bytes, platform_public: bytes, ephemeral_secret: bytes, info: bytes) -> dict[str, bytes]:
    """RFC 9180 base mode, DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, AES-256-GCM 0x0002, first message."""
    ephemeral = X25519PrivateKey.from_private_bytes(ephemeral_secret)
    enc = ephemeral.public_key().public_bytes_raw()
    dh = ephemeral.exchange(X25519PublicKey.from_public_bytes(platform_public))
    kem = b"KEM" + bytes.fromhex("0020")
    shared = expand(kem, extract(kem, b"", b"eae_prk", dh), b"shared_secret", enc + platform_public, 32)
    suite = b"HPKE" + bytes.fromhex("002000010002")
    context = b"\x00" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", info)
    secret = extract(suite, shared, b"secret", b"")
    key = expand(suite, secret, b"key", context, 32)
    nonce = expand(suite, secret, b"base_nonce", context, 12)
    return {
        "enc": enc,
        "dh": dh,
        "shared_secret": shared,
        "key": key,
        "base_nonce": nonce,
        "wrap": enc + AESGCM(key).encrypt(nonce, plain, b""),
    }


def seal_vectors() -> dict[str, object]:
    deployment, partner = "local", "civil_affairs-510100"
    platform = fixed("platform key")
    platform_public = X25519PrivateKey.from_private_bytes(platform).public_key().public_bytes_raw()
    kid = sha256(platform_public)[:8]
    info = frame("swtalent/seal/v1") + frame(deployment) + frame(partner) + frame(kid)
    session, ephemeral = fixed("session key"), fixed("ephemeral key")
    steps = hpke_wrap(session, platform_public, ephemeral, info)
    header = b"\x01" + kid + steps["wrap"]
    fields = []
    for number, (kind, record_id, revision, name, text) in enumerate(
        [
            ("TalentRecord", "CD-2021-000017", 1, "name", "张三"),
            ("TalentRecord", "CD-2021-000017", 1, "id_number", "519999199001011239"),
            ("TalentRecord", "CD-2021-000017", 1, "phone", "13800000000"),
            ("TalentRecord", "CD-2021-000017", 2, "name", "古丽·Aydın"),
            ("PassRecord", "ks/2020/4711", 1, "number", "20105199900001"),
        ]
    ):
        aad = (
            frame("swtalent/field/v1")
            + frame(partner)
            + frame(kind)
            + frame(record_id)
            + struct.pack(">Q", revision)
            + frame(name)
        )
        nonce = fixed(f"nonce {number}", 12)
        fields.append(
            {
                "type": kind,
                "record_id": record_id,
                "revision": revision,
                "field": name,
                "text": text,
                "aad": aad.hex(),
                "nonce": nonce.hex(),
                "sealed": (nonce + AESGCM(session).encrypt(nonce, text.encode(), aad)).hex(),
            }
        )
    return {
        "what": "docs/wire.md §4: header swtalent-seal and sealed fields; bytes in hexadecimal",
        "deployment": deployment,
        "partner": partner,
        "platform_secret_key": platform.hex(),
        "platform_public_key": platform_public.hex(),
        "kid": kid.hex(),
        "session_key": session.hex(),
        "ephemeral_secret_key": ephemeral.hex(),
        "info": info.hex(),
        "steps": {name: value.hex() for name, value in steps.items()},
        "header": header.hex(),
        "fields": fields,
    }


# ---- names ----------------------------------------------------------------------------------------------------------


def id_vectors() -> dict[str, object]:
    derived = [
        ("budget_line", "finance-officer", "7f0c2b1e-5a51-4b5e-9a47-0b7f2f3c1d10"),
        ("contract", "采购专员", "r-1"),
        ("contract", "", ""),
    ]
    keys = ["line-0", "CD-2021-000017", "ks/2020/4711", "510100", "区划", ""]
    return {
        "what": "docs/wire.md §1 and §3: derived ids, partitions by key",
        "derived": [
            {
                "kind": kind,
                "principal": principal,
                "request_id": request,
                "id": sha256(frame(kind) + frame(principal) + frame(request))[:16].hex(),
            }
            for kind, principal, request in derived
        ],
        "partitions": [
            {
                "key": key,
                "crc32": zlib.crc32(key.encode()),
                "of_3": zlib.crc32(key.encode()) % 3,
                "of_12": zlib.crc32(key.encode()) % 12,
            }
            for key in keys
        ],
    }


VECTORS = {
    "leaf.json": leaf_vectors,
    "tree.json": tree_vectors,
    "checkpoint.json": checkpoint_vectors,
    "statement.json": statement_vectors,
    "seal.json": seal_vectors,
    "ids.json": id_vectors,
}


def main(arguments: list[str]) -> int:
    stale = []
    for name, make in VECTORS.items():
        text = json.dumps(make(), ensure_ascii=False, indent=1) + "\n"
        path = HERE / name
        if "--check" in arguments:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"stale: {', '.join(stale)}; run docs/vectors/make_vectors.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
