"""Tokens: JWT signed with Ed25519 (alg EdDSA), verified once and then known by hash.

Claims: `iss`, `aud` = the deployment, `sub` = the principal's name, `iat`, `exp` (at most 15 minutes later), `roles`,
`area`, and where they apply `department`, `organisation`, `talent`. The local issuer signs with the key in keys_dir;
its tokens live up to 12 hours, never count in production and only from loopback. Another issuer's public keys come
as a JWK set. `issuer.py` makes local ones.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from services.shared.kernel.area import areas
from services.shared.kernel.codes import DEPARTMENTS
from services.shared.kernel.ports import Clock
from services.shared.kernel.principal import Principal
from services.shared.runtime import keys
from services.shared.runtime.grpc_errors import Unauthenticated
from services.shared.runtime.lru import Lru
from services.shared.runtime.roles import permissions_of
from services.shared.runtime.settings import Settings, SettingsError

ALGORITHM = "EdDSA"
LOCAL_ISSUER = "swtalent/local"
LONGEST_S = 15 * 60
LONGEST_LOCAL_S = 12 * 3600
# An issuer's clock may be ahead of ours by this much; an expiry is never stretched.
CLOCK_SKEW_S = 30
_LARGEST_TOKEN = 8192


class TokenMissing(Unauthenticated):
    reason = "TOKEN_MISSING"
    zh, en = "缺少令牌", "There is no bearer token in the metadata `authorization`"


class TokenExpired(Unauthenticated):
    reason = "TOKEN_EXPIRED"
    zh, en = "令牌已过期", "The token has expired"


class _Ed25519Only(JWSRegistry):
    """Knows one algorithm. RFC 9864 renames EdDSA with this curve to Ed25519; issuers still write EdDSA."""

    def get_alg(self, name: str) -> Any:
        if name != ALGORITHM:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[ALGORITHM]


ED25519_ONLY = _Ed25519Only(algorithms=[ALGORITHM])


class Trusted(msgspec.Struct, frozen=True):
    """One public key that tokens may be signed with."""

    issuer: str
    key: OKPKey
    local: bool


class Verified(msgspec.Struct, frozen=True):
    """A token found good; `until` is its expiry in Unix seconds."""

    principal: Principal
    permissions: frozenset[str]
    until: float
    local: bool


class Tokens:
    """Verifies bearer tokens. Raises TokenMissing, TokenExpired or Unauthenticated; says no more to the caller."""

    def __init__(self, trusted: Mapping[str, Trusted], *, deployment: str, clock: Clock, cached: int = 4096) -> None:
        self._trusted = trusted
        self._deployment = deployment
        self._clock = clock
        self._known: Lru[bytes, Verified] = Lru("tokens", cached)

    def verify(self, authorization: str, *, loopback: bool) -> Verified:
        """`authorization` is the metadata value; `loopback` says whether the peer is on this machine."""
        if not authorization.startswith(("Bearer ", "bearer ")) or len(authorization) > _LARGEST_TOKEN:
            raise TokenMissing
        token = authorization[7:].encode("utf-8", "replace")
        digest = hashlib.sha256(token).digest()
        found = self._known.get(digest)
        if found is None:
            found = self._check(token)
            self._known.put(digest, found)
        if self.expired(found):
            self._known.drop(digest)
            raise TokenExpired
        if found.local and not loopback:
            raise Unauthenticated
        return found

    def expired(self, found: Verified) -> bool:
        return self._clock.now().timestamp() >= found.until

    def _check(self, token: bytes) -> Verified:
        try:
            header = json.loads(base64.urlsafe_b64decode(token.split(b".")[0] + b"==="))
            trusted = self._trusted[header["kid"]]
            claims = jwt.decode(token, trusted.key, registry=ED25519_ONLY).claims
            return self._read(claims, trusted)
        except (JoseError, ValueError, TypeError, LookupError):
            raise Unauthenticated from None

    def _read(self, claims: Mapping[str, Any], trusted: Trusted) -> Verified:
        if claims["iss"] != trusted.issuer or self._deployment not in _texts(claims["aud"]):
            raise Unauthenticated
        now = self._clock.now().timestamp()
        issued, until = _number(claims["iat"]), _number(claims["exp"])
        longest = LONGEST_LOCAL_S if trusted.local else LONGEST_S
        if (
            until - issued > longest
            or issued > now + CLOCK_SKEW_S
            or _number(claims.get("nbf", 0)) > now + CLOCK_SKEW_S
        ):
            raise Unauthenticated
        roles = frozenset(_texts(claims["roles"]))
        principal = Principal(
            name=_text(claims["sub"], required=True),
            roles=roles,
            area=_text(claims["area"], required=True),
            department=_text(claims.get("department", "")),
            organisation=_text(claims.get("organisation", "")),
            talent=_text(claims.get("talent", "")),
        )
        if principal.area not in areas() or (principal.department and principal.department not in DEPARTMENTS):
            raise Unauthenticated
        return Verified(principal, permissions_of(roles), until, trusted.local)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _text(value: object, *, required: bool = False) -> str:
    if not isinstance(value, str) or (required and not value):
        raise TypeError
    return value


def _texts(value: object) -> list[str]:
    return [_text(value)] if isinstance(value, str) else [_text(item) for item in value]  # type: ignore[attr-defined]


def okp(public: bytes, secret: bytes = b"") -> OKPKey:
    """A JWK from raw Ed25519 bytes."""
    private = {"d": _base64url(secret)} if secret else {}
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _base64url(public), **private})


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def trusted_keys(settings: Settings) -> dict[str, Trusted]:
    """Public keys by key id: the local issuer's outside production, and those of the configured issuer.

    Raises SettingsError when in production one of them is the local issuer's, or when the JWK set is not usable.
    """
    found: dict[str, Trusted] = {}
    if settings.token_keys_file:
        if not settings.token_issuer or settings.token_issuer == LOCAL_ISSUER:
            raise SettingsError("SWTALENT_TOKEN_ISSUER must name the issuer of token_keys_file, and not the local one")
        for kid, raw in _jwk_set(Path(settings.token_keys_file)).items():
            found[kid] = Trusted(settings.token_issuer, okp(raw), local=False)
    if settings.environment != "production":
        local = keys.load_public(settings.keys_dir, "jwt")
        found[local.kid] = Trusted(LOCAL_ISSUER, okp(local.public), local=True)
    elif (Path(settings.keys_dir) / "jwt.pub").exists() and keys.load_public(settings.keys_dir, "jwt").kid in {
        keys.public_kid(raw) for raw in _jwk_set(Path(settings.token_keys_file)).values()
    }:
        raise SettingsError("environment=production: token_keys_file holds the local token issuer's key")
    return found


def _jwk_set(path: Path) -> dict[str, bytes]:
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["keys"]
        found = {
            _text(key["kid"], required=True): base64.urlsafe_b64decode(key["x"] + "===")
            for key in listed
            if key.get("kty") == "OKP" and key.get("crv") == "Ed25519"
        }
    except OSError as error:
        raise SettingsError(f"SWTALENT_TOKEN_KEYS_FILE: {path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise SettingsError(f"SWTALENT_TOKEN_KEYS_FILE: {path} is not a JWK set whose keys have a kid") from None
    if not found or any(len(raw) != keys.KEY_BYTES for raw in found.values()):
        raise SettingsError(f"SWTALENT_TOKEN_KEYS_FILE: {path} holds no usable Ed25519 key")
    return found
