"""Key files of one deployment: made once, read at start. `python -m services.shared.runtime.keys init --dir DIR`.

Each purpose has a secret `<purpose>.key` (mode 0600) and, for key pairs, a public `<purpose>.pub` beside it. Both are
text of two lines: the key id (16 hexadecimal characters), then the raw 32 bytes in base64.

| purpose  | key                  | key id                                   | what it does                            |
|----------|----------------------|------------------------------------------|-----------------------------------------|
| seal     | X25519 pair          | first 8 bytes of SHA-256(public key)     | partners seal fields to it              |
| jwt      | Ed25519 pair         | the same                                 | local token issuer                      |
| evidence | Ed25519 pair         | the same                                 | signs checkpoints and statements        |
| index    | 32 bytes             | first 8 bytes of HMAC-SHA256(key, label) | blind indexes                           |
| kek      | 32 bytes             | the same                                 | wraps the data keys at rest             |
| id       | 32 bytes             | the same                                 | pseudonym ids; never rotated            |

Retired keys that must still open what they closed lie beside them as `<purpose>.<key id>.key`: see `rotate`.
A file is never overwritten, and a key that was made once is never made anew when its file has gone: `.made` lists the
purposes, and losing a key means restoring it, because it loses what it protects.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import stat
import sys
from collections.abc import Callable, Collection
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

KEY_BYTES = 32
_KID_LABEL = b"swtalent/kid/v1"
_MADE = ".made"


def _x25519(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def _ed25519(secret: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


# None = a symmetric key without a public half.
PURPOSES: dict[str, Callable[[bytes], bytes] | None] = {
    "seal": _x25519,
    "jwt": _ed25519,
    "evidence": _ed25519,
    "index": None,
    "kek": None,
    "id": None,
}

# The others are part of what they made: pseudonyms, claims of the store, signatures that outsiders check with one key.
ROTATABLE = ("seal", "jwt", "kek")


class KeyFileError(Exception):
    """A key file is missing, unreadable, too open or not what it says; the text names file and remedy."""


class Key(msgspec.Struct, frozen=True):
    """`secret` and `public` are raw bytes; b"" = there is none (or only the public half was read)."""

    kid: str
    secret: bytes
    public: bytes

    def __repr__(self) -> str:
        return f"Key({self.kid})"


def public_kid(public: bytes) -> str:
    """Key id of a key pair: the first 8 bytes of SHA-256 of its public key, hexadecimal."""
    return hashlib.sha256(public).hexdigest()[:16]


def key_of(purpose: str, secret: bytes) -> Key:
    derive = PURPOSES[purpose]
    if derive is None:
        return Key(hmac.new(secret, _KID_LABEL, hashlib.sha256).hexdigest()[:16], secret, b"")
    public = derive(secret)
    return Key(public_kid(public), secret, public)


def load(directory: Path | str, purpose: str) -> Key:
    """The secret key of a purpose. Raises KeyFileError, also when others than the owner may read the file."""
    path = Path(directory) / f"{purpose}.key"
    kid, secret = _read(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyFileError(f"{path} may be read by others (mode {mode:04o}); run: chmod 600 {path}")
    key = key_of(purpose.partition(".")[0], secret)
    if key.kid != kid:
        raise KeyFileError(f"{path} does not hold the key that its key id names; restore it from its backup")
    return key


def load_all(directory: Path | str, purpose: str) -> list[Key]:
    """The secret key of a purpose, then the retired ones that still open: files `<purpose>.<key id>.key`."""
    present = load(directory, purpose)
    retired = [load(directory, path.stem) for path in sorted(Path(directory).glob(f"{purpose}.*.key"))]
    return [present, *(key for key in retired if key.kid != present.kid)]


def load_public(directory: Path | str, purpose: str) -> Key:
    """The public half of a key pair; `secret` is empty. Raises KeyFileError."""
    path = Path(directory) / f"{purpose}.pub"
    kid, public = _read(path)
    if public_kid(public) != kid:
        raise KeyFileError(f"{path} does not hold the key that its key id names; restore it from its backup")
    return Key(kid, b"", public)


def init(
    directory: Path | str,
    *,
    draw: Callable[[int], bytes] = secrets.token_bytes,
    purposes: Collection[str] = tuple(PURPOSES),
) -> list[str]:
    """Make the keys that are not there yet; gives the purposes made now. Safe when two processes do it at once."""
    folder = Path(directory)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = _made_before(folder)
    made = []
    for purpose in purposes:
        path = folder / f"{purpose}.key"
        if not path.exists():
            if purpose in before:
                raise KeyFileError(f"{path} was made before and has gone; restore it from its backup")
            key = key_of(purpose, draw(KEY_BYTES))
            if _write_new(path, key.kid, key.secret, 0o600):
                made.append(purpose)
        key = load(folder, purpose)
        if key.public:
            _write_new(folder / f"{purpose}.pub", key.kid, key.public, 0o644)
    if made:
        listing = folder / f"{_MADE}.{secrets.token_hex(6)}"
        listing.write_text("\n".join(dict.fromkeys([*before, *purposes])) + "\n", encoding="ascii")
        listing.replace(folder / _MADE)
    return made


def rotate(directory: Path | str, purpose: str, *, draw: Callable[[int], bytes] = secrets.token_bytes) -> Key:
    """Make a new key of a purpose; the present one stays as a retired one. Services take it at their next start.

    Cut off anywhere, a repeat ends well. Raises KeyFileError, also for a purpose whose key can only be kept.
    """
    if purpose not in ROTATABLE:
        raise KeyFileError(f"{purpose} is never rotated, only {', '.join(ROTATABLE)}")
    path = Path(directory) / f"{purpose}.key"
    present = load(directory, purpose)
    with contextlib.suppress(FileExistsError):
        os.link(path, path.with_name(f"{purpose}.{present.kid}.key"))
    key = key_of(purpose, draw(KEY_BYTES))
    _replace(path, key.kid, key.secret, 0o600)
    if key.public:
        _replace(path.with_suffix(".pub"), key.kid, key.public, 0o644)
    return key


def _replace(path: Path, kid: str, raw: bytes, mode: int) -> None:
    successor = path.with_name(f".{path.name}.next")
    successor.unlink(missing_ok=True)
    _write_new(successor, kid, raw, mode)
    successor.replace(path)


def _made_before(folder: Path) -> list[str]:
    try:
        return (folder / _MADE).read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []


def _read(path: Path) -> tuple[str, bytes]:
    try:
        kid, text = path.read_text(encoding="ascii").split()
        raw = base64.b64decode(text, validate=True)
    except FileNotFoundError:
        raise KeyFileError(f"{path} is missing; run: swtalent keys init") from None
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, binascii.Error):
        raise KeyFileError(f"{path} is not a key file (two lines: key id, base64)") from None
    if len(raw) != KEY_BYTES:
        raise KeyFileError(f"{path} does not hold {KEY_BYTES} bytes")
    return kid, raw


def _write_new(path: Path, kid: str, raw: bytes, mode: int) -> bool:
    """Write and link into place: the name appears with its whole content or not at all; False when it was there."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{kid}\n{base64.b64encode(raw).decode()}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return True
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="services.shared.runtime.keys", description="Key files of this deployment")
    parser.add_argument("action", choices=["init", "show", "rotate"])
    parser.add_argument("--purpose", choices=ROTATABLE, help="for rotate: which key gets a successor")
    parser.add_argument("--dir", default=".data/keys", help="where the key files lie (default: .data/keys)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    if (given.action == "rotate") != bool(given.purpose):
        parser.error("--purpose belongs to rotate")
    try:
        made = init(given.dir) if given.action == "init" else []
        if given.action == "rotate":
            rotate(given.dir, given.purpose)
            made = [given.purpose]
        kids = {purpose: load(given.dir, purpose).kid for purpose in ([given.purpose] if given.purpose else PURPOSES)}
    except (KeyFileError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if given.json:
        print(json.dumps({"directory": given.dir, "made": made, "keys": kids}))
    else:
        for purpose, kid in kids.items():
            print(f"{purpose:<9} {kid}{'  (made now)' if purpose in made else ''}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
