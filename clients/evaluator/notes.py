"""Signed notes: checkpoints and statements (docs/wire.md §6, §7), and the public key that they hang on."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_DASH = "\N{EM DASH}"
_ROOT_BYTES = 32


class NoteInvalid(ValueError):
    """Not a note of the expected form, or not signed by the expected key; the text says which."""


class Checkpoint(NamedTuple):
    topic: str
    partition: int
    size: int
    root: bytes


class Verifier:
    """Checks signatures of one deployment's evidence key."""

    def __init__(self, public_key: bytes, *, deployment: str) -> None:
        self._raw = public_key
        self._key = Ed25519PublicKey.from_public_bytes(public_key)
        self.deployment = deployment

    @classmethod
    def from_file(cls, path: Path, *, deployment: str) -> Verifier:
        """`evidence.pub`: key id, then the raw key in base64. Raises OSError, NoteInvalid."""
        lines = path.read_text(encoding="ascii").split()
        try:
            return cls(base64.b64decode(lines[1], validate=True), deployment=deployment)
        except (IndexError, ValueError):
            raise NoteInvalid(f"{path} is not a public key file") from None

    def check(self, text: str, line: str, *, name: str) -> None:
        """Raises NoteInvalid unless `line` is this key's signature of `text` under the key name."""
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != _DASH or parts[1] != name:  # noqa: PLR2004 - dash, name, signature
            raise NoteInvalid(f"no signature of {name}")
        try:
            raw = base64.b64decode(parts[2], validate=True)
        except binascii.Error:
            raise NoteInvalid("signature is not base64") from None
        if raw[:4] != hashlib.sha256(name.encode() + b"\x0a\x01" + self._raw).digest()[:4]:
            raise NoteInvalid("signed with another key")
        try:
            self._key.verify(raw[4:], text.encode())
        except InvalidSignature:
            raise NoteInvalid("signature does not fit") from None

    def checkpoint(self, note: bytes) -> Checkpoint:
        """Raises NoteInvalid."""
        try:
            text, _, signature = note.decode().partition("\n\n")
        except UnicodeDecodeError:
            raise NoteInvalid("not text") from None
        lines = text.split("\n")
        origin = lines[0].split("/")
        if len(lines) != 3 or origin[:2] != ["swtalent", self.deployment] or len(origin) != 4:  # noqa: PLR2004 - docs
            raise NoteInvalid("not a checkpoint of this deployment")
        self.check(f"{text}\n", signature.removesuffix("\n"), name=lines[0])
        try:
            root = base64.b64decode(lines[2], validate=True)
            checkpoint = Checkpoint(origin[2], int(origin[3]), int(lines[1]), root)
        except ValueError:
            raise NoteInvalid("size or root cannot be read") from None
        if len(root) != _ROOT_BYTES or checkpoint.size < 0:
            raise NoteInvalid("size or root cannot be")
        return checkpoint

    def statement(self, statement_id: str, facts: Any) -> None:
        """Raises NoteInvalid unless the StatementFacts carry a signature of their own text."""
        name = f"swtalent/{self.deployment}/statement"
        self.check(statement_text(self.deployment, statement_id, facts), facts.signature, name=name)


def statement_text(deployment: str, statement_id: str, facts: Any) -> str:
    """What a statement's signature covers."""
    lines = [
        "swtalent-statement/v1",
        deployment,
        statement_id,
        facts.month,
        facts.area,
        f"contributions {facts.contributions_version}",
        f"restates {facts.restates or '-'}",
    ]
    for cut in facts.cut:
        lines += [f"cut {cut.topic} {n} {part.size} {part.root.hex()}" for n, part in enumerate(cut.partitions)]
    lines += [f"value {value.number} {value.numerator} {value.denominator}" for value in facts.values]
    return "".join(f"{line}\n" for line in lines)
