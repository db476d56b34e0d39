"""Who may call what: one rule per RPC, read from its option `(swtalent.common.v1.access)`; without one it is refused.

`current_call()` gives a servicer the caller and the cause of the request. The interceptor's part is in grpc_server.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Protocol

import grpc
import msgspec
from google.protobuf.descriptor import ServiceDescriptor

from services.shared.kernel.change import Cause
from services.shared.kernel.change import cause as cause_of
from services.shared.kernel.errors import Forbidden, OutsideScope
from services.shared.kernel.principal import Principal
from services.shared.kernel.text import identifier
from services.shared.runtime.grpc_errors import Unauthenticated
from services.shared.runtime.metrics import METRICS, Counter
from services.shared.runtime.tokens import TokenExpired, TokenMissing, Tokens, Verified
from swtalent.common.v1 import access_pb2

_UNAUTHENTICATED = Counter(
    "swtalent_access_unauthenticated_total", "Calls without a token that counts here", ["reason"], registry=METRICS
)


class AccessNotDeclared(Forbidden):
    reason = "ACCESS_NOT_DECLARED"
    zh, en = "该方法未声明访问权限", "The method declares no access rule, so nobody may call it"


class PermissionMissing(Forbidden):
    reason = "PERMISSION_MISSING"
    zh, en = "缺少所需权限", "The caller's roles do not include the permission"


class Rule(msgspec.Struct, frozen=True):
    """What one RPC asks of its caller. `open` = no token needed; an empty permission otherwise = refused."""

    permission: str = ""
    scope: int = access_pb2.SCOPE_UNSPECIFIED
    open: bool = False


OPEN = Rule(open=True)
UNDECLARED = Rule()

# Methods that are not ours and so carry no option. They tell no more than a port scan and the committed protos do.
FOREIGN: dict[str, Rule] = {
    "/grpc.health.v1.Health/Check": OPEN,
    "/grpc.health.v1.Health/Watch": OPEN,
    "/grpc.health.v1.Health/List": OPEN,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": OPEN,
}


def rules_of(services: Iterable[ServiceDescriptor]) -> dict[str, Rule]:
    """Full method name ("/package.Service/Method") → rule. An incomplete option counts as none."""
    table = {}
    for service in services:
        for method in service.methods:
            name = f"/{service.full_name}/{method.name}"
            options = method.GetOptions()
            rule = FOREIGN.get(name, UNDECLARED)
            if options.HasExtension(access_pb2.access):
                declared = options.Extensions[access_pb2.access]
                if declared.permission and declared.scope != access_pb2.SCOPE_UNSPECIFIED:
                    rule = Rule(declared.permission, declared.scope)
            table[name] = rule
    return table


class Refusals(Protocol):
    """Where refusals of known principals are noted."""

    def refused(self, principal: Principal, method: str, reason: str) -> None: ...


class Access:
    """Admits a call or raises: Unauthenticated when nobody known calls, Forbidden when the caller may not."""

    def __init__(self, tokens: Tokens, *, refusals: Refusals | None = None) -> None:
        self._tokens = tokens
        self._refusals = refusals

    def admit(self, method: str, rule: Rule, authorization: str, peer: str) -> Verified:
        """`authorization` is the metadata value, "" = none; `peer` is as gRPC names it: ipv4:127.0.0.1:4711."""
        try:
            if not authorization:
                raise TokenMissing
            found = self._tokens.verify(authorization, loopback=is_loopback(peer))
        except Unauthenticated as error:
            _UNAUTHENTICATED.labels(error.reason).inc()
            raise
        if not rule.permission:
            self.note(found.principal, method, AccessNotDeclared.reason)
            raise AccessNotDeclared(method=method)
        if rule.permission not in found.permissions:
            self.note(found.principal, method, PermissionMissing.reason)
            raise PermissionMissing(permission=rule.permission)
        lacking = _lacking(found.principal, rule.scope)
        if lacking:
            self.note(found.principal, method, OutsideScope.reason)
            raise OutsideScope(needs=lacking)
        return found

    def must_be_in_time(self, found: Verified) -> None:
        """A stream ends when the token's time has run out. Raises TokenExpired."""
        if self._tokens.expired(found):
            raise TokenExpired

    def note(self, principal: Principal, method: str, reason: str) -> None:
        if self._refusals is not None:
            self._refusals.refused(principal, method, reason)


def is_loopback(peer: str) -> bool:
    return peer.startswith(("ipv4:127.", "ipv6:%5B::1%5D:", "ipv6:[::1]:", "unix:"))


def _lacking(principal: Principal, scope: int) -> str:
    """What the caller must be bound to for this scope and is not; the values are compared by the command or query."""
    if scope == access_pb2.SCOPE_DEPARTMENT and not principal.department:
        return "department"
    if scope == access_pb2.SCOPE_ORGANISATION and not principal.organisation:
        return "organisation"
    if scope == access_pb2.SCOPE_SELF and not principal.talent:
        return "talent"
    return ""


class Call:
    """The gRPC call that this task serves: who calls, which method, the bytes as they were received."""

    __slots__ = ("_context", "method", "principal", "raw")

    def __init__(
        self, principal: Principal, method: str, raw: bytes, context: grpc.aio.ServicerContext[Any, Any] | None = None
    ) -> None:
        self.principal = principal
        self.method = method
        self.raw = raw
        self._context = context

    def cause(self, request_id: str) -> Cause:
        """Principal, method and request id, with the SHA-256 of the received bytes (never of a re-serialisation).

        Raises FIELD_MISSING, FIELD_TOO_LONG or ID_MALFORMED for the field `request_id`.
        """
        return cause_of(self.principal.name, self.method, identifier(request_id, field="request_id"), self.raw)

    def remaining_s(self) -> float | None:
        """Seconds that the caller still waits; None = without limit."""
        return None if self._context is None else self._context.time_remaining()


_current: ContextVar[Call] = ContextVar("call")


def current_call() -> Call:
    """The call being served. Raises LookupError outside of one."""
    return _current.get()


def present_call() -> Call | None:
    """The call being served, if any: work for neighbours is done for a call or for an event."""
    return _current.get(None)


def enter_call(call: Call) -> None:
    """Make `call` the present one of this task; gRPC runs every call in a task of its own."""
    _current.set(call)
