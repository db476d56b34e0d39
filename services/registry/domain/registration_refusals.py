"""What an officer is told when a certificate, registration or education entry cannot be taken now."""

from __future__ import annotations

from collections.abc import Sequence

from services.registry.domain.certificates import certificates, review_gap
from services.registry.domain.registrations import (
    Derived,
    Filed,
    Gap,
    applications,
    derive,
    grounds,
    judge,
)
from services.registry.domain.reports import DecisionReport, Registration, Report
from services.registry.domain.rules import RULES, Rules
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Forbidden, NotFound, RuleBroken
from services.shared.kernel.origin import put


class NotCertified(RuleBroken):
    reason = "NOT_CERTIFIED"
    zh, en = "当日未持有该级别证书", "The level is not held on that day"
    fix_zh, fix_en = "请先报送通过或评审记录", "Let the pass or review be reported first"


class RegistrationTooLate(RuleBroken):
    reason = "REGISTRATION_TOO_LATE"
    zh, en = "已超过受理期限", "The application comes after the time in which it can be received"
    fix_zh, fix_en = "只能在补登记批次中办理", "Only a waiver round can receive it"


class RenewalWindowNotOpen(RuleBroken):
    reason = "RENEWAL_WINDOW_NOT_OPEN"
    zh, en = "尚未到再登记受理时间", "Renewal is received in the last months of the period only"
    fix_zh, fix_en = "请在有效期届满前三个月内申请", "Apply when the window is open"


class AlreadyRegistered(RuleBroken):
    reason = "ALREADY_REGISTERED"
    zh, en = "该级别已有登记", "The level is registered for that time already"
    fix_zh, fix_en = "无需再次登记", "Nothing needs to be done"


class RegistrationEndedEarly(RuleBroken):
    reason = "REGISTRATION_ENDED"
    zh, en = "该登记已终止，不能再登记", "The registration was ended; it cannot be renewed"
    fix_zh, fix_en = "只能在补登记批次中办理", "Only a waiver round can receive a new application"


class EducationHoursMissing(RuleBroken):
    reason = "EDUCATION_HOURS_MISSING"
    zh, en = "登记期内继续教育学时不足", "Hours of continuing education are missing in the ending period"
    fix_zh, fix_en = "请补报继续教育记录", "Report what was learned; EducationStatement says what counted"


class RegistrationRestsOnIt(RuleBroken):
    reason = "REGISTRATION_RESTS_ON_IT"
    zh, en = "已有登记以此为依据", "A registration that was granted rests on it"
    fix_zh, fix_en = "请填写实际日期，或先办理更正", "Give the real day, or have the registration corrected first"


class ApplicationPending(RuleBroken):
    reason = "APPLICATION_PENDING"
    zh, en = "该级别已有待决定的申请", "An application for the level waits for its decision"
    fix_zh, fix_en = "请先作出决定", "Decide that one first"


class ApplicationNotFound(NotFound):
    reason = "APPLICATION_NOT_FOUND"
    zh, en = "没有该日受理的申请", "No application for the level was received on that day"


class AlreadyDecided(RuleBroken):
    reason = "ALREADY_DECIDED"
    zh, en = "该申请已有不同决定", "The application was decided otherwise"
    fix_zh, fix_en = "如需更改请办理更正", "A decision is changed by a correction"


class NotRegistered(RuleBroken):
    reason = "NOT_REGISTERED"
    zh, en = "当日没有有效登记", "No registration of the level holds on that day"


class SeniorExamNotPassed(RuleBroken):
    reason = "SENIOR_EXAM_NOT_PASSED"
    zh, en = "评审日未持有高级考试合格成绩", "No senior examination passed by that day"


class SeniorExamExpired(RuleBroken):
    reason = "SENIOR_EXAM_EXPIRED"
    zh, en = "高级考试合格成绩已过有效期", "The senior examination is too old for a review"


class IntermediateNotPassed(RuleBroken):
    reason = "INTERMEDIATE_NOT_PASSED"
    zh, en = "此前未取得社会工作师", "The intermediate level was not passed earlier"


class NotARegistrationAuthority(Forbidden):
    reason = "NOT_A_REGISTRATION_AUTHORITY"
    zh, en = "只有登记机关可以办理登记", "Only a registration authority deals with registrations"


_OF_REASON: dict[str, type[RuleBroken]] = {
    it.reason: it
    for it in (
        NotCertified,
        RegistrationTooLate,
        RenewalWindowNotOpen,
        AlreadyRegistered,
        RegistrationEndedEarly,
        EducationHoursMissing,
        SeniorExamNotPassed,
        SeniorExamExpired,
        IntermediateNotPassed,
    )
}


def refusal(gap: Gap, *, field: str) -> RuleBroken:
    """Names the day that the rule turns on, and the minutes that are missing."""
    meta: dict[str, object] = {"on": gap.on} if gap.on else {}
    if gap.minutes:
        meta["missing_minutes"] = gap.minutes
    return _OF_REASON[gap.reason](field=field, **meta)


def must_be_receivable(reports: Sequence[Report], filed: Filed, *, rules: Rules = RULES) -> None:
    """Refuse an application that cannot lead to a period; one that is known already is no refusal."""
    known = applications(reports)
    if any((it.level, it.received_on) == (filed.level, filed.received_on) for it in known):
        return
    on = grounds(reports, rules=rules)
    periods = [it for it in derive(on).periods if it.level == filed.level]
    found = judge(filed, periods, on)
    if isinstance(found, Gap):
        raise refusal(found, field="level" if found.reason == NotCertified.reason else "received_on")
    pending = next((it for it in known if it.level == filed.level and not it.decided_on), None)
    if pending is not None:
        raise ApplicationPending(field="received_on", received_on=pending.received_on)


def must_be_decidable(reports: tuple[Report, ...], decision: DecisionReport, *, rules: Rules = RULES) -> None:
    """Refuse a decision without application, against an earlier one, or that grants what is not justified."""
    key = (decision.level, decision.received_on)
    filed = next((it for it in applications(reports) if (it.level, it.received_on) == key), None)
    if filed is None:
        raise ApplicationNotFound(field="received_on", received_on=decision.received_on)
    if filed.decided_on and (filed.decided_on, filed.granted) != (decision.decided_on, decision.granted):
        raise AlreadyDecided(field="received_on", decided_on=filed.decided_on)
    before = derive(grounds(reports, rules=rules))
    after = derive(grounds(put(reports, decision), rules=rules))
    for other, gap in after.gaps:
        if (other.level, other.received_on) == key:
            raise refusal(gap, field="granted")
    lost = _lost(before, after)
    if lost is not None:
        raise AlreadyRegistered(field="decided_on", since=lost.since, until=lost.until)


def must_leave_registrations(reports: tuple[Report, ...], report: Report, *, field: str, rules: Rules = RULES) -> None:
    """REGISTRATION_RESTS_ON_IT when a period that was granted would go because of this report."""
    lost = _lost(derive(grounds(reports, rules=rules)), derive(grounds(put(reports, report), rules=rules)))
    if lost is not None:
        raise RegistrationRestsOnIt(field=field, level=lost.level, since=lost.since)


def _lost(before: Derived, after: Derived) -> Registration | None:
    return next((period for period in before.periods if period not in after.periods), None)


def must_be_running(reports: Sequence[Report], *, level: str, on: Day, rules: Rules = RULES) -> None:
    """NOT_REGISTERED unless a period of the level holds on the day and began before it."""
    if not any(it.level == level and it.since < on < it.until for it in derive(grounds(reports, rules=rules)).periods):
        raise NotRegistered(field="ended_on", level=level)


def must_be_reviewable(reports: Sequence[Report], granted_on: Day, *, rules: Rules = RULES) -> None:
    """Refuse a review without examination, after its years, or without the intermediate level."""
    held = certificates(reports, rules=rules)
    exams = [it for it in held if it.level == "senior"]
    gaps = [review_gap(exam, granted_on, held, rules=rules) for exam in exams] or ["SENIOR_EXAM_NOT_PASSED"]
    if all(gaps):
        raise refusal(Gap(gaps[-1]), field="granted_on")
