"""Credit events (信用) and what became of them: an appeal is decided by somebody else than who recorded the event.

Plan 563: 建立社会工作从业人员信用监管机制.
"""

from __future__ import annotations

import msgspec

from services.registry.domain.reports import AppealDecision, AppealReport, CreditReport
from services.registry.domain.talent import OwnedByOtherDepartment, Sealed, Talent
from services.registry.domain.talent_events import PrivateChanged
from services.shared.kernel.errors import Forbidden, NotFound, RuleBroken
from services.shared.kernel.ids import derived_id
from services.shared.kernel.origin import Origin


class CreditEventNotFound(NotFound):
    reason = "CREDIT_EVENT_NOT_FOUND"
    zh, en = "没有此信用事件", "No such credit event"


class AlreadyAppealed(RuleBroken):
    reason = "ALREADY_APPEALED"
    zh, en = "该信用事件已提出申诉", "There is an appeal against this event already"


class NotAppealed(RuleBroken):
    reason = "NOT_APPEALED"
    zh, en = "该信用事件没有申诉", "There is no appeal against this event"


class AppealDecided(RuleBroken):
    reason = "APPEAL_DECIDED"
    zh, en = "申诉已有决定", "The appeal is decided already"


class DecidedByRecorder(Forbidden):
    reason = "DECIDED_BY_RECORDER"
    zh, en = "记录人不得决定申诉", "Who recorded the event does not decide the appeal"
    fix_zh, fix_en = "请由本部门其他人员决定", "Let somebody else of the department decide"


class Credit(msgspec.Struct, frozen=True):
    """`appeal` is "", appealed, upheld or struck."""

    id: str
    report: CreditReport
    appeal: str


def credit_id(origin: Origin) -> str:
    return derived_id("credit", origin.system, origin.record_id)


def credits_of(talent: Talent) -> tuple[Credit, ...]:
    """Every credit event, by day, and what became of it."""
    reports = talent.all_reports
    appealed = {it.credit for it in reports if isinstance(it, AppealReport)}
    decided = {it.credit: it.granted for it in reports if isinstance(it, AppealDecision)}
    found = []
    for report in reports:
        if isinstance(report, CreditReport):
            key = credit_id(report.origin)
            appeal = "appealed" if key in appealed else ""
            if key in decided:
                appeal = "struck" if decided[key] else "upheld"
            found.append(Credit(key, report, appeal))
    return tuple(sorted(found, key=lambda it: (it.report.on, it.id)))


def appeal(talent: Talent, report: AppealReport, text: Sealed) -> None:
    """Raises CREDIT_EVENT_NOT_FOUND, ALREADY_APPEALED."""
    if _credit(talent, report.credit).appeal:
        raise AlreadyAppealed(field="credit_id")
    talent.report(report, None, PrivateChanged(), text)


def decide(talent: Talent, decision: AppealDecision, text: Sealed, *, department: str) -> None:
    """Raises CREDIT_EVENT_NOT_FOUND, OWNED_BY_OTHER_DEPARTMENT, NOT_APPEALED, APPEAL_DECIDED, DECIDED_BY_RECORDER."""
    held = _credit(talent, decision.credit)
    if held.report.department != department:
        raise OwnedByOtherDepartment(field="department", owner=held.report.department)
    if not held.appeal:
        raise NotAppealed(field="credit_id")
    if held.appeal != "appealed":
        raise AppealDecided(field="credit_id")
    if decision.origin.system == held.report.origin.system:
        raise DecidedByRecorder(field="credit_id")
    talent.report(decision, None, PrivateChanged(), text)


def _credit(talent: Talent, key: str) -> Credit:
    talent.must_exist()
    for held in credits_of(talent):
        if held.id == key:
            return held
    raise CreditEventNotFound(field="credit_id")
