"""Makes tokens: for people at work on a local deployment, and for this service when it asks a neighbour.

`python -m services.shared.runtime.issuer --role officer --area 510100 [--json]` prints one; `--each --json` prints one
per role. Needs the local issuer's key in keys_dir; a production deployment has its own issuer. `--issuer NAME` signs
as another issuer with its key in keys_dir (see token_files.py): such tokens live 15 minutes and count from anywhere.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from joserfc import jwt

from services.shared.kernel.area import PROVINCE
from services.shared.kernel.ports import Clock
from services.shared.runtime import keys
from services.shared.runtime.roles import ROLES
from services.shared.runtime.settings import Settings, SettingsError, settings_for
from services.shared.runtime.tokens import ALGORITHM, ED25519_ONLY, LOCAL_ISSUER, LONGEST_LOCAL_S, LONGEST_S, okp

# A department officer speaks for one department; the others have none unless asked for.
_DEPARTMENT_OF_EACH = {"department_officer": "civil_affairs"}
_RENEW_BEFORE_S = 120.0
_REREAD_S = 30.0


def issue(
    key: keys.Key,
    *,
    deployment: str,
    name: str,
    roles: Sequence[str],
    now: float,
    area: str = PROVINCE,
    department: str = "",
    organisation: str = "",
    talent: str = "",
    seconds: float = LONGEST_LOCAL_S,
    issuer: str = LOCAL_ISSUER,
) -> str:
    """A signed token, valid from `now` (Unix seconds) for `seconds`. `key` is the issuer's secret Ed25519 key."""
    bound = {"department": department, "organisation": organisation, "talent": talent}
    claims = {
        "iss": issuer,
        "aud": deployment,
        "sub": name,
        "iat": int(now),
        "exp": int(now + seconds),
        "roles": sorted(roles),
        "area": area,
        **{claim: value for claim, value in bound.items() if value},
    }
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, okp(key.public, key.secret), registry=ED25519_ONLY)


class ServiceToken:
    """The token of a service itself, role `service`, renewed before it expires.

    With `service_token_file` the deployment keeps it fresh; otherwise the local issuer's key makes it.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._token = ""
        self._renew_at = 0.0

    def current(self) -> str:
        """Raises KeyFileError or SettingsError when there is none to be had."""
        now = self._clock.now().timestamp()
        if now >= self._renew_at:
            self._token, self._renew_at = self._fresh(now)
        return self._token

    def _fresh(self, now: float) -> tuple[str, float]:
        settings = self._settings
        if settings.service_token_file:
            try:
                return Path(settings.service_token_file).read_text(encoding="ascii").strip(), now + _REREAD_S
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"SWTALENT_SERVICE_TOKEN_FILE cannot be read: {error}") from None
        token = issue(
            keys.load(settings.keys_dir, "jwt"),
            deployment=settings.deployment,
            name=f"service/{settings.service}",
            roles=["service"],
            now=now,
            seconds=LONGEST_S,
        )
        return token, now + LONGEST_S - _RENEW_BEFORE_S


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="services.shared.runtime.issuer", description="Make local tokens")
    parser.add_argument("--role", action="append", choices=list(ROLES), default=[], help="may be given more than once")
    parser.add_argument("--each", action="store_true", help="one token for each role")
    parser.add_argument("--name", default="", help="the principal's name (default: local/<role>)")
    parser.add_argument(
        "--area",
        action="append",
        default=[],
        help="root of the area subtree (default: the province); given more than once, one token for each",
    )
    parser.add_argument("--department", default="")
    parser.add_argument("--organisation", default="", help="USCC of the caller's organisation")
    parser.add_argument("--talent", default="", help="talent id of the caller")
    parser.add_argument("--hours", type=float, default=None, help="life of the token (default: 12, the most)")
    parser.add_argument(
        "--issuer", default=LOCAL_ISSUER, help="sign as this issuer; any but the local one: at most 0.25 hours"
    )
    parser.add_argument("--json", action="store_true", help="print JSON: a list of role, name, area, token, expires_in")
    given = parser.parse_args(arguments)
    wanted = [[role] for role in ROLES] if given.each else [given.role]
    if not all(wanted):
        parser.error("give --role or --each")
    longest = LONGEST_LOCAL_S if given.issuer == LOCAL_ISSUER else LONGEST_S
    seconds = longest if given.hours is None else given.hours * 3600
    if not 0 < seconds <= longest:
        parser.error(f"--hours must be more than 0 and at most {longest / 3600:g}")
    try:
        settings = settings_for("registry")
        key = keys.load(settings.keys_dir, "jwt")
    except (SettingsError, keys.KeyFileError) as error:
        print(error, file=sys.stderr)
        return 1
    made = []
    areas = given.area or [PROVINCE]
    for roles, area in product(wanted, areas):
        name = given.name or f"local/{roles[0]}"
        if len(areas) > 1:
            name = f"{name}/{area}"
        token = issue(
            key,
            deployment=settings.deployment,
            name=name,
            roles=roles,
            now=time.time(),
            area=area,
            department=given.department or (_DEPARTMENT_OF_EACH.get(roles[0], "") if given.each else ""),
            organisation=given.organisation,
            talent=given.talent,
            seconds=seconds,
            issuer=given.issuer,
        )
        made.append({"role": roles[0], "name": name, "area": area, "token": token, "expires_in": int(seconds)})
    if given.json:
        print(json.dumps(made, indent=1))
    else:
        print("\n".join(f"{one['role']}\t{one['token']}" if given.each else str(one["token"]) for one in made))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
