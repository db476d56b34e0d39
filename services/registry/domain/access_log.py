"""AccessLog: who was shown who a talent is, when and what for (谁查看过我)."""

from __future__ import annotations

import msgspec

from services.shared.kernel.aggregate import Aggregate

# Looks that are kept for the person to read; every one of them is on audit.access.v1.
KEPT = 200


class Look(msgspec.Struct, frozen=True):
    """`at` is RFC 3339 UTC."""

    principal: str
    department: str
    purpose: str
    method: str
    at: str


class AccessLogState(msgspec.Struct, frozen=True):
    looks: tuple[Look, ...] = ()
    count: int = 0


class AccessLog(Aggregate[AccessLogState]):
    """Id = the talent's. Invariant: the count only grows; the latest 200 looks are kept, oldest first."""

    kind = "access_log"
    __slots__ = ()

    @classmethod
    def blank(cls) -> AccessLogState:
        return AccessLogState()

    def facts(self) -> int:
        return self.state.count

    def look(self, look: Look) -> None:
        state = self.state
        self._record(look, AccessLogState((*state.looks, look)[-KEPT:], state.count + 1))
