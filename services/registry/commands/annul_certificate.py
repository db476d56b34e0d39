"""AnnulCertificate: the examination authority annuls a certificate (证书撤销); a registration on it ends that day."""

from __future__ import annotations

import msgspec

from services.registry.commands.record_pass import NotAnExamAuthority
from services.registry.domain import codes
from services.registry.domain.certificates import certificates
from services.registry.domain.person import Person, protect
from services.registry.domain.reach import must_reach
from services.registry.domain.registration_refusals import NotCertified
from services.registry.domain.reports import AnnulmentReport
from services.registry.domain.talent import Talent
from services.registry.domain.talent_events import CertificateAnnulled
from services.shared.kernel import dates, text
from services.shared.kernel.change import Answer, Cause
from services.shared.kernel.dates import Day
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.origin import Origin
from services.shared.kernel.ports import Clock, KeyRing
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


class AnnulCertificate(msgspec.Struct, frozen=True, kw_only=True):
    talent_id: str
    department: str
    level: str
    annulled_on: str
    reason: str
    etag: str
    by: Principal


class ReportAnnulment(msgspec.Struct, frozen=True, kw_only=True):
    """The same by a partner's record, which may arrive before the pass."""

    person: Person
    origin: Origin
    department: str
    level: str
    annulled_on: str
    reason: str


def _checked(cmd: AnnulCertificate | ReportAnnulment, *, today: Day) -> tuple[str, Day, str]:
    if cmd.department not in codes.EXAM_AUTHORITIES:
        raise NotAnExamAuthority(field="department", department=cmd.department)
    return (
        text.code(cmd.level, codes.LEVELS, field="level"),
        dates.day(cmd.annulled_on, field="annulled_on", not_after=today),
        text.code(cmd.reason, codes.ANNULMENT_REASONS, field="reason"),
    )


def step(cmd: ReportAnnulment, *, keys: KeyRing, today: Day) -> Step:
    level, annulled_on, reason = _checked(cmd, today=today)
    who = protect(cmd.person, department=cmd.department, keys=keys, today=today)
    report = AnnulmentReport(cmd.origin, who.name, level, annulled_on, reason)

    def change(talent: Talent) -> None:
        talent.report(report, who.identity, CertificateAnnulled(level, annulled_on))

    return Step(Talent, who.talent, change)


async def annul_certificate(cmd: AnnulCertificate, *, lanes: Lanes, clock: Clock, cause: Cause) -> Answer:
    """Raises NOT_CERTIFIED when no pass of the level lies on or before the day."""
    talent_id = text.identifier(cmd.talent_id, field="talent_id")
    level, annulled_on, reason = _checked(cmd, today=clock.day())
    cmd.by.must_speak_for(cmd.department, field="department")
    origin = Origin(cmd.by.name, f"annulment/{level}/{annulled_on}")
    report = AnnulmentReport(origin, None, level, annulled_on, reason, cmd.department)

    def change(talent: Talent) -> None:
        must_reach(talent, cmd.by)
        talent.must_match(cmd.etag)
        if not any(
            it.level == level and it.passed_on <= annulled_on and (not it.annulled_on or it.annulled_on == annulled_on)
            for it in certificates(talent.all_reports)
        ):
            raise NotCertified(field="level", level=level)
        talent.report(report, None, CertificateAnnulled(level, annulled_on))

    return await lanes.update(Talent, talent_id, change, cause=cause)
