"""Who was shown an identity, as an audit event; its key and id are those of the log, not of the talent's events."""

from __future__ import annotations

from services.registry.domain.access_log import Look
from services.shared.kernel.aggregate import Recorded
from services.shared.kernel.ids import event_id
from services.shared.kernel.ports import Message
from services.shared.runtime.envelope import ACCESS_AUDIT, event_headers
from services.shared.runtime.store.kind import Stamp
from swtalent.common.v1 import audit_pb2


def access_log_messages(talent: str, recorded: Recorded, stamp: Stamp) -> tuple[Message]:
    look: Look = recorded.event
    log = f"looks/{talent}"
    body = audit_pb2.AccessEvent(
        id=log,
        version=recorded.version,
        after=audit_pb2.AccessFacts(
            service="registry",
            principal=look.principal,
            method=look.method,
            reason=look.purpose,
            minute=f"{look.at[:16]}:00Z",
            count=recorded.facts,
        ),
        identity_revealed=audit_pb2.IdentityRevealed(talent=talent, purpose=look.purpose),
    )
    headers = event_headers("registry", event_id(log, recorded.version), body, stamp)
    return (Message(ACCESS_AUDIT, log.encode(), headers, body.SerializeToString()),)
