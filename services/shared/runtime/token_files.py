"""An issuer for a deployment that spans containers or machines and has none of its own, such as docker-compose.yml.

`python -m services.shared.runtime.token_files DIRECTORY` runs until it is stopped and keeps there

    keys.json         its public keys as a JWK set: SWTALENT_TOKEN_KEYS_FILE of every service
    <service>.token   a token of each service, renewed every five minutes: its SWTALENT_SERVICE_TOKEN_FILE

Its name is SWTALENT_TOKEN_ISSUER; its key is jwt.key in SWTALENT_KEYS_DIR, made at the first start, a folder that no
service may read. Tokens are like any issuer's: at most 15 minutes. `--check` gives exit code 0 while they are fresh.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import signal
import sys
import threading
import time
from pathlib import Path

from services.shared.runtime import keys
from services.shared.runtime.issuer import issue
from services.shared.runtime.settings import DEFAULTS, Settings, SettingsError, settings_for
from services.shared.runtime.tokens import LOCAL_ISSUER, LONGEST_S

RENEW_EVERY_S = 300.0
# A file older than this has missed one renewal; its token is good for as long again.
STALE_AFTER_S = 450.0
KEY_SET = "keys.json"


def write(directory: Path, settings: Settings, *, now: float) -> None:
    """The JWK set and every service's token, signed at `now` (Unix seconds). Readers see an old file or the new one.

    Raises SettingsError when no issuer is named or where another has to be, and KeyFileError.
    """
    issuer = settings.token_issuer
    if not issuer or issuer == LOCAL_ISSUER:
        raise SettingsError("SWTALENT_TOKEN_ISSUER must name this issuer, and not the local one")
    if settings.environment == "production":
        raise SettingsError("environment=production has an issuer of its own; token_files is for the others")
    keys.init(settings.keys_dir, purposes=("jwt",))
    held = keys.load_all(settings.keys_dir, "jwt")
    directory.mkdir(parents=True, exist_ok=True)
    _replace(directory / KEY_SET, json.dumps({"keys": [_jwk(key) for key in held]}, indent=1))
    for service in DEFAULTS:
        token = issue(
            held[0],
            deployment=settings.deployment,
            name=f"service/{service}",
            roles=["service"],
            now=now,
            seconds=LONGEST_S,
            issuer=issuer,
        )
        _replace(directory / f"{service}.token", token)


def fresh(directory: Path, *, now: float) -> bool:
    """Whether every file was renewed when it was due."""
    try:
        oldest = min((directory / name).stat().st_mtime for name in (KEY_SET, *(f"{it}.token" for it in DEFAULTS)))
    except OSError:
        return False
    return now - oldest < STALE_AFTER_S


def _jwk(key: keys.Key) -> dict[str, str]:
    x = base64.urlsafe_b64encode(key.public).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.kid, "x": x}


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    temporary.replace(path)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="services.shared.runtime.token_files", description="Keep token files fresh")
    parser.add_argument("directory", type=Path, help="where the files are written")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 0 while all files are fresh")
    parser.add_argument("--once", action="store_true", help="write once and end")
    given = parser.parse_args(arguments)
    if given.check:
        return 0 if fresh(given.directory, now=time.time()) else 1
    stopping = threading.Event()
    if not given.once:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
    try:
        settings = settings_for("registry")
        write(given.directory, settings, now=time.time())
        print(f"token files in {given.directory}, issuer {settings.token_issuer}", flush=True)
        while not (given.once or stopping.wait(RENEW_EVERY_S)):
            write(given.directory, settings, now=time.time())
    except (SettingsError, keys.KeyFileError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
