"""Where a reported fact comes from, and which of two reports of one record counts (architecture §3)."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from services.shared.kernel.errors import Duplicate


class RevisionReused(Duplicate):
    reason = "REVISION_REUSED"
    zh, en = (
        "同一版本号已用于其他内容",
        "The revision was sent before with other content",
    )
    fix_zh, fix_en = "请提高版本号后重新提交", "Raise the revision and send it again"


class Origin(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """`system` = partner or caller; `record_id` = its own id of the record. Revision 0 = given interactively:
    the caller's request id guards against repeats, and the latest call counts.
    """

    system: str
    record_id: str
    revision: int = 0


class Report(Protocol):
    @property
    def origin(self) -> Origin: ...


R = TypeVar("R", bound=Report)


def supersedes(report: R, held: R | None) -> bool:
    """True when `report` is to be kept in place of `held`, the report held for the same system and record id.

    Lower, or equal with the same content = a repeat (False); equal with other content = REVISION_REUSED; higher
    replaces. So shuffled and repeated input converges.
    """
    if held is None or report.origin.revision == 0:
        return report != held
    if report.origin.revision != held.origin.revision:
        return report.origin.revision > held.origin.revision
    if report != held:
        raise RevisionReused(field="headers.ce_id", revision=report.origin.revision)
    return False


def held_for(reports: tuple[R, ...], origin: Origin) -> R | None:
    """The report held for the same system and record id."""
    for report in reports:
        if report.origin.record_id == origin.record_id and report.origin.system == origin.system:
            return report
    return None


def put(reports: tuple[R, ...], report: R) -> tuple[R, ...]:
    """`reports` with `report` in its place, in an order that does not depend on arrival."""
    if not reports:
        return (report,)
    origin = report.origin
    kept = [
        held for held in reports if held.origin.record_id != origin.record_id or held.origin.system != origin.system
    ]
    kept.append(report)
    kept.sort(key=lambda held: (held.origin.system, held.origin.record_id))
    return tuple(kept)
